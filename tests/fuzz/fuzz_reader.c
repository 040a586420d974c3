/* Any bytes as a configuration file: read or refused, with bounded words, and nothing leaks. */
#include <stdlib.h>

#include "conf/reader.h"

#define MAX_ERRORS_BYTES ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct buffer errors;
	buffer_init(&errors, MAX_ERRORS_BYTES);
	bool good = config_read_text((const char *)data, size, "fuzz.ini", &config, &errors);
	if (good != (config != NULL) || good != (errors.len == 0))
		abort();
	config_free(config);
	buffer_cleanup(&errors);
	return 0;
}
