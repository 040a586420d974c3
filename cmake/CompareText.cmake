# Whether a committed text is what the lists in the code make of it, run as a script by ctest:
#
#   cmake -D MADE=FILE -D COMMITTED=FILE -D BUILD=FOLDER -P CompareText.cmake
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${MADE} ${COMMITTED} RESULT_VARIABLE differs)
if(differs)
  execute_process(COMMAND diff -u ${COMMITTED} ${MADE})
  message(FATAL_ERROR "${COMMITTED} is not what the lists in the code say; to write it anew:\n"
    "  cmake --build ${BUILD} --target renew\n"
    "What stands in it between marks, or in a text that is made as a whole, is changed in the code.")
endif()
