#include "proxy/admin/wrong_tokens.h"

#include <stddef.h>

static const struct wrong_token_peer *find(const struct wrong_tokens *tokens, const struct web_peer *peer)
{
	for (unsigned i = 0; i < tokens->num_peers; i++) {
		if (web_peer_same(&tokens->peers[i].peer, peer))
			return &tokens->peers[i];
	}
	return NULL;
}

static struct wrong_token_peer *place_of_silent(struct wrong_tokens *tokens)
{
	struct wrong_token_peer *silent = &tokens->peers[0];

	if (tokens->num_peers < WRONG_TOKENS_MAX_PEERS)
		return &tokens->peers[tokens->num_peers++];
	for (unsigned i = 1; i < WRONG_TOKENS_MAX_PEERS; i++) {
		if (tokens->peers[i].last_ms < silent->last_ms)
			silent = &tokens->peers[i];
	}
	return silent;
}

static struct wrong_token_peer *find_or_add(struct wrong_tokens *tokens, const struct web_peer *peer)
{
	const struct wrong_token_peer *known = find(tokens, peer);
	if (known != NULL)
		return &tokens->peers[known - tokens->peers];

	struct wrong_token_peer *added = place_of_silent(tokens);
	*added = (struct wrong_token_peer){.peer = *peer};
	return added;
}

uint32_t wrong_tokens_add(struct wrong_tokens *tokens, const struct web_peer *peer, uint64_t now_ms)
{
	struct wrong_token_peer *one = find_or_add(tokens, peer);
	bool known = one->pause_ms > 0 && now_ms - one->last_ms < WRONG_TOKENS_FORGET_MS;
	uint32_t pause_ms = known ? 2 * one->pause_ms : WRONG_TOKENS_FIRST_MS;

	one->pause_ms = pause_ms < WRONG_TOKENS_MAX_MS ? pause_ms : WRONG_TOKENS_MAX_MS;
	one->last_ms = now_ms;
	one->until_ms = now_ms + one->pause_ms;
	one->num_unlogged++;
	tokens->count++;
	return one->pause_ms;
}

uint32_t wrong_tokens_pause(const struct wrong_tokens *tokens, const struct web_peer *peer, uint64_t now_ms)
{
	const struct wrong_token_peer *one = peer->kind != WEB_PEER_LOOPBACK ? find(tokens, peer) : NULL;
	return one != NULL && one->until_ms > now_ms ? (uint32_t)(one->until_ms - now_ms) : 0;
}

static bool has_line(struct wrong_tokens *tokens, uint64_t now_ms)
{
	if (now_ms - tokens->lines_from_ms >= WRONG_TOKENS_LINE_MS) {
		tokens->lines_from_ms = now_ms;
		tokens->num_lines = 0;
	}
	return tokens->num_lines < WRONG_TOKENS_MAX_LINES;
}

uint64_t wrong_tokens_due(struct wrong_tokens *tokens, const struct web_peer *peer, uint64_t now_ms)
{
	struct wrong_token_peer *one = find_or_add(tokens, peer);
	uint64_t count = one->num_unlogged;

	if ((one->logged && now_ms - one->logged_ms < WRONG_TOKENS_LINE_MS) || !has_line(tokens, now_ms))
		return 0;
	one->num_unlogged = 0;
	one->logged = true;
	one->logged_ms = now_ms;
	tokens->num_lines++;
	return count;
}
