/* Whatever is taken for a cache entry has a certificate, printable lines, and can be written and read again. */
#include <stdlib.h>

#include "chaincache/stores/cache_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cache_entry entry;
	struct cache_entry again;
	struct buffer text;

	if (failed(cache_entry_parse(bytes_of(data, size), &entry)))
		return 0;
	check_printable(entry.source);
	check_printable(entry.fetched);
	buffer_init(&text, CACHE_ENTRY_MAX_BYTES);
	if (failed(cache_entry_print(entry.certificate, entry.source, 0, &text)) ||
	    failed(cache_entry_parse(buffer_bytes(&text), &again)) ||
	    !certificate_equal(entry.certificate, again.certificate))
		abort();
	cache_entry_cleanup(&again);
	cache_entry_cleanup(&entry);
	buffer_cleanup(&text);
	return 0;
}
