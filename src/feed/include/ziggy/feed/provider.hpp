#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/domain/trade.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::resilience {
class Budget;
}

/// Vendors of market data behind one interface. One file per vendor turns its bytes into the words
/// of `domain`; nothing above knows a vendor's field names, hosts or quirks.
namespace ziggy::feed {

/// The start of a request that means "the last `limit` bars before `range.end`".
inline constexpr Timestamp kNoStart = Timestamp::min();

struct BarsRequest {
  Symbol symbol;
  Interval interval = Interval::Day;
  /// Half open. With `range.start == kNoStart` the last `limit` bars before `range.end` are meant,
  /// otherwise the first `limit` from `range.start` on.
  TimeRange range = {};
  std::size_t limit = 1000;
  /// False when the caller does without `BarsReply::actions`: a vendor that would have to ask for
  /// them apart then saves the calls.
  bool with_actions = true;
};

struct BarsReply {
  /// Unadjusted, ascending, inside the range, at most `limit`; whatever basis the vendor uses.
  BarColumns bars;
  /// Every split and dividend the vendor knows of the symbol, ascending; not only those in the
  /// range.
  std::vector<CorporateAction> actions;
  /// When the vendor says this was true.
  Timestamp as_of;
  /// Rows of the vendor's answer that held no bar (nulls, half-filled) and were left out.
  std::size_t dropped = 0;
  /// False when the vendor was asked for its splits or dividends and would not say them (plan, no
  /// such route): `actions` are then those it did say, perhaps none.
  bool actions_whole = true;
  /// False when `bars` are adjusted for splits that the vendor would not say, so that they could
  /// not be undone: no unadjusted bars, nothing to store as such.
  bool basis_known = true;
};

/// Answers to many symbols at once; a symbol is in one of the two lists.
struct QuotesReply {
  std::vector<Quote> quotes;
  /// Those that the vendor could not answer and why.
  std::vector<std::pair<Symbol, Error>> missing;
};

/// What a vendor can do at all: who can't is passed over and nobody blames it.
struct Capability {
  bool shares = true;
  bool crypto = true;
  bool indices = true;
  bool currencies = true;
  /// Bars only; one bit an Interval, `1U << static_cast<unsigned>(interval)`.
  std::uint32_t intervals = ~0U;
  /// How many symbols one request may name.
  std::size_t batch_max = 1;

  [[nodiscard]] bool serves(Interval interval) const noexcept {
    return (intervals >> static_cast<unsigned>(interval) & 1U) != 0;
  }
  [[nodiscard]] bool serves(AssetKind kind) const noexcept;
};

/// A marked headline about one symbol.
struct Headline {
  Symbol symbol;
  Timestamp time;
  std::string title;
};

/// What a vendor can list by itself.
struct SymbolInfo {
  Symbol symbol;
  /// For people; empty when nobody said one.
  std::string name;
  /// "equity", "etf", "crypto", "index"; empty when unknown.
  std::string_view asset_class = {};
};

/// Sources may be asked from any loop at the same time. They work on the awaiting coroutine's
/// executor, never block it, and stop early when canceled or past `call.deadline`.
///
/// Errors of every source: UnknownSymbol when the vendor does not know it; NotSupported when it
/// never could answer such a request (interval, asset class), which nobody holds against it;
/// ProviderTimeout, ProviderUnavailable, ProviderQuota, NotEntitled, BadPayload otherwise.
class BarSource {
 public:
  virtual ~BarSource() = default;
  [[nodiscard]] virtual Capability bars_capability() const { return {}; }
  virtual net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) = 0;
};

class QuoteSource {
 public:
  virtual ~QuoteSource() = default;
  [[nodiscard]] virtual Capability quotes_capability() const { return {}; }
  virtual net::Task<Result<Quote>> quote(Symbol symbol, Call call) = 0;
  /// At most `quotes_capability().batch_max` symbols in one request of the vendor; the default asks
  /// one after the other. An error is one of the whole request.
  virtual net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call);
};

/// Pairs like BTC-USD, open around the clock; apart from the rest because vendors serve them under
/// other spellings, plans and hosts, and because PROVIDERS_CRYPTO orders them on its own.
class CryptoSource : public BarSource, public QuoteSource {};

class NewsSource {
 public:
  virtual ~NewsSource() = default;
  /// Headlines about `symbol` inside `range`, ascending by time.
  virtual net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range,
                                                             Call call) = 0;
};

/// Splits and dividends without bars.
class ActionSource {
 public:
  virtual ~ActionSource() = default;
  /// All that the vendor knows, ascending by ex-date.
  virtual net::Task<Result<std::vector<CorporateAction>>> actions(Symbol symbol, Call call) = 0;
};

class SymbolSource {
 public:
  virtual ~SymbolSource() = default;
  /// What the vendor finds under `query`, the best first, at most `limit`.
  virtual net::Task<Result<std::vector<SymbolInfo>>> search(std::string query, std::size_t limit,
                                                            Call call) = 0;
};

/// One bar of a symbol.
struct SymbolBar {
  Symbol symbol;
  Bar bar;
};

/// Every share's bar of one session in one request.
class GroupedSource {
 public:
  virtual ~GroupedSource() = default;
  /// `session` is the date at 00:00Z. Unadjusted. Empty when there was no session.
  virtual net::Task<Result<std::vector<SymbolBar>>> grouped_day(Timestamp session, Call call) = 0;
};

using ziggy::BarPhase;

enum class StreamState : std::uint8_t {
  /// Nobody subscribes, so nothing is open.
  Idle,
  Connecting,
  Up,
  /// Lost or refused; it tries again by itself.
  Down,
  /// The vendor says that this plan or key may not: not tried again until asked to.
  Refused,
};

/// `idle`, `connecting`, `up`, `down`, `refused`.
[[nodiscard]] std::string_view stream_state_name(StreamState state) noexcept;

/// Hears what a vendor pushes. Called on the vendor's own loop; must not block.
class TickListener {
 public:
  virtual ~TickListener() = default;
  virtual void on_quote(std::string_view provider, const Quote& quote) = 0;
  virtual void on_trade(std::string_view /*provider*/, const Trade& /*trade*/) {}
  virtual void on_bar(std::string_view /*provider*/, const Symbol& /*symbol*/,
                      Interval /*interval*/, const Bar& /*bar*/, BarPhase /*phase*/) {}
  /// `symbol` is subscribed now, or could not be and why (UnknownSymbol, NotEntitled, …).
  virtual void on_subscribed(std::string_view /*provider*/, const Symbol& /*symbol*/,
                             const Result<>& /*outcome*/) {}
  /// `detail` is for people. Between Down and the next Up everything was missed.
  virtual void on_stream_state(std::string_view /*provider*/, StreamState /*state*/,
                               std::string_view /*detail*/) {}
};

/// One upstream connection of a vendor, shared by all; it opens with the first subscription, comes
/// back by itself with jittered backoff, subscribes again what was subscribed, and closes when
/// nothing is.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// Set once, before the first subscription; it outlives the source.
  virtual void set_listener(TickListener& listener) = 0;
  /// Its intervals are those whose bars it pushes.
  [[nodiscard]] virtual Capability stream_capability() const { return {}; }
  /// The loop it works on; before the first subscription. The default has nothing to start.
  virtual void start(net::Executor /*executor*/) {}
  /// Closes, and nothing is heard of it after the loop's next turn. Any thread.
  virtual void stop() {}
  /// Idempotent and thread-safe. A source that pushes everything anyway does nothing here.
  virtual void subscribe(Symbol symbol) = 0;
  virtual void unsubscribe(Symbol symbol) = 0;
  /// Drops the connection and makes a new one at once: for a watchdog that hears nothing on it, or
  /// after Refused. Any thread.
  virtual void reconnect() {}
};

/// One vendor; each part is optional and nullptr where it can't. The parts live as long as the
/// provider.
class Provider {
 public:
  virtual ~Provider() = default;
  /// As in PROVIDERS_PRICES: "file", "sim".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// False for a vendor whose bars are made up from a seed: they are never stored, and never answer
  /// for or extend a symbol whose bars were imported.
  [[nodiscard]] virtual bool is_real() const noexcept { return true; }
  /// Empty when the vendor can be asked; otherwise what is missing, for people ("POLYGON_API_KEY is
  /// not set"). Such a vendor is never asked and never scores.
  [[nodiscard]] virtual std::string_view not_configured() const noexcept { return {}; }
  /// What limits the requests to this vendor; nullptr: nothing does. Each of its HTTP requests
  /// pays.
  [[nodiscard]] virtual resilience::Budget* budget() noexcept { return nullptr; }

  virtual BarSource* bars() noexcept { return nullptr; }
  virtual QuoteSource* quotes() noexcept { return nullptr; }
  virtual CryptoSource* crypto() noexcept { return nullptr; }
  virtual NewsSource* news() noexcept { return nullptr; }
  virtual StreamSource* stream() noexcept { return nullptr; }
  virtual ActionSource* actions() noexcept { return nullptr; }
  virtual SymbolSource* symbol_search() noexcept { return nullptr; }
  virtual GroupedSource* grouped() noexcept { return nullptr; }
  /// Blocking; empty when the vendor can't list.
  [[nodiscard]] virtual std::vector<SymbolInfo> symbols() const { return {}; }
};

}  // namespace ziggy::feed
