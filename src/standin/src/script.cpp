#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "ziggy/base/text.hpp"
#include "ziggy/standin/faults.hpp"

namespace ziggy::standin {

namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

// Long enough for any demo and far from overflow.
constexpr milliseconds kTimeMax = std::chrono::hours{24 * 365};
constexpr double kSpeedMax = 10'000;

constexpr std::array kFields = std::to_array<std::string_view>(
    {"at", "for", "every", "vendor", "route", "fault", "ms", "status", "retry_after", "rate",
     "bytes_per_second", "comment"});

std::string list_of(auto const& items, auto name) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ", ";
    text += name(item);
  }
  return text;
}

/// A name that somebody wrote, fit for one line of a message.
std::string quoted(std::string_view name) {
  constexpr std::size_t kShownMax = 40;
  std::string out = "'";
  text::append_json_escaped(out, name.substr(0, kShownMax));
  return out + "'";
}

std::optional<double> number_of(const json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return std::nullopt;
}

/// "250ms", "10s", "2m", "1h", or a number of seconds.
std::optional<milliseconds> duration_of(const json::value& value) {
  std::optional<double> count = number_of(value);
  double unit = 1'000;
  if (value.is_string()) {
    std::string_view text{value.get_string()};
    const std::size_t digits = text.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos || digits == 0) return std::nullopt;
    const std::string_view suffix = text.substr(digits);
    if (suffix == "ms") {
      unit = 1;
    } else if (suffix == "m") {
      unit = 60'000;
    } else if (suffix == "h") {
      unit = 3'600'000;
    } else if (suffix != "s") {
      return std::nullopt;
    }
    count = text::parse_double(text.substr(0, digits));
  }
  if (!count || !(*count >= 0) || *count * unit > static_cast<double>(kTimeMax.count())) {
    return std::nullopt;
  }
  return milliseconds{std::llround(*count * unit)};
}

/// One step being read; the first fault found is kept.
class StepReader {
 public:
  StepReader(const json::object& object, std::string where)
      : object_{object}, where_{std::move(where)} {}

  Result<FaultStep> read() {
    FaultStep step;
    names();
    duration("at", step.at, true);
    duration("for", step.lasts, false);
    duration("every", step.every, false);
    step.vendor = choice<Vendor>("vendor", kVendors, vendor_name);
    step.route = choice<Route>("route", kRoutes, route_name);
    kind(step);
    amount(step);
    std::int64_t status = step.status;
    integer("status", 100, 599, status);
    step.status = static_cast<int>(status);
    std::int64_t retry_after = 0;
    integer("retry_after", 0, 86'400, retry_after);
    step.retry_after = std::chrono::seconds{retry_after};
    std::int64_t trickle = step.bytes_per_second;
    integer("bytes_per_second", 1, 1'000'000, trickle);
    step.bytes_per_second = static_cast<std::uint32_t>(trickle);
    rate(step);
    if (step.every.count() > 0 && step.lasts.count() == 0 && step.kind != FaultKind::Drop) {
      refuse("for", "is needed with 'every', or it would never end");
    }
    if (step.every.count() > 0 && step.lasts >= step.every) {
      refuse("every", "must be longer than 'for'");
    }
    if (error_) return fail(std::move(*error_));
    return step;
  }

 private:
  void refuse(std::string_view field, std::string_view why) {
    if (!error_)
      error_.emplace(ErrorCode::Configuration, fmt::format("{}: {} {}", where_, field, why));
  }
  const json::value* find(std::string_view field) const { return object_.if_contains(field); }

  void names() {
    for (const auto& [key, value] : object_) {
      const std::string_view name{key};
      if (std::ranges::find(kFields, name) != kFields.end()) continue;
      const auto known = text::nearest(name, kFields);
      refuse(quoted(name), known ? fmt::format("is no field of a step; do you mean {}?", *known)
                                 : std::string{"is no field of a step"});
    }
  }
  void duration(std::string_view field, milliseconds& out, bool is_needed) {
    const json::value* value = find(field);
    if (value == nullptr) {
      if (is_needed) refuse(field, "is missing");
      return;
    }
    const auto read = duration_of(*value);
    if (!read) {
      refuse(field, "must be a time like \"250ms\", \"10s\", \"2m\" or a number of seconds");
      return;
    }
    out = *read;
  }
  template <class T>
  std::optional<T> choice(std::string_view field, const auto& all, auto name) {
    const json::value* value = find(field);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) {
      const std::string_view text{value->get_string()};
      if (text == "*") return std::nullopt;
      for (const T each : all) {
        if (name(each) == text) return each;
      }
    }
    refuse(field, fmt::format("must be one of *, {}", list_of(all, name)));
    return std::nullopt;
  }
  void kind(FaultStep& step) {
    const json::value* value = find("fault");
    if (value == nullptr) return refuse("fault", "is missing");
    constexpr auto kLast = static_cast<int>(FaultKind::LimitConnections);
    std::vector<std::string_view> names;
    for (int i = 0; i <= kLast; ++i) {
      names.push_back(fault_name(static_cast<FaultKind>(i)));
      if (value->is_string() && std::string_view{value->get_string()} == names.back()) {
        step.kind = static_cast<FaultKind>(i);
        return;
      }
    }
    refuse("fault", fmt::format("must be one of {}",
                                list_of(names, [](std::string_view name) { return name; })));
  }
  void amount(FaultStep& step) {
    std::int64_t ms = step.kind == FaultKind::Stale ? 3'600'000 : 0;
    integer("ms", 1, kTimeMax.count(), ms);
    step.amount = milliseconds{ms};
    if (step.kind == FaultKind::Delay && ms == 0) refuse("ms", "is needed by delay");
  }
  void integer(std::string_view field, std::int64_t least, std::int64_t most, std::int64_t& out) {
    const json::value* value = find(field);
    if (value == nullptr) return;
    const auto number = number_of(*value);
    if (!number || *number != std::floor(*number) || *number < static_cast<double>(least) ||
        *number > static_cast<double>(most)) {
      return refuse(field, fmt::format("must be a whole number from {} to {}", least, most));
    }
    out = static_cast<std::int64_t>(*number);
  }
  void rate(FaultStep& step) {
    const json::value* value = find("rate");
    if (value == nullptr) return;
    const auto number = number_of(*value);
    if (!number || !(*number > 0) || *number > 1) {
      return refuse("rate", "must be a number above 0 and up to 1");
    }
    step.rate = *number;
  }

  const json::object& object_;
  std::string where_;
  std::optional<Error> error_;
};

/// The document, or the line at which it stops being JSON.
Result<json::value> parse_json(std::string_view text, std::string_view name) {
  json::parse_options options;
  options.max_depth = 8;
  json::stream_parser parser{{}, options};
  boost::system::error_code ec;
  const std::size_t read = parser.write_some(text.data(), text.size(), ec);
  // A script is one document: anything but white space behind it is a slip of the editor's.
  if (!ec && read < text.size()) ec = json::error::extra_data;
  if (!ec) parser.finish(ec);
  if (ec) {
    const std::size_t line =
        1 + static_cast<std::size_t>(std::count(
                text.begin(),
                text.begin() + static_cast<std::ptrdiff_t>(std::min(read, text.size())), '\n'));
    return fail(ErrorCode::Configuration, "{}: line {}: no JSON: {}", name, line, ec.message());
  }
  return parser.release();
}

}  // namespace

Result<FaultScript> FaultScript::parse(std::string_view text, std::string_view name) {
  if (text.size() > kBytesMax) {
    return fail(ErrorCode::Configuration, "{}: larger than {} bytes", name, kBytesMax + 0);
  }
  ZIGGY_TRY(document, parse_json(text, name));
  const json::object* root = document.if_object();
  if (root == nullptr) return fail(ErrorCode::Configuration, "{}: must be one JSON object", name);
  FaultScript script;
  for (const auto& [key, value] : *root) {
    if (key != "speed" && key != "steps" && key != "comment") {
      return fail(ErrorCode::Configuration, "{}: {} is not known here: speed, steps, comment", name,
                  quoted(std::string_view{key}));
    }
  }
  if (const json::value* speed = root->if_contains("speed")) {
    const auto number = number_of(*speed);
    if (!number || !(*number > 0) || *number > kSpeedMax) {
      return fail(ErrorCode::Configuration, "{}: speed must be a number above 0 and up to {}", name,
                  kSpeedMax + 0);
    }
    script.speed = *number;
  }
  const json::value* steps = root->if_contains("steps");
  if (steps == nullptr || !steps->is_array()) {
    return fail(ErrorCode::Configuration, "{}: steps must be a list", name);
  }
  if (steps->get_array().size() > kStepsMax) {
    return fail(ErrorCode::Configuration, "{}: more than {} steps", name, kStepsMax + 0);
  }
  for (const json::value& each : steps->get_array()) {
    const std::string where = fmt::format("{}: step {}", name, script.steps.size() + 1);
    const json::object* object = each.if_object();
    if (object == nullptr) {
      return fail(ErrorCode::Configuration, "{}: must be a JSON object", where);
    }
    ZIGGY_TRY(step, StepReader{*object, where}.read());
    script.steps.push_back(step);
  }
  return script;
}

}  // namespace ziggy::standin
