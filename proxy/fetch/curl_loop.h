/* curl_loop - libcurl's multi interface on a libuv loop: sockets become uv_poll handles, the timeout a uv_timer. */
#ifndef PROXY_FETCH_CURL_LOOP_H
#define PROXY_FETCH_CURL_LOOP_H

#include <stdbool.h>

#include <curl/curl.h>
#include <uv.h>

struct curl_loop;

/* One easy handle's owner, embedded in what drives it. `on_done` comes from the loop, never from within
 * curl_loop_add, with the easy handle already taken out; it may add and remove easy handles. */
struct curl_client {
	CURL *easy;
	void (*on_done)(struct curl_client *client, CURLcode code);
};

/* curl_loop_new: NULL when out of memory. */
struct curl_loop *curl_loop_new(uv_loop_t *loop);

/* curl_loop_add starts client->easy (its CURLOPT_PRIVATE is taken for our use). False when out of memory. */
bool curl_loop_add(struct curl_loop *curl_loop, struct curl_client *client);

/* curl_loop_remove ends it without on_done; one that was not added is fine. Not from within curl's own callbacks. */
void curl_loop_remove(struct curl_loop *curl_loop, struct curl_client *client);

/* curl_loop_close: every client has been removed. `on_closed` comes from the loop when all is freed. */
void curl_loop_close(struct curl_loop *curl_loop, void *context, void (*on_closed)(void *context));

#endif
