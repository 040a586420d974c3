#include "proxy/io/signal_watch.h"

#include <stdlib.h>

#include "proxy/io/loop_uv.h"

struct signal_watch {
	uv_signal_t handle;
	void *context;
	void (*on_signal)(void *context, int number);
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_uv_signal(uv_signal_t *handle, int number)
{
	struct signal_watch *watch = handle->data;
	watch->on_signal(watch->context, number);
}

struct signal_watch *signal_watch_new(struct loop *loop, int number, void *context,
				      void (*on_signal)(void *context, int number))
{
	struct signal_watch *watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return NULL;
	watch->context = context;
	watch->on_signal = on_signal;
	if (uv_signal_init(&loop->uv, &watch->handle) != 0) {
		free(watch);
		return NULL;
	}
	watch->handle.data = watch;
	if (uv_signal_start(&watch->handle, on_uv_signal, number) == 0)
		return watch;
	signal_watch_free(watch);
	return NULL;
}

void signal_watch_free(struct signal_watch *watch)
{
	if (watch != NULL)
		uv_close((uv_handle_t *)&watch->handle, on_closed);
}
