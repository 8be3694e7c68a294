# LibTorch as the target residua_torch, made by hand from the PyPI wheel that scripts/setup unpacks. The wheel's own
# find_package(Torch) demands a CUDA toolkit and cuDNN; a program that links torch_cpu and c10 needs neither.

set(requirements "${PROJECT_SOURCE_DIR}/scripts/requirements-libtorch.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${requirements}")
file(SHA256 "${requirements}" key) # scripts/env.sh forms the folder's name in the same way
string(SUBSTRING "${key}" 0 12 key)

set(RESIDUA_TORCH_ROOT "" CACHE PATH "Folder that holds torch/ and nvidia/ from the wheels; empty: where scripts/setup put them")
set(torch_root "${RESIDUA_TORCH_ROOT}")
if(NOT torch_root)
  set(torch_root "${residua_cache}/libtorch-${key}")
endif()
set(torch_lib "${torch_root}/torch/lib")
set(torch_cuda_lib "${torch_root}/nvidia/cu13/lib")
if(NOT EXISTS "${torch_lib}/libtorch_cpu.so")
  message(FATAL_ERROR "No LibTorch in ${torch_root}: run scripts/setup, or configure with -DRESIDUA_PINN=OFF")
endif()

foreach(library torch_cpu c10)
  add_library(residua_${library} SHARED IMPORTED)
  set_target_properties(residua_${library} PROPERTIES IMPORTED_LOCATION "${torch_lib}/lib${library}.so")
  target_include_directories(residua_${library} SYSTEM INTERFACE
    "${torch_root}/torch/include" "${torch_root}/torch/include/torch/csrc/api/include")
endforeach()

# What a program with a GPU loads besides: c10_cuda and torch_cuda, which needs the further nvidia wheels at run time.
add_library(residua_torch_cuda INTERFACE)
target_link_libraries(residua_torch_cuda INTERFACE "${torch_lib}/libc10_cuda.so" "${torch_lib}/libtorch_cuda.so")

add_library(residua_torch INTERFACE)
target_link_libraries(residua_torch INTERFACE residua_torch_cpu residua_c10)
# libtorch_cpu refers to symbols of CUDA libraries which it finds by its own rpath when it starts.
target_link_options(residua_torch INTERFACE
  LINKER:--unresolved-symbols=ignore-in-shared-libs "LINKER:-rpath,${torch_lib}" "LINKER:-rpath,${torch_cuda_lib}"
  "LINKER:-rpath-link,${torch_cuda_lib}")
message(STATUS "LibTorch: ${torch_root}")
