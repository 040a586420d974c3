/* The content of a file of ticket keys: what is taken makes a set of keys, what is refused leaves nothing behind. */
#include <stdlib.h>
#include <string.h>

#include "proxy/shared/ticket_key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ticket_key_list nothing;
	struct ticket_key_list list;
	struct ticket_keys *keys = NULL;
	unsigned line = 1;

	struct error error = ticket_key_file_parse(bytes_of(data, size), &list, &line);
	if (failed(error)) {
		if (memcmp(&list, &nothing, sizeof(list)) != 0 || line > size + 1)
			abort();
		return 0;
	}
	if (list.count == 0 || list.count > TICKET_KEYS_MAX || list.count * 48 > size ||
	    failed(ticket_keys_new(list.secrets, list.count, &keys)))
		abort();
	ticket_keys_unref(keys);
	return 0;
}
