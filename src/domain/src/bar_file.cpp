#include "ziggy/domain/bar_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ziggy/domain/contracts.hpp"

namespace ziggy {

std::string describe(const LineProblem& problem) {
  if (problem.column.empty()) return fmt::format("line {}: {}", problem.line, problem.reason);
  return fmt::format("line {}, {}: {}", problem.line, problem.column, problem.reason);
}

void BarFile::add_problem(std::size_t line, std::string_view column, std::string reason) {
  ++problem_count;
  if (problems.size() < kProblemsKept)
    problems.push_back({line, std::string{column}, std::move(reason)});
}

SplitEvidence split_evidence(const BarColumns& bars, std::span<const CorporateAction> actions) {
  double distance_to_split = 0;
  double distance_to_none = 0;
  std::size_t splits = 0;
  for (const CorporateAction& action : actions) {
    const std::size_t row = bars.lower_bound(action.ex_date);
    if (action.kind != CorporateAction::Kind::Split || row == 0 || row >= bars.size()) continue;
    const double step = std::log(bars.close[row - 1] / bars.close[row]);
    const double ratio = std::log(action.value);
    if (!std::isfinite(step) || !std::isfinite(ratio)) continue;
    ++splits;
    distance_to_split += std::abs(step - ratio);
    distance_to_none += std::abs(step);
  }
  if (splits == 0) return SplitEvidence::None;
  return distance_to_split <= distance_to_none ? SplitEvidence::Stepped : SplitEvidence::Adjusted;
}

void check_contracts(BarFile& file, std::span<const CorporateAction> known_splits) {
  std::vector<CorporateAction> actions = file.actions;
  for (const CorporateAction& known : known_splits) {
    const bool told = std::ranges::any_of(file.actions, [&](const CorporateAction& own) {
      return own.kind == known.kind && own.ex_date == known.ex_date;
    });
    if (!told) actions.push_back(known);
  }
  std::vector<Violation> violations = check_bars(file.bars, file.interval, actions);
  if (violations.empty()) return;
  const auto line_of = [&](const Violation& violation) { return file.lines[violation.row]; };
  // A file with the newest row first is read upwards; people read its lines downwards.
  std::ranges::sort(violations, {}, [&](const Violation& violation) {
    return std::pair{line_of(violation), violation.rule};
  });
  file.problem_count += violations.size();
  if (violations.size() > kProblemsKept) violations.resize(kProblemsKept);
  for (const Violation& violation : violations) {
    file.problems.push_back({line_of(violation), std::string{rule_name(violation.rule)},
                             describe(violation, file.bars)});
  }
  std::ranges::sort(file.problems, {}, [](const LineProblem& problem) {
    return std::pair{problem.line, std::string_view{problem.column}};
  });
  if (file.problems.size() > kProblemsKept) file.problems.resize(kProblemsKept);
}

}  // namespace ziggy
