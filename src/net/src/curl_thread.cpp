#include "curl_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <utility>

#include "ziggy/base/assert.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net"};

// An idle handle holds a few KB; as many as may transfer at once are worth keeping.
constexpr std::size_t kIdleHandlesMax = 64;
// One a vendor and account; more means that names are made up without end.
constexpr std::size_t kCookieJarsMax = 64;
// Without deadlines the thread still looks at its orders so often; every order also wakes it.
constexpr int kWaitMax = 1'000;

/// libcurl's own state, once a process; never undone, since name lookups that were given up may
/// still run when the last client goes.
void prepare_libcurl() {
  static const CURLcode kCode = curl_global_init(CURL_GLOBAL_DEFAULT);
  ZIGGY_ASSERT(kCode == CURLE_OK);
}

/// Signals belong to the program's other threads; a broken TLS connection would raise SIGPIPE here.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

CurlThread::CurlThread(HttpClientSettings settings)
    : settings_{std::move(settings)},
      queue_{{.connections_per_host = settings_.connections_per_host,
              .connections_max = settings_.connections_max,
              .streams_per_host = settings_.streams_per_host}} {
  prepare_libcurl();
  multi_ = curl_multi_init();
  ZIGGY_ASSERT(multi_ != nullptr);
  // How many stay open for later; how many are used at once is queue_'s business.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.connections_max));
  thread_ = std::thread{[this] { run(); }};
}

CurlThread::~CurlThread() { stop(); }

Result<> CurlThread::submit(const std::shared_ptr<CurlTransfer>& transfer) {
  const std::lock_guard lock{mutex_};
  if (has_ended_ || orders_.is_stopping) return fail(ErrorCode::Canceled, "the HTTP client ends");
  if (metrics_.under_way >= settings_.requests_max) {
    return fail(ErrorCode::RateLimited, "{} requests are under way already", metrics_.under_way);
  }
  const bool is_first = orders_.started.empty() && orders_.canceled.empty();
  orders_.started.push_back(transfer);
  ++metrics_.requests;
  ++metrics_.under_way;
  // Under the lock, since the handle goes when the thread ends.
  if (is_first) curl_multi_wakeup(multi_);
  return {};
}

void CurlThread::cancel(const std::shared_ptr<CurlTransfer>& transfer) {
  const std::lock_guard lock{mutex_};
  if (has_ended_ || orders_.is_stopping) return;
  const bool is_first = orders_.started.empty() && orders_.canceled.empty();
  orders_.canceled.push_back(transfer);
  if (is_first) curl_multi_wakeup(multi_);
}

void CurlThread::stop() {
  {
    const std::lock_guard lock{mutex_};
    if (!has_ended_ && !orders_.is_stopping) {
      orders_.is_stopping = true;
      curl_multi_wakeup(multi_);
    }
  }
  if (thread_.joinable()) thread_.join();
}

HttpClientMetrics CurlThread::metrics() const {
  const std::lock_guard lock{mutex_};
  return metrics_;
}

CurlThread::Orders CurlThread::take_orders() {
  const std::lock_guard lock{mutex_};
  Orders taken;
  taken.started.swap(orders_.started);
  taken.canceled.swap(orders_.canceled);
  taken.is_stopping = orders_.is_stopping;
  return taken;
}

void CurlThread::run() {
  block_signals();
  work();
  while (!active_.empty()) {
    CurlTransfer* transfer = active_.begin()->first;
    finish(transfer, fail(ErrorCode::Canceled, "the HTTP client ends"));
  }
  for (CURL* easy : idle_) curl_easy_cleanup(easy);
  const std::lock_guard lock{mutex_};
  has_ended_ = true;
  curl_multi_cleanup(multi_);
  multi_ = nullptr;
  for (const auto& [jar, share] : shares_) curl_share_cleanup(share);
}

void CurlThread::work() {
  for (;;) {
    Orders orders = take_orders();
    // Started first: a transfer that was canceled at once must be known to be ended.
    for (auto& transfer : orders.started) enqueue(std::move(transfer));
    for (const auto& transfer : orders.canceled) {
      if (active_.contains(transfer.get())) {
        finish(transfer.get(), fail(ErrorCode::Canceled, "the request was given up"));
      }
    }
    if (orders.is_stopping) return;
    start_next();
    int running = 0;
    const CURLMcode code = curl_multi_perform(multi_, &running);
    if (code != CURLM_OK) kLog.error("curl_failed", {{"error", curl_multi_strerror(code)}});
    collect();
    expire();
    start_next();  // in the places of those that have ended
    curl_multi_poll(multi_, nullptr, 0, milliseconds_to_wait(), nullptr);
  }
}

void CurlThread::enqueue(std::shared_ptr<CurlTransfer> transfer) {
  CurlTransfer* key = transfer.get();
  queue_.add(key, key->url().origin());
  const auto deadline = deadlines_.emplace(transfer->deadline(), key);
  active_.emplace(key, Active{std::move(transfer), deadline});
}

void CurlThread::start_next() {
  while (CurlTransfer* transfer = queue_.next()) {
    auto started = start(*transfer);
    if (!started) finish(transfer, std::unexpected{std::move(started).error()});
  }
}

Result<> CurlThread::start(CurlTransfer& transfer) {
  ZIGGY_TRY(share, share_of(transfer.cookie_jar()));
  CURL* easy = take_easy();
  if (easy == nullptr) return fail(ErrorCode::Internal, "no memory for a request");
  transfer.prepare(easy, share);
  const CURLMcode code = curl_multi_add_handle(multi_, easy);
  if (code != CURLM_OK) return fail(ErrorCode::Internal, curl_multi_strerror(code));
  return {};
}

void CurlThread::collect() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message goes with the handle
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    auto result = transfer->result(code);
    long connects = 0;
    curl_easy_getinfo(transfer->easy(), CURLINFO_NUM_CONNECTS, &connects);
    queue_.note(transfer, result && result->http_version == "2" && connects == 0);
    finish(transfer, std::move(result));
  }
}

void CurlThread::expire() {
  // Not libcurl's own limit, which cannot see transfers that wait in queue_.
  const auto now = std::chrono::steady_clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    CurlTransfer* transfer = deadlines_.begin()->second;
    finish(transfer, fail(ErrorCode::ProviderTimeout, "{}: no whole answer in time ({} bytes came)",
                          transfer->url().origin(), transfer->bytes_in()));
  }
}

void CurlThread::finish(CurlTransfer* transfer, Result<ClientResponse> result) {
  const auto found = active_.find(transfer);
  ZIGGY_ASSERT(found != active_.end());
  const Active active = std::move(found->second);
  active_.erase(found);
  deadlines_.erase(active.deadline);
  queue_.remove(transfer);
  count(*transfer, result);
  if (CURL* easy = transfer->easy(); easy != nullptr) {
    curl_multi_remove_handle(multi_, easy);
    // A reset forgets the list of cookie files without freeing it.
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, nullptr);
    // The share stays with the handle over a reset, and a jar must not leak into the next request.
    curl_easy_setopt(easy, CURLOPT_SHARE, nullptr);
    curl_easy_reset(easy);
    if (idle_.size() < kIdleHandlesMax) {
      idle_.push_back(easy);
    } else {
      curl_easy_cleanup(easy);
    }
  }
  auto done = std::move(transfer->done);
  done(std::move(result));
}

void CurlThread::count(CurlTransfer& transfer, const Result<ClientResponse>& result) {
  long connects = 0;
  if (transfer.easy() != nullptr) {
    curl_easy_getinfo(transfer.easy(), CURLINFO_NUM_CONNECTS, &connects);
  }
  const std::lock_guard lock{mutex_};
  --metrics_.under_way;
  metrics_.connections_opened += static_cast<std::uint64_t>(connects);
  metrics_.bytes_in += transfer.bytes_in();
  if (transfer.sends() > 1) ++metrics_.sent_again;
  if (result) {
    ++metrics_.answers;
  } else if (result.error().code() == ErrorCode::ProviderTimeout) {
    ++metrics_.timeouts;
  } else if (result.error().code() == ErrorCode::Canceled) {
    ++metrics_.canceled;
  } else {
    ++metrics_.failures;
  }
}

int CurlThread::milliseconds_to_wait() const {
  if (deadlines_.empty()) return kWaitMax;
  const auto left = deadlines_.begin()->first - std::chrono::steady_clock::now();
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<std::int64_t>(rounded, 0, kWaitMax));
}

CURL* CurlThread::take_easy() {
  if (idle_.empty()) return curl_easy_init();
  CURL* easy = idle_.back();
  idle_.pop_back();
  return easy;
}

Result<CURLSH*> CurlThread::share_of(const std::string& jar) {
  if (const auto found = shares_.find(jar); found != shares_.end()) return found->second;
  if (shares_.size() > kCookieJarsMax) {
    return fail(ErrorCode::ValidationFailed, "more than {} cookie jars", kCookieJarsMax);
  }
  CURLSH* share = curl_share_init();
  if (share == nullptr) return fail(ErrorCode::Internal, "no memory for a cookie jar");
  // No lock functions: this thread alone uses it.
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  if (!jar.empty()) curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
  shares_.emplace(jar, share);
  return share;
}

}  // namespace ziggy::net
