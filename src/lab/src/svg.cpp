#include "svg.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ziggy/base/time.hpp"

namespace ziggy::lab::detail {
namespace {

constexpr double kLeft = 64;  // room for the labels of values
constexpr double kRight = 8;
constexpr double kTop = 8;
constexpr double kBottom = 24;  // and of dates
constexpr double kPlotWidth = kChartWidth - kLeft - kRight;

/// 1, 2 or 5 times a power of ten: the steps that people count in.
double round_step(double span, int lines) {
  const double raw = span / lines;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double lead = raw / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) return fmt::format("{:.4g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
  return fmt::format("{:.5g}", value == 0 ? 0.0 : value);
}

std::string date_text(std::int64_t nanos) {
  return to_rfc3339(Timestamp{std::chrono::nanoseconds{nanos}}, Subsecond::None).substr(0, 10);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters are no part of HTML; a line break or tab does no harm.
        out += static_cast<unsigned char>(letter) < 0x20 && letter != '\n' && letter != '\t'
                   ? ' '
                   : letter;
    }
  }
  return out;
}

Chart::Chart(std::string title, std::span<const std::int64_t> times, double low, double high,
             double height, Scale scale)
    : title_{std::move(title)},
      times_{times},
      low_{low},
      high_{high},
      height_{height},
      scale_{scale} {
  if (scale_ == Scale::Logarithmic && !(low_ > 0)) scale_ = Scale::Linear;
  if (!(high_ > low_)) {  // a flat line still wants a scale around it
    const double room = std::max(std::abs(low_) * 0.05, 1e-9);
    low_ -= room;
    high_ += room;
  }
}

double Chart::x_of(std::size_t bar) const {
  const double last = std::max<double>(1, static_cast<double>(times_.size()) - 1);
  return kLeft + kPlotWidth * static_cast<double>(bar) / last;
}

double Chart::y_of(double value) const {
  const double share = scale_ == Scale::Logarithmic
                           ? std::log(value / low_) / std::log(high_ / low_)
                           : (value - low_) / (high_ - low_);
  return kTop + (height_ - kTop - kBottom) * (1 - share);
}

std::vector<Chart::Point> Chart::thinned(std::span<const double> values) const {
  constexpr std::size_t kColumns = 900;  // about a screen's pixels
  std::vector<Point> points;
  const std::size_t size = values.size();
  const auto add = [&](std::size_t bar) {
    const double value = values[bar];
    if (std::isfinite(value) && value >= low_ && value <= high_) {
      points.push_back({x_of(bar), y_of(value)});
    }
  };
  if (size <= 2 * kColumns) {
    for (std::size_t i = 0; i < size; ++i) add(i);
    return points;
  }
  for (std::size_t column = 0; column < kColumns; ++column) {
    const std::size_t from = column * size / kColumns;
    const std::size_t to = (column + 1) * size / kColumns;
    const auto [low, high] = std::minmax_element(values.begin() + static_cast<std::ptrdiff_t>(from),
                                                 values.begin() + static_cast<std::ptrdiff_t>(to));
    const auto a = static_cast<std::size_t>(low - values.begin());
    const auto b = static_cast<std::size_t>(high - values.begin());
    add(std::min(a, b));
    if (a != b) add(std::max(a, b));
  }
  return points;
}

void Chart::curve(std::span<const double> values, std::string_view css_class) {
  body_ += fmt::format("<polyline class=\"{}\" points=\"", css_class);
  for (const Point& point : thinned(values))
    body_ += fmt::format("{:.1f},{:.1f} ", point.x, point.y);
  body_ += "\"/>\n";
}

void Chart::area(std::span<const double> values, double base, std::string_view css_class) {
  const std::vector<Point> points = thinned(values);
  if (points.empty()) return;
  const double ground = y_of(base);
  body_ += fmt::format("<polygon class=\"{}\" points=\"{:.1f},{:.1f} ", css_class, points.front().x,
                       ground);
  for (const Point& point : points) body_ += fmt::format("{:.1f},{:.1f} ", point.x, point.y);
  body_ += fmt::format("{:.1f},{:.1f}\"/>\n", points.back().x, ground);
}

void Chart::line(std::size_t bar_a, double value_a, std::size_t bar_b, double value_b,
                 std::string_view css_class, std::string_view tip) {
  body_ += fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
      "y2=\"{:.1f}\"><title>{}</title></line>\n",
      css_class, x_of(bar_a), y_of(value_a), x_of(bar_b), y_of(value_b), escaped(tip));
}

void Chart::marker(std::size_t bar, double value, bool is_up, std::string_view css_class,
                   std::string_view tip) {
  const double x = x_of(bar);
  const double y = y_of(value);
  const double away = is_up ? 7 : -7;
  body_ +=
      fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}l4 {}h-8z\"><title>{}</title></path>\n",
                  css_class, x, y, away, escaped(tip));
}

std::string Chart::value_axis(std::string_view unit) const {
  std::string axis;
  const auto tick = [&](double value) {
    const double y = y_of(value);
    axis += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"label\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}{}</text>\n",
        kLeft, kChartWidth - kRight, y, y, kLeft - 6, y + 4, short_number(value), unit);
  };
  constexpr int kLines = 5;
  if (scale_ == Scale::Logarithmic && high_ / low_ > 10) {
    for (double power = std::pow(10, std::floor(std::log10(low_))); power <= high_; power *= 10) {
      for (const double lead : {1.0, 2.0, 5.0}) {
        if (lead * power >= low_ && lead * power <= high_) tick(lead * power);
      }
    }
    return axis;
  }
  const double step = round_step(high_ - low_, kLines);
  for (double n = std::ceil(low_ / step); n * step <= high_; n += 1) tick(n * step);
  return axis;
}

std::string Chart::time_axis() const {
  std::string axis;
  if (times_.empty()) return axis;
  // Labels by bar, since the horizontal scale is bars: weekends and nights take no room.
  constexpr std::size_t kLabels = 8;
  const std::size_t count = std::min(kLabels, times_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bar = count == 1 ? 0 : i * (times_.size() - 1) / (count - 1);
    const char* anchor = i == 0 ? "start" : i + 1 == count ? "end" : "middle";
    axis += fmt::format(
        "<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x_of(bar),
        height_ - 6, anchor, date_text(times_[bar]));
  }
  return axis;
}

std::string Chart::finish(std::string_view description, std::string_view unit) const {
  return fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}. {}\">\n{}{}{}</svg>\n", kChartWidth,
      height_, escaped(title_), escaped(description), value_axis(unit), body_, time_axis());
}

}  // namespace ziggy::lab::detail
