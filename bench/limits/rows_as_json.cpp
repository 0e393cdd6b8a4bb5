#include "limits/rows_as_json.hpp"

#include <sqlite3.h>

#include <charconv>
#include <cstring>
#include <stdexcept>

#include "ziggy/base/time.hpp"

namespace ziggy::bench {
namespace {

// The longest body of this benchmark, four times over.
constexpr std::size_t kBufferSize = 512 * 1024;
// Room for the head, which is written last, when the body's size is known.
constexpr std::size_t kHeadSize = 128;

char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

}  // namespace

struct RowsAsJson::State {
  sqlite3* file = nullptr;
  sqlite3_stmt* select = nullptr;
  std::string buffer = std::string(kBufferSize, '\0');
};

RowsAsJson::RowsAsJson(const std::string& path) : state_{std::make_unique<State>()} {
  if (sqlite3_open_v2(path.c_str(), &state_->file, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK ||
      sqlite3_prepare_v2(state_->file,
                         "SELECT time, open, high, low, close, volume FROM bars WHERE series = 1"
                         " ORDER BY time LIMIT 1000",
                         -1, &state_->select, nullptr) != SQLITE_OK) {
    throw std::runtime_error{sqlite3_errmsg(state_->file)};
  }
}

RowsAsJson::~RowsAsJson() {
  sqlite3_finalize(state_->select);
  sqlite3_close(state_->file);
}

std::string_view RowsAsJson::answer() {
  char* const begin = state_->buffer.data() + kHeadSize;
  char* const end = state_->buffer.data() + state_->buffer.size();
  char* at = put(begin, R"({"symbol":"SPX","bars":[)");
  static constexpr std::string_view kNames[] = {R"(","o":)", R"(,"h":)", R"(,"l":)", R"(,"c":)",
                                                R"(,"v":)"};
  bool is_first = true;
  while (sqlite3_step(state_->select) == SQLITE_ROW) {
    at = put(at, is_first ? R"({"t":")" : R"(,{"t":")");
    is_first = false;
    at = write_rfc3339(
        at, Timestamp{std::chrono::nanoseconds{sqlite3_column_int64(state_->select, 0)}});
    for (int column = 0; column < 5; ++column) {
      at = put(at, kNames[column]);
      at = std::to_chars(at, end, sqlite3_column_double(state_->select, column + 1)).ptr;
    }
    *at++ = '}';
  }
  sqlite3_reset(state_->select);
  at = put(at, "]}");
  std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(at - begin) + "\r\n\r\n";
  char* const start = begin - head.size();
  put(start, head);
  return {start, static_cast<std::size_t>(at - start)};
}

}  // namespace ziggy::bench
