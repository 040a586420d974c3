#include "chaincache/files/chain_order.h"

#include "chaincache/certificate/certificate.h"
#include "chaincache/certificate/issuer_match.h"

/* Returns the place of an issuer of the certificate before `from`; list->count: none follows. */
static size_t find_issuer(const struct certificate_list *list, size_t from)
{
	const struct certificate *child = list->items[from - 1].certificate;
	size_t i = from;

	while (i < list->count && !issuer_match_names(list->items[i].certificate, child))
		i++;
	return child->self_issued ? list->count : i;
}

void chain_order_sort(struct certificate_list *list)
{
	for (size_t at = 1; at < list->count; at++) {
		size_t found = find_issuer(list, at);
		if (found == list->count)
			return;
		struct certificate_entry issuer = list->items[found];
		memmove(list->items + at + 1, list->items + at, (found - at) * sizeof(*list->items));
		list->items[at] = issuer;
	}
}
