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

#include "bars_key.hpp"
#include "shared_codec.hpp"
#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/resilience/answer_cache.hpp"
#include "ziggy/resilience/shared_cache.hpp"
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
  /// Those who doubt what is known are not one flight with those who don't.
  bool is_fresh = false;
  friend bool operator==(const Question&, const Question&) = default;
};

template <class Hash>
struct QuestionHash {
  template <class Query>
  std::size_t operator()(const Question<Query>& question) const noexcept {
    const std::uint64_t hash = Hash{}(question.what) ^ (question.stored_mark * 0x9e3779b97f4a7c15U);
    return (hash ^ (hash >> 29U)) * 0xbf58476d1ce4e5b9U +
           static_cast<std::size_t>(question.use) * 2 + static_cast<std::size_t>(question.is_fresh);
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
  /// Where nodes share real vendors' answers; may be null. It outlives what is in flight.
  resilience::SharedCache* shared = nullptr;
  /// How long a shared answer is fresh, from when it was asked for.
  std::chrono::milliseconds shared_for{};
};

/// Answers of one kind: kept for their time, then given out as stale while they are refreshed, and
/// asked for once by all who ask at the same time, on all nodes that share a Redis. Thread-safe.
/// `Answer` has a `provenance`; `shared_key`, `encode_shared`, `decode_shared` and `bytes_of` know
/// the types.
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
    key.is_fresh = true;
    return fly(state_, std::move(key), std::move(ask), call);
  }

  /// What another node knows and is still fresh; kept then. nullopt soon when nobody does.
  net::Task<std::optional<Answer>> shared(Key key, Call call) const {
    return look_at_shared(state_, std::move(key), call);
  }
  /// Tells other nodes what was asked for otherwise.
  net::Task<> share(Key key, Told<Answer> told, Call call) const {
    return tell_others(state_, std::move(key), std::move(told), call);
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
    key.is_fresh = false;
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

  static bool is_shared(const State& state) {
    return state.settings.is_kept && state.settings.shared != nullptr;
  }
  static bool may_be_shared(const Told<Answer>& told) {
    return told.stored_mark == kAnyMark && !told.answer.provenance.stale;
  }

  static std::optional<Told<Answer>> read_shared(const State& state, const Query& what,
                                                 std::string_view bytes) {
    auto decoded = decode_shared(what, bytes);
    if (!decoded) return std::nullopt;
    // Nodes' clocks differ a little; an answer of the future is as fresh as one can be.
    const std::chrono::nanoseconds age =
        std::max(std::chrono::nanoseconds{}, state.clock.now() - decoded->asked_at);
    if (age >= state.settings.shared_for) return std::nullopt;
    Told<Answer> told;
    told.answer = std::move(decoded->answer);
    told.stored_mark = kAnyMark;
    told.life = {state.settings.shared_for - age, kStaleTimes * state.settings.shared_for};
    told.bytes = bytes_of(told.answer);
    return told;
  }

  static net::Task<std::optional<Answer>> look_at_shared(Kept state, Key key, Call call) {
    if (!is_shared(*state)) co_return std::nullopt;
    auto bytes = co_await state->settings.shared->get(shared_key(key.what), call);
    if (!bytes) co_return std::nullopt;
    auto told = read_shared(*state, key.what, *bytes);
    if (!told) co_return std::nullopt;
    Result<Told<Answer>> known{std::move(*told)};
    keep(*state, std::move(key), known);
    co_return std::move(known->answer);
  }

  static net::Task<> tell_others(Kept state, Key key, Told<Answer> told, Call call) {
    if (!is_shared(*state) || !may_be_shared(told)) co_return;
    const bool is_told = co_await state->settings.shared->put(
        shared_key(key.what), encode_shared(told.answer, state->clock.now()),
        state->settings.shared_for, call);
    static_cast<void>(is_told);  // else they ask for themselves
  }

  using Own = std::shared_ptr<std::optional<Result<Told<Answer>>>>;

  /// Asks for all nodes. What others must not take is an error to them, and `own` nonetheless.
  static net::Task<Result<std::string>> ask_for_all(Kept state, Ask ask, Call call, Own own) {
    const Timestamp began = state->clock.now();
    auto told = co_await ask(call);
    own->emplace(std::move(told));
    const Result<Told<Answer>>& answer = **own;
    if (!answer) co_return std::unexpected{answer.error()};
    if (!may_be_shared(*answer)) co_return fail(ErrorCode::NoData, "not for others");
    co_return encode_shared(answer->answer, began);
  }

  static net::Task<Result<Told<Answer>>> ask_or_share(Kept state, Key key, Ask ask, Call call) {
    const Own own = std::make_shared<std::optional<Result<Told<Answer>>>>();
    const resilience::SharedLife life{.value_ttl = state->settings.shared_for};
    auto fetched = co_await state->settings.shared->fetch(
        shared_key(key.what), life,
        [state, ask, call, own] { return ask_for_all(state, ask, call, own); }, call);
    if (*own) co_return std::move(**own);
    if (!fetched) co_return std::unexpected{std::move(fetched).error()};
    if (auto told = read_shared(*state, key.what, fetched->value)) co_return std::move(*told);
    auto told = co_await ask(call);
    co_return told;
  }

  static net::Task<Result<Answer>> ask_and_keep(Kept state, Key key, Ask ask, Call call) {
    auto work =
        is_shared(*state) && !key.is_fresh ? ask_or_share(state, key, ask, call) : ask(call);
    auto told = co_await std::move(work);
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
