/* list_text - a text that grows in a buffer, in the forms in which lists are shown: lines, folded paragraphs, cells of
 * a Markdown table, and words of a manual page.
 *
 * After a failure nothing more is written, and `error` has the reason: callers look at it once, at the end.
 */
#ifndef TOOLS_LISTS_LIST_TEXT_H
#define TOOLS_LISTS_LIST_TEXT_H

#include "chaincache/base/buffer.h"

struct list_text {
	struct buffer *out;
	struct error error;
};

void list_text_add(struct list_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* list_text_fold writes `words` as lines of at most `columns` bytes, each behind `prefix`; blanks and line feeds are
 * where it may break, and a word that is longer than a line has one of its own. */
void list_text_fold(struct list_text *text, const char *prefix, const char *words, size_t columns);

/* list_text_cell writes `words` as one cell of a Markdown table and the bar behind it. */
void list_text_cell(struct list_text *text, const char *words);

/* list_text_code does so as code; "" is an empty cell. */
void list_text_code(struct list_text *text, const char *words);

/* list_text_roff writes `words` so that none of them is an escape or a request of roff (man(7)), quoted or not. */
void list_text_roff(struct list_text *text, const char *words);

#endif
