# Rooms: each folder with sources is a library, and sees the headers of the rooms that it names and of no others.
#
#   chainmend_room(
#     [MAY room...]        the rooms that it may include, by their folders; what their headers show comes along
#     SOURCES file...
#     [HEADERS file...]    headers that have no source of the same name
#     [PRIVATE file...]    headers that its own files alone may include
#     [LINK item...]       libraries from outside that its own headers show
#     [USES item...]       libraries from outside that only its sources use
#     [GNU])               its sources use what Linux has beyond POSIX
#
# The room is the folder of the CMakeLists.txt that calls it: chaincache/base is the target chaincache_base. A room's headers
# are seen through a view, a symbolic link under build/<preset>/rooms; the root of the repository is on no include path,
# so that a header of a room that is not named in MAY does not exist for the compiler. The view of a room with PRIVATE
# headers is a folder of links to the others; the room itself, and its own tests, link <room>_private and see all.
# scripts/rooms.py reads the same calls, and checks what the compiler cannot: that each room includes directly only what
# it may, and that there is no circle.

# chainmend_room_target(FOLDER OUT): the name of the target that a room's folder stands for.
function(chainmend_room_target folder out)
  string(REPLACE "/" "_" name ${folder})
  set(${out} ${name} PARENT_SCOPE)
endfunction()

# chainmend_view(FOLDER OUT): the include directory through which FOLDER (from the root), and nothing else, is seen.
function(chainmend_view folder out)
  chainmend_room_target(${folder} name)
  set(view ${CMAKE_BINARY_DIR}/rooms/${name})
  cmake_path(GET folder PARENT_PATH parent)
  file(MAKE_DIRECTORY ${view}/${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
  set(${out} ${view} PARENT_SCOPE)
endfunction()

# _chainmend_public_view(FOLDER OUT PRIVATE...): the same for all headers of FOLDER but the PRIVATE ones.
function(_chainmend_public_view folder out)
  chainmend_room_target(${folder} name)
  set(view ${CMAKE_BINARY_DIR}/rooms/${name}_public)
  file(GLOB headers RELATIVE ${CMAKE_SOURCE_DIR}/${folder} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.h)
  list(REMOVE_ITEM headers ${ARGN})
  file(REMOVE_RECURSE ${view})
  file(MAKE_DIRECTORY ${view}/${folder})
  foreach(header IN LISTS headers)
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder}/${header} ${view}/${folder}/${header} SYMBOLIC)
  endforeach()
  set(${out} ${view} PARENT_SCOPE)
endfunction()

# A header that no source of its room includes would be compiled elsewhere alone, by rooms that may include more.
function(_chainmend_compile_headers target folder)
  set(text "/* Each header of ${folder}, compiled with what its own room may include. */\n")
  foreach(header IN LISTS ARGN)
    string(APPEND text "#include \"${folder}/${header}\"\n")
  endforeach()
  set(file ${CMAKE_BINARY_DIR}/rooms/${target}_headers.c)
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
  target_sources(${target} PRIVATE ${file})
endfunction()

function(chainmend_room)
  cmake_parse_arguments(PARSE_ARGV 0 room "GNU" "" "MAY;SOURCES;HEADERS;PRIVATE;LINK;USES")
  if(room_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "chainmend_room: ${room_UNPARSED_ARGUMENTS}: neither MAY, SOURCES, HEADERS, PRIVATE, LINK, USES nor GNU")
  endif()
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE folder)
  chainmend_room_target(${folder} target)
  chainmend_view(${folder} view)

  add_library(${target} STATIC ${room_SOURCES})
  chainmend_target(${target})
  if(room_PRIVATE)
    _chainmend_public_view(${folder} public_view ${room_PRIVATE})
    target_include_directories(${target} PUBLIC ${public_view} PRIVATE ${view})
    add_library(${target}_private INTERFACE)
    target_include_directories(${target}_private INTERFACE ${view})
    target_link_libraries(${target}_private INTERFACE ${target} ${room_USES})
  else()
    target_include_directories(${target} PUBLIC ${view})
  endif()
  foreach(other IN LISTS room_MAY)
    chainmend_room_target(${other} other_target)
    target_link_libraries(${target} PUBLIC ${other_target})
  endforeach()
  target_link_libraries(${target} PUBLIC ${room_LINK} PRIVATE ${room_USES})
  if(room_GNU)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  endif()

  set(headers ${room_HEADERS} ${room_PRIVATE})
  foreach(source IN LISTS room_SOURCES)
    cmake_path(REPLACE_EXTENSION source LAST_ONLY .h OUTPUT_VARIABLE header)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${header})
      list(APPEND headers ${header})
    endif()
  endforeach()
  _chainmend_compile_headers(${target} ${folder} ${headers})
endfunction()
