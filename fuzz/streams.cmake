ziggy_fuzz(msgpack SOURCE ${CMAKE_CURRENT_LIST_DIR}/streams/msgpack.cpp LIBS ziggy_net)
foreach(TARGET alpaca_stream polygon_stream)
  ziggy_fuzz(${TARGET} SOURCE ${CMAKE_CURRENT_LIST_DIR}/streams/${TARGET}.cpp LIBS ziggy_feed)
  # Parsers are not part of the room's public face.
  target_include_directories(fuzz_${TARGET} PRIVATE ${CMAKE_SOURCE_DIR}/src/feed/src)
endforeach()
