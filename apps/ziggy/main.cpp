#include "commands/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Ziggy, a self-hosted trading backend", "ziggy"};
  ziggy::app::Runner runner{app};
  ziggy::app::add_commands(app, runner);
  return runner.run(argc, argv);
}
