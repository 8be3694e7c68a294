# Installs the build into an empty prefix, and uses it as someone else's project would.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${work}")
run(${CMAKE_COMMAND} --install "${build}" --config "${config}" --prefix "${work}/prefix")

# Only the public headers, and none that needs another one.
file(GLOB_RECURSE headers RELATIVE "${work}/prefix/include" "${work}/prefix/include/*")
set(expected residua/kernels/core/error.hpp residua/stepper.hpp residua/surrogate.hpp residua/surrogates/card.hpp
  residua/surrogates/stepper.hpp residua/surrogates/surrogate.hpp residua/surrogates/trust.hpp)
if(cuda)
  list(APPEND expected residua/device_surrogate.hpp residua/surrogates/cuda/device_surrogate.hpp)
  list(SORT expected)
endif()
if(NOT headers STREQUAL expected)
  message(FATAL_ERROR "installed headers: expected ${expected}, found ${headers}")
endif()

# The prefix moves, to show that nothing in it holds its old path.
file(RENAME "${work}/prefix" "${work}/elsewhere")
file(COPY "${example}/" DESTINATION "${work}/example")
set(flags "")
if(sanitize)
  set(flags "-DCMAKE_CXX_FLAGS=-fsanitize=${sanitize}")
endif()
run(${CMAKE_COMMAND} -S "${work}/example" -B "${work}/build" -G "${generator}" "-DCMAKE_PREFIX_PATH=${work}/elsewhere"
  "-DCMAKE_CXX_COMPILER=${compiler}" "-DCMAKE_BUILD_TYPE=${config}" ${flags})
run(${CMAKE_COMMAND} --build "${work}/build")
foreach(physics kiln_wall leach_column)
  run("${make_surrogate}" ${physics} "${work}/${physics}.h5")
  run("${work}/build/control_loop" "${work}/${physics}.h5" "${work}/${physics}.csv")
  message("${output}")
  if(NOT output MATCHES "predict +1000 ")
    message(FATAL_ERROR "control_loop: expected a table of 1000 steps, found\n${output}")
  endif()
  file(STRINGS "${work}/${physics}.csv" lines)
  list(LENGTH lines count)
  if(count LESS 100)
    message(FATAL_ERROR "control_loop: expected a line for most steps, found ${count}")
  endif()
endforeach()

run("${make_surrogate}" kiln_wall_step "${work}/step.h5")
run("${work}/build/predictive_control" "${work}/step.h5" "${work}/step.csv")
if(NOT output MATCHES "60 steps of 10 min")
  message(FATAL_ERROR "predictive_control: expected 60 steps, found\n${output}")
endif()

# Its mistakes are one line on stderr and a status.
execute_process(COMMAND "${work}/build/control_loop" "${work}/example/CMakeLists.txt" "${work}/none.csv"
  RESULT_VARIABLE result ERROR_VARIABLE output)
if(NOT result EQUAL 1 OR NOT output MATCHES "not a Residua surrogate")
  message(FATAL_ERROR "expected status 1 and a message, found ${result} and ${output}")
endif()
