#include "tls_client.hpp"

#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

namespace ziggy::net {

namespace ssl = boost::asio::ssl;

Result<TlsContext> make_tls_context(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_verify_mode(ssl::verify_peer, error);
  if (!error && ca_file.empty()) context->set_default_verify_paths(error);
  if (!error && !ca_file.empty()) context->load_verify_file(ca_file, error);
  if (error) {
    return fail(ErrorCode::Configuration, "certificates of authorities: {}", error.message());
  }
  return context;
}

void expect_host(SSL* tls, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(tls);
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  if (!error) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str());
    return;
  }
  // No wildcard for a part of a label.
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size());
  SSL_set_tlsext_host_name(tls, host.c_str());
}

}  // namespace ziggy::net
