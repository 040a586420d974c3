# Writes files as arrays of bytes into a C header, run as a script at build time:
#
#   cmake -DOUT=page_files.h "-DFILES=page_html=/.../page.html;page_css=/.../page.css" -P Embed.cmake
set(text "/* Made from the files of the page: edit those. */\n#include <stdint.h>\n\n")
foreach(pair IN LISTS FILES)
  string(FIND "${pair}" "=" at)
  string(SUBSTRING "${pair}" 0 ${at} name)
  math(EXPR at "${at} + 1")
  string(SUBSTRING "${pair}" ${at} -1 path)
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "static const uint8_t ${name}[] = {${bytes}};\n")
endforeach()
file(WRITE "${OUT}" "${text}")
