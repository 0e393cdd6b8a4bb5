# Run at build time: writes OUTPUT, a C++ file with every numbered SQL file below FOLDER, so that the
# program needs no folder beside it.
#   cmake -DFOLDER=migrations -DOUTPUT=embedded_migrations.cpp -P EmbedMigrations.cmake
set(CODE "// Written by cmake/EmbedMigrations.cmake from migrations/; do not edit.\n")
string(APPEND CODE "#include \"embedded_migrations.hpp\"\n\nnamespace ziggy::store {\n\n")
foreach(ENGINE sqlite postgresql)
  set(LIST "")
  file(GLOB FILES ${FOLDER}/${ENGINE}/*.sql)
  list(SORT FILES)
  foreach(FILE IN LISTS FILES)
    get_filename_component(NAME ${FILE} NAME_WE)
    if(NOT NAME MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
      message(FATAL_ERROR "${FILE}: a migration is called NNNN_what_it_does.sql")
    endif()
    set(TITLE ${CMAKE_MATCH_2})
    string(REGEX REPLACE "^0+" "" NUMBER ${CMAKE_MATCH_1})
    file(READ ${FILE} SQL)
    string(APPEND LIST "    {${NUMBER}, \"${TITLE}\", R\"sql(${SQL})sql\"},\n")
  endforeach()
  string(APPEND CODE "const std::vector<EmbeddedMigration>& ${ENGINE}_migrations() {\n"
    "  static const std::vector<EmbeddedMigration> kMigrations = {\n${LIST}  };\n  return kMigrations;\n}\n\n")
endforeach()
string(APPEND CODE "}  // namespace ziggy::store\n")
file(WRITE ${OUTPUT} "${CODE}")
