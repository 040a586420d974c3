/* ticket_key_file - ticket keys that an operator made and several machines share: the first one writes, all are read.
 *
 * Two forms, told apart by their bytes:
 *   binary   one key of 48 or of 80 bytes, as for nginx's ssl_session_ticket_key, or several of 80 bytes, one
 *            after the other ("openssl rand 80 >> FILE");
 *   text     a key a line in base64, of 48 or 80 bytes, as for HAProxy's tls-ticket-keys ("openssl rand -base64
 *            80 | tr -d '\n'"); empty lines and lines that begin with # are skipped.
 * The first 16 bytes are the key's name; the secret that seals is derived from all of them (HKDF-SHA256, RFC 5869),
 * so tickets of other programs with the same file are not opened, and do no harm.
 */
#ifndef PROXY_SHARED_TICKET_KEY_FILE_H
#define PROXY_SHARED_TICKET_KEY_FILE_H

#include "chaincache/base/buffer.h"
#include "proxy/shared/ticket_keys.h"

#define TICKET_KEY_FILE_MAX_BYTES 8192

/* The keys of a file. Its owner wipes it. */
struct ticket_key_list {
	struct ticket_secret secrets[TICKET_KEYS_MAX];
	size_t count;
};

/* ticket_key_file_parse reads the content of a file. On failure *out_line is the line at fault, 0 where there are
 * none, and `out` is wiped. */
MUST_USE struct error ticket_key_file_parse(struct bytes content, struct ticket_key_list *out, unsigned *out_line);

/* ticket_key_file_read reads the file at `path`. False: `errors` holds one line ("ticket_keys: FILE:LINE: why"). */
bool ticket_key_file_read(const char *path, struct ticket_keys **out, struct buffer *errors);

#endif
