#include "ziggy/routing/chain.hpp"

#include <algorithm>
#include <exception>

#include "ziggy/base/log.hpp"
#include "ziggy/resilience/time_limit.hpp"

namespace ziggy::routing {
namespace {

constexpr log::Logger kLog{"routing"};

// Asks one vendor; nullopt when it lacks the operation.
template <class T>
using Ask = std::function<std::optional<net::Task<Result<T>>>(feed::Provider& provider, Call call)>;

// One asking that always ends in a Result: in time, or with ProviderTimeout; what a vendor's code
// throws becomes an error of that vendor.
template <class T>
net::Task<Result<T>> ask_one(net::Task<Result<T>> work, std::chrono::nanoseconds limit) {
  std::exception_ptr thrown;
  try {
    auto result = co_await resilience::within<T>(std::move(work), limit);
    if (result) co_return std::move(*result);
  } catch (...) {
    thrown = std::current_exception();
  }
  const auto state = co_await net::asio::this_coro::cancellation_state;
  if (state.cancelled() != net::asio::cancellation_type::none) {
    co_return fail(ErrorCode::Canceled, "the caller is gone");
  }
  if (!thrown) {
    co_return fail(ErrorCode::ProviderTimeout, "no answer within {} ms",
                   std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
  }
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    co_return fail(ErrorCode::ProviderUnavailable, "{}", error.what());
  }
}

template <class T>
net::Task<Outcome<T>> ask_in_order(std::vector<feed::Provider*> order, Ask<T> ask, Terms<T> terms,
                                   Call call, const Clock* clock, ChainSettings settings) {
  Outcome<T> outcome;
  for (feed::Provider* const provider : order) {
    const auto left = call.deadline == Monotonic::max() ? std::chrono::nanoseconds::max()
                                                        : call.deadline - clock->steady();
    if (left <= std::chrono::nanoseconds::zero()) {
      outcome.misses.push_back({std::string{provider->name()}, ErrorCode::DeadlineExceeded,
                                "not asked: the request's time is up"});
      break;
    }
    auto work = ask(*provider, call);
    if (!work) continue;
    const std::chrono::nanoseconds limit = settings.provider_timeout;
    auto answer = co_await ask_one<T>(std::move(*work), std::min(limit, left));
    if (answer && terms.accept) {
      if (auto verdict = terms.accept(*provider, *answer); !verdict) {
        answer = std::unexpected{std::move(verdict).error()};
      }
    }
    if (answer) {
      outcome.value.emplace(std::move(*answer));
      outcome.provider = provider;
      break;
    }
    const Error& error = answer.error();
    if (error.code() == ErrorCode::NotSupported) {
      ++outcome.unsupported;
      continue;
    }
    if (error.code() != ErrorCode::UnknownSymbol) {
      kLog.warning(call, "provider_failed",
                   {{"provider", provider->name()},
                    {"code", code_name(error.code())},
                    {"detail", error.detail()}});
    }
    outcome.misses.push_back({std::string{provider->name()}, error.code(), error.detail()});
    if (error.code() == ErrorCode::Canceled) break;
  }
  co_return outcome;
}

}  // namespace

std::vector<feed::Provider*> Chain::order(bool real_only, const feed::Provider* only) const {
  std::vector<feed::Provider*> order = providers_;
  std::erase_if(order, [&](const feed::Provider* provider) {
    return (real_only && !provider->is_real()) || (only != nullptr && provider != only);
  });
  return order;
}

net::Task<Outcome<feed::BarsReply>> Chain::bars(feed::BarsRequest request,
                                                Terms<feed::BarsReply> terms, Call call) const {
  using Reply = feed::BarsReply;
  const bool is_crypto = operation_ == Operation::Crypto;
  Ask<Reply> ask = [request, is_crypto](
                       feed::Provider& provider,
                       const Call& with) -> std::optional<net::Task<Result<Reply>>> {
    feed::BarSource* const source = is_crypto ? provider.crypto() : provider.bars();
    if (source == nullptr) return std::nullopt;
    return source->bars(request, with);
  };
  auto asked = order(terms.real_only, terms.only);
  auto outcome = co_await ask_in_order<Reply>(std::move(asked), std::move(ask), std::move(terms),
                                              call, &desk_.clock(), settings_);
  co_return outcome;
}

net::Task<Outcome<Quote>> Chain::quote(Symbol symbol, Terms<Quote> terms, Call call) const {
  const bool is_crypto = operation_ == Operation::Crypto;
  Ask<Quote> ask = [symbol, is_crypto](
                       feed::Provider& provider,
                       const Call& with) -> std::optional<net::Task<Result<Quote>>> {
    feed::QuoteSource* const source = is_crypto ? provider.crypto() : provider.quotes();
    if (source == nullptr) return std::nullopt;
    return source->quote(symbol, with);
  };
  auto asked = order(terms.real_only, terms.only);
  auto outcome = co_await ask_in_order<Quote>(std::move(asked), std::move(ask), std::move(terms),
                                              call, &desk_.clock(), settings_);
  co_return outcome;
}

}  // namespace ziggy::routing
