#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ziggy/routing/chain.hpp"

// What a request pays for the choice of its vendor while the first one's breaker is open: the 99th
// percentile of a whole asking through the chain (order, breaker, time limit, measurement) of a
// second vendor that answers at once, beside the 1 ms that Ziggy promises; and its median beside an
// asking with every breaker closed: passing over an open one must cost nothing. A thread ranks and
// looks for incidents meanwhile, a hundred times as often as a server does.
namespace {

using namespace ziggy;

constexpr int kRequests = 100'000;
constexpr double kPromisedUs = 1'000;

class Vendor final : public feed::Provider, public feed::QuoteSource {
 public:
  explicit Vendor(std::string name) : name_{std::move(name)} {}
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  using feed::QuoteSource::quotes;
  feed::QuoteSource* quotes() noexcept override { return this; }
  net::Task<Result<Quote>> quote(Symbol symbol, Call /*call*/) override {
    Quote quote;
    quote.symbol = symbol;
    quote.last = 10;
    co_return quote;
  }

 private:
  std::string name_;
};

net::Task<> ask(const routing::Chain* chain, const Clock* clock, std::vector<double>* micros) {
  const Symbol symbol = *Symbol::parse("AAPL");
  for (int i = 0; i < kRequests; ++i) {
    Call call;
    const Monotonic start = clock->steady();
    call.deadline = start + std::chrono::seconds{1};
    auto outcome = co_await chain->quote(symbol, {}, call);
    if (!outcome.value) std::abort();
    micros->push_back(std::chrono::duration<double, std::micro>{clock->steady() - start}.count());
  }
}

double percentile(std::vector<double> values, double share) {
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

std::vector<double> measure(bool is_first_open) {
  const SystemClock clock;
  resilience::BreakerRegistry breakers{clock};
  Vendor first{"first"};
  Vendor second{"second"};
  Vendor third{"third"};
  routing::Desk desk{{.clock = clock, .breakers = breakers}};
  const routing::Chain chain{routing::Operation::Quotes, {&first, &second, &third}, desk, {}};
  if (is_first_open) breakers.find("first.quotes")->force_open();
  std::atomic<bool> is_over{false};
  std::thread ticker{[&] {
    while (!is_over) {
      desk.tick();
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }};
  std::vector<double> micros;
  micros.reserve(kRequests);
  net::asio::io_context loop{1};
  net::asio::co_spawn(loop, ask(&chain, &clock, &micros), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  loop.run();
  is_over = true;
  ticker.join();
  return micros;
}

void report(const char* name, double value, double limit, double target) {
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.1f},\"limit\":{:.1f},\"unit\":\"us\",\"ratio\":{:.2f},"
      "\"target\":{},\"met\":{}}}\n",
      name, value, limit, limit / value, target, limit / value >= target);
}

}  // namespace

int main() {
  const std::vector<double> closed = measure(false);
  const std::vector<double> open = measure(true);
  report("routing_open_breaker_p99", percentile(open, 0.99), kPromisedUs, 1);
  // A fifth of room for noise.
  report("routing_open_breaker_median", percentile(open, 0.5), percentile(closed, 0.5), 0.8);
}
