#include "ziggy/testing/postgres_server.hpp"

#include "ziggy/testing/free_port.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ziggy::testing {
namespace {

const std::string kPrograms = "/usr/lib/postgresql/15/bin/";

/// Starts a program in `folder`, its output going to the file `log`; as postgres when we are root.
/// setpriv hands on the death signal: the child goes when we do.
pid_t spawn(std::vector<std::string> words, const std::filesystem::path& folder) {
  std::vector<std::string> all;
  if (::geteuid() == 0) {
    all = {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"};
  } else {
    all = {"setpriv"};
  }
  all.insert(all.end(), {"--pdeathsig", "QUIT"});
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string log = (folder / "log").string();

  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error{"fork"};
  if (child > 0) return child;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  if (::chdir(folder.c_str()) != 0) ::_exit(127);
  ::execvp(arguments.front(), arguments.data());
  ::_exit(127);
}

void give_to_postgres(const std::filesystem::path& folder) {
  if (::geteuid() != 0) return;
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr || ::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error{"no user postgres: is the package postgresql-15 installed?"};
  }
}

}  // namespace

PostgresServer::PostgresServer(Fsync fsync) : fsync_{fsync} {
  give_to_postgres(folder_.path());
  const pid_t initdb = spawn({kPrograms + "initdb", "-D", "cluster", "-U", "ziggy", "-A", "trust",
                              "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
                             folder_.path());
  int status = 0;
  if (::waitpid(initdb, &status, 0) != initdb || status != 0) {
    throw std::runtime_error{"initdb failed: is the package postgresql-15 installed?"};
  }
  port_ = free_port();
  start();
}

PostgresServer::~PostgresServer() { stop(); }

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

void PostgresServer::start() {
  const std::string sync = fsync_ == Fsync::On ? "on" : "off";
  server_ = spawn(
      {kPrograms + "postgres", "-D", "cluster", "-h", "127.0.0.1", "-p", std::to_string(port_),
       "-k", folder_.path().string(), "-c", "fsync=" + sync, "-c", "full_page_writes=" + sync, "-c",
       "max_connections=50", "-c", "log_min_messages=warning"},
      folder_.path());
  constexpr int kTries = 1'000;
  for (int i = 0; i < kTries; ++i) {
    if (answers()) return;
    if (::waitpid(server_, nullptr, WNOHANG) == server_) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  server_ = -1;
  throw std::runtime_error{"the private PostgreSQL server does not answer"};
}

bool PostgresServer::answers() const { return PQping(url_of("postgres").c_str()) == PQPING_OK; }

void PostgresServer::stop() {
  if (server_ <= 0) return;
  ::kill(server_, SIGINT);  // "fast": closes connections, then stops
  ::waitpid(server_, nullptr, 0);
  server_ = -1;
}

std::string PostgresServer::url_of(const std::string& database) const {
  return "postgresql://ziggy@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection{
      PQconnectdb(url_of("postgres").c_str()), &PQfinish};
  const std::unique_ptr<PGresult, decltype(&PQclear)> result{
      PQexec(connection.get(), ("CREATE DATABASE " + name).c_str()), &PQclear};
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    throw std::runtime_error{PQerrorMessage(connection.get())};
  }
  return url_of(name);
}

}  // namespace ziggy::testing
