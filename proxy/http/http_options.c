#include "proxy/http/http_options.h"

#include "proxy/http/http_list.h"

static void add(struct http_options *options, struct bytes name)
{
	if (http_field_kind(name) != HTTP_FIELD_PLAIN)
		return;
	if (options->num_names == HTTP_MAX_OPTIONS) {
		options->too_many = true;
		return;
	}
	options->names[options->num_names++] = name;
	options->bits |= http_field_bit(name);
}

void http_options_take(struct http_options *options, struct bytes value)
{
	struct bytes element;

	/* What nearly all clients say. */
	if (http_list_is(value, "keep-alive")) {
		options->keeps_alive = true;
		return;
	}
	while (http_list_next(&value, &element)) {
		struct bytes option = http_list_word(element, ";");
		if (http_list_is(option, "keep-alive"))
			options->keeps_alive = true;
		else if (http_list_is(option, "close"))
			options->closes = true;
		else if (http_list_is(option, "upgrade"))
			options->upgrades = true;
		else
			add(options, option);
	}
}

bool http_options_names(const struct http_options *options, struct bytes name)
{
	if ((options->bits & http_field_bit(name)) == 0)
		return false;
	for (size_t i = 0; i < options->num_names; i++)
		if (http_field_same(options->names[i], name))
			return true;
	return false;
}
