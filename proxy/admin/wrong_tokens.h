/* wrong_tokens - who sent a wrong token to the admin page, and how long answers to it are held back.
 *
 * Each wrong token doubles the time that the next answer to the same peer takes, up to WRONG_TOKENS_MAX_MS; after
 * WRONG_TOKENS_FORGET_MS without one it is forgotten. A right token of that peer has to wait as well, or the time would
 * tell which one is right; it never waits for another peer's, nor on loopback, which all users of this machine share. Of
 * bounded memory: the peer that was silent the longest makes room. Pure: times are milliseconds of a monotonic clock.
 */
#ifndef PROXY_ADMIN_WRONG_TOKENS_H
#define PROXY_ADMIN_WRONG_TOKENS_H

#include "proxy/io/web_peer.h"

#define WRONG_TOKENS_MAX_PEERS 128
#define WRONG_TOKENS_FIRST_MS 50
#define WRONG_TOKENS_MAX_MS 3000
#define WRONG_TOKENS_FORGET_MS UINT64_C(600000)
#define WRONG_TOKENS_LINE_MS UINT64_C(60000) /* a peer has one line in the log so often */
#define WRONG_TOKENS_MAX_LINES 10 /* of all peers in that time */

struct wrong_token_peer {
	struct web_peer peer;
	uint64_t last_ms;
	uint64_t until_ms; /* answers wait until then */
	uint64_t logged_ms;
	uint64_t num_unlogged;
	uint32_t pause_ms; /* of the last one; 0: there was none */
	bool logged; /* logged_ms says when */
};

struct wrong_tokens {
	struct wrong_token_peer peers[WRONG_TOKENS_MAX_PEERS];
	unsigned num_peers;
	uint64_t count; /* in all */
	uint64_t lines_from_ms; /* num_lines were written since then */
	unsigned num_lines;
};

/* wrong_tokens_add counts one, and returns for how long its answer is held back. */
uint32_t wrong_tokens_add(struct wrong_tokens *tokens, const struct web_peer *peer, uint64_t now_ms);

/* wrong_tokens_pause returns for how long the answer to a right token is held back. */
uint32_t wrong_tokens_pause(const struct wrong_tokens *tokens, const struct web_peer *peer, uint64_t now_ms);

/* wrong_tokens_due returns how many of this peer's a line in the log is to name now, and counts them as logged; 0: no
 * line is due. */
uint64_t wrong_tokens_due(struct wrong_tokens *tokens, const struct web_peer *peer, uint64_t now_ms);

#endif
