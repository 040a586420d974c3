/* check_report - what check found out: a chain, or, where a server sends different ones by name, each of them. */
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
	int64_t now; /* as of when it was judged */
};

/* check_report_status is the worst of all, what could not be looked at included: 2, 3, 1, 0 from worst to best, because
 * what is known to be broken must not hide behind what is not known. */
int check_report_status(const struct check_report *report);

/* check_report_has_many says whether there is more than one chain, or a name that no chain came for. */
bool check_report_has_many(const struct check_report *report);

void check_report_cleanup(struct check_report *report);

#endif
