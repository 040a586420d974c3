# Sources at a pinned commit of the git of those who write them.

set(_git_copy_seconds 120)

# git_copy(LIBRARY URL COMMIT OUT): sets ${OUT} to the source tree of COMMIT in CHAINMEND_DEPS_DIR, which is fetched where it
# is not there yet, or to "" where the host cannot be reached. git checks the commit's digest by itself.
function(git_copy library url commit out)
  string(TOLOWER ${library} name)
  set(source ${CHAINMEND_DEPS_DIR}/${name}-${commit})
  set(${out} "" PARENT_SCOPE)
  if(NOT EXISTS ${source}/CMakeLists.txt)
    # What an earlier build of this folder has fetched is kept, be upstream's host there again or not.
    string(TOUPPER ${library} option)
    if(${option}_OFFLINE OR EXISTS ${CHAINMEND_DEPS_DIR}/${name}-npm/CMakeLists.txt)
      return()
    endif()
    find_package(Git QUIET)
    if(NOT GIT_FOUND)
      return()
    endif()
    message(STATUS "${library}: fetching upstream's ${commit}")
    set(part ${source}.part)
    file(REMOVE_RECURSE ${part})
    file(MAKE_DIRECTORY ${part})
    foreach(step "init;--quiet" "fetch;--quiet;--depth;1;${url};${commit}" "checkout;--quiet;FETCH_HEAD")
      execute_process(COMMAND ${CMAKE_COMMAND} -E env GIT_TERMINAL_PROMPT=0 ${GIT_EXECUTABLE} ${step}
        WORKING_DIRECTORY ${part} RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET TIMEOUT ${_git_copy_seconds})
      if(NOT status EQUAL 0)
        file(REMOVE_RECURSE ${part})
        return()
      endif()
    endforeach()
    file(RENAME ${part} ${source})
  endif()
  set(${out} ${source} PARENT_SCOPE)
endfunction()
