/* side - one of the two ends of a connection: its socket, its TLS, what goes out to it, and what is spoken before the
 * first byte. The client's and the backend's are two values of it. */
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
	uint8_t preamble; /* in the side's list: the one that is under way, or comes first */
	bool heard; /* it has sent something */
};

/* side_init prepares a closed one. `on_ready` as in stream_init. */
void side_init(struct side *side, struct poller *poller, void (*on_ready)(struct pollable *, uint32_t));
void side_cleanup(struct side *side);

/* side_may_read says whether it is read now, where `flow` is what becomes of its bytes; `to` is the other side. */
static inline bool side_may_read(const struct side *side, struct side *to, enum connection_flow flow)
{
	if (!connection_flow_carries(flow))
		return flow != FLOW_NONE && !side->stream.ended;
	return relay_may_read(&to->out, stream_backlog(&to->stream));
}

/* side_read does one read of the socket into `out`: what comes, an end too, is there for side_take. */
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

/* side_take takes content from the front of `input`: what came as it is, or plain text that is written to `plain`.
 * TLS_DONE: there may be more. */
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

/* side_end passes on the end of `from`: close_notify, unless `from` ended without one, since whether all has come is
 * then for this side to judge; and FIN behind all that was written, where `fin` is set. */
static inline void side_end(struct side *side, const struct side *from, struct tls_channel *channel, bool fin)
{
	if (!from->pump.cut)
		tls_pump_end(&side->pump);
	tls_channel_flush(channel);
	if (fin)
		stream_end(&side->stream);
}

#endif
