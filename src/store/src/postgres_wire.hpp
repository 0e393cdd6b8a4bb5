#pragma once

#include <libpq-fe.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

/// PostgreSQL's binary formats: network byte order, doubles as their bits.
namespace ziggy::store {

/// Host to network byte order and back.
[[nodiscard]] constexpr std::uint64_t swap_order(std::uint64_t value) {
  return __builtin_bswap64(value);
}
[[nodiscard]] constexpr std::uint32_t swap_order(std::uint32_t value) {
  return __builtin_bswap32(value);
}
[[nodiscard]] constexpr std::uint16_t swap_order(std::uint16_t value) {
  return __builtin_bswap16(value);
}
static_assert(std::endian::native == std::endian::little);

/// A result with binary fields; views into it live as long as it does.
class PostgresRows {
 public:
  explicit PostgresRows(PGresult* result) : result_{result, &PQclear} {}

  [[nodiscard]] bool is_ok() const {
    const ExecStatusType status = PQresultStatus(result_.get());
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  }
  [[nodiscard]] bool is_copy_in() const { return PQresultStatus(result_.get()) == PGRES_COPY_IN; }
  [[nodiscard]] int size() const { return PQntuples(result_.get()); }

  [[nodiscard]] std::string_view bytes(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  /// int8.
  [[nodiscard]] std::int64_t bigint(int row, int column) const {
    return static_cast<std::int64_t>(swap_order(get<std::uint64_t>(row, column)));
  }
  /// int4.
  [[nodiscard]] std::int32_t integer(int row, int column) const {
    return static_cast<std::int32_t>(swap_order(get<std::uint32_t>(row, column)));
  }
  /// float8.
  [[nodiscard]] double real(int row, int column) const {
    return std::bit_cast<double>(swap_order(get<std::uint64_t>(row, column)));
  }

 private:
  /// Zero for a field of another size, which the queries beside this code never ask for.
  template <class T>
  [[nodiscard]] T get(int row, int column) const {
    T value{};
    const std::string_view field = bytes(row, column);
    if (field.size() == sizeof value) std::memcpy(&value, field.data(), sizeof value);
    return value;
  }

  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

/// The stream of a COPY … FROM STDIN (FORMAT binary).
class PostgresCopy {
 public:
  /// A stream sent in several pieces has its header in the first and its end in the last.
  enum class Header : std::uint8_t { Yes, No };

  explicit PostgresCopy(Header header = Header::Yes) {
    if (header == Header::No) return;
    using namespace std::string_view_literals;
    bytes_ += "PGCOPY\n\377\r\n\0"sv;  // the signature
    put(std::uint32_t{0});             // flags
    put(std::uint32_t{0});             // no header extension
  }

  void begin_row(std::uint16_t fields) { put(fields); }
  PostgresCopy& bigint(std::int64_t value) {
    put(std::uint32_t{8});
    put(static_cast<std::uint64_t>(value));
    return *this;
  }
  PostgresCopy& integer(std::int32_t value) {
    put(std::uint32_t{4});
    put(static_cast<std::uint32_t>(value));
    return *this;
  }
  PostgresCopy& real(double value) {
    put(std::uint32_t{8});
    put(std::bit_cast<std::uint64_t>(value));
    return *this;
  }
  /// text or bytea.
  PostgresCopy& field(std::string_view value) {
    put(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  /// After the last row.
  void end() { put(std::uint16_t{0xFFFF}); }

  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

 private:
  template <class T>
  void put(T value) {
    const T network = swap_order(value);
    bytes_.append(reinterpret_cast<const char*>(&network), sizeof network);
  }

  std::string bytes_;
};

}  // namespace ziggy::store
