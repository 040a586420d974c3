#include "proxy/mending/chain_verdict.h"

#include <stdlib.h>
#include <string.h>

static bool copy_items(void *out, const void *items, size_t count, size_t size)
{
	void *copy = NULL;

	if (count > 0) {
		copy = malloc(count * size);
		if (copy == NULL)
			return false;
		memcpy(copy, items, count * size);
	}
	memcpy(out, &copy, sizeof(copy));
	return true;
}

void chain_verdict_take(struct chain_verdict *verdict, const struct mend_result *result, int64_t now_s)
{
	struct chain_verdict taken = {
	    .judged = true,
	    .changed = result->changed,
	    .served_trusted = result->served_trusted,
	    .mended_trusted = result->mended_trusted,
	    .num_stores = result->num_stores,
	    .num_names = result->num_names,
	    .judged_s = now_s,
	};
	bool complete = !failed(certificate_list_copy(&taken.mended, &result->mended)) &&
			copy_items(&taken.stores, result->stores, result->num_stores, sizeof(*taken.stores)) &&
			copy_items(&taken.names, result->names, result->num_names, sizeof(*taken.names));

	if (result->anchor != NULL)
		taken.anchor = certificate_ref(result->anchor);
	if (complete) {
		chain_verdict_cleanup(verdict);
		*verdict = taken;
	} else {
		chain_verdict_cleanup(&taken);
	}
}

void chain_verdict_copy(struct chain_verdict *out, const struct chain_verdict *from,
			const struct trust_store_set *stores)
{
	struct chain_verdict copy = *from;

	copy.mended = (struct certificate_list){0};
	copy.anchor = from->anchor != NULL ? certificate_ref(from->anchor) : NULL;
	copy.stores = NULL;
	copy.names = NULL;
	if (failed(certificate_list_copy(&copy.mended, &from->mended)) ||
	    !copy_items(&copy.stores, from->stores, from->num_stores, sizeof(*copy.stores)) ||
	    !copy_items(&copy.names, from->names, from->num_names, sizeof(*copy.names))) {
		chain_verdict_cleanup(&copy);
		return;
	}
	for (size_t i = 0; i < copy.num_stores; i++)
		copy.stores[i].name = trust_store_set_name(stores, i);
	*out = copy;
}

void chain_verdict_cleanup(struct chain_verdict *verdict)
{
	certificate_list_cleanup(&verdict->mended);
	certificate_unref(verdict->anchor);
	free(verdict->stores);
	free(verdict->names);
	*verdict = (struct chain_verdict){0};
}

bool chain_verdict_any_store(const struct chain_verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_stores; i++) {
		if (verdict->stores[i].mended_trusted || !verdict->stores[i].mended_judged)
			return true;
	}
	return false;
}
