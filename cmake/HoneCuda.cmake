# The GPU variant: CUDA's compiler, and two libraries for the rooms that ask for them:
#   hone_cuda  the CUDA runtime (for a library with .cu files)
#   hone_nccl  NCCL from CUDA's toolkit
# Everything is compiled with HONE_CUDA defined; hone_torch_libs gains LibTorch's GPU part.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 90-virtual)
endif()
find_program(CMAKE_CUDA_COMPILER nvcc HINTS /usr/local/cuda/bin REQUIRED)
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know this compiler's flag
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
endif()
find_package(CUDAToolkit REQUIRED)
add_compile_definitions(HONE_CUDA=1)

add_library(hone_cuda INTERFACE)
target_include_directories(hone_cuda SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
target_link_libraries(hone_cuda INTERFACE CUDA::cudart)

find_path(HONE_NCCL_INCLUDE nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)
find_library(HONE_NCCL_LIBRARY nccl
  HINTS ${CUDAToolkit_LIBRARY_DIR} "${CUDAToolkit_LIBRARY_DIR}/../lib" REQUIRED)
add_library(hone_nccl INTERFACE)
target_include_directories(hone_nccl SYSTEM INTERFACE "${HONE_NCCL_INCLUDE}")
target_link_libraries(hone_nccl INTERFACE "${HONE_NCCL_LIBRARY}" hone_cuda)

if(HONE_TORCH)
  # The wheel's own copies of CUDA's libraries come first at run time.
  target_link_options(hone_cuda INTERFACE "-Wl,-rpath,${HONE_TORCH_ROOT}/../nvidia/cu13/lib")
  target_link_options(hone_nccl INTERFACE "-Wl,-rpath,${HONE_TORCH_ROOT}/../nvidia/nccl/lib")
  # What libtorch_cuda itself needs may be absent where the program is only built, so the linker
  # does not look for it; and no symbol refers to libtorch_cuda, so the linker is told to keep it.
  if(NOT EXISTS "${HONE_TORCH_ROOT}/lib/libtorch_cuda.so")
    message(FATAL_ERROR "LibTorch's GPU part is not in ${HONE_TORCH_ROOT}: run ./dev setup --cuda")
  endif()
  target_link_options(hone_torch_libs INTERFACE "-Wl,--allow-shlib-undefined")
  target_link_libraries(hone_torch_libs INTERFACE
    -Wl,--no-as-needed "${HONE_TORCH_ROOT}/lib/libtorch_cuda.so"
    "${HONE_TORCH_ROOT}/lib/libc10_cuda.so" -Wl,--as-needed hone_cuda)
endif()
