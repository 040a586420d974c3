/* side - one of the two ends of a connection, the client's or the backend's: its socket, its TLS, the bytes that go out
 * to it, and its preambles. */
#ifndef PROXY_WORKER_SIDE_H
#define PROXY_WORKER_SIDE_H

#include "proxy/io/stream.h"
#include "proxy/wire/preamble.h"
#include "proxy/wire/relay.h"
#include "proxy/wire/tls_pump.h"

/* Holds always: bytes go through `pump` while it has an SSL, and straight to the stream otherwise. */
struct side {
	struct stream stream;
	struct tls_pump pump; /* started by a preamble */
	struct relay out; /* from the other side to this one */
	uint8_t preamble; /* index in the side's list: under way, or the first to come */
	bool heard; /* it has sent something */
};

/* side_init prepares a closed side. `on_ready` as in stream_init. */
void side_init(struct side *side, struct poller *poller, void (*on_ready)(struct pollable *, uint32_t));
void side_cleanup(struct side *side);

/* side_is_quiet says that no byte is under way on a side, neither to its peer nor, as far as it was read, from it. */
bool side_is_quiet(const struct side *side);

/* side_move hands a quiet side's socket and TLS over to `to`, which is closed, with `on_ready` as in stream_init. `side` is
 * closed afterwards, and `to` too where that fails. */
MUST_USE struct error side_move(struct side *side, struct side *to, void (*on_ready)(struct pollable *, uint32_t));

/* side_may_read says whether the side is read now, by the `flow` of its bytes and the backlog of `to`, the other. */
static inline bool side_may_read(const struct side *side, struct side *to, enum connection_flow flow)
{
	if (!connection_flow_carries(flow))
		return flow != FLOW_NONE && !side->stream.ended;
	return relay_may_read(&to->out, stream_backlog(&to->stream));
}

/* side_read reads the socket once, into `out`. *out_input, which may be an end, is for a preamble or side_take. */
static inline enum stream_result side_read(struct side *side, uint8_t *out, size_t out_size,
					   struct tls_input *out_input)
{
	size_t len;
	enum stream_result result = stream_read(&side->stream, out, out_size, &len);

	*out_input = (struct tls_input){.bytes = bytes_of(out, len), .ended = result == STREAM_END};
	if (result == STREAM_BYTES)
		side->heard = true;
	return result;
}

/* side_take takes content from the front of `input`: the bytes themselves, or the plain text of TLS, written to
 * `plain`. TLS_DONE: there may be more. */
static inline enum tls_result side_take(struct side *side, struct tls_input *input, uint8_t *plain, size_t plain_size,
					struct bytes *out_content)
{
	if (side->pump.ssl != NULL) {
		size_t len;
		enum tls_result result = tls_pump_read(&side->pump, input, plain, plain_size, &len);

		*out_content = bytes_of(plain, len);
		return result;
	}
	*out_content = input->bytes;
	input->bytes = bytes_of(NULL, 0);
	return input->ended ? TLS_ENDED : TLS_WANT_INPUT;
}

/* side_write writes content, or keeps it in the stream; false when TLS cannot write any more. */
static inline bool side_write(struct side *side, struct bytes content)
{
	if (side->pump.ssl != NULL)
		return tls_pump_write(&side->pump, content);
	stream_write(&side->stream, content);
	return true;
}

/* side_end passes on the end of `from`: close_notify, unless `from` ended without one (the peer of this side judges
 * then whether all has come), and, with `fin`, a FIN after all that was written. */
static inline void side_end(struct side *side, const struct side *from, struct tls_channel *channel, bool fin)
{
	if (!from->pump.cut)
		tls_pump_end(&side->pump);
	tls_channel_flush(channel);
	if (fin)
		stream_end(&side->stream);
}

#endif
