#include "proxy/worker/http_state.h"

#include <stdlib.h>

struct http_state *http_state_new(void)
{
	struct http_state *state = calloc(1, sizeof(*state));

	if (state != NULL)
		state->failure = EVENT_NONE;
	return state;
}

void http_state_free(struct http_state *state)
{
	if (state == NULL)
		return;
	http_connection_cleanup(&state->exchanges);
	free(state);
}
