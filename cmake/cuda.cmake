# Sets RESIDUA_HAS_CUDA, and enables the CUDA language where a toolkit is found. Needs no GPU.

set(RESIDUA_HAS_CUDA OFF)
if(RESIDUA_CUDA) # AUTO counts as true
  find_program(RESIDUA_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin
    DOC "The CUDA compiler")
  if(RESIDUA_NVCC)
    set(RESIDUA_HAS_CUDA ON)
  elseif(NOT RESIDUA_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "RESIDUA_CUDA=${RESIDUA_CUDA}, but no nvcc on PATH, in CUDA_HOME or in /usr/local/cuda")
  endif()
endif()

if(RESIDUA_HAS_CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER "${RESIDUA_NVCC}")
  endif()
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 90) # machine code for sm_90, and PTX that later GPUs compile when they load it
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  add_compile_options($<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr> $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda>)
  # A test reads what ptxas says of spills.
  add_compile_options($<$<COMPILE_LANGUAGE:CUDA>:-Xptxas=-v>)
  list(PREPEND CMAKE_CUDA_COMPILER_LAUNCHER "${PROJECT_SOURCE_DIR}/cmake/ptxas_log")
  find_package(CUDAToolkit REQUIRED)
  message(STATUS "CUDA: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, architectures ${CMAKE_CUDA_ARCHITECTURES}")
else()
  message(STATUS "CUDA: off, CPU kernels only")
endif()
