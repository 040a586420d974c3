/* The two fields of a request that are read before anybody is let in. */
#include <stdlib.h>
#include <string.h>

#include "proxy/admin/admin_access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct admin_access access = {.host = "admin.example", .wants_token = true};
	char *host = malloc(size + 1);
	if (host == NULL)
		return 0;

	/* The first line is the Host, the rest the Authorization. */
	memcpy(host, data, size);
	host[size] = '\0';
	char *authorization = strchr(host, '\n');
	if (authorization != NULL)
		*authorization++ = '\0';
	if (admin_access_judge(&access, host, authorization) == ADMIN_ALLOWED)
		abort(); /* no token has the digest that is all zero */
	free(host);
	return 0;
}
