#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"
#include "ziggy/net/http.hpp"
#include "ziggy/net/router.hpp"

namespace ziggy::net {

/// Files held in memory from the start, compressed once: a request never touches the disk, and no
/// path can lead out of the folder.
class StaticFiles {
 public:
  /// Every regular file below `folder`, hidden ones left out. Errors: Configuration when the folder
  /// cannot be read.
  [[nodiscard]] static Result<StaticFiles> load(const std::filesystem::path& folder);

  /// `name` is relative, with `/`: "assets/app-3f9a1c2b.js".
  void put(std::string name, std::string bytes);
  [[nodiscard]] bool has(std::string_view name) const;
  /// Fills `response` with the file; false when there is none. A name with a hash in it
  /// (`-` or `.` and at least 8 letters, digits, `_` or `-` with a digit among them, before the
  /// extension) is cached for ever, others are revalidated.
  bool serve(std::string_view name, Response& response) const;
  /// One GET route for each file, and `/` for index.html.
  void add_routes(Router& router, const Policy& policy) const;

 private:
  struct File {
    std::shared_ptr<const SharedBody> body;
    std::string_view content_type;
    CachePolicy cache = CachePolicy::Revalidate;
  };
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace ziggy::net
