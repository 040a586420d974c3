/* chain_input - reads a file of certificates for check and mend: from a path or from stdin, with its password. */
#ifndef PROXY_COMMANDS_CHECK_CHAIN_INPUT_H
#define PROXY_COMMANDS_CHECK_CHAIN_INPUT_H

#include "chaincache/files/certificate_file.h"

/* chain_input_read reads `path` ("-": stdin), which must hold a certificate. `password_file` may be NULL. False, with a
 * message on stderr, on errors. */
bool chain_input_read(const char *path, const char *password_file, enum certificate_source source,
		      struct certificate_file *out);

/* chain_input_read_key reads a file that must hold a private key; the caller frees it. NULL, with a message on stderr, on
 * errors. */
EVP_PKEY *chain_input_read_key(const char *path, const char *password_file);

/* chain_input_put_leaf_first moves the leaf (leaf_choice.h) to the front: that which belongs to `key`; a key that belongs to no
 * certificate is a finding, and the leaf is found without it, as where it is NULL. *out_place is where it stood; 0 too where
 * the certificates have no order, which are brought into that of a chain. False, with a message on stderr, on errors. */
bool chain_input_put_leaf_first(const char *path, struct certificate_file *file, const EVP_PKEY *key, int64_t now,
				size_t *out_place);

#endif
