/* former_findings - what an earlier run of the program left open in its fix log: so that what is gone when this run looks
 * at the same thing for the first time can be told as resolved.
 *
 * Certificates and backends alone: what clients complained of is counted anew by each run. Read once, from the end of
 * the file: FORMER_FINDINGS_MAX_BYTES of it, the last run in it, FORMER_FINDINGS_MAX findings. What cannot be read is
 * passed over.
 */
#ifndef PROXY_LOG_FORMER_FINDINGS_H
#define PROXY_LOG_FORMER_FINDINGS_H

#include <jansson.h>

#include "proxy/log/known_findings.h"

#define FORMER_FINDINGS_MAX 4096
#define FORMER_FINDINGS_RUN_CHARS 40 /* of what names a run; the rest of a longer one is not looked at */
#define FORMER_FINDINGS_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct former_findings;

/* former_findings_read is NULL where the file leaves nothing open, or is none. */
struct former_findings *former_findings_read(const char *path);
void former_findings_free(struct former_findings *former); /* NULL is fine */

/* former_findings_settle gives the last line of each former finding of the group that `now` does not have, and forgets the
 * group. `former` may be NULL. */
void former_findings_settle(struct former_findings *former, const struct finding_group *group,
			    const struct finding_list *now, void (*tell)(void *context, const json_t *line),
			    void *context);

#endif
