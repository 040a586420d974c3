/* repair_plan - the changes to a server that make it send the mended chain by itself.
 *
 * Made from a finished mend, in groups of certificates; the recipe of each kind of server turns them into commands.
 */
#ifndef CHAINCACHE_MEND_REPAIR_PLAN_H
#define CHAINCACHE_MEND_REPAIR_PLAN_H

#include "chaincache/files/certificate_file.h"
#include "chaincache/mend/mend.h"

#define REPAIR_PLAN_MAX_ITEMS CERTIFICATE_FILE_MAX_CERTIFICATES /* of a group: no chain has more */

enum repair_group {
	REPAIR_NOBODY, /* always empty */
	REPAIR_LEAF, /* always one */
	REPAIR_ISSUERS, /* to be sent after the leaf, in order */
	REPAIR_ADDED, /* issuers that the server does not send today */
	REPAIR_STALE, /* CA certificates that it sends and must not use again: expired, or leading another way */
	REPAIR_ROOT, /* where the chain ends; empty when it is not known */
	REPAIR_UNLINKED, /* certificates of the chain whose issuer is another one than today, `issuer`: today's */
	REPAIR_LINKED, /* certificates of the chain whose issuer has to be set anew, `issuer`: the right one */
	REPAIR_GROUP_COUNT,
};

/* Borrowed from the result. */
struct repair_item {
	const struct certificate *certificate;
	const struct certificate *issuer; /* NULL but in UNLINKED and LINKED */
};

struct repair_items {
	struct repair_item items[REPAIR_PLAN_MAX_ITEMS];
	size_t count;
};

struct repair_plan {
	const struct mend_result *result; /* borrowed */
	struct repair_items groups[REPAIR_GROUP_COUNT];
};

/* repair_plan_make compares the served chain with the mended one, as of `now` (seconds since 1970). */
void repair_plan_make(const struct mend_result *result, int64_t now, struct repair_plan *out);

/* repair_plan_has says whether the group has anything in it. */
bool repair_plan_has(const struct repair_plan *plan, enum repair_group group);

/* repair_plan_adds says whether the certificate is one of REPAIR_ADDED. */
bool repair_plan_adds(const struct repair_plan *plan, const struct certificate *certificate);

#endif
