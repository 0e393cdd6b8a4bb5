#include "log_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace ziggy::log {

namespace {

// A thread that logs after its thread_local objects are gone has no shard any more.
thread_local bool thread_ends = false;

struct ShardOwner {
  Shard* shard = nullptr;
  ~ShardOwner() {
    thread_ends = true;
    if (shard != nullptr) Writer::orphan(*shard);
  }
};
thread_local ShardOwner this_thread;

constexpr std::size_t kStrayLineMax = 4096;
// A reader that takes nothing for so long is taken for dead.
constexpr int kStuckMs = 5000;

}  // namespace

void SpinLock::lock() noexcept {
  while (!try_lock(64)) std::this_thread::yield();
}

bool SpinLock::try_lock(std::size_t tries) noexcept {
  for (std::size_t i = 0; i < tries; ++i) {
    if (!held_.test_and_set(std::memory_order_acquire)) return true;
  }
  return false;
}

void Writer::orphan(Shard& shard) noexcept {
  shard.lock.lock();
  shard.is_orphan = true;
  shard.lock.unlock();
}

Shard* Writer::shard_of_this_thread() noexcept {
  if (thread_ends) return nullptr;
  if (this_thread.shard != nullptr) return this_thread.shard;
  auto* shard = new (std::nothrow) Shard;
  if (shard == nullptr) return nullptr;
  for (std::atomic<Shard*>& slot : shards_) {
    Shard* expected = nullptr;
    if (slot.compare_exchange_strong(expected, shard)) {
      this_thread.shard = shard;
      return shard;
    }
  }
  delete shard;
  return nullptr;
}

void Writer::append(std::string_view line, bool urgent) noexcept {
  if (background_.load(std::memory_order_relaxed)) {
    if (Shard* shard = shard_of_this_thread()) {
      bool is_appended = false;
      bool is_half_full = false;
      shard->lock.lock();
      // Asked again under the lock: after `stop` has drained this shard nobody would look into it.
      const bool is_background = background_.load(std::memory_order_acquire);
      if (is_background && shard->lines.size() + line.size() <= kShardSizeMax) {
        try {
          shard->lines += line;
          is_appended = true;
          is_half_full = shard->lines.size() > kShardSizeMax / 2;
        } catch (...) {  // no memory: counted as dropped
        }
      }
      shard->lock.unlock();
      if (is_background) {
        if (!is_appended) dropped_.fetch_add(1, std::memory_order_relaxed);
        if (urgent || is_half_full || is_idle_.load(std::memory_order_acquire)) wake();
        return;
      }
    }
  }
  write_all(line);
}

void Writer::wake() noexcept {
  if (wake_pending_.exchange(true)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

void Writer::wait(bool forever) noexcept {
  pollfd waits[] = {{wake_fd_, POLLIN, 0}, {captured_fd_, POLLIN, 0}};
  ::poll(waits, captured_fd_ >= 0 ? 2 : 1, forever ? -1 : kFlushIntervalMs);
  if ((waits[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_fd_, &count, sizeof count);
    wake_pending_.store(false);
  }
  if (captured_fd_ >= 0 && (waits[1].revents & POLLIN) != 0) read_captured();
}

void Writer::run() noexcept {
  int empty_rounds = 0;
  while (!stopping_.load()) {
    if (drain()) {
      empty_rounds = 0;
    } else if (++empty_rounds > kRoundsUntilIdle) {
      // Said before the last look: whoever appends after it sees that we sleep, and wakes us.
      is_idle_.store(true);
      const bool is_empty = !drain();
      if (is_empty) release_memory();
      if (is_empty && !stopping_.load()) wait(true);
      is_idle_.store(false);
      empty_rounds = 0;
      continue;
    }
    wait(false);
  }
}

bool Writer::drain() noexcept {
  const std::lock_guard guard{drain_mutex_};
  bool any = false;
  for (std::atomic<Shard*>& slot : shards_) {
    Shard* shard = slot.load();
    if (shard == nullptr) continue;
    batch_.clear();
    shard->lock.lock();
    batch_.swap(shard->lines);
    const bool is_orphan = shard->is_orphan;
    shard->lock.unlock();
    if (is_orphan) {
      slot.store(nullptr);
      delete shard;
    }
    if (batch_.empty()) continue;
    any = true;
    write_all(batch_);
  }
  report_dropped();
  return any;
}

void Writer::release_memory() noexcept {
  const std::lock_guard guard{drain_mutex_};
  std::string{}.swap(batch_);
  for (std::atomic<Shard*>& slot : shards_) {
    Shard* shard = slot.load();
    if (shard == nullptr) continue;
    std::string unused;
    shard->lock.lock();
    if (shard->lines.empty()) unused.swap(shard->lines);
    shard->lock.unlock();
  }
}

void Writer::report_dropped() noexcept {
  const std::uint64_t dropped = dropped_.load(std::memory_order_relaxed);
  if (dropped == dropped_reported_) return;
  try {
    write_all(formatter_.dropped(dropped - dropped_reported_));
    dropped_reported_ = dropped;
  } catch (...) {  // no memory: said next time
  }
}

void Writer::read_captured() noexcept {
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::read(captured_fd_, bytes, sizeof bytes);
    if (got <= 0) return;
    try {
      captured_.append(bytes, static_cast<std::size_t>(got));
      for (std::size_t end = captured_.find('\n');
           end != std::string::npos || captured_.size() > kStrayLineMax;
           end = captured_.find('\n')) {
        const std::string_view text = std::string_view{captured_}.substr(0, end);
        if (!text.empty()) write_stray(text);
        captured_.erase(0, end == std::string::npos ? end : end + 1);
      }
    } catch (...) {
      captured_.clear();
    }
  }
}

void Writer::write_stray(std::string_view text) noexcept {
  try {
    write_all(formatter_.stray(text));
  } catch (...) {  // no memory for a line that is not even ours
  }
}

void Writer::write_all(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written =
        ::write(output_.load(std::memory_order_relaxed), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // somebody made the terminal or pipe non-blocking
      pollfd wait_for{output_.load(), POLLOUT, 0};
      if (::poll(&wait_for, 1, kStuckMs) <= 0) return;
    } else if (errno != EINTR) {
      return;  // Nobody reads: there is nowhere left to say so.
    }
  }
}

void Writer::start(int output, bool background, bool capture_stderr) {
  stop();
  output_ = output;
  if (!background) return;
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) return;  // Out of descriptors: line by line still works.
  int pipe_fds[2] = {-1, -1};
  if (capture_stderr && output == STDERR_FILENO && ::pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == 0) {
    own_output_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    output_ = own_output_;
    ::dup2(pipe_fds[1], STDERR_FILENO);
    ::close(pipe_fds[1]);
    captured_fd_ = pipe_fds[0];
  }
  stopping_ = false;
  wake_pending_ = false;
  thread_ = std::thread{[this] { run(); }};
  background_ = true;
}

void Writer::stop() noexcept {
  if (!background_.exchange(false)) return;
  stopping_ = true;
  wake_pending_ = false;
  wake();
  thread_.join();
  if (captured_fd_ >= 0) {
    read_captured();
    if (!captured_.empty()) write_stray(captured_);
    captured_.clear();
    ::dup2(own_output_, STDERR_FILENO);
    output_ = STDERR_FILENO;
    ::close(own_output_);
    ::close(captured_fd_);
    captured_fd_ = own_output_ = -1;
  }
  drain();
  ::close(wake_fd_);
  wake_fd_ = -1;
}

void Writer::flush() noexcept { drain(); }

void Writer::write_dying(std::string_view line) noexcept {
  constexpr std::size_t kTries = 100'000;
  for (std::atomic<Shard*>& slot : shards_) {
    Shard* shard = slot.load();
    // The thread that died may hold its own lock: its last line is not whole then.
    if (shard == nullptr || !shard->lock.try_lock(kTries)) continue;
    write_all(shard->lines);
    shard->lines.clear();
    shard->lock.unlock();
  }
  write_all(line);
}

void Writer::write_captured_dying(std::string_view head, std::string_view tail) noexcept {
  if (captured_fd_ < 0) return;
  char bytes[1024];
  for (ssize_t got = 0; (got = ::read(captured_fd_, bytes, sizeof bytes)) > 0;) {
    // Plain ASCII needs no escapes; the rest is not worth a parser in a dying process.
    for (ssize_t i = 0; i < got; ++i) {
      const bool is_plain =
          bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\';
      if (!is_plain) bytes[i] = ' ';
    }
    write_all(head);
    write_all({bytes, static_cast<std::size_t>(got)});
    write_all(tail);
  }
}

}  // namespace ziggy::log
