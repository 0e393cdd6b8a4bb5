#include <algorithm>

#include "core.hpp"

namespace ziggy::standin {

namespace {

/// Which vendor and what of it a path means.
struct Place {
  Vendor vendor = Vendor::Yahoo;
  Route route = Route::Bars;
  /// Below the vendor's prefix.
  std::string path{};
};

std::optional<Place> place_of(std::string_view path) {
  for (const Vendor vendor : kVendors) {
    const std::string prefix = fmt::format("/{}", vendor_name(vendor));
    if (!path.starts_with(prefix)) continue;
    const std::string_view rest = path.substr(prefix.size());
    if (!rest.empty() && rest.front() != '/') continue;
    const auto route = vendor == Vendor::Yahoo     ? yahoo_route(rest)
                       : vendor == Vendor::Polygon ? polygon_route(rest)
                                                   : alpaca_route(rest);
    if (!route) return std::nullopt;
    return Place{vendor, *route, std::string{rest}};
  }
  // The addresses of Polygon's next pages, for clients that take them as they are.
  const auto page = polygon_route(path);
  if (page == Route::Bars) return Place{Vendor::Polygon, *page, std::string{path}};
  return std::nullopt;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    auto part = net::percent_decode(path.substr(at, end - at), net::Plus::IsPlus);
    parts.push_back(part ? std::move(*part) : std::string{});
    at = end + 1;
  }
  if (parts.empty()) parts.emplace_back();
  return parts;
}

std::optional<Ask> ask_of(Core& core, const Place& place, const DataFaults& faults,
                          WireRequest request) {
  auto params = net::QueryParams::parse(request.query);
  if (!params) return std::nullopt;
  Ask ask{.tape = core.tape(),
          .settings = core.settings(),
          .now = core.clock().now() - faults.age,
          .faults = faults};
  ask.params = std::move(*params);
  ask.path = split_path(place.path);
  ask.base = fmt::format("http://{}", request.header("host"));
  request.path = place.path;
  ask.wire = std::move(request);
  return ask;
}

net::Task<WireAnswer> answer_of(std::shared_ptr<Core> core, Place place, DataFaults faults,
                                WireRequest request) {
  auto ask = ask_of(*core, place, faults, std::move(request));
  if (!ask) co_return WireAnswer{.status = 400, .content_type = "text/plain", .body = "bad query"};
  switch (place.vendor) {
    case Vendor::Yahoo:
      co_return co_await answer_yahoo(std::move(*ask));
    case Vendor::Polygon:
      co_return co_await answer_polygon(std::move(*ask));
    case Vendor::Alpaca:
      break;
  }
  co_return co_await answer_alpaca(std::move(*ask));
}

/// Sends a little of the answer ten times a second.
net::Task<bool> trickle(std::shared_ptr<Peer> peer, std::string bytes, std::uint32_t per_second) {
  constexpr std::chrono::milliseconds kBeat{100};
  const std::size_t step = std::max<std::size_t>(1, per_second / 10);
  const auto beat = per_second >= 10 ? kBeat : std::chrono::milliseconds{1'000 / per_second};
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const bool is_sent = co_await peer->write(bytes.substr(at, step));
    if (!is_sent) co_return false;
    const bool is_there = co_await peer->sleep(beat);
    if (!is_there) co_return false;
  }
  co_return true;
}

/// What the fault makes of the request; true when the connection can go on.
net::Task<bool> answer_broken(std::shared_ptr<Core> core, std::shared_ptr<Peer> peer, Place place,
                              FaultStep step, DataFaults faults, WireRequest request) {
  const bool keeps_alive = request.keeps_alive();
  switch (step.kind) {
    case FaultKind::Hang:
    case FaultKind::Silent:
      co_await peer->wait_for_end();
      co_return false;
    case FaultKind::Refuse:
    case FaultKind::Drop:
      peer->reset();
      co_return false;
    case FaultKind::Status:
    case FaultKind::LimitConnections: {
      const int status = step.kind == FaultKind::Status ? step.status : 429;
      co_return co_await peer->write(
          render(error_answer(place.vendor, status, step.retry_after), keeps_alive)) &&
          keeps_alive;
    }
    case FaultKind::Html:
      co_return co_await peer->write(render(html_answer(), keeps_alive)) && keeps_alive;
    case FaultKind::Empty:
      co_return co_await peer->write(render({}, keeps_alive)) && keeps_alive;
    default:
      break;
  }
  const WireAnswer answer = co_await answer_of(core, place, faults, std::move(request));
  std::string bytes = render(answer, keeps_alive);
  if (step.kind == FaultKind::Trickle) {
    co_return co_await trickle(peer, std::move(bytes), step.bytes_per_second) && keeps_alive;
  }
  // Reset and Truncate: the head has announced twice as much as comes.
  bytes.resize(bytes.size() - answer.body.size() / 2 - 1);
  co_await peer->write(std::move(bytes));
  step.kind == FaultKind::Reset ? peer->reset() : peer->close();
  co_return false;
}

net::Task<bool> answer_http(std::shared_ptr<Core> core, std::shared_ptr<Peer> peer, Place place,
                            WireRequest request) {
  const Monotonic now = core->clock().steady();
  const Effects effects = core->board().pick(place.vendor, place.route, now);
  const DataFaults& data = effects.data;
  const bool is_faulty = effects.wire || effects.delay.count() > 0 || data.age.count() > 0 ||
                         data.is_duplicated || data.is_out_of_order || data.is_wrong_symbol ||
                         data.is_negative;
  core->counts().request(place.vendor, place.route, is_faulty, now);
  if (effects.delay.count() > 0) {
    const bool is_there = co_await peer->sleep(effects.delay);
    if (!is_there) co_return false;
  }
  if (effects.wire) {
    co_return co_await answer_broken(core, peer, place, *effects.wire, data, std::move(request));
  }
  const bool keeps_alive = request.keeps_alive();
  const WireAnswer answer = co_await answer_of(core, place, data, std::move(request));
  co_return co_await peer->write(render(answer, keeps_alive)) && keeps_alive;
}

/// A fault that ends the handshake, if there is one; the rest are the messages'.
bool spoils_handshake(const Effects& effects) {
  if (!effects.wire) return false;
  switch (effects.wire->kind) {
    case FaultKind::Hang:
    case FaultKind::Refuse:
    case FaultKind::Status:
    case FaultKind::Html:
      return true;
    default:
      return false;
  }
}

net::Task<> answer_stream(std::shared_ptr<Core> core, std::shared_ptr<Peer> peer, Place place,
                          WireRequest request) {
  const Monotonic now = core->clock().steady();
  const Effects effects = core->board().pick(place.vendor, Route::Stream, now);
  core->counts().request(place.vendor, Route::Stream, effects.wire.has_value(), now);
  if (spoils_handshake(effects)) {
    co_await answer_broken(core, peer, place, *effects.wire, effects.data, std::move(request));
    co_return peer->close();
  }
  const bool is_crypto = place.path.find("crypto") != std::string::npos;
  const bool is_sent = co_await peer->write(render_upgrade(request.header("sec-websocket-key")));
  if (!is_sent) co_return;
  const auto kind = effects.wire ? std::optional{effects.wire->kind} : std::nullopt;
  if (kind == FaultKind::Drop) co_return peer->reset();
  const auto session = place.vendor == Vendor::Polygon
                           ? make_polygon_session(peer, core->settings(), is_crypto)
                           : make_alpaca_session(peer, core->settings(), is_crypto);
  if (kind == FaultKind::LimitConnections || !core->streams().has_room(place.vendor)) {
    session->refuse_as_too_many();
    co_return;
  }
  core->streams().add(session);
  session->open(request);
  co_await run_stream(peer, session);
  core->streams().remove(session);
}

}  // namespace

net::Task<> serve(std::shared_ptr<Core> core, std::shared_ptr<Peer> peer) {
  bool goes_on = true;
  while (goes_on && !core->is_stopped()) {
    auto request = co_await peer->read_request();
    if (!request) break;
    const auto place = place_of(request->path);
    if (place && place->route == Route::Stream && request->is_websocket()) {
      co_await answer_stream(core, peer, *place, std::move(*request));
      co_return;  // what is queued is still on its way; the session has closed the connection
    }
    if (place && place->route != Route::Stream) {
      goes_on = co_await answer_http(core, peer, *place, std::move(*request));
    } else {
      const bool keeps_alive = request->keeps_alive();
      const WireAnswer answer =
          core->settings().has_control && request->path.starts_with("/control/")
              ? answer_control(*core, *request)
              : WireAnswer{.status = 404,
                           .content_type = "text/plain",
                           .body = "the stand-in has no such path"};
      goes_on = co_await peer->write(render(answer, keeps_alive)) && keeps_alive;
    }
  }
  peer->close();
}

WireAnswer answer_control(Core& core, const WireRequest& request) {
  const bool is_faults = request.path == "/control/faults";
  if (is_faults && request.method == "POST") {
    auto script = FaultScript::parse(request.body, "body");
    const auto ran = script ? core.board().run(std::move(*script), core.clock().steady())
                            : Result<>{fail(script.error())};
    if (ran) return {.status = 204, .body = {}};
    return {.status = 422, .content_type = "text/plain", .body = ran.error().detail()};
  }
  if (is_faults && request.method == "DELETE") {
    core.board().clear();
    return {.status = 204, .body = {}};
  }
  if (request.path == "/control/stream/cut" && request.method == "POST") {
    std::optional<Vendor> which;
    for (const Vendor vendor : kVendors) {
      if (request.query == fmt::format("vendor={}", vendor_name(vendor))) which = vendor;
    }
    core.cut(which);
    return {.status = 204, .body = {}};
  }
  if (request.path == "/control/counts" && request.method == "GET") {
    const StandInCounts counts = core.all_counts();
    std::string out;
    for (const Vendor vendor : kVendors) {
      const VendorCounts& of = counts.of(vendor);
      std::string routes;
      for (const Route route : kRoutes) {
        const RouteCounts& each = counts.of(vendor, route);
        routes += fmt::format(R"({}"{}":{{"requests":{},"faulty":{},"per_window_max":{}}})",
                              routes.empty() ? "" : ",", route_name(route), each.requests,
                              each.faulty, each.per_window_max);
      }
      out += fmt::format(
          R"({}"{}":{{"requests":{},"per_window_max":{},"streams_open":{},"streams_opened":{},)"
          R"("streams_cut":{},"subscriptions":{},"routes":{{{}}}}})",
          out.empty() ? "" : ",", vendor_name(vendor), of.requests, of.per_window_max,
          of.streams_open, of.streams_opened, of.streams_cut, of.subscriptions, routes);
    }
    return {.body = fmt::format("{{{}}}", out)};
  }
  return {.status = 404, .content_type = "text/plain", .body = "no such control"};
}

}  // namespace ziggy::standin
