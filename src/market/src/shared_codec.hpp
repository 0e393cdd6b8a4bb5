#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ziggy/base/time.hpp"
#include "ziggy/market/market.hpp"

/// Answers as nodes share them: a version, when it was asked, the answer; little-endian. What is
/// read is trusted as little as a vendor: anybody may write to that Redis.
namespace ziggy::market {

/// Names a question; ends in a version, so that nodes of different builds don't meet.
[[nodiscard]] std::string shared_key(const Symbol& symbol);
[[nodiscard]] std::string shared_key(const BarsQuery& query);

[[nodiscard]] std::string encode_shared(const QuoteAnswer& answer, Timestamp asked_at);
[[nodiscard]] std::string encode_shared(const BarsAnswer& answer, Timestamp asked_at);

template <class Answer>
struct Decoded {
  Answer answer;
  Timestamp asked_at;
};

/// nullopt unless it is whole, answers this very question and keeps to the data contracts. The
/// bars' version is made anew.
[[nodiscard]] std::optional<Decoded<QuoteAnswer>> decode_shared(const Symbol& symbol,
                                                                std::string_view bytes);
[[nodiscard]] std::optional<Decoded<BarsAnswer>> decode_shared(const BarsQuery& query,
                                                               std::string_view bytes);

}  // namespace ziggy::market
