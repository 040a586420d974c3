/* relay - one direction of a connection: holds bytes for its sink, decides when its source is read, and remembers its
 * end. Pure.
 *
 * Bytes go straight from source to sink. They are held here only while the sink cannot take any (it is still
 * connecting, or in its handshake). Bytes that a socket does not take wait in its stream. Both together are the
 * backlog.
 */
#ifndef PROXY_WIRE_RELAY_H
#define PROXY_WIRE_RELAY_H

#include "chaincache/base/buffer.h"

#define RELAY_HIGH_WATER_BYTES ((size_t)64 * 1024) /* a backlog from here on stops the reading */
#define RELAY_LOW_WATER_BYTES ((size_t)16 * 1024) /* down to here it goes on */
#define RELAY_MAX_HELD_BYTES ((size_t)256 * 1024) /* high water and one event's bytes stay well below */

/* Holds always: source_broken implies source_ended. */
struct relay {
	struct buffer held;
	bool paused;
	bool source_ended;
	bool source_broken; /* it ended by a reset, not by an end of its own */
	uint64_t bytes; /* that the source gave */
};

void relay_init(struct relay *relay);
void relay_cleanup(struct relay *relay);

/* relay_may_read decides whether the source is read now, given the bytes that wait in the sink's stream. */
bool relay_may_read(struct relay *relay, size_t sink_backlog_bytes);

/* relay_hold keeps bytes until the sink is ready. ERROR_LIMIT above RELAY_MAX_HELD_BYTES. */
MUST_USE struct error relay_hold(struct relay *relay, struct bytes bytes);

/* relay_release empties what is held: the caller has passed it on. */
void relay_release(struct relay *relay);

/* relay_end notes that the source has ended; relay_break that it broke off: its bytes are passed on, without an end. */
void relay_end(struct relay *relay);
void relay_break(struct relay *relay);

/* relay_has_end says whether the source's end is to be passed on, with no bytes held before it. */
bool relay_has_end(const struct relay *relay);

#endif
