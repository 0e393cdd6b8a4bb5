# What every test executable links: GoogleTest, rapidcheck and the folder of reference data, if any.
find_package(GTest REQUIRED)

add_library(ziggy_testing INTERFACE)
target_link_libraries(ziggy_testing INTERFACE GTest::gmock_main GTest::gtest rapidcheck)
target_include_directories(ziggy_testing INTERFACE ${CMAKE_SOURCE_DIR}/tests/support)
target_compile_definitions(ziggy_testing INTERFACE ZIGGY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
find_package(rapidcheck REQUIRED)
