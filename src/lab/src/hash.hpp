#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <vector>

namespace ziggy::lab::detail {

/// SHA-256 over the bits of numbers, in memory order (little-endian on every machine Ziggy runs
/// on).
class Hash {
 public:
  Hash();
  void add(const void* bytes, std::size_t size);
  template <class T>
  void add(const T& value) {
    add(&value, sizeof value);
  }
  template <class T>
  void add(const std::vector<T>& column) {
    add(column.data(), column.size() * sizeof(T));
  }
  /// `sha256:` and 64 hexadecimal digits.
  [[nodiscard]] std::string finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace ziggy::lab::detail
