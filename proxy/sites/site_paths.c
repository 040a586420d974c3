#include "proxy/sites/site_paths.h"

#include <stdlib.h>

#include "conf/keys.h"

static void visit_list(const struct string_list *paths, void *context, path_visitor *visit)
{
	for (size_t i = 0; i < paths->count; i++)
		visit(context, paths->items[i]);
}

void site_paths_visit(const struct config_site *site, void *context, path_visitor *visit)
{
	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
		const struct config_key *key = config_key(id);
		const char *field = (const char *)site + key->offset;
		if (key->scope != SCOPE_SITE || key->not_built)
			continue;
		if (key->type == VALUE_PATH && *(char *const *)(const void *)field != NULL)
			visit(context, *(char *const *)(const void *)field);
		else if (key->type == VALUE_PATHS || key->type == VALUE_CERTIFICATES)
			visit_list((const void *)field, context, visit);
	}
}

/* A list of paths in the making; without an array they are counted. */
struct path_list {
	const char **items;
	size_t count;
};

static void add_to_list(void *context, const char *path)
{
	struct path_list *list = context;

	if (list->items != NULL)
		list->items[list->count] = path;
	list->count++;
}

static void visit_all(const struct config *config, struct path_list *list)
{
	if (config->ticket_keys != NULL)
		add_to_list(list, config->ticket_keys);
	for (size_t i = 0; i < config->num_sites; i++)
		site_paths_visit(&config->sites[i], list, add_to_list);
	visit_list(&config->crls, list, add_to_list);
}

const char **site_paths_list(const struct config *config, size_t *out_count)
{
	struct path_list counted = {0};

	visit_all(config, &counted);
	struct path_list list = {.items = calloc(counted.count + 1, sizeof(*list.items))};
	*out_count = 0;
	if (list.items == NULL)
		return NULL;
	visit_all(config, &list);
	*out_count = list.count;
	return list.items;
}
