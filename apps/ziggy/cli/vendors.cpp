#include "cli/vendors.hpp"

#include "ziggy/feed/alpaca.hpp"
#include "ziggy/feed/alpaca_stream.hpp"
#include "ziggy/feed/file.hpp"
#include "ziggy/feed/polygon.hpp"
#include "ziggy/feed/polygon_stream.hpp"
#include "ziggy/feed/yahoo.hpp"

namespace ziggy::app {

Budgets::Budgets(const config::Settings& settings, const Clock& clock) {
  for (const auto& [vendor, rate] : settings.provider_budgets) {
    resilience::BudgetSettings budget;
    budget.name = vendor_name(vendor);
    budget.count = rate.count;
    budget.period = rate.period;
    budget.file = settings.data_dir / "budgets" / budget.name;
    budgets_.emplace(vendor, std::make_unique<resilience::Budget>(std::move(budget), clock));
  }
}

resilience::Budget* Budgets::of(config::Vendor vendor) noexcept {
  const auto found = budgets_.find(vendor);
  return found == budgets_.end() ? nullptr : found->second.get();
}

net::HttpClient& Vendors::http() {
  if (!http_) http_ = std::make_unique<net::HttpClient>(parts_.clock);
  return *http_;
}

std::unique_ptr<feed::Provider> Vendors::make_file() {
  feed::FileSettings files{.folders = {parts_.settings.file_dir}};
  if (parts_.settings.demo) files.folders.push_back(parts_.samples);
  return std::make_unique<feed::FileProvider>(std::move(files), parts_.pool);
}

std::unique_ptr<feed::Provider> Vendors::make_simulator() {
  feed::SimSettings settings{.seed = parts_.settings.sim_seed};
  settings.sessions = parts_.settings.sim_sessions == config::SimSessions::Always
                          ? feed::SimSessions::Always
                          : feed::SimSessions::Exchange;
  auto simulator = std::make_unique<feed::SimProvider>(parts_.clock, settings, &parts_.pool);
  simulator_ = simulator.get();
  return simulator;
}

std::unique_ptr<feed::Provider> Vendors::make_polygon() {
  const config::Settings& from = parts_.settings;
  feed::PolygonSettings settings;
  settings.base_url = from.polygon_base_url;
  settings.key = from.polygon_api_key;
  settings.timeout = from.provider_timeout;
  settings.is_rehearsal = parts_.is_rehearsal;
  auto polygon = std::make_unique<feed::PolygonProvider>(
      std::move(settings), http(), parts_.clock, parts_.budgets.of(config::Vendor::Polygon));
  if (polygon->not_configured().empty()) {
    feed::PolygonStreamSettings stream;
    stream.url = from.polygon_stream_url;
    stream.key = from.polygon_api_key;
    polygon->set_stream(std::make_unique<feed::PolygonStream>(std::move(stream)));
  }
  return polygon;
}

std::unique_ptr<feed::Provider> Vendors::make_alpaca() {
  const config::Settings& from = parts_.settings;
  feed::AlpacaSettings settings;
  settings.base_url = from.alpaca_data_base_url;
  settings.key_id = from.alpaca_key_id;
  settings.secret_key = from.alpaca_secret_key;
  settings.feed = from.alpaca_feed;
  settings.timeout = from.provider_timeout;
  settings.is_rehearsal = parts_.is_rehearsal;
  auto alpaca = std::make_unique<feed::AlpacaProvider>(std::move(settings), http(), parts_.clock,
                                                       parts_.budgets.of(config::Vendor::Alpaca));
  if (alpaca->not_configured().empty()) {
    feed::AlpacaStreamSettings stream;
    stream.url = from.alpaca_stream_url;
    stream.feed = from.alpaca_feed;
    stream.key_id = from.alpaca_key_id;
    stream.secret = from.alpaca_secret_key;
    alpaca->set_stream(std::make_unique<feed::AlpacaStream>(std::move(stream)));
  }
  return alpaca;
}

std::unique_ptr<feed::Provider> Vendors::make_yahoo() {
  feed::YahooSettings settings;
  settings.base_url = parts_.settings.yahoo_base_url;
  settings.timeout = parts_.settings.provider_timeout;
  settings.is_rehearsal = parts_.is_rehearsal;
  return std::make_unique<feed::YahooProvider>(std::move(settings), http(), parts_.clock,
                                               parts_.budgets.of(config::Vendor::Yahoo));
}

std::unique_ptr<feed::Provider> Vendors::make(config::Vendor vendor) {
  switch (vendor) {
    case config::Vendor::File:
      return make_file();
    case config::Vendor::Sim:
      return make_simulator();
    case config::Vendor::Polygon:
      return make_polygon();
    case config::Vendor::Alpaca:
      return make_alpaca();
    case config::Vendor::Yahoo:
      break;
  }
  return make_yahoo();
}

feed::Provider* Vendors::get(config::Vendor vendor) {
  const auto known = made_.find(vendor);
  if (known != made_.end()) return known->second.get();
  return made_.emplace(vendor, make(vendor)).first->second.get();
}

std::vector<feed::Provider*> Vendors::chain(std::span<const config::Vendor> vendors) {
  std::vector<feed::Provider*> providers;
  for (const config::Vendor vendor : vendors) providers.push_back(get(vendor));
  return providers;
}

}  // namespace ziggy::app
