/* Any bytes as a server's side of the handshake: the first byte says how they are cut into pieces. */
#include <stdlib.h>

#include "proxy/wire/chain_capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chain_capture_options options = {.sni = "a.example", .source = SOURCE_SERVED};
	struct chain_capture *capture = chain_capture_new(&options);
	if (capture == NULL || size == 0) {
		chain_capture_free(capture);
		return 0;
	}
	size_t piece = (size_t)data[0] + 1;
	for (size_t at = 1; at < size; at += piece)
		chain_capture_feed(capture, bytes_of(data + at, at + piece < size ? piece : size - at));
	chain_capture_end(capture);
	bool good = chain_capture_outcome(capture) == CHAIN_PROBE_OK;
	if (good != chain_capture_has_chain(capture) || good != (chain_capture_reason(capture)[0] == '\0'))
		abort();
	chain_capture_free(capture);
	return 0;
}
