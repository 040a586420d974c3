#include "tests/support/http_server.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/loop_uv.h"

enum {
	MAX_ROUTES = 64,
	MAX_CLIENTS = 256,
	ENDLESS_CHUNK = 16 * 1024,
	DRIP_INTERVAL_MS = 10,
	BACKLOG = 128,
};

struct client {
	uv_tcp_t tcp;
	uv_timer_t drip_timer;
	struct http_server *server;
	const struct http_route *route;
	char request[HTTP_SERVER_MAX_REQUEST];
	size_t request_len;
	bool responding;
	unsigned num_open_handles;
};

struct http_server {
	uv_tcp_t tcp;
	struct loop *loop;
	const struct http_route *routes;
	unsigned port;
	unsigned num_connections;
	unsigned num_requests[MAX_ROUTES];
	char last_request[HTTP_SERVER_MAX_REQUEST];
	struct client *clients[MAX_CLIENTS];
	unsigned num_open_handles;
};

static void die(const char *what)
{
	fprintf(stderr, "http_server: %s\n", what);
	abort();
}

static void on_server_part_closed(struct http_server *server)
{
	if (--server->num_open_handles == 0)
		free(server);
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct http_server *server = client->server;

	if (--client->num_open_handles > 0)
		return;
	free(client);
	on_server_part_closed(server);
}

static void client_close(struct client *client)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		if (client->server->clients[i] == client)
			client->server->clients[i] = NULL;
	if (uv_is_closing((uv_handle_t *)&client->tcp))
		return;
	uv_close((uv_handle_t *)&client->tcp, on_client_closed);
	uv_close((uv_handle_t *)&client->drip_timer, on_client_closed);
}

static void client_write(struct client *client, const char *data, size_t len);

static void on_drip(uv_timer_t *timer)
{
	client_write(timer->data, "x", 1);
}

static void on_written(uv_write_t *write, int status)
{
	static char endless[ENDLESS_CHUNK];
	struct client *client = write->data;

	free(write);
	if (uv_is_closing((uv_handle_t *)&client->tcp))
		return;
	if (status != 0) {
		client_close(client);
		return;
	}
	switch (client->route->manner) {
	case HTTP_NEVER_ENDS:
		memset(endless, 'x', sizeof(endless));
		client_write(client, endless, sizeof(endless));
		return;
	case HTTP_DRIPS:
		uv_timer_start(&client->drip_timer, on_drip, DRIP_INTERVAL_MS, 0);
		return;
	case HTTP_ANSWERS:
	case HTTP_HOLDS:
	case HTTP_SILENT:
	case HTTP_RESETS:
		client_close(client);
	}
}

static void client_write(struct client *client, const char *data, size_t len)
{
	uv_write_t *write = calloc(1, sizeof(*write));
	uv_buf_t buffer = uv_buf_init((char *)data, (unsigned)len);

	if (write == NULL)
		die("out of memory");
	write->data = client;
	if (uv_write(write, (uv_stream_t *)&client->tcp, &buffer, 1, on_written) != 0) {
		free(write);
		client_close(client);
	}
}

static void respond(struct client *client)
{
	const struct http_route *route = client->route;

	client->responding = true;
	client_write(client, route->response, route->response_len > 0 ? route->response_len : strlen(route->response));
}

static void reset(struct client *client)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		if (client->server->clients[i] == client)
			client->server->clients[i] = NULL;
	uv_close((uv_handle_t *)&client->drip_timer, on_client_closed);
	if (uv_tcp_close_reset(&client->tcp, on_client_closed) != 0)
		die("could not reset a connection");
}

static const struct http_route *find_route(struct http_server *server, const char *request)
{
	char path[HTTP_SERVER_MAX_REQUEST];

	if (sscanf(request, "GET %4095s HTTP/1.1", path) != 1)
		die("a request that is no GET");
	for (size_t i = 0; server->routes[i].path != NULL; i++) {
		if (strcmp(server->routes[i].path, path) != 0)
			continue;
		server->num_requests[i]++;
		return &server->routes[i];
	}
	die(path);
	return NULL;
}

static void on_request(struct client *client)
{
	struct http_server *server = client->server;

	memcpy(server->last_request, client->request, client->request_len + 1);
	client->route = find_route(server, client->request);
	switch (client->route->manner) {
	case HTTP_SILENT:
	case HTTP_HOLDS:
		return;
	case HTTP_RESETS:
		reset(client);
		return;
	case HTTP_ANSWERS:
	case HTTP_NEVER_ENDS:
	case HTTP_DRIPS:
		respond(client);
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct client *client = handle->data;

	(void)suggested;
	*out = uv_buf_init(client->request + client->request_len,
			   (unsigned)(sizeof(client->request) - 1 - client->request_len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
	struct client *client = stream->data;

	(void)buffer;
	if (len < 0) {
		client_close(client);
		return;
	}
	client->request_len += (size_t)len;
	client->request[client->request_len] = '\0';
	if (client->route == NULL && strstr(client->request, "\r\n\r\n") != NULL)
		on_request(client);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct http_server *server = stream->data;
	struct client *client = calloc(1, sizeof(*client));
	size_t slot = 0;

	while (slot < MAX_CLIENTS && server->clients[slot] != NULL)
		slot++;
	if (status != 0 || client == NULL || slot == MAX_CLIENTS)
		die("could not take a connection");
	server->clients[slot] = client;
	server->num_connections++;
	server->num_open_handles++;
	client->server = server;
	client->num_open_handles = 2;
	uv_tcp_init(&server->loop->uv, &client->tcp);
	uv_timer_init(&server->loop->uv, &client->drip_timer);
	client->tcp.data = client;
	client->drip_timer.data = client;
	if (uv_accept(stream, (uv_stream_t *)&client->tcp) != 0 ||
	    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) != 0)
		die("could not accept a connection");
}

struct http_server *http_server_new(struct loop *loop, const struct http_route *routes)
{
	struct http_server *server = calloc(1, sizeof(*server));
	struct sockaddr_in address = {0};
	int len = sizeof(address);
	size_t num_routes = 0;

	while (routes[num_routes].path != NULL)
		num_routes++;
	if (server == NULL || num_routes > MAX_ROUTES)
		die("out of memory, or too many routes");
	server->loop = loop;
	server->routes = routes;
	server->num_open_handles = 1;
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(&loop->uv, &server->tcp);
	server->tcp.data = server;
	if (uv_tcp_bind(&server->tcp, (struct sockaddr *)&address, 0) != 0 ||
	    uv_listen((uv_stream_t *)&server->tcp, BACKLOG, on_connection) != 0 ||
	    uv_tcp_getsockname(&server->tcp, (struct sockaddr *)&address, &len) != 0)
		die("could not listen");
	server->port = ntohs(address.sin_port);
	return server;
}

unsigned http_server_port(const struct http_server *server)
{
	return server->port;
}

unsigned http_server_num_connections(const struct http_server *server)
{
	return server->num_connections;
}

unsigned http_server_num_requests(const struct http_server *server, const char *path)
{
	for (size_t i = 0; server->routes[i].path != NULL; i++)
		if (strcmp(server->routes[i].path, path) == 0)
			return server->num_requests[i];
	die(path);
	return 0;
}

const char *http_server_last_request(const struct http_server *server)
{
	return server->last_request;
}

void http_server_release(struct http_server *server)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = server->clients[i];
		if (client != NULL && client->route != NULL && client->route->manner == HTTP_HOLDS &&
		    !client->responding)
			respond(client);
	}
}

static void on_server_closed(uv_handle_t *handle)
{
	on_server_part_closed(handle->data);
}

void http_server_close(struct http_server *server)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		if (server->clients[i] != NULL)
			client_close(server->clients[i]);
	uv_close((uv_handle_t *)&server->tcp, on_server_closed);
}
