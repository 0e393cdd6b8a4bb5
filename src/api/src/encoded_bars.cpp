#include "encoded_bars.hpp"

#include <algorithm>

#include "ziggy/api/json.hpp"

namespace ziggy::api {

std::shared_ptr<const std::string> EncodedBars::get(std::uint64_t version, const BarColumns& bars) {
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = kept_.find(version); found != kept_.end()) {
      found->second.used = ++uses_;
      return found->second.text;
    }
  }
  auto text = std::make_shared<std::string>();
  append_bars(*text, bars);
  text->shrink_to_fit();
  // One page must not throw out all the others.
  if (text->size() > bytes_max_ / 2) return text;
  const std::lock_guard lock{mutex_};
  make_room(text->size());
  const auto [place, is_new] = kept_.try_emplace(version, Kept{text, ++uses_});
  if (is_new) bytes_ += text->size();
  return place->second.text;
}

void EncodedBars::make_room(std::size_t bytes) {
  // A linear search, but only when something new comes, and over no more than some hundred pages.
  while (!kept_.empty() && bytes_ + bytes > bytes_max_) {
    const auto oldest =
        std::ranges::min_element(kept_, {}, [](const auto& entry) { return entry.second.used; });
    bytes_ -= oldest->second.text->size();
    kept_.erase(oldest);
  }
}

std::size_t EncodedBars::bytes() const {
  const std::lock_guard lock{mutex_};
  return bytes_;
}

}  // namespace ziggy::api
