/* marked_text - a text with lists in it, each between two lines that are comments in its format:
 *
 *   <!-- made: NAME; where it is changed, and how this is made anew -->
 *   ... these lines are replaced by the list of that name (lists.h)
 *   <!-- made: end -->
 *
 * In a manual page such a line begins with .\" in place of <!--.
 */
#ifndef TOOLS_LISTS_MARKED_TEXT_H
#define TOOLS_LISTS_MARKED_TEXT_H

#include "chaincache/base/buffer.h"

/* marked_text_fill appends `text` with its lists as they are now; the marks stay. ERROR_FORMAT with the number of the
 * line as its code: a mark that names no list, a list without an end, or an end without a list. */
MUST_USE struct error marked_text_fill(struct bytes text, struct buffer *out);

#endif
