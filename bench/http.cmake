ziggy_bench(http
  SOURCES http/main.cpp http/load.cpp limits/canned_server.cpp
  LIBS ziggy_net)
