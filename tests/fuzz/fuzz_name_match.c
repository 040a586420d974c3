/* A pattern and a name, up to the first line feed and behind it: what covers the name must have its labels, and the
 * explanation must end within its room. */
#include <stdlib.h>
#include <string.h>

#include "chaincache/certificate/name_match.h"

enum { MAX_NAME_BYTES = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_dots(const uint8_t *data, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += data[i] == '.';
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line_feed = size > 0 ? memchr(data, '\n', size) : NULL;
	char text[MAX_NAME_BYTES + 1];
	struct host_name name;

	if (line_feed == NULL || size - (size_t)(line_feed - data) - 1 > MAX_NAME_BYTES)
		return 0;
	size_t name_len = size - (size_t)(line_feed - data) - 1;
	memcpy(text, line_feed + 1, name_len);
	text[name_len] = '\0';
	if (failed(host_name_parse(text, &name)))
		return 0;

	size_t pattern_len = (size_t)(line_feed - data);
	size_t dots = count_dots((const uint8_t *)name.text, strlen(name.text));
	size_t pattern_dots = count_dots(data, pattern_len);
	if (name_match_pattern(bytes_of(data, pattern_len), &name) &&
	    (name.is_ip || pattern_dots < dots || pattern_dots > dots + 1))
		abort();
	return 0;
}
