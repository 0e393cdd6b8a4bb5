#pragma once

#include <curl/curl.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "curl_transfer.hpp"
#include "transfer_queue.hpp"
#include "ziggy/net/http_client.hpp"

namespace ziggy::net {

/// The one thread that runs all transfers of a client. What others ask of it goes through a bounded
/// queue; each transfer's `done` is called once, on this thread, and must only post.
class CurlThread {
 public:
  explicit CurlThread(HttpClientSettings settings);
  CurlThread(const CurlThread&) = delete;
  CurlThread& operator=(const CurlThread&) = delete;
  ~CurlThread();

  /// Errors, without calling `done`: RateLimited when too many are under way, Canceled when the
  /// thread has ended.
  [[nodiscard]] Result<> submit(const std::shared_ptr<CurlTransfer>& transfer);
  /// Ends the transfer as Canceled unless it has ended; any thread, at any time.
  void cancel(const std::shared_ptr<CurlTransfer>& transfer);
  /// Ends everything as Canceled and joins.
  void stop();

  [[nodiscard]] HttpClientMetrics metrics() const;
  [[nodiscard]] const HttpClientSettings& settings() const noexcept { return settings_; }

 private:
  using Deadlines = std::multimap<std::chrono::steady_clock::time_point, CurlTransfer*>;
  struct Active {
    std::shared_ptr<CurlTransfer> transfer;
    Deadlines::iterator deadline;
  };
  struct Orders {
    std::vector<std::shared_ptr<CurlTransfer>> started;
    std::vector<std::shared_ptr<CurlTransfer>> canceled;
    bool is_stopping = false;
  };

  void run();
  void work();
  [[nodiscard]] Orders take_orders();
  void enqueue(std::shared_ptr<CurlTransfer> transfer);
  void start_next();
  [[nodiscard]] Result<> start(CurlTransfer& transfer);
  void collect();
  void expire();
  void finish(CurlTransfer* transfer, Result<ClientResponse> result);
  void count(CurlTransfer& transfer, const Result<ClientResponse>& result);
  [[nodiscard]] int milliseconds_to_wait() const;
  [[nodiscard]] CURL* take_easy();
  [[nodiscard]] Result<CURLSH*> share_of(const std::string& jar);

  const HttpClientSettings settings_;
  CURLM* multi_ = nullptr;

  mutable std::mutex mutex_;
  Orders orders_;              // under mutex_
  bool has_ended_ = false;     // under mutex_
  HttpClientMetrics metrics_;  // under mutex_

  // The thread's own.
  std::unordered_map<CurlTransfer*, Active> active_;
  Deadlines deadlines_;
  TransferQueue queue_;
  std::vector<CURL*> idle_;
  std::unordered_map<std::string, CURLSH*> shares_;
  std::thread thread_;
};

}  // namespace ziggy::net
