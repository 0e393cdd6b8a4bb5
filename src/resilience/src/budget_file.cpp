#include "budget_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <type_traits>

#include "ziggy/base/log.hpp"

namespace ziggy::resilience {
namespace {

constexpr log::Logger kLog{"resilience"};

// A turn takes microseconds, so whoever holds the lock for 10 ms is stopped or swapped out. An
// event loop can wait that long, once; the budget then keeps away from the file for a while.
constexpr std::chrono::microseconds kLockPatience{10'000};
constexpr std::chrono::microseconds kLockPause{50};

constexpr std::uint64_t kMagic = 0x5A49474759425547;  // "ZIGGYBUG", of budget; the byte order too
constexpr std::uint64_t kVersion = 1;

struct Image {
  std::uint64_t magic = kMagic;
  std::uint64_t version = kVersion;
  BudgetRings rings;
  std::uint64_t checksum = 0;
};
static_assert(std::is_trivially_copyable_v<Image> &&
              std::has_unique_object_representations_v<Image>);
static_assert(sizeof(Image) <= 4'096, "one page of the file cache costs half of two");

// Two sums side by side, since each step waits for the one before.
std::uint64_t checksum_of(const Image& image) noexcept {
  constexpr std::size_t kWords = offsetof(Image, checksum) / sizeof(std::uint64_t);
  constexpr std::size_t kLanes = 2;
  static_assert(kWords % kLanes == 0);
  const char* const bytes = reinterpret_cast<const char*>(&image);
  std::uint64_t sums[kLanes] = {1, 2};
  for (std::size_t i = 0; i < kWords; i += kLanes) {
    std::uint64_t words[kLanes];
    std::memcpy(words, bytes + i * sizeof(std::uint64_t), sizeof words);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] = (sums[lane] ^ words[lane]) * 0x9E3779B97F4A7C15;
      sums[lane] ^= sums[lane] >> 32;
    }
  }
  return sums[0] ^ sums[1] * 3;
}

}  // namespace

BudgetFile::~BudgetFile() { close(); }

void BudgetFile::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

BudgetFile::Turn BudgetFile::unusable(const char* doing, int error) {
  kLog.error("budget_file_unusable", {{"file", path_.string()},
                                      {"doing", doing},
                                      {"error", std::generic_category().message(error)}});
  close();
  return Turn::Unusable;
}

bool BudgetFile::open() {
  std::error_code ignored;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), ignored);
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  return fd_ >= 0;
}

BudgetFile::Turn BudgetFile::begin() {
  auto patience = kLockPatience;
  for (;;) {
    if (fd_ < 0 && !open()) return unusable("open", errno);
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
      struct stat stat{};
      if (::fstat(fd_, &stat) != 0) return unusable("stat", errno);
      if (!S_ISREG(stat.st_mode)) return unusable("open", EINVAL);
      if (stat.st_nlink > 0) return Turn::Mine;
      // Somebody deleted it; who comes later makes a new one, and so do we.
      close();
    } else if (errno != EWOULDBLOCK && errno != EINTR) {
      return unusable("lock", errno);
    }
    if (patience <= patience.zero()) return Turn::Taken;
    std::this_thread::sleep_for(kLockPause);
    patience -= kLockPause;
  }
}

std::optional<BudgetRings> BudgetFile::read() {
  // One byte more than there should be: a longer file is another version's.
  char bytes[sizeof(Image) + 1];
  const ssize_t size = ::pread(fd_, bytes, sizeof bytes, 0);
  is_too_long_ = size > static_cast<ssize_t>(sizeof(Image));
  if (size == 0) return std::nullopt;
  Image image;
  if (size == sizeof image) {
    std::memcpy(&image, bytes, sizeof image);
    if (image.magic == kMagic && image.version == kVersion &&
        image.checksum == checksum_of(image)) {
      return image.rings;
    }
  }
  kLog.warning("budget_file_not_understood", {{"file", path_.string()}, {"bytes", size}});
  return std::nullopt;
}

bool BudgetFile::write(const BudgetRings& rings) {
  Image image{.rings = rings};
  image.checksum = checksum_of(image);
  const ssize_t size = ::pwrite(fd_, &image, sizeof image, 0);
  const bool is_cut = !is_too_long_ || ::ftruncate(fd_, sizeof image) == 0;
  if (size == sizeof image && is_cut) return true;
  unusable("write", size < 0 ? errno : ENOSPC);
  return false;
}

void BudgetFile::finish() noexcept {
  if (fd_ >= 0) ::flock(fd_, LOCK_UN);
}

}  // namespace ziggy::resilience
