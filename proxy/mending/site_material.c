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

void site_materials_free(struct site_material *materials, size_t count)
{
	for (size_t i = 0; materials != NULL && i < count; i++)
		material_cleanup(&materials[i]);
	free(materials);
}
