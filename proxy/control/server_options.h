/* server_options - what the control thread is started with. */
#ifndef PROXY_CONTROL_SERVER_OPTIONS_H
#define PROXY_CONTROL_SERVER_OPTIONS_H

#include "chaincache/base/buffer.h"
#include "conf/config.h"

#define SERVER_FIRST_MENDS_MS 500 /* that a start or a reload waits for chains that the cache completes */
#define SERVER_MAX_ERROR_BYTES ((size_t)1024 * 1024)

struct server_options {
	struct config *take_config;
	void *context;
	/* Reads the configuration anew for a reload; false with lines in `errors`. */
	bool (*read_config)(void *context, struct config **out, struct buffer *errors);
};

#endif
