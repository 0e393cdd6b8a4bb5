#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ziggy::testing {

/// A program that runs in a folder with an environment of its own (PATH and HOME, and what is
/// given). stdout comes by a pipe, stderr goes to the file `stderr.log` in the folder. Killed at
/// the end if it still runs.
class Process {
 public:
  Process(const std::filesystem::path& program, std::vector<std::string> arguments,
          std::filesystem::path folder, std::vector<std::string> environment = {})
      : folder_{std::move(folder)} {
    arguments.insert(arguments.begin(), program.string());
    for (const char* name : {"PATH", "HOME", "ASAN_OPTIONS", "TSAN_OPTIONS"}) {
      if (const char* value = std::getenv(name)) {
        environment.push_back(std::string{name} + "=" + value);
      }
    }
    int pipe_fds[2] = {-1, -1};
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return;
    const int log = ::open(log_path().c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> out;
      for (std::string& text : texts) out.push_back(text.data());
      out.push_back(nullptr);
      return out;
    };
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(pipe_fds[1], STDOUT_FILENO);
      ::dup2(log, STDERR_FILENO);
      if (::chdir(folder_.c_str()) == 0) ::execve(argv[0], argv.data(), envp.data());
      ::_exit(127);
    }
    ::close(pipe_fds[1]);
    ::close(log);
    out_ = pipe_fds[0];
  }
  ~Process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
    if (out_ >= 0) ::close(out_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }

  /// The exit code, or 128 + the signal; waits for the end.
  int wait() {
    if (pid_ > 0) {
      int status = 0;
      ::waitpid(pid_, &status, 0);
      pid_ = -1;
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return code_;
  }

  /// The next line of stdout; what there is of it after `patience` or at the end.
  std::string read_line(std::chrono::milliseconds patience = std::chrono::seconds{30}) {
    std::string line;
    char c = 0;
    pollfd ready{out_, POLLIN, 0};
    while (::poll(&ready, 1, static_cast<int>(patience.count())) == 1 && ::read(out_, &c, 1) == 1 &&
           c != '\n') {
      line += c;
    }
    return line;
  }
  /// The rest of stdout, until it is closed.
  std::string read_all() {
    std::string text;
    char bytes[4096];
    for (ssize_t got = 0; (got = ::read(out_, bytes, sizeof bytes)) > 0;) {
      text.append(bytes, static_cast<std::size_t>(got));
    }
    return text;
  }

  [[nodiscard]] std::filesystem::path log_path() const { return folder_ / "stderr.log"; }
  [[nodiscard]] std::vector<std::string> log_lines() const {
    std::ifstream file{log_path()};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::filesystem::path folder_;
  pid_t pid_ = -1;
  int out_ = -1;
  int code_ = -1;
};

}  // namespace ziggy::testing
