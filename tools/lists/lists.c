#include "tools/lists/lists.h"

#include "tools/lists/connection_lists.h"
#include "tools/lists/exchange_lists.h"
#include "tools/lists/finding_lists.h"
#include "tools/lists/key_lists.h"
#include "tools/lists/metric_lists.h"
#include "tools/lists/schema_lists.h"

static const struct list lists[] = {
    {"sample", key_lists_sample},
    {"manual_chainmend", key_lists_manual_chainmend},
    {"manual_site", key_lists_manual_site},
    {"manual_required", key_lists_manual_required},
    {"manual_not_built", key_lists_manual_not_built},
    {"keys_chainmend", key_lists_table_chainmend},
    {"keys_site", key_lists_table_site},
    {"keys_not_built", key_lists_table_not_built},
    {"findings", finding_lists_index},
    {"finding_schema", schema_lists_finding},
    {"metrics", metric_lists_table},
    {"counters_schema", schema_lists_counters},
    {"connection_diagram", connection_lists_diagram},
    {"connection_states", connection_lists_states},
    {"connection_steps", connection_lists_steps},
    {"exchange_states", exchange_lists_states},
    {"exchange_steps", exchange_lists_steps},
};

enum { NUM_LISTS = sizeof(lists) / sizeof(lists[0]) };

const struct list *lists_get(size_t index)
{
	return index < NUM_LISTS ? &lists[index] : NULL;
}

const struct list *lists_find(struct bytes name)
{
	for (size_t i = 0; i < NUM_LISTS; i++) {
		if (bytes_equal(bytes_of_string(lists[i].name), name))
			return &lists[i];
	}
	return NULL;
}
