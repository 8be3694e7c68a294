# Hot files are compiled once per instruction set, each in a namespace of that name (the definition RESIDUA_ISA), and
# active_isa() of kernels/fused.hpp picks one at run time.

set(RESIDUA_ISAS "baseline;avx2;avx512" CACHE STRING "Instruction sets to compile for: one is enough to develop with")
set(residua_isa_options_baseline "")
set(residua_isa_options_avx2 -mavx2 -mfma)
set(residua_isa_options_avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512)
set(residua_hot_options -fno-math-errno -fno-trapping-math -ffp-contract=fast)

if(NOT RESIDUA_ISAS)
  message(FATAL_ERROR "RESIDUA_ISAS is empty: expected some of baseline, avx2 and avx512")
endif()
foreach(isa IN LISTS RESIDUA_ISAS)
  if(NOT DEFINED residua_isa_options_${isa})
    message(FATAL_ERROR "RESIDUA_ISAS holds '${isa}': expected some of baseline, avx2 and avx512")
  endif()
endforeach()

# What includes kernels/isa.hpp links this: the definition RESIDUA_ISAS.
string(JOIN " " isas ${RESIDUA_ISAS})
add_library(residua_isas INTERFACE)
target_compile_definitions(residua_isas INTERFACE RESIDUA_ISAS="${isas}")

# residua_add_isa_objects(<name> <source>...)
#
# Makes an object library <name>_<isa> for each of RESIDUA_ISAS.
function(residua_add_isa_objects name)
  foreach(isa IN LISTS RESIDUA_ISAS)
    add_library(${name}_${isa} OBJECT ${ARGN})
    target_include_directories(${name}_${isa} PRIVATE "${PROJECT_SOURCE_DIR}")
    target_compile_definitions(${name}_${isa} PRIVATE RESIDUA_ISA=${isa})
    target_compile_options(${name}_${isa} PRIVATE ${residua_isa_options_${isa}} ${residua_hot_options})
    target_link_libraries(${name}_${isa} PRIVATE residua_warnings)
  endforeach()
endfunction()
