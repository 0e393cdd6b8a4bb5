#include "ziggy/net/loops.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <exception>
#include <thread>

#include "ziggy/base/assert.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net"};

void run_loop(asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& e) {
      // Handlers catch their own; what still arrives here must not end the loop for all others.
      kLog.error("handler_threw", {{"error", e.what()}});
    }
  }
}

}  // namespace

struct Loops::Loop {
  // UNSAFE_IO: one thread runs the context, so descriptors need no lock; posting stays safe.
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  asio::executor_work_guard<Executor> work{context.get_executor()};
  std::thread thread;
};

Loops::Loops(std::size_t count) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>());
}

Loops::~Loops() { stop(); }

std::size_t Loops::size() const noexcept { return loops_.size(); }

asio::io_context& Loops::at(std::size_t index) {
  ZIGGY_ASSERT(index < loops_.size());
  return loops_[index]->context;
}

void Loops::run() {
  for (auto& loop : loops_) {
    if (loop->thread.joinable()) continue;
    loop->thread = std::thread{[context = &loop->context] { run_loop(*context); }};
  }
}

void Loops::stop() {
  for (auto& loop : loops_) loop->context.stop();
  for (auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

bool Loops::running() const noexcept {
  for (const auto& loop : loops_) {
    if (!loop->thread.joinable() || loop->context.stopped()) return false;
  }
  return true;
}

}  // namespace ziggy::net
