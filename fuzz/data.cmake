ziggy_fuzz(csv SOURCE ${CMAKE_CURRENT_SOURCE_DIR}/csv.cpp LIBS ziggy_domain)
ziggy_fuzz(lean SOURCE ${CMAKE_CURRENT_SOURCE_DIR}/lean.cpp LIBS ziggy_domain)
