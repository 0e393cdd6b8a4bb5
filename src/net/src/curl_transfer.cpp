#include "curl_transfer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "ziggy/base/text.hpp"

namespace ziggy::net {

namespace {

// Vendors send 1 to 4 KB; beyond this it is an attack or a broken proxy.
constexpr std::size_t kHeadMax = 64 * 1024;
// A body of a stated length is not trusted with more memory than this before it comes.
constexpr curl_off_t kReserveMax = 1024 * 1024;
// The largest piece that libcurl reads at once: bodies of megabytes in fewer calls.
constexpr long kReadSize = 64 * 1024;
// A kept connection may break just as a request goes out. libcurl then sends it again, up to five
// times; once is enough, and nothing but a GET or a HEAD may happen twice without anybody knowing.
constexpr int kSendsMax = 2;

asio::ip::address address_of(const curl_sockaddr& from) {
  if (from.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from.addr, sizeof v4);
    return asio::ip::address_v4{ntohl(v4.sin_addr.s_addr)};
  }
  if (from.family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from.addr, std::min<std::size_t>(sizeof v6, from.addrlen));
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6{bytes};
  }
  return asio::ip::address_v4::any();  // refused by the guard, as every unknown family
}

std::string_view version_name(long version) noexcept {
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      return "1.0";
    case CURL_HTTP_VERSION_1_1:
      return "1.1";
    case CURL_HTTP_VERSION_2_0:
      return "2";
    default:
      return "";
  }
}

}  // namespace

CurlTransfer::CurlTransfer(ClientRequest request, ClientUrl url,
                           std::chrono::steady_clock::time_point deadline,
                           const HttpClientSettings& settings)
    : request_{std::move(request)},
      url_{std::move(url)},
      deadline_{deadline},
      settings_{settings},
      is_guarded_{request_.guard == AddressGuard::PublicOnly &&
                  std::ranges::find(settings.guard_exemptions, url_.authority) ==
                      settings.guard_exemptions.end()} {}

CurlTransfer::~CurlTransfer() { curl_slist_free_all(headers_); }

void CurlTransfer::prepare(CURL* easy, CURLSH* share) {
  easy_ = easy;
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_URL, url_.text.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, settings_.user_agent.c_str());
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, message_.data());
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // Names that resolve slowly must not stop the thread when their transfer is given up.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  prepare_method();
  prepare_headers();
  prepare_limits();
  prepare_network(share);
}

void CurlTransfer::prepare_method() {
  const bool has_body = !request_.body.empty() || request_.method == Method::Post ||
                        request_.method == Method::Put || request_.method == Method::Patch;
  if (has_body) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  }
  if (request_.method == Method::Head) {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (request_.method != (has_body ? Method::Post : Method::Get)) {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method_name(request_.method).data());
  }
}

void CurlTransfer::prepare_headers() {
  bool has_type = false;
  for (const ClientHeader& header : request_.headers) {
    has_type = has_type || text::equals_ignoring_case(header.name, "content-type");
    // libcurl reads "Name:" as "send none" and "Name;" as "send it empty".
    const std::string line =
        header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    headers_ = curl_slist_append(headers_, line.c_str());
  }
  // Neither a type that nobody stated nor a round trip before the body.
  if (!has_type) headers_ = curl_slist_append(headers_, "Content-Type:");
  headers_ = curl_slist_append(headers_, "Expect:");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can undo
}

void CurlTransfer::prepare_limits() {
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(settings_.connect_timeout.count()));
  if (request_.method != Method::Head) {
    curl_easy_setopt(easy_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_max));
  }
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReadSize);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy_, CURLOPT_XFERINFOFUNCTION, &CurlTransfer::on_progress);
  curl_easy_setopt(easy_, CURLOPT_XFERINFODATA, this);
}

void CurlTransfer::prepare_network(CURLSH* share) {
  curl_easy_setopt(easy_, CURLOPT_SHARE, share);
  if (!request_.cookie_jar.empty()) curl_easy_setopt(easy_, CURLOPT_COOKIEFILE, "");
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!settings_.ca_file.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, settings_.ca_file.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_send);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  // A proxy would resolve the name of a guarded request itself, and knows nothing of our loopback.
  if (is_guarded_ || url_.is_loopback) curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  if (is_guarded_) {
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_open_socket);
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
    // A connection that a request without a guard has opened was never looked at.
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
  }
}

curl_socket_t CurlTransfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  if (!is_public_address(address_of(*address))) {
    transfer->fault_ = Fault::Guarded;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::on_send(void* self, char*, char*, int, int) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  const Method method = transfer->request_.method;
  const bool may_repeat = method == Method::Get || method == Method::Head;
  if (transfer->sends_ >= (may_repeat ? kSendsMax : 1)) {
    transfer->fault_ = Fault::Broken;
    return CURL_PREREQFUNC_ABORT;
  }
  ++transfer->sends_;
  return CURL_PREREQFUNC_OK;
}

int CurlTransfer::on_progress(void* self, curl_off_t, curl_off_t now, curl_off_t, curl_off_t) {
  // What arrives before decompression, which may go on for ever without giving a byte.
  auto* transfer = static_cast<CurlTransfer*>(self);
  transfer->received_ = static_cast<std::uint64_t>(now);
  if (transfer->received_ <= transfer->request_.body_max) return 0;
  transfer->fault_ = Fault::BodyTooLarge;
  return 1;
}

std::size_t CurlTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  return transfer->take_body({bytes, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
}

std::size_t CurlTransfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  return transfer->take_header({bytes, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
}

bool CurlTransfer::take_body(std::string_view bytes) {
  if (!has_body_begun_) {
    has_body_begun_ = true;
    curl_off_t stated = 0;
    curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &stated);
    if (stated > 0) {
      response_.body.reserve(static_cast<std::size_t>(std::min(stated, kReserveMax)));
    }
  }
  if (bytes.size() > request_.body_max - response_.body.size()) {
    fault_ = Fault::BodyTooLarge;
    return false;
  }
  response_.body.append(bytes);
  return true;
}

bool CurlTransfer::take_header(std::string_view line) {
  head_size_ += line.size();
  if (head_size_ > kHeadMax) {
    fault_ = Fault::HeadTooLarge;
    return false;
  }
  if (line.starts_with("HTTP/") && !has_body_begun_) {
    response_.headers.clear();  // of an interim answer (1xx)
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || has_body_begun_) return true;  // the end; a trailer
  response_.headers.push_back({text::lower(text::trim(line.substr(0, colon))),
                               std::string{text::trim(line.substr(colon + 1))}});
  return true;
}

Result<ClientResponse> CurlTransfer::result(CURLcode code) {
  curl_off_t received = 0;
  curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &received);
  received_ = static_cast<std::uint64_t>(received);
  if (code != CURLE_OK) return fail(explain(code));
  long status = 0;
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  response_.status = static_cast<int>(status);
  response_.http_version = version_name(version);
  response_.effective_url = url_.text;
  response_.sends = sends_;
  return std::move(response_);
}

Error CurlTransfer::explain(CURLcode code) const {
  const std::string where = url_.origin();
  const auto because = [&](ErrorCode kind, std::string_view why) {
    return Error{kind, where + ": " + std::string{why}};
  };
  switch (fault_) {
    case Fault::BodyTooLarge:
      return because(ErrorCode::BadPayload,
                     fmt::format("the body is larger than {} bytes", request_.body_max));
    case Fault::HeadTooLarge:
      return because(ErrorCode::BadPayload,
                     fmt::format("the headers are larger than {} bytes", kHeadMax));
    case Fault::Guarded:
      return because(ErrorCode::Forbidden, "the address is not public");
    case Fault::Broken:
      return because(ErrorCode::ProviderUnavailable, "the connection broke before an answer");
    case Fault::None:
      break;
  }
  long os_error = 0;
  switch (code) {
    case CURLE_FILESIZE_EXCEEDED:
      return because(ErrorCode::BadPayload,
                     fmt::format("the body is larger than {} bytes", request_.body_max));
    case CURLE_PARTIAL_FILE:
      return because(ErrorCode::BadPayload, fmt::format("cut off after {} bytes", received_));
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer without a head: HTTP/0.9
      return because(ErrorCode::BadPayload, curl_easy_strerror(code));
    case CURLE_OPERATION_TIMEDOUT:
      return because(ErrorCode::ProviderTimeout, "not connected in time");
    case CURLE_URL_MALFORMAT:
      return because(ErrorCode::ValidationFailed, "the URL cannot be asked");
    case CURLE_SSL_CACERT_BADFILE:
      return because(ErrorCode::Configuration, "the file of authorities cannot be read");
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
      return because(ErrorCode::Internal, curl_easy_strerror(code));
    case CURLE_COULDNT_CONNECT:
      curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
      return because(
          ErrorCode::ProviderUnavailable,
          os_error != 0 ? strerrordesc_np(static_cast<int>(os_error)) : curl_easy_strerror(code));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
      // libcurl's own words name the fault of the certificate, and nothing of the URL's path.
      return because(ErrorCode::ProviderUnavailable,
                     message_[0] != '\0' ? message_.data() : curl_easy_strerror(code));
    default:
      return because(ErrorCode::ProviderUnavailable, curl_easy_strerror(code));
  }
}

}  // namespace ziggy::net
