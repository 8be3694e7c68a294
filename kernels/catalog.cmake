# What is known of the physics without their kernels, which is all that inference needs. tests/fuzz, a project of its
# own, includes this as well.

find_package(fmt REQUIRED)
add_library(residua_catalog STATIC "${CMAKE_CURRENT_LIST_DIR}/catalog.cpp" "${CMAKE_CURRENT_LIST_DIR}/describe.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/isa.cpp")
target_include_directories(residua_catalog PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
target_link_libraries(residua_catalog PRIVATE residua_warnings residua_isas PUBLIC fmt::fmt mvec)
