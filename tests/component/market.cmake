# Answers that two nodes share, against a Redis server of our own.
add_executable(ziggy_market_component_tests market/shared_answers_test.cpp)
target_include_directories(ziggy_market_component_tests PRIVATE
  ${CMAKE_SOURCE_DIR}/src/market/tests ${CMAKE_CURRENT_SOURCE_DIR}/resilience)
target_link_libraries(ziggy_market_component_tests PRIVATE
  ziggy_flags ziggy_market ziggy_testing)
add_test(NAME component.market.shared_answers COMMAND ziggy_market_component_tests)
set_tests_properties(component.market.shared_answers PROPERTIES TIMEOUT 120)
