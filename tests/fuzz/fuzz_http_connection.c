/* Whatever a client and its backends send, and however it is cut: what goes on is what a strict reader finds that shares no
 * code with the product.
 *
 * The input is a byte of options, operations up to a line feed, the client's bytes, and behind each PART what a backend
 * sends for one request. What the operations leave over is sent in a usual order. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "proxy/http/http_connection.h"
#include "tests/support/strict_http.h"

enum {
	PART = 0xff,
	MAX_BACKENDS = 64,
	MAX_REQUESTS = 512,
	MAX_STREAM_BYTES = 8 << 20,
	MAX_HEAD = 2048,
	MAX_BODY = 3000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One connection to a backend. */
struct visit {
	struct buffer got, sent;
	size_t tunnel_at; /* of `got`, from where on it is no HTTP; SIZE_MAX: nowhere */
	bool was_used;
	bool partial; /* what http_is_partial said when it was dropped, or at the end */
	bool ended, broken;
};

struct rig {
	struct http_policy policy;
	struct http_connection http;
	struct bytes from_client, from_backends; /* not sent yet */
	struct buffer client_sent, client_got;
	size_t client_tunnel_at; /* of client_got */
	struct visit visits[MAX_BACKENDS];
	size_t num_visits;
	size_t num_answers_begun; /* of the client's */
	bool wants_backend, wants_fresh, tunnels, is_over, ends_cleanly;
	unsigned num_refused_requests, num_refused_answers;
};

#define require(holds) require_at(holds, #holds, __LINE__)

static void require_at(bool holds, const char *what, int line)
{
	if (holds)
		return;
	fprintf(stderr, "line %d: not %s\n", line, what);
	abort();
}

static void keep(struct buffer *buffer, struct bytes bytes)
{
	require(!failed(buffer_append(buffer, bytes)));
}

static struct visit *visit_now(struct rig *rig)
{
	return &rig->visits[rig->num_visits - 1];
}

static void to_client(void *caller, struct bytes bytes)
{
	struct rig *rig = (struct rig *)caller;

	require(!rig->is_over);
	keep(&rig->client_got, bytes);
}

static void to_backend(void *caller, struct bytes bytes)
{
	struct rig *rig = (struct rig *)caller;

	require(rig->http.backend_is_open && rig->num_visits > 0);
	keep(&visit_now(rig)->got, bytes);
}

static bool is_misdirected(void *caller, struct bytes host)
{
	(void)caller;
	return bytes_equal(host, bytes_of_string("other.example"));
}

static void on_refused(void *caller, bool answer, enum http_rule rule)
{
	struct rig *rig = (struct rig *)caller;

	require(rule != HTTP_RULE_NONE && rule < NUM_HTTP_RULES);
	if (answer)
		rig->num_refused_answers++;
	else
		rig->num_refused_requests++;
	require(rig->num_refused_requests <= 1);
}

static const struct http_calls calls = {to_client, to_backend, is_misdirected, on_refused};

/* What must hold between any two events. */
static void look(const struct rig *rig)
{
	const struct http_connection *http = &rig->http;

	require(http->from_client.len <= MAX_HEAD + HTTP_MAX_PIPELINED_BYTES + HTTP_MAX_READ_BYTES);
	require(http->from_backend.len <= HTTP_MIN_ANSWER_HEAD_BYTES + HTTP_MAX_READ_BYTES);
	require(rig->policy.max_body_bytes == 0 ||
		http->body_bytes <= rig->policy.max_body_bytes + HTTP_MAX_READ_BYTES);
	require(http->state != EXCHANGE_CONNECTING || rig->wants_backend || rig->is_over);
	require(http->state != EXCHANGE_TUNNEL || rig->tunnels);
	require((http->state == EXCHANGE_OVER) == rig->is_over);
}

static void settle(struct rig *rig)
{
	struct http_connection *http = &rig->http;
	unsigned wishes = http_take_wishes(http);

	if ((wishes & HTTP_WISH_DROP_BACKEND) != 0) {
		require(rig->num_visits > 0 && !http->backend_is_open);
		visit_now(rig)->partial = http_is_partial(http);
	}
	if ((wishes & HTTP_WISH_BACKEND) != 0) {
		require(http->state == EXCHANGE_CONNECTING && !http->backend_is_open && !rig->wants_backend);
		rig->wants_backend = true;
		rig->wants_fresh = (wishes & HTTP_WISH_FRESH) != 0;
	}
	if ((wishes & HTTP_WISH_TUNNEL) != 0) {
		require(http->state == EXCHANGE_TUNNEL && http->backend_is_open && !rig->tunnels);
		rig->tunnels = true;
		visit_now(rig)->tunnel_at = visit_now(rig)->got.len;
		rig->client_tunnel_at = rig->client_got.len;
		http_take_held(http);
	}
	if ((wishes & (HTTP_WISH_END | HTTP_WISH_BREAK)) != 0) {
		require(http->state == EXCHANGE_OVER && !rig->is_over);
		require((wishes & (HTTP_WISH_END | HTTP_WISH_BREAK)) != (HTTP_WISH_END | HTTP_WISH_BREAK));
		rig->is_over = true;
		rig->ends_cleanly = (wishes & HTTP_WISH_END) != 0;
	}
	if (rig->num_visits > 0 && http->backend_is_open)
		visit_now(rig)->partial = http_is_partial(http);
	if (rig->is_over && rig->num_visits > 0 && http->backend_is_open)
		require(!http_backend_is_spare(http) || !http_is_partial(http));
	look(rig);
}

/* The events. Each does nothing where it cannot come. */

static struct bytes cut(struct bytes *from, size_t len)
{
	struct bytes piece = bytes_of(from->data, len < from->len ? len : from->len);

	*from = bytes_of(from->data + piece.len, from->len - piece.len);
	return piece;
}

static bool send_client(struct rig *rig, size_t len)
{
	if (rig->from_client.len == 0 || rig->is_over || rig->tunnels || !http_takes_client(&rig->http))
		return false;
	struct bytes piece = cut(&rig->from_client, len);
	keep(&rig->client_sent, piece);
	http_from_client(&rig->http, piece);
	settle(rig);
	return true;
}

/* The bytes up to the next PART; what is behind it is for the next request. */
static struct bytes part_of(struct bytes from)
{
	const uint8_t *end = from.len > 0 ? memchr(from.data, PART, from.len) : NULL;

	return bytes_of(from.data, end != NULL ? (size_t)(end - from.data) : from.len);
}

static bool backend_talks(const struct rig *rig)
{
	return rig->http.backend_is_open && !rig->is_over && !rig->tunnels && http_takes_backend(&rig->http);
}

static bool send_backend(struct rig *rig, size_t len)
{
	struct bytes part = part_of(rig->from_backends);

	if (!backend_talks(rig) || rig->from_backends.len == 0)
		return false;
	struct bytes piece = cut(&part, len);
	size_t taken = piece.len + (part.len == 0 && piece.len < rig->from_backends.len); /* with PART */
	cut(&rig->from_backends, taken);
	keep(&visit_now(rig)->sent, piece);
	if (piece.len > 0)
		http_from_backend(&rig->http, piece);
	settle(rig);
	return true;
}

static bool open_backend(struct rig *rig, unsigned flags)
{
	if (!rig->wants_backend || rig->is_over)
		return false;
	rig->wants_backend = false;
	if ((flags & 4) != 0 || rig->num_visits == MAX_BACKENDS) {
		http_no_backend(&rig->http);
	} else {
		struct visit *visit = &rig->visits[rig->num_visits++];

		*visit = (struct visit){.tunnel_at = SIZE_MAX, .was_used = (flags & 2) != 0 && !rig->wants_fresh};
		buffer_init(&visit->got, MAX_STREAM_BYTES);
		buffer_init(&visit->sent, MAX_STREAM_BYTES);
		http_backend_open(&rig->http, (flags & 1) != 0, visit->was_used);
	}
	settle(rig);
	return true;
}

static bool end_client(struct rig *rig)
{
	if (rig->http.client_ended || rig->is_over || rig->tunnels)
		return false;
	http_client_ended(&rig->http);
	settle(rig);
	return true;
}

static bool end_backend(struct rig *rig, bool broken)
{
	if (!backend_talks(rig))
		return false;
	struct visit *visit = visit_now(rig);
	visit->ended = true;
	visit->broken = broken;
	http_backend_ended(&rig->http, broken);
	settle(rig);
	return true;
}

static void be_late(struct rig *rig)
{
	if (rig->is_over || rig->tunnels || http_connection_limit(&rig->http) == HTTP_LIMIT_NONE)
		return;
	http_late(&rig->http);
	settle(rig);
}

static void drain(struct rig *rig)
{
	if (rig->is_over || rig->tunnels)
		return;
	http_drain(&rig->http);
	settle(rig);
}

static void operate(struct rig *rig, uint8_t byte)
{
	static const size_t lengths[] = {1, 2, 3, 5, 17, 64, 400, 3000};
	unsigned more = byte >> 3;

	switch (byte & 7) {
	case 0:
	case 1:
		send_client(rig, lengths[more & 7]);
		break;
	case 2:
	case 3:
		send_backend(rig, lengths[more & 7]);
		break;
	case 4:
		open_backend(rig, more);
		break;
	case 5:
		if ((more & 3) == 0)
			end_client(rig);
		else
			end_backend(rig, (more & 1) != 0);
		break;
	case 6:
		be_late(rig);
		break;
	default:
		drain(rig);
	}
}

static bool is_asked(const struct rig *rig)
{
	return rig->http.state != EXCHANGE_IDLE && rig->http.state != EXCHANGE_HEAD &&
	       rig->http.state != EXCHANGE_FINISHING;
}

/* Sends what is left: requests as they are taken, a part of the backends' for each, then the ends. */
static void go_on(struct rig *rig)
{
	while (!rig->is_over && !rig->tunnels) {
		if (open_backend(rig, 0) || (is_asked(rig) && send_backend(rig, SIZE_MAX)) ||
		    send_client(rig, SIZE_MAX))
			continue;
		if (is_asked(rig) && end_backend(rig, false))
			continue;
		if (!end_client(rig))
			break;
	}
	require(rig->is_over || rig->tunnels);
}

/* The verdict. */

/* What strict readers find in the streams. */
struct findings {
	struct strict_http asked; /* by the client */
	struct strict_http visits[MAX_BACKENDS]; /* what each backend got */
	struct strict_http answers[MAX_BACKENDS]; /* what each sent */
	struct strict_http answered; /* to the client */
};

/* The target as a backend gets it (RFC 9112 3.2.1). */
static struct bytes origin_form(struct bytes method, struct bytes target)
{
	size_t at = 0;

	if (target.data[0] == '/' || bytes_equal(target, bytes_of_string("*")))
		return target;
	while (memcmp(target.data + at, "://", 3) != 0)
		at++;
	for (at += 3; at < target.len && target.data[at] != '/' && target.data[at] != '?'; at++)
		;
	if (at == target.len)
		return bytes_of_string(bytes_equal(method, bytes_of_string("OPTIONS")) ? "*" : "/");
	return bytes_of(target.data + at, target.len - at);
}

static bool is_repeatable(const struct strict_message *message)
{
	static const char *const methods[] = {"GET",    "HEAD",     "OPTIONS", "TRACE", "PUT",
					      "DELETE", "PROPFIND", "REPORT",  "SEARCH"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (bytes_equal(message->method, bytes_of_string(methods[i])))
			return message->body_len == 0;
	return false;
}

static void compare_request(const struct strict_message *asked, const struct strict_message *got)
{
	struct bytes target = origin_form(asked->method, asked->target);

	require(bytes_equal(asked->method, got->method) && got->minor_version == 1);
	if (got->target.data[0] == '?' || target.data[0] != '?')
		require(bytes_equal(target, got->target));
	else /* a path is put before a query */
		require(bytes_equal(target, bytes_of(got->target.data + 1, got->target.len - 1)));
	require(asked->body_len == got->body_len);
	require(got->body_len == 0 || memcmp(asked->body, got->body, got->body_len) == 0);
	require(got->trailers.num <= asked->trailers.num);
}

static bool is_final(const struct strict_message *message)
{
	return message->status >= 200 || message->status == 101;
}

static size_t count_final(const struct strict_http *answers, size_t num)
{
	size_t num_final = 0;

	for (size_t i = 0; i < num && i < answers->num; i++)
		num_final += is_final(&answers->messages[i]);
	return num_final;
}

static bool has_token(const struct strict_message *message, const char *token)
{
	size_t len = strlen(token);

	for (size_t i = 0; i < message->fields.num; i++) {
		const struct strict_field *field = &message->fields.items[i];
		if (field->name.len == strlen("connection") &&
		    strncasecmp((const char *)field->name.data, "connection", 10) == 0 && field->value.len == len &&
		    strncasecmp((const char *)field->value.data, token, len) == 0)
			return true;
	}
	return false;
}

/* No request comes behind an answer that says close, or that ends with its connection. */
static void look_at_reuse(const struct strict_http *got, const struct strict_http *answers)
{
	size_t num_final = 0;

	for (size_t i = 0; i < answers->num; i++) {
		const struct strict_message *answer = &answers->messages[i];
		if (answer->status < 200)
			continue;
		num_final++;
		if (answer->ends_by_close || has_token(answer, "close") ||
		    (answer->minor_version == 0 && !has_token(answer, "keep-alive")))
			require(got->num <= num_final);
	}
}

/* The first bytes of a buffer that may have none. */
static struct bytes stream_of(const struct buffer *buffer, size_t max_len)
{
	return buffer->len == 0 ? bytes_of("", 0)
				: bytes_of(buffer->data, buffer->len < max_len ? buffer->len : max_len);
}

/* Each request went to one backend, in their order, or to a second one where the first gave no byte of an answer. */
static void look_at_requests(struct rig *rig, struct findings *f)
{
	size_t next = 0;

	strict_http_requests(stream_of(&rig->client_sent, SIZE_MAX), &f->asked);
	for (size_t v = 0; v < rig->num_visits; v++) {
		struct visit *visit = &rig->visits[v];
		struct strict_http *got = &f->visits[v];

		strict_http_requests(stream_of(&visit->got, visit->tunnel_at), got);
		require(got->end == STRICT_WHOLE || got->end == STRICT_CUT);
		require(got->end == STRICT_WHOLE || visit->partial);
		for (size_t i = 0; i < got->num; i++) {
			const struct visit *last = v > 0 ? &rig->visits[v - 1] : NULL;
			bool again = i == 0 && last != NULL && next > 0 && f->visits[v - 1].num > 0 && last->ended &&
				     f->visits[v - 1].end == STRICT_WHOLE && rig->http.num_changes > 0 &&
				     is_repeatable(&f->asked.messages[next - 1]) &&
				     count_final(&f->answers[v - 1], SIZE_MAX) < f->visits[v - 1].num;
			if (again) {
				require(last->was_used || f->visits[v - 1].num > 1);
				require(!visit->was_used);
				require(last->sent.len == f->answers[v - 1].taken);
				next--;
			}
			require(next < f->asked.num);
			compare_request(&f->asked.messages[next++], &got->messages[i]);
		}
		if (got->end == STRICT_CUT) {
			require(next == f->asked.num || f->asked.messages[next].body_len >= got->rest_body_len);
			require(next < f->asked.num || f->asked.rest_body_len >= got->rest_body_len);
			next++; /* and no other follows */
		}
		strict_http_answers(stream_of(&visit->sent, SIZE_MAX), got, &f->answers[v]);
		look_at_reuse(got, &f->answers[v]);
	}
}

/* Finds the next answer of the backends that is final. */
static const struct strict_message *next_answer(const struct rig *rig, const struct findings *f, size_t *visit,
						size_t *at)
{
	for (; *visit < rig->num_visits; (*visit)++, *at = 0) {
		size_t num_final = count_final(&f->answers[*visit], *at);

		while (*at < f->answers[*visit].num &&
		       num_final < f->visits[*visit].num + (f->visits[*visit].end == STRICT_CUT)) {
			const struct strict_message *message = &f->answers[*visit].messages[(*at)++];
			if (is_final(message))
				return message;
		}
	}
	return NULL;
}

static bool is_own_page(const struct strict_message *message)
{
	for (size_t i = 0; i < message->fields.num; i++)
		if (bytes_equal(message->fields.items[i].value, bytes_of_string("nosniff")))
			return message->status >= 400;
	return false;
}

/* The request that is refused may be a HEAD that the strict reader has not in its list. */
static void read_answers(struct rig *rig, struct findings *f, struct bytes stream)
{
	strict_http_answers(stream, &f->asked, &f->answered);
	if (f->answered.end != STRICT_CUT || !rig->http.request.is_head)
		return;
	strict_http_cleanup(&f->answered);
	f->asked.messages = realloc(f->asked.messages, (f->asked.num + 1) * sizeof(*f->asked.messages));
	require(f->asked.messages != NULL);
	f->asked.messages[f->asked.num++] = (struct strict_message){.method = bytes_of_string("HEAD")};
	strict_http_answers(stream, &f->asked, &f->answered);
}

static void look_at_answers(struct rig *rig, struct findings *f)
{
	size_t visit = 0, at = 0, num_final = 0;

	read_answers(rig, f, stream_of(&rig->client_got, rig->client_tunnel_at));
	require(f->answered.end != STRICT_BROKEN);
	require(!rig->tunnels || f->answered.end == STRICT_TUNNEL);
	if (rig->is_over && rig->ends_cleanly)
		require(f->answered.end == STRICT_WHOLE);
	for (size_t i = 0; i < f->answered.num; i++) {
		const struct strict_message *got = &f->answered.messages[i];

		if (!is_final(got))
			continue;
		num_final++;
		if (i + 1 == f->answered.num && is_own_page(got))
			break;
		const struct strict_message *sent = next_answer(rig, f, &visit, &at);
		if (sent == NULL || got->ends_by_close) {
			require(i + 1 == f->answered.num && (got->ends_by_close || !rig->ends_cleanly));
			break;
		}
		require(!sent->ends_by_close || (rig->visits[visit].ended && !rig->visits[visit].broken) ||
			(i + 1 == f->answered.num && !rig->ends_cleanly));
		require(sent->status == got->status);
		require(got->body_len == sent->body_len);
		require(got->body_len == 0 || memcmp(got->body, sent->body, got->body_len) == 0);
	}
	require(num_final <= f->asked.num + 1);
}

static struct findings *judge(struct rig *rig)
{
	struct findings *f = calloc(1, sizeof(*f));

	require(f != NULL);
	look_at_requests(rig, f);
	look_at_answers(rig, f);
	return f;
}

static void clean_up(struct rig *rig, struct findings *f)
{
	for (size_t v = 0; v < rig->num_visits; v++) {
		strict_http_cleanup(&f->visits[v]);
		strict_http_cleanup(&f->answers[v]);
		buffer_cleanup(&rig->visits[v].got);
		buffer_cleanup(&rig->visits[v].sent);
	}
	strict_http_cleanup(&f->asked);
	strict_http_cleanup(&f->answered);
	free(f);
	http_connection_cleanup(&rig->http);
	buffer_cleanup(&rig->client_sent);
	buffer_cleanup(&rig->client_got);
}

static void start(struct rig *rig, uint8_t options)
{
	const struct http_client client = {.address = "192.0.2.7", .name = "asked.example", .port = 443};

	*rig = (struct rig){.client_tunnel_at = SIZE_MAX};
	rig->policy = (struct http_policy){.max_head_bytes = MAX_HEAD,
					   .max_body_bytes = (options & 1) != 0 ? MAX_BODY : 0,
					   .upgrade = (options & 2) != 0,
					   .shares_backends = (options & 4) != 0,
					   .forwarded = (enum http_forwarded)(options >> 3 & 3)};
	buffer_init(&rig->client_sent, MAX_STREAM_BYTES);
	buffer_init(&rig->client_got, MAX_STREAM_BYTES);
	http_connection_init(&rig->http, &rig->policy, &client, &calls, rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig rig;
	const uint8_t *line = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;

	if (line == NULL)
		return 0;
	start(&rig, data[0]);
	struct bytes streams = bytes_of(line + 1, size - (size_t)(line + 1 - data));
	rig.from_client = part_of(streams);
	cut(&streams, rig.from_client.len + 1);
	rig.from_backends = streams;
	for (const uint8_t *operation = data + 1; operation < line; operation++)
		operate(&rig, *operation);
	go_on(&rig);
	clean_up(&rig, judge(&rig));
	return 0;
}
