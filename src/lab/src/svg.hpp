#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ziggy::lab::detail {

/// `text` as HTML or XML text and attribute value.
[[nodiscard]] std::string escaped(std::string_view text);

/// A chart's drawing area in SVG units; the page scales it.
inline constexpr double kChartWidth = 960;

enum class Scale { Linear, Logarithmic };

/// One chart over bars: a vertical scale with lines and labels, years or dates below, and curves in
/// it. Curves of many bars are thinned to the extremes of each column of the drawing, so that no
/// spike is lost.
class Chart {
 public:
  /// `low` and `high` bound the values; `times` are the bars'.
  Chart(std::string title, std::span<const std::int64_t> times, double low, double high,
        double height, Scale scale = Scale::Linear);

  /// Values outside the bounds or not finite are left out.
  void curve(std::span<const double> values, std::string_view css_class);
  /// The same, filled down (or up) to the value `base`.
  void area(std::span<const double> values, double base, std::string_view css_class);
  void line(std::size_t bar_a, double value_a, std::size_t bar_b, double value_b,
            std::string_view css_class, std::string_view tip);
  /// A small triangle, its tip on the price: up below it, down above it.
  void marker(std::size_t bar, double value, bool is_up, std::string_view css_class,
              std::string_view tip);
  /// The finished element; its title and `description` are read out to those who can't see it.
  [[nodiscard]] std::string finish(std::string_view description, std::string_view unit) const;

 private:
  struct Point {
    double x;
    double y;
  };
  [[nodiscard]] double x_of(std::size_t bar) const;
  [[nodiscard]] double y_of(double value) const;
  [[nodiscard]] std::vector<Point> thinned(std::span<const double> values) const;
  [[nodiscard]] std::string value_axis(std::string_view unit) const;
  [[nodiscard]] std::string time_axis() const;

  std::string title_;
  std::span<const std::int64_t> times_;
  double low_;
  double high_;
  double height_;
  Scale scale_;
  std::string body_;
};

}  // namespace ziggy::lab::detail
