/* backend_list - the addresses of one site's backends, for the workers.
 *
 * It is made empty, and filled once, by the control thread. A worker may have it before that: it finds no address until
 * then, and all of them from then on. Once it is known, a list never changes.
 */
#ifndef PROXY_SHARED_BACKEND_LIST_H
#define PROXY_SHARED_BACKEND_LIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define BACKEND_LIST_MAX 32 /* addresses; the rest are left out */

/* One address of a backend, resolved by the control thread, so that a worker never waits for a name server. */
struct backend_address {
	struct sockaddr_storage address;
	socklen_t address_len;
	size_t backend; /* index into the site's config->backends */
};

struct backend_list {
	atomic_uint references;
	atomic_bool is_known; /* set last: what follows is complete */
	size_t count; /* 0 in a known one: no name resolves; connections are refused, and reported */
	struct backend_address addresses[BACKEND_LIST_MAX]; /* in the order of the configuration */
};

struct backend_list *backend_list_new(void); /* one reference; NULL when out of memory */
struct backend_list *backend_list_ref(struct backend_list *list);
void backend_list_unref(struct backend_list *list); /* NULL is fine */

/* backend_list_add appends an address, before the list is known; a full list leaves it out. */
void backend_list_add(struct backend_list *list, const struct backend_address *address);

/* backend_list_set_known shows the addresses to the workers. */
void backend_list_set_known(struct backend_list *list);

/* backend_list_is_known says whether the first look-up of the names has come to its end. */
static inline bool backend_list_is_known(const struct backend_list *list)
{
	return atomic_load_explicit(&list->is_known, memory_order_acquire);
}

#endif
