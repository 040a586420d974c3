#include "proxy/io/wake.h"

#include <stdlib.h>

#include "proxy/io/loop_uv.h"

struct wake {
	uv_async_t async;
	void *context;
	void (*on_wake)(void *context);
};

static void on_async(uv_async_t *async)
{
	struct wake *wake = async->data;
	wake->on_wake(wake->context);
}

struct error wake_open(struct loop *loop, void *context, void (*on_wake)(void *context), struct wake **out)
{
	struct wake *wake = calloc(1, sizeof(*wake));
	*out = NULL;
	if (wake == NULL)
		return error_of(ERROR_MEMORY, 0, "make a loop's wake-up");
	wake->context = context;
	wake->on_wake = on_wake;
	int status = uv_async_init(&loop->uv, &wake->async, on_async);
	if (status != 0) {
		free(wake);
		return error_of(ERROR_SYSTEM, -status, "make a loop's wake-up");
	}
	wake->async.data = wake;
	*out = wake;
	return error_none();
}

void wake_send(struct wake *wake)
{
	uv_async_send(&wake->async);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void wake_close(struct wake *wake)
{
	if (wake != NULL)
		uv_close((uv_handle_t *)&wake->async, on_closed);
}
