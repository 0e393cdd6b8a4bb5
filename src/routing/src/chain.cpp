#include "ziggy/routing/chain.hpp"

#include <utility>

#include "asking.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::days kLongAgo{2 * 365};

feed::BarSource* bar_source(feed::Provider& provider, Operation operation) {
  return operation == Operation::Crypto ? provider.crypto() : provider.bars();
}

feed::QuoteSource* quote_source(feed::Provider& provider, Operation operation) {
  return operation == Operation::Crypto ? provider.crypto() : provider.quotes();
}

PlanKey plan_of(const feed::BarsRequest& request, Timestamp now) {
  PlanKey key;
  key.kind = request.symbol.kind();
  key.interval_class = is_intraday(request.interval) ? 1 : 2;
  const Timestamp end = std::min(request.range.end, now);
  const nanoseconds span = nominal_length(request.interval) *
                           static_cast<std::int64_t>(std::min<std::size_t>(request.limit, 100'000));
  const Timestamp start = request.range.start == feed::kNoStart ? end - span : request.range.start;
  if (end > now - std::chrono::days{1}) key.age_class |= 1;
  if (start < now - kLongAgo) key.age_class |= 2;
  return key;
}

std::optional<nanoseconds> age_at(Timestamp as_of, Timestamp now) {
  return std::max(nanoseconds::zero(), now - as_of);
}

std::shared_ptr<const Job<feed::BarsReply>> bars_job(
    Desk& desk, Operation operation, const feed::BarsRequest& request,
    std::function<Result<>(const feed::Provider&, const feed::BarsReply&)> accept) {
  auto job = std::make_shared<Job<feed::BarsReply>>();
  const Timestamp now = desk.clock().now();
  job->desk = &desk;
  job->plan = plan_of(request, now);
  job->accept = std::move(accept);
  job->ask = [request, operation](
                 feed::Provider& provider,
                 const Call& with) -> std::optional<net::Task<Result<feed::BarsReply>>> {
    feed::BarSource* const source = bar_source(provider, operation);
    if (source == nullptr) return std::nullopt;
    return source->bars(request, with);
  };
  job->fit = [kind = request.symbol.kind(), interval = request.interval,
              operation](feed::Provider& provider) {
    feed::BarSource* const source = bar_source(provider, operation);
    if (source == nullptr) return Fit::No;
    const feed::Capability can = source->bars_capability();
    if (!can.serves(kind)) return Fit::No;
    return can.serves(interval) ? Fit::Yes : Fit::Unsupported;
  };
  // Old bars are as old as they should be.
  if (request.range.end > now - std::chrono::days{1}) {
    job->age = [](const feed::BarsReply& reply, Timestamp at) { return age_at(reply.as_of, at); };
  }
  return job;
}

}  // namespace

Chain::Chain(Operation operation, std::vector<feed::Provider*> providers, Desk& desk,
             ChainSettings settings)
    : operation_{operation}, providers_{std::move(providers)}, desk_{desk}, settings_{settings} {
  desk_.enroll(operation_, providers_, settings_.provider_timeout);
}

net::Task<Outcome<feed::BarsReply>> Chain::bars(feed::BarsRequest request,
                                                Terms<feed::BarsReply> terms, Call call) const {
  auto job = bars_job(desk_, operation_, request, std::move(terms.accept));
  Roll roll = call_the_roll(*job, *desk_.seats(operation_), terms.real_only, terms.only);
  auto outcome = co_await ask_in_order<feed::BarsReply>(std::move(job), std::move(roll), call);
  co_return outcome;
}

net::Task<Outcome<Quote>> Chain::quote(Symbol symbol, Terms<Quote> terms, Call call) const {
  auto job = std::make_shared<Job<Quote>>();
  job->desk = &desk_;
  job->plan = {.kind = symbol.kind(), .interval_class = 0, .age_class = 1};
  job->accept = std::move(terms.accept);
  job->ask = [symbol, operation = operation_](
                 feed::Provider& provider,
                 const Call& with) -> std::optional<net::Task<Result<Quote>>> {
    feed::QuoteSource* const source = quote_source(provider, operation);
    if (source == nullptr) return std::nullopt;
    return source->quote(symbol, with);
  };
  job->fit = [kind = symbol.kind(), operation = operation_](feed::Provider& provider) {
    feed::QuoteSource* const source = quote_source(provider, operation);
    return source != nullptr && source->quotes_capability().serves(kind) ? Fit::Yes : Fit::No;
  };
  job->age = [](const Quote& quote, Timestamp now) { return age_at(quote.as_of, now); };
  Roll roll = call_the_roll(*job, *desk_.seats(operation_), terms.real_only, terms.only);
  auto outcome = co_await ask_in_order<Quote>(std::move(job), std::move(roll), call);
  co_return outcome;
}

net::Task<Outcome<std::vector<feed::Headline>>> Chain::headlines(
    Symbol symbol, TimeRange range, Terms<std::vector<feed::Headline>> terms, Call call) const {
  using Headlines = std::vector<feed::Headline>;
  auto job = std::make_shared<Job<Headlines>>();
  job->desk = &desk_;
  job->plan = {.kind = symbol.kind(), .interval_class = 0, .age_class = 0};
  job->accept = std::move(terms.accept);
  job->ask = [symbol, range](feed::Provider& provider,
                             const Call& with) -> std::optional<net::Task<Result<Headlines>>> {
    if (provider.news() == nullptr) return std::nullopt;
    return provider.news()->headlines(symbol, range, with);
  };
  job->fit = [](feed::Provider& provider) {
    return provider.news() != nullptr ? Fit::Yes : Fit::No;
  };
  Roll roll = call_the_roll(*job, *desk_.seats(operation_), terms.real_only, terms.only);
  auto outcome = co_await ask_in_order<Headlines>(std::move(job), std::move(roll), call);
  co_return outcome;
}

}  // namespace ziggy::routing
