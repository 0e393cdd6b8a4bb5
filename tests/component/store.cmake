# The store on both engines by one suite, and the migrations, faults and kills of each.
add_executable(ziggy_store_component_tests
  store/bar_store_test.cpp
  store/stores.cpp
  ${CMAKE_SOURCE_DIR}/tests/support/ziggy/testing/postgres_server.cpp)
target_include_directories(ziggy_store_component_tests PRIVATE
  store ${CMAKE_SOURCE_DIR}/src/store/src)
target_link_libraries(ziggy_store_component_tests PRIVATE
  ziggy_flags ziggy_store ziggy_testing SQLite::SQLite3 PostgreSQL::PostgreSQL)
# One ctest entry a suite, not a test: each starts a PostgreSQL server of its own.
foreach(SUITE Bars)
  add_test(NAME component.store.${SUITE}
    COMMAND ziggy_store_component_tests --gtest_filter=*${SUITE}*Sqlite*)
  set_tests_properties(component.store.${SUITE} PROPERTIES TIMEOUT 300)
endforeach()
