#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace ziggy::log {

/// A lock of one byte. Held for nanoseconds (an append or a swap), and, unlike a mutex, it can be
/// tried from a signal handler.
class SpinLock {
 public:
  void lock() noexcept;
  /// Gives up after `tries`.
  [[nodiscard]] bool try_lock(std::size_t tries) noexcept;
  void unlock() noexcept { held_.clear(std::memory_order_release); }

 private:
  std::atomic_flag held_;
};

/// The lines that one thread has written and the writer has not taken yet.
struct Shard {
  SpinLock lock;
  std::string lines;
  /// Its thread has ended; the writer frees it once it is empty.
  bool is_orphan = false;
};

/// Takes lines from any thread to a file descriptor: at once, or by a background thread in batches.
/// Lives for the whole process.
class Writer {
 public:
  // 1 MiB a thread holds ~4000 access lines: 15 ms at a quarter of a million requests a second.
  static constexpr std::size_t kShardSizeMax = 1 << 20;
  // More threads than this log without a buffer.
  static constexpr std::size_t kShardsMax = 128;
  static constexpr int kFlushIntervalMs = 15;
  // After this many empty rounds the thread sleeps until a line comes: an idle server wakes nobody.
  static constexpr int kRoundsUntilIdle = 20;

  /// Makes one line out of a report of the writer's own, or out of what a library wrote to stderr.
  struct Formatter {
    std::string (*dropped)(std::uint64_t count);
    std::string (*stray)(std::string_view text);
  };
  explicit Writer(Formatter formatter) : formatter_{formatter} {}

  void start(int output, bool background, bool capture_stderr);
  void stop() noexcept;
  /// `urgent` lines are written at once even in the background mode.
  void append(std::string_view line, bool urgent) noexcept;
  void flush() noexcept;

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(); }

  /// For a thread that ends: the writer takes the rest.
  static void orphan(Shard& shard) noexcept;
  /// From a signal handler: writes what lies in the buffers, then `line`.
  void write_dying(std::string_view line) noexcept;
  /// From there too: what a library said last (the C library on a broken heap, say), between `head`
  /// and `tail`.
  void write_captured_dying(std::string_view head, std::string_view tail) noexcept;

 private:
  Shard* shard_of_this_thread() noexcept;
  void run() noexcept;
  bool drain() noexcept;
  /// What a burst needed is not kept while nobody writes.
  void release_memory() noexcept;
  void wait(bool forever) noexcept;
  void wake() noexcept;
  void read_captured() noexcept;
  void report_dropped() noexcept;
  void write_stray(std::string_view text) noexcept;
  void write_all(std::string_view bytes) noexcept;

  Formatter formatter_;
  std::atomic<int> output_{2};
  std::atomic<bool> background_{false};
  std::atomic<bool> is_idle_{false};
  std::atomic<bool> wake_pending_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t dropped_reported_ = 0;
  std::array<std::atomic<Shard*>, kShardsMax> shards_{};
  /// One drain at a time; protects `batch_`.
  std::mutex drain_mutex_;
  std::string batch_;
  int wake_fd_ = -1;
  int captured_fd_ = -1;
  int own_output_ = -1;
  std::string captured_;
  std::thread thread_;
};

}  // namespace ziggy::log
