/* check_report - the result of check: a chain, or each of several where a server sends different ones by name. */
#ifndef PROXY_COMMANDS_CHECK_CHECK_REPORT_H
#define PROXY_COMMANDS_CHECK_CHECK_REPORT_H

#include "chaincache/mend/mend.h"
#include "proxy/commands/check/survey.h"

/* One chain with its audit. */
struct checked_chain {
	const struct host_name *names; /* that it is for; borrowed */
	size_t num_names;
	const struct survey_look *look; /* how it was got; NULL: from a file */
	struct mend *mend; /* owned */
	const struct mend_result *result; /* of the mend */
	int status; /* the exit status that it alone would give */
};

struct check_report {
	const char *target;
	const struct survey *survey; /* NULL: a file */
	struct checked_chain *chains;
	size_t num_chains;
	bool ignore_trust;
	int64_t now; /* by which it was judged */
};

/* check_report_status is the worst status of all chains and of the names that could not be looked at. From worst to best:
 * 2, 3, 1, 0, so that a known fault does not hide behind an unknown. */
int check_report_status(const struct check_report *report);

/* check_report_has_many says whether there is more than one chain, or a name that no chain came for. */
bool check_report_has_many(const struct check_report *report);

void check_report_cleanup(struct check_report *report);

#endif
