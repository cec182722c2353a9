# hone_library(NAME [TORCH] SOURCES … DEPS …): one static library per folder.
# TORCH marks the ones that include torch headers: they share one precompiled header.
function(hone_library name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  if(ARG_TORCH)
    target_link_libraries(${name} PUBLIC hone_torch_libs)
    target_precompile_headers(${name} REUSE_FROM hone_torch_pch)
  endif()
endfunction()

# hone_test(PATH [TORCH] [RPC] [DEPS …] [LABELS …] [TIMEOUT s]): tests/PATH_test.cc as one program
# and one ctest entry. The name is the path with slashes turned into dots. RPC marks a test that
# talks gRPC: under TSan it is left out, because Debian's gRPC is not instrumented and everything
# that passes through it from thread to thread would count as a race. RANKS 1 2 3 runs it under mpirun
# with each of these numbers of processes, PATH.np1 …; it is given a main (tests/cluster/ranks.h).
# GPUS 1 2 makes it a test of the GPU lane with each of these numbers, PATH.gpus1 …: alone, or under
# mpirun with a process for each GPU.
function(hone_test path)
  cmake_parse_arguments(ARG "TORCH;RPC" "TIMEOUT" "DEPS;LABELS;RANKS;GPUS" ${ARGN})
  if((ARG_RPC OR ARG_RANKS) AND HONE_SANITIZE MATCHES "thread")
    return()
  endif()
  string(REPLACE "/" "." name "${path}")
  set(target "test.${name}")
  add_executable(${target} "${CMAKE_SOURCE_DIR}/tests/${path}_test.cc")
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_compile_definitions(${target} PRIVATE HONE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} GTest::gmock $<IF:$<BOOL:${ARG_RANKS}>,GTest::gtest,GTest::gtest_main>)
  if(ARG_TORCH)
    target_link_libraries(${target} PRIVATE hone_torch_libs)
    target_precompile_headers(${target} REUSE_FROM hone_torch_pch)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set(names ${name})
  if(ARG_GPUS)
    foreach(gpus ${ARG_GPUS})
      set(command $<TARGET_FILE:${target}>)
      if(gpus GREATER 1)
        set(command mpirun --allow-run-as-root --oversubscribe --bind-to none -np ${gpus} ${command})
      endif()
      hone_gpu_test(${name}.gpus${gpus} GPUS ${gpus} TARGETS ${target} COMMAND ${command})
    endforeach()
    return()
  endif()
  if(ARG_RANKS)
    target_link_libraries(${target} PRIVATE hone_test_ranks)
    set(names "")
    foreach(ranks ${ARG_RANKS})
      list(APPEND names ${name}.np${ranks})
      add_test(NAME ${name}.np${ranks}
        COMMAND ${MPIEXEC_EXECUTABLE} --allow-run-as-root --oversubscribe --bind-to none -np ${ranks}
                $<TARGET_FILE:${target}>)
    endforeach()
  else()
    add_test(NAME ${name} COMMAND ${target})
  endif()
  set_tests_properties(${names} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

# hone_gpu_test(NAME GPUS n TARGETS … COMMAND …): a test of the GPU lane, which needs so many GPUs, and
# what it is built from. It is a ctest entry with the label gpu, and is written down in gpu-tests/NAME
# for tests/gpu/lane.py, which also runs a build folder that was moved to another machine: the number,
# the build folder, the source folder, and the words of the command, one a line.
add_custom_target(gpu_tests)
function(hone_gpu_test name)
  cmake_parse_arguments(ARG "" "GPUS" "TARGETS;COMMAND" ${ARGN})
  add_dependencies(gpu_tests ${ARG_TARGETS})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS gpu)
  list(JOIN ARG_COMMAND "\n" words)
  file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/gpu-tests/${name}"
    CONTENT "${ARG_GPUS}\n${CMAKE_BINARY_DIR}\n${CMAKE_SOURCE_DIR}\n${words}\n")
endfunction()
