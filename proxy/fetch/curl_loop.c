#include "proxy/fetch/curl_loop.h"

#include <stdlib.h>

#include "proxy/io/alarm.h"
#include "proxy/io/socket_watch.h"

struct curl_loop {
	struct loop *loop;
	CURLM *multi;
	struct alarm *alarm;
};

/* One socket of libcurl, which keeps the pointer to this for it (curl_multi_assign). */
struct curl_socket {
	struct socket_watch *watch;
	struct curl_loop *owner;
	curl_socket_t socket;
};

static void finish_transfers(struct curl_loop *curl_loop)
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
	finish_transfers(curl_loop);
}

static void on_time_out(void *context)
{
	act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(void *context, unsigned events)
{
	static const struct {
		unsigned event;
		int flag;
	} flags[] = {
	    {SOCKET_WATCH_READABLE, CURL_CSELECT_IN},
	    {SOCKET_WATCH_WRITABLE, CURL_CSELECT_OUT},
	    {SOCKET_WATCH_FAILED, CURL_CSELECT_ERR},
	};
	struct curl_socket *curl_socket = context;
	int mask = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		mask |= (events & flags[i].event) != 0 ? flags[i].flag : 0;
	act(curl_socket->owner, curl_socket->socket, mask);
}

static int on_timeout_changed(CURLM *multi, long timeout_ms, void *context)
{
	struct curl_loop *curl_loop = context;

	(void)multi;
	if (timeout_ms < 0)
		alarm_stop(curl_loop->alarm);
	else
		alarm_set(curl_loop->alarm, (uint64_t)timeout_ms);
	return 0;
}

static struct curl_socket *curl_socket_new(struct curl_loop *curl_loop, curl_socket_t socket)
{
	struct curl_socket *curl_socket = calloc(1, sizeof(*curl_socket));

	if (curl_socket == NULL)
		return NULL;
	curl_socket->watch = socket_watch_new(curl_loop->loop, socket, curl_socket, on_ready);
	if (curl_socket->watch == NULL) {
		free(curl_socket);
		return NULL;
	}
	curl_socket->owner = curl_loop;
	curl_socket->socket = socket;
	curl_multi_assign(curl_loop->multi, socket, curl_socket);
	return curl_socket;
}

static void curl_socket_free(struct curl_socket *curl_socket)
{
	if (curl_socket == NULL)
		return;
	socket_watch_free(curl_socket->watch);
	free(curl_socket);
}

static int on_socket_changed(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
	struct curl_loop *curl_loop = context;
	struct curl_socket *curl_socket = assigned;
	unsigned events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_socket_free(curl_socket);
		return 0;
	}
	if (curl_socket == NULL)
		curl_socket = curl_socket_new(curl_loop, socket);
	if (curl_socket == NULL)
		return -1;
	if ((what & CURL_POLL_IN) != 0)
		events |= SOCKET_WATCH_READABLE;
	if ((what & CURL_POLL_OUT) != 0)
		events |= SOCKET_WATCH_WRITABLE;
	return socket_watch_set(curl_socket->watch, events) ? 0 : -1;
}

struct curl_loop *curl_loop_new(struct loop *loop)
{
	struct curl_loop *curl_loop = calloc(1, sizeof(*curl_loop));

	if (curl_loop == NULL)
		return NULL;
	curl_loop->loop = loop;
	curl_loop->alarm = alarm_new(loop, curl_loop, on_time_out);
	curl_loop->multi = curl_multi_init();
	if (curl_loop->alarm == NULL || curl_loop->multi == NULL) {
		curl_loop_free(curl_loop);
		return NULL;
	}
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

void curl_loop_free(struct curl_loop *curl_loop)
{
	if (curl_loop == NULL)
		return;
	/* Closes the sockets that are left: on_socket_changed frees their watches. */
	curl_multi_cleanup(curl_loop->multi);
	alarm_free(curl_loop->alarm);
	free(curl_loop);
}
