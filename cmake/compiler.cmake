# Language level, build type, warnings, sanitizers and ccache, the same for every folder.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

# In the place of CMake's own default; flags that someone chose stay. Hot code asks for -O3 itself, elsewhere it would only
# take longer to compile.
if(CMAKE_CXX_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # the static kernels end up in the shared inference library
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)

# Our own code links this; what comes from others (generated, or found) does not.
add_library(residua_warnings INTERFACE)
target_compile_options(residua_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
    -Wextra-semi -Wundef -Wimplicit-fallthrough -Wvla>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wshadow --Wno-deprecated-gpu-targets>)
if(RESIDUA_WERROR)
  target_compile_options(residua_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Werror> $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings -Xcompiler=-Werror>)
endif()

if(RESIDUA_SANITIZE)
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=${RESIDUA_SANITIZE}>
    $<$<COMPILE_LANGUAGE:C,CXX>:-fno-omit-frame-pointer> $<$<COMPILE_LANGUAGE:C,CXX>:-fno-sanitize-recover=all>)
  add_link_options(-fsanitize=${RESIDUA_SANITIZE})
endif()
# For code that is made of small arrays which end up in registers: to watch the scope of each doubles its time to compile.
set(residua_scope_options)
if(RESIDUA_SANITIZE MATCHES "address")
  set(residua_scope_options $<$<COMPILE_LANGUAGE:C,CXX>:-fno-sanitize-address-use-after-scope>)
endif()
if(RESIDUA_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions($<$<COMPILE_LANGUAGE:C,CXX>:_GLIBCXX_ASSERTIONS>)
endif()

# The cache folder that scripts/setup fills.
if(DEFINED ENV{RESIDUA_CACHE})
  set(residua_cache "$ENV{RESIDUA_CACHE}")
else()
  set(residua_cache "$ENV{HOME}/.cache/residua")
endif()

# The launcher carries its settings, so that a plain `ninja` uses the same cache. Paths are hashed relative to the
# checkout: a fresh clone elsewhere hits what an earlier one compiled. The sloppiness is what precompiled headers need.
find_program(RESIDUA_CCACHE ccache DOC "ccache, if objects shall be cached across build folders")
if(RESIDUA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher "${CMAKE_COMMAND}" -E env "CCACHE_DIR=${residua_cache}/ccache" CCACHE_MAXSIZE=5G CCACHE_NOHASHDIR=1
    "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_SLOPPINESS=pch_defines,time_macros "${RESIDUA_CCACHE}")
  foreach(language C CXX CUDA)
    set(CMAKE_${language}_COMPILER_LAUNCHER ${launcher})
  endforeach()
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>) # without it ccache passes over precompiled headers
endif()
