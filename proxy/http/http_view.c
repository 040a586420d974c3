#include "proxy/http/http_view.h"

void http_view_of(const struct http_head *head, struct http_view *out)
{
	out->head = head;
	out->num_bytes = 0;
	out->host = head->num_fields;
	out->num_hosts = 0;
	out->options.closes = out->options.keeps_alive = out->options.upgrades = out->options.too_many = false;
	out->options.num_names = 0;
	out->options.bits = 0;
	for (size_t i = 0; i < head->num_fields; i++) {
		const struct http_field *field = &head->fields[i];
		out->num_bytes += field->name.len + field->value.len + sizeof(": \r\n") - 1;
		if (field->kind == HTTP_FIELD_CONNECTION)
			http_options_take(&out->options, field->value);
		if (field->kind == HTTP_FIELD_HOST && out->num_hosts++ == 0)
			out->host = i;
	}
}

bool http_view_wants_upgrade(const struct http_view *view)
{
	return view->head->version == HTTP_1_1 && view->options.upgrades;
}

bool http_view_keeps_alive(const struct http_view *view)
{
	return !view->options.closes && (view->head->version == HTTP_1_1 || view->options.keeps_alive);
}
