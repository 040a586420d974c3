/* trust_store - named sets of roots: each store is one audience, the clients that trust just these. */
#ifndef CHAINCACHE_STORES_TRUST_STORE_H
#define CHAINCACHE_STORES_TRUST_STORE_H

#include "chaincache/certificate/certificate_list.h"

#define TRUST_STORES_MAX 32 /* stores in a set, so that one uint32_t names any subset */
#define TRUST_STORE_SYSTEM_NAME "system" /* of the store of the system's roots */
#define TRUST_STORE_SYSTEM_PATH "/etc/ssl/certs/ca-certificates.crt"

struct trust_store; /* one audience; immutable once built */

/* The stores that one mend is judged by. Immutable once built, shared by reference. */
struct trust_store_set;

struct trust_store_set *trust_store_set_new(void); /* empty; NULL when out of memory */
struct trust_store_set *trust_store_set_ref(struct trust_store_set *set);
void trust_store_set_unref(struct trust_store_set *set);

/* trust_store_set_add_list adds one store of these roots. ERROR_LIMIT above TRUST_STORES_MAX, ERROR_USAGE for a name that
 * is taken. */
MUST_USE struct error trust_store_set_add_list(struct trust_store_set *set, const char *name,
					       const struct certificate_list *roots);

/* trust_store_set_add_path adds FILE as one store, or the certificate files of a DIRECTORY (subdirectories are passed
 * over): a store a file, in the order of their names; but one store of all when `name` is given or the directory has
 * links under a hash, as openssl's -CApath has. `name` NULL: the base name, of a file without its extension. A file
 * without a certificate, and a directory without such a file, are ERROR_FORMAT, a given name that is taken ERROR_USAGE. */
MUST_USE struct error trust_store_set_add_path(struct trust_store_set *set, const char *name, const char *path);

/* trust_store_set_add_option reads the form of --roots and of the key roots: "system", "PATH" or "NAME=PATH". */
MUST_USE struct error trust_store_set_add_option(struct trust_store_set *set, const char *option);

/* trust_store_option_path is the path in such an option. */
const char *trust_store_option_path(const char *option);

/* trust_store_set_add_system adds the system's roots under the name "system". SSL_CERT_FILE, where set, is taken in
 * place of TRUST_STORE_SYSTEM_PATH by the commands alone: they pass its path to trust_store_set_add_path. */
MUST_USE struct error trust_store_set_add_system(struct trust_store_set *set);

/* trust_store_set_equal says whether both have the same stores in the same order, root for root. */
bool trust_store_set_equal(const struct trust_store_set *a, const struct trust_store_set *b);

size_t trust_store_set_count(const struct trust_store_set *set);
const char *trust_store_set_name(const struct trust_store_set *set, size_t index);
const struct certificate_list *trust_store_set_roots(const struct trust_store_set *set, size_t index);

/* trust_store_set_mask returns the stores that hold this very certificate, byte for byte: bit i stands for store i. */
uint32_t trust_store_set_mask(const struct trust_store_set *set, const struct certificate *certificate);

/* trust_store_set_next walks the distinct roots of all stores whose subject is child's issuer (by name alone). Start
 * with *cursor = 0; NULL at the end. */
const struct certificate *trust_store_set_next(const struct trust_store_set *set, const struct certificate *child,
					       size_t *cursor);

#endif
