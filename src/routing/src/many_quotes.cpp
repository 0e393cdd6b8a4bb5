// Many symbols in one request: as few requests to vendors as they allow, and whoever comes next
// fills what is missing.
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <utility>

#include "asking.hpp"

namespace ziggy::routing {
namespace {

using Accept = std::function<Result<>(const feed::Provider&, const Quote&)>;
using Refused = std::shared_ptr<std::vector<std::pair<Symbol, Error>>>;

// Requests to one vendor at the same time, for those that take one symbol a request: enough for a
// watch list in about a second, few enough for a vendor's limit on connections.
constexpr std::size_t kAtOnce = 8;

struct Piece {
  std::vector<std::size_t> indices;
  std::vector<Symbol> symbols;
  std::optional<Result<feed::QuotesReply>> answer;
  /// What was refused of the answer; judged once, since judging may keep what it refuses.
  Refused refused = std::make_shared<std::vector<std::pair<Symbol, Error>>>();
};

feed::QuoteSource* source_of(feed::Provider& provider, Operation operation) {
  return operation == Operation::Crypto ? provider.crypto() : provider.quotes();
}

std::shared_ptr<const Job<feed::QuotesReply>> piece_job(Desk& desk, Operation operation,
                                                        std::vector<Symbol> symbols, Accept accept,
                                                        Refused refused) {
  auto job = std::make_shared<Job<feed::QuotesReply>>();
  job->desk = &desk;
  job->plan = {.kind = symbols.front().kind(), .interval_class = 0, .age_class = 1};
  job->ask = [symbols = std::move(symbols), operation](
                 feed::Provider& provider,
                 const Call& with) -> std::optional<net::Task<Result<feed::QuotesReply>>> {
    feed::QuoteSource* const source = source_of(provider, operation);
    if (source == nullptr) return std::nullopt;
    return source->quotes(symbols, with);
  };
  // A request of which nothing can be used has failed; of one that is partly wrong the good rest is
  // used.
  if (accept) {
    job->accept = [accept = std::move(accept), refused = std::move(refused)](
                      const feed::Provider& provider, const feed::QuotesReply& reply) -> Result<> {
      for (const Quote& quote : reply.quotes) {
        auto verdict = accept(provider, quote);
        if (!verdict) refused->emplace_back(quote.symbol, std::move(verdict).error());
      }
      if (refused->empty() || refused->size() < reply.quotes.size()) return {};
      return fail(refused->front().second);
    };
  }
  job->age = [](const feed::QuotesReply& reply,
                Timestamp now) -> std::optional<std::chrono::nanoseconds> {
    if (reply.quotes.empty()) return std::nullopt;
    const auto newest = std::ranges::max(reply.quotes, {}, &Quote::as_of).as_of;
    return std::max(std::chrono::nanoseconds::zero(), now - newest);
  };
  return job;
}

struct Round {
  explicit Round(const net::Executor& executor) : timer{executor} {}
  net::Timer timer;
  std::vector<Piece> pieces;
  std::size_t next = 0;
  std::size_t running = 0;
  std::deque<net::asio::cancellation_signal> signals;
};

net::Task<> ask_pieces(std::shared_ptr<Round> round, Desk* desk, Operation operation, Seat* seat,
                       std::size_t candidates, Accept accept, Call call, Guard guard) {
  while (round->next < round->pieces.size()) {
    Piece& piece = round->pieces[round->next++];
    const auto left = time_left(call, desk->clock());
    if (left <= std::chrono::nanoseconds::zero()) {
      piece.answer.emplace(fail(ErrorCode::DeadlineExceeded, "the request's time is up"));
      continue;
    }
    auto job = piece_job(*desk, operation, piece.symbols, accept, piece.refused);
    auto answer = co_await attempt<feed::QuotesReply>(
        std::move(job), seat, limit_of(*seat, left, candidates), call, guard);
    piece.answer.emplace(std::move(answer));
  }
}

net::Task<> ask_round(std::shared_ptr<Round> round, Desk* desk, Operation operation, Seat* seat,
                      std::size_t candidates, Accept accept, Call call, Guard guard) {
  namespace asio = net::asio;
  struct Canceler {
    std::shared_ptr<Round> round;
    ~Canceler() {
      if (round->running == 0) return;
      for (auto& signal : round->signals) signal.emit(asio::cancellation_type::terminal);
    }
  };
  const net::Executor executor = co_await asio::this_coro::executor;
  const Canceler canceler{round};
  const std::size_t workers = std::min(kAtOnce, round->pieces.size());
  round->running = workers;
  for (std::size_t i = 0; i < workers; ++i) {
    asio::cancellation_signal& signal = round->signals.emplace_back();
    asio::co_spawn(executor,
                   ask_pieces(round, desk, operation, seat, candidates, accept, call, guard),
                   asio::bind_cancellation_slot(signal.slot(),
                                                [round](const std::exception_ptr& /*canceled*/) {
                                                  if (--round->running == 0) round->timer.cancel();
                                                }));
  }
  const auto canceled = co_await asio::this_coro::cancellation_state;
  while (round->running > 0 && canceled.cancelled() == asio::cancellation_type::none) {
    round->timer.expires_at(net::Timer::time_point::max());
    co_await round->timer.async_wait(asio::as_tuple(asio::use_awaitable_t<net::Executor>{}));
  }
}

// One asking for many symbols, vendor by vendor.
class ManyQuotes {
 public:
  ManyQuotes(Desk& desk, Operation operation, std::vector<Symbol> symbols)
      : desk_{desk},
        operation_{operation},
        symbols_{std::move(symbols)},
        outcomes_(symbols_.size()),
        passed_(symbols_.size()) {
    for (std::size_t i = 0; i < symbols_.size(); ++i) pending_.push_back(i);
  }

  [[nodiscard]] bool is_done() const noexcept { return pending_.empty(); }
  [[nodiscard]] std::vector<Outcome<Quote>>& outcomes() noexcept { return outcomes_; }

  void pass(Seat* seat, ErrorCode code) {
    for (const std::size_t i : pending_) passed_[i].emplace_back(seat, code);
  }
  void unpass(const Seat* seat) {
    for (const std::size_t i : pending_) {
      std::erase_if(passed_[i], [seat](const auto& one) { return one.first == seat; });
    }
  }
  /// Nobody has said anything about what is still missing.
  [[nodiscard]] bool is_dark() const {
    return std::ranges::all_of(
        pending_, [this](std::size_t i) { return has_nobody_answered(outcomes_[i].misses); });
  }
  void leave(const Seat& seat) {
    for (const std::size_t i : pending_) {
      outcomes_[i].misses.push_back({seat.name, ErrorCode::Canceled, "the caller is gone"});
    }
  }
  void run_out_of_time(const Seat& seat) {
    for (const std::size_t i : pending_) {
      outcomes_[i].misses.push_back(
          {seat.name, ErrorCode::DeadlineExceeded, "not asked: the request's time is up"});
    }
  }

  /// What this vendor is to be asked for, cut to its batches; symbols of one kind in each, since
  /// plans differ by kind.
  std::vector<Piece> pieces_for(Seat& seat) {
    std::vector<Piece> pieces;
    feed::QuoteSource* const source = source_of(*seat.provider, operation_);
    if (source == nullptr) return pieces;
    const feed::Capability can = source->quotes_capability();
    const std::size_t batch = std::max<std::size_t>(1, can.batch_max);
    const Monotonic now = desk_.clock().steady();
    std::array<std::optional<std::size_t>, 4> open_piece;
    for (const std::size_t i : pending_) {
      const AssetKind kind = symbols_[i].kind();
      if (!can.serves(kind)) continue;
      if (seat.plan.lacks({.kind = kind, .interval_class = 0, .age_class = 1}, now)) {
        passed_[i].emplace_back(&seat, ErrorCode::NotEntitled);
        continue;
      }
      auto& at = open_piece[static_cast<std::size_t>(kind)];
      if (!at || pieces[*at].symbols.size() >= batch) {
        at = pieces.size();
        pieces.emplace_back();
      }
      pieces[*at].indices.push_back(i);
      pieces[*at].symbols.push_back(symbols_[i]);
    }
    return pieces;
  }

  void take(Seat& seat, std::vector<Piece> pieces, const Call& call) {
    for (Piece& piece : pieces) {
      if (!piece.answer) piece.answer.emplace(fail(ErrorCode::Canceled, "the caller is gone"));
      if (*piece.answer) {
        take_reply(seat, piece, **piece.answer);
        continue;
      }
      const Error& error = piece.answer->error();
      const bool is_unasked =
          error.code() == ErrorCode::CircuitOpen || resilience::is_own_budget(error);
      if (!is_unasked && error.code() != ErrorCode::NotSupported) log_miss(call, seat, error);
      for (const std::size_t i : piece.indices) miss(seat, i, error);
    }
    std::erase_if(pending_, [&](std::size_t i) { return outcomes_[i].value.has_value(); });
  }

  std::vector<Outcome<Quote>> finish(const std::vector<Seat*>& unconfigured) {
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      if (outcomes_[i].value) continue;
      for (const auto& [seat, code] : passed_[i]) {
        outcomes_[i].skipped.push_back(passed_over(*seat, code));
      }
      for (const Seat* const seat : unconfigured) {
        outcomes_[i].skipped.push_back(passed_over(*seat, ErrorCode::Configuration));
      }
    }
    return std::move(outcomes_);
  }

 private:
  void miss(Seat& seat, std::size_t i, const Error& error) {
    Outcome<Quote>& outcome = outcomes_[i];
    if (error.code() == ErrorCode::NotSupported) {
      ++outcome.unsupported;
    } else if (error.code() == ErrorCode::CircuitOpen || resilience::is_own_budget(error)) {
      passed_[i].emplace_back(&seat, error.code());
    } else {
      outcome.misses.push_back({seat.name, error.code(), error.detail()});
    }
  }

  void take_reply(Seat& seat, const Piece& piece, const feed::QuotesReply& reply) {
    for (std::size_t k = 0; k < piece.indices.size(); ++k) {
      const std::size_t i = piece.indices[k];
      const auto quote = std::ranges::find(reply.quotes, piece.symbols[k], &Quote::symbol);
      if (quote != reply.quotes.end()) {
        const auto refused =
            std::ranges::find(*piece.refused, piece.symbols[k], &std::pair<Symbol, Error>::first);
        if (refused == piece.refused->end()) {
          outcomes_[i].value = *quote;
          outcomes_[i].provider = seat.provider;
          continue;
        }
        seat.track.add_violation(desk_.time());
        miss(seat, i, refused->second);
        continue;
      }
      const auto said =
          std::ranges::find(reply.missing, piece.symbols[k], &std::pair<Symbol, Error>::first);
      if (said == reply.missing.end()) {
        miss(seat, i, Error{ErrorCode::NoData, "left out of the answer"});
        continue;
      }
      if (said->second.code() == ErrorCode::NotEntitled) {
        seat.plan.refuse({.kind = piece.symbols[k].kind(), .interval_class = 0, .age_class = 1},
                         desk_.clock().steady());
      }
      miss(seat, i, said->second);
    }
  }

  Desk& desk_;
  Operation operation_;
  std::vector<Symbol> symbols_;
  std::vector<Outcome<Quote>> outcomes_;
  std::vector<std::vector<std::pair<Seat*, ErrorCode>>> passed_;
  std::vector<std::size_t> pending_;
};

// True when the caller has left. `many` is the awaiting coroutine's.
net::Task<bool> ask_one_vendor(ManyQuotes* many, Desk* desk, Operation operation, Seat* seat,
                               std::vector<Piece> pieces, std::size_t candidates, Accept accept,
                               Call call, Guard guard) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  auto round = std::make_shared<Round>(executor);
  round->pieces = std::move(pieces);
  co_await ask_round(round, desk, operation, seat, std::max<std::size_t>(1, candidates), accept,
                     call, guard);
  if (round->running > 0) {
    // Those that still end have the round to themselves.
    many->leave(*seat);
    co_return true;
  }
  many->take(*seat, std::move(round->pieces), call);
  co_return false;
}

}  // namespace

net::Task<std::vector<Outcome<Quote>>> Chain::quotes(std::vector<Symbol> symbols,
                                                     Terms<Quote> terms, Call call) const {
  ManyQuotes many{desk_, operation_, std::move(symbols)};
  const auto order = desk_.seats(operation_);
  std::vector<Seat*> able = asking_order(*order);
  std::erase_if(able, [&](const Seat* seat) {
    return (terms.real_only && !seat->provider->is_real()) ||
           (terms.only != nullptr && seat->provider != terms.only);
  });
  const net::Executor executor = co_await net::asio::this_coro::executor;
  std::vector<Seat*> cut_off;
  for (std::size_t place = 0; place < able.size() && !many.is_done(); ++place) {
    Seat* const seat = able[place];
    const auto left = time_left(call, desk_.clock());
    if (left <= std::chrono::nanoseconds::zero()) {
      many.run_out_of_time(*seat);
      break;
    }
    auto pieces = many.pieces_for(*seat);
    if (pieces.empty()) continue;
    if (place == 0) {
      // One symbol is enough to see how somebody is.
      send_canary<feed::QuotesReply>(
          piece_job(desk_, operation_, {pieces.front().symbols.front()}, terms.accept,
                    std::make_shared<std::vector<std::pair<Symbol, Error>>>()),
          able, call, executor);
    }
    if (!seat->breaker->would_admit()) {
      many.pass(seat, ErrorCode::CircuitOpen);
      cut_off.push_back(seat);
      continue;
    }
    const auto candidates = static_cast<std::size_t>(
        std::count_if(able.begin() + static_cast<std::ptrdiff_t>(place), able.end(),
                      [](const Seat* one) { return one->breaker->would_admit(); }));
    const bool is_over = co_await ask_one_vendor(&many, &desk_, operation_, seat, std::move(pieces),
                                                 candidates, terms.accept, call, Guard::Breaker);
    if (is_over) co_return many.finish(order->unconfigured);
  }
  if (!many.is_done() && many.is_dark()) {
    co_await wait_for_last_resort(cut_off, call, &desk_.clock());
  }
  for (Seat* const seat : cut_off) {
    if (many.is_done() || !many.is_dark()) break;
    if (time_left(call, desk_.clock()) <= std::chrono::nanoseconds::zero()) break;
    if (!may_be_last(*seat, desk_.clock().steady())) continue;
    const LastResort out{*seat};
    many.unpass(seat);
    auto pieces = many.pieces_for(*seat);
    if (pieces.empty()) continue;
    const bool is_over = co_await ask_one_vendor(&many, &desk_, operation_, seat, std::move(pieces),
                                                 cut_off.size(), terms.accept, call, Guard::None);
    if (is_over) break;
  }
  co_return many.finish(order->unconfigured);
}

}  // namespace ziggy::routing
