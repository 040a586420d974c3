/* site_material - the parts of one site, as read from disk: certificates, keys, roots, TLS contexts.
 *
 * Filled by one thread, then immutable and shared: reference-counted.
 */
#ifndef PROXY_MENDING_SITE_MATERIAL_H
#define PROXY_MENDING_SITE_MATERIAL_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/certificate/host_name.h"
#include "chaincache/revocation/crl_store.h"
#include "chaincache/stores/trust_store.h"
#include "proxy/shared/snapshot.h"
#include "proxy/system/file_stamp.h"

#define SITE_MAX_KEYS 16

/* A certificate with its key, as the files give them: leaf first, the rest in the order of the file. */
struct site_pair {
	struct certificate_list chain; /* leaf first */
	size_t leaf_place; /* where the leaf stood in the file, 0 for the first */
	bool
	    is_set; /* the file gives no order to the certificates (PKCS#7, PKCS#12): they are brought into that of a chain */
	EVP_PKEY *key;
	bool has_key; /* the file holds a private key, this one or another */
	char *path; /* of the file, owned */
};

/* SITE_KEPT: some of its files are wrong, and what was read before goes on. SITE_UNUSABLE: they are wrong, and nothing
 * was read before: there are neither pairs nor keys nor stores. */
enum site_reading_state { SITE_READ, SITE_KEPT, SITE_UNUSABLE };

struct site_material {
	atomic_uint references;
	enum site_reading_state state;
	char *faults; /* what is wrong with its files, a line each ("PATH: why\n"); NULL: nothing */
	int64_t
	    changes_at; /* seconds since 1970: when another leaf of its files is to be taken; LEAF_CHOICE_STAYS: never */
	struct file_stamp stamp; /* of all its files, as they were when they were read */
	struct file_stamp roots_stamp; /* of those that `stores` is made from */
	struct file_stamp crls_stamp; /* the same of `crls` */
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

/* site_material_list_others appends the CA certificates of the site's other pairs than `part`: an issuer may be in the
 * file of the site's other certificate. */
MUST_USE struct error site_material_list_others(const struct site_material *material, size_t part,
						struct certificate_list *out);

struct site_material *site_material_new(void); /* empty, with one reference; NULL when out of memory */
struct site_material *site_material_ref(struct site_material *material); /* NULL is fine, and gives NULL */
void site_material_unref(struct site_material *material); /* NULL is fine */

/* site_material_keep replaces what was read of files by the same of `former`, but for backend_ssl_ctx, which is dropped.
 * On failure nothing of files is left. */
MUST_USE struct error site_material_keep(struct site_material *material, const struct site_material *former);

/* site_material_drop drops what was read of files. */
void site_material_drop(struct site_material *material);

#endif
