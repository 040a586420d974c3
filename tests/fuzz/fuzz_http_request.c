/* Whatever the request: what goes on of it reads again as the same request, and says nothing that only chainmend may say. */
#include <stdlib.h>

#include "proxy/http/http_list.h"
#include "proxy/http/http_protocols.h"
#include "proxy/http/http_request.h"
#include "proxy/http/http_view.h"

enum { MAX_BYTES = 1 << 20, MAX_ADDED_FIELDS = 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool reads(const struct buffer *bytes, struct http_head *out)
{
	size_t at = 0;
	return http_head_end(buffer_bytes(bytes), &at) == bytes->len &&
	       http_request_read(buffer_bytes(bytes), out) == HTTP_RULE_NONE;
}

/* Only http_protocols_next's rest of Upgrade, and Connection that names it, go on of what is for one connection. */
static void look_at_field(const struct http_field *field, enum http_field_kind kind, bool tunnel, bool is_trusted)
{
	must(kind != HTTP_FIELD_PROXY && kind != HTTP_FIELD_OURS);
	if (kind == HTTP_FIELD_HOP)
		must(http_list_is(field->name, "transfer-encoding"));
	if (kind == HTTP_FIELD_CONNECTION)
		must(tunnel && http_list_is(field->value, "upgrade"));
	if (kind == HTTP_FIELD_UPGRADE)
		must(tunnel && !http_protocols_are_http(field->value));
	if (kind == HTTP_FIELD_X_FORWARDED)
		must(is_trusted);
	if (kind == HTTP_FIELD_X_FORWARDED_FOR && !is_trusted)
		must(http_list_is(field->value, "192.0.2.7"));
	if (kind == HTTP_FIELD_X_FORWARDED_PROTO && !is_trusted)
		must(http_list_is(field->value, "https"));
}

static void compare(const struct http_head *in, const struct http_request_facts *facts, const struct http_head *out,
		    bool is_trusted)
{
	static const struct http_policy tunnels = {.upgrade = true};
	struct http_request_facts again;
	struct http_view view;

	must(bytes_equal(in->method, out->method));
	must(out->version == HTTP_1_1 && (out->target.data[0] == '/' || out->target.data[0] == '*'));
	must(http_request_judge(out, &tunnels, &again) == HTTP_RULE_NONE);
	must(again.framing.kind == facts->framing.kind && again.framing.length == facts->framing.length);
	must(again.wants_upgrade == facts->wants_upgrade && again.expects_continue == facts->expects_continue);
	must(again.binds_login == facts->binds_login && again.accepts_json == facts->accepts_json);
	struct bytes host = http_request_host(in);
	if (host.len > 0)
		must(bytes_equal(host, http_request_host(out)));
	http_view_of(out, &view);
	for (size_t i = 0; i < out->num_fields; i++)
		look_at_field(&out->fields[i], out->fields[i].kind, facts->wants_upgrade, is_trusted);
}

/* The first byte: how the client is told, whether it is trusted, whether tunnels are made. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head in, out;
	struct http_request_facts facts;
	size_t at = 0;

	if (size == 0)
		return 0;
	struct bytes bytes = bytes_of(data + 1, size - 1);
	size_t len = http_head_end(bytes, &at);
	if (len == 0)
		return 0;
	const struct http_policy policy = {.forwarded = (enum http_forwarded)(data[0] & 3), .upgrade = data[0] & 4};
	const struct http_client client = {
	    .address = "192.0.2.7", .name = "asked.example", .port = 443, .is_trusted = (data[0] & 8) != 0};
	if (http_request_read(bytes_of(bytes.data, len), &in) != HTTP_RULE_NONE ||
	    http_request_judge(&in, &policy, &facts) != HTTP_RULE_NONE)
		return 0;
	struct buffer written;
	buffer_init(&written, MAX_BYTES);
	struct error error = http_request_write(&in, &facts, &policy, &client, &written);
	must(!failed(error) || len > MAX_BYTES / 4);
	if (!failed(error) && in.num_fields + MAX_ADDED_FIELDS <= HTTP_MAX_FIELDS) {
		must(reads(&written, &out));
		compare(&in, &facts, &out, client.is_trusted);
	}
	buffer_cleanup(&written);
	return 0;
}
