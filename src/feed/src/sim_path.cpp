#include "sim_path.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim_random.hpp"

namespace ziggy::feed::sim {
namespace {

constexpr std::array<std::int32_t, 5> kLevelSeconds = {1800, 900, 300, 60, 1};
// How many parts a part of the level before has.
constexpr std::array<std::int32_t, 5> kFan = {0, 2, 3, 5, 60};

// Beyond this many standard deviations between an extreme and the ends of a stretch, the path is
// led to the extreme by the next split; otherwise a single second would have to jump there and
// back.
constexpr double kPullBeyond = 0.9;

struct Halves {
  Node left;
  Node right;
};

std::int64_t to_cents(double value) noexcept { return std::llround(value); }

// Where the left part ends and the right one begins.
std::int64_t choose_middle(const Node& node, double share, Draw& draw) {
  const auto open = static_cast<double>(node.open);
  const auto close = static_cast<double>(node.close);
  const auto high = static_cast<double>(node.high);
  const auto low = static_cast<double>(node.low);
  const double deviation = std::sqrt(node.variance);
  const double above = high - std::max(open, close);
  const double below = std::min(open, close) - low;
  const double step = draw.normal();
  double middle = open + (close - open) * share + deviation * std::sqrt(share * (1 - share)) * step;
  if (std::max(above, below) > kPullBeyond * deviation) {
    const double off = 0.35 * deviation * std::abs(step);
    middle = above > below ? high - off : low + off;
  }
  if (middle > high) middle = 2 * high - middle;
  if (middle < low) middle = 2 * low - middle;
  return std::clamp(to_cents(middle), node.low, node.high);
}

// Each part moves at least a cent, inside the whole.
void widen(Node& part, const Node& whole) {
  if (part.high > part.low) return;
  if (part.high < whole.high) {
    ++part.high;
  } else {
    --part.low;
  }
}

void share_extremes(const Node& node, Halves& halves, Draw& draw) {
  auto& [left, right] = halves;
  const auto high = [&](const Node& part) {
    return bridge_high(static_cast<double>(part.open), static_cast<double>(part.close),
                       part.variance, draw.uniform());
  };
  const auto low = [&](const Node& part) {
    return -bridge_high(-static_cast<double>(part.open), -static_cast<double>(part.close),
                        part.variance, draw.uniform());
  };
  const double high_left = high(left);
  const double high_right = high(right);
  const double low_left = low(left);
  const double low_right = low(right);
  left.high = std::max({left.open, left.close, std::min(to_cents(high_left), node.high)});
  right.high = std::max({right.open, right.close, std::min(to_cents(high_right), node.high)});
  left.low = std::min({left.open, left.close, std::max(to_cents(low_left), node.low)});
  right.low = std::min({right.open, right.close, std::max(to_cents(low_right), node.low)});
  (high_left >= high_right ? left : right).high = node.high;
  (low_left <= low_right ? left : right).low = node.low;
  widen(left, node);
  widen(right, node);
}

Node flat(std::int64_t price) {
  return {.open = price, .high = price, .low = price, .close = price, .is_empty = true};
}

/// `share` of the variance and, about, of the volume goes to the left part; 0 or 1 when the other
/// one is halted.
Halves split(const Node& node, double share, std::uint64_t key) {
  if (node.is_empty) return {node, node};
  if (share <= 0) return {flat(node.open), node};
  if (share >= 1) return {node, flat(node.close)};
  Draw draw{key};
  Halves halves;
  auto& [left, right] = halves;
  const std::int64_t middle = choose_middle(node, share, draw);
  left.open = node.open;
  left.close = middle;
  right.open = middle;
  right.close = node.close;
  left.variance = node.variance * share;
  right.variance = node.variance - left.variance;
  share_extremes(node, halves, draw);
  const double jitter = (draw.uniform() + draw.uniform() - 1) * 0.8 * share * (1 - share);
  left.volume = static_cast<std::int64_t>(static_cast<double>(node.volume) * (share + jitter));
  right.volume = node.volume - left.volume;
  return halves;
}

}  // namespace

std::int32_t level_seconds(Level level) noexcept {
  return kLevelSeconds[static_cast<std::size_t>(level)];
}

double bridge_high(double a, double b, double variance, double uniform) noexcept {
  const double move = b - a;
  return (a + b + std::sqrt(move * move - 2 * variance * std::log(uniform))) / 2;
}

Prints prints_of(const Node& second) noexcept {
  const auto& [open, high, low, close, volume, variance, is_empty] = second;
  const std::int64_t middle = open + (high - open) / 2;
  // From the far end first: then the middle prints move the price whatever open and close are.
  const bool is_high_first = open == low || (open != high && ((middle + volume) & 1) != 0);
  return is_high_first ? Prints{{open, high, low, close}} : Prints{{open, low, high, close}};
}

struct Session::Walk {
  Level level = Level::Second;
  Seconds range;
  std::vector<Part>* parts = nullptr;  // where whole parts go, or
  Moment* moment = nullptr;            // where the one second goes
};

double Session::weight(Seconds range) const {
  const double traded =
      range.to - range.from -
      std::max(0, std::min(range.to, halt_.to) - std::max(range.from, halt_.from));
  if (!is_u_shaped_ || traded <= 0) return traded;
  // More trading after the open and before the close: 1 + x², x from -1 to 1 over the session,
  // integrated; inside a halted stretch the slope is neglected.
  const auto integral = [&](double second) {
    const double x = 2 * second / seconds_ - 1;
    return x + x * x * x / 3;
  };
  const double density = (integral(range.to) - integral(range.from)) / (range.to - range.from);
  return traded * density;
}

void Session::descend(Walk& walk, Level level, const Node& node, std::int32_t first,
                      std::int32_t count) const {
  const std::int32_t length = level_seconds(level);
  const Seconds span{first * length, (first + count) * length};
  if (span.from >= walk.range.to) return;
  if (span.to <= walk.range.from) {
    if (walk.moment != nullptr) walk.moment->volume_before += node.volume;
    return;
  }
  if (count > 1) {
    const std::int32_t half = count / 2;
    const double left = weight({span.from, span.from + half * length});
    const double right = weight({span.from + half * length, span.to});
    const std::uint64_t place = (static_cast<std::uint64_t>(level) << 56U) |
                                (static_cast<std::uint64_t>(first) << 24U) |
                                static_cast<std::uint64_t>(count);
    const Halves halves = split(node, left / (left + right), mix(key_, place));
    descend(walk, level, halves.left, first, half);
    descend(walk, level, halves.right, first + half, count - half);
    return;
  }
  if (level == walk.level) {
    if (walk.moment != nullptr) walk.moment->second = node;
    if (walk.parts != nullptr && !node.is_empty && span.from >= walk.range.from) {
      walk.parts->push_back({span.from, node});
    }
    return;
  }
  const auto finer = static_cast<Level>(static_cast<std::uint8_t>(level) + 1);
  const std::int32_t fan = kFan[static_cast<std::size_t>(finer)];
  descend(walk, finer, node, first * fan, fan);
}

std::vector<Session::Part> Session::parts(Level level, Seconds range) const {
  std::vector<Part> parts;
  const std::int32_t length = level_seconds(level);
  parts.reserve(static_cast<std::size_t>(
      std::max(0, std::min(range.to, seconds_) - std::max(range.from, 0)) / length + 1));
  Walk walk{.level = level, .range = range, .parts = &parts};
  descend(walk, Level::Minute30, root_, 0, seconds_ / level_seconds(Level::Minute30));
  return parts;
}

Session::Moment Session::at(std::int32_t second) const {
  Moment moment;
  Walk walk{.level = Level::Second, .range = {second, second + 1}, .moment = &moment};
  descend(walk, Level::Minute30, root_, 0, seconds_ / level_seconds(Level::Minute30));
  return moment;
}

}  // namespace ziggy::feed::sim
