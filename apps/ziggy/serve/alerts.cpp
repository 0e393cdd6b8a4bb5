#include "serve/alerts.hpp"

#include <random>

#include "cli/text_file.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::app {

namespace {

constexpr log::Logger kLog{"serve"};

constexpr std::size_t kKeyFileMax = 4'096;

std::string random_key() {
  std::random_device device;
  std::string key;
  for (int i = 0; i < 8; ++i) key += fmt::format("{:08x}", device());
  return key;
}

Result<Secret> signing_key(const config::Settings& settings) {
  if (!settings.alert_webhook_secret.empty()) return settings.alert_webhook_secret;
  const std::filesystem::path file = settings.data_dir / "webhook.key";
  if (auto kept = read_text_file(file, kKeyFileMax)) {
    if (!kept->empty()) return Secret{std::move(*kept)};
  }
  const std::string key = random_key();
  if (auto written = write_text_file(file, key, Readers::OwnerOnly); !written) {
    return fail(written.error());
  }
  kLog.info("webhook_key_made", {{"file", file.string()}});
  return Secret{key};
}

/// `host:port` of a URL that names this machine; empty otherwise.
std::string this_machine(std::string_view url) {
  const bool is_tls = url.starts_with("https://");
  std::string_view authority = url.substr(url.find("://") + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
    if (!authority.starts_with(host)) continue;
    const std::string_view rest = authority.substr(host.size());
    if (rest.empty()) return fmt::format("{}:{}", host, is_tls ? 443 : 80);
    if (rest.starts_with(':')) return std::string{authority};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<net::WebhookSender>> make_webhook(const config::Settings& settings,
                                                         const Clock& clock, net::HttpClient& http,
                                                         net::Executor executor) {
  net::WebhookSettings webhook;
  webhook.url = settings.alert_webhook_url;
  ZIGGY_TRY(key, signing_key(settings));
  webhook.signing_key = key;
  const std::string local = this_machine(settings.alert_webhook_url.reveal());
  if (!local.empty() && settings.environment != config::Environment::Production) {
    webhook.allowed_hosts.push_back(local);
  }
  if (auto fine = net::check_webhook(webhook); !fine) {
    return fail(ErrorCode::Configuration, "ALERT_WEBHOOK_URL: {}", fine.error().detail());
  }
  return std::make_unique<net::WebhookSender>(clock, http, executor, std::move(webhook));
}

}  // namespace ziggy::app
