#include "ziggy/api/json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "ziggy/base/text.hpp"

namespace ziggy::api {
namespace {

constexpr std::array<char, 200> make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr auto kDigitPairs = make_digit_pairs();

char* put_pair(char* out, unsigned value) noexcept {
  std::memcpy(out, &kDigitPairs[std::size_t{2} * value], 2);
  return out + 2;
}

char* put_unsigned(char* out, std::uint64_t value) noexcept {
  std::array<char, 20> digits;
  char* at = digits.data() + digits.size();
  while (value >= 100) {
    at -= 2;
    put_pair(at, static_cast<unsigned>(value % 100));
    value /= 100;
  }
  if (value >= 10) {
    at -= 2;
    put_pair(at, static_cast<unsigned>(value));
  } else {
    *--at = static_cast<char>('0' + value);
  }
  const auto size = static_cast<std::size_t>(digits.data() + digits.size() - at);
  std::memcpy(out, at, size);
  return out + size;
}

// Of all decimals with at most 15 digits only one reads back as a given double, so a scaled integer
// below this that divides back exactly, with its trailing zeros cut, is the shortest form.
constexpr double kScaledMax = 1e15;
constexpr std::int64_t kScale = 10'000;

/// `scaled` / 10 000 without trailing zeros.
char* put_fixed4(char* out, std::uint64_t scaled) noexcept {
  out = put_unsigned(out, scaled / kScale);
  const auto fraction = static_cast<unsigned>(scaled % kScale);
  if (fraction == 0) return out;
  *out++ = '.';
  out = put_pair(out, fraction / 100);
  if (fraction % 100 != 0) out = put_pair(out, fraction % 100);
  return out[-1] == '0' ? out - 1 : out;
}

/// `YYYY-MM-DDTHH:MM:SSZ` with the date kept from one bar to the next.
class TimeWriter {
 public:
  char* write(char* out, std::int64_t nanos) noexcept {
    constexpr std::int64_t kDay = 86'400'000'000'000;
    const std::int64_t day = nanos >= 0 ? nanos / kDay : -((-nanos + kDay - 1) / kDay);
    if (day != day_) {
      char text[kRfc3339Size];
      write_rfc3339(text, Timestamp{std::chrono::nanoseconds{day * kDay}}, Subsecond::None);
      std::memcpy(date_.data(), text, date_.size());
      day_ = day;
    }
    const std::int64_t in_day = nanos - day * kDay;
    const std::int64_t seconds = in_day / 1'000'000'000;
    if (in_day % 1'000'000'000 != 0) {
      return write_rfc3339(out, Timestamp{std::chrono::nanoseconds{nanos}});
    }
    std::memcpy(out, date_.data(), date_.size());
    out = put_pair(out + date_.size(), static_cast<unsigned>(seconds / 3600));
    *out++ = ':';
    out = put_pair(out, static_cast<unsigned>(seconds / 60 % 60));
    *out++ = ':';
    out = put_pair(out, static_cast<unsigned>(seconds % 60));
    *out++ = 'Z';
    return out;
  }

 private:
  std::int64_t day_ = INT64_MIN;
  std::array<char, 11> date_{};  // `YYYY-MM-DDT`
};

template <std::size_t N>
char* put(char* out, const char (&literal)[N]) noexcept {
  std::memcpy(out, literal, N - 1);
  return out + (N - 1);
}

// Five numbers, a time and the names between them.
constexpr std::size_t kBarSizeMax = 5 * kNumberSize + kRfc3339Size + 48;

}  // namespace

char* write_number(char* out, std::int64_t value) noexcept {
  if (value < 0) {
    *out++ = '-';
    return put_unsigned(out, ~static_cast<std::uint64_t>(value) + 1);
  }
  return put_unsigned(out, static_cast<std::uint64_t>(value));
}

char* write_number(char* out, double value) noexcept {
  if (!std::isfinite(value)) return put(out, "null");
  const double magnitude = std::fabs(value);
  if (magnitude * static_cast<double>(kScale) < kScaledMax) {
    // A wrong rounding just below .5 fails the comparison and takes the long way; lround costs
    // more.
    const double rounded_up = magnitude * static_cast<double>(kScale) + 0.5;
    const auto scaled = static_cast<std::int64_t>(rounded_up);
    if (static_cast<double>(scaled) / static_cast<double>(kScale) == magnitude) {
      if (value < 0) *out++ = '-';
      return put_fixed4(out, static_cast<std::uint64_t>(scaled));
    }
  }
  const bool plain = magnitude >= 1e-7 && magnitude < 1e21;
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  return std::to_chars(out, out + kNumberSize, value, format).ptr;
}

void JsonOut::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

JsonOut& JsonOut::begin_object() {
  separate();
  out_ += '{';
  return *this;
}

JsonOut& JsonOut::end_object() {
  out_ += '}';
  return *this;
}

JsonOut& JsonOut::begin_array() {
  separate();
  out_ += '[';
  return *this;
}

JsonOut& JsonOut::end_array() {
  out_ += ']';
  return *this;
}

JsonOut& JsonOut::key(std::string_view name) {
  separate();
  out_ += '"';
  text::append_json_escaped(out_, name);
  out_ += "\":";
  return *this;
}

JsonOut& JsonOut::value(std::string_view text) {
  separate();
  out_ += '"';
  text::append_json_escaped(out_, text);
  out_ += '"';
  return *this;
}

JsonOut& JsonOut::value(bool flag) { return raw(flag ? "true" : "false"); }

JsonOut& JsonOut::value(double number) {
  char buffer[kNumberSize];
  return raw({buffer, static_cast<std::size_t>(write_number(buffer, number) - buffer)});
}

JsonOut& JsonOut::value(std::int64_t number) {
  char buffer[kNumberSize];
  return raw({buffer, static_cast<std::size_t>(write_number(buffer, number) - buffer)});
}

JsonOut& JsonOut::value(std::uint64_t number) {
  char buffer[kNumberSize];
  return raw({buffer, static_cast<std::size_t>(put_unsigned(buffer, number) - buffer)});
}

JsonOut& JsonOut::value(Timestamp time) {
  char buffer[kRfc3339Size + 2];
  buffer[0] = '"';
  char* end = write_rfc3339(buffer + 1, std::chrono::floor<std::chrono::microseconds>(time));
  *end++ = '"';
  return raw({buffer, static_cast<std::size_t>(end - buffer)});
}

JsonOut& JsonOut::null() { return raw("null"); }

JsonOut& JsonOut::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

void append_bars(std::string& out, const BarColumns& bars) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + bars.size() * kBarSizeMax + 2,
                           [&](char* buffer, std::size_t) noexcept {
                             char* at = buffer + before;
                             *at++ = '[';
                             TimeWriter times;
                             for (std::size_t i = 0; i < bars.size(); ++i) {
                               if (i != 0) *at++ = ',';
                               at = put(at, R"({"t":")");
                               at = times.write(at, bars.time[i]);
                               at = put(at, R"(","o":)");
                               at = write_number(at, bars.open[i]);
                               at = put(at, R"(,"h":)");
                               at = write_number(at, bars.high[i]);
                               at = put(at, R"(,"l":)");
                               at = write_number(at, bars.low[i]);
                               at = put(at, R"(,"c":)");
                               at = write_number(at, bars.close[i]);
                               at = put(at, R"(,"v":)");
                               at = write_number(at, bars.volume[i]);
                               *at++ = '}';
                             }
                             *at++ = ']';
                             return static_cast<std::size_t>(at - buffer);
                           });
}

void append_bars_csv(std::string& out, const BarColumns& bars) {
  out += "t,o,h,l,c,v\n";
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + bars.size() * kBarSizeMax, [&](char* buffer,
                                                                   std::size_t) noexcept {
    char* at = buffer + before;
    TimeWriter times;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      at = times.write(at, bars.time[i]);
      for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
        *at++ = ',';
        at = write_number(at, (*column)[i]);
      }
      *at++ = '\n';
    }
    return static_cast<std::size_t>(at - buffer);
  });
}

}  // namespace ziggy::api
