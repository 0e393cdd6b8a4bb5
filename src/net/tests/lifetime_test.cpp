/// Long answers, readers that stop, draining, the blocking pool and spawned coroutines.
#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "server_fixture.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::net {
namespace {

using testing::Answer;
using testing::Client;
using testing::open_policy;

constexpr std::size_t kLong = 8 * 1024 * 1024;

Task<Response> long_answer(Request) {
  co_return make_response(200, "application/octet-stream", std::string(kLong, 'x'));
}

bool hello(const Request&, Response& response) {
  response.body = "hello";
  return true;
}

Task<Response> slow(Request) {
  co_await sleep_for(std::chrono::milliseconds{150});
  co_return make_response(200, "text/plain", "at last");
}

Router make_router() {
  Router router;
  router.get("/long", open_policy(), long_answer)
      .get("/slow", open_policy(), slow)
      .get("/hello", open_policy(), nullptr, hello);
  return router;
}

class LongAnswerTest : public testing::ServerFixture {
 protected:
  void SetUp() override { start(make_router()); }
};

class LifetimeTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    ServerSettings settings;
    settings.tick = std::chrono::milliseconds{5};
    settings.write_timeout = std::chrono::milliseconds{200};
    start(make_router(), settings, 2);
  }
};

TEST_F(LongAnswerTest, ArrivesWholeBetweenShortOnes) {
  Client client{port_};
  client.send(
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /long HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_TRUE(client.receive().body == std::string(kLong, 'x'));
  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_TRUE(client.receive().body == std::string(kLong, 'x'));
}

TEST_F(LifetimeTest, AReaderThatStopsIsCut) {
  Client client{port_};
  client.set_receive_buffer(4096);
  client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 1000 && server_->metrics().timeouts == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  EXPECT_EQ(server_->metrics().timeouts, 1U);
  // Reset: the kernel does not go on sending what it holds.
  EXPECT_LT(client.receive().body.size(), 1'000'000U);
}

TEST_F(LifetimeTest, APipelinerThatNeverReadsIsHeldBack) {
  // Answers are not gathered without bound for somebody who only writes.
  Client client{port_};
  client.set_receive_buffer(4096);
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send(many);  // ends when the server cuts the connection
  const std::uint64_t answered = server_->metrics().routes[2].by_status_class[2];
  EXPECT_GT(answered, 0U);
  EXPECT_LT(answered, 100'000U);
}

TEST_F(LifetimeTest, DrainingFinishesWhatRunsAndClosesWhatIsIdle) {
  Client idle{port_};
  EXPECT_EQ(idle.get("/hello").status, 200);
  Client busy{port_};
  busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  while (server_->metrics().connections_open < 2) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds{20});  // the request is on its way
  auto done = std::async(std::launch::async,
                         [this] { server_->shutdown(std::chrono::milliseconds{3000}); });
  const Answer answer = busy.receive();
  EXPECT_EQ(answer.body, "at last");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(busy.is_closed());
  done.wait();
  EXPECT_TRUE(server_->is_draining());
  Client late{port_};
  EXPECT_EQ(late.get("/hello").status, 0) << "nobody listens any more";
}

TEST_F(LifetimeTest, DrainingEndsAtItsDeadline) {
  Client busy{port_};
  busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  while (server_->metrics().connections_open < 1) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  server_->shutdown(std::chrono::milliseconds{20});
  EXPECT_EQ(server_->metrics().connections_open, 0U);
  EXPECT_EQ(busy.receive().status, 0);
}

TEST_F(LifetimeTest, CanBeDestroyedWithRequestsUnderWay) {
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(port_);
    clients.back().send(i % 2 == 0 ? "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" : "GET /slo");
  }
  while (server_->metrics().connections_accepted < 20) std::this_thread::yield();
  server_.reset();
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 0);
}

TEST_F(LifetimeTest, TwoServersLiveSideBySide) {
  Router router;
  router.get("/other", open_policy(), nullptr, hello);
  ServerSettings settings;
  settings.port = 0;
  Server other{*loops_, clock_, std::move(router), settings, testing::render_plain_error};
  const auto port = other.listen();
  ASSERT_TRUE(port.has_value());
  EXPECT_EQ(Client{*port}.get("/other").status, 200);
  EXPECT_EQ(Client{*port}.get("/hello").status, 404);
  EXPECT_EQ(Client{port_}.get("/hello").status, 200);
}

Result<int> forty_two() { return 42; }

Task<> ask_pool(BlockingPool* pool, std::promise<Result<int>>* answer,
                std::promise<std::thread::id>* thread) {
  auto result = co_await pool->run(forty_two);
  thread->set_value(std::this_thread::get_id());
  answer->set_value(std::move(result));
}

Task<> ask_pool_to_throw(BlockingPool* pool, std::promise<std::string>* answer) {
  std::string what;
  try {
    (void)co_await pool->run([]() -> Result<int> { throw std::runtime_error{"boom"}; });
  } catch (const std::exception& e) {
    what = e.what();
  }
  answer->set_value(what);
}

Task<> where_am_i(std::promise<std::thread::id>* thread) {
  thread->set_value(std::this_thread::get_id());
  co_return;
}

TEST(BlockingPool, RunsWorkElsewhereAndResumesOnTheLoop) {
  Loops loops{1};
  loops.run();
  BlockingPool pool{2, 10};
  std::promise<Result<int>> answer;
  std::promise<std::thread::id> resumed_on;
  std::promise<std::thread::id> loop_thread;
  const Executor executor = loops.at(0).get_executor();
  spawn(executor, ask_pool(&pool, &answer, &resumed_on), "test");
  spawn(executor, where_am_i(&loop_thread), "test");
  EXPECT_EQ(answer.get_future().get().value(), 42);
  EXPECT_EQ(resumed_on.get_future().get(), loop_thread.get_future().get());
  std::promise<std::string> thrown;
  spawn(executor, ask_pool_to_throw(&pool, &thrown), "test");
  EXPECT_EQ(thrown.get_future().get(), "boom");
}

TEST(BlockingPool, RefusesWhatItCannotQueue) {
  // What the work looks at outlives the pool.
  std::latch started{1};
  std::latch release{1};
  Loops loops{1};
  loops.run();
  BlockingPool pool{1, 1};
  ASSERT_TRUE(pool.submit([&] {
    started.count_down();
    release.wait();
  }));
  started.wait();
  ASSERT_TRUE(pool.submit([] {}));
  EXPECT_EQ(pool.queued(), 1U);
  std::promise<Result<int>> answer;
  std::promise<std::thread::id> thread;
  spawn(loops.at(0).get_executor(), ask_pool(&pool, &answer, &thread), "test");
  const Result<int> refused = answer.get_future().get();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::StorageUnavailable);
  release.count_down();
}

Task<> fail_after(std::promise<void>* reached) {
  reached->set_value();
  throw std::runtime_error{"nobody waits for this"};
  co_return;
}

TEST(Spawn, CountsWhatEscapes) {
  Loops loops{1};
  loops.run();
  const std::uint64_t before = escaped_exceptions();
  std::promise<void> reached;
  spawn(loops.at(0).get_executor(), fail_after(&reached), "test");
  reached.get_future().wait();
  for (int i = 0; i < 1000 && escaped_exceptions() == before; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(escaped_exceptions(), before + 1);
}

}  // namespace
}  // namespace ziggy::net
