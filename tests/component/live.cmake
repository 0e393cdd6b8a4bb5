# Live feeds over real sockets: the vendors' own clients against stand-ins whose sockets are cut.
add_executable(ziggy_live_component_tests live/cut_test.cpp)
target_link_libraries(ziggy_live_component_tests PRIVATE
  ziggy_flags ziggy_market ziggy_standin ziggy_testing)
add_test(NAME component.live.cuts COMMAND ziggy_live_component_tests)
set_tests_properties(component.live.cuts PROPERTIES TIMEOUT 120)
