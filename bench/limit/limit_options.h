/* limit_options - the options of `limit`. */
#ifndef BENCH_LIMIT_LIMIT_OPTIONS_H
#define BENCH_LIMIT_LIMIT_OPTIONS_H

#include "bench/limit/memory_peers.h"

struct limit_options {
	struct handshake_kind kind;
	char *groups; /* owned; kind.groups points to it */
	uint64_t count; /* handshakes a slice */
	uint64_t runs; /* slices */
	uint64_t slice_ms; /* of the relay */
	uint64_t bulk_bytes; /* a transfer; 0: none is measured */
	uint64_t connections; /* at a time, through the relay */
	int server_cpu; /* -1: any */
	int client_cpu;
	bool no_relay;
	bool json;
};

enum limit_outcome { LIMIT_READ, LIMIT_HELP_PRINTED, LIMIT_WRONG };

/* limit_options_read reads the command line, and reports errors on stderr. */
enum limit_outcome limit_options_read(struct limit_options *options, int argc, char **argv);
void limit_options_cleanup(struct limit_options *options);

#endif
