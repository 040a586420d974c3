#include "proxy/sites/site_http.h"

#include <stdlib.h>

#include "conf/header_line.h"

static const enum http_forwarded forwarded[] = {
    [FORWARDED_OFF] = HTTP_FORWARDED_OFF,
    [FORWARDED_X] = HTTP_FORWARDED_X,
    [FORWARDED_RFC7239] = HTTP_FORWARDED_RFC7239,
    [FORWARDED_BOTH] = HTTP_FORWARDED_BOTH,
};

/* Fills in the fields to set and to remove; both arrays are the caller's to free. */
static void list_fields(const struct config_site *config, struct http_named_value *set, struct bytes *removed)
{
	for (size_t i = 0; i < config->set_headers.count; i++)
		header_line_split(config->set_headers.items[i], &set[i].name, &set[i].value);
	for (size_t i = 0; i < config->remove_headers.count; i++)
		removed[i] = bytes_of_string(config->remove_headers.items[i]);
}

static struct http_policy settings_of(const struct config_site *config)
{
	uint64_t response_timeout_ms =
	    config->response_timeout_ms != 0 ? config->response_timeout_ms : config->idle_timeout_ms;

	return (struct http_policy){
	    .max_head_bytes = (size_t)config->max_head_bytes,
	    .max_body_bytes = config->max_body_bytes,
	    .head_timeout_ms = (uint32_t)config->head_timeout_ms,
	    .body_timeout_ms = (uint32_t)config->body_timeout_ms,
	    .response_timeout_ms = (uint32_t)response_timeout_ms,
	    .keepalive_timeout_ms = (uint32_t)config->keepalive_timeout_ms,
	    .idle_timeout_ms = (uint32_t)config->idle_timeout_ms,
	    .upgrade = config->upgrade,
	    .shares_backends = config->backend_reuse == BACKEND_REUSE_SHARED,
	    .forwarded = forwarded[config->forwarded],
	    .backend_host = bytes_of_string(config->backend_host != NULL ? config->backend_host : ""),
	    .num_set = config->set_headers.count,
	    .num_remove = config->remove_headers.count,
	};
}

struct error site_http_policy(const struct config_site *config, struct http_policy **out)
{
	*out = NULL;
	if (config->protocol != PROTOCOL_HTTP)
		return error_none();
	struct http_policy settings = settings_of(config);
	struct http_named_value *set = calloc(settings.num_set + 1, sizeof(*set));
	struct bytes *removed = calloc(settings.num_remove + 1, sizeof(*removed));
	struct error error = error_of(ERROR_MEMORY, 0, "keep how a site handles HTTP");
	if (set != NULL && removed != NULL) {
		list_fields(config, set, removed);
		settings.set = set;
		settings.remove = removed;
		error = http_policy_new(&settings, out);
	}
	free(set);
	free(removed);
	return error;
}
