/* header_line - the fields that a site sets in requests, or removes from them: `NAME: VALUE`, and `NAME`. Pure.
 *
 * What frames a message, belongs to one connection, or has a key of its own is refused: it is chainmend's to write.
 * The checks return NULL when the text is right, else a static clause that completes "VALUE: ...".
 */
#ifndef CONF_HEADER_LINE_H
#define CONF_HEADER_LINE_H

#include "chaincache/base/bytes.h"

const char *header_line_check(const char *text);
const char *header_name_check(const char *text);

/* header_line_split borrows name and value of a line that header_line_check takes. */
void header_line_split(const char *line, struct bytes *out_name, struct bytes *out_value);

#endif
