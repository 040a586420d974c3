# Texts that are made at build time from the lists in the code, by the program chainmend-lists (tools/lists):
#
#   chainmend_text(PATH LIST)       PATH is the list of this name
#   chainmend_filled_text(PATH)     PATH, with each list in it as it is now (tools/lists/marked_text.h)
#   chainmend_filled_text(PATH.in)  the same, of a template: PATH itself is not committed
#
# They are written to build/<preset>/texts/PATH, which is what is installed. Of those that are committed too, ctest compares
# the committed file with the made one, and the target renew writes it anew.
#
# The program runs on the machine that builds. Where that is not the machine that is built for, CMake runs it by
# CMAKE_CROSSCOMPILING_EMULATOR (of a toolchain file, say qemu-aarch64;-L;SYSROOT), which stands before each command that is a
# target of this build.
set(CHAINMEND_TEXTS_DIR ${CMAKE_BINARY_DIR}/texts)

function(_chainmend_made_text path depends)
  cmake_path(GET path PARENT_PATH folder)
  file(MAKE_DIRECTORY ${CHAINMEND_TEXTS_DIR}/${folder})
  add_custom_command(
    OUTPUT ${CHAINMEND_TEXTS_DIR}/${path}
    COMMAND chainmend-lists ${CHAINMEND_TEXTS_DIR}/${path} ${ARGN}
    DEPENDS chainmend-lists ${depends}
    COMMENT "Making ${path}"
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY CHAINMEND_TEXTS ${path})
endfunction()

function(_chainmend_committed_text path)
  set_property(GLOBAL APPEND PROPERTY CHAINMEND_COMMITTED_TEXTS ${path})
  if(CHAINMEND_TESTS)
    cmake_path(GET path FILENAME name)
    add_test(NAME text_${name}
      COMMAND ${CMAKE_COMMAND} -D MADE=${CHAINMEND_TEXTS_DIR}/${path} -D COMMITTED=${CMAKE_SOURCE_DIR}/${path}
        -D BUILD=${CMAKE_BINARY_DIR} -P ${CMAKE_SOURCE_DIR}/cmake/CompareText.cmake)
  endif()
endfunction()

function(chainmend_text path list)
  _chainmend_made_text(${path} "" ${list})
  _chainmend_committed_text(${path})
endfunction()

function(chainmend_filled_text path)
  string(REGEX REPLACE "\\.in$" "" made ${path})
  _chainmend_made_text(${made} ${CMAKE_SOURCE_DIR}/${path} --fill ${CMAKE_SOURCE_DIR}/${path})
  if(made STREQUAL path)
    _chainmend_committed_text(${path})
  endif()
endfunction()

# chainmend_texts(): the targets texts, of all that were named, and renew; called behind the last of them.
function(chainmend_texts)
  get_property(texts GLOBAL PROPERTY CHAINMEND_TEXTS)
  list(TRANSFORM texts PREPEND ${CHAINMEND_TEXTS_DIR}/)
  add_custom_target(texts ALL DEPENDS ${texts})

  get_property(committed GLOBAL PROPERTY CHAINMEND_COMMITTED_TEXTS)
  set(commands)
  foreach(path IN LISTS committed)
    list(APPEND commands COMMAND ${CMAKE_COMMAND} -E copy_if_different ${CHAINMEND_TEXTS_DIR}/${path}
      ${CMAKE_SOURCE_DIR}/${path})
  endforeach()
  add_custom_target(renew ${commands} COMMENT "Writing the committed texts anew" VERBATIM)
  add_dependencies(renew texts)
endfunction()
