#include "proxy/wire/preamble.h"

enum connection_event preambles_start_at(const struct preamble *list, uint8_t *at, struct connection *connection,
					 struct tls_input *input)
{
	enum connection_event event = list[*at].start(connection);

	if (event == EVENT_NONE && (input->bytes.len > 0 || input->ended))
		event = list[*at].take(connection, input);
	return preambles_continue(list, at, connection, input, event);
}
