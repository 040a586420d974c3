/* chainmend-bench - a load of handshakes for any TLS server, and what they cost it. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/load_json.h"
#include "bench/load/load_options.h"
#include "bench/load/load_report.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"

static int print_version(void)
{
	printf("chainmend-bench %s (BoringSSL, API version %d)\n", CHAINMEND_VERSION, BORINGSSL_API_VERSION);
	return output_finish() ? STATUS_OK : STATUS_FAILED;
}

static int execute(const struct load_plan *plan)
{
	struct load_result *result = calloc(1, sizeof(*result));
	char text[ERROR_MAX_TEXT];
	int status = STATUS_FAILED;

	struct error error =
	    result == NULL ? error_of(ERROR_MEMORY, 0, "make room for the result") : load_run_execute(plan, result);
	if (failed(error)) {
		complain_as("chainmend-bench", "%s", error_print(error, text, sizeof(text)));
		status = error.kind == ERROR_USAGE ? STATUS_USAGE : STATUS_FAILED;
		goto out;
	}
	if (!plan->json)
		load_report_print(plan, result);
	else if (!load_json_print(plan, result))
		goto out;
	if (output_finish() && result->tally.failures.num_rows == 0 && result->tally.handshakes > 0)
		status = STATUS_OK;
out:
	free(result);
	return status;
}

int main(int argc, char **argv)
{
	struct load_plan plan;
	int status = STATUS_USAGE;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0))
		return print_version();
	switch (load_options_read(&plan, argc, argv)) {
	case OPTIONS_TAKEN:
		status = execute(&plan);
		break;
	case OPTIONS_HELP_PRINTED:
		status = output_finish() ? STATUS_OK : STATUS_FAILED;
		break;
	case OPTIONS_WRONG:
	case OPTIONS_NO_MEMORY:
		break;
	}
	load_plan_cleanup(&plan);
	return status;
}
