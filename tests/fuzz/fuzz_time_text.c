/* A time as people write it: what is taken is printed so that it is taken again, and is the same. */
#include <stdlib.h>
#include <string.h>

#include "proxy/log/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), printed[TIME_TEXT_MAX];
	int64_t time, again;

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (!failed(time_text_parse(text, &time))) {
		time_text_print(time, printed);
		bool clamped = printed[0] == '-' || time < INT64_C(-62167219200) || time > INT64_C(253402300799);
		if (!clamped && (failed(time_text_parse(printed, &again)) || again != time))
			abort();
	}
	free(text);
	return 0;
}
