#include "ziggy/net/blocking_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace ziggy::net {

struct BlockingPool::State {
  std::size_t queue_max = 0;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::move_only_function<void()>> queue;
  bool is_stopping = false;
  std::vector<std::thread> threads;

  void work() {
    for (;;) {
      std::move_only_function<void()> job;
      {
        std::unique_lock lock{mutex};
        changed.wait(lock, [this] { return is_stopping || !queue.empty(); });
        if (queue.empty()) return;
        job = std::move(queue.front());
        queue.pop_front();
      }
      job();
    }
  }
};

BlockingPool::BlockingPool(std::size_t threads, std::size_t queue_max)
    : state_{std::make_unique<State>()} {
  state_->queue_max = queue_max;
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
  }
}

BlockingPool::~BlockingPool() { stop(); }

void BlockingPool::stop() {
  {
    const std::lock_guard lock{state_->mutex};
    state_->is_stopping = true;
  }
  state_->changed.notify_all();
  for (auto& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

bool BlockingPool::submit(std::move_only_function<void()> job) {
  {
    const std::lock_guard lock{state_->mutex};
    if (state_->is_stopping || state_->queue.size() >= state_->queue_max) return false;
    state_->queue.push_back(std::move(job));
  }
  state_->changed.notify_one();
  return true;
}

std::size_t BlockingPool::queued() const {
  const std::lock_guard lock{state_->mutex};
  return state_->queue.size();
}

}  // namespace ziggy::net
