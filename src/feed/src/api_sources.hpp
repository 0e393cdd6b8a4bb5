#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vendor_history.hpp"
#include "ziggy/feed/provider.hpp"

/// The sources of a provider over one object that does the asking: `Api` has bars, quote, quotes,
/// headlines and actions.
namespace ziggy::feed {

template <class Api>
class ApiBars final : public BarSource {
 public:
  /// `api` outlives the source.
  ApiBars(Api& api, Capability can) : api_{api}, can_{can} {}
  [[nodiscard]] Capability bars_capability() const override { return can_; }
  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) override {
    return api_.bars(request, call);
  }

 private:
  Api& api_;
  Capability can_;
};

template <class Api>
class ApiQuotes final : public QuoteSource {
 public:
  ApiQuotes(Api& api, Capability can) : api_{api}, can_{can} {}
  [[nodiscard]] Capability quotes_capability() const override { return can_; }
  net::Task<Result<Quote>> quote(Symbol symbol, Call call) override {
    return api_.quote(symbol, call);
  }
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    return api_.quotes(std::move(symbols), call);
  }

 private:
  Api& api_;
  Capability can_;
};

template <class Api>
class ApiCoins final : public CryptoSource {
 public:
  ApiCoins(Api& api, Capability can) : bars_{api, can}, quotes_{api, can} {}
  [[nodiscard]] Capability bars_capability() const override { return bars_.bars_capability(); }
  [[nodiscard]] Capability quotes_capability() const override {
    return quotes_.quotes_capability();
  }
  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) override {
    return bars_.bars(request, call);
  }
  net::Task<Result<Quote>> quote(Symbol symbol, Call call) override {
    return quotes_.quote(symbol, call);
  }
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    return quotes_.quotes(std::move(symbols), call);
  }

 private:
  ApiBars<Api> bars_;
  ApiQuotes<Api> quotes_;
};

template <class Api>
class ApiNews final : public NewsSource {
 public:
  explicit ApiNews(Api& api) : api_{api} {}
  net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range,
                                                     Call call) override {
    return api_.headlines(symbol, range, call);
  }

 private:
  Api& api_;
};

template <class Api>
class ApiActions final : public ActionSource {
 public:
  /// `vendor` for error messages, a literal.
  ApiActions(Api& api, std::string_view vendor) : api_{api}, vendor_{vendor} {}
  net::Task<Result<std::vector<CorporateAction>>> actions(Symbol symbol, Call call) override {
    auto said = co_await api_.actions(symbol, call);
    co_return what_is_known(std::move(said), vendor_, symbol);
  }

 private:
  Api& api_;
  std::string_view vendor_;
};

}  // namespace ziggy::feed
