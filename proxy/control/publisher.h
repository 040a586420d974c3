/* publisher - publishes changes to the workers: soon, several together, and again with growing pauses after a failure. */
#ifndef PROXY_CONTROL_PUBLISHER_H
#define PROXY_CONTROL_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#define PUBLISHER_PAUSE_MS 20 /* changes that come together are published together */
#define PUBLISHER_RETRY_FIRST_MS 1000 /* when they could not be published ... */
#define PUBLISHER_RETRY_MAX_MS 30000 /* ... doubling up to this */

struct loop;
struct publisher;

/* publisher_new: `publish` publishes the present state; false: not, or not all of it. NULL when out of memory. */
struct publisher *publisher_new(struct loop *loop, void *context, bool (*publish)(void *context));
void publisher_free(struct publisher *publisher); /* NULL is fine */

/* publisher_change publishes within PUBLISHER_PAUSE_MS, whatever retry is pending. */
void publisher_change(struct publisher *publisher);

/* publisher_now publishes at once. */
void publisher_now(struct publisher *publisher);

#endif
