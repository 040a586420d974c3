/* Whatever the answer: what goes on of it reads again as the same answer, framed as its client can read it. */
#include <stdlib.h>

#include "proxy/http/http_answer.h"
#include "proxy/http/http_view.h"

enum { MAX_BYTES = 1 << 20, MAX_ADDED_FIELDS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void compare(const struct http_head *in, const struct http_answer_facts *facts,
		    const struct http_request_facts *request, const struct buffer *written, bool keeps_alive)
{
	static struct http_head out;
	struct http_answer_facts again;
	struct http_view view;
	size_t at = 0;

	must(http_head_end(buffer_bytes(written), &at) == written->len);
	must(http_answer_read(buffer_bytes(written), &out) == HTTP_RULE_NONE);
	must(out.status == in->status && bytes_equal(out.reason, in->reason));
	must(http_answer_judge(&out, request, &again) == HTTP_RULE_NONE);
	must(again.framing.kind == facts->kind_out && again.binds_login == facts->binds_login);
	if (facts->kind_out == HTTP_BODY_LENGTH)
		must(again.framing.length == facts->framing.length);
	must(request->version == HTTP_1_1 || facts->kind_out != HTTP_BODY_CHUNKED);
	http_view_of(&out, &view);
	if (!facts->is_interim && !facts->switches)
		must(http_view_keeps_alive(&view) == (keeps_alive && facts->kind_out != HTTP_BODY_UNTIL_CLOSE));
}

/* The first byte: what was asked, and whether the client's connection goes on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_policy policy = {.upgrade = true};
	static struct http_head in;
	struct http_answer_facts facts;
	size_t at = 0;

	if (size == 0)
		return 0;
	struct bytes bytes = bytes_of(data + 1, size - 1);
	size_t len = http_head_end(bytes, &at);
	const struct http_request_facts request = {
	    .version = data[0] & 1 ? HTTP_1_1 : HTTP_1_0, .is_head = data[0] & 2, .wants_upgrade = (data[0] & 5) == 5};
	bool keeps_alive = data[0] & 8;
	if (len == 0 || http_answer_read(bytes_of(bytes.data, len), &in) != HTTP_RULE_NONE ||
	    http_answer_judge(&in, &request, &facts) != HTTP_RULE_NONE)
		return 0;
	struct buffer written;
	buffer_init(&written, MAX_BYTES);
	struct error error = http_answer_write(&in, &facts, &request, &policy, keeps_alive, &written);
	must(!failed(error) || len > MAX_BYTES / 4);
	if (!failed(error) && in.num_fields + MAX_ADDED_FIELDS <= HTTP_MAX_FIELDS)
		compare(&in, &facts, &request, &written, keeps_alive);
	buffer_cleanup(&written);
	return 0;
}
