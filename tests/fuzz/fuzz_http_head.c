/* Whatever the head of a request (first byte even) or of an answer: the product reads it as a strict reader does that shares no
 * code with it, or both refuse it; its end is found in the same place however it comes; and what an early look refuses is
 * refused for good. */
#include <stdlib.h>

#include "proxy/http/http_framing.h"
#include "proxy/http/http_head.h"
#include "tests/support/strict_http.h"

#define MAX_BODY 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void strict(struct bytes stream, bool is_request, struct strict_http *out)
{
	struct strict_http none = {.num = 0};
	if (is_request)
		strict_http_requests(stream, out);
	else
		strict_http_answers(stream, &none, out);
}

static size_t end_in_pieces(struct bytes bytes)
{
	size_t at = 0, end = 0;
	for (size_t len = 0; len <= bytes.len && end == 0; len++)
		end = http_head_end(bytes_of(bytes.data, len), &at);
	return end;
}

/* The last look is at all of it. */
static enum http_rule look_early(struct bytes bytes, bool is_request)
{
	enum http_rule found = HTTP_RULE_NONE;
	for (size_t len = 0; len <= bytes.len; len++) {
		enum http_rule rule = http_head_guard_early(bytes_of(bytes.data, len), is_request);
		require(found == HTTP_RULE_NONE || rule != HTTP_RULE_NONE);
		found = rule;
	}
	return found;
}

static void compare(const struct http_head *head, const struct strict_message *message)
{
	require(bytes_equal(head->method, message->method) && bytes_equal(head->target, message->target));
	require(head->status == message->status && bytes_equal(head->reason, message->reason));
	require((head->version == HTTP_1_1) == (message->minor_version == 1));
	require(head->num_fields == message->fields.num);
	for (size_t i = 0; i < head->num_fields; i++) {
		require(bytes_equal(head->fields[i].name, message->fields.items[i].name));
		require(bytes_equal(head->fields[i].value, message->fields.items[i].value));
	}
}

/* Gives the strict reader the head with the body that it declares. */
static void read_whole(const struct http_head *head, struct bytes bytes, const struct http_framing *framing,
		       bool is_request)
{
	static const char last_chunk[] = "0\r\n\r\n";
	uint8_t *stream = calloc(1, bytes.len + MAX_BODY);
	struct strict_http read;
	size_t body = 0;
	require(stream != NULL);
	memcpy(stream, bytes.data, bytes.len);
	if (framing->kind == HTTP_BODY_CHUNKED)
		memcpy(stream + bytes.len, last_chunk, body = sizeof(last_chunk) - 1);
	if (framing->kind == HTTP_BODY_LENGTH)
		body = framing->length < MAX_BODY ? (size_t)framing->length : MAX_BODY;
	strict(bytes_of(stream, bytes.len + body), is_request, &read);
	if (framing->kind == HTTP_BODY_LENGTH && framing->length > MAX_BODY) {
		require(read.num == 0 && read.end == STRICT_CUT);
	} else {
		require(read.num == 1 && read.taken == bytes.len + body);
		struct http_head moved;
		bytes = bytes_of(stream, bytes.len);
		require((is_request ? http_request_read(bytes, &moved) : http_answer_read(bytes, &moved)) ==
			HTTP_RULE_NONE);
		require(moved.num_fields == head->num_fields);
		compare(&moved, &read.messages[0]);
	}
	strict_http_cleanup(&read);
	free(stream);
}

static void expect_broken(struct bytes bytes, bool is_request)
{
	struct strict_http read;
	strict(bytes, is_request, &read);
	require(read.num == 0 && read.end == STRICT_BROKEN);
	strict_http_cleanup(&read);
}

/* llhttp 9.3.0 refuses a tab behind Content-Length, which is a blank as any other: with others, nothing may be refused so. */
static void try_without_tabs(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	require(copy != NULL);
	for (size_t i = 0; i < size; i++)
		copy[i] = data[i] == '\t' ? ' ' : data[i];
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	bool is_request = data[0] % 2 == 0;
	struct bytes bytes = bytes_of(data + 1, size - 1);
	struct http_head head;
	struct http_framing framing;
	size_t at = 0;
	size_t end = http_head_end(bytes, &at);

	require(end <= bytes.len && end == end_in_pieces(bytes));
	enum http_rule early = look_early(bytes_of(bytes.data, end > 0 ? end : bytes.len), is_request);
	if (early != HTTP_RULE_NONE)
		expect_broken(bytes_of(bytes.data, end > 0 ? end : bytes.len), is_request);
	if (end == 0)
		return 0;

	bytes.len = end;
	enum http_rule rule = is_request ? http_request_read(bytes, &head) : http_answer_read(bytes, &head);
	if (rule == HTTP_RULE_NONE)
		rule = is_request ? http_request_framing(&head, &framing) : http_answer_framing(&head, false, &framing);
	if (rule == HTTP_RULE_SYNTAX && memchr(bytes.data, '\t', bytes.len) != NULL) {
		try_without_tabs(data, size);
		return 0;
	}
	if (rule != HTTP_RULE_NONE) {
		expect_broken(bytes, is_request);
		return 0;
	}
	require(early == HTTP_RULE_NONE);
	read_whole(&head, bytes, &framing, is_request);
	return 0;
}
