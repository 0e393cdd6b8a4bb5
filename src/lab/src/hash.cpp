#include "hash.hpp"

#include <fmt/core.h>

#include <array>

#include "ziggy/base/assert.hpp"

namespace ziggy::lab::detail {

Hash::Hash() : context_{EVP_MD_CTX_new()} {
  ZIGGY_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Hash::add(const void* bytes, std::size_t size) {
  ZIGGY_ASSERT(EVP_DigestUpdate(context_.get(), bytes, size) == 1);
}

std::string Hash::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ZIGGY_ASSERT(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
  std::string text = "sha256:";
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace ziggy::lab::detail
