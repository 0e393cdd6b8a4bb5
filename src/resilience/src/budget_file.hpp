#pragma once

#include <filesystem>
#include <optional>

#include "budget_rings.hpp"

namespace ziggy::resilience {

/// Rings in a small file that several processes take turns at. Turns are taken by flock, which a
/// killed holder lets go of; what it was writing is told by a checksum. Not thread-safe.
///
/// A turn must not be taken by a process that inherited this object through fork: it would share
/// the lock with its parent. Open the file anew there.
class BudgetFile {
 public:
  explicit BudgetFile(std::filesystem::path path) : path_{std::move(path)} {}
  BudgetFile(const BudgetFile&) = delete;
  BudgetFile& operator=(const BudgetFile&) = delete;
  ~BudgetFile();

  enum class Turn : std::uint8_t {
    Mine,
    /// Somebody holds it for longer than kLockPatience.
    Taken,
    /// The file can't be made, opened or read; logged.
    Unusable,
  };

  /// Locks. Waits for others, who need microseconds each, no longer than kLockPatience.
  Turn begin();
  /// What is in the file; nullopt when it is empty, torn, of another version, or not ours.
  std::optional<BudgetRings> read();
  /// False when it can't be written; logged.
  bool write(const BudgetRings& rings);
  void finish() noexcept;

 private:
  bool open();
  void close() noexcept;
  Turn unusable(const char* doing, int error);

  std::filesystem::path path_;
  int fd_ = -1;
  bool is_too_long_ = false;
};

}  // namespace ziggy::resilience
