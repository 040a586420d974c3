/* html - builds a page from text that cannot be trusted: it is escaped, so that it stays text.
 *
 * The first error is kept in the page, and every call after it does nothing: the error is checked once, at the end.
 */
#ifndef PROXY_COMMANDS_LOG_HTML_H
#define PROXY_COMMANDS_LOG_HTML_H

#include "chaincache/base/buffer.h"

struct html {
	struct buffer buffer;
	struct error error;
};

void html_init(struct html *html, size_t max_bytes);
void html_cleanup(struct html *html);

/* html_raw appends markup of our own as it is. */
void html_raw(struct html *html, const char *markup);

/* html_text appends text with & < > " ' escaped, for content and for quoted attributes; control characters, changes of
 * direction and broken UTF-8 become '?'. NULL is "". */
void html_text(struct html *html, const char *text);
/* html_prose writes text in which `this` is a command or a key. */
void html_prose(struct html *html, const char *text);
void html_number(struct html *html, long long number);

/* html_element appends <tag class="style">text</tag>; `style` may be NULL. Both are ours. */
void html_element(struct html *html, const char *tag, const char *style, const char *text);

/* html_file appends a link that saves `content` under `name`, without a server: base64 in a data: address. */
void html_file(struct html *html, const char *name, struct bytes content);

#endif
