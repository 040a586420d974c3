#include "proxy/worker/shortage.h"

#include <errno.h>

bool shortage_is(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM || code == ENOSPC;
}

enum connection_event shortage_note(struct connection *connection, int code)
{
	connection->thread->pause(connection->thread, code);
	return EVENT_SHORTAGE;
}
