foreach(TARGET http_target request_head websocket http_connection)
  ziggy_fuzz(${TARGET} SOURCE net/${TARGET}.cpp LIBS ziggy_net)
  # Parsers are not part of the room's public face.
  target_include_directories(fuzz_${TARGET} PRIVATE ${CMAKE_SOURCE_DIR}/src/net/src)
  target_link_libraries(fuzz_${TARGET} PRIVATE OpenSSL::Crypto)
endforeach()
