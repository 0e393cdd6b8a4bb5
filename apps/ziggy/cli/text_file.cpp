#include "cli/text_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace ziggy::app {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, std::uintmax_t size_max) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail(ErrorCode::NotFound, "{}: is a folder", path.string());
  }
  const File file{std::fopen(path.c_str(), "rbe")};
  if (!file) return fail(ErrorCode::NotFound, "{}: {}", path.string(), std::strerror(errno));
  std::string text;
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kPiece);
    const std::size_t got = std::fread(text.data() + before, 1, kPiece, file.get());
    text.resize(before + got);
    if (text.size() > size_max) {
      return fail(ErrorCode::PayloadTooLarge, "{}: is larger than {} bytes", path.string(),
                  size_max);
    }
    if (got < kPiece) break;
  }
  if (std::ferror(file.get()) != 0) {
    return fail(ErrorCode::NotFound, "{}: cannot be read", path.string());
  }
  return text;
}

Result<> check_writable(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail(ErrorCode::ValidationFailed, "{}: is a folder", path.string());
  }
  if (!std::filesystem::exists(folder, error)) {
    return fail(ErrorCode::ValidationFailed, "{}: there is no folder {}", path.string(),
                folder.string());
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return fail(ErrorCode::ValidationFailed, "{}: the folder cannot be written: {}", path.string(),
                std::strerror(errno));
  }
  return {};
}

Result<> write_text_file(const std::filesystem::path& path, std::string_view text,
                         Readers readers) {
  std::filesystem::path part = path;
  part += ".part";
  File file{std::fopen(part.c_str(), "wbe")};
  if (!file) return fail(ErrorCode::Internal, "{}: {}", path.string(), std::strerror(errno));
  // Before there is anything to read.
  const bool is_closed_off =
      readers == Readers::AsUsual || ::fchmod(::fileno(file.get()), S_IRUSR | S_IWUSR) == 0;
  const bool is_written =
      is_closed_off && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  const bool is_closed = std::fclose(file.release()) == 0;
  std::error_code error;
  if (is_written && is_closed) {
    std::filesystem::rename(part, path, error);
    if (!error) return {};
  }
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  return fail(ErrorCode::Internal, "{}: {}", path.string(),
              error ? error.message() : "could not be written");
}

}  // namespace ziggy::app
