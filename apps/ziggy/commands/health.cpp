#include <memory>

#include "cli/http_get.hpp"
#include "commands/commands.hpp"

namespace ziggy::app {

namespace {

// A server that takes longer to read its memory is not well.
constexpr std::chrono::seconds kTimeout{5};

}  // namespace

void add_health_command(CLI::App& app, Runner& runner) {
  CLI::App& command =
      *app.add_subcommand("health", "Asks a running server how it is; exit code 0 if it is well");
  const auto url = std::make_shared<std::string>();
  command.add_option("--url", *url, "Where it runs (default: http://API_HOST:API_PORT)");
  runner.on(command, [url](Context& context) -> Result<> {
    std::string where = *url;
    if (where.empty()) {
      ZIGGY_TRY(settings, context.settings());
      const bool is_v6 = settings->api_host.find(':') != std::string::npos;
      const std::string host = is_v6 ? "[" + settings->api_host + "]" : settings->api_host;
      where = fmt::format("http://{}:{}", host, settings->api_port);
    }
    while (where.ends_with('/')) where.pop_back();
    ZIGGY_TRY(answer, http_get(where + "/health", kTimeout));
    context.print("{}\n", answer.body);
    if (answer.status != 200) {
      return fail(ErrorCode::ProviderUnavailable, "{} answers {}", where, answer.status);
    }
    return {};
  });
}

}  // namespace ziggy::app
