#include "proxy/http/http_list.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes trim(struct bytes text)
{
	while (text.len > 0 && is_blank(text.data[0]))
		text = bytes_of(text.data + 1, text.len - 1);
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static size_t element_len(struct bytes list)
{
	bool is_quoted = false;
	size_t len = 0;

	for (; len < list.len && (is_quoted || list.data[len] != ','); len++) {
		if (is_quoted && list.data[len] == '\\' && len + 1 < list.len)
			len++;
		else if (list.data[len] == '"')
			is_quoted = !is_quoted;
	}
	return len;
}

bool http_list_next(struct bytes *list, struct bytes *out_element)
{
	while (list->len > 0) {
		size_t len = element_len(*list);
		size_t taken = len < list->len ? len + 1 : len;
		*out_element = trim(bytes_of(list->data, len));
		*list = bytes_of(list->data + taken, list->len - taken);
		if (out_element->len > 0)
			return true;
	}
	return false;
}

struct bytes http_list_word(struct bytes element, const char *ends)
{
	size_t num_ends = strlen(ends); /* a NUL in the element is none of them */
	size_t len = 0;

	while (len < element.len && !is_blank(element.data[len]) && memchr(ends, element.data[len], num_ends) == NULL)
		len++;
	return bytes_of(element.data, len);
}

bool http_list_is(struct bytes text, const char *word)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		c = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		if (word[i] == '\0' || c != (uint8_t)word[i])
			return false;
	}
	return word[text.len] == '\0';
}
