#include "proxy/http/http_framing.h"

/* Reads a length of digits alone. */
static enum http_rule read_length(struct bytes value, uint64_t *out)
{
	uint64_t length = 0;
	if (value.len == 0)
		return HTTP_RULE_LENGTH;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == ',')
			return HTTP_RULE_LENGTH_TWICE;
		if (value.data[i] < '0' || value.data[i] > '9')
			return HTTP_RULE_LENGTH;
	}
	for (size_t i = 0; i < value.len; i++) {
		uint64_t digit = (uint64_t)(value.data[i] - '0');
		if (length > ((uint64_t)INT64_MAX - digit) / 10)
			return HTTP_RULE_LENGTH_TOO_LARGE;
		length = length * 10 + digit;
	}
	*out = length;
	return HTTP_RULE_NONE;
}

static bool is_chunked(struct bytes value)
{
	static const char chunked[] = "chunked";
	if (value.len != sizeof(chunked) - 1)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if ((value.data[i] | 0x20) != chunked[i])
			return false;
	return true;
}

/* Reads what both fields of framing say; NONE where there is neither. */
static enum http_rule declared(const struct http_head *head, struct http_framing *out)
{
	size_t length = http_head_find(head, "Content-Length", 0);
	size_t coding = http_head_find(head, "Transfer-Encoding", 0);
	bool has_length = length < head->num_fields;
	bool has_coding = coding < head->num_fields;

	*out = (struct http_framing){.kind = HTTP_BODY_NONE};
	if (has_coding && has_length)
		return HTTP_RULE_LENGTH_AND_CODING;
	if (has_coding && head->version == HTTP_1_0)
		return HTTP_RULE_CODING_IN_1_0;
	if (has_coding) {
		out->kind = HTTP_BODY_CHUNKED;
		bool is_one = http_head_find(head, "Transfer-Encoding", coding + 1) == head->num_fields;
		return is_one && is_chunked(head->fields[coding].value) ? HTTP_RULE_NONE : HTTP_RULE_CODING;
	}
	if (!has_length)
		return HTTP_RULE_NONE;
	if (http_head_find(head, "Content-Length", length + 1) < head->num_fields)
		return HTTP_RULE_LENGTH_TWICE;
	out->kind = HTTP_BODY_LENGTH;
	return read_length(head->fields[length].value, &out->length);
}

enum http_rule http_request_framing(const struct http_head *head, struct http_framing *out)
{
	return declared(head, out);
}

enum http_rule http_answer_framing(const struct http_head *head, bool answers_head, struct http_framing *out)
{
	enum http_rule rule = declared(head, out);
	if (rule != HTTP_RULE_NONE)
		return rule;
	if (answers_head || head->status < 200 || head->status == 204 || head->status == 304)
		out->kind = HTTP_BODY_NONE;
	else if (out->kind == HTTP_BODY_NONE)
		out->kind = HTTP_BODY_UNTIL_CLOSE;
	return HTTP_RULE_NONE;
}
