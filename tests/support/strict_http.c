#include "tests/support/strict_http.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

/* Where the reading is. A function that wants something returns false when it is not there: `why` says what was wanted, and
 * is NULL where the stream ended before. */
struct cursor {
	const uint8_t *at, *end;
	const char *why;
	bool is_cut;
};

static bool fail(struct cursor *c, const char *why)
{
	c->why = why;
	return false;
}

/* The byte that must follow by the grammar, or -1 at the stream's end. */
static int peek(struct cursor *c)
{
	if (c->at < c->end)
		return *c->at;
	c->is_cut = true;
	return -1;
}

static bool is_alpha(int byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

static int hex_value(int byte)
{
	if (is_digit(byte))
		return byte - '0';
	if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'))
		return (byte & 7) + 9;
	return -1;
}

/* tchar (RFC 9110 5.6.2) */
static bool is_tchar(int byte)
{
	return is_alpha(byte) || is_digit(byte) || (byte > 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* field-vchar, SP and HTAB (RFC 9110 5.5) */
static bool is_text(int byte)
{
	return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

/* What is sent in targets: VCHAR, but for the `#` of a fragment. RFC 3986 has fewer. */
static bool is_target_byte(int byte)
{
	return byte > ' ' && byte < 0x7f && byte != '#';
}

static bool want(struct cursor *c, const char *text, const char *why)
{
	for (; *text != '\0'; text++, c->at++)
		if (peek(c) != (uint8_t)*text)
			return fail(c, why);
	return true;
}

static struct bytes run_of(struct cursor *c, bool (*is_part)(int byte))
{
	const uint8_t *start = c->at;
	while (is_part(peek(c)))
		c->at++;
	return bytes_of(start, (size_t)(c->at - start));
}

static bool want_token(struct cursor *c, struct bytes *out, const char *why)
{
	*out = run_of(c, is_tchar);
	return out->len > 0 ? true : fail(c, why);
}

static bool want_digit(struct cursor *c, unsigned *out, const char *why)
{
	int byte = peek(c);
	if (!is_digit(byte))
		return fail(c, why);
	*out = (unsigned)(byte - '0');
	c->at++;
	return true;
}

static bool want_version(struct cursor *c, unsigned *out_minor)
{
	return want(c, "HTTP/1.", "version") && want_digit(c, out_minor, "version") &&
	       (*out_minor <= 1 ? true : fail(c, "version"));
}

static bool is_address_byte(int byte)
{
	return hex_value(byte) >= 0 || byte == ':' || byte == '.';
}

/* uri-host [ ":" port ], not empty (RFC 3986 3.2.2, 3.2.3) */
static bool is_authority(struct bytes text)
{
	struct cursor c = {text.data, text.data + text.len, NULL, false};
	if (peek(&c) == '[') {
		char address[INET6_ADDRSTRLEN] = "";
		struct in6_addr parsed;
		c.at++;
		struct bytes inner = run_of(&c, is_address_byte);
		if (inner.len >= sizeof(address) || peek(&c) != ']')
			return false;
		memcpy(address, inner.data, inner.len);
		if (inet_pton(AF_INET6, address, &parsed) != 1)
			return false;
		c.at++;
	} else {
		const uint8_t *start = c.at;
		for (int byte; (byte = peek(&c)) >= 0 && byte != ':'; c.at++) {
			if (byte == '%' && (c.end - c.at < 3 || hex_value(c.at[1]) < 0 || hex_value(c.at[2]) < 0))
				return false;
			if (!is_alpha(byte) && !is_digit(byte) &&
			    (byte == 0 || strchr("-._~!$&'()*+,;=%", byte) == NULL))
				return false;
		}
		if (c.at == start || c.at - start > STRICT_MAX_NAME)
			return false;
	}
	if (c.at == c.end)
		return true;
	if (*c.at++ != ':' || c.end - c.at > 5)
		return false;
	unsigned port = 0;
	for (; c.at < c.end && is_digit(*c.at); c.at++)
		port = port * 10 + (unsigned)(*c.at - '0');
	return c.at == c.end && port <= 65535;
}

/* absolute-form with letters as its scheme */
static bool is_absolute(struct bytes target)
{
	struct cursor c = {target.data, target.data + target.len, NULL, false};
	size_t scheme = run_of(&c, is_alpha).len;
	if (scheme == 0 || scheme > STRICT_MAX_NAME || !want(&c, "://", "target"))
		return false;
	const uint8_t *start = c.at;
	while (c.at < c.end && *c.at != '/' && *c.at != '?')
		c.at++;
	return is_authority(bytes_of(start, (size_t)(c.at - start)));
}

/* RFC 9112 3.2 */
static bool is_target(struct bytes method, struct bytes target)
{
	if (bytes_equal(method, bytes_of_string("CONNECT")))
		return is_authority(target);
	if (target.data[0] == '/')
		return true;
	if (bytes_equal(target, bytes_of_string("*")))
		return bytes_equal(method, bytes_of_string("OPTIONS"));
	return is_absolute(target);
}

static bool want_request_line(struct cursor *c, struct strict_message *out)
{
	for (int i = 0; i < STRICT_MAX_EMPTY_LINES && peek(c) == '\r'; i++)
		if (!want(c, "\r\n", "empty line"))
			return false;
	if (!want_token(c, &out->method, "method"))
		return false;
	if (out->method.len > STRICT_MAX_METHOD) {
		c->is_cut = false; /* what follows cannot mend it */
		return fail(c, "length of the method");
	}
	if (!want(c, " ", "blank behind the method"))
		return false;
	out->target = run_of(c, is_target_byte);
	if (out->target.len == 0 || !want(c, " ", "blank behind the target"))
		return fail(c, "target");
	return want_version(c, &out->minor_version) && want(c, "\r\n", "end of the request line") &&
	       (is_target(out->method, out->target) ? true : fail(c, "target"));
}

static bool want_status_line(struct cursor *c, struct strict_message *out)
{
	unsigned digits[3];
	if (!want_version(c, &out->minor_version) || !want(c, " ", "status line"))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!want_digit(c, &digits[i], "status"))
			return false;
	out->status = digits[0] * 100 + digits[1] * 10 + digits[2];
	if (peek(c) == ' ') {
		c->at++;
		out->reason = run_of(c, is_text);
	}
	if (!want(c, "\r\n", "end of the status line"))
		return false;
	return out->status >= 100 && out->status <= 599 ? true : fail(c, "status");
}

static bool is_ows(int byte)
{
	return byte == ' ' || byte == '\t';
}

/* field-line CRLF up to and with the empty line */
static bool want_fields(struct cursor *c, struct strict_fields *out)
{
	out->num = 0;
	while (peek(c) != '\r') {
		struct strict_field field;
		if (!want_token(c, &field.name, "field name") || !want(c, ":", "colon"))
			return false;
		run_of(c, is_ows);
		field.value = run_of(c, is_text);
		while (field.value.len > 0 && is_ows(field.value.data[field.value.len - 1]))
			field.value.len--;
		if (!want(c, "\r\n", "end of a field"))
			return false;
		if (out->num == STRICT_MAX_FIELDS)
			return fail(c, "number of fields");
		out->items[out->num++] = field;
	}
	return want(c, "\r\n", "end of the fields");
}

static bool is_text_nocase(struct bytes text, const char *wanted)
{
	return text.len == strlen(wanted) && strncasecmp((const char *)text.data, wanted, text.len) == 0;
}

/* The fields of that name; the last one in *out. */
static size_t count(const struct strict_fields *fields, const char *name, struct bytes *out)
{
	size_t num = 0;
	for (size_t i = 0; i < fields->num; i++) {
		if (!is_text_nocase(fields->items[i].name, name))
			continue;
		num++;
		*out = fields->items[i].value;
	}
	return num;
}

static bool read_length(struct cursor *c, struct bytes value, uint64_t *out)
{
	*out = 0;
	if (value.len == 0)
		return fail(c, "Content-Length");
	for (size_t i = 0; i < value.len; i++) {
		if (!is_digit(value.data[i]) || *out > (uint64_t)INT64_MAX / 10)
			return fail(c, "Content-Length");
		*out = *out * 10 + (uint64_t)(value.data[i] - '0');
	}
	return *out <= INT64_MAX ? true : fail(c, "Content-Length");
}

static void add_content(struct strict_message *message, const uint8_t *at, size_t len)
{
	uint8_t *body = realloc(message->body, message->body_len + len + 1);
	if (body == NULL)
		abort();
	memcpy(body + message->body_len, at, len);
	message->body = body;
	message->body_len += len;
}

static bool want_content(struct cursor *c, struct strict_message *message, uint64_t len)
{
	size_t there = (size_t)(c->end - c->at);
	size_t taken = there < len ? there : (size_t)len;
	add_content(message, c->at, taken);
	c->at += taken;
	if (taken == len)
		return true;
	c->is_cut = true;
	return fail(c, "content");
}

static bool is_quoted_text(int byte)
{
	return is_text(byte) && byte != '"' && byte != '\\';
}

/* quoted-string (RFC 9110 5.6.4) */
static bool want_quoted(struct cursor *c)
{
	if (!want(c, "\"", "chunk extension"))
		return false;
	for (;;) {
		run_of(c, is_quoted_text);
		if (peek(c) != '\\')
			return want(c, "\"", "chunk extension");
		c->at++;
		if (!is_text(peek(c)))
			return fail(c, "chunk extension");
		c->at++;
	}
}

/* chunk-ext without the bad whitespace that RFC 9112 7.1.1 wants parsed: it is refused */
static bool want_extensions(struct cursor *c)
{
	while (peek(c) == ';') {
		struct bytes name, value;
		c->at++;
		if (!want_token(c, &name, "chunk extension"))
			return false;
		if (peek(c) != '=')
			continue;
		c->at++;
		if (!(peek(c) == '"' ? want_quoted(c) : want_token(c, &value, "chunk extension")))
			return false;
	}
	return true;
}

static bool want_chunk_size(struct cursor *c, uint64_t *out)
{
	const uint8_t *start = c->at;
	*out = 0;
	for (int digit; (digit = hex_value(peek(c))) >= 0; c->at++) {
		if (c->at - start >= 16 || *out > (uint64_t)INT64_MAX >> 4)
			return fail(c, "chunk size");
		*out = *out << 4 | (uint64_t)digit;
	}
	return c->at > start ? true : fail(c, "chunk size");
}

static bool want_chunks(struct cursor *c, struct strict_message *message)
{
	uint64_t size;
	do {
		if (!want_chunk_size(c, &size) || !want_extensions(c) || !want(c, "\r\n", "end of a chunk line"))
			return false;
		if (size > 0 && (!want_content(c, message, size) || !want(c, "\r\n", "end of a chunk")))
			return false;
	} while (size > 0);
	return want_fields(c, &message->trailers);
}

/* RFC 9112 6.3, where what is ambiguous is refused */
static bool want_body(struct cursor *c, struct strict_message *message, bool may_end_by_close, bool has_none)
{
	struct bytes value = {NULL, 0};
	uint64_t length = 0;
	size_t codings = count(&message->fields, "Transfer-Encoding", &value);
	if (codings > 1 || (codings == 1 && (message->minor_version == 0 || !is_text_nocase(value, "chunked"))))
		return fail(c, "Transfer-Encoding");
	size_t lengths = count(&message->fields, "Content-Length", &value);
	if (lengths > 1 || lengths + codings > 1)
		return fail(c, "Content-Length");
	if (lengths == 1 && !read_length(c, value, &length))
		return false;
	if (has_none)
		return true;
	message->is_chunked = codings == 1;
	if (codings == 1)
		return want_chunks(c, message);
	message->ends_by_close = may_end_by_close && lengths == 0;
	return want_content(c, message, message->ends_by_close ? (uint64_t)(c->end - c->at) : length);
}

static bool want_request(struct cursor *c, struct strict_message *out)
{
	return want_request_line(c, out) && want_fields(c, &out->fields) && want_body(c, out, false, false);
}

static bool want_answer(struct cursor *c, bool answers_head, struct strict_message *out)
{
	if (!want_status_line(c, out) || !want_fields(c, &out->fields))
		return false;
	bool has_none = answers_head || out->status < 200 || out->status == 204 || out->status == 304;
	return want_body(c, out, true, has_none);
}

static struct strict_message *next_message(struct strict_http *http)
{
	struct strict_message *messages = realloc(http->messages, (http->num + 1) * sizeof(*messages));
	if (messages == NULL)
		abort();
	http->messages = messages;
	memset(&messages[http->num], 0, sizeof(messages[http->num]));
	return &messages[http->num];
}

/* Counts a message that is whole, or notes why it is not. */
static bool add(struct strict_http *http, const struct cursor *c, bool is_whole, struct bytes stream)
{
	struct strict_message *message = &http->messages[http->num];
	if (is_whole) {
		http->num++;
		message->end = c->at;
		http->taken = (size_t)(c->at - stream.data);
		return true;
	}
	http->end = c->is_cut && c->at == c->end ? STRICT_CUT : STRICT_BROKEN;
	http->why = c->why;
	http->rest_body_len = message->body_len;
	free(message->body);
	return false;
}

void strict_http_requests(struct bytes stream, struct strict_http *out)
{
	*out = (struct strict_http){.end = STRICT_WHOLE};
	const uint8_t *end = stream.data + stream.len;
	for (struct cursor c = {stream.data, end, NULL, false}; c.at < end; c.is_cut = false) {
		bool is_whole = want_request(&c, next_message(out));
		if (!add(out, &c, is_whole, stream))
			return;
	}
}

void strict_http_answers(struct bytes stream, const struct strict_http *requests, struct strict_http *out)
{
	*out = (struct strict_http){.end = STRICT_WHOLE};
	const uint8_t *end = stream.data + stream.len;
	size_t num_answered = 0;
	for (struct cursor c = {stream.data, end, NULL, false}; c.at < end; c.is_cut = false) {
		bool answers_head = num_answered < requests->num &&
				    bytes_equal(requests->messages[num_answered].method, bytes_of_string("HEAD"));
		bool is_whole = want_answer(&c, answers_head, next_message(out));
		if (!add(out, &c, is_whole, stream))
			return;
		if (out->messages[out->num - 1].status == 101) {
			out->end = STRICT_TUNNEL;
			return;
		}
		num_answered += out->messages[out->num - 1].status >= 200;
	}
}

void strict_http_cleanup(struct strict_http *http)
{
	for (size_t i = 0; i < http->num; i++)
		free(http->messages[i].body);
	free(http->messages);
	memset(http, 0, sizeof(*http));
}
