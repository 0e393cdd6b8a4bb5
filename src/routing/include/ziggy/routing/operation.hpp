#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ziggy::routing {

/// What a vendor is asked for; each has an order of its own.
enum class Operation : std::uint8_t { Bars, Quotes, Crypto, News, Stream };

inline constexpr std::size_t kOperations = 5;
inline constexpr std::array<Operation, kOperations> kAllOperations{
    Operation::Bars, Operation::Quotes, Operation::Crypto, Operation::News, Operation::Stream};

/// `bars`, `quotes`, `crypto`, `news`, `stream`.
[[nodiscard]] std::string_view operation_name(Operation operation) noexcept;
/// The same names; nullopt for anything else.
[[nodiscard]] std::optional<Operation> parse_operation(std::string_view name) noexcept;

}  // namespace ziggy::routing
