#include "tools/lists/connection_lists.h"

#include "proxy/wire/connection_table.h"
#include "tools/lists/list_text.h"

static enum connection_state end_of(enum connection_state from, const struct connection_step *step)
{
	return step->next == CONNECTION_SAME ? from : step->next;
}

static bool changes_nothing(const struct connection_step *step)
{
	return step->action == ACTION_NOTHING && step->next == CONNECTION_SAME;
}

struct error connection_lists_states(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| state | the client's bytes | the backend's bytes | deadline | awaited besides |\n");
	list_text_add(&text, "| --- | --- | --- | --- | --- |\n");
	for (enum connection_state state = (enum connection_state)0; state < NUM_CONNECTION_STATES; state++) {
		struct connection_rules rules = connection_rules_of(state);

		list_text_add(&text, "| %s | %s | %s | %s | %s |\n", connection_state_name(state),
			      connection_flow_name(rules.up), connection_flow_name(rules.down),
			      connection_deadline_name(rules.deadline), connection_awaits_name(rules.awaits));
	}
	return text.error;
}

static void print_step(struct list_text *text, enum connection_state from, enum connection_event event,
		       const struct connection_step *step)
{
	list_text_add(text, "| %s | %s | %s | %s | %s | %s |\n", connection_state_name(from),
		      connection_event_name(event), step->guard != GUARD_NONE ? connection_guard_name(step->guard) : "",
		      connection_action_name(step->action), connection_end_name(connection_action_end(step->action)),
		      connection_state_name(end_of(from, step)));
}

struct error connection_lists_steps(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| state | event | when | what is done | the client sees | next |\n");
	list_text_add(&text, "| --- | --- | --- | --- | --- | --- |\n");
	for (enum connection_state from = (enum connection_state)0; from < NUM_CONNECTION_STATES; from++) {
		for (enum connection_event event = (enum connection_event)0; event < NUM_CONNECTION_EVENTS; event++) {
			const struct connection_step *step = connection_steps_of(from, event);

			for (bool more = step->action != ACTION_IMPOSSIBLE; more; step++) {
				more = step->guard != GUARD_NONE;
				if (!changes_nothing(step))
					print_step(&text, from, event, step);
			}
		}
	}
	return text.error;
}

/* Mermaid's names are single words: a name without its spaces. */
static void print_identifier(struct list_text *text, enum connection_state state)
{
	for (const char *at = connection_state_name(state); *at != '\0'; at++)
		list_text_add(text, "%c", *at == ' ' ? '_' : *at);
}

/* Prints the events that lead from `from` to `to` at one arrow. */
static void print_mermaid_arrow(struct list_text *text, enum connection_state from, enum connection_state to)
{
	bool begun = false;

	for (enum connection_event event = (enum connection_event)0; event < NUM_CONNECTION_EVENTS; event++) {
		const struct connection_step *step = connection_steps_of(from, event);

		for (bool more = step->action != ACTION_IMPOSSIBLE; more; step++) {
			more = step->guard != GUARD_NONE;
			if (end_of(from, step) != to || changes_nothing(step))
				continue;
			if (!begun) {
				list_text_add(text, "    ");
				print_identifier(text, from);
				list_text_add(text, " --> ");
				print_identifier(text, to);
			}
			list_text_add(text, "%s%s", begun ? "<br/>" : " : ", connection_event_name(event));
			if (step->guard != GUARD_NONE)
				list_text_add(text, " [%s]", connection_guard_name(step->guard));
			begun = true;
		}
	}
	if (begun)
		list_text_add(text, "\n");
}

struct error connection_lists_diagram(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "```mermaid\nstateDiagram-v2\n");
	for (enum connection_state state = (enum connection_state)0; state < NUM_CONNECTION_STATES; state++) {
		list_text_add(&text, "    state \"%s\" as ", connection_state_name(state));
		print_identifier(&text, state);
		list_text_add(&text, "\n");
	}
	list_text_add(&text, "    [*] --> client_preamble\n");
	for (enum connection_state from = (enum connection_state)0; from < NUM_CONNECTION_STATES; from++)
		for (enum connection_state to = (enum connection_state)0; to < NUM_CONNECTION_STATES; to++)
			print_mermaid_arrow(&text, from, to);
	list_text_add(&text, "    closed --> [*]\n```\n");
	return text.error;
}
