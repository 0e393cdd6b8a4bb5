#include <algorithm>
#include <cmath>
#include <optional>

#include "ziggy/standin/tape.hpp"

namespace ziggy::standin {

namespace {

constexpr std::string_view kUnknownPrefix = "NOSUCH";

/// The clock of a market that is asked about one instant after the other.
class MomentClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return at_; }
  // The simulator measures nothing.
  [[nodiscard]] Monotonic steady() const override { return Monotonic{at_.time_since_epoch()}; }
  void set(Timestamp at) { at_ = at; }

 private:
  Timestamp at_{};
};

/// FNV-1a, so that a symbol has the same price in every process.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

/// A symbol as a multiple of a listed one.
struct Likeness {
  Symbol listed;
  double factor = 1;
};

double cents(double price) { return std::max(0.01, std::round(price * 100) / 100); }

void scale(std::vector<double>& prices, double factor) {
  // Rounding keeps the order, so the high stays above the low and what lies between, between.
  for (double& price : prices) price = cents(price * factor);
}

void scale(std::optional<double>& price, double factor) {
  if (price) price = cents(*price * factor);
}

}  // namespace

struct SimTape::State {
  State(feed::SimSettings settings, SimUniverse which) : universe{which}, sim{clock, settings} {
    for (const feed::SymbolInfo& info : sim.symbols()) {
      (info.symbol.is_crypto() ? coins : shares).push_back(info.symbol);
    }
  }

  [[nodiscard]] std::optional<Likeness> find(const Symbol& symbol) const {
    const auto& same_kind = symbol.is_crypto() ? coins : shares;
    if (std::ranges::find(same_kind, symbol) != same_kind.end()) return Likeness{symbol};
    if (universe == SimUniverse::Listed || symbol.view().starts_with(kUnknownPrefix)) return {};
    const std::uint64_t hash = hash_of(symbol.view());
    constexpr std::uint64_t kFactors = 9'973;  // prime: 0.25 to 2.25 in steps of 0.0002
    const double factor =
        0.25 + 2 * static_cast<double>((hash >> 16) % kFactors) / static_cast<double>(kFactors);
    return Likeness{same_kind[hash % same_kind.size()], factor};
  }

  MomentClock clock;
  SimUniverse universe;
  // Without a pool it answers within the call, so the moment cannot change under it.
  feed::SimProvider sim;
  std::vector<Symbol> shares;
  std::vector<Symbol> coins;
};

SimTape::SimTape(feed::SimSettings settings, SimUniverse universe)
    : state_{std::make_unique<State>(settings, universe)} {}
SimTape::~SimTape() = default;

net::Task<Result<feed::BarsReply>> SimTape::bars(feed::BarsRequest request, Timestamp at) {
  const auto like = state_->find(request.symbol);
  if (!like) co_return fail(ErrorCode::UnknownSymbol, "{} is not traded", request.symbol.view());
  request.symbol = like->listed;
  state_->clock.set(at);
  auto reply = co_await state_->sim.bars()->bars(request, {});
  if (!reply || like->factor == 1) co_return reply;
  for (auto* prices :
       {&reply->bars.open, &reply->bars.high, &reply->bars.low, &reply->bars.close}) {
    scale(*prices, like->factor);
  }
  for (CorporateAction& action : reply->actions) {
    if (action.kind == CorporateAction::Kind::Dividend) {
      action.value = std::max(0.0001, std::round(action.value * like->factor * 1e4) / 1e4);
    }
  }
  co_return reply;
}

net::Task<Result<Quote>> SimTape::quote(Symbol symbol, Timestamp at) {
  const auto like = state_->find(symbol);
  if (!like) co_return fail(ErrorCode::UnknownSymbol, "{} is not traded", symbol.view());
  state_->clock.set(at);
  auto quote = co_await state_->sim.quotes()->quote(like->listed, {});
  if (!quote) co_return quote;
  quote->symbol = symbol;
  if (like->factor != 1) {
    for (auto* price : {&quote->bid, &quote->ask, &quote->last, &quote->prev_close}) {
      scale(*price, like->factor);
    }
  }
  co_return quote;
}

std::vector<feed::SymbolInfo> SimTape::symbols() const { return state_->sim.symbols(); }

}  // namespace ziggy::standin
