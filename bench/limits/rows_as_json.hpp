#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ziggy::bench {

/// The limit: the bars of a file made by sqlite_insert_rows as one HTTP answer, made anew each time
/// by a loop over SQLite's C API (one prepared statement) and std::to_chars into one buffer.
class RowsAsJson {
 public:
  explicit RowsAsJson(const std::string& path);
  ~RowsAsJson();
  RowsAsJson(const RowsAsJson&) = delete;
  RowsAsJson& operator=(const RowsAsJson&) = delete;

  /// Head and body; lives until the next call.
  [[nodiscard]] std::string_view answer();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::bench
