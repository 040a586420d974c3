/* trust_material - the trust stores, CRLs and cached intermediates by which check and mend judge a chain. */
#ifndef PROXY_COMMANDS_CHECK_TRUST_MATERIAL_H
#define PROXY_COMMANDS_CHECK_TRUST_MATERIAL_H

#include "chaincache/revocation/crl_store.h"
#include "chaincache/stores/cache_dir.h"
#include "chaincache/stores/trust_store.h"
#include "proxy/commands/check/audit_options.h"

#define TRUST_MATERIAL_MAX_CACHES 2 /* the machine's, and the user's where that one cannot be written */

struct trust_material {
	struct trust_store_set *stores;
	struct issuer_store *issuers;
	struct crl_store *crls; /* NULL: none were given */
	struct cache_dir caches[TRUST_MATERIAL_MAX_CACHES];
	size_t num_caches;
	bool reported_unwritable;
};

/* trust_material_open reads all of it. False, with a message on stderr, when a trust store or a CRL cannot be read. A cache
 * that cannot be read is reported, and not used. Cleaned up by trust_material_close either way. */
bool trust_material_open(struct trust_material *material, const struct audit_options *options);
void trust_material_close(struct trust_material *material);

/* trust_material_keep puts a fetched intermediate into the cache. Errors are printed on stderr. */
void trust_material_keep(struct trust_material *material, const struct certificate *certificate, const char *url,
			 int64_t now);

#endif
