#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ziggy::net {

/// Compresses whole bodies; keeps zlib's 256 KB of tables between them. One per loop.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  /// The gzip form of `bytes`; empty when zlib fails, which then means "send it plain". `level` 1
  /// (speed; 100 to 200 MB/s on JSON) to 9.
  [[nodiscard]] std::string compress(std::string_view bytes, int level = 1);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace ziggy::net
