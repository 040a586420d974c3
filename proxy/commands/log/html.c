#include "proxy/commands/log/html.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/base64.h>

#include "chaincache/base/printable.h"
#include "proxy/cli/output.h"

void html_init(struct html *html, size_t max_bytes)
{
	buffer_init(&html->buffer, max_bytes);
	html->error = error_none();
}

void html_cleanup(struct html *html)
{
	buffer_cleanup(&html->buffer);
}

static void append(struct html *html, const char *text, size_t len)
{
	if (!failed(html->error))
		html->error = buffer_append(&html->buffer, bytes_of(text, len));
}

void html_raw(struct html *html, const char *markup)
{
	append(html, markup, strlen(markup));
}

static const char *entity_of(char c)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (entities[i].c == c)
			return entities[i].entity;
	}
	return NULL;
}

void html_text(struct html *html, const char *text)
{
	size_t size = text != NULL ? PRINTABLE_ESCAPED_CHARS * strlen(text) + 1 : 1;
	char *clean = malloc(size);
	if (clean == NULL) {
		html->error = error_of(ERROR_MEMORY, 0, "write a page");
		return;
	}
	for (const char *at = output_clean(text != NULL ? text : "", clean, size); *at != '\0';) {
		size_t plain = strcspn(at, "&<>\"'");
		append(html, at, plain);
		at += plain;
		if (*at != '\0')
			html_raw(html, entity_of(*at++));
	}
	free(clean);
}

static void write_part(struct html *html, const char *text, size_t len)
{
	char *part = strndup(text, len);

	if (part == NULL)
		html->error = error_of(ERROR_MEMORY, 0, "write a page");
	else
		html_text(html, part);
	free(part);
}

void html_prose(struct html *html, const char *text)
{
	text = text != NULL ? text : "";
	const char *open = strchr(text, '`');
	const char *close = open != NULL ? strchr(open + 1, '`') : NULL;

	while (close != NULL) {
		write_part(html, text, (size_t)(open - text));
		html_raw(html, "<code>");
		write_part(html, open + 1, (size_t)(close - open - 1));
		html_raw(html, "</code>");
		text = close + 1;
		open = strchr(text, '`');
		close = open != NULL ? strchr(open + 1, '`') : NULL;
	}
	html_text(html, text);
}

void html_number(struct html *html, long long number)
{
	if (!failed(html->error))
		html->error = buffer_printf(&html->buffer, "%lld", number);
}

void html_element(struct html *html, const char *tag, const char *style, const char *text)
{
	html_raw(html, "<");
	html_raw(html, tag);
	if (style != NULL) {
		html_raw(html, " class=\"");
		html_raw(html, style);
		html_raw(html, "\"");
	}
	html_raw(html, ">");
	html_text(html, text);
	html_raw(html, "</");
	html_raw(html, tag);
	html_raw(html, ">");
}

void html_file(struct html *html, const char *name, struct bytes content)
{
	size_t size = 0;
	char *base64 = EVP_EncodedLength(&size, content.len) ? malloc(size) : NULL;
	if (base64 == NULL) {
		html->error = error_of(ERROR_MEMORY, 0, "write a page");
		return;
	}
	size_t len = EVP_EncodeBlock((uint8_t *)base64, content.data, content.len);
	html_raw(html, "<a class=\"file\" download=\"");
	html_text(html, name);
	html_raw(html, "\" href=\"data:application/x-pem-file;base64,");
	append(html, base64, len);
	html_raw(html, "\">");
	html_text(html, name);
	html_raw(html, "</a>");
	free(base64);
}
