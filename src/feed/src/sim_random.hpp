#pragma once

#include <cstdint>
#include <string_view>

/// Randomness as a function of a key, so that any part of the simulated past can be computed on its
/// own. Portable: integers and exactly rounded arithmetic only.
namespace ziggy::feed::sim {

/// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
/// OOPSLA 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  return mix(mix(a) ^ b);
}

[[nodiscard]] constexpr std::uint64_t hash_text(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return mix(hash);
}

/// A short stream of numbers that depends on nothing but its key.
class Draw {
 public:
  explicit constexpr Draw(std::uint64_t key) noexcept : state_{key} {}

  constexpr std::uint64_t bits() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    return mix(state_);
  }
  /// In (0, 1), never the ends.
  constexpr double uniform() noexcept {
    return (static_cast<double>(bits() >> 12U) + 0.5) * 0x1p-52;
  }
  /// Mean 0, variance 1, by the sum of four uniforms: within ±3.47, which keeps every price
  /// bounded.
  constexpr double normal() noexcept {
    const std::uint64_t b = bits();
    const auto sum = (b & 0xffffU) + ((b >> 16U) & 0xffffU) + ((b >> 32U) & 0xffffU) + (b >> 48U);
    constexpr double kMean = 2.0 * 65535.0;
    constexpr double kScale = 1.7320508075688772 / 65536.0;  // sqrt(12 / 4)
    return (static_cast<double>(sum) - kMean) * kScale;
  }
  constexpr std::uint64_t below(std::uint64_t bound) noexcept { return bits() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace ziggy::feed::sim
