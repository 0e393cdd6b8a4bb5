#pragma once

#include <memory>

#include "ziggy/config/settings.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/webhook.hpp"

namespace ziggy::app {

/// Sends alerts to ALERT_WEBHOOK_URL, signed with ALERT_WEBHOOK_SECRET or, without one, with a key
/// that is made once and kept in DATA_DIR/webhook.key. The URL's host must be public; outside of
/// production it may be this machine. nullptr without a URL. Errors: Configuration.
[[nodiscard]] Result<std::unique_ptr<net::WebhookSender>> make_webhook(
    const config::Settings& settings, const Clock& clock, net::HttpClient& http,
    net::Executor executor);

}  // namespace ziggy::app
