#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/config/settings.hpp"

/// Texts of settings into their types. Errors are always ValidationFailed with one clause that fits
/// after "NAME: ", and quote at most the part that is wrong.
namespace ziggy::config {

/// `'text'`, shortened and with control characters escaped: for messages.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// ` (did you mean 'x'?)` or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);

[[nodiscard]] Result<bool> parse_bool(std::string_view text);
[[nodiscard]] Result<std::int64_t> parse_whole(std::string_view text, std::int64_t min,
                                               std::int64_t max);
[[nodiscard]] Result<double> parse_positive(std::string_view text, double max);
/// `names` in the order of the enumerators.
[[nodiscard]] Result<std::size_t> parse_choice(std::string_view text,
                                               std::span<const std::string_view> names);
/// `60/minute`: a count of at least 1 and second, minute, hour or day.
[[nodiscard]] Result<Rate> parse_rate(std::string_view text);
/// The parts of `name=value,name=value`. Errors: a part without `=` or a name twice.
[[nodiscard]] Result<std::vector<std::pair<std::string_view, std::string_view>>> parse_pairs(
    std::string_view text);
[[nodiscard]] Result<std::vector<Vendor>> parse_chain(std::string_view text);
[[nodiscard]] Result<Vendor> parse_vendor(std::string_view text);
/// An IP address or `localhost`; the port is not part of it.
[[nodiscard]] Result<std::string> parse_host(std::string_view text);
[[nodiscard]] bool is_loopback(std::string_view host);
[[nodiscard]] Result<Cidr> parse_cidr(std::string_view text);
/// `*` or `scheme://host[:port]` without path.
[[nodiscard]] Result<std::string> parse_origin(std::string_view text);
/// An absolute URL with a host and one of the schemes. Never quotes the URL: it may hold a
/// password.
[[nodiscard]] Result<std::string> parse_url(std::string_view text,
                                            std::span<const std::string_view> schemes);
[[nodiscard]] Result<std::string> parse_database_url(std::string_view text);

/// The password of a URL, as written and decoded; empty if there is none.
[[nodiscard]] std::vector<std::string> url_passwords(std::string_view url);
/// The URL with its password, and passwords in its query, masked; wholly masked if it is malformed.
[[nodiscard]] std::string mask_url(std::string_view url);

}  // namespace ziggy::config
