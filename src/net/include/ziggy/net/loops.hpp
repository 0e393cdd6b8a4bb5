#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// A number of io_contexts with one thread each. An I/O object belongs to the loop it was made on
/// and is touched by that loop's thread alone (the contexts skip the locks that would allow more);
/// `asio::post` to a loop is safe from any thread.
class Loops {
 public:
  /// `count` 0 means one loop a core.
  explicit Loops(std::size_t count = 0);
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;
  /// Stops and joins.
  ~Loops();

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] asio::io_context& at(std::size_t index);

  /// Starts the threads and returns. A second call does nothing.
  void run();
  /// Stops every loop after the handler it is in, and joins the threads; what was pending stays
  /// undone. Must not be called from a loop.
  void stop();
  [[nodiscard]] bool running() const noexcept;

 private:
  struct Loop;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace ziggy::net
