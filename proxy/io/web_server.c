#include "proxy/io/web_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "proxy/io/loop_uv.h"

/* One connection. Its deadline, unlike libmicrohttpd's time-out, does not move with each byte. */
struct http_visit {
	struct http_visit *next;
	struct http_visit *previous;
	struct web_server *server;
	int fd;
	uint64_t deadline_ms; /* of the loop's clock */
};

struct web_server {
	struct loop *loop;
	int listen_fd;
	void *context;
	http_handler *handler;
	struct MHD_Daemon *daemon;
	uv_poll_t listening;
	uv_poll_t working; /* libmicrohttpd's epoll descriptor */
	uv_timer_t timer;
	unsigned num_handles; /* that are not closed yet */
	struct http_visit *visits;
	unsigned num_visits;
	bool paused; /* there was no descriptor to accept with */
	bool closing;
};

static const struct http_field plain_fields[] = {
    {"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}, {"Connection", "close"}, {0}};

static void on_listening(uv_poll_t *handle, int status, int events);

static void accept_if_room(struct web_server *server)
{
	if (server->closing)
		return;
	if (server->num_visits < WEB_SERVER_MAX_CONNECTIONS && !server->paused)
		uv_poll_start(&server->listening, UV_READABLE, on_listening);
	else
		uv_poll_stop(&server->listening);
}

static struct http_visit *visit_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info != NULL ? info->socket_context : NULL;
}

static void set_deadline(struct MHD_Connection *connection, uint64_t pause_ms)
{
	struct http_visit *visit = visit_of(connection);
	if (visit != NULL)
		visit->deadline_ms = uv_now(&visit->server->loop->uv) + pause_ms;
}

static void begin_visit(struct web_server *server, struct MHD_Connection *connection, void **out)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_visit *visit = calloc(1, sizeof(*visit));

	*out = visit;
	if (visit == NULL)
		return; /* answered all the same, but for the deadline */
	visit->server = server;
	visit->fd = info != NULL ? info->connect_fd : -1;
	visit->deadline_ms = uv_now(&server->loop->uv) + WEB_SERVER_REQUEST_MS;
	visit->next = server->visits;
	if (visit->next != NULL)
		visit->next->previous = visit;
	server->visits = visit;
}

static void end_visit(struct web_server *server, struct http_visit *visit)
{
	if (visit == NULL)
		return;
	if (visit->previous != NULL)
		visit->previous->next = visit->next;
	else
		server->visits = visit->next;
	if (visit->next != NULL)
		visit->next->previous = visit->previous;
	free(visit);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **visit,
			  enum MHD_ConnectionNotificationCode code)
{
	struct web_server *server = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		server->num_visits++;
		begin_visit(server, connection, visit);
	} else {
		server->num_visits--;
		end_visit(server, *visit);
		*visit = NULL;
	}
	accept_if_room(server);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode code)
{
	(void)context;
	(void)code;
	*request = NULL;
	set_deadline(connection, WEB_SERVER_REQUEST_MS);
}

static bool add_fields(struct MHD_Response *response, const struct http_field *fields)
{
	for (; fields != NULL && fields->name != NULL; fields++) {
		if (MHD_add_response_header(response, fields->name, fields->value) != MHD_YES)
			return false;
	}
	return true;
}

static enum MHD_Result queue(struct MHD_Connection *connection, const struct http_answer *answer)
{
	void *body = (void *)(uintptr_t)answer->body.data; /* libmicrohttpd only reads it */
	struct MHD_Response *response =
	    answer->release != NULL ? MHD_create_response_from_buffer_with_free_callback_cls(
					  answer->body.len, body, answer->release, answer->owner)
				    : MHD_create_response_from_buffer(answer->body.len, body, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_NO;

	if (response == NULL) {
		if (answer->release != NULL)
			answer->release(answer->owner);
		return MHD_NO;
	}
	if (add_fields(response, answer->fields) && add_fields(response, answer->more_fields))
		result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	set_deadline(connection, WEB_SERVER_ANSWER_MS);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text,
			      const struct http_field *more_fields)
{
	struct http_answer answer = {
	    .status = status, .body = bytes_of_string(text), .fields = plain_fields, .more_fields = more_fields};
	return queue(connection, &answer);
}

static const char *field(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result count_host(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
	unsigned *count = context;

	(void)kind;
	(void)value;
	*count += strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0;
	return MHD_YES;
}

/* Finds a second Host field: two readers might use different ones (RFC 9112 3.2). */
static bool has_several_hosts(struct MHD_Connection *connection)
{
	unsigned count = 0;

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_host, &count);
	return count > 1;
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = field(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return field(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL ||
	       (length != NULL && strcmp(length, "0") != 0);
}

/* Called twice a request: with its fields, when it can still be refused before its body, and when it is complete. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload, size_t *upload_size,
				  void **request)
{
	static const struct http_field allow[] = {{"Allow", "GET, HEAD"}, {0}};
	struct web_server *server = context;
	struct http_answer answer = {0};

	(void)version;
	(void)upload;
	if (*request == NULL) {
		*request = server;
		if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
			return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD are answered here.\n",
				      allow);
		if (has_several_hosts(connection))
			return refuse(connection, MHD_HTTP_BAD_REQUEST, "A request has one Host.\n", NULL);
		if (has_body(connection))
			return refuse(connection, MHD_HTTP_BAD_REQUEST, "A request here has no body.\n", NULL);
		return MHD_YES;
	}
	if (*upload_size > 0)
		return MHD_NO;
	const struct http_request asked = {
	    .path = path,
	    .host = field(connection, MHD_HTTP_HEADER_HOST),
	    .authorization = field(connection, MHD_HTTP_HEADER_AUTHORIZATION),
	    .from = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "from"),
	};
	server->handler(server->context, &asked, &answer);
	return queue(connection, &answer);
}

static void on_timer(uv_timer_t *timer);

/* libmicrohttpd wants to be run again after a while for its own time-outs; ours are looked at each second. */
static void work(struct web_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = WEB_SERVER_SWEEP_MS;

	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES || wait_ms > WEB_SERVER_SWEEP_MS)
		wait_ms = WEB_SERVER_SWEEP_MS;
	if (server->num_visits > 0 || server->paused)
		uv_timer_start(&server->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&server->timer);
}

static void on_timer(uv_timer_t *timer)
{
	struct web_server *server = timer->data;
	uint64_t now_ms = uv_now(&server->loop->uv);

	for (struct http_visit *visit = server->visits; visit != NULL; visit = visit->next) {
		if (visit->deadline_ms <= now_ms)
			shutdown(visit->fd, SHUT_RDWR); /* libmicrohttpd sees the end, and closes */
	}
	server->paused = false;
	accept_if_room(server);
	work(server);
}

static void on_working(uv_poll_t *handle, int status, int events)
{
	(void)status;
	(void)events;
	work(handle->data);
}

static void on_listening(uv_poll_t *handle, int status, int events)
{
	struct web_server *server = handle->data;

	(void)status;
	(void)events;
	while (server->num_visits < WEB_SERVER_MAX_CONNECTIONS) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		int fd = accept4(server->listen_fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			server->paused = errno != EAGAIN && errno != ECONNABORTED && errno != EINTR;
			break;
		}
		/* Closes the descriptor itself where it fails. */
		if (MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, len) != MHD_YES)
			break;
	}
	if (server->paused)
		uv_poll_stop(&server->listening);
	work(server);
}

static void on_closed(uv_handle_t *handle)
{
	struct web_server *server = handle->data;
	if (--server->num_handles == 0)
		free(server);
}

static bool watch(struct web_server *server, uv_poll_t *handle, int fd)
{
	if (uv_poll_init(&server->loop->uv, handle, fd) != 0)
		return false;
	handle->data = server;
	server->num_handles++;
	return true;
}

static struct error start_daemon(struct web_server *server)
{
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, server,
					  MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_SERVER_MAX_CONNECTIONS,
					  MHD_OPTION_CONNECTION_MEMORY_LIMIT, WEB_SERVER_MAX_REQUEST_BYTES,
					  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(WEB_SERVER_ANSWER_MS / 1000),
					  MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
					  server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
	return server->daemon != NULL ? error_none() : error_system("start the admin page's HTTP server");
}

struct error web_server_open(struct loop *loop, int listen_fd, void *context, http_handler *handler,
			     struct web_server **out)
{
	struct web_server *server = calloc(1, sizeof(*server));
	if (server == NULL)
		return error_of(ERROR_MEMORY, 0, "start the admin page's HTTP server");

	*server = (struct web_server){.loop = loop, .listen_fd = listen_fd, .context = context, .handler = handler};
	struct error error = start_daemon(server);
	if (failed(error)) {
		free(server);
		return error;
	}
	uv_timer_init(&loop->uv, &server->timer);
	server->timer.data = server;
	server->num_handles = 1;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!watch(server, &server->working, info->epoll_fd) || !watch(server, &server->listening, listen_fd)) {
		error = error_system("watch the admin page's sockets"); /* before the close changes errno */
		web_server_close(server);
		return error;
	}
	uv_poll_start(&server->working, UV_READABLE, on_working);
	accept_if_room(server);
	*out = server;
	return error_none();
}

void web_server_close(struct web_server *server)
{
	if (server == NULL)
		return;
	uv_handle_t *const handles[] = {(uv_handle_t *)&server->timer, (uv_handle_t *)&server->working,
					(uv_handle_t *)&server->listening};
	server->closing = true;
	MHD_stop_daemon(server->daemon);
	/* In the order in which they were made. */
	for (unsigned i = 0, count = server->num_handles; i < count; i++)
		uv_close(handles[i], on_closed);
}
