# The store on both engines by one suite, and the migrations, faults and kills of each.
add_executable(ziggy_store_component_tests
  store/bar_model_test.cpp
  store/bar_store_test.cpp
  store/fault_test.cpp
  store/kill_test.cpp
  store/migration_test.cpp
  store/repositories_test.cpp
  store/stores.cpp
  ${CMAKE_SOURCE_DIR}/tests/support/ziggy/testing/postgres_server.cpp)
target_include_directories(ziggy_store_component_tests PRIVATE
  store ${CMAKE_SOURCE_DIR}/src/store/src)
target_link_libraries(ziggy_store_component_tests PRIVATE
  ziggy_flags ziggy_store ziggy_testing SQLite::SQLite3 PostgreSQL::PostgreSQL)
# Two entries: one private PostgreSQL server each, and the kills can be run by themselves (./dev kill).
add_test(NAME component.store.both_engines
  COMMAND ziggy_store_component_tests --gtest_filter=-*Kill*)
add_test(NAME component.store.kill COMMAND ziggy_store_component_tests --gtest_filter=*Kill*)
set_tests_properties(component.store.both_engines component.store.kill PROPERTIES TIMEOUT 600)
