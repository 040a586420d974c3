#include "proxy/http/http_accept.h"

#include "proxy/http/http_list.h"

/* What is known of a type: the weight, in thousandths, of the range that covers it best. */
struct preference {
	int range; /* 0: none, 1: any type, 2: all of its kind, 3: itself */
	unsigned weight;
};

static void prefer(struct preference *preference, int range, unsigned weight)
{
	if (range > preference->range || (range == preference->range && weight > preference->weight))
		*preference = (struct preference){range, weight};
}

/* Reads a qvalue (RFC 9110 12.4.2): "0.8" is 800. What is none counts as 1. */
static unsigned read_weight(struct bytes text)
{
	unsigned weight = 0;

	if (text.len == 0 || text.data[0] != '0')
		return 1000;
	for (size_t i = 2, unit = 100; i < text.len && i < 5; i++, unit /= 10) {
		if (text.data[i] < '0' || text.data[i] > '9')
			break;
		weight += (unsigned)(text.data[i] - '0') * (unsigned)unit;
	}
	return weight;
}

/* Finds "q=" among the parameters. */
static unsigned weight_of(struct bytes element)
{
	for (size_t i = 0; i + 1 < element.len; i++) {
		if (element.data[i] != ';')
			continue;
		size_t at = i + 1;
		while (at < element.len && (element.data[at] == ' ' || element.data[at] == '\t'))
			at++;
		if (at + 1 < element.len && (element.data[at] | 0x20) == 'q' && element.data[at + 1] == '=')
			return read_weight(http_list_word(bytes_of(element.data + at + 2, element.len - at - 2), ";"));
	}
	return 1000;
}

static bool is_json(struct bytes type)
{
	static const size_t suffix_len = sizeof("+json") - 1;

	return http_list_is(type, "application/json") ||
	       (type.len > suffix_len &&
		http_list_is(bytes_of(type.data + type.len - suffix_len, suffix_len), "+json"));
}

bool http_accept_prefers_json(struct bytes value)
{
	struct preference json = {0}, html = {0};
	struct bytes element;

	/* Most clients do not name it. */
	if (value.len == 0 ||
	    (memchr(value.data, 'j', value.len) == NULL && memchr(value.data, 'J', value.len) == NULL))
		return false;
	while (http_list_next(&value, &element)) {
		struct bytes type = http_list_word(element, ";");
		unsigned weight = weight_of(element);
		if (is_json(type))
			prefer(&json, 3, weight);
		else if (http_list_is(type, "text/html"))
			prefer(&html, 3, weight);
		else if (http_list_is(type, "text/*"))
			prefer(&html, 2, weight);
		else if (http_list_is(type, "*/*"))
			prefer(&html, 1, weight);
	}
	if (json.range == 0 || json.weight == 0)
		return false;
	return json.weight > html.weight || (json.weight == html.weight && html.range < 3);
}
