#include "bench/load/load_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/load_options.h"
#include "conf/values.h"

static const struct command_help help = {
    .program = "chainmend-bench",
    .usage = "Usage: chainmend-bench [OPTION]... HOST:PORT\n",
    .about = "Puts a TLS server under a load of handshakes, and tells how many it did, how long each took, what they\n"
	     "agreed on, why others failed, and what a handshake cost the server's CPU. For servers that are yours to\n"
	     "load.",
    .tables = load_option_tables,
    .after = "Sizes take k, m and g; times ms, s, m and h. Exit status: 0, everything succeeded; 1, something failed\n"
	     "(the figures are printed all the same); 64, wrong usage. SIGINT ends the run and prints what there is.\n",
};

static const char *check(struct load_plan *plan)
{
	if (plan->threads > plan->connections)
		return "--threads: there are fewer connections than threads";
	if (plan->idle > 0 && plan->num_server_pids == 0)
		return "--idle: whose memory? --server-pid tells";
	if (plan->idle > 0 && (plan->rate > 0 || plan->count > 0 || plan->duration_ms > 0))
		return "--idle goes without --rate, --count and --duration";
	if (plan->server_children && plan->num_server_pids == 0)
		return "--server-children: whose? --server-pid tells";
	return NULL;
}

static void set_defaults(struct load_plan *plan)
{
	if (plan->request_bytes == 0)
		plan->request_bytes = plan->request == REQUEST_ECHO ? 1 : LOAD_DEFAULT_BULK_BYTES;
	if (plan->request == REQUEST_NONE || plan->request == REQUEST_HTTP)
		plan->request_bytes = 0;
	if (plan->count == 0 && plan->duration_ms == 0)
		plan->duration_ms = LOAD_DEFAULT_DURATION_MS;
}

static enum plan_outcome read_target(struct load_plan *plan, const char *text)
{
	struct config_address address = {.host = NULL};
	const char *wrong = value_parse_address(text, &address);

	if (wrong == NULL && strlen(address.host) > LOAD_MAX_HOST_CHARS)
		wrong = "the host's name is too long";
	if (wrong != NULL) {
		options_wrong(&help, "%s: %s", text, wrong);
	} else {
		snprintf(plan->host, sizeof(plan->host), "%s", address.host);
		plan->port = address.port;
		plan->target = text;
	}
	free(address.host);
	return wrong == NULL ? PLAN_READ : PLAN_WRONG;
}

enum plan_outcome load_plan_read(struct load_plan *plan, int argc, char **argv)
{
	int operand = 0;

	*plan = (struct load_plan){
	    .connections = LOAD_DEFAULT_CONNECTIONS,
	    .timeout_ms = LOAD_DEFAULT_TIMEOUT_MS,
	    .hold_ms = LOAD_DEFAULT_HOLD_MS,
	    .threads = 1,
	    .path = "/",
	};
	switch (options_parse(&help, argc, argv, plan, &operand)) {
	case OPTIONS_HELP_PRINTED:
		return PLAN_HELP_PRINTED;
	case OPTIONS_WRONG:
		return PLAN_WRONG;
	case OPTIONS_TAKEN:
		break;
	}
	if (operand != argc - 1) {
		options_wrong(&help,
			      operand == argc ? "which server? HOST:PORT" : "there is one server only, HOST:PORT");
		return PLAN_WRONG;
	}
	const char *wrong = check(plan);
	if (wrong != NULL) {
		options_wrong(&help, "%s", wrong);
		return PLAN_WRONG;
	}
	set_defaults(plan);
	return read_target(plan, argv[operand]);
}

void load_plan_cleanup(struct load_plan *plan)
{
	server_names_cleanup(&plan->names);
	free(plan->groups);
	free(plan->ciphers);
	free(plan->sigalgs);
}
