#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "ziggy/base/result.hpp"

/// TLS towards strangers' servers: TLS 1.2 or newer, certificate and name verified.
namespace ziggy::net {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// `ca_file`: PEM file of the authorities to believe; empty: the system's. Errors: Configuration.
[[nodiscard]] Result<TlsContext> make_tls_context(const std::string& ca_file);

/// Makes the handshake of `tls` (an OpenSSL SSL*) verify `host`, and say whom we want (SNI,
/// RFC 6066) when it is a name.
void expect_host(SSL* tls, const std::string& host);

}  // namespace ziggy::net
