#include "tls_server.hpp"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "websocket_codec.hpp"

namespace ziggy::net::testing {

namespace {

void add_extension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* make_certificate(EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_subject_alt_name, "DNS:localhost");
  X509_sign(certificate, key, EVP_sha256());
  return certificate;
}

std::string read_head(SSL* tls) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && SSL_read(tls, &byte, 1) == 1) head += byte;
  return head;
}

void write_all(SSL* tls, const std::string& bytes) {
  SSL_write(tls, bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

TlsServer::TlsServer(const std::filesystem::path& folder) : ca_file_{folder / "ca.pem"} {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = make_certificate(key);
  std::FILE* file = std::fopen(ca_file_.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  context_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context_, certificate);
  SSL_CTX_use_PrivateKey(context_, key);
  X509_free(certificate);
  EVP_PKEY_free(key);

  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_, 1);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { serve(); }};
}

TlsServer::~TlsServer() {
  ::shutdown(listener_, SHUT_RDWR);
  if (thread_.joinable()) thread_.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

std::string TlsServer::wait_for_name() {
  thread_.join();
  return name_;
}

void TlsServer::serve() {
  const int socket = ::accept(listener_, nullptr, nullptr);
  if (socket < 0) return;
  SSL* tls = SSL_new(context_);
  SSL_set_fd(tls, socket);
  if (SSL_accept(tls) == 1) {
    if (const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name)) name_ = name;
    const std::string head = read_head(tls);
    const std::size_t key = head.find("Sec-WebSocket-Key: ") + 19;
    write_all(tls,
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: " +
                  websocket_accept(head.substr(key, 24)) + "\r\n\r\n" +
                  encode_frame(Opcode::Text, "hello"));
    MessageReader reader{1000};
    std::string bytes(1000, '\0');
    const int got = SSL_read(tls, bytes.data(), 1000);
    if (got > 0) {
      const auto event = reader.next(bytes.data(), static_cast<std::size_t>(got));
      write_all(tls, encode_frame(Opcode::Text, event.payload));
      SSL_read(tls, bytes.data(), 1000);  // until the client goes
    }
  }
  SSL_free(tls);
  ::close(socket);
}

}  // namespace ziggy::net::testing
