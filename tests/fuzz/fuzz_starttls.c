/* Any bytes as a server that is asked to go over to TLS: the first byte chooses the protocol, the second how the rest is
 * cut into pieces. */
#include <stdlib.h>

#include "proxy/wire/starttls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct starttls *starttls, enum starttls_state state)
{
	if ((state == STARTTLS_FAILED) != (starttls_reason(starttls)[0] != '\0'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct starttls *starttls = starttls_new((enum starttls_protocol)(data[0] % 5 + 1), "a.example");
	if (starttls == NULL)
		abort();
	enum starttls_state state = STARTTLS_GOING;
	size_t piece = (size_t)data[1] + 1;
	struct buffer said;
	buffer_init(&said, STARTTLS_MAX_BYTES);
	for (size_t at = 2; at < size; at += piece) {
		enum starttls_state before = state;
		state = starttls_feed(starttls, bytes_of(data + at, at + piece < size ? piece : size - at));
		check(starttls, state);
		if (before == STARTTLS_FAILED && state != STARTTLS_FAILED)
			abort();
	}
	if (failed(starttls_take_output(starttls, &said)))
		abort();
	starttls_end(starttls);
	check(starttls, state == STARTTLS_GOING ? STARTTLS_FAILED : state);
	buffer_cleanup(&said);
	starttls_free(starttls);
	return 0;
}
