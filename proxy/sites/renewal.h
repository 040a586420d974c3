/* renewal - decides whether a certificate that came by itself (a file was replaced, the backend serves another one) takes
 * the place of the one that serves, says why, and what is missing. Pure.
 *
 * A renewal waits while the former certificate is valid and unrevoked and does something that the new one does not: it
 * is valid now, it is not revoked, a trust store accepts it, it covers a name that clients use.
 */
#ifndef PROXY_SITES_RENEWAL_H
#define PROXY_SITES_RENEWAL_H

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/certificate/host_name.h"
#include "chaincache/mend/finding.h"
#include "chaincache/stores/trust_store.h"

#define RENEWAL_NAMES_REPORTED 3 /* of those that are missing; the rest are counted */

/* X(id, taken, words): the first that holds decides. */
#define RENEWAL_REASONS(X)                                                                                             \
	X(RENEWAL_INSISTED, true, "an operator insists on it")                                                         \
	X(RENEWAL_FORMER_ENDED, true, "the former one is not valid")                                                   \
	X(RENEWAL_FORMER_REVOKED, true, "the former one is revoked")                                                   \
	X(RENEWAL_EXPIRED, false, "it has expired")                                                                    \
	X(RENEWAL_NOT_YET_VALID, false, "it is not valid yet")                                                         \
	X(RENEWAL_REVOKED, false, "it is revoked")                                                                     \
	X(RENEWAL_FEWER_STORES, false, "a trust store does not accept it")                                             \
	X(RENEWAL_FEWER_NAMES, false, "it does not cover a name that clients use")                                     \
	X(RENEWAL_COMPLETE, true, "it does all that the former one does")

enum renewal_reason {
#define X(id, ...) id,
	RENEWAL_REASONS(X)
#undef X
};

const char *renewal_reason_words(enum renewal_reason reason);
bool renewal_is_taken(enum renewal_reason reason);

/* A certificate as clients see it, or would see it. Borrowed. */
struct renewal_side {
	const struct certificate_list *chain; /* leaf first */
	uint32_t stores; /* that accept it: bit i stands for store i */
	bool revoked; /* a certificate of the chain is */
};

struct renewal_question {
	struct renewal_side former; /* serves */
	struct renewal_side renewed;
	const struct host_name *names; /* that clients use; borrowed */
	size_t num_names;
	bool insisted; /* an operator reloads */
	int64_t now_s; /* since 1970 */
};

enum renewal_reason renewal_decide(const struct renewal_question *question);

/* renewal_add_finding says all that the renewed certificate lacks; nothing where it is taken. `stores` are those of the
 * bits. */
void renewal_add_finding(struct finding_list *findings, const struct renewal_question *question,
			 const struct trust_store_set *stores);

#endif
