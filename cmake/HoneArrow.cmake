# Arrow and Parquet from PyPI's pyarrow, as `./dev setup` unpacks its wheel. Without them everything
# else works, and Parquet files are refused with a message.
set(HONE_ARROW_ROOT "${HONE_DEPS}/arrow/pyarrow" CACHE PATH "Folder with libarrow, libparquet and include/")
set(HONE_ARROW_SOVERSION 2600)  # of the version in cmake/setup/arrow.txt
set(HONE_ARROW OFF)
if(EXISTS "${HONE_ARROW_ROOT}/libparquet.so.${HONE_ARROW_SOVERSION}")
  set(HONE_ARROW ON)
  add_library(hone_arrow_libs INTERFACE)
  target_include_directories(hone_arrow_libs SYSTEM INTERFACE "${HONE_ARROW_ROOT}/include")
  target_link_libraries(hone_arrow_libs INTERFACE
    "${HONE_ARROW_ROOT}/libparquet.so.${HONE_ARROW_SOVERSION}"
    "${HONE_ARROW_ROOT}/libarrow.so.${HONE_ARROW_SOVERSION}")
  target_link_options(hone_arrow_libs INTERFACE "-Wl,-rpath,${HONE_ARROW_ROOT}")
else()
  message(STATUS "Parquet files: no, Arrow is not in ${HONE_ARROW_ROOT} (./dev setup installs it)")
endif()
