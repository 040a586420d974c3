#include "proxy/fetch/curl_loop.h"

#include <stdlib.h>

struct curl_loop {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	size_t num_handles; /* not closed yet: the timer and each socket's poll */
	void *close_context;
	void (*on_closed)(void *context);
};

struct socket_poll {
	uv_poll_t poll;
	struct curl_loop *owner;
	curl_socket_t socket;
};

static void on_handle_closed(struct curl_loop *curl_loop)
{
	if (--curl_loop->num_handles > 0)
		return;
	void (*on_closed)(void *) = curl_loop->on_closed;
	void *context = curl_loop->close_context;
	free(curl_loop);
	on_closed(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
	on_handle_closed(handle->data);
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct socket_poll *socket_poll = handle->data;
	struct curl_loop *owner = socket_poll->owner;

	free(socket_poll);
	on_handle_closed(owner);
}

static void tell_done(struct curl_loop *curl_loop)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(curl_loop->multi, &left)) != NULL) {
		struct curl_client *client = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&client);
		curl_multi_remove_handle(curl_loop->multi, message->easy_handle);
		client->on_done(client, code);
	}
}

static void act(struct curl_loop *curl_loop, curl_socket_t socket, int events)
{
	int running;

	curl_multi_socket_action(curl_loop->multi, socket, events, &running);
	tell_done(curl_loop);
}

static void on_timer(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct socket_poll *socket_poll = poll->data;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;

	if ((events & UV_READABLE) != 0)
		flags |= CURL_CSELECT_IN;
	if ((events & UV_WRITABLE) != 0)
		flags |= CURL_CSELECT_OUT;
	act(socket_poll->owner, socket_poll->socket, flags);
}

static int on_timeout_changed(CURLM *multi, long timeout_ms, void *context)
{
	struct curl_loop *curl_loop = context;

	(void)multi;
	if (timeout_ms < 0)
		return uv_timer_stop(&curl_loop->timer);
	uv_update_time(curl_loop->loop);
	return uv_timer_start(&curl_loop->timer, on_timer, (uint64_t)timeout_ms, 0);
}

static struct socket_poll *socket_poll_new(struct curl_loop *curl_loop, curl_socket_t socket)
{
	struct socket_poll *socket_poll = calloc(1, sizeof *socket_poll);

	if (socket_poll == NULL)
		return NULL;
	if (uv_poll_init_socket(curl_loop->loop, &socket_poll->poll, socket) != 0) {
		free(socket_poll);
		return NULL;
	}
	socket_poll->poll.data = socket_poll;
	socket_poll->owner = curl_loop;
	socket_poll->socket = socket;
	curl_loop->num_handles++;
	curl_multi_assign(curl_loop->multi, socket, socket_poll);
	return socket_poll;
}

static int on_socket_changed(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
	struct curl_loop *curl_loop = context;
	struct socket_poll *socket_poll = assigned;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (socket_poll != NULL)
			uv_close((uv_handle_t *)&socket_poll->poll, on_poll_closed);
		return 0;
	}
	if (socket_poll == NULL)
		socket_poll = socket_poll_new(curl_loop, socket);
	if (socket_poll == NULL)
		return -1;
	if ((what & CURL_POLL_IN) != 0)
		events |= UV_READABLE;
	if ((what & CURL_POLL_OUT) != 0)
		events |= UV_WRITABLE;
	return uv_poll_start(&socket_poll->poll, events, on_poll) == 0 ? 0 : -1;
}

struct curl_loop *curl_loop_new(uv_loop_t *loop)
{
	struct curl_loop *curl_loop = calloc(1, sizeof *curl_loop);

	if (curl_loop == NULL)
		return NULL;
	curl_loop->multi = curl_multi_init();
	if (curl_loop->multi == NULL) {
		free(curl_loop);
		return NULL;
	}
	curl_loop->loop = loop;
	curl_loop->num_handles = 1;
	uv_timer_init(loop, &curl_loop->timer);
	curl_loop->timer.data = curl_loop;
	curl_multi_setopt(curl_loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket_changed);
	curl_multi_setopt(curl_loop->multi, CURLMOPT_SOCKETDATA, curl_loop);
	curl_multi_setopt(curl_loop->multi, CURLMOPT_TIMERFUNCTION, on_timeout_changed);
	curl_multi_setopt(curl_loop->multi, CURLMOPT_TIMERDATA, curl_loop);
	curl_multi_setopt(curl_loop->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	return curl_loop;
}

bool curl_loop_add(struct curl_loop *curl_loop, struct curl_client *client)
{
	curl_easy_setopt(client->easy, CURLOPT_PRIVATE, client);
	return curl_multi_add_handle(curl_loop->multi, client->easy) == CURLM_OK;
}

void curl_loop_remove(struct curl_loop *curl_loop, struct curl_client *client)
{
	curl_multi_remove_handle(curl_loop->multi, client->easy);
}

void curl_loop_close(struct curl_loop *curl_loop, void *context, void (*on_closed)(void *context))
{
	curl_loop->close_context = context;
	curl_loop->on_closed = on_closed;
	/* Closes the sockets that are left, and with them their polls. */
	curl_multi_cleanup(curl_loop->multi);
	curl_loop->multi = NULL;
	uv_close((uv_handle_t *)&curl_loop->timer, on_timer_closed);
}
