/* Whatever is taken for a name must be taken again in the form that it was given, and come out the same. */
#include <stdlib.h>
#include <string.h>

#include "chaincache/certificate/host_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host_name name;
	struct host_name again;
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (!failed(host_name_parse(text, &name)) &&
	    (failed(host_name_parse(name.text, &again)) || !host_name_equal(&name, &again) ||
	     strcmp(name.text, again.text) != 0))
		abort();
	free(text);
	return 0;
}
