#include "yahoo_symbols.hpp"

#include <gtest/gtest.h>

namespace ziggy::feed {
namespace {

struct Spelling {
  std::string_view canonical;
  std::string_view yahoo;
};

TEST(YahooSymbols, GoThereAndBack) {
  for (const auto& [canonical, yahoo] :
       std::initializer_list<Spelling>{{"AAPL", "AAPL"},
                                       {"BRK.B", "BRK-B"},
                                       {"BF.A", "BF-A"},
                                       {"BAC.PRL", "BAC-PL"},
                                       {"F.PRB", "F-PB"},
                                       {"BAC.PR", "BAC-P"},
                                       {"ACHR.WS", "ACHR-WT"},
                                       {"IPOD.U", "IPOD-UN"},
                                       {"AAC.RT", "AAC-RI"},
                                       {"VOD.L", "VOD.L"},
                                       {"SAP.F", "SAP.F"},
                                       {"SAP.DE", "SAP.DE"},
                                       {"6758.T", "6758.T"},
                                       {"ABC.V", "ABC.V"},
                                       {"SHOP.TO", "SHOP.TO"},
                                       {"BTC-USD", "BTC-USD"},
                                       {"ETH-BTC", "ETH-BTC"},
                                       {"^GSPC", "^GSPC"},
                                       {"EURUSD=X", "EURUSD=X"},
                                       {"GC=F", "GC=F"},
                                       {"CBBTC32994-USD", "CBBTC32994-USD"},
                                       {"0P0001P539", "0P0001P539"},
                                       {"AAPL220121C00025000", "AAPL220121C00025000"}}) {
    const auto symbol = Symbol::parse(canonical);
    ASSERT_TRUE(symbol) << canonical;
    EXPECT_EQ(to_yahoo(*symbol), yahoo);
    const auto back = from_yahoo(yahoo);
    ASSERT_TRUE(back) << yahoo;
    EXPECT_EQ(back->view(), canonical);
  }
}

TEST(YahooSymbols, TakeYahoosSpellingAsItIs) {
  // Who writes it Yahoo's way is understood; only the name in the answer is Ziggy's.
  EXPECT_EQ(to_yahoo(*Symbol::parse("BRK-B")), "BRK-B");
  EXPECT_EQ(to_yahoo(*Symbol::parse("brk.b")), "BRK-B");
  EXPECT_FALSE(from_yahoo(""));
  EXPECT_FALSE(from_yahoo("A B"));
  EXPECT_FALSE(from_yahoo("NAMES-THAT-ARE-FAR-TOO-LONG"));
}

}  // namespace
}  // namespace ziggy::feed
