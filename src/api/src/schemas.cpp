#include "ziggy/api/route_spec.hpp"

namespace ziggy::api {
namespace {

constexpr std::string_view kProblem = R"({
"type":"object",
"description":"RFC 9457: the body of every answer that is not 2xx.",
"required":["type","title","status","detail","instance","code","correlation_id"],
"properties":{
"type":{"type":"string"},
"title":{"type":"string"},
"status":{"type":"integer"},
"detail":{"type":"string"},
"instance":{"type":"string"},
"code":{"type":"string","description":"Stable; branch on this."},
"correlation_id":{"type":"string","description":"Also in the X-Correlation-ID header and in the log."},
"errors":{"type":"array","description":"With 422: every wrong field. With provider_unavailable: every source and why it gave nothing.","items":{"type":"object",
"required":["field","code","message"],
"properties":{"field":{"type":"string"},"code":{"type":"string"},"message":{"type":"string"}}}},
"retry_after":{"type":"integer","description":"Seconds."}}})";

constexpr std::string_view kFallback = R"({
"type":"object",
"description":"A source that was asked before and did not answer.",
"required":["provider","code","detail"],
"properties":{"provider":{"type":"string"},"code":{"type":"string"},"detail":{"type":"string"}}})";

constexpr std::string_view kQuote = R"({
"type":"object",
"description":"The top of the book and the last trade. What the source does not know is null, never zero.",
"required":["symbol","bid","ask","bid_size","ask_size","last","last_size","prev_close","change","change_pct","volume","market_state","provider","as_of","age_ms","stale","fallback_from"],
"properties":{
"symbol":{"type":"string"},
"bid":{"type":["number","null"]},
"ask":{"type":["number","null"]},
"bid_size":{"type":["number","null"]},
"ask_size":{"type":["number","null"]},
"last":{"type":["number","null"]},
"last_size":{"type":["number","null"]},
"prev_close":{"type":["number","null"],"description":"The previous session's close."},
"change":{"type":["number","null"],"description":"last - prev_close."},
"change_pct":{"type":["number","null"],"description":"100 * change / prev_close."},
"volume":{"type":["number","null"],"description":"Units in the session so far."},
"market_state":{"type":"string","enum":["closed","pre","open","post","halted"]},
"provider":{"type":"string","description":"Who said it."},
"as_of":{"type":"string","format":"date-time","description":"When the source says it was true."},
"age_ms":{"type":"integer","description":"How old that was when this answer was written."},
"stale":{"type":"boolean","description":"No source answered; this is what is stored."},
"fallback_from":{"type":"array","items":{"$ref":"#/components/schemas/Fallback"}}}})";

constexpr std::string_view kQuotes = R"({
"type":"object",
"required":["quotes","errors"],
"properties":{
"quotes":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/Quote"}},
"errors":{"type":"object","additionalProperties":{"type":"object","required":["code","detail"],
"properties":{"code":{"type":"string"},"detail":{"type":"string"}}}}}})";

constexpr std::string_view kBar = R"({
"type":"object",
"required":["t","o","h","l","c","v"],
"properties":{
"t":{"type":"string","format":"date-time","description":"Start of the period, UTC; daily and longer: the session date at 00:00Z."},
"o":{"type":"number"},"h":{"type":"number"},"l":{"type":"number"},"c":{"type":"number"},
"v":{"type":"number"},
"vw":{"type":"number","description":"Volume-weighted average price, where the source knows it."},
"n":{"type":"integer","description":"Trades, where the source knows them."}}})";

constexpr std::string_view kBars = R"({
"type":"object",
"required":["symbol","interval","adjustment","bars","next_cursor","provider","as_of","age_ms","stale","fallback_from"],
"properties":{
"symbol":{"type":"string"},
"interval":{"type":"string"},
"adjustment":{"type":"string","enum":["raw","split","all"]},
"bars":{"type":"array","items":{"$ref":"#/components/schemas/Bar"}},
"next_cursor":{"type":["string","null"]},
"provider":{"type":"string"},
"as_of":{"type":"string","format":"date-time"},
"age_ms":{"type":"integer"},
"stale":{"type":"boolean"},
"fallback_from":{"type":"array","items":{"$ref":"#/components/schemas/Fallback"}}}})";

constexpr std::string_view kMarketStatus = R"({
"type":"object",
"required":["is_open","session","next_open","next_close","timestamp"],
"properties":{
"is_open":{"type":"boolean"},
"session":{"type":"string","enum":["closed","pre","regular","post"]},
"next_open":{"type":["string","null"],"format":"date-time"},
"next_close":{"type":["string","null"],"format":"date-time"},
"timestamp":{"type":"string","format":"date-time"}}})";

constexpr std::string_view kCalendar = R"({
"type":"object",
"required":["exchange","items","next_cursor"],
"properties":{
"exchange":{"type":"string"},
"items":{"type":"array","items":{"type":"object","required":["date","open","close","early_close"],
"properties":{
"date":{"type":"string","format":"date"},
"open":{"type":"string","format":"date-time"},
"close":{"type":"string","format":"date-time"},
"early_close":{"type":"boolean"}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kSymbols = R"({
"type":"object",
"required":["items","next_cursor"],
"properties":{
"items":{"type":"array","items":{"type":"object","required":["symbol","name","asset_class","source","imported"],
"properties":{
"symbol":{"type":"string"},
"name":{"type":["string","null"]},
"asset_class":{"type":"string"},
"source":{"type":["string","null"]},
"imported":{"type":"boolean","description":"Its bars came from a file; the simulator never answers for it."}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kCorporateActions = R"({
"type":"object",
"required":["symbol","items","next_cursor"],
"properties":{
"symbol":{"type":"string"},
"items":{"type":"array","items":{"type":"object","required":["kind","ex_date","value"],
"properties":{
"kind":{"type":"string","enum":["split","dividend"]},
"ex_date":{"type":"string","format":"date"},
"value":{"type":"number","description":"Split: new shares for one old. Dividend: cash a share, unadjusted."}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kCoverage = R"({
"type":"object",
"required":["symbol","items","next_cursor"],
"properties":{
"symbol":{"type":"string"},
"items":{"type":"array","items":{"type":"object","required":["interval","first","last","count","sources"],
"properties":{
"interval":{"type":"string"},
"first":{"type":"string","format":"date-time"},
"last":{"type":"string","format":"date-time"},
"count":{"type":"integer"},
"sources":{"type":"array","items":{"type":"string"}},
"compared_from":{"type":"string","format":"date-time","description":"From here to the last bar the calendar was compared."},
"expected":{"type":"integer","description":"Bars that the calendar expects there."},
"missing":{"type":"integer","description":"Those that are not stored."},
"no_trades":{"type":"integer","description":"Missing ones in which nothing was traded, as a second source says."},
"gaps":{"type":"array","description":"The first 100.","items":{"type":"object","required":["from","to","state"],
"properties":{
"from":{"type":"string","format":"date-time"},
"to":{"type":"string","format":"date-time"},
"state":{"enum":["open","no_trades"]},
"said_by":{"type":"string","description":"Who lacks them or says that nothing was traded."},
"attempts":{"type":"integer"}}}}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kBreaker = R"({
"type":"object",
"required":["name","state","forced","reason","retry_in_ms"],
"properties":{
"name":{"type":"string"},
"state":{"enum":["closed","open","half_open"]},
"forced":{"type":"boolean","description":"An operator holds it open or closed, until reset."},
"reason":{"type":"string"},
"changed_at":{"type":"string","format":"date-time"},
"retry_in_ms":{"type":["integer","null"],"description":"Until it is tried again; null unless it is open by itself."},
"calls":{"type":"integer","description":"In the window."},
"failures":{"type":"integer"},
"slow":{"type":"integer"},
"consecutive_failures":{"type":"integer"},
"failure_rate":{"type":"number"},
"probes_out":{"type":"integer"},
"opened_total":{"type":"integer"},
"rejected_total":{"type":"integer"},
"success_total":{"type":"integer"},
"failure_total":{"type":"integer"}}})";

constexpr std::string_view kBreakers = R"({
"type":"object",
"required":["items","next_cursor"],
"properties":{
"items":{"type":"array","items":{"$ref":"#/components/schemas/Breaker"}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kProvider = R"({
"type":"object",
"required":["name","state","configured","operations"],
"properties":{
"name":{"type":"string"},
"state":{"enum":["ok","degraded","down","idle","not_configured"]},
"configured":{"type":"boolean"},
"missing":{"type":"string","description":"The setting that is missing, when it is not configured."},
"operations":{"type":"object","description":"bars, quotes, crypto, news, stream: those whose chain names it.",
"additionalProperties":{"type":"object","required":["rank","score","reason","breaker","budget","windows"],
"properties":{
"rank":{"type":["integer","null"],"description":"1 is asked first; null is not asked."},
"configured_rank":{"type":"integer"},
"score":{"type":["number","null"],"description":"0 to 100; null when too little was measured."},
"reason":{"type":"string","description":"Why it has this rank."},
"pinned":{"type":"boolean"},
"breaker":{"$ref":"#/components/schemas/Breaker"},
"budget":{"type":["object","null"],"properties":{
"limit":{"type":"integer"},
"period_s":{"type":"integer"},
"left":{"type":"integer"},
"left_batch":{"type":"integer","description":"Of these, for back-fills."},
"resets_at":{"type":["string","null"],"format":"date-time"}}},
"windows":{"type":"object","description":"1m, 5m, 1h, 24h.","additionalProperties":{"type":"object","properties":{
"calls":{"type":"integer"},
"success_rate":{"type":["number","null"]},
"p50_ms":{"type":["number","null"]},
"p95_ms":{"type":["number","null"]},
"p99_ms":{"type":["number","null"]},
"freshness_ms":{"type":["number","null"],"description":"Median age of the data in the answers."},
"violations":{"type":"integer"},
"gap_rate":{"type":["number","null"]},
"agreement":{"type":["number","null"],"description":"Share of comparisons with other providers that agreed."},
"outcomes":{"type":"object","additionalProperties":{"type":"integer"}}}}}}}}}})";

constexpr std::string_view kProviders = R"({
"type":"object",
"required":["providers"],
"properties":{
"providers":{"type":"array","items":{"$ref":"#/components/schemas/Provider"}}}})";

constexpr std::string_view kProviderHistory = R"({
"type":"object",
"required":["items","next_cursor"],
"properties":{
"items":{"type":"array","items":{"type":"object","required":["operation","minute","calls","failures"],
"properties":{
"operation":{"type":"string"},
"minute":{"type":"string","format":"date-time"},
"calls":{"type":"integer"},
"failures":{"type":"integer"},
"violations":{"type":"integer"},
"p50_ms":{"type":"number"},
"p95_ms":{"type":"number"},
"p99_ms":{"type":"number"},
"freshness_ms":{"type":["number","null"]},
"outcomes":{"type":"string","description":"`success:58,timeout:2`"}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kIncidents = R"({
"type":"object",
"required":["items","next_cursor"],
"properties":{
"items":{"type":"array","items":{"type":"object","required":["id","provider","operation","kind","severity","state","opened_at","reason"],
"properties":{
"id":{"type":"string","format":"uuid"},
"provider":{"type":"string"},
"operation":{"type":"string"},
"kind":{"type":"string"},
"severity":{"enum":["warning","critical"]},
"state":{"enum":["open","closed"]},
"opened_at":{"type":"string","format":"date-time"},
"closed_at":{"type":["string","null"],"format":"date-time"},
"reason":{"type":"string"},
"closing":{"type":"string","description":"Why it closed."}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kQuarantine = R"({
"type":"object",
"required":["items","next_cursor"],
"properties":{
"items":{"type":"array","items":{"type":"object","required":["id","ts","provider","operation","symbol","rule","detail"],
"properties":{
"id":{"type":"string","format":"uuid"},
"ts":{"type":"string","format":"date-time"},
"provider":{"type":"string"},
"operation":{"type":"string"},
"symbol":{"type":"string"},
"interval":{"type":["string","null"]},
"rule":{"type":"string","description":"The data contract that was broken."},
"row_count":{"type":"integer"},
"detail":{"type":"string"},
"sample":{"type":"string","description":"The first row that broke it."},
"correlation_id":{"type":"string"}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kPinIn = R"({
"type":"object",
"required":["provider"],
"additionalProperties":false,
"properties":{"provider":{"type":"string","minLength":1,"maxLength":64}}})";

constexpr std::string_view kPin = R"({
"type":"object",
"required":["operation","provider"],
"properties":{"operation":{"type":"string"},"provider":{"type":"string"}}})";

constexpr std::string_view kStrategies = R"({
"type":"object",
"required":["items","next_cursor"],
"properties":{
"items":{"type":"array","items":{"type":"object","required":["name","description","parameters"],
"properties":{
"name":{"type":"string"},
"description":{"type":"string"},
"parameters":{"type":"object","description":"A JSON Schema of the parameters."}}}},
"next_cursor":{"type":["string","null"]}}})";

constexpr std::string_view kHealth = R"({
"type":"object",
"required":["status","timestamp","version","uptime_s","exposure","checks"],
"properties":{
"status":{"type":"string","enum":["OK","WARNING","ERROR"]},
"timestamp":{"type":"string","format":"date-time"},
"version":{"type":"string"},
"uptime_s":{"type":"integer"},
"exposure":{"type":"string","description":"Who can reach this server and with which credential."},
"checks":{"type":"object","additionalProperties":{"type":"string","enum":["OK","WARNING","ERROR"]}}}})";

constexpr std::string_view kProbe = R"({
"type":"object",
"required":["status"],
"properties":{"status":{"type":"string"},"reason":{"type":"string"}}})";

}  // namespace

const std::vector<Schema>& schemas() {
  static const std::vector<Schema> kSchemas = {
      {"Problem", kProblem},
      {"Fallback", kFallback},
      {"Quote", kQuote},
      {"Quotes", kQuotes},
      {"Bar", kBar},
      {"Bars", kBars},
      {"MarketStatus", kMarketStatus},
      {"Calendar", kCalendar},
      {"Symbols", kSymbols},
      {"CorporateActions", kCorporateActions},
      {"Coverage", kCoverage},
      {"Breaker", kBreaker},
      {"Breakers", kBreakers},
      {"Provider", kProvider},
      {"Providers", kProviders},
      {"ProviderHistory", kProviderHistory},
      {"Incidents", kIncidents},
      {"Quarantine", kQuarantine},
      {"PinIn", kPinIn},
      {"Pin", kPin},
      {"Strategies", kStrategies},
      {"Health", kHealth},
      {"Probe", kProbe},
  };
  return kSchemas;
}

}  // namespace ziggy::api
