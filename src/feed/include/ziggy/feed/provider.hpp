#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/net/task.hpp"

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
};

struct BarsReply {
  /// Unadjusted, ascending, inside the range, at most `limit`; whatever basis the vendor uses.
  BarColumns bars;
  /// Every split and dividend the vendor knows of the symbol, ascending; not only those in the
  /// range.
  std::vector<CorporateAction> actions;
  /// When the vendor says this was true.
  Timestamp as_of;
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
  virtual net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) = 0;
};

class QuoteSource {
 public:
  virtual ~QuoteSource() = default;
  virtual net::Task<Result<Quote>> quote(Symbol symbol, Call call) = 0;
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

/// Hears what a vendor pushes. Called on the vendor's own loop; must not block.
class TickListener {
 public:
  virtual ~TickListener() = default;
  virtual void on_quote(std::string_view provider, const Quote& quote) = 0;
};

class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// Set once, before the first subscription; it outlives the source.
  virtual void set_listener(TickListener& listener) = 0;
  /// Idempotent and thread-safe. A source that pushes everything anyway does nothing here.
  virtual void subscribe(Symbol symbol) = 0;
  virtual void unsubscribe(Symbol symbol) = 0;
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

  virtual BarSource* bars() noexcept { return nullptr; }
  virtual QuoteSource* quotes() noexcept { return nullptr; }
  virtual CryptoSource* crypto() noexcept { return nullptr; }
  virtual NewsSource* news() noexcept { return nullptr; }
  virtual StreamSource* stream() noexcept { return nullptr; }
  /// Blocking; empty when the vendor can't list.
  [[nodiscard]] virtual std::vector<SymbolInfo> symbols() const { return {}; }
};

}  // namespace ziggy::feed
