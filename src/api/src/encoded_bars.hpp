#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "ziggy/domain/bar.hpp"

namespace ziggy::api {

/// Bars as JSON text, kept by the version of the columns they were made from: encoding costs many
/// times what copying does, and a page of history is asked for again and again. Bounded in bytes;
/// what was not used for longest goes first. Thread-safe.
class EncodedBars {
 public:
  explicit EncodedBars(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  /// The text of `bars`; equal versions mean equal bars.
  [[nodiscard]] std::shared_ptr<const std::string> get(std::uint64_t version,
                                                       const BarColumns& bars);

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Kept {
    std::shared_ptr<const std::string> text;
    std::uint64_t used = 0;
  };

  void make_room(std::size_t bytes);

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Kept> kept_;
  std::size_t bytes_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace ziggy::api
