# What a breaker adds to a call, and what a budget that processes share costs a request.
ziggy_bench(resilience SOURCES resilience/main.cpp LIBS ziggy_resilience)
target_include_directories(bench_resilience PRIVATE ${CMAKE_SOURCE_DIR}/tests/support)
