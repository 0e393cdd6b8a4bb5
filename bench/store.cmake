# Import and scan of the store against what the engines' own interfaces do with rows.
ziggy_bench(store
  SOURCES
    store/main.cpp
    limits/copy_rows.cpp
    limits/sqlite_rows.cpp
    ${CMAKE_SOURCE_DIR}/tests/support/ziggy/testing/postgres_server.cpp
  LIBS ziggy_store SQLite::SQLite3 PostgreSQL::PostgreSQL)
target_include_directories(bench_store PRIVATE
  ${CMAKE_SOURCE_DIR}/tests/support ${CMAKE_SOURCE_DIR}/src/store/src ${CMAKE_CURRENT_LIST_DIR})
