/* fix_line - one line of the fix log: a finding, and what was done about it, as JSON.
 *
 * docs/fix-log.md and docs/fix-log.schema.json fix its members. The line is put together once and then waits, goes into a
 * file, or goes to the journal with the fields below beside it.
 */
#ifndef PROXY_LOG_FIX_LINE_H
#define PROXY_LOG_FIX_LINE_H

#include <jansson.h>

#include "chaincache/mend/mend.h"
#include "proxy/log/known_findings.h"

#define FIX_LINE_MAX_BYTES ((size_t)1024 * 1024) /* a longer line goes without its chains */
#define FIX_LINE_ID_CHARS 16
#define FIX_LINE_PREFIX_CHARS 3 /* "<4>", as sd-daemon(3) reads it */

/* The findings of one look at one group, and the chains that belong to them. All borrowed. */
struct fix_report {
	struct finding_group group;
	const struct finding_list *findings;
	const struct mend_result *result; /* for before, after and the runners-up; NULL: no chain was mended */
	bool applied; /* the mended chain is served */
	/* Further members for the line of a finding that appears or changes: a new reference, NULL when out of memory. The
	 * function may be NULL: there are none. */
	json_t *(*members_of)(const void *context, const struct finding *finding);
	const void *context;
};

struct fix_line_facts {
	const char *run; /* when the process began to write: names the run */
	int64_t now_ms; /* since 1970 */
	const struct finding_group *group;
	const struct finding_change *change;
	const struct fix_report *report; /* NULL: no chains */
};

/* Holds always: text is `<N>`, then the JSON, then a line feed. */
struct fix_line {
	struct fix_line *next; /* of those that wait */
	char *text; /* owned */
	size_t len; /* with prefix and line feed */
	char *site; /* owned */
	char id[FIX_LINE_ID_CHARS + 1];
	enum finding_event event;
	enum finding_code code;
	enum finding_severity severity;
};

/* fix_line_new returns NULL when out of memory. */
struct fix_line *fix_line_new(const struct fix_line_facts *facts);

/* fix_line_resolve makes the line that resolves the finding of `former`, a line of an earlier run. NULL when out of memory,
 * or where `former` is no line of a fix log. */
struct fix_line *fix_line_resolve(const json_t *former, const char *run, int64_t now_ms);
void fix_line_free(struct fix_line *line);

/* fix_line_id is the same in each line about the same finding: hexadecimal digits made of site, subject, part, code,
 * certificate and name, and of the URL where a fetch is the matter. Returns `out`. */
const char *fix_line_id(const struct finding_group *group, const struct finding *finding,
			char out[FIX_LINE_ID_CHARS + 1]);

/* fix_line_priority returns the priority of syslog(3): 3 for an error, 4 for a warning, 5 for a fix or a resolved
 * finding, else 6. */
int fix_line_priority(const struct fix_line *line);

#endif
