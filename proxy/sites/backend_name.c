#include "proxy/sites/backend_name.h"

#include <stdio.h>

/* Takes the first of `hostnames` that is no address and no wildcard. */
static bool take_host_name(const struct site_material *material, struct host_name *out)
{
	for (size_t i = 0; i < material->num_names; i++) {
		if (material->names[i].is_ip)
			continue;
		*out = material->names[i];
		return true;
	}
	return false;
}

/* Takes the first dNSName of the leaf that is no wildcard. */
static bool take_name_of_leaf(const struct certificate *leaf, struct host_name *out)
{
	for (size_t i = 0; i < leaf->num_alt_names; i++) {
		const struct alt_name *name = &leaf->alt_names[i];
		char text[HOST_NAME_MAX_CHARS + 1];

		if (name->type != ALT_NAME_DNS || name->value.len >= sizeof(text) || name->value.len == 0 ||
		    name->value.data[0] == '*')
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)name->value.len, (const char *)name->value.data);
		if (!failed(host_name_parse(text, out)) && !out->is_ip)
			return true;
	}
	return false;
}

static bool take_name_of_site(const struct config_site *config, const struct site_material *material,
			      struct host_name *out)
{
	if (take_host_name(material, out))
		return true;
	for (size_t i = 0; config->backend_name_is_client && i < material->num_pairs; i++)
		if (take_name_of_leaf(material->pairs[i].chain.items[0].certificate, out))
			return true;
	return false;
}

struct error backend_name_choose(const struct config_site *config, const struct site_material *material,
				 struct host_name *out)
{
	struct host_name name;

	if (config->backend_name != NULL)
		return host_name_parse(config->backend_name, out);
	struct error error = host_name_parse(config->backends[0].address.host, out);
	if (!config->backend_name_is_client && (failed(error) || !out->is_ip))
		return error;
	if (!take_name_of_site(config, material, &name))
		return error;
	*out = name;
	return error_none();
}
