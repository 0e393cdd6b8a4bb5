#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"

namespace ziggy {

/// What is wrong with a file, and where. `line` counts from 1, the header included; `column` is
/// empty when the whole line is meant.
struct LineProblem {
  std::size_t line = 0;
  std::string column;
  std::string reason;
  friend bool operator==(const LineProblem&, const LineProblem&) = default;
};

/// `line 15, close: …`, without the file's name.
[[nodiscard]] std::string describe(const LineProblem& problem);

/// Enough to see a pattern; a file of a million broken rows must not become a million strings.
inline constexpr std::size_t kProblemsKept = 100;

/// The bars of one file with the lines they came from. With any problem the file is to be refused
/// as a whole: `bars` then holds only the rows that could be read.
struct BarFile {
  BarColumns bars;
  /// The line of each bar.
  std::vector<std::uint32_t> lines;
  /// Ascending by ex-date.
  std::vector<CorporateAction> actions;
  Interval interval = Interval::Day;
  /// Rows with data, whatever became of them.
  std::size_t rows = 0;
  /// Rows without any price (vendors write them for days without a trade): left out.
  std::size_t rows_empty = 0;
  /// Rows that repeat their neighbour exactly: counted once.
  std::size_t rows_repeated = 0;
  /// Rows of another company that carried the same ticker (LEAN): left out.
  std::size_t rows_foreign = 0;
  /// What the reader decided, in words for people.
  std::vector<std::string> notes;
  /// The first kProblemsKept by line, and how many there are in all.
  std::vector<LineProblem> problems;
  std::size_t problem_count = 0;

  [[nodiscard]] bool is_clean() const noexcept { return problem_count == 0; }
  void add_problem(std::size_t line, std::string_view column, std::string reason);
};

/// Whether prices step where splits say.
enum class SplitEvidence : std::uint8_t {
  /// No split has a bar on each side.
  None,
  /// They do: the prices are unadjusted.
  Stepped,
  /// They run on: the prices are adjusted already, and folding the splits in once more would be
  /// wrong.
  Adjusted,
};
/// Judges all splits together, by whether the closes around them are nearer to their ratios or to
/// no step at all: one file is adjusted or it is not, and a small split alone drowns in a day's
/// move.
[[nodiscard]] SplitEvidence split_evidence(const BarColumns& bars,
                                           std::span<const CorporateAction> actions);

/// Applies the data contracts (contracts.hpp) and adds what they find to `problems`. `known_splits`
/// are those the store has already; the file's own count too.
void check_contracts(BarFile& file, std::span<const CorporateAction> known_splits = {});

}  // namespace ziggy
