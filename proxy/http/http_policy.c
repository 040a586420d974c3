#include "proxy/http/http_policy.h"

#include <stdlib.h>

static struct bytes copy(struct bytes text)
{
	uint8_t *data = malloc(text.len + 1);
	if (data != NULL && text.len > 0)
		memcpy(data, text.data, text.len);
	return bytes_of(data, data != NULL ? text.len : 0);
}

static void forget(struct bytes text)
{
	free((void *)(uintptr_t)text.data);
}

static void own(struct http_policy *policy, struct bytes name)
{
	policy->own_bits |= http_field_bit(name);
	policy->own_kinds |= 1u << http_field_kind(name);
}

static struct error copy_set(struct http_policy *policy, const struct http_policy *settings)
{
	struct http_named_value *set = calloc(settings->num_set + 1, sizeof(*set));
	policy->set = set;
	if (set == NULL)
		return error_of(ERROR_MEMORY, 0, "keep the fields to set");
	for (size_t i = 0; i < settings->num_set; i++) {
		struct bytes name = settings->set[i].name, value = settings->set[i].value;
		struct error error = buffer_printf(&policy->lines, "%.*s: %.*s\r\n", (int)name.len,
						   (const char *)name.data, (int)value.len, (const char *)value.data);
		if (failed(error))
			return error;
		set[i].name = copy(name);
		set[i].value = copy(value);
		policy->num_set++;
		if (set[i].name.data == NULL || set[i].value.data == NULL)
			return error_of(ERROR_MEMORY, 0, "keep the fields to set");
		own(policy, name);
	}
	return error_none();
}

static struct error copy_remove(struct http_policy *policy, const struct http_policy *settings)
{
	struct bytes *remove = calloc(settings->num_remove + 1, sizeof(*remove));
	policy->remove = remove;
	if (remove == NULL)
		return error_of(ERROR_MEMORY, 0, "keep the fields to remove");
	for (size_t i = 0; i < settings->num_remove; i++) {
		remove[i] = copy(settings->remove[i]);
		policy->num_remove++;
		if (remove[i].data == NULL)
			return error_of(ERROR_MEMORY, 0, "keep the fields to remove");
		own(policy, remove[i]);
	}
	return error_none();
}

struct error http_policy_new(const struct http_policy *settings, struct http_policy **out)
{
	struct http_policy *policy = malloc(sizeof(*policy));
	if (policy == NULL)
		return error_of(ERROR_MEMORY, 0, "keep how a site handles HTTP");
	*policy = *settings;
	policy->set = NULL;
	policy->remove = NULL;
	policy->num_set = policy->num_remove = 0;
	policy->own_bits = 0;
	policy->own_kinds = 0;
	buffer_init(&policy->lines, HTTP_MAX_POLICY_BYTES);
	policy->backend_host = copy(settings->backend_host);
	struct error error = policy->backend_host.data != NULL ? copy_set(policy, settings)
							       : error_of(ERROR_MEMORY, 0, "keep the backend's host");
	if (!failed(error))
		error = copy_remove(policy, settings);
	if (failed(error))
		http_policy_free(policy);
	else
		*out = policy;
	return error;
}

void http_policy_free(struct http_policy *policy)
{
	if (policy == NULL)
		return;
	for (size_t i = 0; policy->set != NULL && i < policy->num_set; i++) {
		forget(policy->set[i].name);
		forget(policy->set[i].value);
	}
	for (size_t i = 0; policy->remove != NULL && i < policy->num_remove; i++)
		forget(policy->remove[i]);
	free((void *)(uintptr_t)policy->set);
	free((void *)(uintptr_t)policy->remove);
	forget(policy->backend_host);
	buffer_cleanup(&policy->lines);
	free(policy);
}

bool http_policy_has(const struct http_policy *policy, struct bytes name)
{
	if ((policy->own_bits & http_field_bit(name)) == 0)
		return false;
	for (size_t i = 0; i < policy->num_set; i++)
		if (http_field_same(policy->set[i].name, name))
			return true;
	for (size_t i = 0; i < policy->num_remove; i++)
		if (http_field_same(policy->remove[i], name))
			return true;
	return false;
}
