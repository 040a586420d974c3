#include "tests/support/http_text.h"

#include <string.h>

#include "tests/support/unit.h"

static void fill(struct http_text *text, const char *lines)
{
	text->len = 0;
	for (; *lines != '\0'; lines++) {
		assert_true(text->len + 4 < sizeof(text->bytes));
		if (*lines == '\n')
			text->bytes[text->len++] = '\r';
		text->bytes[text->len++] = *lines;
	}
	memcpy(text->bytes + text->len, "\r\n", 2);
	text->len += 2;
}

enum http_rule http_text_request(struct http_text *text, const char *lines)
{
	fill(text, lines);
	return http_request_read(bytes_of(text->bytes, text->len), &text->head);
}

enum http_rule http_text_answer(struct http_text *text, const char *lines)
{
	fill(text, lines);
	return http_answer_read(bytes_of(text->bytes, text->len), &text->head);
}

void http_text_same(struct bytes bytes, const char *lines, const char *what)
{
	static struct http_text wanted;

	fill(&wanted, lines);
	if (!bytes_equal(bytes, bytes_of(wanted.bytes, wanted.len)))
		fail_msg("%s\nis written as\n%.*s\nand not as\n%s", what, (int)bytes.len, (const char *)bytes.data,
			 lines);
}
