/* finding - one thing that is wrong with a chain, a name or a server, in words that an operator can act on.
 *
 * One table (finding_codes.def) holds each code's name, its usual severity, its meaning and its advice; messages are
 * written where the fact is known. Codes and severities are the contract: scripts read them.
 */
#ifndef CHAINCACHE_MEND_FINDING_H
#define CHAINCACHE_MEND_FINDING_H

#include <stdint.h>

#include "chaincache/certificate/certificate.h"

#define FINDING_MAX_TEXT 1024 /* characters of a message or an advice; longer is cut with "..." */
#define FINDING_LIST_MAX 500 /* findings of one audit; the rest are counted in num_dropped */

enum finding_code {
#define FINDING(code, ...) code,
#include "chaincache/mend/finding_codes.def"
#undef FINDING
	FINDING_CODE_COUNT
};

/* In rising order of weight. */
enum finding_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_FIXED, SEVERITY_ERROR };
enum finding_action { ACTION_NONE, ACTION_ADDED, ACTION_REMOVED, ACTION_REORDERED, ACTION_REPLACED };

const char *finding_code_name(enum finding_code code);
const char *finding_severity_name(enum finding_severity severity); /* "info", "warning", "fixed", "error" */
const char *finding_action_name(enum finding_action action);

/* finding_code_severity is the severity that a code has where its row says nothing else. */
enum finding_severity finding_code_severity(enum finding_code code);

/* finding_code_meaning is what a code says, as one sentence. */
const char *finding_code_meaning(enum finding_code code);

/* Who reads an advice decides how it names a setting: the proxy has keys in its configuration, check and mend have options. */
enum finding_reader { FINDING_OF_PROXY, FINDING_OF_COMMAND };

/* finding_code_advice is the general advice of a code: what to do on the server itself. */
const char *finding_code_advice(enum finding_code code, enum finding_reader reader);

/* Strings are owned by the finding; NULL where they do not apply (message and advice are always there). */
struct finding {
	enum finding_code code;
	enum finding_severity severity;
	enum finding_action action;
	char *message; /* one sentence, for a person */
	char *advice; /* what to do on the server itself */
	const struct certificate *certificate; /* one reference */
	char *name;
	char *source; /* a certificate_source_name or a file */
	char *url;
	bool is_cut; /* memory ran out for one of its texts */
};

struct finding_list {
	enum finding_reader reader; /* set before the first finding */
	struct finding *items;
	size_t count;
	size_t capacity;
	size_t num_dropped;
	uint64_t dropped_codes; /* FINDING_BIT of each */
	enum finding_severity worst_dropped; /* where there are any, the last one apart */
	struct finding last_dropped; /* without its texts, for its severity */
	bool out_of_memory; /* that is why one was dropped */
};

/* finding_list_add appends a finding with the code's own severity and advice and this message (printf form), and
 * returns it, to be completed with the setters below. Out of memory or above the maximum it is only counted: the
 * returned finding is in no list, and valid until the next call. */
struct finding *finding_list_add(struct finding_list *list, enum finding_code code, const char *message, ...)
    __attribute__((format(printf, 3, 4)));

/* Setters: NULL as `finding` is fine and does nothing, so that they chain after finding_list_add. */
void finding_set_severity(struct finding *finding, enum finding_severity severity);
void finding_set_action(struct finding *finding, enum finding_action action);
void finding_set_certificate(struct finding *finding, const struct certificate *certificate);
void finding_set_name(struct finding *finding, const char *name);
void finding_set_source(struct finding *finding, const char *source);
void finding_set_url(struct finding *finding, const char *url);
void finding_set_advice(struct finding *finding, const char *advice, ...) __attribute__((format(printf, 2, 3)));

MUST_USE struct error finding_list_copy(struct finding_list *out, const struct finding_list *list);
void finding_list_cleanup(struct finding_list *list);

/* finding_same says whether two findings are about the same thing (code, certificate, name, url): the identity by which
 * a log knows what appeared, changed or went away. */
bool finding_same(const struct finding *a, const struct finding *b);

/* finding_list_has_about says whether there is one about this certificate: of this code (FINDING_CODE_COUNT: of any), and of one
 * of these severities, as FINDING_BIT(SEVERITY_ERROR) | ... */
#define FINDING_BIT(severity_or_code) (UINT64_C(1) << (severity_or_code))
#define FINDING_ANY_SEVERITY UINT64_MAX
bool finding_list_has_about(const struct finding_list *list, enum finding_code code, uint64_t severities,
			    const struct certificate *certificate);

/* finding_list_is_whole says whether memory sufficed for all of it; what is above the maximum apart. */
bool finding_list_is_whole(const struct finding_list *list);

/* finding_list_has / finding_list_worst: for exit statuses. An empty list's worst is SEVERITY_INFO; findings that were
 * dropped count. The other two are about those alone. */
bool finding_list_has(const struct finding_list *list, enum finding_code code);
enum finding_severity finding_list_worst(const struct finding_list *list);
bool finding_list_has_dropped(const struct finding_list *list, enum finding_code code);
enum finding_severity finding_list_worst_dropped(const struct finding_list *list);

#endif
