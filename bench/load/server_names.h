/* server_names - the names that are asked for by SNI (RFC 6066 3), in turn. */
#ifndef BENCH_LOAD_SERVER_NAMES_H
#define BENCH_LOAD_SERVER_NAMES_H

#include <stddef.h>

#define SERVER_NAMES_MAX 100000
#define SERVER_NAMES_MAX_FILE_BYTES ((size_t)32 * 1024 * 1024)

/* Zero-initialised is empty: no name is sent. */
struct server_names {
	char **items;
	size_t count;
	size_t capacity;
};

/* server_names_add takes one name. Returns NULL, or a clause that says what is wrong with it. */
const char *server_names_add(struct server_names *names, const char *name);

/* server_names_add_file takes each line of a file; empty ones and what follows a '#' are passed over. */
const char *server_names_add_file(struct server_names *names, const char *path);

void server_names_cleanup(struct server_names *names);

#endif
