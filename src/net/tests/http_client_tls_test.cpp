/// The HTTP client over TLS: whom it believes and what it offers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "asker.hpp"
#include "raw_server.hpp"

namespace ziggy::net {
namespace {

using testing::Asker;
using testing::RawPeer;
using testing::RawServer;

/// A certificate that vouches for itself, valid for an hour around now.
struct Certificate {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* x509 = X509_new();

  explicit Certificate(const char* alternative_name) {
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_NAME* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("ziggy test"), -1, -1, 0);
    X509_set_issuer_name(x509, name);
    add(NID_basic_constraints, "critical,CA:TRUE");
    add(NID_subject_alt_name, alternative_name);
    X509_sign(x509, key, EVP_sha256());
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate() {
    X509_free(x509);
    EVP_PKEY_free(key);
  }

  void add(int what, const char* value) const {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
    ASSERT_NE(extension, nullptr);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void write(const std::filesystem::path& path) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    PEM_write_X509(file, x509);
    std::fclose(file);
  }
};

class HttpClientTls : public ::testing::Test {
 protected:
  void SetUp() override {
    // The server's OpenSSL writes to clients that have hung up.
    std::signal(SIGPIPE, SIG_IGN);
    serve("DNS:localhost,IP:127.0.0.1");
  }
  void TearDown() override {
    server_.reset();
    SSL_CTX_free(context_);
    std::filesystem::remove(ca_file_);
  }

  void serve(const char* names) {
    server_.reset();
    SSL_CTX_free(context_);
    const Certificate certificate{names};
    certificate.write(ca_file_);
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate.x509);
    SSL_CTX_use_PrivateKey(context_, certificate.key);
    SSL_CTX_set_alpn_select_cb(context_, &HttpClientTls::choose_protocol, this);
    server_ = std::make_unique<RawServer>([this](RawPeer& peer) { answer(peer); });
  }

  static int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                             const unsigned char* offered, unsigned offered_size, void* self) {
    static_cast<HttpClientTls*>(self)->offered_.assign(reinterpret_cast<const char*>(offered),
                                                       offered_size);
    static constexpr std::string_view kHttp1 = "http/1.1";
    *chosen = reinterpret_cast<const unsigned char*>(kHttp1.data());
    *size = kHttp1.size();
    return SSL_TLSEXT_ERR_OK;
  }

  void answer(RawPeer& peer) {
    SSL* tls = SSL_new(context_);
    SSL_set_fd(tls, peer.fd());
    char buffer[4096];
    if (SSL_accept(tls) == 1 && SSL_read(tls, buffer, sizeof buffer) > 0) {
      const std::string text =
          (location_.empty() ? "HTTP/1.1 200 OK\r\n"
                             : "HTTP/1.1 302 Found\r\nLocation: " + location_ + "\r\n") +
          "Content-Length: 6\r\nConnection: close\r\n\r\nsecure";
      SSL_write(tls, text.data(), static_cast<int>(text.size()));
      SSL_shutdown(tls);
    }
    SSL_free(tls);
  }
  [[nodiscard]] std::string url(const char* host) const {
    return std::string{"https://"} + host + ":" + std::to_string(server_->port()) + "/?k=hunter2";
  }

  SSL_CTX* context_ = nullptr;
  std::string location_;  // where the answer points to, if anywhere
  std::string offered_;   // written before the handshake ends, read after the answer
  const std::filesystem::path ca_file_ =
      std::filesystem::temp_directory_path() / ("ziggy-ca-" + std::to_string(getpid()) + ".pem");
  std::unique_ptr<RawServer> server_;
};

TEST_F(HttpClientTls, RefusesACertificateThatNobodyVouchesFor) {
  Asker asker;
  const auto answer = asker.get(url("localhost"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::ProviderUnavailable);
  EXPECT_NE(answer.error().detail().find("self-signed"), std::string::npos)
      << answer.error().detail();
  EXPECT_EQ(answer.error().detail().find("hunter2"), std::string::npos);
}

TEST_F(HttpClientTls, BelievesTheConfiguredAuthorityAndOffersHttp2) {
  Asker asker{{.ca_file = ca_file_}};
  const auto answer = asker.get(url("localhost"));
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  EXPECT_EQ(answer->body, "secure");
  EXPECT_EQ(answer->http_version, "1.1") << "what the server chose";
  EXPECT_NE(offered_.find("\x02h2"), std::string::npos) << offered_;
  EXPECT_TRUE(asker.get(url("127.0.0.1")).has_value());
}

TEST_F(HttpClientTls, RefusesACertificateForAnotherHost) {
  serve("DNS:elsewhere.example");
  Asker asker{{.ca_file = ca_file_}};
  const auto answer = asker.get(url("localhost"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::ProviderUnavailable);
}

TEST_F(HttpClientTls, SaysThatTheFileOfAuthoritiesIsMissing) {
  Asker asker{{.ca_file = "/nowhere/ca.pem"}};
  const auto answer = asker.get(url("localhost"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::Configuration) << answer.error().detail();
}

TEST_F(HttpClientTls, ARedirectFromTlsToPlainTextIsNotFollowed) {
  const RawServer plain{testing::always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")};
  Asker asker{{.ca_file = ca_file_}};
  location_ = plain.url();
  const auto answer = asker.ask({.url = url("localhost"), .follow_redirects = true});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::BadPayload);
  EXPECT_EQ(plain.accepted(), 0);
}

}  // namespace
}  // namespace ziggy::net
