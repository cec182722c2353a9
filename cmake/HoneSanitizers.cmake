# HONE_SANITIZE: what is handed to -fsanitize=, e.g. "address,undefined" or "thread".
set(HONE_SANITIZE "" CACHE STRING "Sanitizers to build with; see CMakePresets.json")
if(HONE_SANITIZE)
  # vptr needs type information that libraries built without it (gRPC, protobuf) do not have.
  set(flags "-fsanitize=${HONE_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-O1> -g1 ${flags})
  add_link_options(${flags})
  if(HONE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=vptr)
  endif()
  add_compile_definitions(HONE_SANITIZE=1)
endif()
