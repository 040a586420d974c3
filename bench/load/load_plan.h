/* load_plan - the plan of a run of chainmend-bench. load_options reads it; immutable from then on. */
#ifndef BENCH_LOAD_LOAD_PLAN_H
#define BENCH_LOAD_LOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/load/request_kind.h"
#include "bench/load/server_names.h"

#define LOAD_MAX_CONNECTIONS 100000
#define LOAD_MAX_THREADS 64
#define LOAD_MAX_PINS 64
#define LOAD_MAX_SERVER_PIDS 64
#define LOAD_MAX_RATE 1e6 /* starts a second */
#define LOAD_MAX_DURATION_MS (UINT64_C(24) * 3600 * 1000)
#define LOAD_MAX_COUNT UINT64_C(1000000000000)
#define LOAD_MAX_PATH_CHARS 2000 /* of an HTTP request */
#define LOAD_MAX_HOST_CHARS 255

#define LOAD_DEFAULT_CONNECTIONS 16
#define LOAD_DEFAULT_DURATION_MS 10000
#define LOAD_DEFAULT_TIMEOUT_MS 10000
#define LOAD_DEFAULT_HOLD_MS 2000
#define LOAD_DEFAULT_BULK_BYTES (UINT64_C(16) * 1024 * 1024)

/* How a connection ends: close_notify and close at once, as browsers do; close_notify, FIN, and wait for the server's
 * end; or a reset. */
enum close_manner { CLOSE_QUICK, CLOSE_WAIT, CLOSE_RESET };

struct load_plan {
	const char *target; /* as it was given */
	char host[LOAD_MAX_HOST_CHARS + 1];
	uint16_t port;
	struct server_names names;

	bool resume;
	uint16_t tls_version; /* TLS1_2_VERSION or TLS1_3_VERSION; 0: whichever the server takes */
	char *groups; /* owned, colons between them; NULL: BoringSSL's default; so the next two */
	char *ciphers;
	char *sigalgs;
	unsigned compress; /* bits of certificate_decompression; 0: none is offered */
	const char *ca; /* NULL: the server's certificate is not verified */

	unsigned connections; /* open at a time, of all threads together */
	uint64_t count; /* transactions; 0: no limit but the duration */
	uint64_t duration_ms; /* 0: no limit but the count */
	uint64_t warm_up_ms;
	uint64_t timeout_ms; /* a connection */
	double rate; /* starts a second; 0: a closed loop */
	unsigned threads;
	int pins[LOAD_MAX_PINS];
	size_t num_pins;

	enum request_kind request;
	uint64_t request_bytes;
	const char *path;
	enum close_manner close;

	uint64_t idle; /* connections to hold; 0: a run of transactions */
	uint64_t hold_ms;

	pid_t server_pids[LOAD_MAX_SERVER_PIDS];
	size_t num_server_pids;
	bool server_children;

	bool json;
	bool quiet;
};

/* load_plan_cleanup frees what load_options_read put into it. */
void load_plan_cleanup(struct load_plan *plan);

#endif
