#include "ziggy/net/static_files.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

#include "gzip.hpp"
#include "negotiate.hpp"

namespace ziggy::net {

namespace {

std::string_view content_type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".map", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
  };
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

/// "app-3f9a1c2b.js", "index.D4e5F6g7.css": what bundlers write.
bool holds_hash(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  const std::size_t extension = name.rfind('.');
  if (extension == std::string_view::npos) return false;
  name = name.substr(0, extension);
  if (name.size() < 10) return false;
  const auto is_hash = [](std::string_view text) {
    const auto is_word = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '_' || c == '-';
    };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::ranges::all_of(text, is_word) && std::ranges::any_of(text, is_digit);
  };
  const std::size_t mark = name.find_last_of("-.", name.size() - 9);
  return mark != std::string_view::npos && mark > 0 && name.size() - mark - 1 <= 32 &&
         is_hash(name.substr(mark + 1));
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const std::filesystem::path& folder) {
  StaticFiles files;
  std::error_code ec;
  std::filesystem::recursive_directory_iterator at{folder, ec};
  for (; !ec && at != std::filesystem::recursive_directory_iterator{}; at.increment(ec)) {
    const std::string leaf = at->path().filename().string();
    if (leaf.starts_with('.')) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file()) continue;
    std::ifstream in{at->path(), std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    if (!in) return fail(ErrorCode::Configuration, "cannot read {}", at->path().string());
    files.put(at->path().lexically_relative(folder).generic_string(), std::move(bytes));
  }
  if (ec) {
    return fail(ErrorCode::Configuration, "cannot read {}: {}", folder.string(), ec.message());
  }
  return files;
}

void StaticFiles::put(std::string name, std::string bytes) {
  auto body = std::make_shared<SharedBody>();
  body->etag = make_etag(bytes);
  const std::string_view type = content_type_of(name);
  if (is_compressible(type)) {
    body->gzip = Gzip{}.compress(bytes, 9);
    if (body->gzip.size() + 64 > bytes.size()) body->gzip.clear();
  }
  body->bytes = std::move(bytes);
  const CachePolicy cache = holds_hash(name) ? CachePolicy::Immutable : CachePolicy::Revalidate;
  files_.insert_or_assign(std::move(name),
                          File{.body = std::move(body), .content_type = type, .cache = cache});
}

bool StaticFiles::has(std::string_view name) const { return files_.contains(name); }

bool StaticFiles::serve(std::string_view name, Response& response) const {
  const auto at = files_.find(name);
  if (at == files_.end()) return false;
  response.shared = at->second.body;
  response.content_type = at->second.content_type;
  response.cache = at->second.cache;
  return true;
}

void StaticFiles::add_routes(Router& router, const Policy& policy) const {
  for (const auto& [name, file] : files_) {
    const auto serve_file = [file](const Request&, Response& response) {
      response.shared = file.body;
      response.content_type = file.content_type;
      response.cache = file.cache;
      return true;
    };
    router.get("/" + name, policy, nullptr, serve_file);
    if (name == "index.html") router.get("/", policy, nullptr, serve_file);
  }
}

}  // namespace ziggy::net
