#include "vendor_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "vendor_json.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::feed {
namespace {

// An error's text is in the first lines; a megabyte of it is not parsed.
constexpr std::size_t kErrorBodyMax = std::size_t{64} << 10U;

bool is_json_type(std::string_view content_type) {
  const std::string type = text::lower(content_type.substr(0, content_type.find(';')));
  const std::string_view name = text::trim(type);
  // Stand-ins and file servers send JSON as text or as bytes; the parser has the last word.
  return name.empty() || name.ends_with("json") || name == "text/plain" ||
         name == "application/octet-stream" || name.ends_with("javascript");
}

std::string_view message_in(JsonValue value, int depth) {
  if (const auto text = json_text(value)) return *text;
  for (const std::string_view key : {"description", "message", "error", "msg"}) {
    if (const auto member = json_member(value, key)) {
      if (const auto text = json_text(*member)) return *text;
      if (depth > 0) {
        if (const auto inner = message_in(*member, depth - 1); !inner.empty()) return inner;
      }
    }
  }
  return {};
}

std::string joined(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  std::string url{base};
  if (!path.starts_with('/')) url += '/';
  return url += path;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() != 29 || !text.ends_with(" GMT") || text[3] != ',') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    return text::parse_int(text.substr(at, size));
  };
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  const auto day = number(5, 2);
  const auto year = number(12, 4);
  const auto hour = number(17, 2);
  const auto minute = number(20, 2);
  const auto second = number(23, 2);
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(*year)},
      std::chrono::month{static_cast<unsigned>(month - kMonths.begin() + 1)},
      std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_seconds{std::chrono::sys_days{date}} + std::chrono::hours{*hour} +
         std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

std::chrono::seconds retry_after_of(std::string_view header, Timestamp now) {
  const std::string_view text = text::trim(header);
  std::chrono::seconds wait = kRetryAfterDefault;
  if (const auto seconds = text::parse_double(text)) {
    wait = std::chrono::seconds{static_cast<std::int64_t>(
        std::clamp(*seconds, 1.0, static_cast<double>(kRetryAfterMax.count())))};
  } else if (const auto date = parse_http_date(text)) {
    // In seconds: nanoseconds end in the year 2262.
    wait = *date - std::chrono::floor<std::chrono::seconds>(now);
  }
  return std::clamp(wait, std::chrono::seconds{1}, kRetryAfterMax);
}

std::string vendor_message(std::string_view body) {
  if (body.size() > kErrorBodyMax) return {};
  const auto document = JsonDocument::parse("", body);
  if (!document) return {};
  if (const auto message = message_in(document->root(), 1); !message.empty()) {
    return std::string{message};
  }
  // Yahoo wraps everything: {"chart":{"result":null,"error":{"code":…,"description":…}}}.
  simdjson::dom::object object;
  if (document->root().get_object().get(object) != simdjson::SUCCESS) return {};
  for (const auto field : object) {
    simdjson::dom::object inner;
    if (field.value.get_object().get(inner) != simdjson::SUCCESS) continue;
    if (const auto message = message_in(field.value, 1); !message.empty()) {
      return std::string{message};
    }
  }
  return {};
}

VendorClient::VendorClient(std::string name, std::string base_url, net::HttpClient& http,
                           const Clock& clock, resilience::Budget* budget,
                           std::vector<Secret> secrets, RefineRefusal refine)
    : name_{std::move(name)},
      base_url_{std::move(base_url)},
      http_{http},
      clock_{clock},
      budget_{budget},
      redactor_{secrets},
      refine_{std::move(refine)} {}

std::string VendorClient::clean(std::string_view text) const {
  std::string safe = redactor_.redact(text.substr(0, 4 * kVendorMessageMax));
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  if (safe.size() > kVendorMessageMax) {
    std::size_t end = kVendorMessageMax;
    // Not through the middle of a UTF-8 sequence.
    while (end > 0 && (static_cast<unsigned char>(safe[end]) & 0xC0U) == 0x80U) --end;
    safe.resize(end);
    safe += "…";
  }
  return std::string{text::trim(safe)};
}

net::Task<Result<net::ClientResponse>> VendorClient::send(net::ClientRequest request, Call call) {
  if (request.url.starts_with('/')) request.url = joined(base_url_, request.url);
  request.body_max = std::min(request.body_max, kVendorBodyMax);
  std::optional<resilience::Budget::Spend> spend;
  if (budget_ != nullptr) {
    if (call.use == CallUse::Batch) {
      auto paid = co_await budget_->wait(call.use, call);
      if (!paid) co_return std::unexpected{std::move(paid).error()};
      spend.emplace(std::move(*paid));
    } else {
      auto paid = budget_->take(call.use);
      if (!paid) co_return std::unexpected{std::move(paid).error()};
      spend.emplace(std::move(*paid));
    }
  }
  auto response = co_await http_.send(std::move(request), call);
  if (spend) spend->end();
  if (!response) {
    Error& error = response.error();
    co_return fail(error.code(), "{}: {}", name_, clean(error.detail()));
  }
  co_return std::move(*response);
}

net::Task<Result<Payload>> VendorClient::get(std::string path_and_query,
                                             std::vector<net::ClientHeader> headers, Call call) {
  net::ClientRequest request;
  request.url = std::move(path_and_query);
  request.headers = std::move(headers);
  auto response = co_await send(std::move(request), call);
  if (!response) co_return std::unexpected{std::move(response).error()};
  co_return judge(std::move(*response));
}

Result<Payload> VendorClient::judge(net::ClientResponse response) const {
  const int status = response.status;
  if (status >= 200 && status < 300) {
    const std::string_view body = text::trim(response.body);
    if (body.empty()) {
      return fail(ErrorCode::BadPayload, "{}: {} with an empty body", name_, status);
    }
    if (body.front() == '<' || !is_json_type(response.header("content-type"))) {
      return fail(ErrorCode::BadPayload, "{}: {} with a page instead of JSON", name_, status);
    }
    if (body.front() != '{' && body.front() != '[') {
      return fail(ErrorCode::BadPayload, "{}: {} with something that is no JSON", name_, status);
    }
    return Payload{.status = status, .body = std::move(response.body)};
  }
  const bool is_page = text::trim(response.body).starts_with('<');
  VendorRefusal refusal{.status = status, .message = {}, .body = response.body};
  if (!is_page) {
    std::string message = vendor_message(response.body);
    // Plain words are quoted too, as Yahoo's "Too Many Requests".
    if (message.empty() && response.body.size() <= kVendorMessageMax &&
        !text::trim(response.body).starts_with('{')) {
      message = response.body;
    }
    refusal.message = clean(message);
  }
  const std::string said = refusal.message.empty() ? std::string{} : ": " + refusal.message;
  const auto refused = [&](ErrorCode code, std::string_view what) {
    return Error{code, fmt::format("{}: {} {}{}", name_, status, what, said)};
  };
  if (status == 429) {
    return fail(
        refused(ErrorCode::ProviderQuota, "too many requests")
            .with_retry_after(retry_after_of(response.header("retry-after"), clock_.now())));
  }
  if (refine_) {
    if (auto error = refine_(refusal)) return fail(std::move(*error));
  }
  if (status == 401) return fail(refused(ErrorCode::CredentialsRejected, "unauthorized"));
  if (status == 403) return fail(refused(ErrorCode::NotEntitled, "not entitled"));
  if (status == 404 && !is_page) return fail(refused(ErrorCode::UnknownSymbol, "not found"));
  if (status == 408 || status >= 500) {
    return fail(refused(ErrorCode::ProviderUnavailable, "out of order"));
  }
  return fail(refused(ErrorCode::BadPayload, is_page ? "with a page" : "unexpected"));
}

}  // namespace ziggy::feed
