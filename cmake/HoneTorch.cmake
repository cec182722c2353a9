# LibTorch 2.11.0 from its PyPI wheel, as `./dev setup` unpacks it. HONE_TORCH_ROOT may point at
# another copy of that version, such as the torch folder of a Python installation.
set(HONE_TORCH_ROOT "${HONE_DEPS}/libtorch/torch" CACHE PATH "Folder with LibTorch's include/ and lib/")
if(NOT EXISTS "${HONE_TORCH_ROOT}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch is not in ${HONE_TORCH_ROOT}: run ./dev setup")
endif()

# A whole wheel also has old copies of protobuf's and fmt's headers that would shadow Debian's, so
# the compiler is shown a folder of links without them.
set(HONE_TORCH_INCLUDE "${CMAKE_BINARY_DIR}/torch-include")
file(MAKE_DIRECTORY "${HONE_TORCH_INCLUDE}")
foreach(dir ATen c10 torch caffe2)
  file(CREATE_LINK "${HONE_TORCH_ROOT}/include/${dir}" "${HONE_TORCH_INCLUDE}/${dir}" SYMBOLIC)
endforeach()

add_library(hone_torch_libs INTERFACE)
target_include_directories(hone_torch_libs SYSTEM INTERFACE
  "${HONE_TORCH_INCLUDE}" "${HONE_TORCH_ROOT}/include/torch/csrc/api/include")
target_link_libraries(hone_torch_libs INTERFACE
  "${HONE_TORCH_ROOT}/lib/libtorch_cpu.so" "${HONE_TORCH_ROOT}/lib/libc10.so")
target_link_options(hone_torch_libs INTERFACE
  "-Wl,-rpath,${HONE_TORCH_ROOT}/lib" "-Wl,--disable-new-dtags")

# One precompiled torch header for all: parsing it costs some 20 s a file otherwise.
file(CONFIGURE OUTPUT torch_pch.cc CONTENT "")
add_library(hone_torch_pch OBJECT "${CMAKE_CURRENT_BINARY_DIR}/torch_pch.cc")
target_link_libraries(hone_torch_pch PRIVATE hone_torch_libs)
target_precompile_headers(hone_torch_pch PRIVATE <torch/torch.h>)
