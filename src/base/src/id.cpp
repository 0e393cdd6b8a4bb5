#include "ziggy/base/id.hpp"

#include <random>

namespace ziggy {

namespace {

std::uint64_t random_bits() {
  thread_local std::mt19937_64 engine{[] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) ^ device();
  }()};
  return engine();
}

}  // namespace

std::array<char, 36> make_uuid_v7(std::int64_t unix_ms) {
  const std::uint64_t high =
      (static_cast<std::uint64_t>(unix_ms) << 16) | 0x7000U | (random_bits() & 0x0fffU);
  const std::uint64_t low = (random_bits() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<char, 36> out{};
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) out[at++] = '-';
    const std::uint64_t half = nibble < 16 ? high : low;
    out[at++] = kHex[(half >> (60 - 4 * (nibble % 16))) & 0xfU];
  }
  return out;
}

std::string make_uuid_v7_string(std::int64_t unix_ms) {
  const auto text = make_uuid_v7(unix_ms);
  return {text.data(), text.size()};
}

}  // namespace ziggy
