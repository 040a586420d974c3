#include "proxy/mending/site_material.h"

#include <stdlib.h>

static void material_cleanup(struct site_material *material)
{
	trust_store_set_unref(material->stores);
	crl_store_unref(material->crls);
	for (size_t i = 0; i < material->num_pairs; i++) {
		certificate_list_cleanup(&material->pairs[i].chain);
		EVP_PKEY_free(material->pairs[i].key);
	}
	for (size_t i = 0; i < material->num_keys; i++)
		EVP_PKEY_free(material->keys[i]);
	free(material->names);
	SSL_CTX_free(material->backend_ssl_ctx);
}

bool site_material_judges_as(const struct site_material *a, const struct site_material *b)
{
	if (a->num_names != b->num_names || !host_name_equal(&a->backend_name, &b->backend_name))
		return false;
	for (size_t i = 0; i < a->num_names; i++) {
		if (!host_name_equal(&a->names[i], &b->names[i]))
			return false;
	}
	return trust_store_set_equal(a->stores, b->stores) && crl_store_equal(a->crls, b->crls);
}

void site_materials_free(struct site_material *materials, size_t count)
{
	for (size_t i = 0; materials != NULL && i < count; i++)
		material_cleanup(&materials[i]);
	free(materials);
}
