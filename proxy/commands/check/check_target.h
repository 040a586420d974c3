/* check_target - parses a server as a person types it: host, host:port, an address, bare or in brackets, or a URL. */
#ifndef PROXY_COMMANDS_CHECK_CHECK_TARGET_H
#define PROXY_COMMANDS_CHECK_CHECK_TARGET_H

#include <stdint.h>

#include "chaincache/certificate/host_name.h"

#define CHECK_TARGET_DEFAULT_PORT 443
#define CHECK_TARGET_MAX_CHARS 300

struct check_target {
	char host[CHECK_TARGET_MAX_CHARS + 1]; /* without brackets, as it was typed */
	uint16_t port;
	bool has_port; /* it was typed; else CHECK_TARGET_DEFAULT_PORT */
	struct host_name name; /* of host */
};

/* check_target_parse returns NULL, or the error as a clause. */
const char *check_target_parse(const char *text, struct check_target *out);

#endif
