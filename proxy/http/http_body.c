#include "proxy/http/http_body.h"

#include "proxy/http/http_guard.h"
#include "proxy/http/http_trailer.h"

bool http_body_start(struct http_body *body, struct http_framing framing)
{
	*body = (struct http_body){.framing = framing};
	if (framing.kind == HTTP_BODY_LENGTH)
		body->left = framing.length;
	if (framing.kind == HTTP_BODY_CHUNKED)
		body->chunks = http_chunk_reader_new();
	return framing.kind != HTTP_BODY_CHUNKED || body->chunks != NULL;
}

void http_body_cleanup(struct http_body *body)
{
	http_chunk_reader_free(body->chunks);
	*body = (struct http_body){.framing = {.kind = HTTP_BODY_NONE}};
}

static enum http_body_result take(struct bytes *input, uint64_t max, struct bytes *out_content)
{
	size_t len = input->len < max ? input->len : (size_t)max;
	if (len == 0)
		return HTTP_BODY_MORE;
	*out_content = bytes_of(input->data, len);
	*input = bytes_of(input->data + len, input->len - len);
	return HTTP_BODY_CONTENT;
}

enum http_body_result http_body_take(struct http_body *body, struct bytes *input, struct bytes *out_content)
{
	enum http_body_result result = HTTP_BODY_DONE;
	*out_content = bytes_of(NULL, 0);
	switch (body->framing.kind) {
	case HTTP_BODY_NONE:
		break;
	case HTTP_BODY_LENGTH:
		if (body->left > 0)
			result = take(input, body->left, out_content);
		body->left -= out_content->len;
		break;
	case HTTP_BODY_CHUNKED:
		if (body->broken != HTTP_RULE_NONE)
			return HTTP_BODY_BROKEN;
		enum http_rule rule = HTTP_RULE_NONE;
		result = http_chunk_reader_take(body->chunks, input, out_content, &rule);
		if (result == HTTP_BODY_BROKEN) {
			body->broken = rule;
			*out_content = bytes_of(NULL, 0);
		}
		break;
	case HTTP_BODY_UNTIL_CLOSE:
		result = take(input, UINT64_MAX, out_content);
		break;
	}
	return result;
}

bool http_body_end(const struct http_body *body)
{
	if (body->framing.kind == HTTP_BODY_CHUNKED)
		return body->broken == HTTP_RULE_NONE && http_chunk_reader_is_whole(body->chunks);
	return body->framing.kind != HTTP_BODY_LENGTH || body->left == 0;
}

/* A backend that merges trailers into the head must not take one for what the site sets. */
static bool goes_on(struct bytes name, const struct http_policy *policy)
{
	return http_trailer_goes_on(name) && (policy == NULL || !http_policy_owns(policy, name));
}

struct error http_body_trailers(const struct http_body *body, const struct http_policy *policy, struct buffer *out)
{
	struct http_head trailers;
	struct error error = error_none();
	if (body->framing.kind != HTTP_BODY_CHUNKED ||
	    http_guard_fields(http_chunk_reader_trailers(body->chunks), &trailers) != HTTP_RULE_NONE)
		return error;
	for (size_t i = 0; i < trailers.num_fields && error.kind == ERROR_NONE; i++) {
		const struct http_field *field = &trailers.fields[i];
		if (goes_on(field->name, policy))
			error =
			    buffer_printf(out, "%.*s: %.*s\r\n", (int)field->name.len, (const char *)field->name.data,
					  (int)field->value.len, (const char *)field->value.data);
	}
	return error;
}
