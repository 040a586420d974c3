# Sources that an npm package carries, for a host that cannot reach the git of those who write them. One tarball, fetched once
# and checked by its SHA-512, holds copies of BoringSSL and of llhttp.
#
# Whoever includes this sets CHAINMEND_DEPS_DIR and holds its lock.

set(NPM_COPY_PACKAGE couchbase@4.7.1)
set(_npm_copy_sha512
  295af2231b01639e6b7349351b671a9a7897557ff9e51894d53c1658dee3d9ee7a5f8daf9bbbd0ca791d3afea3908b662297a465cdc18d9721c341df7d7d2b3c)

# A copy's name in CHAINMEND_DEPS_DIR, and where its tree lies in the tarball: `*` is the folder of a checksum.
set(_npm_copy_names boringssl-npm llhttp-npm)
set(_npm_copy_boringssl-npm package/deps/couchbase-cxx-cache/boringssl/*/boringssl)
set(_npm_copy_llhttp-npm package/deps/couchbase-cxx-cache/llhttp/*/llhttp)

# Fetches the tarball into the folder `part`, and sets ${out} to its path.
function(_npm_copy_fetch library part out)
  find_program(NPM_EXECUTABLE npm)
  if(NOT NPM_EXECUTABLE)
    string(TOUPPER ${library} option)
    message(FATAL_ERROR "${library}: upstream's git cannot be reached and there is no npm to fetch the copy with. "
      "Install npm, or give -D${option}_SOURCE_DIR= or -D${option}_ROOT=")
  endif()
  message(STATUS "${library}: fetching the copy in the npm package ${NPM_COPY_PACKAGE}")
  execute_process(COMMAND ${NPM_EXECUTABLE} pack --loglevel error ${NPM_COPY_PACKAGE} WORKING_DIRECTORY ${part}
    RESULT_VARIABLE status OUTPUT_VARIABLE tarball ERROR_VARIABLE why TIMEOUT 300
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${library}: npm could not fetch ${NPM_COPY_PACKAGE}: ${why}")
  endif()
  file(SHA512 ${part}/${tarball} digest)
  if(NOT digest STREQUAL _npm_copy_sha512)
    message(FATAL_ERROR "${library}: ${tarball} has the SHA-512 ${digest}, and not ${_npm_copy_sha512}: not used")
  endif()
  set(${out} ${part}/${tarball} PARENT_SCOPE)
endfunction()

# npm_copy(LIBRARY NAME OUT): sets ${OUT} to the source tree NAME. Where it is not there yet, every copy that is missing is
# taken out of the tarball, so that it is fetched once.
function(npm_copy library name out)
  if(NOT EXISTS ${CHAINMEND_DEPS_DIR}/${name}/CMakeLists.txt)
    set(part ${CHAINMEND_DEPS_DIR}/npm-copy.part)
    file(REMOVE_RECURSE ${part})
    file(MAKE_DIRECTORY ${part})
    _npm_copy_fetch(${library} ${part} tarball)
    foreach(copy IN LISTS _npm_copy_names)
      if(NOT EXISTS ${CHAINMEND_DEPS_DIR}/${copy}/CMakeLists.txt)
        file(ARCHIVE_EXTRACT INPUT ${tarball} DESTINATION ${part} PATTERNS ${_npm_copy_${copy}}/*)
        file(GLOB tree ${part}/${_npm_copy_${copy}}/CMakeLists.txt)
        cmake_path(GET tree PARENT_PATH tree)
        file(REMOVE_RECURSE ${CHAINMEND_DEPS_DIR}/${copy})
        file(RENAME ${tree} ${CHAINMEND_DEPS_DIR}/${copy})
      endif()
    endforeach()
    file(REMOVE_RECURSE ${part})
  endif()
  set(${out} ${CHAINMEND_DEPS_DIR}/${name} PARENT_SCOPE)
endfunction()
