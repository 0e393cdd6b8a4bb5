foreach(PART polygon_bars polygon_snapshot polygon_reference alpaca_bars alpaca_snapshot
    alpaca_actions)
  string(REGEX MATCH "^[a-z]+" VENDOR ${PART})
  string(REPLACE "${VENDOR}_" "" FILE ${PART})
  ziggy_fuzz(${PART} SOURCE ${CMAKE_CURRENT_SOURCE_DIR}/${VENDOR}/${FILE}.cpp LIBS ziggy_feed)
  target_include_directories(fuzz_${PART} PRIVATE ${CMAKE_SOURCE_DIR}/src/feed/src)
endforeach()
