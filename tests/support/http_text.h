/* http_text - heads as a table of cases writes them: lines that end with LF alone. */
#ifndef TESTS_SUPPORT_HTTP_TEXT_H
#define TESTS_SUPPORT_HTTP_TEXT_H

#include "proxy/http/http_head.h"

#define HTTP_TEXT_MAX ((size_t)64 * 1024)

/* A head, and the bytes that it is a view of. */
struct http_text {
	char bytes[HTTP_TEXT_MAX];
	size_t len;
	struct http_head head;
};

/* http_text_request and http_text_answer put CR LF in place of LF, add the empty line, and read it; the rule that it breaks. */
enum http_rule http_text_request(struct http_text *text, const char *lines);
enum http_rule http_text_answer(struct http_text *text, const char *lines);

/* http_text_same fails the test unless the bytes are these lines with the empty one behind them. */
void http_text_same(struct bytes bytes, const char *lines, const char *what);

#endif
