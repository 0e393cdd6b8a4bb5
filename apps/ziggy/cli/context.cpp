#include "cli/context.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace ziggy::app {

namespace {

constexpr log::Logger kLog{"config"};

std::filesystem::path executable_dir() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::current_path() : program.parent_path();
}

}  // namespace

Result<const config::Loaded*> Context::load_settings(Voice voice) {
  if (loaded_) return &*loaded_;
  ZIGGY_TRY(sources, config::read_sources(command_line_));
  ZIGGY_TRY(loaded, config::load(sources));
  loaded_ = std::move(loaded);
  const config::Settings& settings = loaded_->settings;
  const bool is_server = voice == Voice::Server;
  log::start(
      {.level = settings.log_level.value_or(is_server ? log::Level::Info : log::Level::Warning),
       .levels = settings.log_levels,
       .format = settings.log_format,
       .secrets = loaded_->secrets,
       .background = is_server,
       .capture_stderr = is_server});
  for (const std::string& warning : loaded_->warnings) {
    kLog.warning("settings_warning", {{"detail", warning}});
  }
  return &*loaded_;
}

Result<const config::Settings*> Context::settings(Voice voice) {
  ZIGGY_TRY(loaded, load_settings(voice));
  return &loaded->settings;
}

std::filesystem::path Context::share_dir() {
  const std::filesystem::path program = executable_dir();
  for (const auto& folder : {program / "share", program.parent_path() / "share",
                             program.parent_path() / "share" / "ziggy"}) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return folder;
  }
  return program / "share";
}

void Context::print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    std::_Exit(1);
  }
}

bool Context::stderr_is_terminal() noexcept { return isatty(STDERR_FILENO) == 1; }

}  // namespace ziggy::app
