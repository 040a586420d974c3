#include "proxy/shared/backend_list.h"

#include <stdlib.h>

struct backend_list *backend_list_new(void)
{
	struct backend_list *list = calloc(1, sizeof(*list));

	if (list != NULL)
		atomic_init(&list->references, 1);
	return list;
}

struct backend_list *backend_list_ref(struct backend_list *list)
{
	atomic_fetch_add_explicit(&list->references, 1, memory_order_relaxed);
	return list;
}

void backend_list_unref(struct backend_list *list)
{
	if (list != NULL && atomic_fetch_sub_explicit(&list->references, 1, memory_order_acq_rel) == 1)
		free(list);
}

void backend_list_add(struct backend_list *list, const struct backend_address *address)
{
	if (list->count < BACKEND_LIST_MAX)
		list->addresses[list->count++] = *address;
}

void backend_list_set_known(struct backend_list *list)
{
	atomic_store_explicit(&list->is_known, true, memory_order_release);
}
