/* stream - one TCP socket of a connection. It is read on request and written at once; bytes that the socket does not
 * take wait.
 *
 * Edge-triggered: an event is remembered until a read has emptied the socket, so that pausing and resuming cost
 * nothing. Zero-initialised with fd -1 is closed.
 */
#ifndef PROXY_IO_STREAM_H
#define PROXY_IO_STREAM_H

#include <sys/socket.h>

#include "chaincache/base/buffer.h"
#include "proxy/io/poller.h"

/* The relays stop far below; a peer that makes TLS answer without reading the answers is cut here. */
#define STREAM_MAX_PENDING_BYTES ((size_t)512 * 1024)

struct stream {
	struct pollable pollable; /* first */
	struct poller *poller;
	int fd; /* -1: closed */
	bool readable; /* a read may give something */
	bool read_to_end; /* the peer's end or an error has arrived: reads go on until they return it */
	bool ended; /* the end was read */
	bool write_failed; /* bytes that are written are dropped: the peer is gone, or memory is short */
	bool watches_writable;
	bool end_wanted; /* stream_end was called: FIN follows the pending bytes */
	bool end_sent;
	uint8_t num_writes; /* 0, 1 or more: TCP_NODELAY is set at the second one */
	int error; /* errno of the first failure, 0: none */
	size_t pending_at; /* of pending, that were written */
	struct buffer pending;
};

enum stream_result { STREAM_BYTES, STREAM_BLOCKED, STREAM_END, STREAM_BROKEN };

/* stream_init prepares a closed stream. `on_ready` is called for each event of its socket, after the stream has
 * noted it and written what was pending. */
void stream_init(struct stream *stream, struct poller *poller, void (*on_ready)(struct pollable *, uint32_t));

/* stream_open takes a non-blocking socket that has TCP_NODELAY, as accepted ones have it from their listener; it
 * is closed on failure. */
MUST_USE struct error stream_open(struct stream *stream, int take_fd, bool watch_writable);

/* stream_connect opens a socket of its own and starts to connect it. ERROR_SYSTEM where that fails at once. */
MUST_USE struct error stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t address_len,
				     bool watch_writable);

/* stream_close closes; by RST where bytes for the peer were lost for lack of memory. A closed one is fine. */
void stream_close(struct stream *stream);

/* stream_reset closes by RST: the peer learns that its bytes are not all. Those under way are dropped. */
void stream_reset(struct stream *stream);

/* stream_move hands the socket of `stream`, which is open and has no backlog, over to `to`, which is closed; `on_ready` is
 * called for its events from then on. `stream` is closed afterwards, and `to` too where that fails. */
MUST_USE struct error stream_move(struct stream *stream, struct stream *to,
				  void (*on_ready)(struct pollable *, uint32_t));

/* stream_is_delivered says whether the peer's kernel has acknowledged all bytes. */
bool stream_is_delivered(const struct stream *stream);

/* stream_note takes the events of on_ready. */
void stream_note(struct stream *stream, uint32_t events);

/* stream_watch_writable asks for on_ready once the socket can be written. */
void stream_watch_writable(struct stream *stream);

/* stream_is_connected says whether the connect has succeeded by now; stream->error says why it has failed. */
bool stream_is_connected(struct stream *stream);

/* stream_read reads once. STREAM_END is an end that the peer has sent, whether it still takes bytes or not (see
 * write_failed); STREAM_BROKEN is for a reset without one. */
enum stream_result stream_read(struct stream *stream, uint8_t *out, size_t out_size, size_t *out_len);

/* stream_write writes or keeps all the bytes; it drops those after our FIN. A failure shows in write_failed. */
void stream_write(struct stream *stream, struct bytes bytes);

/* stream_try_write writes the bytes that the socket takes at once: STREAM_BLOCKED when it takes none. */
enum stream_result stream_try_write(struct stream *stream, struct bytes bytes, size_t *out_len);

/* stream_acknowledge acknowledges the bytes that were read at once. */
void stream_acknowledge(struct stream *stream);

/* stream_end sends FIN once all is written; reading goes on. */
void stream_end(struct stream *stream);

static inline size_t stream_backlog(const struct stream *stream)
{
	return stream->pending.len - stream->pending_at;
}

#endif
