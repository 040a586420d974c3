#include "proxy/io/web_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "proxy/io/loop_uv.h"
#include "proxy/io/web_visits.h"

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
	struct web_visits visits;
	uint64_t paused_until_ms; /* there was no descriptor to accept with */
	bool closing;
};

static const struct http_field plain_fields[] = {
    {"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}, {"Connection", "close"}, {0}};

static void on_listening(uv_poll_t *handle, int status, int events);

static uint64_t now_ms(const struct web_server *server)
{
	return uv_now(&server->loop->uv);
}

static bool has_room(const struct web_server *server)
{
	return server->visits.count < WEB_SERVER_MAX_CONNECTIONS ||
	       web_visits_who_goes(&server->visits, now_ms(server)) != NULL;
}

static bool is_paused(const struct web_server *server)
{
	return now_ms(server) < server->paused_until_ms;
}

static void accept_if_room(struct web_server *server)
{
	if (server->closing)
		return;
	if (has_room(server) && !is_paused(server))
		uv_poll_start(&server->listening, UV_READABLE, on_listening);
	else
		uv_poll_stop(&server->listening);
}

static struct web_visit *visit_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info != NULL ? info->socket_context : NULL;
}

static void set_state(struct MHD_Connection *connection, enum web_visit_state state, uint64_t pause_ms)
{
	struct web_visit *visit = visit_of(connection);
	if (visit != NULL)
		web_visits_set(&visit->server->visits, visit, state, now_ms(visit->server), pause_ms);
}

/* Resumes a held request: libmicrohttpd calls on_request again. */
static void resume(struct web_visit *visit)
{
	if (visit->state != VISIT_HELD)
		return;
	MHD_resume_connection(visit->connection);
	web_visits_set(&visit->server->visits, visit, VISIT_WAITED, now_ms(visit->server), WEB_SERVER_REQUEST_MS);
}

/* Cuts a connection: libmicrohttpd sees the end, and closes it. */
static void cut(struct web_visit *visit)
{
	shutdown(visit->fd, SHUT_RDWR);
	resume(visit);
	web_visits_set(&visit->server->visits, visit, VISIT_LEAVING, now_ms(visit->server), 0);
}

static int fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info != NULL ? info->connect_fd : -1;
}

static const struct sockaddr *address_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info != NULL ? info->client_addr : NULL;
}

static void begin_visit(struct web_server *server, struct MHD_Connection *connection, void **out)
{
	struct web_visit *visit = calloc(1, sizeof(*visit));

	*out = visit;
	if (visit == NULL)
		return; /* on_request refuses it */
	visit->server = server;
	visit->connection = connection;
	visit->fd = fd_of(connection);
	web_peer_find(&visit->peer, visit->fd, address_of(connection));
	web_visits_add(&server->visits, visit);
	web_visits_set(&server->visits, visit, VISIT_READING, now_ms(server), WEB_SERVER_REQUEST_MS);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **visit,
			  enum MHD_ConnectionNotificationCode code)
{
	struct web_server *server = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		begin_visit(server, connection, visit);
	} else if (*visit != NULL) {
		web_visits_remove(&server->visits, *visit);
		free(*visit);
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
	set_state(connection, VISIT_READING, WEB_SERVER_REQUEST_MS);
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
	set_state(connection, VISIT_ANSWERING, WEB_SERVER_ANSWER_MS);
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

static bool has_argument(struct MHD_Connection *connection, const char *name)
{
	const char *value = NULL;
	size_t len = 0;
	return MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, &len) ==
	       MHD_YES;
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

static enum MHD_Result hold(struct MHD_Connection *connection, uint32_t wait_ms)
{
	set_state(connection, VISIT_HELD, wait_ms);
	MHD_suspend_connection(connection);
	return MHD_YES;
}

/* Called twice a request: with its fields, when it can still be refused before its body, and when it is complete. A third
 * time where the handler wanted to wait. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload, size_t *upload_size,
				  void **request)
{
	static const struct http_field allow[] = {{"Allow", "GET, HEAD"}, {0}};
	struct web_server *server = context;
	struct web_visit *visit = visit_of(connection);
	struct http_answer answer = {0};

	(void)version;
	(void)upload;
	if (visit == NULL || visit->state == VISIT_LEAVING)
		return MHD_NO;
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
	    .peer = &visit->peer,
	    .has_waited = visit->state == VISIT_WAITED,
	    .sites = has_argument(connection, "sites"),
	};
	server->handler(server->context, &asked, &answer);
	return answer.wait_ms > 0 ? hold(connection, answer.wait_ms) : queue(connection, &answer);
}

static void on_timer(uv_timer_t *timer);

static void look_at_deadlines(struct web_server *server)
{
	for (struct web_visit *visit = server->visits.first; visit != NULL; visit = visit->next) {
		if (visit->until_ms > now_ms(server))
			continue;
		if (visit->state == VISIT_HELD)
			resume(visit);
		else
			cut(visit);
	}
}

/* libmicrohttpd wants to be run again after a while for its own time-outs. Ours are looked at each time: a client that
 * sends a byte now and then starts the timer anew each time, so that it alone would never fire. */
static void work(struct web_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = WEB_SERVER_SWEEP_MS;

	look_at_deadlines(server);
	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES || wait_ms > WEB_SERVER_SWEEP_MS)
		wait_ms = WEB_SERVER_SWEEP_MS;
	wait_ms = web_visits_next_held_ms(&server->visits, now_ms(server), wait_ms);
	if (server->visits.first != NULL || is_paused(server))
		uv_timer_start(&server->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&server->timer);
	accept_if_room(server);
}

static void on_timer(uv_timer_t *timer)
{
	work(timer->data);
}

static void on_working(uv_poll_t *handle, int status, int events)
{
	(void)status;
	(void)events;
	work(handle->data);
}

static bool make_room(struct web_server *server)
{
	if (server->visits.count < WEB_SERVER_MAX_CONNECTIONS)
		return true;
	struct web_visit *visit = web_visits_who_goes(&server->visits, now_ms(server));
	if (visit != NULL)
		cut(visit);
	return visit != NULL;
}

/* Accepts a few at a time: in between, whole requests are answered, and cut connections are closed. */
static void on_listening(uv_poll_t *handle, int status, int events)
{
	struct web_server *server = handle->data;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < WEB_SERVER_ACCEPT_AT_ONCE && has_room(server); i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		int fd = accept4(server->listen_fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
				server->paused_until_ms = now_ms(server) + WEB_SERVER_SWEEP_MS;
			break;
		}
		if (!make_room(server)) {
			close(fd);
			break;
		}
		/* Closes the descriptor itself where it fails. */
		if (MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, len) != MHD_YES)
			break;
	}
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
	server->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(WEB_SERVER_MAX_CONNECTIONS + WEB_SERVER_ACCEPT_AT_ONCE),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, WEB_SERVER_MAX_REQUEST_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)(WEB_SERVER_ANSWER_MS / 1000), MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION,
	    on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
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
	for (struct web_visit *visit = server->visits.first; visit != NULL; visit = visit->next)
		cut(visit); /* none may be held when the daemon stops */
	MHD_stop_daemon(server->daemon);
	/* In the order in which they were made. */
	for (size_t i = 0, count = server->num_handles; i < sizeof(handles) / sizeof(handles[0]) && i < count; i++)
		uv_close(handles[i], on_closed);
}
