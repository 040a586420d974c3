/* curl_loop - libcurl's multi interface on a loop: each of its sockets has a socket_watch, its time-out an alarm. */
#ifndef PROXY_FETCH_CURL_LOOP_H
#define PROXY_FETCH_CURL_LOOP_H

#include <stdbool.h>

#include <curl/curl.h>

struct curl_loop;
struct loop;

/* Embedded in the owner of an easy handle. `on_done` comes from the loop, never from within curl_loop_add, after the easy
 * handle was removed; it may add and remove easy handles. */
struct curl_client {
	CURL *easy;
	void (*on_done)(struct curl_client *client, CURLcode code);
};

/* curl_loop_new: NULL when out of memory. */
struct curl_loop *curl_loop_new(struct loop *loop);

/* curl_loop_add starts client->easy, and uses its CURLOPT_PRIVATE. False when out of memory. */
bool curl_loop_add(struct curl_loop *curl_loop, struct curl_client *client);

/* curl_loop_remove ends it without on_done; one that was not added is fine. Not from within libcurl's callbacks. */
void curl_loop_remove(struct curl_loop *curl_loop, struct curl_client *client);

/* curl_loop_free: every client has been removed. Not from within libcurl's callbacks. NULL is fine. */
void curl_loop_free(struct curl_loop *curl_loop);

#endif
