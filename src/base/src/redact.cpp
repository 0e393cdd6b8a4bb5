#include "ziggy/base/redact.hpp"

#include <algorithm>
#include <cstring>

#include "ziggy/base/text.hpp"

namespace ziggy {

namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kNone = std::string_view::npos;

char folded(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_alnum(char c) noexcept { return is_digit(c) || (folded(c) >= 'a' && folded(c) <= 'z'); }
/// Characters of tokens in headers (RFC 9110, token68) and of JSON web tokens.
bool is_token_char(char c) noexcept {
  return is_alnum(c) || std::string_view{"._~+/=-"}.find(c) != kNone;
}
bool is_key_char(char c) noexcept { return is_alnum(c) || c == '_' || c == '-'; }
/// What ends an unquoted value in query strings, connection strings and prose.
bool ends_value(char c) noexcept {
  return static_cast<unsigned char>(c) <= ' ' ||
         std::string_view{"&;,\"'<>()[]{}\\|"}.find(c) != kNone;
}

/// Folds case the quick way: what else falls together (`@` and the back tick) only costs a look.
std::size_t hash_pair(const char* at) noexcept {
  const auto a = static_cast<unsigned char>(at[0] | 0x20);
  const auto b = static_cast<unsigned char>(at[1] | 0x20);
  return ((a << 5U) ^ b) & 4095U;
}

/// Whether a `z` or an `@` is in the text: without one it holds neither a key of ours nor a
/// password in a URL. Eight bytes at a time.
bool has_z_or_at(std::string_view text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHigh; };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((has_zero(word ^ kOnes * 'z') | has_zero(word ^ kOnes * '@')) != 0) return true;
  }
  for (; at < text.size(); ++at) {
    if (text[at] == 'z' || text[at] == '@') return true;
  }
  return false;
}

bool starts_with_folded(std::string_view text, std::string_view lower) noexcept {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (folded(text[i]) != lower[i]) return false;
  }
  return true;
}

bool is_same_folded(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, folded, folded);
}

template <class Is>
std::size_t run_end(std::string_view text, std::size_t at, Is is) noexcept {
  while (at < text.size() && is(text[at])) ++at;
  return at;
}

std::string percent_encoded(std::string_view text, std::string_view digits) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || std::string_view{"-._~"}.find(c) != kNone) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

/// The end of an optional quote, escaped or not, at `at`.
std::size_t skip_quote(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && text[at] == '\\') ++at;
  return at < text.size() && (text[at] == '"' || text[at] == '\'') ? at + 1 : at;
}

std::size_t skip_spaces(std::string_view text, std::size_t at) noexcept {
  return run_end(text, at, [](char c) { return c == ' ' || c == '\t'; });
}

}  // namespace

Redactor::Redactor() : Redactor{std::span<const Secret>{}} {}

Redactor::Redactor(std::span<const Secret> secrets) {
  for (const std::string_view scheme : {"bearer ", "basic "}) add(scheme, Kind::Scheme);
  for (const std::string_view word : {"password", "passwd", "passphrase", "secret", "apikey",
                                      "api_key", "api-key", "authorization", "access_key"}) {
    add(word, Kind::Assignment);
  }
  // Five letters are too few for the search; what may follow makes six.
  for (const std::string_view word : {"token=", "token\"", "token'", "token\\"}) {
    add(word, Kind::Assignment);
  }
  // Base64 of the first bytes of a token's header: {"alg, {"typ, {"kid, {"cty, {"enc, {"jwk, {"jku,
  // {"x5t, {"zip.
  for (const std::string_view head :
       {"eyJhbG", "eyJ0eX", "eyJraW", "eyJjdH", "eyJlbm", "eyJqd2", "eyJqa3", "eyJ4NX", "eyJ6aX"}) {
    add(head, Kind::Token);
  }
  add("T3BlbkFJ", Kind::Key);  // "OpenAI" in base64, inside each of their older keys
  for (const std::string_view head :
       {"sk-proj-", "sk-svcacct-", "sk-ant-", "sk_live_", "sk_test_"}) {
    add(head, Kind::Key);
  }
  for (const std::string_view host : {"hooks.slack.com/", "/api/webhooks/"}) add(host, Kind::Path);
  add("-----begin ", Kind::PrivateKey);
  for (const Secret& secret : secrets) {
    const std::string_view raw = secret.reveal();
    if (raw.size() < kSecretSizeMin) continue;
    add(raw, Kind::Secret);
    std::string escaped;
    text::append_json_escaped(escaped, raw);
    for (const std::string& form : {escaped, percent_encoded(raw, "0123456789ABCDEF"),
                                    percent_encoded(raw, "0123456789abcdef")}) {
      if (form != raw) add(form, Kind::Secret);
    }
  }
  build();
}

void Redactor::add(std::string_view text, Kind kind) {
  const auto same = [&](const Pattern& known) { return known.kind == kind && known.text == text; };
  if (std::ranges::none_of(patterns_, same)) patterns_.push_back({std::string{text}, kind});
}

void Redactor::build() {
  shift_.fill(kWindow - 1);
  for (std::size_t index = 0; index < patterns_.size(); ++index) {
    const char* text = patterns_[index].text.data();
    for (std::size_t i = 0; i + 2 <= kWindow; ++i) {
      std::uint8_t& shift = shift_[hash_pair(text + i)];
      shift = std::min(shift, static_cast<std::uint8_t>(kWindow - 2 - i));
    }
    candidates_.push_back({static_cast<std::uint16_t>(hash_pair(text + kWindow - 2)),
                           static_cast<std::uint16_t>(hash_pair(text)), index});
  }
  std::ranges::sort(candidates_, {}, &Candidate::tail);
  first_.fill(0);
  for (std::size_t i = candidates_.size(); i-- > 0;) {
    first_[candidates_[i].tail] = static_cast<std::uint16_t>(i);
  }
}

Redactor::Span Redactor::match_at(std::string_view text, std::size_t at,
                                  const Pattern& pattern) const {
  const std::string_view rest = text.substr(at);
  const std::size_t after = at + pattern.text.size();
  switch (pattern.kind) {
    case Kind::Secret:
      // In any case: a symbol is raised before it is repeated, and hexadecimal keys have no case.
      if (is_same_folded(rest.substr(0, pattern.text.size()), pattern.text)) return {at, after};
      break;
    case Kind::Scheme: {
      if (!starts_with_folded(rest, pattern.text)) break;
      const std::size_t begin = skip_spaces(text, after);
      const std::size_t end = run_end(text, begin, is_token_char);
      // "basic authentication" is prose, eight characters that are not all small letters are a
      // token.
      const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
      if (end - begin >= 8 && run_end(text, begin, small) < end) return {begin, end};
      break;
    }
    case Kind::Assignment: {
      if (!starts_with_folded(rest, pattern.text)) break;
      const std::size_t name_end = is_alnum(text[after - 1]) ? after : after - 1;
      const std::size_t quoted = skip_quote(text, name_end);
      std::size_t begin = skip_spaces(text, quoted);
      if (begin >= text.size()) break;
      // `password=x` is meant anywhere, `"password": "x"` only with its quote: prose has colons
      // too.
      if (text[begin] != '=' && !(text[begin] == ':' && quoted != name_end)) break;
      begin = skip_spaces(text, begin + 1);
      const std::size_t inside = skip_quote(text, begin);
      const bool is_quoted = inside != begin;
      const std::size_t end =
          is_quoted ? run_end(text, inside, [](char c) { return c != '"' && c != '\''; })
                    : run_end(text, inside, [](char c) { return !ends_value(c); });
      if (end > inside) return {inside, end};
      break;
    }
    case Kind::Token: {
      if (!rest.starts_with(pattern.text)) break;
      const std::size_t end =
          run_end(text, at, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
      if (end - at >= 16 && text.substr(at, end - at).find('.') != kNone) return {at, end};
      break;
    }
    case Kind::Key: {
      if (!rest.starts_with(pattern.text)) break;
      std::size_t begin = at;
      while (begin > 0 && is_key_char(text[begin - 1])) --begin;
      return {begin, run_end(text, after, is_key_char)};
    }
    case Kind::Path: {
      if (!starts_with_folded(rest, pattern.text)) break;
      const std::size_t end = run_end(text, after, [](char c) { return !ends_value(c); });
      if (end > after) return {after, end};
      break;
    }
    case Kind::PrivateKey:
      if (starts_with_folded(rest, pattern.text) &&
          rest.substr(0, 64).find("PRIVATE KEY") != kNone) {
        return {at, text.size()};
      }
      break;
  }
  return {};
}

template <class Found>
void Redactor::scan_patterns(std::string_view text, Found&& found) const {
  if (text.size() < kWindow) return;
  const std::size_t last = text.size() - kWindow;
  for (std::size_t at = 0; at <= last;) {
    const std::size_t hash = hash_pair(text.data() + at + kWindow - 2);
    const std::size_t shift = shift_[hash];
    if (shift != 0) {
      at += shift;
      continue;
    }
    const std::size_t head = hash_pair(text.data() + at);
    for (std::size_t i = first_[hash]; i < candidates_.size() && candidates_[i].tail == hash; ++i) {
      if (candidates_[i].head != head) continue;
      const Span span = match_at(text, at, patterns_[candidates_[i].pattern]);
      if (span.end != 0 && found(span)) return;
    }
    ++at;
  }
}

template <class Found>
void Redactor::scan(std::string_view text, Found&& found) const {
  bool stopped = false;
  scan_patterns(text, [&](Span span) { return stopped = found(span); });
  if (stopped || !has_z_or_at(text)) return;
  // zk_<id>_<secret> begins with too little for the search above.
  for (std::size_t at = text.find("zk_"); !stopped && at != kNone; at = text.find("zk_", at + 3)) {
    if (at > 0 && is_alnum(text[at - 1])) continue;
    const std::size_t end = run_end(text, at + 3, is_key_char);
    if (end - at - 3 >= 8) stopped = found(Span{at, end});
  }
  // scheme://user:password@host
  for (std::size_t at = text.find('@'); !stopped && at != kNone; at = text.find('@', at + 1)) {
    // Nobody's password is longer; without a bound a text of many @ would cost its square.
    const std::size_t from = at > 512 ? at - 512 : 0;
    std::size_t scheme = text.substr(from, at - from).rfind("://");
    if (scheme == kNone) continue;
    scheme += from;
    const std::string_view user = text.substr(scheme + 3, at - scheme - 3);
    const std::size_t colon = user.find(':');
    if (colon == kNone || colon + 1 == user.size() || user.find_first_of("/ \t\r\n\"") != kNone)
      continue;
    stopped = found(Span{scheme + 3 + colon + 1, at});
  }
}

bool Redactor::touches(std::string_view text) const noexcept {
  bool any = false;
  scan(text, [&](Span) { return any = true; });
  return any;
}

std::string Redactor::redact(std::string_view text) const {
  std::vector<Span> spans;
  scan(text, [&](Span span) {
    spans.push_back(span);
    return false;
  });
  std::ranges::sort(spans, {}, &Span::begin);
  std::string out;
  std::size_t done = 0;
  std::size_t masked_to = kNone;
  for (const Span& span : spans) {
    if (masked_to != kNone && span.begin <= masked_to) {
      masked_to = std::max(masked_to, span.end);
      continue;
    }
    if (masked_to != kNone) done = masked_to;
    out += text.substr(done, span.begin - done);
    out += kMask;
    masked_to = span.end;
  }
  out += text.substr(masked_to == kNone ? 0 : masked_to);
  return out;
}

bool is_secret_key(std::string_view key) noexcept {
  static constexpr std::string_view kWords[] = {
      "authorization", "access_key", "api_key",  "api-key",     "apikey", "cookie", "credential",
      "passphrase",    "passwd",     "password", "private_key", "secret", "token"};
  constexpr std::size_t kShortest = 5;
  for (std::size_t at = 0; at + kShortest <= key.size(); ++at) {
    switch (folded(key[at])) {
      case 'a':
      case 'c':
      case 'p':
      case 's':
      case 't':
        for (const std::string_view word : kWords) {
          if (starts_with_folded(key.substr(at), word)) return true;
        }
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace ziggy
