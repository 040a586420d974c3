/* audit_json - the JSON document of check and mend. */
#ifndef PROXY_COMMANDS_CHECK_AUDIT_JSON_H
#define PROXY_COMMANDS_CHECK_AUDIT_JSON_H

#include <stdio.h>

#include "chaincache/mend/mend.h"
#include "proxy/commands/check/check_report.h"

/* Members of the document besides the result; NULL where one does not apply. */
struct audit_json_facts {
	const char *target;
	const char *address; /* connected to */
	const char *tls_version;
	const char *cipher;
	const char *pem; /* the mended chain, where it was written nowhere else */
	int64_t time; /* by which it was judged */
	int exit_status;
};

/* audit_json_facts_of gives the target and the connection; `look` is NULL for a file. The caller sets the rest. */
struct audit_json_facts audit_json_facts_of(const char *target, const struct survey_look *look);

/* audit_json_print writes the document and a line feed; false when it cannot, or out of memory: nothing is written then. */
bool audit_json_print(const struct audit_json_facts *facts, const struct mend_result *result, FILE *file);

/* audit_json_print_report writes the document of check; there is at least one chain. Where a server was asked for several
 * names it has the same members, for all chains together, then `chains`, one by one, and `not_checked`, the names that no
 * chain came for. */
bool audit_json_print_report(const struct check_report *report, FILE *file);

/* audit_json_print_error writes the document without a result: target, error and exit_status, the rest empty. */
bool audit_json_print_error(const struct audit_json_facts *facts, const char *error, FILE *file);

#endif
