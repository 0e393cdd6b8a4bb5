# The compiler and the flags that every target shares.
#
# g++ 12 miscompiles common co_await code: temporaries in an awaited expression are destroyed twice
# (docs/adr/0001-clang-19.md), so a build with it would crash at run time. It is refused here.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR
    "Ziggy does not build with g++ (found ${CMAKE_CXX_COMPILER_VERSION}): g++ 12 miscompiles co_await "
    "(double frees and hangs, see docs/adr/0001-clang-19.md). Configure with a preset, "
    "e.g. cmake --preset dev, which uses clang++-19.")
endif()
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "Ziggy builds with clang 19 or newer, found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(ZIGGY_CCACHE ccache)
if(ZIGGY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${ZIGGY_CCACHE})
endif()

set(ZIGGY_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, e.g. address,undefined")

add_library(ziggy_flags INTERFACE)
target_compile_options(ziggy_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wshorten-64-to-32 -Wunused -Wthread-safety -Werror
  # Batch and incremental indicators agree bit for bit only if nobody fuses a multiply and an add.
  -ffp-contract=off
  $<$<CONFIG:Debug>:-O1 -g1>
  $<$<CONFIG:Release>:-O2 -g1>)
target_compile_definitions(ziggy_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_options(ziggy_flags INTERFACE -fuse-ld=lld-19)
if(ZIGGY_SANITIZE)
  target_compile_options(ziggy_flags INTERFACE
    -fsanitize=${ZIGGY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ziggy_flags INTERFACE -fsanitize=${ZIGGY_SANITIZE})
  if(ZIGGY_FUZZ)
    target_compile_options(ziggy_flags INTERFACE -fsanitize=fuzzer-no-link)
  endif()
endif()
