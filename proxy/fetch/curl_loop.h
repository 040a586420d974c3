/* curl_loop - libcurl's multi interface on a loop: each of its sockets has a socket_watch, its time-out an alarm. */
#ifndef PROXY_FETCH_CURL_LOOP_H
#define PROXY_FETCH_CURL_LOOP_H

#include <stdbool.h>

#include <curl/curl.h>

struct curl_loop;
struct loop;

/* One easy handle's owner, embedded in what drives it. `on_done` comes from the loop, never from within
 * curl_loop_add, with the easy handle already taken out; it may add and remove easy handles. */
struct curl_client {
	CURL *easy;
	void (*on_done)(struct curl_client *client, CURLcode code);
};

/* curl_loop_new: NULL when out of memory. */
struct curl_loop *curl_loop_new(struct loop *loop);

/* curl_loop_add starts client->easy (its CURLOPT_PRIVATE is taken for our use). False when out of memory. */
bool curl_loop_add(struct curl_loop *curl_loop, struct curl_client *client);

/* curl_loop_remove ends it without on_done; one that was not added is fine. Not from within curl's own callbacks. */
void curl_loop_remove(struct curl_loop *curl_loop, struct curl_client *client);

/* curl_loop_free: every client has been removed. Not from within curl's own callbacks. NULL is fine. */
void curl_loop_free(struct curl_loop *curl_loop);

#endif
