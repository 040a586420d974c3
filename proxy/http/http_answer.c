#include "proxy/http/http_answer.h"

#include "proxy/http/http_pen.h"
#include "proxy/http/http_protocols.h"
#include "proxy/http/http_view.h"

enum { SWITCHING_PROTOCOLS = 101, NO_CONTENT = 204, UPGRADE_REQUIRED = 426 };

/* What a client of HTTP/1.0 gets ends with its connection; one of HTTP/1.1 keeps it where the backend does not. */
static enum http_body_kind kind_for(enum http_version client, enum http_body_kind kind)
{
	if (client == HTTP_1_0 && kind == HTTP_BODY_CHUNKED)
		return HTTP_BODY_UNTIL_CLOSE;
	if (client == HTTP_1_1 && kind == HTTP_BODY_UNTIL_CLOSE)
		return HTTP_BODY_CHUNKED;
	return kind;
}

static bool binds_login(const struct http_view *view)
{
	for (size_t i = 0; i < view->head->num_fields; i++)
		if (view->head->fields[i].kind == HTTP_FIELD_LOGIN && http_login_binds(view->head->fields[i].value))
			return true;
	return false;
}

/* Says whether Upgrade names a protocol for a tunnel, and none of HTTP itself, which would go by unread. */
static bool names_tunnel(const struct http_view *view)
{
	bool any = false;
	struct bytes protocol;

	for (size_t i = 0; i < view->head->num_fields; i++) {
		struct bytes value = view->head->fields[i].value;

		if (view->head->fields[i].kind != HTTP_FIELD_UPGRADE)
			continue;
		if (http_protocols_are_http(value))
			return false;
		any = any || http_protocols_next(&value, &protocol);
	}
	return any;
}

enum http_rule http_answer_judge(const struct http_head *head, const struct http_request_facts *request,
				 struct http_answer_facts *out)
{
	struct http_view view;

	http_view_of(head, &view);
	*out = (struct http_answer_facts){
	    .status = head->status,
	    .is_interim = head->status < 200 && head->status != SWITCHING_PROTOCOLS,
	    .switches = head->status == SWITCHING_PROTOCOLS,
	    .binds_login = binds_login(&view),
	};
	enum http_rule rule = http_answer_framing(head, request->is_head, &out->framing);
	if (rule != HTTP_RULE_NONE)
		return rule;
	if (view.options.too_many)
		return HTTP_RULE_TOO_MANY_OPTIONS;
	if (out->switches && (!request->wants_upgrade || !names_tunnel(&view)))
		return HTTP_RULE_SWITCHED_UNASKED;
	out->kind_out = kind_for(request->version, out->framing.kind);
	out->keeps_alive = http_view_keeps_alive(&view) && !out->switches && out->framing.kind != HTTP_BODY_UNTIL_CLOSE;
	return HTTP_RULE_NONE;
}

/* An answer on its way into a buffer. */
struct writing {
	struct http_pen pen;
	const struct http_view *view;
	const struct http_answer_facts *facts;
	bool passes_upgrade;
};

/* The answers to HEAD, and 304, have the length of what they stand for; 1xx and 204 none (RFC 9110 8.6). */
static void write_length(struct writing *writing, struct bytes name)
{
	const struct http_answer_facts *facts = writing->facts;
	bool declares = facts->kind_out == HTTP_BODY_NONE && facts->status >= 200 && facts->status != NO_CONTENT;

	if (facts->kind_out != HTTP_BODY_LENGTH && !declares)
		return;
	http_pen_bytes(&writing->pen, name);
	http_pen_text(&writing->pen, ": ");
	http_pen_number(&writing->pen, facts->framing.length);
	http_pen_text(&writing->pen, "\r\n");
}

static void write_field(struct writing *writing, size_t index)
{
	const struct http_field *field = &writing->view->head->fields[index];

	switch (field->kind) {
	case HTTP_FIELD_CONNECTION:
	case HTTP_FIELD_HOP:
		return;
	case HTTP_FIELD_UPGRADE:
		if (!writing->passes_upgrade)
			return;
		break;
	case HTTP_FIELD_LENGTH:
		write_length(writing, field->name);
		return;
	case HTTP_FIELD_PLAIN:
		if (writing->view->options.num_names > 0 && http_options_names(&writing->view->options, field->name))
			return;
		break;
	default:
		break;
	}
	http_pen_field(&writing->pen, field->name, field->value);
}

static const char *connection_line(const struct writing *writing, const struct http_request_facts *request,
				   bool keeps_alive)
{
	if (writing->facts->is_interim)
		return "";
	if (writing->facts->switches)
		return "Connection: upgrade\r\n";
	if (!keeps_alive || writing->facts->kind_out == HTTP_BODY_UNTIL_CLOSE)
		return writing->passes_upgrade ? "Connection: upgrade, close\r\n" : "Connection: close\r\n";
	if (writing->passes_upgrade)
		return "Connection: upgrade\r\n";
	return request->version == HTTP_1_0 ? "Connection: keep-alive\r\n" : "";
}

/* The status line, the framing, the longest connection_line, and a length in place of one that came shorter. */
static size_t most_bytes(const struct http_view *view)
{
	static const char all[] = "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nConnection: upgrade, close\r\n\r\n";

	return sizeof(all) + HTTP_PEN_MAX_NUMBER + view->head->reason.len + view->num_bytes;
}

/* 426 has to say what to upgrade to (RFC 9110 15.5.22). Others that offer an upgrade are to be kept from clients: chainmend
 * would not pass on what they ask for then (h2c). */
static bool passes_upgrade(const struct http_view *view, const struct http_policy *policy)
{
	return view->head->status == SWITCHING_PROTOCOLS ||
	       (view->head->status == UPGRADE_REQUIRED && policy->upgrade && names_tunnel(view));
}

struct error http_answer_write(const struct http_head *head, const struct http_answer_facts *facts,
			       const struct http_request_facts *request, const struct http_policy *policy,
			       bool keeps_alive, struct buffer *out)
{
	struct http_view view;

	http_view_of(head, &view);
	struct writing writing = {.view = &view, .facts = facts, .passes_upgrade = passes_upgrade(&view, policy)};
	struct http_pen *pen = &writing.pen;
	struct error error = http_pen_open(pen, out, most_bytes(&view));
	if (failed(error))
		return error;
	http_pen_text(pen, "HTTP/1.1 ");
	http_pen_number(pen, head->status);
	http_pen_text(pen, " ");
	http_pen_bytes(pen, head->reason);
	http_pen_text(pen, "\r\n");
	for (size_t i = 0; i < head->num_fields; i++)
		write_field(&writing, i);
	if (facts->kind_out == HTTP_BODY_CHUNKED)
		http_pen_text(pen, "Transfer-Encoding: chunked\r\n");
	http_pen_text(pen, connection_line(&writing, request, keeps_alive));
	http_pen_text(pen, "\r\n");
	http_pen_close(pen, out);
	return error_none();
}
