# What choosing a vendor costs a request.
ziggy_bench(routing SOURCES routing/main.cpp LIBS ziggy_routing)
