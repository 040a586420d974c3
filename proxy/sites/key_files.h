/* key_files - the private keys that a site's configuration names, and which of them belongs to a certificate. */
#ifndef PROXY_SITES_KEY_FILES_H
#define PROXY_SITES_KEY_FILES_H

#include "proxy/mending/site_material.h"

#define SITE_MAX_FAULT_BYTES ((size_t)64 * 1024) /* of one site */

/* The reading of one site's files. */
struct site_reading {
	const struct config_site *config;
	const struct site_material *former; /* what was read before; NULL: nothing */
	struct site_material *material;
	struct buffer faults; /* what is wrong, a line each */
	char *password; /* owned, wiped; NULL: none */
	bool key_used[SITE_MAX_KEYS]; /* belongs to a certificate */
	bool good;
};

/* site_error adds a line to the faults: "PATH: why". */
void site_error(struct site_reading *reading, const char *path, const char *why, ...)
    __attribute__((format(printf, 3, 4)));

/* key_files_read fills reading->password and material->keys. */
void key_files_read(struct site_reading *reading);

/* key_files_match puts the leaf of `pair`, read from `path`, first: the certificate that `own_key` (of the same file,
 * may be NULL) or one of the site's keys belongs to. Sets pair->key. False when there is none; the error is noted. */
bool key_files_match(struct site_reading *reading, struct site_pair *pair, const char *path, EVP_PKEY *own_key);

void key_files_cleanup(struct site_reading *reading);

#endif
