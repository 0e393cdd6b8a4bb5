#include "shared_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <type_traits>

#include "bars_key.hpp"
#include "ziggy/domain/contracts.hpp"

namespace ziggy::market {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t kQuoteMagic = 0x3151517a;  // "zQQ1"
constexpr std::uint32_t kBarsMagic = 0x3142427a;   // "zBB1"
constexpr std::size_t kNameMax = 64;
constexpr std::size_t kDetailMax = 1'024;
constexpr std::size_t kMissesMax = 16;

class Writer {
 public:
  template <class T>
  void put(T value) {
    static_assert(std::is_arithmetic_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value, std::size_t max) {
    value = value.substr(0, max);
    put(static_cast<std::uint32_t>(value.size()));
    out_ += value;
  }
  void number(const std::optional<double>& value) {
    put(static_cast<std::uint8_t>(value.has_value()));
    put(value.value_or(0));
  }
  template <class T>
  void column(const std::vector<T>& values) {
    out_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  void provenance(const Provenance& from) {
    text(from.provider, kNameMax);
    put(from.as_of.time_since_epoch().count());
    const std::size_t count = std::min(from.fallback_from.size(), kMissesMax);
    put(static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
      const Fallback& miss = from.fallback_from[i];
      text(miss.provider, kNameMax);
      put(static_cast<std::uint8_t>(miss.code));
      text(miss.detail, kDetailMax);
    }
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// After the first thing that is not there everything reads as nothing and `is_whole` is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_{bytes} {}

  template <class T>
  T get() {
    T value{};
    if (const auto bytes = take(sizeof value)) std::memcpy(&value, bytes->data(), sizeof value);
    return value;
  }
  std::string text(std::size_t max) {
    const auto size = get<std::uint32_t>();
    if (size > max) fail();
    const auto bytes = take(size);
    return bytes ? std::string{*bytes} : std::string{};
  }
  std::optional<double> number() {
    const auto has = get<std::uint8_t>();
    const auto value = get<double>();
    if (has > 1) fail();
    return has == 1 ? std::optional{value} : std::nullopt;
  }
  template <class T>
  void column(std::vector<T>& values, std::size_t count) {
    const auto bytes = take(count * sizeof(T));
    if (!bytes || bytes->empty()) return;
    values.resize(count);
    std::memcpy(values.data(), bytes->data(), bytes->size());
  }
  Timestamp time() { return Timestamp{std::chrono::nanoseconds{get<std::int64_t>()}}; }
  Provenance provenance() {
    Provenance from;
    from.provider = text(kNameMax);
    if (from.provider.empty()) fail();
    from.as_of = time();
    const auto count = get<std::uint32_t>();
    if (count > kMissesMax) fail();
    for (std::uint32_t i = 0; i < count && is_good_; ++i) {
      Fallback miss;
      miss.provider = text(kNameMax);
      const auto code = get<std::uint8_t>();
      if (code > static_cast<std::uint8_t>(ErrorCode::Canceled)) fail();
      miss.code = static_cast<ErrorCode>(code);
      miss.detail = text(kDetailMax);
      from.fallback_from.push_back(std::move(miss));
    }
    return from;
  }
  void fail() {
    is_good_ = false;
    left_ = {};
  }
  [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }
  [[nodiscard]] bool is_whole() const noexcept { return is_good_ && left_.empty(); }

 private:
  std::optional<std::string_view> take(std::size_t size) {
    if (!is_good_ || size > left_.size()) {
      fail();
      return std::nullopt;
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  bool is_good_ = true;
};

}  // namespace

std::string shared_key(const Symbol& symbol) { return fmt::format("quote:{}:1", symbol.view()); }

std::string shared_key(const BarsQuery& query) {
  return fmt::format("bars:{}:{}:{}:{}:{}:{}:1", query.symbol.view(), interval_name(query.interval),
                     query.range.start.time_since_epoch().count(),
                     query.range.end.time_since_epoch().count(), query.limit,
                     static_cast<int>(query.adjustment));
}

std::string encode_shared(const QuoteAnswer& answer, Timestamp asked_at) {
  Writer out;
  out.put(kQuoteMagic);
  out.put(asked_at.time_since_epoch().count());
  out.provenance(answer.provenance);
  const Quote& quote = answer.quote;
  out.text(quote.symbol.view(), kNameMax);
  out.put(quote.as_of.time_since_epoch().count());
  for (const auto* value : {&quote.bid, &quote.ask, &quote.bid_size, &quote.ask_size, &quote.last,
                            &quote.last_size, &quote.prev_close, &quote.volume}) {
    out.number(*value);
  }
  out.put(static_cast<std::uint8_t>(quote.market_state));
  return out.take();
}

std::optional<Decoded<QuoteAnswer>> decode_shared(const Symbol& symbol, std::string_view bytes) {
  Reader in{bytes};
  if (in.get<std::uint32_t>() != kQuoteMagic) return std::nullopt;
  Decoded<QuoteAnswer> decoded;
  decoded.asked_at = in.time();
  decoded.answer.provenance = in.provenance();
  Quote& quote = decoded.answer.quote;
  quote.symbol = symbol;
  if (in.text(kNameMax) != symbol.view()) in.fail();
  quote.as_of = in.time();
  for (auto* value : {&quote.bid, &quote.ask, &quote.bid_size, &quote.ask_size, &quote.last,
                      &quote.last_size, &quote.prev_close, &quote.volume}) {
    *value = in.number();
  }
  const auto state = in.get<std::uint8_t>();
  if (state > static_cast<std::uint8_t>(MarketState::Halted)) in.fail();
  quote.market_state = static_cast<MarketState>(state);
  const bool has_price = quote.last || quote.bid || quote.ask;
  if (!in.is_whole() || !has_price || !check_quote(quote).empty()) return std::nullopt;
  return decoded;
}

std::string encode_shared(const BarsAnswer& answer, Timestamp asked_at) {
  Writer out;
  out.put(kBarsMagic);
  out.put(asked_at.time_since_epoch().count());
  out.provenance(answer.provenance);
  out.put(static_cast<std::uint8_t>(answer.more));
  const BarColumns& bars = *answer.bars;
  out.put(static_cast<std::uint32_t>(bars.size()));
  out.column(bars.time);
  for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
    out.column(*column);
  }
  return out.take();
}

std::optional<Decoded<BarsAnswer>> decode_shared(const BarsQuery& query, std::string_view bytes) {
  Reader in{bytes};
  if (in.get<std::uint32_t>() != kBarsMagic) return std::nullopt;
  Decoded<BarsAnswer> decoded;
  decoded.asked_at = in.time();
  decoded.answer.provenance = in.provenance();
  const auto more = in.get<std::uint8_t>();
  const std::size_t count = in.get<std::uint32_t>();
  // What the columns take is known, so that no memory is promised to what is not there.
  if (more > 1 || count > query.limit || in.left() != count * 6 * sizeof(double)) {
    return std::nullopt;
  }
  BarColumns bars;
  in.column(bars.time, count);
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
    in.column(*column, count);
  }
  if (!in.is_whole()) return std::nullopt;
  if (count > 0 &&
      (bars.time_at(0) < query.range.start || bars.time_at(count - 1) >= query.range.end)) {
    return std::nullopt;
  }
  // Jumps were judged by who asked, who knew the splits.
  const auto violations = check_bars(bars, query.interval);
  const auto is_broken = [](const Violation& violation) {
    return violation.rule != ContractRule::UnexplainedJump;
  };
  if (std::ranges::any_of(violations, is_broken)) return std::nullopt;
  decoded.answer.more = more == 1;
  decoded.answer.version = content_of(bars);
  decoded.answer.bars = std::make_shared<const BarColumns>(std::move(bars));
  return decoded;
}

}  // namespace ziggy::market
