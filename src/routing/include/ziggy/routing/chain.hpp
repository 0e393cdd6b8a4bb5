#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/routing/desk.hpp"
#include "ziggy/routing/operation.hpp"

/// Chooses the vendor: who is asked, in which order, for how long, and what is held against whom.
namespace ziggy::routing {

/// A vendor that was asked and gave nothing usable.
struct Miss {
  std::string provider;
  ErrorCode code = ErrorCode::ProviderUnavailable;
  std::string detail;
};

/// What came of asking one vendor after the other.
template <class T>
struct Outcome {
  /// The first usable answer and who gave it.
  std::optional<T> value;
  const feed::Provider* provider = nullptr;
  /// Those asked in vain before, in order. A vendor that can't (no such operation, interval, asset
  /// class) is not among them.
  std::vector<Miss> misses;
  /// Those that were not asked, and why: circuit_open, configuration, not_entitled (learned
  /// before), provider_quota (our own budget). Filled when nobody answered.
  std::vector<Miss> skipped;
  /// How many said "I can't, but the symbol is fine" (NotSupported), or can't by their capability.
  std::size_t unsupported = 0;

  /// Everyone who was asked says that there is no such symbol, and someone was asked.
  [[nodiscard]] bool is_unknown_symbol() const noexcept {
    if (unsupported > 0 || misses.empty() || is_anyone_held_back()) return false;
    for (const Miss& miss : misses) {
      if (miss.code != ErrorCode::UnknownSymbol) return false;
    }
    return true;
  }
  /// Everyone who was asked says "nothing there" or does not know the symbol, and someone knows it:
  /// an empty answer is the truth.
  [[nodiscard]] bool all_empty() const noexcept {
    bool is_known = false;
    for (const Miss& miss : misses) {
      if (miss.code == ErrorCode::NoData) is_known = true;
      if (miss.code != ErrorCode::NoData && miss.code != ErrorCode::UnknownSymbol) return false;
    }
    return is_known && !is_anyone_held_back();
  }
  /// Someone who might have answered was not asked.
  [[nodiscard]] bool is_anyone_held_back() const noexcept {
    for (const Miss& miss : skipped) {
      if (miss.code != ErrorCode::Configuration) return true;
    }
    return false;
  }
};

/// What an asking may and must be.
template <class T>
struct Terms {
  /// Skips vendors that make their data up: the symbol's own history is imported.
  bool real_only = false;
  /// Judges an answer; its error (BadPayload) counts as the vendor's contract violation, and the
  /// next one is asked. Kept beyond the call by canaries: it captures by value, and is called on
  /// the caller's loop.
  std::function<Result<>(const feed::Provider& provider, const T& value)> accept = {};
  /// Asks nobody but this one.
  const feed::Provider* only = nullptr;
};

struct ChainSettings {
  /// The longest that one vendor may take (PROVIDER_TIMEOUT_MS); it is canceled then.
  std::chrono::milliseconds provider_timeout{1500};
};

/// Vendors of one operation, asked in the desk's order until one answers acceptably. Any loop.
///
/// Each asking goes through the vendor's breaker and is measured. A vendor gets `provider_timeout`
/// or its share of the time that is left, whichever is shorter, so that one that hangs leaves time
/// for the others. Passed over without blame: who can't (asset class, interval), whose plan has
/// lately refused such a request, whose breaker is open, whose budget is spent.
///
/// An interactive request that takes longer than the vendor's own 95th percentile (20 ms at least)
/// is sent to the next vendor as well; the first good answer wins and the other is canceled. One
/// request in ten may be, so that a vendor that hangs is still found out.
///
/// A demoted vendor, and one whose breaker may be probed, gets a canary now and then: a copy of a
/// real request that runs beside it as batch work; nobody waits for it.
class Chain {
 public:
  /// Enrolls the providers at the desk; both outlive the chain.
  Chain(Operation operation, std::vector<feed::Provider*> providers, Desk& desk,
        ChainSettings settings = {});

  /// The first acceptable answer within `call.deadline`. Bars and Crypto chains answer bars, Quotes
  /// and Crypto chains quotes, News chains headlines.
  net::Task<Outcome<feed::BarsReply>> bars(feed::BarsRequest request, Terms<feed::BarsReply> terms,
                                           Call call) const;
  net::Task<Outcome<Quote>> quote(Symbol symbol, Terms<Quote> terms, Call call) const;
  /// One outcome for each symbol, in their order, each with its own provenance: a vendor is asked
  /// in as few requests as it allows, and what it could not answer goes to the next one.
  net::Task<std::vector<Outcome<Quote>>> quotes(std::vector<Symbol> symbols, Terms<Quote> terms,
                                                Call call) const;
  net::Task<Outcome<std::vector<feed::Headline>>> headlines(
      Symbol symbol, TimeRange range, Terms<std::vector<feed::Headline>> terms, Call call) const;

  [[nodiscard]] Operation operation() const noexcept { return operation_; }
  /// In the configured order.
  [[nodiscard]] const std::vector<feed::Provider*>& providers() const noexcept {
    return providers_;
  }

 private:
  Operation operation_;
  std::vector<feed::Provider*> providers_;
  Desk& desk_;
  ChainSettings settings_;
};

}  // namespace ziggy::routing
