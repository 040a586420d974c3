/* outgoing_chain - decides which chain is served for one certificate of one site, says why, and makes its credential.
 *
 * It chooses between two chains: the keeper's, which was mended and tried out, and the former one, which was served
 * before it. When clients reject the keeper's chain, it is withdrawn and the former one is served again: the roll-back
 * (`rollback = on`). While no credential can be made of the chosen chain, the present one is still served. The attempt
 * is repeated with growing pauses: by the keeper for its own chain, by outgoing_chain_look for the former one.
 *
 * A roll-back lasts until the former chain has expired, until the keeper has another chain, or until an operator
 * reloads: such a reload inherits nothing.
 */
#ifndef PROXY_SITES_OUTGOING_CHAIN_H
#define PROXY_SITES_OUTGOING_CHAIN_H

#include "proxy/clients/chain_watch.h"
#include "proxy/mending/revocation_look.h"
#include "proxy/system/retry.h"

#define OUTGOING_RETRY_FIRST_MS 1000 /* after no credential could be made of the chosen chain ... */
#define OUTGOING_RETRY_MAX_MS 3600000 /* ... doubling up to this */

#define OUTGOING_REASONS(X)                                                                                            \
	X(OUTGOING_KEPT, "the keeper's chain, which nobody withdrew")                                                  \
	X(OUTGOING_ROLLED_BACK, "the former chain: clients rejected the keeper's")                                     \
	X(OUTGOING_NOT_WANTED, "the keeper's chain: a roll-back is not wanted")                                        \
	X(OUTGOING_OTHER_KEY, "the keeper's chain: the former one is for another key")                                 \
	X(OUTGOING_FEWER_NAMES, "the keeper's chain: the former one lacks a name")                                     \
	X(OUTGOING_FORMER_EXPIRED, "the keeper's chain: the former one has expired")                                   \
	X(OUTGOING_FORMER_REVOKED, "the keeper's chain: a certificate of the former one is revoked")                   \
	X(OUTGOING_UNDECIDED, "as before: whether the former chain is revoked is being looked up")

enum outgoing_reason {
#define X(id, words) id,
	OUTGOING_REASONS(X)
#undef X
};

const char *outgoing_reason_words(enum outgoing_reason reason);

/* Says whether a certificate of the chain is revoked, or cannot be judged; it may take its time. */
typedef enum revocation_answer outgoing_revocation(void *context, const struct certificate_list *chain);

/* The decision depends on nothing else. */
struct outgoing_question {
	const struct config_site *config;
	const struct certificate_list *kept; /* the keeper's chain */
	const struct credential *withdrawn; /* clients rejected it; NULL: nothing was withdrawn, and `former` is NULL */
	const struct credential *former; /* was served before it */
	bool is_rolled_back; /* `former` is served at present */
	int64_t now_s; /* since 1970 */
	void *context;
	outgoing_revocation *finds_revoked; /* asked last; NULL: not looked at */
};

/* outgoing_chain_decide chooses the former chain by OUTGOING_ROLLED_BACK, none yet by OUTGOING_UNDECIDED, and the keeper's
 * by any other reason. Pure but for `finds_revoked`. */
enum outgoing_reason outgoing_chain_decide(const struct outgoing_question *question);

/* All borrowed. */
struct outgoing_options {
	const struct config_site *config;
	const struct program_log *log;
	struct chain_watch *watch; /* counts handshakes; NULL in a look without a loop */
	unsigned part; /* which certificate of the site */
	struct credential *reusable; /* of before a reload, by the same keys of the site; NULL: there is none */
	void *context;
	outgoing_revocation *finds_revoked;
};

struct outgoing_chain;

/* outgoing_chain_new: `former` (may be NULL) is the same certificate's before a reload; its withdrawn chain stays
 * withdrawn. Nothing is served until outgoing_chain_keep. NULL when out of memory. */
struct outgoing_chain *outgoing_chain_new(const struct outgoing_options *options, const struct outgoing_chain *former);
void outgoing_chain_free(struct outgoing_chain *outgoing); /* NULL is fine */

/* outgoing_chain_keep takes the keeper's chain, and serves it, or the former one while it is rolled back. After a
 * failure (those of credential_new) the present chain is still served. */
MUST_USE struct error outgoing_chain_keep(struct outgoing_chain *outgoing, const struct certificate_list *chain,
					  EVP_PKEY *key, int64_t now_s);

/* outgoing_chain_roll_back serves `former` again in the place of `withdrawn`. True when it is served now. False when it
 * is refused, when another chain than `withdrawn` is served by now, and when outgoing_chain_look will try it again. */
bool outgoing_chain_roll_back(struct outgoing_chain *outgoing, const struct chain_roll_back *roll_back, int64_t now_ms);

/* outgoing_chain_look ends a roll-back to a chain that has expired or was revoked, and tries again what failed or was
 * not decided. Call it once a second. True when another chain is served now. */
bool outgoing_chain_look(struct outgoing_chain *outgoing, int64_t now_ms);

/* outgoing_chain_credential returns the served credential; NULL until a chain was kept. */
struct credential *outgoing_chain_credential(const struct outgoing_chain *outgoing);
enum outgoing_reason outgoing_chain_reason(const struct outgoing_chain *outgoing);

#endif
