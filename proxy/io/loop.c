#include "proxy/io/loop.h"

#include <stdlib.h>

#include "proxy/io/loop_uv.h"

struct error loop_new(struct loop **out)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	*out = NULL;
	if (loop == NULL)
		return error_of(ERROR_MEMORY, 0, "make an event loop");
	int status = uv_loop_init(&loop->uv);
	if (status != 0) {
		free(loop);
		return error_of(ERROR_SYSTEM, -status, "make an event loop");
	}
	*out = loop;
	return error_none();
}

static void on_wait_over(uv_timer_t *timer)
{
	bool *is_over = timer->data;

	*is_over = true;
}

/* Runs until all is closed, for LOOP_CLOSE_WAIT_MS at most, whoever calls loop_stop or has called it before. */
static bool run_to_close(struct loop *loop)
{
	uv_timer_t wait;
	bool is_over = false;

	uv_update_time(&loop->uv);
	uv_timer_init(&loop->uv, &wait);
	wait.data = &is_over;
	uv_timer_start(&wait, on_wait_over, LOOP_CLOSE_WAIT_MS, 0);
	uv_unref((uv_handle_t *)&wait); /* it does not keep the loop alive */
	while (!is_over && uv_loop_alive(&loop->uv))
		uv_run(&loop->uv, UV_RUN_ONCE);
	bool all_closed = uv_loop_alive(&loop->uv) == 0;
	uv_close((uv_handle_t *)&wait, NULL);
	uv_run(&loop->uv, UV_RUN_NOWAIT);
	return all_closed;
}

bool loop_free(struct loop *loop)
{
	if (loop == NULL)
		return true;
	if (!run_to_close(loop) || uv_loop_close(&loop->uv) != 0)
		return false;
	free(loop);
	return true;
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_run_once(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_ONCE);
}

void loop_run_ready(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return uv_now(&loop->uv);
}
