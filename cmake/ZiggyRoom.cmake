# Rooms: the layers of the house, refused by the build rather than by a reviewer.
#
# A room may use only rooms on lower floors, and only those it lists. CMake alone accepts cycles of
# static libraries, so the table below is the law and ziggy_room() checks every use against it.
set(ZIGGY_FLOORS
  base:0
  domain:1 net:1
  resilience:2 quant:2 matching:2 store:2 streams:2
  feed:3 backtest:3 auth:3 health:3 jobs:3
  routing:4 standin:4
  market:5 news:5
  broker:6 lab:6
  watch:7
  api:8)

function(ziggy_floor ROOM OUT)
  foreach(ENTRY IN LISTS ZIGGY_FLOORS)
    if(ENTRY MATCHES "^${ROOM}:([0-9]+)$")
      set(${OUT} ${CMAKE_MATCH_1} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${OUT} "" PARENT_SCOPE)
endfunction()

# ziggy_room(NAME
#   SOURCES files…       below the room's folder
#   ROOMS rooms…         used by the public headers or the sources
#   LIBS targets…        third party, hidden inside the room
#   PUBLIC_LIBS targets… third party that the public headers show
#   TESTS files…         unit and property tests, one executable ziggy_<room>_tests)
function(ziggy_room NAME)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;LIBS;PUBLIC_LIBS;TESTS" ${ARGN})
  if(ROOM_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "room ${NAME}: unknown arguments ${ROOM_UNPARSED_ARGUMENTS}")
  endif()
  ziggy_floor(${NAME} FLOOR)
  if(FLOOR STREQUAL "")
    message(FATAL_ERROR "room ${NAME} stands on no floor: add it to ZIGGY_FLOORS in cmake/ZiggyRoom.cmake")
  endif()
  foreach(USED IN LISTS ROOM_ROOMS)
    ziggy_floor(${USED} USED_FLOOR)
    if(USED_FLOOR STREQUAL "")
      message(FATAL_ERROR "room ${NAME} uses '${USED}', which is no room (misspelled?)")
    endif()
    if(NOT USED_FLOOR LESS FLOOR)
      message(FATAL_ERROR "room ${NAME} (floor ${FLOOR}) may not use ${USED} (floor ${USED_FLOOR}): "
        "arrows point down only")
    endif()
    if(NOT TARGET ziggy_${USED})
      message(FATAL_ERROR "room ${NAME} uses ${USED}, which is not laid out yet")
    endif()
  endforeach()

  add_library(ziggy_${NAME} STATIC ${ROOM_SOURCES})
  add_library(ziggy::${NAME} ALIAS ziggy_${NAME})
  target_include_directories(ziggy_${NAME}
    PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_ROOMS PREPEND ziggy_ OUTPUT_VARIABLE USED_TARGETS)
  target_link_libraries(ziggy_${NAME}
    PUBLIC ziggy_flags ${USED_TARGETS} ${ROOM_PUBLIC_LIBS}
    PRIVATE ${ROOM_LIBS})

  if(ROOM_TESTS)
    add_executable(ziggy_${NAME}_tests ${ROOM_TESTS})
    target_include_directories(ziggy_${NAME}_tests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
    target_link_libraries(ziggy_${NAME}_tests PRIVATE ziggy_${NAME} ziggy_testing)
    ziggy_discover_tests(ziggy_${NAME}_tests ${NAME})
  endif()
endfunction()

# Registers every test of a GoogleTest executable with ctest as <prefix>.<suite>.<test>.
function(ziggy_discover_tests TARGET PREFIX)
  # The module keeps its script's path in a variable of the folder that includes it; elsewhere, without
  # it, ctest would count the tests of one executable several times.
  include(GoogleTest)
  gtest_discover_tests(${TARGET} TEST_PREFIX "${PREFIX}." DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT 300 ${ARGN})
endfunction()
