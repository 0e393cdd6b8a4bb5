# How long the program takes until it answers, and what it costs when nobody asks.
if(TARGET ziggy)
  ziggy_bench(startup
    SOURCES startup/main.cpp ${CMAKE_SOURCE_DIR}/apps/ziggy/cli/http_get.cpp
    LIBS ziggy_base)
  target_include_directories(bench_startup PRIVATE
    ${CMAKE_SOURCE_DIR}/tests/support ${CMAKE_SOURCE_DIR}/apps/ziggy)
  target_compile_definitions(bench_startup PRIVATE ZIGGY_PROGRAM="$<TARGET_FILE:ziggy>")
  add_dependencies(bench_startup ziggy)
  # The log's hot path: what a line of the access log costs the loop that writes it.
  ziggy_bench(log SOURCES startup/log.cpp LIBS ziggy_base)
endif()
