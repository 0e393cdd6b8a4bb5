#include "board.hpp"

namespace ziggy::standin {

namespace {

/// True when the step changes figures rather than bytes.
bool apply_to_data(const FaultStep& step, DataFaults& data) {
  switch (step.kind) {
    case FaultKind::Duplicate:
      data.is_duplicated = true;
      return true;
    case FaultKind::OutOfOrder:
      data.is_out_of_order = true;
      return true;
    case FaultKind::WrongSymbol:
      data.is_wrong_symbol = true;
      return true;
    case FaultKind::NegativePrice:
      data.is_negative = true;
      return true;
    case FaultKind::Stale:
      data.age = std::max(data.age, step.amount);
      return true;
    default:
      return false;
  }
}

}  // namespace

std::chrono::milliseconds FaultBoard::Running::elapsed(Monotonic now) const {
  const auto wall = std::chrono::duration<double, std::milli>(now - since).count();
  return std::chrono::milliseconds{static_cast<std::int64_t>(wall * script.speed)};
}

Result<> FaultBoard::run(FaultScript script, Monotonic now) {
  const std::lock_guard lock{mutex_};
  if (running_.size() >= kScriptsMax) {
    return fail(ErrorCode::Conflict, "{} scripts run already; clear them", running_.size());
  }
  const std::size_t steps = script.steps.size();
  running_.push_back({std::move(script), now, std::vector<Running::Seen>(steps)});
  return {};
}

void FaultBoard::clear() {
  const std::lock_guard lock{mutex_};
  running_.clear();
}

Effects FaultBoard::pick(Vendor vendor, Route route, Monotonic now) {
  const std::lock_guard lock{mutex_};
  Effects effects;
  for (const Running& each : running_) {
    const auto elapsed = each.elapsed(now);
    for (const FaultStep& step : each.script.steps) {
      if (!step.concerns(vendor, route) || !step.is_on(elapsed)) continue;
      if (step.rate < 1 && std::uniform_real_distribution{}(dice_) >= step.rate) continue;
      if (step.kind == FaultKind::Delay) {
        effects.delay += step.amount;
      } else if (!apply_to_data(step, effects.data) && !effects.wire) {
        effects.wire = step;
      }
    }
  }
  return effects;
}

std::vector<FaultChange> FaultBoard::changes(Monotonic now) {
  const std::lock_guard lock{mutex_};
  std::vector<FaultChange> changes;
  for (Running& each : running_) {
    const auto elapsed = each.elapsed(now);
    for (std::size_t i = 0; i < each.seen.size(); ++i) {
      const FaultStep& step = each.script.steps[i];
      Running::Seen& seen = each.seen[i];
      const bool is_on = step.is_on(elapsed);
      const std::int64_t turn = elapsed < step.at         ? -1
                                : step.every.count() == 0 ? 0
                                                          : (elapsed - step.at) / step.every;
      if (seen.was_on && (!is_on || turn != seen.turn)) changes.push_back({step, false});
      if (turn != seen.turn && turn >= 0) changes.push_back({step, true});
      seen = {is_on, turn};
    }
  }
  return changes;
}

}  // namespace ziggy::standin
