#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/domain/bar_file.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

/// The source under which imported bars are stored and answered.
inline constexpr std::string_view kImportSource = "import";

struct ImportOptions {
  enum class Format : std::uint8_t {
    /// CSV with or without a header; LEAN's when both the path and the first row are its.
    Auto,
    Lean,
  };
  Format format = Format::Auto;
  /// Otherwise what the file's name says.
  std::optional<Symbol> symbol;
  /// Otherwise what the file's name says, otherwise what the spacing shows.
  std::optional<Interval> interval;
};

/// How far a file is; everything up to `stored` is durable.
struct ImportProgress {
  std::string_view file;
  std::size_t stored = 0;
  std::size_t total = 0;
};
using ImportListener = std::function<void(const ImportProgress&)>;

struct FileImport {
  enum class State : std::uint8_t {
    Stored,
    /// The file is not good, or cannot be read; nothing of it is stored.
    Refused,
    /// The store failed; what the listener heard of is stored, and importing again completes it.
    Failed,
  };

  std::string file;
  State state = State::Refused;
  std::optional<Symbol> symbol;
  Interval interval = Interval::Day;
  std::size_t rows = 0;
  std::size_t bars = 0;
  /// Of the bars.
  store::WriteOutcome outcome;
  /// Splits and dividends of the file, and what became of them in the store.
  std::size_t actions = 0;
  store::WriteOutcome action_outcome;
  std::size_t rows_empty = 0;
  std::size_t rows_repeated = 0;
  std::size_t rows_foreign = 0;
  Timestamp first;
  Timestamp last;
  std::vector<std::string> notes;
  /// Why it is refused: the first kProblemsKept, by line, and how many there are.
  std::vector<LineProblem> problems;
  std::size_t problem_count = 0;
  /// One sentence with the file's name; empty when stored.
  std::string error;
};

/// Reads a file whole, holds it to the data contracts (the splits that the store knows of count,
/// and the stored bars just before and after it),
/// and only then stores symbol, corporate actions and bars, in that order, so that a reader beside
/// us never sees raw bars without their splits. Importing the same file again changes nothing.
/// LEAN's `map_files` and `factor_files` are looked for beside the file and in the folders above
/// it. Blocking; memory: the file and its bars.
[[nodiscard]] FileImport import_file(const std::filesystem::path& file,
                                     const ImportOptions& options, store::Database& database,
                                     const ImportListener& listener = {});

/// One after the other; a refused file does not stop the next.
[[nodiscard]] std::vector<FileImport> import_bars(std::span<const std::filesystem::path> files,
                                                  const ImportOptions& options,
                                                  store::Database& database,
                                                  const ImportListener& listener = {});

/// Reads a file as import_file would, without a store: for backtests on a file. The bars keep to
/// the contracts. Errors: NotFound, or ValidationFailed with file, line and reason.
struct ReadFile {
  std::optional<Symbol> symbol;
  BarFile content;
};
[[nodiscard]] Result<ReadFile> read_bar_file(const std::filesystem::path& file,
                                             const ImportOptions& options = {});

}  // namespace ziggy::market
