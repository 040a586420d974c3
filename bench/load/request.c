#include "bench/load/request.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/load/pattern.h"

#define ANSWER_TO_TAKE "ok"

void request_begin(struct request *request, const struct load_plan *plan, const char *host)
{
	int len = 0;

	request->plan = plan;
	request->sent = request->received = request->payload = 0;
	switch (plan->request) {
	case REQUEST_NONE:
		break;
	case REQUEST_ECHO:
		request->payload = plan->request_bytes;
		break;
	case REQUEST_HTTP:
		http_reply_init(&request->reply);
		len =
		    snprintf(request->head, sizeof(request->head),
			     "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: chainmend-bench\r\nConnection: close\r\n\r\n",
			     plan->path, host);
		break;
	case REQUEST_BULK_DOWN:
		len = snprintf(request->head, sizeof(request->head), "send %" PRIu64 "\n", plan->request_bytes);
		break;
	case REQUEST_BULK_UP:
		len = snprintf(request->head, sizeof(request->head), "take %" PRIu64 "\n", plan->request_bytes);
		request->payload = plan->request_bytes;
		break;
	}
	request->head_len = len > 0 ? (size_t)len : 0;
}

bool request_all_sent(const struct request *request)
{
	return request->sent == request->head_len + request->payload;
}

struct bytes request_next(struct request *request)
{
	struct bytes next;

	if (request->sent < request->head_len) {
		next = bytes_of(request->head + request->sent, request->head_len - (size_t)request->sent);
	} else {
		uint64_t at = request->sent - request->head_len;
		uint64_t left = request->payload - at;
		next = pattern_at(at, left < REQUEST_CHUNK_BYTES ? (size_t)left : REQUEST_CHUNK_BYTES);
	}
	request->sent += next.len;
	return next;
}

static enum request_verdict take_pattern(struct request *request, struct bytes bytes)
{
	uint64_t size = request->plan->request_bytes;

	if (bytes.len > size - request->received || !pattern_matches(request->received, bytes))
		return REQUEST_WRONG;
	request->received += bytes.len;
	return request->received == size ? REQUEST_COMPLETE : REQUEST_GOES_ON;
}

static enum request_verdict take_ok(struct request *request, struct bytes bytes)
{
	size_t len = sizeof(ANSWER_TO_TAKE) - 1;

	if (bytes.len > len - request->received ||
	    memcmp(bytes.data, &ANSWER_TO_TAKE[request->received], bytes.len) != 0)
		return REQUEST_WRONG;
	request->received += bytes.len;
	return request->received == len ? REQUEST_COMPLETE : REQUEST_GOES_ON;
}

static enum request_verdict verdict_of(enum http_reply_state state)
{
	if (state == HTTP_REPLY_COMPLETE)
		return REQUEST_COMPLETE;
	return state == HTTP_REPLY_WRONG ? REQUEST_WRONG : REQUEST_GOES_ON;
}

enum request_verdict request_take(struct request *request, struct bytes bytes)
{
	switch (request->plan->request) {
	case REQUEST_ECHO:
	case REQUEST_BULK_DOWN:
		return take_pattern(request, bytes);
	case REQUEST_BULK_UP:
		return take_ok(request, bytes);
	case REQUEST_HTTP:
		request->received += bytes.len;
		return verdict_of(http_reply_take(&request->reply, bytes));
	case REQUEST_NONE:
		break;
	}
	return REQUEST_GOES_ON; /* a server that greets */
}

enum request_verdict request_end(struct request *request)
{
	if (request->plan->request != REQUEST_HTTP)
		return REQUEST_WRONG;
	return verdict_of(http_reply_end(&request->reply));
}

const char *request_failure(const struct request *request, char *out, size_t out_size)
{
	const struct http_reply *reply = &request->reply;

	if (request->plan->request != REQUEST_HTTP)
		snprintf(out, out_size, "wrong_%s", request->plan->request == REQUEST_ECHO ? "echo" : "answer");
	else if (reply->status >= HTTP_REPLY_FIRST_FAILURE)
		snprintf(out, out_size, "http_status_%u", reply->status);
	else
		snprintf(out, out_size, "wrong_http_answer");
	return out;
}
