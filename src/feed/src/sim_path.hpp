#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace ziggy::feed::sim {

/// One stretch of simulated trading, prices in cents. A session is split into halves, thirds,
/// minutes and at last seconds; each split hands the extremes, the volume and the variance of the
/// whole to its parts, so that bars of all intervals agree by construction and any second is found
/// in about seventeen steps without replaying what came before.
struct Node {
  std::int64_t open = 0;
  std::int64_t high = 0;
  std::int64_t low = 0;
  std::int64_t close = 0;
  /// In units of the symbol's volume step.
  std::int64_t volume = 0;
  /// Of the price over the stretch, in cents squared.
  double variance = 0;
  /// Nothing traded (a halt): open, high, low and close are the price before it.
  bool is_empty = false;
};

/// Half open, in seconds from the start of the session.
struct Seconds {
  std::int32_t from = 0;
  std::int32_t to = 0;
};

/// How fine a walk goes. The numbers of parts are 30 minutes to 15, 15 to 5, 5 to 1, a minute to
/// seconds.
enum class Level : std::uint8_t { Minute30, Minute15, Minute5, Minute, Second };

[[nodiscard]] std::int32_t level_seconds(Level level) noexcept;

/// One session of one symbol as a tree of which only the parts that are asked for are computed.
class Session {
 public:
  /// `root` has high > low; `seconds` is a multiple of 1800; `halt` is empty or whole 5-minute
  /// parts that leave something to trade on both sides.
  Session(Node root, std::uint64_t key, std::int32_t seconds, Seconds halt, bool is_u_shaped)
      : root_{root}, key_{key}, seconds_{seconds}, halt_{halt}, is_u_shaped_{is_u_shaped} {}

  [[nodiscard]] const Node& root() const noexcept { return root_; }
  [[nodiscard]] std::int32_t seconds() const noexcept { return seconds_; }
  [[nodiscard]] Seconds halt() const noexcept { return halt_; }

  struct Part {
    std::int32_t second = 0;  ///< Its start.
    Node node;
  };
  /// The parts of `level` that begin inside `range` and traded, ascending.
  [[nodiscard]] std::vector<Part> parts(Level level, Seconds range) const;

  struct Moment {
    Node second;
    /// Traded in the session before this second.
    std::int64_t volume_before = 0;
  };
  /// `second` in [0, seconds()). In a halt the node is empty and its close is the last price.
  [[nodiscard]] Moment at(std::int32_t second) const;

 private:
  struct Walk;
  void descend(Walk& walk, Level level, const Node& node, std::int32_t first,
               std::int32_t count) const;
  [[nodiscard]] double weight(Seconds range) const;

  Node root_;
  std::uint64_t key_;
  std::int32_t seconds_;
  Seconds halt_;
  bool is_u_shaped_;
};

/// The four prints of one second in the order in which they happen, a quarter of a second apart:
/// they begin with its open, end with its close and touch both extremes, so that a bar built from
/// the live ticks is the bar of the history. At least two of them move the price.
struct Prints {
  std::int64_t price[4];
};
[[nodiscard]] Prints prints_of(const Node& second) noexcept;

/// The highest price of a Brownian bridge from `a` to `b` (Karatzas and Shreve, Brownian Motion and
/// Stochastic Calculus, section 4.3): P(max <= m) = 1 - exp(-2 (m - a)(m - b) / variance).
[[nodiscard]] double bridge_high(double a, double b, double variance, double uniform) noexcept;

}  // namespace ziggy::feed::sim
