# hone_version.h, in target hone_version: kVersion and kCommit ("unknown" outside a git checkout).
find_package(Git QUIET)
set(HONE_COMMIT "unknown")
if(GIT_FOUND AND EXISTS "${CMAKE_SOURCE_DIR}/.git")
  execute_process(COMMAND "${GIT_EXECUTABLE}" describe --always --dirty --abbrev=12
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" OUTPUT_VARIABLE described
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE result)
  if(result EQUAL 0)
    set(HONE_COMMIT "${described}")
  endif()
  # A new commit configures again.
  if(EXISTS "${CMAKE_SOURCE_DIR}/.git/logs/HEAD")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/.git/logs/HEAD")
  endif()
endif()
configure_file("${CMAKE_SOURCE_DIR}/cmake/hone_version.h.in"
               "${CMAKE_BINARY_DIR}/generated/hone_version.h")
add_library(hone_version INTERFACE)
target_include_directories(hone_version INTERFACE "${CMAKE_BINARY_DIR}/generated")
