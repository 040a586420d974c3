#include "tests/support/connection_diagram.h"

#include "proxy/wire/connection_table.h"

/* What is called for each step that is printed. */
typedef void step_visitor(FILE *out, enum connection_state from, enum connection_event event,
			  const struct connection_step *step);

static void visit_steps(FILE *out, enum connection_state from, step_visitor *visit)
{
	for (enum connection_event event = (enum connection_event)0; event < NUM_CONNECTION_EVENTS; event++) {
		const struct connection_step *step = connection_steps_of(from, event);

		if (from == CONNECTION_CLOSED || step->action == ACTION_IMPOSSIBLE)
			continue;
		for (; step->guard != GUARD_NONE; step++)
			visit(out, from, event, step);
		visit(out, from, event, step);
	}
}

static enum connection_state end_of(enum connection_state from, const struct connection_step *step)
{
	return step->next == CONNECTION_SAME ? from : step->next;
}

static void print_label(FILE *out, enum connection_event event, const struct connection_step *step)
{
	fputs(connection_event_name(event), out);
	if (step->guard != GUARD_NONE)
		fprintf(out, " [%s]", connection_guard_name(step->guard));
	fprintf(out, " / %s", connection_action_name(step->action));
}

void connection_diagram_print_states(FILE *out)
{
	fputs("| state | the client's bytes | the backend's bytes | deadline | awaited besides |\n", out);
	fputs("| --- | --- | --- | --- | --- |\n", out);
	for (enum connection_state state = (enum connection_state)0; state < NUM_CONNECTION_STATES; state++) {
		struct connection_rules rules = connection_rules_of(state);

		fprintf(out, "| %s | %s | %s | %s | %s |\n", connection_state_name(state),
			connection_flow_name(rules.up), connection_flow_name(rules.down),
			connection_deadline_name(rules.deadline), connection_awaits_name(rules.awaits));
	}
}

static void print_arrow(FILE *out, enum connection_state from, enum connection_event event,
			const struct connection_step *step)
{
	fprintf(out, "%s: ", connection_state_name(from));
	print_label(out, event, step);
	fprintf(out, " -> %s\n", connection_state_name(end_of(from, step)));
}

void connection_diagram_print_arrows(FILE *out)
{
	for (enum connection_state state = (enum connection_state)0; state < NUM_CONNECTION_STATES; state++)
		visit_steps(out, state, print_arrow);
}

/* Mermaid's names are single words: a name without its spaces. */
static void print_identifier(FILE *out, enum connection_state state)
{
	for (const char *at = connection_state_name(state); *at != '\0'; at++)
		fputc(*at == ' ' ? '_' : *at, out);
}

static bool changes_nothing(const struct connection_step *step)
{
	return step->action == ACTION_NOTHING && step->next == CONNECTION_SAME;
}

/* Prints all steps that lead from `from` to `to` at one arrow. */
static void print_mermaid_arrow(FILE *out, enum connection_state from, enum connection_state to)
{
	bool begun = false;

	for (enum connection_event event = (enum connection_event)0; event < NUM_CONNECTION_EVENTS; event++) {
		const struct connection_step *step = connection_steps_of(from, event);

		for (bool more = step->action != ACTION_IMPOSSIBLE; more; step++) {
			more = step->guard != GUARD_NONE;
			if (end_of(from, step) != to || changes_nothing(step))
				continue;
			if (!begun) {
				fputs("    ", out);
				print_identifier(out, from);
				fputs(" --> ", out);
				print_identifier(out, to);
			}
			fputs(begun ? "<br/>" : " : ", out);
			print_label(out, event, step);
			begun = true;
		}
	}
	if (begun)
		fputc('\n', out);
}

void connection_diagram_print_mermaid(FILE *out)
{
	fputs("stateDiagram-v2\n", out);
	for (enum connection_state state = (enum connection_state)0; state < NUM_CONNECTION_STATES; state++) {
		fprintf(out, "    state \"%s\" as ", connection_state_name(state));
		print_identifier(out, state);
		fputc('\n', out);
	}
	fputs("    [*] --> client_preamble\n", out);
	for (enum connection_state from = (enum connection_state)0; from < NUM_CONNECTION_STATES; from++)
		for (enum connection_state to = (enum connection_state)0; to < NUM_CONNECTION_STATES; to++)
			print_mermaid_arrow(out, from, to);
	fputs("    closed --> [*]\n", out);
}
