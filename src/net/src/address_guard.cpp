#include "ziggy/net/address_guard.hpp"

#include <array>
#include <cstddef>

namespace ziggy::net {

namespace {

struct Range4 {
  std::uint32_t network;
  int bits;
};

constexpr std::uint32_t ipv4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return (a << 24) | (b << 16) | (c << 8) | d;
}

// Everything from 224/4 up (multicast, reserved, broadcast) is refused by one comparison below.
constexpr std::array kNotPublic4 = {
    Range4{ipv4(0, 0, 0, 0), 8},        // this network
    Range4{ipv4(10, 0, 0, 0), 8},       // private
    Range4{ipv4(100, 64, 0, 0), 10},    // shared by carriers' NAT
    Range4{ipv4(127, 0, 0, 0), 8},      // loopback
    Range4{ipv4(169, 254, 0, 0), 16},   // link-local, metadata services
    Range4{ipv4(172, 16, 0, 0), 12},    // private
    Range4{ipv4(192, 0, 0, 0), 24},     // protocol assignments
    Range4{ipv4(192, 0, 2, 0), 24},     // documentation
    Range4{ipv4(192, 31, 196, 0), 24},  // AS112
    Range4{ipv4(192, 52, 193, 0), 24},  // AMT
    Range4{ipv4(192, 88, 99, 0), 24},   // former 6to4 relays
    Range4{ipv4(192, 168, 0, 0), 16},   // private
    Range4{ipv4(192, 175, 48, 0), 24},  // AS112
    Range4{ipv4(198, 18, 0, 0), 15},    // benchmarks
    Range4{ipv4(198, 51, 100, 0), 24},  // documentation
    Range4{ipv4(203, 0, 113, 0), 24},   // documentation
};

bool is_public4(std::uint32_t address) noexcept {
  if (address >= ipv4(224, 0, 0, 0)) return false;
  for (const Range4& range : kNotPublic4) {
    if ((address >> (32 - range.bits)) == (range.network >> (32 - range.bits))) return false;
  }
  return true;
}

using Bytes = asio::ip::address_v6::bytes_type;

std::uint32_t ipv4_at(const Bytes& bytes, std::size_t at) noexcept {
  return ipv4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

bool has_prefix(const Bytes& bytes, std::initializer_list<std::uint8_t> prefix) noexcept {
  std::size_t i = 0;
  for (const std::uint8_t byte : prefix) {
    if (bytes[i++] != byte) return false;
  }
  return true;
}

bool is_public6(const Bytes& bytes) noexcept {
  // NAT64 (64:ff9b::/96) and 6to4 (2002::/16) reach the IPv4 address that they carry.
  if (has_prefix(bytes, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
    return is_public4(ipv4_at(bytes, 12));
  }
  if (has_prefix(bytes, {0x20, 0x02})) return is_public4(ipv4_at(bytes, 2));
  // ::ffff:0:0/96 is the IPv4 address itself; the kernel connects to it by IPv4.
  if (has_prefix(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) {
    return is_public4(ipv4_at(bytes, 12));
  }
  // Only 2000::/3 is given out. The rest: ::, ::1, ::a.b.c.d, 64:ff9b:1::, fc00::/7, fe80::/10,
  // fec0::/10, ff00::/8, and what nobody has.
  if ((bytes[0] & 0xe0) != 0x20) return false;
  // 2001::/23 holds protocol assignments (Teredo, benchmarks, ORCHID); 2001:db8:: and 3fff::/20 are
  // documentation.
  if (has_prefix(bytes, {0x20, 0x01}) && bytes[2] < 0x02) return false;
  if (has_prefix(bytes, {0x20, 0x01, 0x0d, 0xb8})) return false;
  return !(has_prefix(bytes, {0x3f, 0xff}) && (bytes[2] & 0xf0) == 0);
}

}  // namespace

bool is_public_address(const asio::ip::address& address) noexcept {
  if (address.is_v4()) return is_public4(address.to_v4().to_uint());
  return is_public6(address.to_v6().to_bytes());
}

}  // namespace ziggy::net
