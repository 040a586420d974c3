/* site_builder - from a checked configuration to what it names on the disk: certificates, keys, roots, TLS contexts.
 *
 * Everything is read before anything is used, and all that is wrong is told in one go, one line an error with site,
 * path and what to do. Reads files; opens no socket.
 */
#ifndef PROXY_GLUE_SITE_BUILDER_H
#define PROXY_GLUE_SITE_BUILDER_H

#include <openssl/ssl.h>

#include "chaincache/buffer.h"
#include "chaincache/certificate_file.h"
#include "chaincache/crl_store.h"
#include "chaincache/host_name.h"
#include "chaincache/trust_store.h"
#include "proxy/glue/snapshot.h"

#define SITE_MAX_KEYS 16
#define SITE_BUILDER_MAX_ERROR_BYTES ((size_t)256 * 1024)
#define PASSWORD_FILE_MAX_BYTES 4096

/* A certificate with its key, as the files give them: leaf first, the rest in the order of the file. */
struct site_pair {
	struct certificate_list chain; /* leaf first */
	size_t leaf_place; /* where the leaf stood in the file, 0 for the first */
	EVP_PKEY *key;
	const char *path; /* borrowed from the configuration */
};

/* What one site is made of. */
struct site_material {
	struct trust_store_set *stores; /* one reference */
	struct crl_store *crls; /* one reference; NULL: revocation is not looked at */
	struct site_pair pairs[SITE_MAX_CREDENTIALS];
	size_t num_pairs; /* 0 for `certificate = backend` */
	EVP_PKEY *keys[SITE_MAX_KEYS]; /* of the key files, one reference each */
	size_t num_keys;
	struct host_name *names; /* of `hostnames`, those with a wildcard apart */
	size_t num_names;
	SSL_CTX *backend_ssl_ctx; /* NULL for tcp backends */
	struct host_name backend_name; /* for tls backends */
};

/* site_builder_read reads what every site of `config` needs: *out is an array of config->num_sites, in their order. On
 * failure *out is NULL and `errors` holds a line an error ("what: why: what to do"). */
bool site_builder_read(const struct config *config, struct site_material **out, struct buffer *errors);
void site_builder_free(struct site_material *materials, size_t count);

/* site_builder_paths lists the certificate, key, password, CRL and ticket key files that the configuration names, in no order, each
 * once a mention; to be freed, strings borrowed from `config`. NULL when there is none or no memory. */
const char **site_builder_paths(const struct config *config, size_t *out_count);

#endif
