#include "commands/commands.hpp"
#include "ziggy/api/api.hpp"

namespace ziggy::app {

void add_openapi_command(CLI::App& app, Runner& runner) {
  CLI::App& command =
      *app.add_subcommand("openapi", "Prints the HTTP contract as an OpenAPI 3.1 document");
  runner.on(command, [](Context& context) -> Result<> {
    context.print("{}\n", api::openapi_document(ZIGGY_VERSION));
    return {};
  });
}

}  // namespace ziggy::app
