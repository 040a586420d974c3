#include "proxy/http/http_forwarded.h"

#include "proxy/http/http_guard.h"

static bool writes_x(const struct http_policy *policy)
{
	return policy->forwarded == HTTP_FORWARDED_X || policy->forwarded == HTTP_FORWARDED_BOTH;
}

static bool writes_rfc7239(const struct http_policy *policy)
{
	return policy->forwarded == HTTP_FORWARDED_RFC7239 || policy->forwarded == HTTP_FORWARDED_BOTH;
}

static bool is_owned(const struct http_policy *policy, enum http_field_kind kind)
{
	return (policy->own_kinds & 1u << kind) != 0;
}

bool http_forwarded_appends(const struct http_policy *policy, enum http_field_kind kind)
{
	return (kind == HTTP_FIELD_X_FORWARDED_FOR && writes_x(policy)) ||
	       (kind == HTTP_FIELD_FORWARDED && writes_rfc7239(policy));
}

static struct bytes address_of_client(const struct http_forwarding *forwarding)
{
	const char *address = forwarding->client->address;
	return bytes_of_string(address != NULL ? address : "");
}

/* Writes what a trusted proxy sent by that name, in the order of the fields; false: nothing. */
static bool write_kept(const struct http_forwarding *forwarding, enum http_field_kind kind, struct http_pen *pen)
{
	const struct http_head *head = forwarding->view->head;
	bool any = false;

	for (size_t i = 0; (forwarding->kept & 1u << kind) != 0 && i < head->num_fields; i++) {
		if (head->fields[i].kind != kind || head->fields[i].value.len == 0)
			continue;
		if (any)
			http_pen_text(pen, ", ");
		http_pen_bytes(pen, head->fields[i].value);
		any = true;
	}
	return any;
}

static void write_for(const struct http_forwarding *forwarding, struct http_pen *pen)
{
	struct bytes address = address_of_client(forwarding);

	if (address.len == 0 && (forwarding->kept & 1u << HTTP_FIELD_X_FORWARDED_FOR) == 0)
		return;
	http_pen_text(pen, "X-Forwarded-For: ");
	if (write_kept(forwarding, HTTP_FIELD_X_FORWARDED_FOR, pen) && address.len > 0)
		http_pen_text(pen, ", ");
	http_pen_bytes(pen, address);
	http_pen_text(pen, "\r\n");
}

static bool wants(const struct http_forwarding *forwarding, enum http_field_kind kind)
{
	return ((forwarding->kept | forwarding->policy->own_kinds) & 1u << kind) == 0;
}

static void write_x(const struct http_forwarding *forwarding, struct http_pen *pen)
{
	if (!is_owned(forwarding->policy, HTTP_FIELD_X_FORWARDED_FOR))
		write_for(forwarding, pen);
	if (wants(forwarding, HTTP_FIELD_X_FORWARDED_PROTO))
		http_pen_text(pen, "X-Forwarded-Proto: https\r\n");
	if (forwarding->host.len > 0 && wants(forwarding, HTTP_FIELD_X_FORWARDED_HOST))
		http_pen_field(pen, bytes_of_string("X-Forwarded-Host"), forwarding->host);
	if (forwarding->client->port != 0 && wants(forwarding, HTTP_FIELD_X_FORWARDED_PORT)) {
		http_pen_text(pen, "X-Forwarded-Port: ");
		http_pen_number(pen, forwarding->client->port);
		http_pen_text(pen, "\r\n");
	}
}

/* A node's address (RFC 7239 6): an IPv6 one in brackets, and with them in quotes. */
static void write_node(struct bytes address, struct http_pen *pen)
{
	bool is_ipv6 = memchr(address.data, ':', address.len) != NULL;

	http_pen_text(pen, is_ipv6 ? "for=\"[" : "for=");
	if (address.len == 0)
		http_pen_text(pen, "unknown");
	http_pen_bytes(pen, address);
	http_pen_text(pen, is_ipv6 ? "]\"" : "");
}

static void write_rfc7239(const struct http_forwarding *forwarding, struct http_pen *pen)
{
	http_pen_text(pen, "Forwarded: ");
	if (write_kept(forwarding, HTTP_FIELD_FORWARDED, pen))
		http_pen_text(pen, ", ");
	write_node(address_of_client(forwarding), pen);
	if (forwarding->host.len > 0) {
		bool is_token = http_guard_is_token(forwarding->host);
		http_pen_text(pen, is_token ? ";host=" : ";host=\"");
		http_pen_bytes(pen, forwarding->host);
		http_pen_text(pen, is_token ? "" : "\"");
	}
	http_pen_text(pen, ";proto=https\r\n");
}

void http_forwarded_write(const struct http_forwarding *forwarding, struct http_pen *pen)
{
	if (writes_x(forwarding->policy))
		write_x(forwarding, pen);
	if (writes_rfc7239(forwarding->policy) && !is_owned(forwarding->policy, HTTP_FIELD_FORWARDED))
		write_rfc7239(forwarding, pen);
}

size_t http_forwarded_most_bytes(const struct http_forwarding *forwarding)
{
	static const char all[] = "X-Forwarded-For: , \r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: \r\n"
				  "X-Forwarded-Port: 65535\r\n"
				  "Forwarded: , for=\"[]\"unknown;host=\"\";proto=https\r\n";

	return sizeof(all) + 2 * address_of_client(forwarding).len + 2 * forwarding->host.len;
}
