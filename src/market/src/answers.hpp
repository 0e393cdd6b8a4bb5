#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/resilience/answer_cache.hpp"
#include "ziggy/resilience/single_flight.hpp"

namespace ziggy::market {

/// An answer whose time is up is given out, marked stale, for this many times its time more, while
/// a new one is fetched.
inline constexpr int kStaleTimes = 2;
/// "No such symbol" and "nothing there" are believed for this long at most: listings begin.
inline constexpr std::chrono::seconds kNegativeMax{5};
/// Answers that are being refreshed at the same time; more stay stale.
inline constexpr int kRefreshesMax = 32;
/// What a refresh may take.
inline constexpr std::chrono::seconds kRefreshLimit{10};

/// The mark of answers that stay true whatever is stored: those of real vendors.
inline constexpr std::uint64_t kAnyMark = ~std::uint64_t{0};

/// A question, and the stored bars that it was asked over (ImportWatch::mark): once they change
/// what was answered out of them, or without them, does not count any more.
template <class Query>
struct Question {
  Query what;
  std::uint64_t stored_mark = 0;
  /// Those who wait for a vendor's budget and those who don't are not one flight.
  CallUse use = CallUse::Interactive;
  friend bool operator==(const Question&, const Question&) = default;
};

template <class Hash>
struct QuestionHash {
  template <class Query>
  std::size_t operator()(const Question<Query>& question) const noexcept {
    const std::uint64_t hash = Hash{}(question.what) ^ (question.stored_mark * 0x9e3779b97f4a7c15U);
    return (hash ^ (hash >> 29U)) * 0xbf58476d1ce4e5b9U + static_cast<std::size_t>(question.use);
  }
};

/// What came of asking, and how long it is good.
template <class Answer>
struct Told {
  Answer answer;
  /// Of the stored bars when it was made; kAnyMark when it does not depend on them.
  std::uint64_t stored_mark = 0;
  resilience::AnswerLife life;
  /// What it weighs in memory.
  std::size_t bytes = 0;
};

struct AnswersSettings {
  std::size_t bytes_max = 0;
  std::size_t shards = 1;
  /// False: every answer is asked for (together with those who ask at the same time).
  bool is_kept = true;
  /// How long an answer that there is none is believed.
  std::chrono::nanoseconds negative_for{};
};

/// Answers of one kind: kept for their time, then given out as stale while they are refreshed, and
/// asked for once by all who ask at the same time. Thread-safe. `Answer` has a `provenance`.
template <class Query, class Answer, class Hash>
class Answers {
 public:
  using Key = Question<Query>;
  /// Asks. Copied, and may outlive the caller: it owns what it needs. Ends by the call's deadline.
  using Ask = std::function<net::Task<Result<Told<Answer>>>(Call call)>;

  Answers(AnswersSettings settings, const Clock& clock)
      : state_{std::make_shared<State>(settings, clock)} {}

  /// From memory, if it is not stale: an answer, or the error that says that there is none.
  [[nodiscard]] std::optional<Result<Answer>> known(const Key& key) const {
    if (!state_->settings.is_kept) return std::nullopt;
    auto kept = state_->cache.peek({key.what, kAnyMark});
    if (kept.kind != resilience::AnswerKind::Fresh) kept = state_->cache.peek(key);
    if (kept.kind == resilience::AnswerKind::Fresh) return Result<Answer>{*kept.value};
    if (kept.kind == resilience::AnswerKind::Negative) {
      return Result<Answer>{std::unexpected{std::move(*kept.error)}};
    }
    return std::nullopt;
  }

  /// From memory, or by asking. Errors: those of `ask`; DeadlineExceeded, Canceled.
  net::Task<Result<Answer>> get(Key key, Ask ask, Call call) const {
    return get(state_, std::move(key), std::move(ask), call);
  }
  /// Asks, whatever is in memory.
  net::Task<Result<Answer>> ask(Key key, Ask ask, Call call) const {
    return fly(state_, std::move(key), std::move(ask), call);
  }

  /// Keeps what was asked for otherwise.
  void keep(const Key& key, const Result<Told<Answer>>& told) const { keep(*state_, key, told); }
  [[nodiscard]] resilience::AnswerCacheStats stats() const { return state_->cache.stats(); }

 private:
  struct State {
    State(AnswersSettings chosen, const Clock& with)
        : settings{chosen},
          clock{with},
          cache{{.bytes_max = chosen.bytes_max,
                 .shards = chosen.shards,
                 .refresh_lease = kRefreshLimit},
                with},
          flights{with} {}
    AnswersSettings settings;
    const Clock& clock;
    resilience::AnswerCache<Key, Answer, QuestionHash<Hash>> cache;
    resilience::SingleFlight<Key, Answer, QuestionHash<Hash>> flights;
    std::atomic<int> refreshing = 0;
  };
  using Kept = std::shared_ptr<State>;

  static void keep(State& state, Key key, const Result<Told<Answer>>& told) {
    if (!state.settings.is_kept) return;
    key.use = CallUse::Interactive;
    if (told) {
      key.stored_mark = told->stored_mark;
      if (told->life.fresh_for.count() > 0) {
        state.cache.put(key, told->answer, told->bytes, told->life);
      }
      return;
    }
    const ErrorCode code = told.error().code();
    if (code == ErrorCode::UnknownSymbol || code == ErrorCode::NotFound) {
      state.cache.put_error(key, told.error(), state.settings.negative_for);
    }
  }

  static net::Task<Result<Answer>> ask_and_keep(Kept state, Key key, Ask ask, Call call) {
    auto told = co_await ask(call);
    keep(*state, std::move(key), told);
    if (!told) co_return std::unexpected{std::move(told).error()};
    co_return std::move(told->answer);
  }

  static net::Task<Result<Answer>> fly(Kept state, Key key, Ask ask, Call call) {
    key.use = call.use;
    auto work = [state, key, ask = std::move(ask), call] {
      return ask_and_keep(state, key, ask, call);
    };
    auto answer = co_await state->flights.run(key, std::move(work), call);
    co_return answer;
  }

  static net::Task<> refresh(Kept state, Key key, Ask ask, Call call) {
    struct Done {
      State& state;
      ~Done() { --state.refreshing; }
    } const done{*state};
    call.deadline = state->clock.steady() + kRefreshLimit;
    auto answer = co_await fly(state, std::move(key), std::move(ask), call);
    static_cast<void>(answer);  // kept, or not: then what is stale ends by itself
  }

  static net::Task<Result<Answer>> get(Kept state, Key key, Ask ask, Call call) {
    key.use = CallUse::Interactive;
    if (state->settings.is_kept) {
      auto kept = state->cache.find({key.what, kAnyMark});
      if (kept.kind == resilience::AnswerKind::Missing) kept = state->cache.find(key);
      if (kept.kind == resilience::AnswerKind::Fresh) co_return *kept.value;
      if (kept.kind == resilience::AnswerKind::Negative) {
        co_return std::unexpected{std::move(*kept.error)};
      }
      if (kept.kind == resilience::AnswerKind::StaleButUsable) {
        Answer answer = *kept.value;
        answer.provenance.stale = true;
        if (kept.should_refresh) {
          if (++state->refreshing > kRefreshesMax) {
            --state->refreshing;
          } else {
            const net::Executor executor = co_await net::asio::this_coro::executor;
            call.use = CallUse::Interactive;
            net::spawn(executor, refresh(state, std::move(key), std::move(ask), call), "refresh");
          }
        }
        co_return answer;
      }
    }
    auto answer = co_await fly(std::move(state), std::move(key), std::move(ask), call);
    co_return answer;
  }

  Kept state_;
};

}  // namespace ziggy::market
