#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/quant/bar_view.hpp"

/// Strategies: pure deciders over closed bars. What is decided at the close of bar t depends on
/// bars 0 to t alone. Sizes, fills, stops, costs and long-only are the engine's.
namespace ziggy::quant {

/// What a strategy wants to hold after a bar's close.
enum class Target : std::int8_t {
  Hold,   // no decision: leave things as they are
  Long,   // be long with everything; close what is short
  Short,  // the reverse; under long-only the engine reads it as Flat
  Flat,   // hold nothing
};

struct ParameterSpec {
  std::string_view name;
  double initial = 0;
  double minimum = 0;
  double maximum = 0;  // inclusive, as is the minimum
  bool integer = true;
  std::string_view description;
};

/// One strategy as listings and schemas show it. Lives as long as the program.
struct StrategySpec {
  std::string_view name;
  std::string_view description;
  std::span<const ParameterSpec> parameters;
};

/// Every strategy there is, in the order in which they are listed.
[[nodiscard]] std::span<const StrategySpec> strategies() noexcept;

/// A strategy with a checked value for each of its parameters. Cheap to copy: a sweep makes
/// thousands.
class StrategyCall {
 public:
  static constexpr std::size_t kParametersMax = 4;

  [[nodiscard]] const StrategySpec& spec() const noexcept { return *spec_; }
  /// In the order of `spec().parameters`.
  [[nodiscard]] std::span<const double> values() const noexcept {
    return {values_.data(), spec_->parameters.size()};
  }
  /// The value of a parameter that the strategy has.
  [[nodiscard]] double value(std::string_view parameter) const noexcept;

 private:
  friend Result<StrategyCall> check_parameters(std::string_view strategy,
                                               const std::map<std::string, double, std::less<>>&);
  const StrategySpec* spec_ = nullptr;
  std::array<double, kParametersMax> values_{};
};

/// The call of `strategy` with `given` parameters and the initial value for the others.
/// Errors: ValidationFailed with one FieldError for each fault: field `strategy`, code
/// `unknown_strategy`; field `params.<name>`, code `unknown_parameter`, `out_of_range` or
/// `not_an_integer`; names that are nearly right are suggested.
[[nodiscard]] Result<StrategyCall> check_parameters(
    std::string_view strategy, const std::map<std::string, double, std::less<>>& given = {});

/// A decision for every bar.
struct SignalColumn {
  std::vector<Target> targets;
  /// How many leading bars lack a value of some indicator: metrics measure buy-and-hold from this
  /// bar. An indicator that never gets a value, for want of bars, does not count, as in
  /// backtesting.py.
  std::size_t warm_up = 0;
};

/// Decides every bar of `bars`; reuses the memory of `out`.
void decide(const StrategyCall& call, BarView bars, SignalColumn& out);
[[nodiscard]] SignalColumn decide(const StrategyCall& call, BarView bars);

/// Where `fast` crosses `slow`, strictly: before < and now > is Long, the reverse Short, else Hold;
/// NaN compares false (backtesting.lib.crossover). For a sweep that keeps its averages:
/// `decide` of sma_cross is this over two `sma` columns. `out` has the size of both.
void crosses(std::span<const double> fast, std::span<const double> slow, std::span<Target> out);

/// The same strategies one closed bar at a time, for live use; gives the very targets of `decide`.
/// Movable; allocates only when made.
class Decider {
 public:
  explicit Decider(const StrategyCall& call);
  Decider(Decider&&) noexcept;
  Decider& operator=(Decider&&) noexcept;
  ~Decider();

  Target on_bar(const Bar& bar);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::quant
