foreach(PART chart quote search)
  ziggy_fuzz(yahoo_${PART} SOURCE ${CMAKE_CURRENT_SOURCE_DIR}/yahoo/${PART}.cpp LIBS ziggy_feed)
  target_include_directories(fuzz_yahoo_${PART} PRIVATE ${CMAKE_SOURCE_DIR}/src/feed/src)
endforeach()
