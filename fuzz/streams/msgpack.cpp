// Any bytes as MessagePack: never a crash, views stay inside, and what is read and written again
// reads the same.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ziggy/base/assert.hpp"
#include "ziggy/net/msgpack.hpp"

namespace {

using ziggy::net::MsgPackReader;
using ziggy::net::MsgPackToken;
using ziggy::net::MsgPackType;
using ziggy::net::MsgPackWriter;

bool is_same(const MsgPackToken& a, const MsgPackToken& b) {
  return a.type == b.type && a.boolean == b.boolean && a.integer == b.integer &&
         a.unsigned_integer == b.unsigned_integer &&
         std::memcmp(&a.number, &b.number, sizeof a.number) == 0 && a.bytes == b.bytes &&
         a.count == b.count && a.ext_type == b.ext_type;
}

/// False for what the writer does not write (extensions that are no timestamp).
bool write(MsgPackWriter& writer, const MsgPackToken& token) {
  switch (token.type) {
    case MsgPackType::Nil:
      writer.nil();
      return true;
    case MsgPackType::Bool:
      writer.boolean(token.boolean);
      return true;
    case MsgPackType::Int:
      writer.integer(token.integer);
      return true;
    case MsgPackType::UInt:
      writer.unsigned_integer(token.unsigned_integer);
      return true;
    case MsgPackType::Float:
      writer.number(token.number);
      return true;
    case MsgPackType::Str:
      writer.text(token.bytes);
      return true;
    case MsgPackType::Bin:
      writer.binary(token.bytes);
      return true;
    case MsgPackType::Array:
      writer.array(token.count);
      return true;
    case MsgPackType::Map:
      writer.map(token.count);
      return true;
    case MsgPackType::Ext:
      if (const auto time = token.timestamp()) {
        writer.timestamp(*time);
        return true;
      }
      return false;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  MsgPackReader skipping{bytes};
  const bool is_whole = skipping.skip().has_value();
  ZIGGY_ASSERT(!is_whole || skipping.depth() == 0);

  MsgPackReader reader{bytes};
  std::vector<MsgPackToken> tokens;
  while (!reader.at_end()) {
    const auto token = reader.next();
    if (!token) break;
    ZIGGY_ASSERT(reader.depth() <= MsgPackReader::kDepthMax);
    ZIGGY_ASSERT(token->bytes.empty() ||
                 (token->bytes.data() >= bytes.data() &&
                  token->bytes.data() + token->bytes.size() <= bytes.data() + bytes.size()));
    tokens.push_back(*token);
    if (reader.depth() == 0) break;
  }
  ZIGGY_ASSERT(is_whole == (!tokens.empty() && reader.depth() == 0));
  if (!is_whole) return 0;

  MsgPackWriter writer;
  for (const MsgPackToken& token : tokens) {
    if (!write(writer, token)) return 0;
  }
  const std::string again = writer.take();
  MsgPackReader copy{again};
  for (const MsgPackToken& token : tokens) {
    const auto same = copy.next();
    ZIGGY_ASSERT(same.has_value());
    if (token.type == MsgPackType::Ext) {
      ZIGGY_ASSERT(same->timestamp() == token.timestamp());
    } else {
      ZIGGY_ASSERT(is_same(*same, token));
    }
  }
  ZIGGY_ASSERT(copy.at_end());
  return 0;
}
