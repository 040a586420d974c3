/* request_kind - what a connection may ask of the server once the handshake is done, by name. */
#ifndef BENCH_LOAD_REQUEST_KIND_H
#define BENCH_LOAD_REQUEST_KIND_H

#include <stdint.h>

#define REQUEST_MAX_BYTES (UINT64_C(1) << 40)

enum request_kind { REQUEST_NONE, REQUEST_ECHO, REQUEST_HTTP, REQUEST_BULK_DOWN, REQUEST_BULK_UP };

/* request_kind_parse reads "http", "echo" or "bulk-down:16m", say; *out_bytes is 0 where no size is given. Returns
 * NULL, or what is wrong. */
const char *request_kind_parse(const char *text, enum request_kind *out_kind, uint64_t *out_bytes);

/* request_kind_name is "echo", say. */
const char *request_kind_name(enum request_kind kind);

#endif
