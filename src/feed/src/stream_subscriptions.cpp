/// The half of StreamSocket that keeps what is subscribed equal to what is wanted.
#include <algorithm>

#include "stream_socket.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::feed {

std::vector<Symbol> StreamSocket::take_gone() {
  std::vector<Symbol> gone;
  const std::lock_guard lock{mutex_};
  for (auto each = sent_.begin(); each != sent_.end() && gone.size() < kSubscribeBatchMax;) {
    if (wanted_.contains(*each)) {
      ++each;
      continue;
    }
    gone.push_back(*each);
    if (request_) request_->waiting.erase(*each);
    each = sent_.erase(each);
  }
  return gone;
}

std::vector<Symbol> StreamSocket::take_fresh() {
  std::vector<Symbol> fresh;
  const std::lock_guard lock{mutex_};
  const auto take = [&](const Symbol& symbol) {
    if (!sent_.contains(symbol) && !denied_.contains(symbol)) fresh.push_back(symbol);
  };
  while (fresh.empty() && !retries_.empty()) {
    for (const Symbol& symbol : retries_.front()) {
      if (wanted_.contains(symbol)) take(symbol);
    }
    retries_.pop_front();
  }
  if (fresh.empty()) {
    for (auto each = wanted_.begin(); each != wanted_.end() && fresh.size() < kSubscribeBatchMax;
         ++each) {
      take(*each);
    }
  }
  sent_.insert(fresh.begin(), fresh.end());
  return fresh;
}

void StreamSocket::start_pump() {
  if (!is_pumping_) net::spawn(*executor_, pump(shared_from_this()), "feed subscriptions");
}

/// Sends differences until there are none. One subscription at a time is under way, so that an
/// answer without a name has an owner, and so that what changes meanwhile is sent at once.
net::Task<> StreamSocket::pump(std::shared_ptr<StreamSocket> self) {
  if (self->is_pumping_) co_return;
  self->is_pumping_ = true;
  const Client client = self->client_;
  while (client && client == self->client_ && !self->is_stopped_) {
    if (self->is_idle()) {
      self->client_.reset();
      net::spawn(*self->executor_, say_goodbye(client), "feed goodbye");
      break;
    }
    net::ClientMessage message;
    if (const std::vector<Symbol> gone = self->take_gone(); !gone.empty()) {
      message = self->protocol_->unsubscription(gone);
    } else {
      if (self->request_ && self->request_->waiting.empty()) self->request_.reset();
      if (self->request_) break;
      const std::vector<Symbol> fresh = self->take_fresh();
      if (fresh.empty()) break;
      self->request_ =
          Request{.waiting = {fresh.begin(), fresh.end()},
                  .deadline = std::chrono::steady_clock::now() + self->timings_.subscribe_timeout,
                  .denial = std::nullopt,
                  .messages_before = self->counts_.messages};
      message = self->protocol_->subscription(fresh);
    }
    auto sent = co_await (message.kind == net::MessageKind::Text
                              ? client->send_text(std::move(message.payload))
                              : client->send_binary(std::move(message.payload)));
    if (!sent) break;  // the reader hears of it too
  }
  self->is_pumping_ = false;
  // A new connection has come while the old one did not take our bytes.
  if (self->client_ && self->client_ != client && self->state_ == StreamState::Up) {
    self->start_pump();
  }
}

net::Task<> StreamSocket::say_goodbye(Client client) {
  co_await client->close(net::close_code::kNormal);
}

void StreamSocket::tell_outcome(const Symbol& symbol, const Result<>& outcome) {
  TickListener* listener = states_->listener();
  if (is_stopped_ || listener == nullptr) return;
  listener->on_subscribed(states_->provider(), symbol, outcome);
}

std::vector<Symbol> StreamSocket::wanted() const {
  const std::lock_guard lock{mutex_};
  return {wanted_.begin(), wanted_.end()};
}

void StreamSocket::deny(const Symbol& symbol, const Error& error) {
  sent_.erase(symbol);
  {
    const std::lock_guard lock{mutex_};
    if (!wanted_.contains(symbol) || !denied_.insert(symbol).second) return;
  }
  tell_outcome(symbol, fail(Error{error}));
}

void StreamSocket::refuse_wanted() {
  const Error refusal = *refusal_;
  for (const Symbol& symbol : wanted()) deny(symbol, refusal);
}

void StreamSocket::on_subscribed(const Symbol& symbol) {
  if (!request_ || request_->waiting.erase(symbol) == 0) return;
  tell_outcome(symbol, {});
  if (request_ && request_->waiting.empty()) start_pump();
}

void StreamSocket::on_denied(Error error) {
  if (!is_authenticated_) return on_failed(std::move(error));
  if (!request_) return on_ignored();
  if (!protocol_->denies_whole_requests()) {
    // Some of the channels may still be granted.
    request_->deadline =
        std::min(request_->deadline, std::chrono::steady_clock::now() + timings_.settle_timeout);
    request_->denial = std::move(error);
    return;
  }
  const std::vector<Symbol> symbols{request_->waiting.begin(), request_->waiting.end()};
  request_.reset();
  if (symbols.size() == 1) {
    deny(symbols.front(), error);
  } else if (!symbols.empty()) {
    // One of them is to blame, or there are too many: halves find out.
    for (const Symbol& symbol : symbols) sent_.erase(symbol);
    const auto middle = symbols.begin() + static_cast<std::ptrdiff_t>(symbols.size() / 2);
    retries_.emplace_front(middle, symbols.end());
    retries_.emplace_front(symbols.begin(), middle);
  }
  start_pump();
}

void StreamSocket::on_failed(Error error) {
  if (!failure_) failure_ = std::move(error);
}

/// Errors: ProviderTimeout when a request has had no answer and nothing else has come either.
Result<> StreamSocket::check_request() {
  if (!request_ || std::chrono::steady_clock::now() < request_->deadline) return {};
  if (!request_->denial && counts_.messages == request_->messages_before) {
    return fail(ErrorCode::ProviderTimeout, "no answer to a subscription in time");
  }
  const Error error = request_->denial.value_or(
      Error{ErrorCode::ProviderTimeout, "the subscription was not answered"});
  const std::set<Symbol> left = std::move(request_->waiting);
  request_.reset();
  for (const Symbol& symbol : left) deny(symbol, error);
  start_pump();
  return {};
}

TickListener* StreamSocket::listener_for(const Symbol& symbol) {
  if (!sent_.contains(symbol)) {
    // What was under way when it was unsubscribed, or never asked for.
    ++counts_.ignored;
    return nullptr;
  }
  ++counts_.ticks;
  if (request_) on_subscribed(symbol);  // its ticks say yes as well
  return is_stopped_ ? nullptr : states_->listener();
}

void StreamSocket::on_quote(const Quote& quote) {
  if (auto* listener = listener_for(quote.symbol)) listener->on_quote(states_->provider(), quote);
}

void StreamSocket::on_trade(const Trade& trade) {
  if (auto* listener = listener_for(trade.symbol)) listener->on_trade(states_->provider(), trade);
}

void StreamSocket::on_bar(const Symbol& symbol, Interval interval, const Bar& bar, BarPhase phase) {
  if (auto* listener = listener_for(symbol)) {
    listener->on_bar(states_->provider(), symbol, interval, bar, phase);
  }
}

}  // namespace ziggy::feed
