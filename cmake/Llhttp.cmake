# llhttp, which reads HTTP/1, built statically as our own code is built (optimised, under the same sanitizers) but for the
# warnings. It is found as BoringSSL is:
#
#   1. -DLLHTTP_ROOT=DIR        an installed tree (include/llhttp.h, lib/libllhttp.a)
#   2. -DLLHTTP_SOURCE_DIR=DIR  a source tree that holds the generated C (include/, src/): a release of upstream's
#   3. the pinned release of upstream's git, or, where its host cannot be reached, the copy that an npm package carries
#
# What is fetched stays in CHAINMEND_DEPS_DIR. Afterwards: the target llhttp::llhttp.

include(GitCopy)
include(NpmCopy)

set(LLHTTP_ROOT "" CACHE PATH "An installed llhttp")
set(LLHTTP_SOURCE_DIR "" CACHE PATH "An llhttp source tree to build")
option(LLHTTP_OFFLINE "Do not try upstream's git, take the npm copy at once" ${BORINGSSL_OFFLINE})

set(_llhttp_url https://github.com/nodejs/llhttp.git)
set(_llhttp_commit f831650b4f693bc1b4a6fe08f1b8ae25196e9f6a) # the tag release/v9.4.2; git checks it by itself

# Sets ${out} to a source tree, and ${out_origin} to where it is from.
function(_llhttp_source out out_origin)
  if(LLHTTP_SOURCE_DIR)
    file(REAL_PATH ${LLHTTP_SOURCE_DIR} source)
    set(origin "built from ${source}")
  else()
    file(MAKE_DIRECTORY ${CHAINMEND_DEPS_DIR})
    file(LOCK ${CHAINMEND_DEPS_DIR}/lock GUARD FUNCTION TIMEOUT 1800)
    git_copy(llhttp ${_llhttp_url} ${_llhttp_commit} source)
    set(origin "upstream's ${_llhttp_commit}")
    if(NOT source)
      npm_copy(llhttp llhttp-npm source)
      set(origin "the copy in the npm package ${NPM_COPY_PACKAGE}")
    endif()
  endif()
  set(${out} ${source} PARENT_SCOPE)
  set(${out_origin} ${origin} PARENT_SCOPE)
endfunction()

# Sets ${out} to the version that a header tells.
function(_llhttp_version header out)
  set(version)
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${header} line REGEX "define LLHTTP_VERSION_${part} ")
    string(REGEX REPLACE ".*${part} +" "" number "${line}")
    list(APPEND version ${number})
  endforeach()
  list(JOIN version . version)
  set(${out} ${version} PARENT_SCOPE)
endfunction()

function(_llhttp_find)
  if(LLHTTP_ROOT)
    find_library(library NAMES libllhttp.a PATHS ${LLHTTP_ROOT}/lib ${LLHTTP_ROOT}/lib64 NO_DEFAULT_PATH NO_CACHE)
    set(folder ${LLHTTP_ROOT})
    set(origin "installed in ${LLHTTP_ROOT}")
    if(NOT library OR NOT EXISTS ${folder}/include/llhttp.h)
      message(FATAL_ERROR "llhttp: ${folder} lacks lib/libllhttp.a or include/llhttp.h")
    endif()
    add_library(llhttp::llhttp STATIC IMPORTED GLOBAL)
    set_target_properties(llhttp::llhttp PROPERTIES IMPORTED_LOCATION ${library}
      INTERFACE_INCLUDE_DIRECTORIES ${folder}/include)
  else()
    _llhttp_source(folder origin)
    set(sources ${folder}/src/api.c ${folder}/src/http.c ${folder}/src/llhttp.c)
    foreach(file IN LISTS sources ITEMS ${folder}/include/llhttp.h)
      if(NOT EXISTS ${file})
        message(FATAL_ERROR "llhttp: ${folder} lacks ${file}. Give a release of upstream's, which holds the generated C, "
          "as -DLLHTTP_SOURCE_DIR=")
      endif()
    endforeach()
    add_library(llhttp STATIC ${sources})
    chainmend_target(llhttp)
    target_compile_options(llhttp PRIVATE -w)
    target_include_directories(llhttp SYSTEM PUBLIC ${folder}/include)
    add_library(llhttp::llhttp ALIAS llhttp)
  endif()
  _llhttp_version(${folder}/include/llhttp.h version)
  if(NOT version MATCHES "^9\\.")
    message(FATAL_ERROR "llhttp: ${folder} holds version ${version}; 9 is wanted")
  endif()
  message(STATUS "llhttp: version ${version}, ${origin}")
endfunction()

_llhttp_find()
