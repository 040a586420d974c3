/* request - what one connection asks of the server once the handshake is done, and whether the answer is right.
 *
 * echo: SIZE bytes, and the same come back. http: one GET, and an answer whose status is below 400. bulk-down: the
 * line "send SIZE", and SIZE bytes come. bulk-up: the line "take SIZE" and SIZE bytes, and "ok" comes; these two
 * are the commands of bench/echo_backend. All payload is the alphabet in small letters, over and over, and every
 * byte that comes is compared. Pure: no socket.
 */
#ifndef BENCH_LOAD_REQUEST_H
#define BENCH_LOAD_REQUEST_H

#include "bench/load/http_reply.h"
#include "bench/load/load_plan.h"
#include "chaincache/base/bytes.h"

#define REQUEST_MAX_HEAD (LOAD_MAX_PATH_CHARS + 512)
#define REQUEST_CHUNK_BYTES ((size_t)64 * 1024)

struct request {
	const struct load_plan *plan;
	uint64_t sent; /* of head and payload together */
	uint64_t received;
	uint64_t payload; /* bytes behind the head */
	size_t head_len;
	struct http_reply reply;
	char head[REQUEST_MAX_HEAD];
};

enum request_verdict { REQUEST_GOES_ON, REQUEST_COMPLETE, REQUEST_WRONG };

/* request_begin asks in the name of `host` (HTTP's Host). */
void request_begin(struct request *request, const struct load_plan *plan, const char *host);

/* request_next is what is to be sent next, REQUEST_CHUNK_BYTES at most; empty when all is sent. It counts as sent. */
struct bytes request_next(struct request *request);
bool request_all_sent(const struct request *request);

/* request_take judges what came; request_end that nothing more will. */
enum request_verdict request_take(struct request *request, struct bytes bytes);
enum request_verdict request_end(struct request *request);

/* request_failure names what is wrong: "wrong_echo", "http_status_502". */
const char *request_failure(const struct request *request, char *out, size_t out_size);

#endif
