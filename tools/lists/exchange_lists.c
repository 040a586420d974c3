#include "tools/lists/exchange_lists.h"

#include "proxy/http/http_exchange_table.h"
#include "tools/lists/list_text.h"

static bool changes_nothing(const struct http_exchange_step *step)
{
	return step->action == DO_NOTHING && step->next == EXCHANGE_SAME;
}

struct error exchange_lists_states(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| state | time limit |\n| --- | --- |\n");
	for (enum http_exchange_state state = (enum http_exchange_state)0; state < NUM_HTTP_EXCHANGE_STATES; state++)
		list_text_add(&text, "| %s | %s |\n", http_exchange_state_name(state),
			      http_limit_name(http_exchange_limit(state)));
	return text.error;
}

static void print_step(struct list_text *text, enum http_exchange_state from, enum http_exchange_event event,
		       const struct http_exchange_step *step)
{
	enum http_exchange_state next = step->next == EXCHANGE_SAME ? from : step->next;

	list_text_add(text, "| %s | %s | %s | %s | %s |\n", http_exchange_state_name(from),
		      http_exchange_event_name(event),
		      step->guard != IF_ALWAYS ? http_exchange_guard_name(step->guard) : "",
		      http_exchange_action_name(step->action), http_exchange_state_name(next));
}

static void print_steps(struct list_text *text, enum http_exchange_state from, enum http_exchange_event event)
{
	const struct http_exchange_step *step = http_exchange_steps_of(from, event);

	for (bool more = http_exchange_can_come(from, event); more; step++) {
		more = step->guard != IF_ALWAYS;
		if (!changes_nothing(step))
			print_step(text, from, event, step);
	}
}

struct error exchange_lists_steps(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| state | event | when | what is done | next |\n");
	list_text_add(&text, "| --- | --- | --- | --- | --- |\n");
	for (enum http_exchange_state from = (enum http_exchange_state)0; from < NUM_HTTP_EXCHANGE_STATES; from++)
		for (enum http_exchange_event event = (enum http_exchange_event)0; event < NUM_HTTP_EXCHANGE_EVENTS;
		     event++)
			print_steps(&text, from, event);
	return text.error;
}
