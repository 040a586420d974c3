#include "tools/lists/list_text.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_PIECE = 2048 };

static void append(struct list_text *text, const char *bytes, size_t len)
{
	if (!failed(text->error))
		text->error = buffer_append(text->out, bytes_of(bytes, len));
}

void list_text_add(struct list_text *text, const char *format, ...)
{
	char piece[MAX_PIECE];
	va_list arguments;

	va_start(arguments, format);
	int len = vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len >= sizeof(piece))
		text->error = error_of(ERROR_LIMIT, 0, "a piece of a list is too long");
	else
		append(text, piece, (size_t)len);
}

void list_text_fold(struct list_text *text, const char *prefix, const char *words, size_t columns)
{
	size_t used = 0; /* of the present line; 0: it is not begun */

	for (words += strspn(words, " \n"); *words != '\0'; words += strspn(words, " \n")) {
		size_t len = strcspn(words, " \n");

		if (used > 0 && used + 1 + len > columns) {
			append(text, "\n", 1);
			used = 0;
		}
		if (used == 0) {
			append(text, prefix, strlen(prefix));
			used = strlen(prefix) + len;
		} else {
			append(text, " ", 1);
			used += 1 + len;
		}
		append(text, words, len);
		words += len;
	}
	append(text, "\n", 1);
}

/* Writes `words` with `escape` before each byte of `special`. */
static void append_escaped(struct list_text *text, const char *words, const char *special, const char *escape)
{
	for (; *words != '\0'; words++) {
		if (strchr(special, *words) != NULL)
			append(text, escape, strlen(escape));
		append(text, words, 1);
	}
}

void list_text_cell(struct list_text *text, const char *words)
{
	append(text, " ", 1);
	append_escaped(text, words, "|<*`", "\\");
	append(text, " |", 2);
}

/* In code a bar alone is escaped: it would end the cell all the same (GitHub Flavored Markdown 4.10). */
void list_text_code(struct list_text *text, const char *words)
{
	if (*words == '\0') {
		append(text, "  |", 3);
		return;
	}
	append(text, " `", 2);
	append_escaped(text, words, "|", "\\");
	append(text, "` |", 3);
}

void list_text_roff(struct list_text *text, const char *words)
{
	if (*words == '.' || *words == '\'')
		append(text, "\\&", 2);
	for (; *words != '\0'; words++) {
		if (*words == '\\')
			append(text, "\\e", 2);
		else if (*words == '"')
			append(text, "\\(dq", 4);
		else
			append(text, words, 1);
	}
}
