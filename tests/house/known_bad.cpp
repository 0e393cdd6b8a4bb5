// Bad on purpose: tests/house/lint_bites_test.py expects each line to be reported.
#include <coroutine>
#include <string>
#include <utility>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

Task quote(const std::string& symbol) { co_return; }

struct Source { virtual void read(); virtual ~Source() = default; };
struct FileSource : Source { void read(); };

int *BadName() { return NULL; }

std::size_t twice(std::string text) {
    std::string other = std::move(text);
  return other.size() + text.size();
}
