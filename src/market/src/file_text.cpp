#include "file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ziggy::market {

namespace {

class Descriptor {
 public:
  // Without O_NONBLOCK opening a named pipe would wait for its writer.
  explicit Descriptor(const char* path) : fd_{::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)} {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// Bytes read, up to `size`; -1 on failure.
ssize_t read_up_to(int fd, char* out, std::size_t size) noexcept {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(fd, out + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const Descriptor file{path.c_str()};
  if (file.get() < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::NotFound : ErrorCode::ValidationFailed;
    return fail(code, std::string{std::strerror(errno)});
  }
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return fail(ErrorCode::ValidationFailed, "not a regular file");
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size > bytes_max) {
    return fail(ErrorCode::ValidationFailed, "larger than {} MiB: split it", bytes_max >> 20U);
  }
  std::string text;
  ssize_t count = 0;
  text.resize_and_overwrite(size, [&](char* out, std::size_t room) {
    count = read_up_to(file.get(), out, room);
    return count < 0 ? std::size_t{0} : static_cast<std::size_t>(count);
  });
  if (count < 0) return fail(ErrorCode::ValidationFailed, std::string{std::strerror(errno)});
  return text;
}

}  // namespace ziggy::market
