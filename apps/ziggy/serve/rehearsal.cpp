#include "serve/rehearsal.hpp"

#include <fmt/core.h>

#include "cli/text_file.hpp"

namespace ziggy::app {

namespace {

constexpr std::string_view kKey = "rehearsal";

standin::StandInSettings stand_in_settings() {
  standin::StandInSettings settings;
  settings.polygon_key = kKey;
  settings.alpaca_key_id = kKey;
  settings.alpaca_secret_key = kKey;
  return settings;
}

feed::SimSettings market_settings(const config::Settings& settings) {
  return {.seed = settings.sim_seed,
          .sessions = settings.sim_sessions == config::SimSessions::Always
                          ? feed::SimSessions::Always
                          : feed::SimSessions::Exchange};
}

}  // namespace

Result<standin::FaultScript> read_chaos_script(const std::filesystem::path& file) {
  ZIGGY_TRY(text, read_text_file(file, standin::FaultScript::kBytesMax));
  return standin::FaultScript::parse(text, file.string());
}

config::Settings rehearsal_settings(config::Settings settings) {
  using config::Vendor;
  const std::vector<Vendor> vendors = {Vendor::Polygon, Vendor::Alpaca, Vendor::Yahoo};
  settings.providers_quotes = vendors;
  settings.providers_crypto = vendors;
  settings.providers_news = vendors;
  settings.providers_prices = vendors;
  settings.providers_prices.push_back(Vendor::File);
  settings.polygon_api_key = Secret{std::string{kKey}};
  settings.alpaca_key_id = Secret{std::string{kKey}};
  settings.alpaca_secret_key = Secret{std::string{kKey}};
  settings.data_dir /= "rehearsal";
  settings.database_url = Secret{"sqlite:///" + (settings.data_dir / "ziggy.db").string()};
  return settings;
}

Rehearsal::Rehearsal(const config::Settings& settings, const Clock& clock)
    : tape_{market_settings(settings), standin::SimUniverse::Listed},
      stand_in_{loops_, clock, tape_, stand_in_settings()} {}

Result<> Rehearsal::listen(config::Settings& settings) {
  if (const auto port = stand_in_.listen(); !port) return fail(port.error());
  const auto address = [this](standin::Vendor vendor) {
    return fmt::format("127.0.0.1:{}/{}", stand_in_.port_of(vendor), vendor_name(vendor));
  };
  const std::string polygon = address(standin::Vendor::Polygon);
  const std::string alpaca = address(standin::Vendor::Alpaca);
  settings.yahoo_base_url = "http://" + address(standin::Vendor::Yahoo);
  settings.polygon_base_url = "http://" + polygon;
  settings.alpaca_data_base_url = "http://" + alpaca;
  settings.polygon_stream_url = "ws://" + polygon;
  settings.alpaca_stream_url = "ws://" + alpaca;
  loops_.run();
  return {};
}

Result<> Rehearsal::begin(standin::FaultScript script) { return stand_in_.run(std::move(script)); }

}  // namespace ziggy::app
