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

/// Chooses the vendor. Today: the configured order. Breakers, budgets, SLA and rank enter here, in
/// Chain::order and around one asking, without the callers noticing.
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
  /// How many said "I can't, but the symbol is fine" (NotSupported).
  std::size_t unsupported = 0;

  /// Everyone who was asked says that there is no such symbol, and someone was asked.
  [[nodiscard]] bool is_unknown_symbol() const noexcept {
    if (unsupported > 0 || misses.empty()) return false;
    for (const Miss& miss : misses) {
      if (miss.code != ErrorCode::UnknownSymbol) return false;
    }
    return true;
  }
};

/// What an asking may and must be.
template <class T>
struct Terms {
  /// Skips vendors that make their data up: the symbol's own history is imported.
  bool real_only = false;
  /// Judges an answer; its error (BadPayload) counts as the vendor's, and the next one is asked.
  std::function<Result<>(const feed::Provider& provider, const T& value)> accept = {};
  /// Asks nobody but this one.
  const feed::Provider* only = nullptr;
};

struct ChainSettings {
  /// The longest that one vendor may take (PROVIDER_TIMEOUT_MS); it is canceled then.
  std::chrono::milliseconds provider_timeout{1500};
};

/// Vendors in the order in which they are asked for one operation. Any loop; stateless but for its
/// configuration.
class Chain {
 public:
  /// `providers` and `desk` outlive the chain.
  Chain(Operation operation, std::vector<feed::Provider*> providers, Desk& desk,
        ChainSettings settings = {})
      : operation_{operation}, providers_{std::move(providers)}, desk_{desk}, settings_{settings} {}

  /// The first acceptable answer within `call.deadline`; each vendor gets at most
  /// `provider_timeout` of it. Bars and Crypto chains answer bars, Quotes and Crypto chains
  /// quotes.
  net::Task<Outcome<feed::BarsReply>> bars(feed::BarsRequest request, Terms<feed::BarsReply> terms,
                                           Call call) const;
  net::Task<Outcome<Quote>> quote(Symbol symbol, Terms<Quote> terms, Call call) const;

  [[nodiscard]] Operation operation() const noexcept { return operation_; }
  [[nodiscard]] const std::vector<feed::Provider*>& providers() const noexcept {
    return providers_;
  }

 private:
  /// The order for one asking.
  [[nodiscard]] std::vector<feed::Provider*> order(bool real_only,
                                                   const feed::Provider* only) const;

  Operation operation_;
  std::vector<feed::Provider*> providers_;
  Desk& desk_;
  ChainSettings settings_;
};

}  // namespace ziggy::routing
