#include "ziggy/market/import.hpp"

#include <fmt/format.h>

#include "file_text.hpp"
#include "import_seam.hpp"
#include "ziggy/domain/csv.hpp"
#include "ziggy/domain/lean.hpp"

namespace ziggy::market {

namespace {

namespace fs = std::filesystem;

/// Map and factor files are some kilobytes.
constexpr std::size_t kCompanyFileMax = std::size_t{1} << 20U;

std::optional<fs::path> beside(const fs::path& file, std::string_view folder,
                               const std::string& name) {
  for (fs::path above = file.parent_path(); !above.empty(); above = above.parent_path()) {
    const fs::path candidate = above / folder / name;
    std::error_code error;
    if (fs::is_regular_file(candidate, error)) return candidate;
    if (above == above.root_path()) break;
  }
  return std::nullopt;
}

/// nullopt where there is no such file.
template <class Rows>
Result<std::optional<Rows>> read_company_file(const fs::path& file, std::string_view folder,
                                              const LeanName& name,
                                              Result<Rows> (*parse)(std::string_view)) {
  const std::optional<fs::path> path = beside(file, folder, name.ticker + ".csv");
  if (!path) return std::nullopt;
  ZIGGY_TRY(text, read_whole_file(*path, kCompanyFileMax));
  Result<Rows> rows = parse(text);
  if (!rows)
    return fail(ErrorCode::ValidationFailed, "{}: {}", path->string(), rows.error().detail());
  return std::move(*rows);
}

Result<LeanCompany> company_of(const fs::path& file, const LeanName& name) {
  if (name.security != LeanName::Security::Equity) return LeanCompany{};
  ZIGGY_TRY(map, read_company_file(file, "map_files", name, parse_lean_map));
  ZIGGY_TRY(factors, read_company_file(file, "factor_files", name, parse_lean_factors));
  return LeanCompany{std::move(map), std::move(factors)};
}

/// A file as it was read, before the contracts; `error` when it could not even be told what it is.
struct Content {
  std::optional<Symbol> symbol;
  std::string symbol_error;
  BarFile bars;
};

Result<Content> read_lean(const fs::path& path, const LeanName& name, std::string_view text,
                          const ImportOptions& options) {
  if (options.interval && *options.interval != name.interval) {
    return fail(ErrorCode::ValidationFailed, "the path says {} bars, not {}",
                interval_name(name.interval), interval_name(*options.interval));
  }
  ZIGGY_TRY(company, company_of(path, name));
  return Content{
      options.symbol ? *options.symbol : name.symbol, {}, read_lean_bars(text, name, company)};
}

Content read_csv(const fs::path& path, std::string_view text, const ImportOptions& options) {
  const BarFileName name = split_bar_file_name(path.filename().string());
  Content content;
  content.bars = read_csv_bars(text, options.interval ? options.interval : name.interval);
  if (options.symbol) {
    content.symbol = options.symbol;
  } else if (Result<Symbol> symbol = Symbol::parse(name.symbol); symbol) {
    content.symbol = *symbol;
  } else {
    content.symbol_error = fmt::format("its name gives no symbol ({}): name one with --symbol",
                                       symbol.error().detail());
  }
  return content;
}

Result<Content> read_content(const fs::path& file, const ImportOptions& options) {
  std::error_code error;
  const fs::path path = fs::absolute(file, error);
  if (error) return fail(ErrorCode::ValidationFailed, error.message());
  const Result<LeanName> lean = parse_lean_path(path.string());
  if (options.format == ImportOptions::Format::Lean && !lean) return std::unexpected{lean.error()};
  ZIGGY_TRY(text, read_whole_file(path, kCsvBytesMax));
  const bool is_lean =
      options.format == ImportOptions::Format::Lean || (lean && has_lean_shape(text, *lean));
  if (is_lean) return read_lean(path, *lean, text, options);
  return read_csv(path, text, options);
}

/// `GOOG.csv line 17, high: …`, and how many more.
std::string sentence(const std::string& file, const BarFile& bars) {
  std::string text = fmt::format("{} {}", file, describe(bars.problems.front()));
  if (bars.problem_count > 1) text += fmt::format(" (and {} more)", bars.problem_count - 1);
  return text;
}

void take_facts(FileImport& import, const BarFile& bars) {
  import.interval = bars.interval;
  import.rows = bars.rows;
  import.bars = bars.bars.size();
  import.actions = bars.actions.size();
  import.rows_empty = bars.rows_empty;
  import.rows_repeated = bars.rows_repeated;
  import.rows_foreign = bars.rows_foreign;
  import.notes = bars.notes;
  import.problems = bars.problems;
  import.problem_count = bars.problem_count;
  if (bars.bars.empty()) return;
  import.first = bars.bars.time_at(0);
  import.last = bars.bars.time_at(bars.bars.size() - 1);
}

/// Bars that are adjusted already, for a symbol whose splits another file brought, would be
/// adjusted twice on reading. That is no fault of the file, but people should know.
void note_known_splits(BarFile& bars, std::span<const CorporateAction> known) {
  if (bars.actions.empty() && split_evidence(bars.bars, known) == SplitEvidence::Adjusted) {
    bars.notes.emplace_back(
        "the store knows splits that these prices do not show: they are adjusted already, read "
        "them with "
        "adjustment=raw");
  }
}

store::AssetClass class_of(const Symbol& symbol) {
  return symbol.is_crypto() ? store::AssetClass::Crypto : store::AssetClass::Unknown;
}

Result<store::WriteOutcome> store_all(FileImport& import, const BarFile& bars,
                                      store::Database& database, const ImportListener& listener) {
  const Symbol symbol = *import.symbol;
  const auto known = database.symbols().upsert({.symbol = symbol,
                                                .name = {},
                                                .asset_class = class_of(symbol),
                                                .source = std::string{kImportSource},
                                                .imported = true});
  if (!known) return std::unexpected{known.error()};
  const auto told = database.actions().write(symbol, kImportSource, bars.actions);
  if (!told) return std::unexpected{told.error()};
  import.action_outcome = *told;
  return database.bars().write({symbol, bars.interval}, kImportSource, bars.bars,
                               [&](std::size_t stored) {
                                 if (listener) listener({import.file, stored, import.bars});
                               });
}

}  // namespace

FileImport import_file(const fs::path& file, const ImportOptions& options,
                       store::Database& database, const ImportListener& listener) {
  FileImport import;
  import.file = file.string();
  Result<Content> content = read_content(file, options);
  if (!content) {
    // What kind of file it is shows in its first line.
    const bool is_another_kind = content.error().code() == ErrorCode::NotSupported;
    if (is_another_kind) import.problems.push_back({1, {}, content.error().detail()});
    import.problem_count = import.problems.size();
    import.error = fmt::format("{}{}: {}", import.file, is_another_kind ? " line 1" : "",
                               content.error().detail());
    return import;
  }
  import.symbol = content->symbol;
  BarFile& bars = content->bars;
  std::vector<CorporateAction> known_splits;
  if (import.symbol) {
    Result<std::vector<CorporateAction>> known = database.actions().read(*import.symbol);
    if (!known) {
      import.state = FileImport::State::Failed;
      import.error = fmt::format("{}: {}", import.file, known.error().detail());
      return import;
    }
    known_splits = std::move(*known);
  }
  check_contracts(bars, known_splits);
  if (import.symbol) {
    const Result<> seams = check_seams(bars, *import.symbol, database.bars(), known_splits);
    if (!seams) {
      import.state = FileImport::State::Failed;
      import.error = fmt::format("{}: {}", import.file, seams.error().detail());
      return import;
    }
  }
  note_known_splits(bars, known_splits);
  take_facts(import, bars);
  if (!bars.is_clean()) {
    // What the reader decided is of no account, and may gainsay the problems.
    import.notes.clear();
    import.error = sentence(import.file, bars);
    return import;
  }
  if (!import.symbol) {
    import.error = fmt::format("{}: {}", import.file, content->symbol_error);
    return import;
  }
  const Result<store::WriteOutcome> outcome = store_all(import, bars, database, listener);
  import.state = outcome ? FileImport::State::Stored : FileImport::State::Failed;
  if (outcome) {
    import.outcome = *outcome;
  } else {
    import.error = fmt::format("{}: {}", import.file, outcome.error().detail());
  }
  return import;
}

std::vector<FileImport> import_bars(std::span<const fs::path> files, const ImportOptions& options,
                                    store::Database& database, const ImportListener& listener) {
  std::vector<FileImport> imports;
  for (const fs::path& file : files)
    imports.push_back(import_file(file, options, database, listener));
  return imports;
}

Result<ReadFile> read_bar_file(const fs::path& file, const ImportOptions& options) {
  Result<Content> content = read_content(file, options);
  if (!content) {
    return fail(content.error().code(), "{}: {}", file.string(), content.error().detail());
  }
  check_contracts(content->bars);
  if (!content->bars.is_clean()) {
    return fail(ErrorCode::ValidationFailed, sentence(file.string(), content->bars));
  }
  return ReadFile{content->symbol, std::move(content->bars)};
}

}  // namespace ziggy::market
