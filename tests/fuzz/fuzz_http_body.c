/* Whatever a chunked body: its content, its end and the rule that it breaks are the same however it is cut, and as a strict
 * reader has them that shares no code with the product. */
#include <stdlib.h>

#include "proxy/http/http_body.h"
#include "proxy/http/http_trailer.h"
#include "tests/support/strict_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	enum http_body_result result;
	enum http_rule rule;
	size_t taken; /* what is not taken belongs to the next message; of a whole body alone */
	struct buffer content;
	struct buffer trailers;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Reads in pieces whose lengths the seed chooses: 0 for all at once. */
static void read_body(struct bytes bytes, unsigned seed, struct outcome *out)
{
	struct http_body body;
	size_t at = 0;
	require(http_body_start(&body, (struct http_framing){.kind = HTTP_BODY_CHUNKED}));
	*out = (struct outcome){.result = HTTP_BODY_MORE};
	buffer_init(&out->content, bytes.len + 1);
	buffer_init(&out->trailers, 2 * bytes.len + 1);
	while (at < bytes.len && out->result == HTTP_BODY_MORE) {
		size_t piece = seed == 0 ? bytes.len : 1 + (seed + at * 7) % (seed + 1);
		struct bytes input = bytes_of(bytes.data + at, bytes.len - at < piece ? bytes.len - at : piece);
		size_t len = input.len;
		struct bytes content;
		do {
			out->result = http_body_take(&body, &input, &content);
			require(content.len == 0 || out->result == HTTP_BODY_CONTENT);
			require(!failed(buffer_append(&out->content, content)));
		} while (out->result == HTTP_BODY_CONTENT);
		require(out->result != HTTP_BODY_MORE || input.len == 0);
		at += len - input.len;
	}
	out->taken = at;
	out->rule = body.broken;
	require((out->result == HTTP_BODY_BROKEN) == (out->rule != HTTP_RULE_NONE));
	require(http_body_end(&body) == (out->result == HTTP_BODY_DONE));
	if (out->result == HTTP_BODY_DONE)
		require(!failed(http_body_trailers(&body, NULL, &out->trailers)));
	http_body_cleanup(&body);
}

static void outcome_cleanup(struct outcome *outcome)
{
	buffer_cleanup(&outcome->content);
	buffer_cleanup(&outcome->trailers);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->result == b->result && a->rule == b->rule && (a->result != HTTP_BODY_DONE || a->taken == b->taken) &&
	       bytes_equal(buffer_bytes(&a->content), buffer_bytes(&b->content)) &&
	       bytes_equal(buffer_bytes(&a->trailers), buffer_bytes(&b->trailers));
}

static bool is_limit(enum http_rule rule)
{
	return rule == HTTP_RULE_CHUNK_LINE || rule == HTTP_RULE_CHUNK_EXTENSIONS || rule == HTTP_RULE_TRAILERS;
}

/* Trailers are judged by whole lines: what looks unfinished is refused with the line's end. */
static void expect_broken_line(struct bytes bytes)
{
	struct outcome outcome;
	uint8_t *more = calloc(1, bytes.len + 2);
	require(more != NULL);
	memcpy(more, bytes.data, bytes.len);
	memcpy(more + bytes.len, "\r\n", 2);
	read_body(bytes_of(more, bytes.len + 2), 0, &outcome);
	require(outcome.result == HTTP_BODY_BROKEN);
	outcome_cleanup(&outcome);
	free(more);
}

static void compare_whole(const struct outcome *outcome, const struct strict_message *message, size_t taken)
{
	struct buffer trailers;
	require(outcome->result == HTTP_BODY_DONE && outcome->taken == taken);
	require(bytes_equal(buffer_bytes(&outcome->content), bytes_of(message->body, message->body_len)));
	buffer_init(&trailers, 1024 * 1024);
	for (size_t i = 0; i < message->trailers.num; i++) {
		const struct strict_field *field = &message->trailers.items[i];
		if (http_trailer_goes_on(field->name))
			require(!failed(buffer_printf(&trailers, "%.*s: %.*s\r\n", (int)field->name.len,
						      field->name.data, (int)field->value.len, field->value.data)));
	}
	require(bytes_equal(buffer_bytes(&trailers), buffer_bytes(&outcome->trailers)));
	buffer_cleanup(&trailers);
}

static void compare(const struct outcome *outcome, struct bytes bytes)
{
	static const char head[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	size_t head_len = sizeof(head) - 1;
	uint8_t *stream = calloc(1, head_len + bytes.len);
	struct strict_http read;
	require(stream != NULL);
	memcpy(stream, head, head_len);
	memcpy(stream + head_len, bytes.data, bytes.len);
	strict_http_requests(bytes_of(stream, head_len + bytes.len), &read);
	if (read.num > 0)
		compare_whole(outcome, &read.messages[0], (size_t)(read.messages[0].end - stream) - head_len);
	else if (read.end == STRICT_CUT)
		require(outcome->result == HTTP_BODY_MORE);
	else if (outcome->result == HTTP_BODY_MORE)
		expect_broken_line(bytes);
	else
		require(outcome->result == HTTP_BODY_BROKEN);
	if (outcome->result != HTTP_BODY_DONE)
		require(outcome->content.len == read.rest_body_len);
	strict_http_cleanup(&read);
	free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = bytes_of(data, size);
	struct outcome whole, cut;
	if (size == 0)
		return 0;
	read_body(bytes, 0, &whole);
	for (unsigned seed = 1; seed <= 4; seed++) {
		read_body(bytes, seed * seed, &cut);
		require(same(&whole, &cut));
		outcome_cleanup(&cut);
	}
	if (!is_limit(whole.rule))
		compare(&whole, bytes);
	outcome_cleanup(&whole);
	return 0;
}
