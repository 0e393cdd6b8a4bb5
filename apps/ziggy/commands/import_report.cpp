#include "commands/import_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ziggy/base/text.hpp"

namespace ziggy::app {

namespace {

using market::FileImport;

/// Enough to see what is wrong with a file, and with few of a kind, so that fifty rows without a
/// date do not hide the one with a negative price; the document of --json holds more.
constexpr std::size_t kProblemsShown = 20;
constexpr std::size_t kProblemsShownOfAKind = 5;

std::string time_text(Timestamp time, Interval interval) {
  const std::string text = to_rfc3339(time);
  return is_intraday(interval) ? text : text.substr(0, text.find('T'));
}

std::string_view state_name(FileImport::State state) {
  switch (state) {
    case FileImport::State::Stored:
      return "stored";
    case FileImport::State::Refused:
      return "refused";
    case FileImport::State::Failed:
      return "failed";
  }
  return "failed";
}

std::string counted(std::string_view what, std::size_t count) {
  return count == 0 ? std::string{} : fmt::format(", {} {}", what, count);
}

std::string actions_text(const FileImport& file) {
  if (file.actions == 0) return {};
  const store::WriteOutcome& outcome = file.action_outcome;
  if (!outcome.changed_anything()) {
    return fmt::format(", corporate actions unchanged ({})", outcome.unchanged);
  }
  return fmt::format(", corporate actions inserted {}, unchanged {}, replaced {}", outcome.inserted,
                     outcome.unchanged, outcome.replaced);
}

std::string stored_text(const FileImport& file) {
  return fmt::format("{}: {} {}, {} bars {} to {}: inserted {}, unchanged {}, replaced {}{}{}{}\n",
                     file.file, file.symbol->view(), interval_name(file.interval), file.bars,
                     time_text(file.first, file.interval), time_text(file.last, file.interval),
                     file.outcome.inserted, file.outcome.unchanged, file.outcome.replaced,
                     actions_text(file), counted("empty rows", file.rows_empty),
                     counted("repeated rows", file.rows_repeated));
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  text::append_json_escaped(out, text);
  return out + "\"";
}

template <class Items, class Render>
std::string array_of(const Items& items, Render render) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += render(item);
  }
  return out + "]";
}

std::string problem_json(const LineProblem& problem) {
  return fmt::format(R"({{"line":{},"column":{},"reason":{}}})", problem.line,
                     json_text(problem.column), json_text(problem.reason));
}

std::string file_json(const FileImport& file) {
  std::string out = fmt::format(R"({{"file":{},"state":{},"symbol":{})", json_text(file.file),
                                json_text(state_name(file.state)),
                                file.symbol ? json_text(file.symbol->view()) : std::string{"null"});
  if (file.bars > 0) {
    out += fmt::format(R"(,"interval":{},"first":{},"last":{})",
                       json_text(interval_name(file.interval)), json_text(to_rfc3339(file.first)),
                       json_text(to_rfc3339(file.last)));
  } else {
    out += R"(,"interval":null,"first":null,"last":null)";
  }
  out +=
      fmt::format(R"(,"rows":{},"bars":{},"inserted":{},"unchanged":{},"replaced":{},"actions":{})",
                  file.rows, file.bars, file.outcome.inserted, file.outcome.unchanged,
                  file.outcome.replaced, file.actions);
  out += fmt::format(R"(,"actions_inserted":{},"actions_unchanged":{},"actions_replaced":{})",
                     file.action_outcome.inserted, file.action_outcome.unchanged,
                     file.action_outcome.replaced);
  out += fmt::format(
      R"(,"rows_empty":{},"rows_repeated":{},"rows_foreign":{},"notes":{},"problem_count":{})",
      file.rows_empty, file.rows_repeated, file.rows_foreign, array_of(file.notes, json_text),
      file.problem_count);
  out += fmt::format(R"(,"problems":{},"error":{}}})", array_of(file.problems, problem_json),
                     file.error.empty() ? std::string{"null"} : json_text(file.error));
  return out;
}

std::size_t count_of(std::span<const FileImport> files, FileImport::State state) {
  return static_cast<std::size_t>(std::ranges::count(files, state, &FileImport::state));
}

std::string problems_text(const FileImport& file) {
  std::string out;
  std::map<std::string_view, std::size_t> of_a_kind;
  std::size_t shown = 0;
  for (const LineProblem& problem : file.problems) {
    if (shown == kProblemsShown || ++of_a_kind[problem.column] > kProblemsShownOfAKind) continue;
    out += fmt::format("  {} {}\n", file.file, describe(problem));
    ++shown;
  }
  if (file.problem_count > shown) out += fmt::format("  and {} more\n", file.problem_count - shown);
  return out;
}

}  // namespace

std::string import_text(const FileImport& file) {
  std::string out;
  if (file.state == FileImport::State::Stored) {
    out = stored_text(file);
  } else if (file.problems.empty()) {
    out = fmt::format("{}: {}\n", state_name(file.state), file.error);
  } else {
    out = fmt::format("{}: {}: {} problem{}; nothing of it is stored\n", state_name(file.state),
                      file.file, file.problem_count, file.problem_count == 1 ? "" : "s");
  }
  for (const std::string& note : file.notes) out += fmt::format("  {}\n", note);
  return out + problems_text(file);
}

std::string import_json(std::span<const FileImport> files) {
  return fmt::format("{{\"files\":{},\"stored\":{},\"refused\":{},\"failed\":{}}}\n",
                     array_of(files, file_json), count_of(files, FileImport::State::Stored),
                     count_of(files, FileImport::State::Refused),
                     count_of(files, FileImport::State::Failed));
}

}  // namespace ziggy::app
