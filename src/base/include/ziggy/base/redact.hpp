#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/secret.hpp"

namespace ziggy {

/// Finds what must not be printed in any text and puts `***` in its place:
/// - every known secret, as it is, JSON-escaped and percent-encoded;
/// - what looks like a credential: `Bearer …`, `Basic …`, JSON web tokens, our own `zk_…` keys and
///   those of OpenAI, Anthropic and Stripe, `password=…`, `token=…`, `"secret":"…"`, passwords in
///   URLs, private keys, the paths of Slack's and Discord's webhooks.
/// Immutable, so any thread may use it. Costs about half a nanosecond a byte on clean text.
class Redactor {
 public:
  /// Shorter secrets are not searched for: `a` would redact every text. They still never print from
  /// their own setting or under a secret key.
  static constexpr std::size_t kSecretSizeMin = 6;

  /// Knows the shapes of credentials only.
  Redactor();
  explicit Redactor(std::span<const Secret> secrets);

  [[nodiscard]] std::string redact(std::string_view text) const;
  /// False for a text with nothing to hide, which is nearly every text.
  [[nodiscard]] bool touches(std::string_view text) const noexcept;

 private:
  enum class Kind : std::uint8_t { Secret, Scheme, Assignment, Token, Key, Path, PrivateKey };
  struct Pattern {
    std::string text;
    Kind kind;
  };
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  // Wu and Manber's search: the last two bytes of a window of the shortest pattern's size say how
  // far no pattern can begin. 4096 shifts fit the first-level cache.
  static constexpr std::size_t kWindow = 6;
  static constexpr std::size_t kTableSize = 4096;

  void add(std::string_view text, Kind kind);
  void build();
  template <class Found>
  void scan(std::string_view text, Found&& found) const;
  template <class Found>
  void scan_patterns(std::string_view text, Found&& found) const;
  [[nodiscard]] Span match_at(std::string_view text, std::size_t at, const Pattern& pattern) const;

  std::vector<Pattern> patterns_;
  std::array<std::uint8_t, kTableSize> shift_{};
  /// By the hash of the last pair of a pattern's window, with that of its first.
  struct Candidate {
    std::uint16_t tail;
    std::uint16_t head;
    std::size_t pattern;
  };
  std::vector<Candidate> candidates_;
  /// Where the candidates with that tail begin.
  std::array<std::uint16_t, kTableSize> first_{};
};

/// Whether a field of that name holds a secret whatever its value: `password`, `X-API-Key`,
/// `refresh_token`, `authorization`, … in any case.
[[nodiscard]] bool is_secret_key(std::string_view key) noexcept;

}  // namespace ziggy
