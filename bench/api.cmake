# The program's answers against the least that could give the same ones.
if(TARGET ziggy)
  ziggy_bench(api
    SOURCES api/main.cpp http/load.cpp limits/canned_server.cpp limits/rows_as_json.cpp
      limits/sqlite_rows.cpp
    LIBS ziggy_domain SQLite::SQLite3 fmt::fmt)
  target_include_directories(bench_api PRIVATE
    ${CMAKE_SOURCE_DIR}/tests/support ${CMAKE_CURRENT_LIST_DIR})
  target_compile_definitions(bench_api PRIVATE ZIGGY_PROGRAM="$<TARGET_FILE:ziggy>")
  add_dependencies(bench_api ziggy)
endif()
