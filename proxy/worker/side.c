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
