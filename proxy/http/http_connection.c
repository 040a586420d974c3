#include "proxy/http/http_connection.h"

#include <string.h>

#include "proxy/http/http_guard.h"
#include "proxy/http/http_head.h"
#include "proxy/http/http_page.h"

#define PAGE_MAX_BYTES ((size_t)4 * 1024)

static void fire(struct http_connection *http, enum http_exchange_event event);

static size_t max_answer_head(const struct http_connection *http)
{
	size_t max = http->policy->max_head_bytes;

	return max > HTTP_MIN_ANSWER_HEAD_BYTES ? max : HTTP_MIN_ANSWER_HEAD_BYTES;
}

void http_connection_init(struct http_connection *http, const struct http_policy *policy,
			  const struct http_client *client, const struct http_calls *calls, void *caller)
{
	*http = (struct http_connection){
	    .policy = policy, .client = *client, .calls = calls, .caller = caller, .state = EXCHANGE_IDLE};
	size_t most =
	    policy->max_head_bytes > HTTP_MAX_PIPELINED_BYTES ? policy->max_head_bytes : HTTP_MAX_PIPELINED_BYTES;
	buffer_init(&http->from_client, most + HTTP_MAX_READ_BYTES);
	buffer_init(&http->from_backend, max_answer_head(http) + HTTP_MAX_READ_BYTES);
	buffer_init(&http->head, HTTP_MAX_WRITTEN_BYTES);
}

void http_connection_cleanup(struct http_connection *http)
{
	buffer_cleanup(&http->from_client);
	buffer_cleanup(&http->from_backend);
	buffer_cleanup(&http->head);
	http_body_cleanup(&http->request_body);
	http_body_cleanup(&http->answer_body);
}

static void to_client(struct http_connection *http, struct bytes bytes)
{
	http->calls->to_client(http->caller, bytes);
}

static void to_backend(struct http_connection *http, struct bytes bytes)
{
	http->calls->to_backend(http->caller, bytes);
}

static void wish(struct http_connection *http, enum http_wish wanted)
{
	http->wishes |= (uint8_t)wanted;
}

/* What is held. */

/* Drops the bytes before `rest`, which is the end of the held ones. */
static void hold_rest(struct buffer *held, struct bytes rest)
{
	if (rest.len > 0 && rest.len < held->len)
		memmove(held->data, rest.data, rest.len);
	held->len = rest.len;
	if (rest.len == 0)
		buffer_cleanup(held);
}

typedef void taker(struct http_connection *http, struct bytes *input);

/* Gives `bytes` to `take`, behind what is held, and holds what it leaves. */
static void feed(struct http_connection *http, struct buffer *held, struct bytes bytes, taker *take)
{
	struct bytes input = bytes;

	if (held->len == 0) {
		take(http, &input);
		if (failed(buffer_append(held, input)))
			fire(http, ON_SHORTAGE);
		return;
	}
	if (failed(buffer_append(held, bytes))) {
		fire(http, ON_SHORTAGE);
		return;
	}
	input = buffer_bytes(held);
	take(http, &input);
	hold_rest(held, input);
}

/* The client's bytes. */

static void drop(struct bytes *input)
{
	*input = bytes_of(NULL, 0);
}

static void advance(struct bytes *input, size_t len)
{
	*input = bytes_of(input->data + len, input->len - len);
}

/* Skips empty lines before a request (RFC 9112 2.2), one too many at the most. Returns false when nothing else is there. */
static bool skip_empty_lines(struct http_connection *http, struct bytes *input)
{
	for (; input->len >= 2 && memcmp(input->data, "\r\n", 2) == 0; http->num_empty_lines++) {
		if (http->num_empty_lines > HTTP_MAX_EMPTY_LINES)
			return true;
		advance(input, 2);
	}
	return http->num_empty_lines > HTTP_MAX_EMPTY_LINES ||
	       (input->len > 0 && !(input->len == 1 && input->data[0] == '\r'));
}

static void refuse_request(struct http_connection *http, enum http_rule rule)
{
	http->broken = rule;
	http->calls->on_refused(http->caller, false, rule);
	fire(http, ON_REQUEST_REFUSED);
}

static enum http_rule rule_of_length(struct bytes input)
{
	return memchr(input.data, '\n', input.len) == NULL ? HTTP_RULE_TARGET_TOO_LONG : HTTP_RULE_HEAD_TOO_LARGE;
}

static enum http_rule judge_request(struct http_connection *http, struct bytes bytes)
{
	struct http_head head;

	head.num_fields = 0;
	enum http_rule rule = http_request_read(bytes, &head);
	if (rule != HTTP_RULE_NONE)
		http->request.accepts_json = http_request_prefers_json(&head);
	else
		rule = http_request_judge(&head, http->policy, &http->request);
	if (rule == HTTP_RULE_NONE && http->calls->is_misdirected(http->caller, http_request_host(&head)))
		rule = HTTP_RULE_HOST_ELSEWHERE;
	if (rule != HTTP_RULE_NONE)
		return rule;
	http->head.len = 0;
	if (failed(http_request_write(&head, &http->request, http->policy, &http->client, &http->head)))
		http->runs_short = true;
	return HTTP_RULE_NONE;
}

/* The facts of a head that is not read yet, for a page: nothing of the request before it. */
static struct http_request_facts first_facts(struct bytes input)
{
	static const char head[] = "HEAD ";
	size_t len = sizeof(head) - 1;

	advance(&input, http_guard_empty_lines(input));
	return (struct http_request_facts){.is_head = input.len >= len && memcmp(input.data, head, len) == 0};
}

/* Returns false when more bytes are wanted. */
static bool begin_request(struct http_connection *http, struct bytes *input)
{
	if (!skip_empty_lines(http, input))
		return false;
	bool too_many = http->num_empty_lines > HTTP_MAX_EMPTY_LINES;
	http->num_empty_lines = 0;
	fire(http, ON_REQUEST_BEGUN);
	if (!too_many)
		return true;
	http->request = (struct http_request_facts){0};
	refuse_request(http, HTTP_RULE_EMPTY_LINES);
	return true;
}

/* Returns false when more bytes are wanted. */
static bool take_request_head(struct http_connection *http, struct bytes *input)
{
	http->request = first_facts(*input);
	size_t len = http_head_end(*input, &http->client_at);
	enum http_rule rule = HTTP_RULE_NONE;

	if (len > http->policy->max_head_bytes || (len == 0 && input->len > http->policy->max_head_bytes))
		rule = rule_of_length(bytes_of(input->data, http->policy->max_head_bytes));
	else if (len == 0)
		rule = http_head_guard_early(*input, true);
	else
		rule = judge_request(http, bytes_of(input->data, len));
	if (rule != HTTP_RULE_NONE) {
		refuse_request(http, rule);
		return true;
	}
	if (len == 0)
		return false;
	advance(input, len);
	http->client_at = 0;
	fire(http, http->runs_short ? ON_SHORTAGE : ON_REQUEST_READ);
	return true;
}

/* Passes on a piece of a body, as a chunk where it is framed so. */
static void pass_content(struct http_connection *http, void (*to)(struct http_connection *, struct bytes),
			 enum http_body_kind kind, struct bytes content)
{
	char line[HTTP_CHUNK_LINE_BYTES];

	if (kind == HTTP_BODY_CHUNKED)
		to(http, bytes_of(line, http_chunk_open(content.len, line)));
	to(http, content);
	if (kind == HTTP_BODY_CHUNKED)
		to(http, bytes_of_string(HTTP_CHUNK_CLOSE));
}

/* Passes on the end of a body: its last chunk and trailers. The head is sent by then, and its buffer free. */
static bool pass_end(struct http_connection *http, void (*to)(struct http_connection *, struct bytes),
		     enum http_body_kind kind, const struct http_body *body)
{
	const struct http_policy *policy = body == &http->request_body ? http->policy : NULL;
	struct buffer *last = &http->head;

	if (kind != HTTP_BODY_CHUNKED)
		return true;
	last->len = 0;
	if (failed(buffer_append(last, bytes_of_string(HTTP_CHUNK_LAST))) ||
	    failed(http_body_trailers(body, policy, last)) || failed(buffer_append(last, bytes_of_string("\r\n"))))
		return false;
	to(http, buffer_bytes(last));
	return true;
}

static bool is_too_long(struct http_connection *http, struct bytes content)
{
	http->body_bytes += content.len;
	return http->policy->max_body_bytes > 0 && http->body_bytes > http->policy->max_body_bytes;
}

/* Returns false when more bytes are wanted. */
static bool take_request_body(struct http_connection *http, struct bytes *input)
{
	struct bytes content;

	switch (http_body_take(&http->request_body, input, &content)) {
	case HTTP_BODY_CONTENT:
		if (is_too_long(http, content))
			refuse_request(http, HTTP_RULE_BODY_TOO_LARGE);
		else
			pass_content(http, to_backend, http->request.framing.kind, content);
		return true;
	case HTTP_BODY_DONE:
		http->is_partial = !pass_end(http, to_backend, http->request.framing.kind, &http->request_body);
		fire(http, http->is_partial ? ON_SHORTAGE : ON_REQUEST_WHOLE);
		return true;
	case HTTP_BODY_BROKEN:
		refuse_request(http, http->request_body.broken);
		return true;
	case HTTP_BODY_OUT_OF_MEMORY:
		fire(http, ON_SHORTAGE);
		return true;
	case HTTP_BODY_MORE:
		break;
	}
	return false;
}

/* Takes what the present state takes; the rest waits for its turn. */
static void take_client(struct http_connection *http, struct bytes *input)
{
	for (;;) {
		switch (http->state) {
		case EXCHANGE_IDLE:
			if (!begin_request(http, input))
				return;
			break;
		case EXCHANGE_HEAD:
			if (!take_request_head(http, input))
				return;
			break;
		case EXCHANGE_SENDING:
		case EXCHANGE_BOTH:
		case EXCHANGE_FINISHING:
			if (!take_request_body(http, input))
				return;
			break;
		case EXCHANGE_OVER:
			drop(input);
			return;
		default:
			return;
		}
	}
}

/* Says whether the state wants bytes of the client. */
static bool reads_client(const struct http_connection *http)
{
	switch (http->state) {
	case EXCHANGE_IDLE:
	case EXCHANGE_HEAD:
	case EXCHANGE_SENDING:
	case EXCHANGE_BOTH:
	case EXCHANGE_FINISHING:
		return true;
	default:
		return false;
	}
}

/* Goes on with what is held of the client, now that the state has changed. */
static void resume_client(struct http_connection *http)
{
	if (http->from_client.len > 0) {
		struct bytes input = buffer_bytes(&http->from_client);

		take_client(http, &input);
		hold_rest(&http->from_client, input);
	}
	if (http->client_ended && reads_client(http))
		fire(http, ON_CLIENT_ENDED);
}

/* The backend's bytes. */

static void refuse_answer(struct http_connection *http, enum http_rule rule)
{
	http->calls->on_refused(http->caller, true, rule);
	fire(http, ON_ANSWER_REFUSED);
}

/* Writes the head of an answer anew. Returns false when out of memory. */
static bool write_answer(struct http_connection *http, const struct http_head *head, bool goes_on)
{
	http->head.len = 0;
	return !failed(http_answer_write(head, &http->answer, &http->request, http->policy, goes_on, &http->head));
}

/* Passes on an interim answer; a client of HTTP/1.0 knows none (RFC 9110 15.2). */
static void pass_interim(struct http_connection *http, const struct http_head *head)
{
	if (http->request.version == HTTP_1_0)
		return;
	if (write_answer(http, head, true))
		to_client(http, buffer_bytes(&http->head));
	else
		fire(http, ON_SHORTAGE);
}

/* Decides whether the client's connection goes on behind the answer. One whose request is not whole does only where the
 * backend takes the rest of it. */
static bool decide_goes_on(const struct http_connection *http)
{
	bool whole = http->state == EXCHANGE_WAITING;
	bool may_ask_more = !http->client_ended || http->from_client.len > 0;

	return http->request.keeps_alive && !http->drains && may_ask_more &&
	       http->answer.kind_out != HTTP_BODY_UNTIL_CLOSE && (whole || http->answer.keeps_alive);
}

static void accept_answer(struct http_connection *http, const struct http_head *head)
{
	/* A client who gets the backend's own end can see whether it was cut off. */
	if (http->answer.framing.kind == HTTP_BODY_UNTIL_CLOSE && http->backend_ends_unmarked)
		http->answer.kind_out = HTTP_BODY_UNTIL_CLOSE;
	http->goes_on = decide_goes_on(http);
	if (write_answer(http, head, http->goes_on))
		fire(http, http->answer.switches ? ON_SWITCHED : ON_ANSWER_READ);
	else
		fire(http, ON_SHORTAGE);
}

static enum http_rule judge_answer(struct http_connection *http, struct bytes bytes)
{
	struct http_head head;
	enum http_rule rule = http_answer_read(bytes, &head);

	if (rule == HTTP_RULE_NONE)
		rule = http_answer_judge(&head, &http->request, &http->answer);
	if (rule != HTTP_RULE_NONE)
		return rule;
	http->login_bound = http->login_bound || http->answer.binds_login;
	http->answer_begun = true;
	if (http->answer.is_interim)
		pass_interim(http, &head);
	else
		accept_answer(http, &head);
	return HTTP_RULE_NONE;
}

/* Returns false when more bytes are wanted. */
static bool take_answer_head(struct http_connection *http, struct bytes *input)
{
	if (input->len == 0)
		return false;
	size_t len = http_head_end(*input, &http->backend_at);
	enum http_rule rule = HTTP_RULE_NONE;

	if (len > max_answer_head(http) || (len == 0 && input->len > max_answer_head(http)))
		rule = HTTP_RULE_HEAD_TOO_LARGE;
	else if (len == 0)
		rule = http_head_guard_early(*input, false);
	if (rule == HTTP_RULE_NONE && len == 0)
		return false;
	http->backend_at = 0;
	struct bytes head = bytes_of(input->data, len);
	if (rule == HTTP_RULE_NONE) {
		advance(input, len);
		rule = judge_answer(http, head);
	}
	if (rule != HTTP_RULE_NONE)
		refuse_answer(http, rule);
	return true;
}

static void end_answer(struct http_connection *http)
{
	fire(http,
	     pass_end(http, to_client, http->answer.kind_out, &http->answer_body) ? ON_ANSWER_WHOLE : ON_SHORTAGE);
}

/* Returns false when more bytes are wanted. */
static bool take_answer_body(struct http_connection *http, struct bytes *input)
{
	struct bytes content;

	switch (http_body_take(&http->answer_body, input, &content)) {
	case HTTP_BODY_CONTENT:
		pass_content(http, to_client, http->answer.kind_out, content);
		return true;
	case HTTP_BODY_DONE:
		end_answer(http);
		return true;
	case HTTP_BODY_BROKEN:
		refuse_answer(http, http->answer_body.broken);
		return true;
	case HTTP_BODY_OUT_OF_MEMORY:
		fire(http, ON_SHORTAGE);
		return true;
	case HTTP_BODY_MORE:
		break;
	}
	return false;
}

static void take_backend(struct http_connection *http, struct bytes *input)
{
	for (;;) {
		switch (http->state) {
		case EXCHANGE_SENDING:
		case EXCHANGE_WAITING:
			if (!take_answer_head(http, input))
				return;
			break;
		case EXCHANGE_BOTH:
		case EXCHANGE_ANSWERING:
			if (!take_answer_body(http, input))
				return;
			break;
		case EXCHANGE_TUNNEL:
			return; /* http_take_held passes it on */
		case EXCHANGE_OVER:
			http->backend_rests = http->backend_rests && input->len == 0;
			drop(input);
			return;
		default:
			if (input->len > 0 && http->backend_is_open)
				refuse_answer(http, HTTP_RULE_UNASKED);
			drop(input);
			return;
		}
	}
}

/* The actions; each returns the event that it brought about at once, or ON_NOTHING. */

static void forget_backend(struct http_connection *http)
{
	http_backend_taken(http);
	wish(http, HTTP_WISH_DROP_BACKEND);
}

static enum http_exchange_event do_nothing(struct http_connection *http)
{
	(void)http;
	return ON_NOTHING;
}

static enum http_exchange_event do_connect(struct http_connection *http)
{
	wish(http, HTTP_WISH_BACKEND);
	return ON_NOTHING;
}

static enum http_exchange_event do_connect_again(struct http_connection *http)
{
	forget_backend(http);
	wish(http, HTTP_WISH_FRESH);
	return do_connect(http);
}

static enum http_exchange_event do_send(struct http_connection *http)
{
	http->answer_begun = false;
	http->backend_rests = false;
	http->body_bytes = 0;
	http->login_bound = http->login_bound || http->request.binds_login;
	to_backend(http, buffer_bytes(&http->head));
	http->is_partial = http_framing_has_content(http->request.framing);
	if (!http_body_start(&http->request_body, http->request.framing))
		return ON_SHORTAGE;
	return http->is_partial ? ON_NOTHING : ON_REQUEST_WHOLE;
}

static enum http_exchange_event do_pass_answer(struct http_connection *http)
{
	to_client(http, buffer_bytes(&http->head));
	return http_body_start(&http->answer_body, http->answer.framing) ? ON_NOTHING : ON_SHORTAGE;
}

static enum http_exchange_event do_tunnel(struct http_connection *http)
{
	to_client(http, buffer_bytes(&http->head));
	wish(http, HTTP_WISH_TUNNEL);
	return ON_NOTHING;
}

static enum http_exchange_event do_drop_backend(struct http_connection *http)
{
	forget_backend(http);
	return ON_NOTHING;
}

static enum http_exchange_event do_finish(struct http_connection *http)
{
	http_body_cleanup(&http->request_body);
	http_body_cleanup(&http->answer_body);
	if (http->head.capacity > HTTP_MAX_KEPT_HEAD_BYTES)
		buffer_cleanup(&http->head);
	http->backend_was_used = http->backend_rests = http->has_served = true;
	if (!http->answer.keeps_alive)
		forget_backend(http);
	return http->drains ? ON_DRAIN : ON_NOTHING;
}

static enum http_exchange_event do_end(struct http_connection *http)
{
	wish(http, HTTP_WISH_END);
	return ON_NOTHING;
}

static enum http_exchange_event do_finish_last(struct http_connection *http)
{
	http->backend_rests = http->answer.keeps_alive;
	return do_end(http);
}

static enum http_exchange_event do_break(struct http_connection *http)
{
	wish(http, HTTP_WISH_BREAK);
	return ON_NOTHING;
}

/* Answers in the backend's place, and ends the connection. */
static enum http_exchange_event answer(struct http_connection *http, uint16_t status, enum http_rule rule)
{
	struct buffer page;

	buffer_init(&page, PAGE_MAX_BYTES);
	struct error error = http_page_write(
	    &(struct http_page){
		.status = status,
		.text = rule != HTTP_RULE_NONE ? http_rule_row(rule)->text : NULL,
		.rule = rule != HTTP_RULE_NONE ? http_rule_row(rule)->name : NULL,
		.json = http->request.accepts_json,
		.head_only = http->request.is_head,
	    },
	    &page);
	if (!failed(error))
		to_client(http, buffer_bytes(&page));
	buffer_cleanup(&page);
	wish(http, failed(error) ? HTTP_WISH_BREAK : HTTP_WISH_END);
	return ON_NOTHING;
}

static enum http_exchange_event do_refuse(struct http_connection *http)
{
	return answer(http, http_rule_row(http->broken)->status, http->broken);
}

#define ANSWER(number)                                                                                                 \
	static enum http_exchange_event do_answer_##number(struct http_connection *http)                               \
	{                                                                                                              \
		return answer(http, number, HTTP_RULE_NONE);                                                           \
	}
ANSWER(408)
ANSWER(500)
ANSWER(502)
ANSWER(503)
ANSWER(504)
#undef ANSWER

static enum http_exchange_event (*const actions[NUM_HTTP_EXCHANGE_ACTIONS])(struct http_connection *http) = {
    [DO_NOTHING] = do_nothing,
    [DO_CONNECT] = do_connect,
    [DO_CONNECT_AGAIN] = do_connect_again,
    [DO_SEND] = do_send,
    [DO_PASS_ANSWER] = do_pass_answer,
    [DO_TUNNEL] = do_tunnel,
    [DO_FINISH] = do_finish,
    [DO_DROP_BACKEND] = do_drop_backend,
    [DO_REFUSE] = do_refuse,
    [DO_ANSWER_500] = do_answer_500,
    [DO_ANSWER_408] = do_answer_408,
    [DO_ANSWER_502] = do_answer_502,
    [DO_ANSWER_503] = do_answer_503,
    [DO_ANSWER_504] = do_answer_504,
    [DO_END] = do_end,
    [DO_FINISH_LAST] = do_finish_last,
    [DO_BREAK] = do_break,
};

static bool holds(const struct http_connection *http, enum http_exchange_guard guard)
{
	switch (guard) {
	case IF_BACKEND_OPEN:
		return http->backend_is_open;
	case IF_REPEATABLE:
		return http->backend_was_used && http->request.is_idempotent && !http->answer_begun &&
		       !http_framing_has_content(http->request.framing) && http->from_backend.len == 0;
	case IF_CLIENT_GOES_ON:
		return http->goes_on;
	default:
		return true;
	}
}

/* Takes the table's step for `event`, and those that follow from its action. */
static void fire(struct http_connection *http, enum http_exchange_event event)
{
	while (event != ON_NOTHING) {
		const struct http_exchange_step *step = http_exchange_steps_of(http->state, event);

		if (!holds(http, step->guard))
			step++;
		if (step->next != EXCHANGE_SAME) {
			http->state = step->next;
			http->num_changes++;
		}
		event = actions[step->action](http);
	}
}

/* The events. */

void http_from_client(struct http_connection *http, struct bytes bytes)
{
	feed(http, &http->from_client, bytes, take_client);
}

void http_client_ended(struct http_connection *http)
{
	http->client_ended = true;
	fire(http, ON_CLIENT_ENDED);
}

void http_backend_open(struct http_connection *http, bool ends_unmarked, bool was_used)
{
	http->backend_is_open = true;
	http->backend_was_used = was_used;
	http->backend_ends_unmarked = ends_unmarked;
	fire(http, ON_BACKEND_OPEN);
	resume_client(http);
}

bool http_backend_is_spare(const struct http_connection *http)
{
	return http->policy->shares_backends && http->backend_is_open && http->backend_rests && !http->login_bound &&
	       http->from_backend.len == 0;
}

void http_backend_taken(struct http_connection *http)
{
	http->backend_is_open = http->backend_rests = false;
	http->backend_at = 0;
}

void http_no_backend(struct http_connection *http)
{
	fire(http, ON_NO_BACKEND);
}

void http_from_backend(struct http_connection *http, struct bytes bytes)
{
	feed(http, &http->from_backend, bytes, take_backend);
	if (http->state == EXCHANGE_IDLE)
		resume_client(http);
}

void http_backend_ended(struct http_connection *http, bool broken)
{
	bool answering = http->state == EXCHANGE_ANSWERING || http->state == EXCHANGE_BOTH;

	if (!http->backend_is_open)
		return;
	if (!answering || broken || !http_body_end(&http->answer_body)) {
		fire(http, ON_BACKEND_ENDED);
		return;
	}
	end_answer(http);
	if (http->state == EXCHANGE_IDLE)
		resume_client(http);
}

void http_late(struct http_connection *http)
{
	fire(http, ON_LATE);
}

void http_drain(struct http_connection *http)
{
	http->drains = true;
	fire(http, ON_DRAIN);
}

unsigned http_take_wishes(struct http_connection *http)
{
	unsigned wishes = http->wishes;

	http->wishes = 0;
	return wishes;
}

enum http_limit http_connection_limit(const struct http_connection *http)
{
	enum http_limit limit = http_exchange_limit(http->state);

	if (limit == HTTP_LIMIT_KEEPALIVE && !http->has_served)
		return HTTP_LIMIT_HEAD;
	if (limit == HTTP_LIMIT_BODY && http->request.is_streamed)
		return HTTP_LIMIT_IDLE;
	return limit;
}

void http_take_held(struct http_connection *http)
{
	if (http->from_backend.len > 0)
		to_client(http, buffer_bytes(&http->from_backend));
	if (http->from_client.len > 0)
		to_backend(http, buffer_bytes(&http->from_client));
	buffer_cleanup(&http->from_backend);
	buffer_cleanup(&http->from_client);
}

bool http_takes_client(const struct http_connection *http)
{
	return !http->client_ended && (reads_client(http) || http->from_client.len < HTTP_MAX_PIPELINED_BYTES);
}

bool http_takes_backend(const struct http_connection *http)
{
	return http->backend_is_open;
}

bool http_is_partial(const struct http_connection *http)
{
	return http->is_partial;
}
