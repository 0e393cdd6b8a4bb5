if(TARGET ziggy_config)
  ziggy_fuzz(config SOURCE ${CMAKE_CURRENT_LIST_DIR}/config.cpp LIBS ziggy_config)
endif()
