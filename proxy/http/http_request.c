#include "proxy/http/http_request.h"

#include "proxy/http/http_accept.h"
#include "proxy/http/http_forwarded.h"
#include "proxy/http/http_guard.h"
#include "proxy/http/http_list.h"
#include "proxy/http/http_pen.h"
#include "proxy/http/http_protocols.h"
#include "proxy/http/http_view.h"

/* Methods that may be sent again (RFC 9110 9.2.2, and the registry's for WebDAV). */
static bool is_idempotent(struct bytes method)
{
	static const char *const methods[] = {"GET",    "HEAD",     "OPTIONS", "TRACE", "PUT",
					      "DELETE", "PROPFIND", "REPORT",  "SEARCH"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (bytes_equal(method, bytes_of_string(methods[i])))
			return true;
	return false;
}

static bool begins(struct bytes text, const char *with)
{
	size_t len = strlen(with);
	return text.len >= len && memcmp(text.data, with, len) == 0;
}

/* The scheme's end in the absolute form; 0 for the other forms. */
static size_t scheme_len(struct bytes target)
{
	if (target.len == 0 || target.data[0] == '/')
		return 0;
	for (size_t i = 0; i + 2 < target.len; i++)
		if (memcmp(target.data + i, "://", 3) == 0)
			return i;
	return 0;
}

static bool is_http_scheme(struct bytes scheme)
{
	return http_list_is(scheme, "http") || http_list_is(scheme, "https");
}

/* The authority of the absolute form; empty for the other forms. *out_rest is what follows it, or the whole target. */
static struct bytes authority(struct bytes target, struct bytes *out_rest)
{
	size_t scheme = scheme_len(target);
	size_t end = scheme + 3;

	*out_rest = target;
	if (scheme == 0)
		return bytes_of(NULL, 0);
	while (end < target.len && target.data[end] != '/' && target.data[end] != '?')
		end++;
	*out_rest = bytes_of(target.data + end, target.len - end);
	return bytes_of(target.data + scheme + 3, end - scheme - 3);
}

struct bytes http_request_host(const struct http_head *head)
{
	struct bytes rest;
	struct bytes host = authority(head->target, &rest);
	if (host.len > 0)
		return host;
	size_t at = http_head_find(head, "Host", 0);
	return at < head->num_fields ? head->fields[at].value : bytes_of(NULL, 0);
}

/* What was found in the fields of a request. */
struct findings {
	struct http_view view;
	bool is_odd_expectation;
	bool expects_continue;
	bool wants_tunnel; /* Upgrade has a protocol that a tunnel may be for */
	bool binds_login;
	bool accepts_json;
};

static void note_expectation(struct findings *findings, struct bytes value)
{
	struct bytes element;

	while (http_list_next(&value, &element)) {
		if (http_list_is(element, "100-continue"))
			findings->expects_continue = true;
		else
			findings->is_odd_expectation = true;
	}
}

static void look_into(struct findings *findings)
{
	const struct http_head *head = findings->view.head;
	struct bytes protocol;

	for (size_t i = 0; i < head->num_fields; i++) {
		struct bytes value = head->fields[i].value;

		switch (head->fields[i].kind) {
		case HTTP_FIELD_EXPECT:
			note_expectation(findings, value);
			break;
		case HTTP_FIELD_UPGRADE:
			findings->wants_tunnel = findings->wants_tunnel || http_protocols_next(&value, &protocol);
			break;
		case HTTP_FIELD_LOGIN:
			findings->binds_login = findings->binds_login || http_login_binds(value);
			break;
		case HTTP_FIELD_ACCEPT:
			findings->accepts_json = findings->accepts_json || http_accept_prefers_json(value);
			break;
		default:
			break;
		}
	}
}

static enum http_rule judge_host(const struct http_view *view)
{
	const struct http_head *head = view->head;
	size_t scheme = scheme_len(head->target);

	if (scheme > 0 && !is_http_scheme(bytes_of(head->target.data, scheme)))
		return HTTP_RULE_TARGET;
	if (view->num_hosts > 1)
		return HTTP_RULE_HOST_TWICE;
	if (view->num_hosts == 0)
		return head->version == HTTP_1_1 ? HTTP_RULE_HOST_MISSING : HTTP_RULE_NONE;
	return http_guard_is_host(head->fields[view->host].value) ? HTTP_RULE_NONE : HTTP_RULE_HOST_BAD;
}

static enum http_rule judge_extras(const struct findings *findings, const struct http_policy *policy,
				   const struct http_request_facts *facts)
{
	if (http_is_method(findings->view.head, "CONNECT"))
		return HTTP_RULE_CONNECT;
	if (findings->view.options.too_many)
		return HTTP_RULE_TOO_MANY_OPTIONS;
	if (findings->is_odd_expectation)
		return HTTP_RULE_EXPECTATION;
	if (facts->wants_upgrade && http_framing_has_content(facts->framing))
		return HTTP_RULE_UPGRADE_WITH_BODY;
	if (policy->max_body_bytes > 0 && facts->framing.kind == HTTP_BODY_LENGTH &&
	    facts->framing.length > policy->max_body_bytes)
		return HTTP_RULE_BODY_TOO_LARGE;
	return HTTP_RULE_NONE;
}

enum http_rule http_request_judge(const struct http_head *head, const struct http_policy *policy,
				  struct http_request_facts *out)
{
	struct findings findings;
	findings.is_odd_expectation = findings.expects_continue = findings.wants_tunnel = false;
	findings.binds_login = findings.accepts_json = false;
	http_view_of(head, &findings.view);
	look_into(&findings);

	*out = (struct http_request_facts){
	    .version = head->version,
	    .is_head = http_is_method(head, "HEAD"),
	    .is_idempotent = is_idempotent(head->method),
	    .keeps_alive = http_view_keeps_alive(&findings.view),
	    .wants_upgrade = policy->upgrade && findings.wants_tunnel && http_view_wants_upgrade(&findings.view),
	    .is_streamed = begins(head->method, "RPC_") || begins(head->method, "RDG_"),
	    .accepts_json = findings.accepts_json,
	    .binds_login = findings.binds_login,
	};
	enum http_rule rule = http_request_framing(head, &out->framing);
	/* HTTP/1.0 knows no 100, and without content there is nothing to wait for (RFC 9110 10.1.1). */
	out->expects_continue =
	    findings.expects_continue && head->version == HTTP_1_1 && http_framing_has_content(out->framing);
	if (rule == HTTP_RULE_NONE)
		rule = judge_host(&findings.view);
	if (rule == HTTP_RULE_NONE)
		rule = judge_extras(&findings, policy, out);
	return rule;
}

bool http_request_prefers_json(const struct http_head *head)
{
	size_t at = http_head_find(head, "Accept", 0);

	return at < head->num_fields && http_accept_prefers_json(head->fields[at].value);
}

/* A request on its way into a buffer. */
struct writing {
	struct http_pen pen;
	const struct http_view *view;
	const struct http_request_facts *facts;
	const struct http_policy *policy;
	const struct http_client *client;
	struct bytes host; /* for the backend */
	unsigned kept; /* a bit for each kind of X-Forwarded-* and Forwarded that a trusted proxy sent */
};

/* The origin form goes on, for every form but `*` (RFC 9112 3.2). */
static void write_target(struct writing *writing)
{
	const struct http_head *head = writing->view->head;
	struct bytes rest;
	bool is_absolute = authority(head->target, &rest).len > 0;

	if (is_absolute && rest.len == 0)
		http_pen_text(&writing->pen, http_is_method(head, "OPTIONS") ? "*" : "/");
	else if (is_absolute && rest.data[0] != '/')
		http_pen_text(&writing->pen, "/");
	http_pen_bytes(&writing->pen, rest);
}

/* Keeps a trusted proxy's field, or leaves it to http_forwarded_write, which appends to it. */
static void write_forwarded(struct writing *writing, const struct http_field *field, enum http_field_kind kind)
{
	if (!writing->client->is_trusted || http_policy_owns(writing->policy, field->name))
		return;
	writing->kept |= 1u << kind;
	if (!http_forwarded_appends(writing->policy, kind))
		http_pen_field(&writing->pen, field->name, field->value);
}

static void write_length(struct writing *writing, struct bytes name)
{
	if (writing->facts->framing.kind != HTTP_BODY_LENGTH)
		return;
	http_pen_bytes(&writing->pen, name);
	http_pen_text(&writing->pen, ": ");
	http_pen_number(&writing->pen, writing->facts->framing.length);
	http_pen_text(&writing->pen, "\r\n");
}

static void write_field(struct writing *writing, size_t index)
{
	const struct http_field *field = &writing->view->head->fields[index];
	enum http_field_kind kind = field->kind;

	switch (kind) {
	case HTTP_FIELD_CONNECTION:
	case HTTP_FIELD_UPGRADE:
	case HTTP_FIELD_HOP:
	case HTTP_FIELD_PROXY:
	case HTTP_FIELD_OURS:
		return;
	case HTTP_FIELD_X_FORWARDED_FOR:
	case HTTP_FIELD_X_FORWARDED_PROTO:
	case HTTP_FIELD_X_FORWARDED_HOST:
	case HTTP_FIELD_X_FORWARDED_PORT:
	case HTTP_FIELD_X_FORWARDED:
	case HTTP_FIELD_FORWARDED:
		write_forwarded(writing, field, kind);
		return;
	case HTTP_FIELD_HOST:
		http_pen_field(&writing->pen, field->name, writing->host);
		return;
	case HTTP_FIELD_LENGTH:
		write_length(writing, field->name);
		return;
	case HTTP_FIELD_EXPECT:
		if (writing->view->head->version == HTTP_1_0)
			return;
		break;
	case HTTP_FIELD_PLAIN:
		if (writing->view->options.num_names > 0 && http_options_names(&writing->view->options, field->name))
			return;
		break;
	case HTTP_FIELD_END_TO_END:
	case HTTP_FIELD_ACCEPT:
	case HTTP_FIELD_LOGIN:
		break;
	}
	if (!http_policy_owns(writing->policy, field->name))
		http_pen_field(&writing->pen, field->name, field->value);
}

static void write_upgrade(struct writing *writing)
{
	const struct http_head *head = writing->view->head;
	bool is_first = true;

	http_pen_text(&writing->pen, "Connection: upgrade\r\nUpgrade: ");
	for (size_t i = 0; i < head->num_fields; i++) {
		struct bytes value = head->fields[i].value, protocol;

		while (head->fields[i].kind == HTTP_FIELD_UPGRADE && http_protocols_next(&value, &protocol)) {
			if (!is_first)
				http_pen_text(&writing->pen, ", ");
			is_first = false;
			http_pen_bytes(&writing->pen, protocol);
		}
	}
	http_pen_text(&writing->pen, "\r\n");
}

/* A handshake may name anything but a NUL, line ends too. */
static struct bytes host_for_backend(const struct http_policy *policy, const struct http_client *client,
				     struct bytes host)
{
	if (policy->backend_host.len > 0)
		return policy->backend_host;
	if (host.len > 0 || client->name == NULL)
		return host;
	struct bytes name = bytes_of_string(client->name);
	return http_guard_is_host(name) ? name : host;
}

/* The most that is written: the head's own bytes, and what comes to them. A list of n bytes has at most n / 2 elements, so
 * that a comma and a blank behind each stay below twice its bytes. */
static size_t most_bytes(const struct writing *writing, const struct http_forwarding *forwarding)
{
	const struct http_head *head = writing->view->head;
	size_t start = head->method.len + head->target.len + sizeof(" / HTTP/1.1\r\nHost: \r\n\r\n");
	size_t framing = sizeof("Content-Length: \r\nTransfer-Encoding: chunked\r\n") + HTTP_PEN_MAX_NUMBER;
	size_t upgrade = sizeof("Connection: upgrade\r\nUpgrade: \r\n");

	return start + framing + upgrade + 2 * writing->view->num_bytes + writing->host.len +
	       writing->policy->lines.len + http_forwarded_most_bytes(forwarding);
}

static void write_head(struct writing *writing, struct http_forwarding *forwarding)
{
	const struct http_head *head = writing->view->head;
	struct http_pen *pen = &writing->pen;

	http_pen_bytes(pen, head->method);
	http_pen_text(pen, " ");
	write_target(writing);
	http_pen_text(pen, " HTTP/1.1\r\n");
	if (writing->view->num_hosts == 0)
		http_pen_field(pen, bytes_of("Host", 4), writing->host);
	for (size_t i = 0; i < head->num_fields; i++)
		write_field(writing, i);
	if (writing->facts->framing.kind == HTTP_BODY_CHUNKED)
		http_pen_text(pen, "Transfer-Encoding: chunked\r\n");
	if (writing->facts->wants_upgrade)
		write_upgrade(writing);
	forwarding->kept = writing->kept;
	http_forwarded_write(forwarding, pen);
	http_pen_bytes(pen, buffer_bytes(&writing->policy->lines));
	http_pen_text(pen, "\r\n");
}

struct error http_request_write(const struct http_head *head, const struct http_request_facts *facts,
				const struct http_policy *policy, const struct http_client *client, struct buffer *out)
{
	struct http_view view;
	struct bytes host = http_request_host(head);

	http_view_of(head, &view);
	struct http_forwarding forwarding = {.view = &view, .policy = policy, .client = client, .host = host};
	struct writing writing = {
	    .view = &view,
	    .facts = facts,
	    .policy = policy,
	    .client = client,
	    .host = host_for_backend(policy, client, host),
	};
	struct error error = http_pen_open(&writing.pen, out, most_bytes(&writing, &forwarding));
	if (failed(error))
		return error;
	write_head(&writing, &forwarding);
	http_pen_close(&writing.pen, out);
	return error_none();
}
