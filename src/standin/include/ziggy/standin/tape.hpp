#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ziggy/feed/provider.hpp"
#include "ziggy/feed/sim.hpp"
#include "ziggy/net/task.hpp"

/// A stand-in for the vendors over the network: the formats of all three on one loopback port, over
/// one market, with every failure that a vendor can have. For tests and for `serve --demo --chaos`.
namespace ziggy::standin {

/// The market that every stand-in tells of, each in its own words. Asked on one loop at a time; at
/// any instant `at` of the market it tells what was known then.
class Tape {
 public:
  virtual ~Tape() = default;
  /// Unadjusted bars closed by `at`, ascending, and every split and dividend up to `at`; ranges and
  /// limits as `BarsRequest` means them. Errors: UnknownSymbol.
  virtual net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Timestamp at) = 0;
  /// Errors: UnknownSymbol.
  virtual net::Task<Result<Quote>> quote(Symbol symbol, Timestamp at) = 0;
  /// What a vendor lists; it may know more when asked for it by name.
  [[nodiscard]] virtual std::vector<feed::SymbolInfo> symbols() const = 0;
};

enum class SimUniverse : std::uint8_t {
  /// The simulator's twelve symbols.
  Listed,
  /// Any symbol there can be, but those that begin with NOSUCH: it moves as one of the listed does,
  /// at a price of its own that follows from its name.
  Any,
};

/// The simulated market. All bars and quotes of a symbol agree, in every process, for one seed.
class SimTape final : public Tape {
 public:
  explicit SimTape(feed::SimSettings settings, SimUniverse universe = SimUniverse::Any);
  ~SimTape() override;

  net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Timestamp at) override;
  net::Task<Result<Quote>> quote(Symbol symbol, Timestamp at) override;
  [[nodiscard]] std::vector<feed::SymbolInfo> symbols() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::standin
