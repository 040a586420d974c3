/* former_findings - reads which findings an earlier run left open in the fix log, so that this run can report those that
 * are gone as resolved.
 *
 * Findings about certificates and backends alone: each run counts the rejections of clients anew. Reads the last
 * FORMER_FINDINGS_MAX_BYTES of the file, the last run in them, at most FORMER_FINDINGS_MAX findings. Lines that cannot be
 * read are skipped.
 */
#ifndef PROXY_LOG_FORMER_FINDINGS_H
#define PROXY_LOG_FORMER_FINDINGS_H

#include <jansson.h>

#include "proxy/log/known_findings.h"

#define FORMER_FINDINGS_MAX 4096
#define FORMER_FINDINGS_RUN_CHARS 40 /* of a run's name that are compared */
#define FORMER_FINDINGS_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct former_findings;

/* former_findings_read returns NULL where nothing is open, or the file cannot be read. */
struct former_findings *former_findings_read(const char *path);
void former_findings_free(struct former_findings *former); /* NULL is fine */

/* former_findings_settle passes `report` the last line of each former finding of the group that is not in `now`, and forgets
 * the group. `former` may be NULL. */
void former_findings_settle(struct former_findings *former, const struct finding_group *group,
			    const struct finding_list *now, void (*report)(void *context, const json_t *line),
			    void *context);

#endif
