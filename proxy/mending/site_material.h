/* site_material - the parts of one site, as read from disk: certificates, keys, roots, TLS contexts. */
#ifndef PROXY_MENDING_SITE_MATERIAL_H
#define PROXY_MENDING_SITE_MATERIAL_H

#include <openssl/ssl.h>

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/certificate/host_name.h"
#include "chaincache/revocation/crl_store.h"
#include "chaincache/stores/trust_store.h"
#include "proxy/shared/snapshot.h"

#define SITE_MAX_KEYS 16

/* A certificate with its key, as the files give them: leaf first, the rest in the order of the file. */
struct site_pair {
	struct certificate_list chain; /* leaf first */
	size_t leaf_place; /* where the leaf stood in the file, 0 for the first */
	EVP_PKEY *key;
	bool has_key; /* the file holds a private key, this one or another */
	const char *path; /* borrowed from the configuration */
};

struct site_material {
	struct trust_store_set *stores; /* one reference */
	struct crl_store *crls; /* one reference; NULL: revocation is not checked */
	struct site_pair pairs[SITE_MAX_CREDENTIALS];
	size_t num_pairs; /* 0 for `certificate = backend` */
	EVP_PKEY *keys[SITE_MAX_KEYS]; /* of the key files, one reference each */
	size_t num_keys;
	struct host_name *names; /* of `hostnames`, those with a wildcard apart */
	size_t num_names;
	SSL_CTX *backend_ssl_ctx; /* NULL for tcp backends */
	struct host_name backend_name; /* for tls backends */
};

/* site_material_judges_as says whether chains are judged by the same stores, CRLs and names. */
bool site_material_judges_as(const struct site_material *a, const struct site_material *b);

/* site_materials_free frees an array of `count`; NULL is fine. */
void site_materials_free(struct site_material *materials, size_t count);

#endif
