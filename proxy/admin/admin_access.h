/* admin_access - decides who may see the admin page: requests for one of our names that bring the token, where there is
 * one.
 *
 * The name stops DNS rebinding, by which a web site's name resolves to this machine: a browser then sends that name as
 * the Host. A literal address cannot be rebound. Pure.
 */
#ifndef PROXY_ADMIN_ADMIN_ACCESS_H
#define PROXY_ADMIN_ADMIN_ACCESS_H

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate.h" /* SHA256_BYTES */

#define ADMIN_TOKEN_MIN_CHARS 16
#define ADMIN_TOKEN_MAX_CHARS 512
#define ADMIN_TOKEN_MAX_FILE_BYTES 4096

struct admin_access {
	bool any_host; /* a Unix socket: no browser gets there by a name */
	const char *host; /* that is configured, borrowed; a literal or a name, "" for every address */
	bool wants_token;
	uint8_t token_sha256[SHA256_BYTES]; /* the token itself is not kept */
};

enum admin_verdict { ADMIN_ALLOWED, ADMIN_WRONG_HOST, ADMIN_NO_TOKEN };

/* admin_access_judge: `host` and `authorization` are the request's fields; NULL where there is none (without a Host,
 * in HTTP/1.0, it is no browser that asks). The token comes as RFC 6750's Bearer, or as the password of any user in
 * RFC 7617's Basic, which is what browsers ask a person for. Compared in constant time. */
enum admin_verdict admin_access_judge(const struct admin_access *access, const char *host, const char *authorization);

/* admin_access_read_token takes the first line of a file. False: `errors` holds a line. */
bool admin_access_read_token(struct admin_access *access, const char *path, struct buffer *errors);

#endif
