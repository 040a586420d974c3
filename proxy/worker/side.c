#include "proxy/worker/side.h"

void side_init(struct side *side, struct poller *poller, void (*on_ready)(struct pollable *, uint32_t))
{
	stream_init(&side->stream, poller, on_ready);
	side->pump.alert = TLS_PUMP_NO_ALERT;
	relay_init(&side->out);
}

void side_cleanup(struct side *side)
{
	stream_close(&side->stream);
	tls_pump_cleanup(&side->pump);
	relay_cleanup(&side->out);
}

static bool pump_is_quiet(const struct tls_pump *pump)
{
	return pump->ssl == NULL || (!pump->failed && !pump->end_sent && !SSL_has_pending(pump->ssl));
}

bool side_is_quiet(const struct side *side)
{
	const struct stream *stream = &side->stream;

	return stream->fd >= 0 && !stream->read_to_end && !stream->ended && !stream->write_failed &&
	       !stream->end_wanted && stream_backlog(stream) == 0 && side->out.held.len == 0 &&
	       pump_is_quiet(&side->pump);
}

struct error side_move(struct side *side, struct side *to, void (*on_ready)(struct pollable *, uint32_t))
{
	tls_pump_move(&side->pump, &to->pump, &to->stream);
	to->heard = side->heard;
	struct error error = stream_move(&side->stream, &to->stream, on_ready);
	if (failed(error))
		tls_pump_cleanup(&to->pump);
	return error;
}
