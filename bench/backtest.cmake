# The engine and the sweep against plain loops that compute the same equity.
ziggy_bench(backtest
  SOURCES
    ${CMAKE_CURRENT_SOURCE_DIR}/backtest.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/limits/sma_cross_loop.cpp
  LIBS ziggy_backtest ziggy_lab)
target_include_directories(bench_backtest PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
