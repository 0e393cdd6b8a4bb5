#include "ziggy/api/route_spec.hpp"

#include <memory>

#include "ziggy/api/problem.hpp"

namespace ziggy::api {
namespace {

using SharedSpec = std::shared_ptr<const RouteSpec>;

net::Task<net::Response> answer(SharedSpec spec, net::Request request) {
  Params params;
  if (!spec->is_page) {
    auto read = Params::read(spec->params, request);
    if (!read) co_return problem_response(read.error(), request);
    params = *std::move(read);
  }
  auto response = co_await spec->handler(request, std::move(params));
  if (!response) co_return problem_response(response.error(), request);
  co_return *std::move(response);
}

net::Handler handler_of(const SharedSpec& spec) {
  if (!spec->handler) return nullptr;
  return [spec](net::Request request) { return answer(spec, request); };
}

}  // namespace

void add_routes(net::Router& router, const std::vector<RouteSpec>& specs) {
  for (const RouteSpec& spec : specs) {
    auto shared = std::make_shared<const RouteSpec>(spec);
    router.add({.method = spec.method,
                .pattern = spec.path,
                .policy = spec.policy,
                .handler = handler_of(shared),
                .fast = spec.fast,
                .is_websocket = spec.is_websocket});
  }
}

}  // namespace ziggy::api
