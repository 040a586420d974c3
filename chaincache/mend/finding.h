/* finding - one thing that is wrong with a chain, a name or a server, in words that an operator can act on.
 *
 * One table (finding.c) holds each code's name, its usual severity and its advice; messages are written where the fact
 * is known. Codes and severities are the contract: scripts read them.
 */
#ifndef CHAINCACHE_MEND_FINDING_H
#define CHAINCACHE_MEND_FINDING_H

#include "chaincache/certificate/certificate.h"

#define FINDING_MAX_TEXT 1024 /* characters of a message or an advice; longer is cut with "..." */
#define FINDING_LIST_MAX 500 /* findings of one audit; the rest are counted in num_dropped */

#define FINDING_CODES(X)                                                                                               \
	X(FINDING_MISSING_INTERMEDIATE, "missing_intermediate")                                                        \
	X(FINDING_WRONG_ORDER, "wrong_order")                                                                          \
	X(FINDING_UNRELATED_CERTIFICATE, "unrelated_certificate")                                                      \
	X(FINDING_DUPLICATE_CERTIFICATE, "duplicate_certificate")                                                      \
	X(FINDING_ROOT_INCLUDED, "root_included")                                                                      \
	X(FINDING_EXPIRED_INTERMEDIATE, "expired_intermediate")                                                        \
	X(FINDING_NOT_YET_VALID_INTERMEDIATE, "not_yet_valid_intermediate")                                            \
	X(FINDING_BETTER_PATH, "better_path")                                                                          \
	X(FINDING_UNTRUSTED_ROOT, "untrusted_root")                                                                    \
	X(FINDING_SELF_SIGNED, "self_signed")                                                                          \
	X(FINDING_INCOMPLETE_CHAIN, "incomplete_chain")                                                                \
	X(FINDING_LEAF_EXPIRED, "leaf_expired")                                                                        \
	X(FINDING_LEAF_NOT_YET_VALID, "leaf_not_yet_valid")                                                            \
	X(FINDING_LEAF_EXPIRES_SOON, "leaf_expires_soon")                                                              \
	X(FINDING_LINK_EXPIRES_FIRST, "link_expires_first")                                                            \
	X(FINDING_CHAIN_TOO_LARGE, "chain_too_large")                                                                  \
	X(FINDING_NAME_NOT_COVERED, "name_not_covered")                                                                \
	X(FINDING_NAME_ONLY_IN_CN, "name_only_in_cn")                                                                  \
	X(FINDING_SNI_NOT_COVERED, "sni_not_covered")                                                                  \
	X(FINDING_WRONG_PURPOSE, "wrong_purpose")                                                                      \
	X(FINDING_WEAK_SIGNATURE, "weak_signature")                                                                    \
	X(FINDING_WEAK_KEY, "weak_key")                                                                                \
	X(FINDING_CONSTRAINT_VIOLATED, "constraint_violated")                                                          \
	X(FINDING_REVOKED, "revoked")                                                                                  \
	X(FINDING_REVOCATION_UNKNOWN, "revocation_unknown")                                                            \
	X(FINDING_NO_ISSUER_URL, "no_issuer_url")                                                                      \
	X(FINDING_FETCH_FAILED, "fetch_failed")                                                                        \
	X(FINDING_FETCH_REFUSED, "fetch_refused")                                                                      \
	X(FINDING_FETCH_NOT_A_CERTIFICATE, "fetch_not_a_certificate")                                                  \
	X(FINDING_FETCH_WRONG_ISSUER, "fetch_wrong_issuer")                                                            \
	X(FINDING_KEY_MISMATCH, "key_mismatch")                                                                        \
	X(FINDING_BACKEND_UNREACHABLE, "backend_unreachable")                                                          \
	X(FINDING_BACKEND_TLS_FAILED, "backend_tls_failed")                                                            \
	X(FINDING_BACKEND_NAME_MISMATCH, "backend_name_mismatch")                                                      \
	X(FINDING_BACKEND_CERTIFICATE_DIFFERS, "backend_certificate_differs")                                          \
	X(FINDING_CLIENT_REJECTED, "client_rejected")                                                                  \
	X(FINDING_VERIFICATION_LIMIT, "verification_limit")

enum finding_code {
#define X(name, word) name,
	FINDING_CODES(X)
#undef X
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

/* finding_code_advice is the general advice of a code: what to do on the server itself. */
const char *finding_code_advice(enum finding_code code);

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
};

struct finding_list {
	struct finding *items;
	size_t count;
	size_t capacity;
	size_t num_dropped;
};

/* finding_list_add appends a finding with the code's own severity and advice and this message (printf form), and
 * returns it, to be completed with the setters below; NULL when out of memory or above the maximum (counted). */
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

/* finding_list_has / finding_list_worst: for exit statuses. An empty list's worst is SEVERITY_INFO. */
bool finding_list_has(const struct finding_list *list, enum finding_code code);
enum finding_severity finding_list_worst(const struct finding_list *list);

#endif
