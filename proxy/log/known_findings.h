/* known_findings - keeps the open findings, so that each is reported when it appears, changes or goes away.
 *
 * Findings are kept by group: those of a site's second certificate, of its first backend. A look gives all findings of
 * its group; those of the last look that are missing from it are resolved. A finding changes when its severity or action
 * does; besides, a fix when the chains do, anything else when its message does.
 */
#ifndef PROXY_LOG_KNOWN_FINDINGS_H
#define PROXY_LOG_KNOWN_FINDINGS_H

#include "chaincache/mend/finding.h"

#define KNOWN_FINDINGS_MAX 100000 /* of all groups together; a look that would exceed it is refused */
#define KNOWN_FINDINGS_WHOLE_SITE ((unsigned)-1) /* the part for no particular one */

enum finding_subject { SUBJECT_CERTIFICATE, SUBJECT_BACKEND, SUBJECT_CLIENTS };
enum finding_event { FINDING_APPEARED, FINDING_CHANGED, FINDING_RESOLVED };

const char *finding_subject_name(enum finding_subject subject); /* "certificate", "backend", "clients" */
const char *finding_event_name(enum finding_event event); /* "appeared", "changed", "resolved" */

struct finding_group {
	const char *site;
	enum finding_subject subject;
	unsigned part; /* which certificate or backend of the site */
};

/* A finding to be reported. `since_ms`: when it was first reported, by the wall clock, in milliseconds since 1970. */
struct finding_change {
	enum finding_event event;
	const struct finding *finding;
	int64_t since_ms;
};

/* Returns false when it could not be reported: the group then stays as it was, and the next look reports it again. */
typedef bool finding_reporter(void *context, const struct finding_group *group, const struct finding_change *change);

struct known_findings;

struct known_findings *known_findings_new(void); /* NULL when out of memory */
void known_findings_free(struct known_findings *known);

/* known_findings_look takes the findings of a look at `now_ms`. `fix_sha256` is the digest of the chains before and after
 * (NULL: none): a finding with an action has changed when it has. */
MUST_USE struct error known_findings_look(struct known_findings *known, const struct finding_group *group,
					  const struct finding_list *findings, const uint8_t *fix_sha256,
					  int64_t now_ms, finding_reporter *report, void *context);

/* known_findings_keep resolves each group that `is_kept` refuses: its site, certificate or backend is gone. */
void known_findings_keep(struct known_findings *known,
			 bool (*is_kept)(void *context, const struct finding_group *group), finding_reporter *report,
			 void *context);

/* known_findings_visit shows the open findings of one site, in no order. */
typedef void finding_visitor(void *context, const struct finding_group *group, const struct finding *finding,
			     int64_t since_ms);
void known_findings_visit(const struct known_findings *known, const char *site, finding_visitor *visit, void *context);

#endif
