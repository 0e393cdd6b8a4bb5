#include "ziggy/feed/provider.hpp"

namespace ziggy::feed {

bool Capability::serves(AssetKind kind) const noexcept {
  switch (kind) {
    case AssetKind::Share:
      return shares;
    case AssetKind::Crypto:
      return crypto;
    case AssetKind::Index:
      return indices;
    case AssetKind::Currency:
      return currencies;
  }
  return false;
}

std::string_view stream_state_name(StreamState state) noexcept {
  switch (state) {
    case StreamState::Idle:
      return "idle";
    case StreamState::Connecting:
      return "connecting";
    case StreamState::Up:
      return "up";
    case StreamState::Down:
      return "down";
    case StreamState::Refused:
      return "refused";
  }
  return "idle";
}

net::Task<Result<QuotesReply>> QuoteSource::quotes(std::vector<Symbol> symbols, Call call) {
  QuotesReply reply;
  for (const Symbol& symbol : symbols) {
    auto answer = co_await quote(symbol, call);
    if (answer) {
      reply.quotes.push_back(std::move(*answer));
    } else {
      reply.missing.emplace_back(symbol, std::move(answer).error());
    }
  }
  co_return reply;
}

}  // namespace ziggy::feed
