/* stepped_connection - one connection of a worker whose loop the test turns by hand, to look at its state in between.
 *
 * The client and the backend are the test's own too. SSL_CTX and certificates come from a proxy_world.
 */
#ifndef TESTS_SUPPORT_STEPPED_CONNECTION_H
#define TESTS_SUPPORT_STEPPED_CONNECTION_H

#include "proxy/worker/worker_loop.h"
#include "tests/support/proxy_world.h"
#include "tests/support/test_client.h"

enum { STEPPED_MAX_WAITING = 8, STEPPED_MAX_TURNS = 3000 };

/* Its members are the test's to use; what is there at the end is closed and freed. */
struct stepped_connection {
	struct world world; /* for its snapshot: its own worker has nothing to do */
	struct worker_thread thread;
	struct test_client client;
	SSL_CTX *tls; /* of the backend */
	SSL *ssl; /* of the backend's connection, or NULL */
	int listening; /* for the backend; -1: closed */
	int backend; /* -1: not connected */
	int waiting[STEPPED_MAX_WAITING]; /* fill the queue of `listening` */
	size_t num_waiting;
	uint16_t port; /* of `listening` */
	bool looks_up; /* the backend's name, for ever */
};

struct stepped_connection *stepped_new(void);
void stepped_free(struct stepped_connection *stepped);

/* The same for cmocka: the object is in *state. */
int stepped_setup(void **state);
int stepped_teardown(void **state);

/* stepped_open hands a client to the worker's thread, without a listener. `keys` are further lines of the site's section. */
void stepped_open(struct stepped_connection *stepped, uint16_t port, const char *keys);

/* stepped_turn takes one turn of the loop. stepped_join shakes hands, with turns in between. */
void stepped_turn(struct stepped_connection *stepped);
void stepped_join(struct stepped_connection *stepped);

/* stepped_now is the connection, or NULL once it is closed. stepped_come_to turns until it is in a state. */
struct connection *stepped_now(struct stepped_connection *stepped);
enum connection_state stepped_state(struct stepped_connection *stepped);
void stepped_come_to(struct stepped_connection *stepped, enum connection_state wanted);

#define STEPPED_REQUEST "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"

/* Each opens a connection and brings it to the state of its name. stepped_come_to_relaying_tls: with a TLS backend. Those of
 * HTTP open one of an HTTP site: stepped_come_to_http leaves it idle, in the others STEPPED_REQUEST waits for its backend. */
void stepped_come_to_client_preamble(struct stepped_connection *stepped);
void stepped_come_to_addresses(struct stepped_connection *stepped);
void stepped_come_to_connecting(struct stepped_connection *stepped);
void stepped_come_to_backend_preamble(struct stepped_connection *stepped);
void stepped_come_to_verdict(struct stepped_connection *stepped);
void stepped_come_to_http(struct stepped_connection *stepped);
void stepped_come_to_http_addresses(struct stepped_connection *stepped);
void stepped_come_to_http_connecting(struct stepped_connection *stepped);
void stepped_come_to_http_preamble(struct stepped_connection *stepped);
void stepped_come_to_http_verdict(struct stepped_connection *stepped);
void stepped_come_to_relaying(struct stepped_connection *stepped);
void stepped_come_to_relaying_tls(struct stepped_connection *stepped);
void stepped_come_to_client_ended(struct stepped_connection *stepped);
void stepped_come_to_backend_ended(struct stepped_connection *stepped);
void stepped_come_to_flushing(struct stepped_connection *stepped);
void stepped_come_to_lingering(struct stepped_connection *stepped);

void stepped_write_client(struct stepped_connection *stepped, const char *text);
void stepped_start_backend_tls(struct stepped_connection *stepped);
void stepped_reset_backend(struct stepped_connection *stepped);

/* stepped_leave_backlog queues bytes that the client's kernel does not take. */
void stepped_leave_backlog(struct stepped_connection *stepped);

/* stepped_cut ends the connection as the end of a drain does, stepped_let_time_pass lets its deadline come. */
void stepped_cut(struct stepped_connection *stepped);
void stepped_let_time_pass(struct stepped_connection *stepped);

/* stepped_expect_end: the client gets `answer` and this end. stepped_expect_plain_alert: it has not shaken hands yet, and
 * gets an alert in the clear. stepped_expect_page: it gets an answer of chainmend's own with that status, and a clean end.
 * stepped_expect_reset: it is reset, behind whatever it gets. */
void stepped_expect_end(struct stepped_connection *stepped, const char *answer, enum test_client_end end);
void stepped_expect_plain_alert(struct stepped_connection *stepped);
void stepped_expect_page(struct stepped_connection *stepped, unsigned status);
void stepped_expect_reset(struct stepped_connection *stepped);

#endif
