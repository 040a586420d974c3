/* fetch_world - a server whose routes answer in every way, right and wrong, and a fetcher to ask it with. */
#ifndef TESTS_SUPPORT_FETCH_WORLD_H
#define TESTS_SUPPORT_FETCH_WORLD_H

#include "proxy/fetch/fetcher.h"
#include "proxy/io/loop.h"
#include "tests/support/http_server.h"

#define FETCH_WORLD_MAX_URL 256

/* Holds the answer to a request. */
struct answer {
	struct loop *loop; /* stopped when the answer is there, so that who waits for it looks at once */
	unsigned count;
	bool ok;
	enum fetch_failure failure;
	char detail[FETCHER_MAX_DETAIL];
	size_t body_len;
	char body[64];
};

struct fetch_world {
	struct loop *loop;
	struct http_server *server;
	struct fetcher *fetcher;
	unsigned num_closed;
};

/* fetch_world_setup and fetch_world_teardown go around a test. *state is the world; its fetcher may ask 127.0.0.1. */
int fetch_world_setup(void **state);
int fetch_world_teardown(void **state);

/* fetch_world_use closes the fetcher that there is and makes another one; `rule` NULL: public addresses alone. */
void fetch_world_use(struct fetch_world *world, const char *rule, struct fetcher_options options);

/* fetch_world_close closes the fetcher and makes no other. */
void fetch_world_close(struct fetch_world *world);

/* fetch_world_give has FETCH_WORLD_GIVEN, or FETCH_WORLD_GIVEN_TOO, answer with this body (copied). */
#define FETCH_WORLD_GIVEN "/given"
#define FETCH_WORLD_GIVEN_TOO "/given-too"
void fetch_world_give(const char *path, struct bytes body);

void fetch_world_url(const struct fetch_world *world, const char *path, char out[FETCH_WORLD_MAX_URL]);

/* fetch_world_told is the callback whose context is a struct answer. */
void fetch_world_told(void *context, const struct fetch_result *result);

struct fetch_request *fetch_world_ask(struct fetch_world *world, const char *path, struct answer *answer);
void fetch_world_wait(struct fetch_world *world, const struct answer *answer);

/* fetch_world_get asks and waits. */
struct answer fetch_world_get(struct fetch_world *world, const char *path);
struct answer fetch_world_get_url(struct fetch_world *world, const char *url);

#endif
