/* knowledge - what check and mend know before they look: the trust stores, the CRLs, and the cached intermediates. */
#ifndef PROXY_COMMANDS_CHECK_KNOWLEDGE_H
#define PROXY_COMMANDS_CHECK_KNOWLEDGE_H

#include "chaincache/revocation/crl_store.h"
#include "chaincache/stores/cache_dir.h"
#include "chaincache/stores/trust_store.h"
#include "proxy/commands/check/audit_options.h"

#define KNOWLEDGE_MAX_CACHES 2 /* the machine's, and the user's where that one cannot be written */

struct knowledge {
	struct trust_store_set *stores;
	struct issuer_store *issuers;
	struct crl_store *crls; /* NULL: none were given */
	struct cache_dir caches[KNOWLEDGE_MAX_CACHES];
	size_t num_caches;
	bool told_unwritable;
};

/* knowledge_open reads all of it. False when a trust store or a CRL cannot be read; a cache that cannot be read is told and done
 * without. Cleaned up by knowledge_close either way. */
bool knowledge_open(struct knowledge *knowledge, const struct audit_options *options);
void knowledge_close(struct knowledge *knowledge);

/* knowledge_keep puts a fetched intermediate into the cache; what goes wrong is told. */
void knowledge_keep(struct knowledge *knowledge, const struct certificate *certificate, const char *url, int64_t now);

/* knowledge_user_cache is the path of the user's cache directory; NULL where the user has no home. knowledge_make_parents makes
 * the directories above it. */
const char *knowledge_user_cache(char *out, size_t out_size);
void knowledge_make_parents(const char *path);

#endif
