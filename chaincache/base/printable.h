/* printable - text from anywhere, made fit to be read: what moves a terminal's cursor, ends a line, turns the direction of
 * text or is no valid UTF-8 becomes \xNN, byte by byte.
 */
#ifndef CHAINCACHE_BASE_PRINTABLE_H
#define CHAINCACHE_BASE_PRINTABLE_H

#include "chaincache/base/bytes.h"

enum printable_kind {
	PRINTABLE_LINES, /* line feeds stay */
	PRINTABLE_LINE,
	PRINTABLE_ASCII, /* all but printable ASCII is escaped: names that are compared byte by byte */
};

#define PRINTABLE_ESCAPED_CHARS 4 /* of one byte */

/* printable_next returns the length of the first character of `text`, which is not empty; 1 for a byte that is no valid
 * UTF-8. *out_plain: it may be shown as it is. */
size_t printable_next(struct bytes text, enum printable_kind kind, bool *out_plain);

/* printable_copy writes the text into `out` and ends it by NUL. Returns how many of its bytes are in `out`: text.len, or less
 * where there was no room for a further character. It changes nothing that it has written itself. */
size_t printable_copy(struct bytes text, enum printable_kind kind, char *out, size_t out_size);

#endif
