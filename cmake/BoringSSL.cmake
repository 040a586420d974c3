# BoringSSL, built statically in Release whatever our own build type is. It has no releases, so this file finds a source:
#
#   1. -DBORINGSSL_ROOT=DIR        an installed tree (include/openssl, lib/libssl.a, lib/libcrypto.a)
#   2. -DBORINGSSL_SOURCE_DIR=DIR  a source tree, upstream's or the npm copy's
#   3. the pinned commit of upstream's git, or, where its host cannot be reached, the copy that an npm package carries
#
# Keeps sources and libraries in CHAINMEND_DEPS_DIR, which all build folders of this checkout share.
# Afterwards: the targets boringssl::ssl and boringssl::crypto, and BORINGSSL_API_VERSION.

include(GitCopy)
include(NpmCopy)

set(BORINGSSL_ROOT "" CACHE PATH "An installed BoringSSL")
set(BORINGSSL_SOURCE_DIR "" CACHE PATH "A BoringSSL source tree to build")
set(CHAINMEND_DEPS_DIR ${CMAKE_SOURCE_DIR}/.deps CACHE PATH "Where fetched sources and built dependencies are kept")
option(BORINGSSL_STRIP_DEBUG "Link copies of its libraries without debug information" OFF)
option(BORINGSSL_OFFLINE "Do not try upstream's git, take the npm copy at once" OFF)

set(_upstream_url https://boringssl.googlesource.com/boringssl)
set(_upstream_commit a0689af29e8e460f1e5380e0fb74cef1b342e810) # 2026-08-21, API version 43; git checks it by itself

# A step that must succeed: its output goes to a log that the error names.
function(_boringssl_run log what)
  execute_process(COMMAND ${ARGN} OUTPUT_FILE ${log} ERROR_FILE ${log} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "BoringSSL: could not ${what} (status ${status}). The output is in ${log}")
  endif()
endfunction()

# Identifies the state of a given source tree: by its commit where git knows it, and by the public API's header, so
# that a tree that was updated is built again.
function(_boringssl_state source out)
  set(commit)
  find_package(Git QUIET)
  if(GIT_FOUND AND EXISTS ${source}/.git)
    execute_process(COMMAND ${GIT_EXECUTABLE} -C ${source} rev-parse HEAD OUTPUT_VARIABLE commit ERROR_QUIET)
  endif()
  set(header)
  foreach(folder include src/include)
    if(EXISTS ${source}/${folder}/openssl/base.h)
      file(SHA256 ${source}/${folder}/openssl/base.h header)
    endif()
  endforeach()
  set(${out} "${commit}${header}" PARENT_SCOPE)
endfunction()

# Builds `source` into an installed tree `root`, once; `key` names the build.
function(_boringssl_build source root)
  if(EXISTS ${root}/lib/libssl.a)
    return()
  endif()
  find_program(BORINGSSL_CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14)
  find_program(BORINGSSL_CLANGXX NAMES clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)
  set(compilers)
  if(BORINGSSL_CLANG AND BORINGSSL_CLANGXX)
    set(compilers -DCMAKE_C_COMPILER=${BORINGSSL_CLANG} -DCMAKE_CXX_COMPILER=${BORINGSSL_CLANGXX})
  else()
    message(STATUS "BoringSSL: no clang here, so the default compiler builds it (ECDSA is slower by a tenth)")
  endif()
  set(generator)
  find_program(NINJA_EXECUTABLE ninja)
  if(NINJA_EXECUTABLE)
    set(generator -G Ninja)
  endif()
  set(build ${root}.build)
  message(STATUS "BoringSSL: building ${source} (some minutes, once)")
  file(MAKE_DIRECTORY ${build} ${root}.part/lib)
  _boringssl_run(${build}/configure.log "configure ${source}"
    ${CMAKE_COMMAND} ${generator} -S ${source} -B ${build} ${compilers} -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_TESTING=OFF -DBUILD_SHARED_LIBS=OFF)
  cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
  _boringssl_run(${build}/build.log "build ${source}"
    ${CMAKE_COMMAND} --build ${build} --target crypto ssl --parallel ${cores})
  file(GLOB_RECURSE libraries ${build}/libssl.a ${build}/libcrypto.a)
  file(COPY ${libraries} DESTINATION ${root}.part/lib)
  if(EXISTS ${source}/include/openssl/base.h)
    file(COPY ${source}/include DESTINATION ${root}.part)
  else()
    file(COPY ${source}/src/include DESTINATION ${root}.part)
  endif()
  file(REMOVE_RECURSE ${root} ${build})
  file(RENAME ${root}.part ${root})
endfunction()

# Sets ${library} to a copy of the archive that it names, without debug information. valgrind 3.19 cannot read the DWARF 5 that
# clang writes for the assembly of some versions.
function(_boringssl_strip library)
  cmake_path(GET ${library} FILENAME name)
  set(stripped ${CMAKE_BINARY_DIR}/boringssl/${name})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/boringssl)
  _boringssl_run(${CMAKE_BINARY_DIR}/boringssl/strip.log "strip ${${library}}"
    ${CMAKE_OBJCOPY} --strip-debug ${${library}} ${stripped})
  set(${library} ${stripped} PARENT_SCOPE)
endfunction()

function(_boringssl_find)
  if(BORINGSSL_ROOT)
    set(root ${BORINGSSL_ROOT})
    set(origin "installed in ${root}")
  else()
    file(MAKE_DIRECTORY ${CHAINMEND_DEPS_DIR})
    file(LOCK ${CHAINMEND_DEPS_DIR}/lock GUARD FUNCTION TIMEOUT 1800)
    if(BORINGSSL_SOURCE_DIR)
      file(REAL_PATH ${BORINGSSL_SOURCE_DIR} source)
      if(NOT EXISTS ${source}/CMakeLists.txt)
        message(FATAL_ERROR "BoringSSL: ${source} is no source tree: it has no CMakeLists.txt. "
          "Give the top folder of BoringSSL's sources as -DBORINGSSL_SOURCE_DIR=")
      endif()
      _boringssl_state(${source} state)
      string(SHA256 id "${source}${state}")
      string(SUBSTRING ${id} 0 12 id)
      set(root ${CHAINMEND_DEPS_DIR}/boringssl-given-${id}.built)
      set(origin "built from ${source}")
    else()
      git_copy(BoringSSL ${_upstream_url} ${_upstream_commit} source)
      set(origin "upstream's ${_upstream_commit}")
      if(NOT source)
        npm_copy(BoringSSL boringssl-npm source)
        set(origin "the copy in the npm package ${NPM_COPY_PACKAGE}")
      endif()
      set(root ${source}.built)
    endif()
    _boringssl_build(${source} ${root})
  endif()

  find_library(ssl NAMES libssl.a PATHS ${root}/lib ${root}/lib64 ${root}/build NO_DEFAULT_PATH NO_CACHE)
  find_library(crypto NAMES libcrypto.a PATHS ${root}/lib ${root}/lib64 ${root}/build NO_DEFAULT_PATH NO_CACHE)
  if(NOT ssl OR NOT crypto OR NOT EXISTS ${root}/include/openssl/base.h)
    message(FATAL_ERROR "BoringSSL: ${root} lacks lib/libssl.a, lib/libcrypto.a or include/openssl/base.h")
  endif()
  file(STRINGS ${root}/include/openssl/base.h line REGEX "define BORINGSSL_API_VERSION")
  string(REGEX REPLACE ".*VERSION +" "" version "${line}")
  if(NOT version)
    message(FATAL_ERROR "BoringSSL: ${root} holds another TLS library: its base.h names no BORINGSSL_API_VERSION")
  endif()
  message(STATUS "BoringSSL: API version ${version}, ${origin}")

  if(BORINGSSL_STRIP_DEBUG)
    _boringssl_strip(ssl)
    _boringssl_strip(crypto)
  endif()
  add_library(boringssl::crypto STATIC IMPORTED GLOBAL)
  set_target_properties(boringssl::crypto PROPERTIES IMPORTED_LOCATION ${crypto}
    INTERFACE_INCLUDE_DIRECTORIES ${root}/include INTERFACE_LINK_LIBRARIES "stdc++;pthread")
  add_library(boringssl::ssl STATIC IMPORTED GLOBAL)
  set_target_properties(boringssl::ssl PROPERTIES IMPORTED_LOCATION ${ssl}
    INTERFACE_INCLUDE_DIRECTORIES ${root}/include INTERFACE_LINK_LIBRARIES boringssl::crypto)
  set(BORINGSSL_API_VERSION ${version} PARENT_SCOPE)
endfunction()

_boringssl_find()
