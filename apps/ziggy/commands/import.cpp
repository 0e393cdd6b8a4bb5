#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "commands/commands.hpp"
#include "commands/import_report.hpp"

namespace ziggy::app {

namespace {

struct Options {
  std::vector<std::string> files;
  std::string symbol;
  std::string interval;
  std::string format = "auto";
  bool json = false;
  // What the texts above turn into; made while the command line is checked.
  market::ImportOptions parsed;
};

Result<> check_usage(Options& options) {
  using Format = market::ImportOptions::Format;
  options.parsed.format = options.format == "lean" ? Format::Lean : Format::Auto;
  if (options.format != "lean" && options.format != "auto") {
    return fail(ErrorCode::ValidationFailed, "--format {}: not auto or lean", options.format);
  }
  if (!options.symbol.empty()) {
    ZIGGY_TRY(symbol, Symbol::parse(options.symbol));
    options.parsed.symbol = symbol;
  }
  if (!options.interval.empty()) {
    ZIGGY_TRY(interval, parse_interval(options.interval));
    options.parsed.interval = interval;
  }
  return {};
}

market::FileImport import_one(const std::string& file, const market::ImportOptions& options,
                              store::Database& database) {
  Progress progress{Progress::style_of_stderr(), std::filesystem::path{file}.filename().string(),
                    "bars stored"};
  return market::import_file(file, options, database, [&](const market::ImportProgress& step) {
    progress.update(step.stored, step.total);
  });
}

/// One sentence for stderr about the files that were not stored.
Result<> verdict(const std::vector<market::FileImport>& files) {
  const market::FileImport* first = nullptr;
  std::size_t count = 0;
  for (const market::FileImport& file : files) {
    if (file.state == market::FileImport::State::Stored) continue;
    ++count;
    if (first == nullptr) first = &file;
  }
  if (first == nullptr) return {};
  const ErrorCode code = first->state == market::FileImport::State::Failed
                             ? ErrorCode::StorageUnavailable
                             : ErrorCode::ValidationFailed;
  if (count == 1) return fail(code, first->error);
  return fail(code, "{} of {} files were not imported, first {}", count, files.size(),
              first->error);
}

Result<> run_import(Context& context, const Options& options) {
  ZIGGY_TRY(database, open_database(context));
  std::vector<market::FileImport> imports;
  for (const std::string& file : options.files) {
    imports.push_back(import_one(file, options.parsed, *database));
    if (!options.json) context.print(std::string_view{import_text(imports.back())});
  }
  if (options.json) context.print(std::string_view{import_json(imports)});
  return verdict(imports);
}

}  // namespace

void add_import_command(CLI::App& app, Runner& runner) {
  CLI::App& import = *app.add_subcommand("import", "Brings files into the store");
  import.require_subcommand(1);
  CLI::App& bars = *import.add_subcommand("bars",
                                          "Imports price bars. A file is checked whole first and "
                                          "refused whole; importing it again changes nothing");
  const auto options = std::make_shared<Options>();
  bars.add_option("files", options->files, "CSV files, or LEAN's trade files")->required();
  bars.add_option("--symbol", options->symbol,
                  "The symbol (default: from the file's name, SYMBOL.csv)");
  bars.add_option(
      "--interval", options->interval,
      "1s, 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w or 1mo (default: from the name, SYMBOL_5m.csv, or the "
      "spacing)");
  bars.add_option("--format", options->format, "auto, or lean for QuantConnect LEAN's data folder")
      ->capture_default_str();
  bars.add_flag("--json", options->json, "One JSON document on stdout");
  bars.parse_complete_callback([options] {
    const Result<> fine = check_usage(*options);
    if (!fine) throw CLI::ValidationError("import bars", fine.error().detail());
  });
  runner.on(bars, [options](Context& context) { return run_import(context, *options); });
}

}  // namespace ziggy::app
