# Tools that make builds quick; each is optional and only speeds things up.
find_program(HONE_CCACHE ccache)
if(HONE_CCACHE)
  # What ccache must overlook so that it can serve files that use a precompiled header; and paths
  # taken relative, so that build folders and clones of the repository share results.
  set(launcher env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${HONE_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${launcher}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()

find_program(HONE_MOLD mold)
if(HONE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
