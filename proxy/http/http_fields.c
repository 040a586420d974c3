#include "proxy/http/http_fields.h"

#include <strings.h>

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

bool http_is_method(const struct http_head *head, const char *method)
{
	return bytes_equal(head->method, bytes_of_string(method));
}
