# The answers that nodes share, against a Redis server of our own.
add_executable(ziggy_resilience_component_tests resilience/shared_cache_test.cpp)
target_link_libraries(ziggy_resilience_component_tests PRIVATE
  ziggy_flags ziggy_resilience ziggy_testing)
add_test(NAME component.resilience.shared_cache COMMAND ziggy_resilience_component_tests)
set_tests_properties(component.resilience.shared_cache PROPERTIES TIMEOUT 120)
