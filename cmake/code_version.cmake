# Writes a source file that says which code it is part of, and leaves one alone that says so already. To be run with each
# build, so that a commit is followed by one small compilation and not by a new configuration.
#
#   cmake -DSOURCE=<top of the checkout> -DVERSION=<version> -DTEMPLATE=<file.in> -DOUTPUT=<file> -P code_version.cmake

set(code_version "${VERSION}")
if(EXISTS "${SOURCE}/.git") # and not in a folder that only happens to lie inside of another repository
  # No locks: somebody may be at work in the same checkout.
  execute_process(COMMAND git --no-optional-locks describe --always --dirty --exclude=*
    WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(commit)
    string(APPEND code_version "+${commit}")
  endif()
endif()
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
