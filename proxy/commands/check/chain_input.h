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

#endif
