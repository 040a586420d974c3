#include "proxy/http/http_fields.h"

#include <strings.h>

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

size_t http_head_find(const struct http_head *head, const char *name, size_t from)
{
	size_t len = strlen(name);
	for (; from < head->num_fields; from++) {
		struct bytes spelt = head->fields[from].name;
		if (spelt.len == len && strncasecmp((const char *)spelt.data, name, len) == 0)
			return from;
	}
	return head->num_fields;
}

/* Takes the next element of a list off the front; commas in a quoted string are a part of it. */
static struct bytes next_element(struct bytes *list)
{
	bool is_quoted = false;
	size_t len = 0;
	for (; len < list->len && (is_quoted || list->data[len] != ','); len++) {
		if (is_quoted && list->data[len] == '\\' && len + 1 < list->len)
			len++;
		else if (list->data[len] == '"')
			is_quoted = !is_quoted;
	}
	struct bytes element = bytes_of(list->data, len);
	size_t taken = len < list->len ? len + 1 : len;
	*list = bytes_of(list->data + taken, list->len - taken);
	return element;
}

/* Whether an element is the token, with or without parameters. */
static bool is_named(struct bytes element, const char *token)
{
	size_t len = strlen(token);
	while (element.len > 0 && is_blank(element.data[0]))
		element = bytes_of(element.data + 1, element.len - 1);
	if (element.len < len || strncasecmp((const char *)element.data, token, len) != 0)
		return false;
	while (len < element.len && is_blank(element.data[len]))
		len++;
	return len == element.len || element.data[len] == ';';
}

bool http_head_has_token(const struct http_head *head, const char *name, const char *token)
{
	for (size_t i = http_head_find(head, name, 0); i < head->num_fields; i = http_head_find(head, name, i + 1)) {
		struct bytes list = head->fields[i].value;
		while (list.len > 0)
			if (is_named(next_element(&list), token))
				return true;
	}
	return false;
}

bool http_is_method(const struct http_head *head, const char *method)
{
	return bytes_equal(head->method, bytes_of_string(method));
}
