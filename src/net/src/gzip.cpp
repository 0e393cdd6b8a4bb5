#include "gzip.hpp"

#include <zlib.h>

#include <limits>

namespace ziggy::net {

struct Gzip::Stream {
  z_stream z{};
  int level = 0;
  bool is_ready = false;

  ~Stream() {
    if (is_ready) deflateEnd(&z);
  }
  bool prepare(int wanted) {
    if (is_ready && level == wanted) return deflateReset(&z) == Z_OK;
    if (is_ready) deflateEnd(&z);
    // 15 bits of window, +16 for a gzip header; 8 is zlib's default memory level.
    is_ready = deflateInit2(&z, wanted, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    level = wanted;
    return is_ready;
  }
};

Gzip::Gzip() : stream_{std::make_unique<Stream>()} {}
Gzip::~Gzip() = default;

std::string Gzip::compress(std::string_view bytes, int level) {
  if (bytes.size() > std::numeric_limits<uInt>::max() / 2 || !stream_->prepare(level)) return {};
  z_stream& z = stream_->z;
  std::string out(deflateBound(&z, static_cast<uLong>(bytes.size())), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) return {};
  out.resize(out.size() - z.avail_out);
  return out;
}

}  // namespace ziggy::net
