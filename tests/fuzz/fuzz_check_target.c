/* A server as a person types it: what is taken is within its room, and its host is taken again and the same. */
#include <stdlib.h>
#include <string.h>

#include "proxy/commands/check/check_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct check_target target;

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	const char *wrong = check_target_parse(text, &target);
	if (wrong != NULL && wrong[0] == '\0')
		abort();
	if (wrong == NULL) {
		struct host_name name;
		if (target.port == 0 || strlen(target.host) > CHECK_TARGET_MAX_CHARS || target.host[0] == '\0' ||
		    (!target.has_port && target.port != CHECK_TARGET_DEFAULT_PORT))
			abort();
		if (failed(host_name_parse(target.host, &name)) || strcmp(name.text, target.name.text) != 0)
			abort();
	}
	free(text);
	return 0;
}
