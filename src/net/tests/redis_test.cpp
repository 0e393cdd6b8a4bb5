/// Our Redis client against a private redis-server on loopback.
#include "ziggy/net/redis.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <future>
#include <thread>

#include "ziggy/net/loops.hpp"
#include "ziggy/testing/free_port.hpp"
#include "ziggy/testing/process.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::net {
namespace {

using namespace std::chrono_literals;
using ziggy::testing::free_port;
using ziggy::testing::Process;
using ziggy::testing::run_task;
using ziggy::testing::TempFolder;

constexpr const char* kServer = "/usr/bin/redis-server";

Task<Result<RedisReply>> ask(Redis* redis, std::vector<std::string> words, Call call) {
  return redis->command(std::move(words), call);
}

class RedisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(kServer, X_OK) != 0) GTEST_SKIP() << "no redis-server is installed";
    loops_.run();
  }
  void TearDown() override {
    redis_.reset();
    loops_.stop();
  }

  void start_server(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "--port", std::to_string(port_), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server_ = std::make_unique<Process>(kServer, arguments, folder_.path());
  }
  void connect(RedisSettings settings = {}) {
    if (settings.url.empty()) {
      settings.url = Secret{"redis://127.0.0.1:" + std::to_string(port_)};
    }
    settings.backoff_first = 5ms;
    settings.backoff_max = 20ms;
    settings.seed = 7;
    redis_ = std::make_unique<Redis>(settings, loops_.at(0).get_executor());
  }
  [[nodiscard]] bool wait_up(bool is_up = true) const {
    for (int i = 0; i < 5'000 && redis_->is_up() != is_up; ++i) std::this_thread::sleep_for(1ms);
    return redis_->is_up() == is_up;
  }
  Result<RedisReply> run(std::vector<std::string> words, Call call = {}) {
    return run_task(ask(redis_.get(), std::move(words), call));
  }

  TempFolder folder_;
  std::uint16_t port_ = free_port();
  std::unique_ptr<Process> server_;
  Loops loops_{1};
  std::unique_ptr<Redis> redis_;
};

TEST_F(RedisTest, KeepsValuesAndRunsScripts) {
  start_server();
  connect();
  ASSERT_TRUE(wait_up());
  EXPECT_TRUE(run({"GET", "k"})->is_nil());
  const std::string value{"any\r\n\0bytes", 11};
  EXPECT_EQ(run({"SET", "k", value, "PX", "60000", "NX"})->text, "OK");
  EXPECT_TRUE(run({"SET", "k", "other", "PX", "60000", "NX"})->is_nil());
  EXPECT_EQ(run({"GET", "k"})->text, value);
  EXPECT_EQ(run({"EVAL", "return {KEYS[1], redis.call('pttl', KEYS[1]) > 0, 7}", "1", "k"})
                ->items.at(2)
                .integer,
            7);
  EXPECT_EQ(run({"DEL", "k"})->integer, 1);
  const auto wrong = run({"SET", "k"});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_TRUE(wrong.error().detail().contains("ERR wrong number")) << wrong.error().detail();
  EXPECT_EQ(run({"SET", "large", std::string(3'000'000, 'x')})->text, "OK");
  EXPECT_EQ(run({"GET", "large"})->text.size(), 3'000'000U);
}

TEST_F(RedisTest, AnswersManyCallersOfSeveralLoopsInOrder) {
  start_server();
  connect({.command_timeout = 5s});
  ASSERT_TRUE(wait_up());
  Loops callers{2};
  std::vector<std::future<Result<RedisReply>>> answers;
  for (int i = 0; i < 2'000; ++i) {
    auto promise = std::make_shared<std::promise<Result<RedisReply>>>();
    answers.push_back(promise->get_future());
    asio::co_spawn(callers.at(static_cast<std::size_t>(i) % 2),
                   ask(redis_.get(), {"ECHO", std::to_string(i)}, Call{}),
                   [promise](std::exception_ptr, Result<RedisReply> reply) {
                     promise->set_value(std::move(reply));
                   });
  }
  callers.run();
  for (int i = 0; i < 2'000; ++i) {
    const auto reply = answers[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(reply.has_value()) << reply.error().detail();
    EXPECT_EQ(reply->text, std::to_string(i));
  }
  EXPECT_EQ(redis_->metrics().connections, 1U);
  EXPECT_EQ(redis_->metrics().commands, 2'000U);
  EXPECT_EQ(redis_->metrics().failures, 0U);
}

TEST_F(RedisTest, ProvesItselfAndChoosesItsDatabase) {
  start_server({"--requirepass", "s@crét"});
  connect({.url = Secret{"redis://:s%40cr%C3%A9t@127.0.0.1:" + std::to_string(port_) + "/5"}});
  ASSERT_TRUE(wait_up());
  EXPECT_EQ(run({"SET", "k", "5"})->text, "OK");
  EXPECT_TRUE(run({"CLIENT", "INFO"})->text.contains(" db=5 "));
  redis_.reset();
  connect({.url = Secret{"redis://:wrong@127.0.0.1:" + std::to_string(port_)}});
  const auto refused = run({"GET", "k"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_FALSE(redis_->is_up());
}

TEST_F(RedisTest, FailsAtOnceWhileTheServerIsGoneAndComesBackWithIt) {
  connect();
  std::this_thread::sleep_for(20ms);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(run({"GET", "k"}).error().code(), ErrorCode::StorageUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 400ms);
  start_server();
  ASSERT_TRUE(wait_up());
  EXPECT_EQ(run({"SET", "k", "v"})->text, "OK");
  server_.reset();
  ASSERT_TRUE(wait_up(false));
  EXPECT_EQ(run({"GET", "k"}).error().code(), ErrorCode::StorageUnavailable);
  start_server();
  ASSERT_TRUE(wait_up());
  EXPECT_TRUE(run({"GET", "k"})->is_nil());
  EXPECT_GE(redis_->metrics().connections, 2U);
}

TEST_F(RedisTest, GivesUpOnAServerThatHangs) {
  start_server();
  connect({.connect_timeout = 50ms, .command_timeout = 30ms});
  ASSERT_TRUE(wait_up());
  server_->signal(SIGSTOP);
  const auto hung = run({"GET", "k"});
  ASSERT_FALSE(hung.has_value());
  EXPECT_EQ(hung.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_TRUE(wait_up(false));
  server_->signal(SIGCONT);
  ASSERT_TRUE(wait_up());
  EXPECT_TRUE(run({"GET", "k"}).has_value());
}

TEST_F(RedisTest, HeedsTheCallersDeadline) {
  start_server();
  connect({.command_timeout = 5s});
  ASSERT_TRUE(wait_up());
  Call call;
  call.deadline = std::chrono::steady_clock::now() + 20ms;
  const auto late = run({"BLPOP", "nothing", "0.1"}, call);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code(), ErrorCode::DeadlineExceeded);
  // Others are not made to pay for one who is in a hurry.
  EXPECT_EQ(run({"ECHO", "x"})->text, "x");
  EXPECT_EQ(redis_->metrics().connections, 1U);
}

TEST_F(RedisTest, RefusesMoreCommandsThanItMayHold) {
  start_server();
  connect({.command_timeout = 5s, .in_flight_max = 3});
  ASSERT_TRUE(wait_up());
  server_->signal(SIGSTOP);
  asio::io_context context;
  std::vector<Result<RedisReply>> replies;
  for (int i = 0; i < 4; ++i) {
    asio::co_spawn(context, ask(redis_.get(), {"ECHO", "x"}, Call{}),
                   [&](std::exception_ptr, Result<RedisReply> reply) {
                     replies.push_back(std::move(reply));
                     if (replies.size() == 1) server_->signal(SIGCONT);
                   });
  }
  const auto work = asio::make_work_guard(context);
  while (replies.size() < 4) context.run_one();
  EXPECT_EQ(replies[0].error().code(), ErrorCode::StorageUnavailable);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_TRUE(replies[i].has_value()) << i;
}

TEST_F(RedisTest, DoesNotWaitForAStrangerThatSaysNothing) {
  int listener = -1;
  port_ = free_port(&listener);
  connect({.connect_timeout = 30ms});
  EXPECT_EQ(run({"GET", "k"}).error().code(), ErrorCode::StorageUnavailable);
  EXPECT_FALSE(redis_->is_up());
  redis_.reset();
  ::close(listener);
}

TEST_F(RedisTest, SpeaksThroughTlsWithAServerThatProvesItsName) {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
      "-addext subjectAltName=DNS:localhost -keyout key.pem -out ca.pem 2>/dev/null";
  if (std::system(("cd " + folder_.path().string() + " && " + command).c_str()) != 0) {
    GTEST_SKIP() << "no openssl program to make a certificate";
  }
  const std::string tls_port = std::to_string(free_port());
  start_server({"--tls-port", tls_port, "--tls-cert-file", "ca.pem", "--tls-key-file", "key.pem",
                "--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no"});
  RedisSettings settings;
  settings.url = Secret{"rediss://localhost:" + tls_port};
  settings.ca_file = folder_ / "ca.pem";
  connect(settings);
  ASSERT_TRUE(wait_up());
  EXPECT_EQ(run({"SET", "k", std::string(200'000, 'x')})->text, "OK");
  EXPECT_EQ(run({"GET", "k"})->text.size(), 200'000U);
  settings.url = Secret{"rediss://127.0.0.1:" + tls_port};
  redis_.reset();
  connect(settings);
  const auto other_name = run({"GET", "k"});
  ASSERT_FALSE(other_name.has_value());
  EXPECT_TRUE(other_name.error().detail().contains("verify")) << other_name.error().detail();
}

TEST_F(RedisTest, SaysThatItsAddressIsWrong) {
  EXPECT_EQ(check_redis_url(Secret{"http://x"}).error().code(), ErrorCode::Configuration);
  EXPECT_TRUE(check_redis_url(Secret{"redis://x"}).has_value());
  connect({.url = Secret{"http://x"}});
  EXPECT_EQ(run({"PING"}).error().code(), ErrorCode::Configuration);
}

}  // namespace
}  // namespace ziggy::net
