/* http_server - an HTTP server on 127.0.0.1 that answers as a test tells it to: rightly, wrongly, slowly, never. It
 * runs on the test's own loop.
 */
#ifndef TESTS_SUPPORT_HTTP_SERVER_H
#define TESTS_SUPPORT_HTTP_SERVER_H

#include <stddef.h>

#define HTTP_SERVER_MAX_REQUEST 4096

enum http_manner {
	HTTP_ANSWERS, /* sends the response and closes */
	HTTP_NEVER_ENDS, /* sends the response and then 'x' for ever */
	HTTP_DRIPS, /* sends the response and then one 'x' at a time */
	HTTP_SILENT, /* reads and says nothing */
	HTTP_HOLDS, /* answers once http_server_release is called */
	HTTP_RESETS, /* resets the connection */
};

/* An array of routes ends with one without a path. */
struct http_route {
	const char *path;
	enum http_manner manner;
	const char *response; /* from the status line on */
	size_t response_len; /* 0: of the string */
};

struct http_server;
struct loop;

/* http_server_new borrows the routes, in which a test may change everything but the paths. */
struct http_server *http_server_new(struct loop *loop, const struct http_route *routes);
unsigned http_server_port(const struct http_server *server);
unsigned http_server_num_connections(const struct http_server *server); /* so far */
unsigned http_server_num_requests(const struct http_server *server, const char *path); /* so far */
const char *http_server_last_request(const struct http_server *server); /* head, "" before the first */
void http_server_release(struct http_server *server);

/* http_server_close closes everything; freed by the loop. */
void http_server_close(struct http_server *server);

#endif
