#include "proxy/commands/check/check_report.h"

#include <stdlib.h>

#include "proxy/cli/exit_status.h"

static size_t num_failed(const struct check_report *report)
{
	size_t count = 0;
	for (size_t i = 0; report->survey != NULL && i < report->survey->num_looks; i++)
		count += report->survey->looks[i].outcome != CHAIN_PROBE_OK;
	return count;
}

int check_report_status(const struct check_report *report)
{
	static const int weights[] = {
	    [STATUS_OK] = 0, [STATUS_REPAIRABLE] = 1, [STATUS_UNKNOWN] = 2, [STATUS_BROKEN] = 3};
	int worst = num_failed(report) > 0 ? STATUS_UNKNOWN : STATUS_OK;
	for (size_t i = 0; i < report->num_chains; i++) {
		if (weights[report->chains[i].status] > weights[worst])
			worst = report->chains[i].status;
	}
	return worst;
}

bool check_report_has_many(const struct check_report *report)
{
	return report->num_chains > 1 || num_failed(report) > 0;
}

void check_report_cleanup(struct check_report *report)
{
	for (size_t i = 0; i < report->num_chains; i++)
		mend_free(report->chains[i].mend);
	free(report->chains);
	report->chains = NULL;
	report->num_chains = 0;
}
