#include "negotiate.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "ziggy/base/assert.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::net {

namespace {

/// Calls `visit(item)` for each trimmed item of a comma-separated list until it returns true.
template <class Visit>
bool any_item(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (visit(text::trim(list.substr(0, end)))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// True for ";q=0", ";q=0.0", …: "not acceptable".
bool is_weight_zero(std::string_view parameters) noexcept {
  const std::size_t at = parameters.find_first_of("qQ");
  if (at == std::string_view::npos) return false;
  std::string_view weight = text::trim(parameters.substr(at + 1));
  if (!weight.starts_with('=')) return false;
  weight = text::trim(weight.substr(1));
  return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
}

bool is_lower_hex(std::string_view text) noexcept {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  bool named = false;
  bool takes = false;
  any_item(accept_encoding, [&](std::string_view item) {
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view coding = text::trim(item.substr(0, semicolon));
    const bool is_gzip =
        text::equals_ignoring_case(coding, "gzip") || text::equals_ignoring_case(coding, "x-gzip");
    if (!is_gzip && (coding != "*" || named)) return false;
    named = named || is_gzip;  // a name is stronger than the star, wherever it stands
    takes = !is_weight_zero(item.substr(semicolon));
    return false;
  });
  return takes;
}

bool is_compressible(std::string_view content_type) noexcept {
  return content_type.starts_with("text/") || content_type.find("json") != std::string_view::npos ||
         content_type.find("javascript") != std::string_view::npos ||
         content_type.find("xml") != std::string_view::npos;
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) noexcept {
  if (etag.empty()) return false;
  return any_item(if_none_match, [&](std::string_view item) {
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item.size() < 2 || item.front() != '"' || item.back() != '"') return false;
    item = item.substr(1, item.size() - 2);
    if (item.size() > etag.size() && item.ends_with("-gz")) item.remove_suffix(3);
    return item == etag;
  });
}

std::string make_etag(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  // Looked up once: the search through OpenSSL's providers costs more than the hash of a page.
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, 32> digest{};
  ZIGGY_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, kSha256, nullptr) ==
               1);
  std::string out;
  for (std::size_t i = 0; i < digest.size() / 2; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

std::optional<std::string_view> trace_id_of(std::string_view traceparent) noexcept {
  // version "-" trace-id "-" parent-id "-" flags (W3C Trace Context, section 3.2.2); later versions
  // may append more.
  if (traceparent.size() < 55 || traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace = traceparent.substr(3, 32);
  const std::string_view parent = traceparent.substr(36, 16);
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) ||
      !is_lower_hex(traceparent.substr(53, 2)) || version == "ff") {
    return std::nullopt;
  }
  if (version == "00" && traceparent.size() != 55) return std::nullopt;
  if (traceparent.size() > 55 && traceparent[55] != '-') return std::nullopt;
  const auto is_zero = [](std::string_view id) {
    return id.find_first_not_of('0') == std::string_view::npos;
  };
  if (is_zero(trace) || is_zero(parent)) return std::nullopt;
  return trace;
}

CorrelationId correlation_id_of(const KnownHeaders& known) {
  for (const std::string_view text : {known.correlation_id, known.request_id}) {
    // A credential sent as an id would come back in answers, rows and calls to vendors.
    if (const auto id = CorrelationId::parse(text); id && !log::holds_secret(text)) return *id;
  }
  if (const auto trace = trace_id_of(known.traceparent)) {
    if (const auto id = CorrelationId::parse(*trace)) return *id;
  }
  return CorrelationId::make();
}

bool is_origin_allowed(std::string_view origin, const std::vector<std::string>& allowed) noexcept {
  return !origin.empty() && std::ranges::any_of(allowed, [&](const std::string& entry) {
    return entry == "*" || text::equals_ignoring_case(entry, origin);
  });
}

bool is_own_origin(std::string_view origin, std::string_view host,
                   const std::vector<std::string>& allowed) noexcept {
  if (origin.empty()) return true;
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end != std::string_view::npos &&
      text::equals_ignoring_case(origin.substr(scheme_end + 3), host)) {
    return true;
  }
  return std::ranges::any_of(
      allowed, [&](const std::string& entry) { return text::equals_ignoring_case(entry, origin); });
}

std::optional<TargetParts> split_target(std::string_view target) noexcept {
  if (target == "*") return TargetParts{.path = "*", .query = {}};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() ||
        !text::equals_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      continue;
    }
    target.remove_prefix(scheme.size());
    const std::size_t authority_end = target.find_first_of("/?");
    if (authority_end == 0) return std::nullopt;
    if (authority_end == std::string_view::npos) return TargetParts{.path = "/", .query = {}};
    target.remove_prefix(authority_end);
    if (target.front() == '?') return TargetParts{.path = "/", .query = target.substr(1)};
    break;
  }
  if (!target.starts_with('/')) return std::nullopt;
  // No client sends a fragment; should one do, it is not part of the path.
  target = target.substr(0, target.find('#'));
  const std::size_t mark = std::min(target.find('?'), target.size());
  return TargetParts{.path = target.substr(0, mark),
                     .query = target.substr(std::min(mark + 1, target.size()))};
}

bool lists_token(std::string_view header, std::string_view token) noexcept {
  return any_item(header,
                  [&](std::string_view item) { return text::equals_ignoring_case(item, token); });
}

}  // namespace ziggy::net
