/* preamble - a protocol on one side of a connection before its first byte of content, such as TLS. Pure.
 *
 * The preambles of a side are a list, in their order on the wire; a site wants some of them. Each is started, takes
 * bytes until it is done, and leaves the bytes after it to the next. connection_table sees three events of the whole
 * list: EVENT_PREAMBLE_DONE when none is left, EVENT_PREAMBLE_FAILED, and EVENT_VERDICT_NEEDED when one waits for an
 * answer. EVENT_NONE: more bytes are wanted.
 */
#ifndef PROXY_WIRE_PREAMBLE_H
#define PROXY_WIRE_PREAMBLE_H

#include <stdint.h>

#include "proxy/wire/connection_table.h"
#include "proxy/wire/tls_pump.h"

struct connection; /* the caller's; only handed on */

/* A row of a list. The last has no `start`. */
struct preamble {
	bool (*is_wanted)(const struct connection *connection); /* NULL: always */
	/* Sends the first bytes, if any. Never EVENT_VERDICT_NEEDED. */
	enum connection_event (*start)(struct connection *connection);
	/* Takes bytes from the front of `input`, or its end; all of them unless it is done. */
	enum connection_event (*take)(struct connection *connection, struct tls_input *input);
	/* Goes on after EVENT_VERDICT_NEEDED (NULL: never fired). *out_rest: bytes that it kept and did not need. */
	enum connection_event (*resume)(struct connection *connection, struct tls_input *out_rest);
};

/* preambles_find returns the index of the first that is wanted at or after `at`, or that of the last row. */
static inline uint8_t preambles_find(const struct preamble *list, uint8_t at, const struct connection *connection)
{
	while (list[at].is_wanted != NULL && !list[at].is_wanted(connection))
		at++;
	return at;
}

static inline bool preambles_are_left(const struct preamble *list, uint8_t at)
{
	return list[at].start != NULL;
}

/* preambles_end returns the index of the last row: none is left. */
static inline uint8_t preambles_end(const struct preamble *list)
{
	uint8_t at = 0;

	while (list[at].start != NULL)
		at++;
	return at;
}

/* preambles_start_at is for the functions below: starts the one at *at, and gives it the rest of `input`. */
enum connection_event preambles_start_at(const struct preamble *list, uint8_t *at, struct connection *connection,
					 struct tls_input *input);

/* preambles_continue is for them too: where `event` says that one is done, starts the next that is wanted. */
static inline enum connection_event preambles_continue(const struct preamble *list, uint8_t *at,
						       struct connection *connection, struct tls_input *input,
						       enum connection_event event)
{
	if (event != EVENT_PREAMBLE_DONE)
		return event;
	*at = preambles_find(list, (uint8_t)(*at + 1), connection);
	return preambles_are_left(list, *at) ? preambles_start_at(list, at, connection, input) : EVENT_PREAMBLE_DONE;
}

/* preambles_start starts the first that is wanted. *at is the one under way from then on. */
static inline enum connection_event preambles_start(const struct preamble *list, uint8_t *at,
						    struct connection *connection)
{
	*at = preambles_find(list, 0, connection);
	if (!preambles_are_left(list, *at))
		return EVENT_PREAMBLE_DONE;
	struct tls_input nothing = {0};
	return preambles_continue(list, at, connection, &nothing, list[*at].start(connection));
}

/* preambles_take gives `input` to the one under way and, when it is done, the rest of it to the next. After
 * EVENT_PREAMBLE_DONE the rest is content. */
static inline enum connection_event preambles_take(const struct preamble *list, uint8_t *at,
						   struct connection *connection, struct tls_input *input)
{
	return preambles_continue(list, at, connection, input, list[*at].take(connection, input));
}

/* preambles_resume goes on when the verdict has been given. *out_rest is content, as above. */
static inline enum connection_event preambles_resume(const struct preamble *list, uint8_t *at,
						     struct connection *connection, struct tls_input *out_rest)
{
	return preambles_continue(list, at, connection, out_rest, list[*at].resume(connection, out_rest));
}

#endif
