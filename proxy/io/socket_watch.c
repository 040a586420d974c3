#include "proxy/io/socket_watch.h"

#include <stdlib.h>

#include "proxy/io/loop_uv.h"

_Static_assert(SOCKET_WATCH_READABLE == UV_READABLE && SOCKET_WATCH_WRITABLE == UV_WRITABLE, "passed on as they are");

struct socket_watch {
	uv_poll_t poll;
	void *context;
	void (*on_ready)(void *context, unsigned events);
};

struct socket_watch *socket_watch_new(struct loop *loop, int fd, void *context,
				      void (*on_ready)(void *context, unsigned events))
{
	struct socket_watch *watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return NULL;
	if (uv_poll_init(&loop->uv, &watch->poll, fd) != 0) {
		free(watch);
		return NULL;
	}
	watch->poll.data = watch;
	watch->context = context;
	watch->on_ready = on_ready;
	return watch;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct socket_watch *watch = poll->data;
	watch->on_ready(watch->context, status < 0 ? SOCKET_WATCH_FAILED : (unsigned)events);
}

bool socket_watch_set(struct socket_watch *watch, unsigned events)
{
	return uv_poll_start(&watch->poll, (int)events, on_poll) == 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void socket_watch_free(struct socket_watch *watch)
{
	if (watch != NULL)
		uv_close((uv_handle_t *)&watch->poll, on_closed);
}
