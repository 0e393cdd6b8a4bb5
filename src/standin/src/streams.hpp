#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "board.hpp"
#include "peer.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/standin/standin.hpp"

namespace ziggy::standin {

enum class Channel : std::uint8_t { Trades, Quotes, SecondBars, MinuteBars };

/// What happened to one symbol.
struct MarketEvent {
  Channel channel = Channel::Quotes;
  Symbol symbol;
  /// Quotes and trades.
  Quote quote{};
  /// Bars.
  Bar bar{};
};

/// One client's socket to one vendor: the vendor's own words around the same events.
class StreamSession {
 public:
  StreamSession(std::shared_ptr<Peer> peer, const StandInSettings& settings, Vendor vendor,
                bool is_crypto)
      : peer_{std::move(peer)}, settings_{settings}, vendor_{vendor}, is_crypto_{is_crypto} {}
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;
  virtual ~StreamSession() = default;

  /// The handshake is done. `request` is what it came with.
  virtual void open(const WireRequest& request) = 0;
  /// Says that there are too many already, and ends.
  virtual void refuse_as_too_many() = 0;
  virtual void hear(std::string_view message, bool is_binary) = 0;

  /// Sends the events of its subscriptions, spoilt as `effects` says. `now` is steady.
  void tell(std::span<const MarketEvent> events, const Effects& effects, Monotonic now);
  [[nodiscard]] bool wants(Channel channel, const Symbol& symbol) const;
  [[nodiscard]] bool wants_all() const;
  [[nodiscard]] const std::map<Symbol, std::set<Channel>>& subscribed() const {
    return subscribed_;
  }
  [[nodiscard]] std::size_t subscriptions() const;
  [[nodiscard]] Vendor vendor() const noexcept { return vendor_; }
  [[nodiscard]] bool is_crypto() const noexcept { return is_crypto_; }
  [[nodiscard]] Peer& peer() noexcept { return *peer_; }

 protected:
  /// The vendor's message about an event, one JSON object.
  [[nodiscard]] virtual std::string render(const MarketEvent& event,
                                           std::string_view shown) const = 0;
  [[nodiscard]] virtual std::string spell(const Symbol& symbol) const = 0;
  /// Sends one message; JSON unless the vendor has another form of it.
  virtual void send(std::string json);
  [[nodiscard]] const StandInSettings& settings() const noexcept { return settings_; }

  std::map<Symbol, std::set<Channel>> subscribed_;
  std::set<Channel> all_;  // "*"

 private:
  struct Delayed {
    Monotonic due;
    std::string json;
  };
  void flush_delayed(Monotonic now);

  std::shared_ptr<Peer> peer_;
  const StandInSettings& settings_;
  Vendor vendor_;
  bool is_crypto_;
  std::deque<Delayed> delayed_;
};

[[nodiscard]] std::shared_ptr<StreamSession> make_polygon_session(std::shared_ptr<Peer> peer,
                                                                  const StandInSettings& settings,
                                                                  bool is_crypto);
[[nodiscard]] std::shared_ptr<StreamSession> make_alpaca_session(std::shared_ptr<Peer> peer,
                                                                 const StandInSettings& settings,
                                                                 bool is_crypto);

/// Every open stream, and the ticks they are told.
class Streams {
 public:
  Streams(net::Executor executor, const Clock& clock, Tape& tape, const StandInSettings& settings,
          FaultBoard& board);

  /// False when the vendor has as many as it allows.
  [[nodiscard]] bool has_room(Vendor vendor) const;
  void add(std::shared_ptr<StreamSession> session);
  void remove(const std::shared_ptr<StreamSession>& session);
  /// Resets them.
  void cut(std::optional<Vendor> vendor);
  void stop();
  /// Any thread.
  void count(StandInCounts& out) const;
  /// Tells every session what has happened since the last time; on the streams' loop.
  static net::Task<> run(std::shared_ptr<void> keeper, Streams* streams);

 private:
  net::Task<> tick();
  net::Task<std::vector<MarketEvent>> events_of(Symbol symbol, Timestamp now);
  void recount();

  const Clock& clock_;
  Tape& tape_;
  const StandInSettings& settings_;
  FaultBoard& board_;
  net::Timer timer_;
  std::vector<std::shared_ptr<StreamSession>> sessions_;
  Timestamp told_until_;
  bool is_stopped_ = false;
  struct Tally {
    std::atomic<std::size_t> open = 0;
    std::atomic<std::uint64_t> opened = 0;
    std::atomic<std::uint64_t> cut = 0;
    std::atomic<std::size_t> subscriptions = 0;
  };
  std::array<Tally, kVendors.size()> tallies_;
};

/// A client's frame taken apart.
struct ClientFrame {
  int opcode = 0;
  bool is_final = false;
  std::string payload;
};
enum class FrameState : std::uint8_t { Whole, NeedsMore, Broken };
/// Takes the first frame off `bytes`.
[[nodiscard]] FrameState take_frame(std::string& bytes, ClientFrame& out);
/// A pong or close of ours.
[[nodiscard]] std::string control_frame(int opcode, std::string_view payload);

/// Reads a session's socket until it ends.
[[nodiscard]] net::Task<> run_stream(std::shared_ptr<Peer> peer,
                                     std::shared_ptr<StreamSession> session);

}  // namespace ziggy::standin
