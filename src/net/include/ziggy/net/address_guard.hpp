#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>

#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// Where a request of ours may go. A URL that a person typed in must not reach what only this
/// machine can reach (server-side request forgery).
enum class AddressGuard : std::uint8_t {
  None,
  /// Only addresses of the public internet, looked at after name resolution, when the socket is
  /// made; no proxies, which would resolve the name themselves.
  PublicOnly,
};

/// Whether anybody on the internet could reach the address: not loopback, private, link-local
/// (where clouds keep their metadata), shared (carrier NAT), multicast, documentation, benchmark or
/// reserved, nor an IPv6 form that carries such an IPv4 address (mapped, compatible, NAT64, 6to4).
/// Teredo and local NAT64 prefixes are refused whole. Source: the IANA special-purpose registries
/// for IPv4 and IPv6 (RFC 6890 and its updates).
[[nodiscard]] bool is_public_address(const asio::ip::address& address) noexcept;

}  // namespace ziggy::net
