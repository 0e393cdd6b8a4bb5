#include "import_seam.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ziggy/domain/contracts.hpp"

namespace ziggy::market {
namespace {

BarColumns pair_of(const Bar& before, const Bar& after) {
  BarColumns two;
  two.push_back(before);
  two.push_back(after);
  return two;
}

void drop_split_of_first_row(BarFile& file, const Bar& stored) {
  const BarColumns two = pair_of(stored, file.bars.at(0));
  const auto is_refuted = [&](const CorporateAction& action) {
    return action.kind == CorporateAction::Kind::Split && action.ex_date > stored.time &&
           file.bars.lower_bound(action.ex_date) == 0 &&
           split_evidence(two, std::span{&action, 1}) == SplitEvidence::Adjusted;
  };
  if (std::erase_if(file.actions, is_refuted) == 0) return;
  file.notes.push_back(
      fmt::format("1 split not kept: from the stored close of {} on the prices do not step",
                  to_rfc3339(stored.time)));
}

bool jumps(const BarColumns& two, Interval interval, std::span<const CorporateAction> actions) {
  return std::ranges::any_of(check_bars(two, interval, actions), [](const Violation& each) {
    return each.rule == ContractRule::UnexplainedJump;
  });
}

std::string reason(double close, const Bar& stored, std::string_view side) {
  const bool is_above = close > stored.close;
  return fmt::format(
      "close {} is {:.4g} times {} the stored one {} it, {} of {}, and no split explains it", close,
      is_above ? close / stored.close : stored.close / close, is_above ? "above" : "below", side,
      stored.close, to_rfc3339(stored.time));
}

}  // namespace

Result<> check_seams(BarFile& file, const Symbol& symbol, store::BarStore& stored,
                     std::span<const CorporateAction> known) {
  if (!file.is_clean() || file.bars.empty()) return {};
  const store::BarKey key{symbol, file.interval};
  const std::size_t end = file.bars.size() - 1;
  const Bar first = file.bars.at(0);
  const Bar last = file.bars.at(end);
  ZIGGY_TRY(before, stored.read(key, {Timestamp::min(), first.time}, 1, store::Take::Last));
  ZIGGY_TRY(after, stored.read(key, {last.time + std::chrono::nanoseconds{1}, Timestamp::max()}, 1,
                               store::Take::First));
  if (!before.bars.empty()) drop_split_of_first_row(file, before.bars.at(0));
  std::vector<CorporateAction> actions = file.actions;
  for (const CorporateAction& each : known) {
    const bool is_told = std::ranges::any_of(file.actions, [&](const CorporateAction& own) {
      return own.kind == each.kind && own.ex_date == each.ex_date;
    });
    if (!is_told) actions.push_back(each);
  }
  const std::string rule{rule_name(ContractRule::UnexplainedJump)};
  if (!before.bars.empty() && jumps(pair_of(before.bars.at(0), first), file.interval, actions)) {
    file.add_problem(file.lines[0], rule, reason(first.close, before.bars.at(0), "before"));
  }
  if (!after.bars.empty() && jumps(pair_of(last, after.bars.at(0)), file.interval, actions)) {
    file.add_problem(file.lines[end], rule, reason(last.close, after.bars.at(0), "after"));
  }
  return {};
}

}  // namespace ziggy::market
