#include "proxy/mending/site_material.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/files/leaf_choice.h"

struct site_material *site_material_new(void)
{
	struct site_material *material = calloc(1, sizeof(*material));
	if (material == NULL)
		return NULL;
	atomic_init(&material->references, 1);
	material->changes_at = LEAF_CHOICE_STAYS;
	return material;
}

struct site_material *site_material_ref(struct site_material *material)
{
	if (material != NULL)
		atomic_fetch_add_explicit(&material->references, 1, memory_order_relaxed);
	return material;
}

void site_material_drop(struct site_material *material)
{
	trust_store_set_unref(material->stores);
	crl_store_unref(material->crls);
	for (size_t i = 0; i < material->num_pairs; i++) {
		certificate_list_cleanup(&material->pairs[i].chain);
		EVP_PKEY_free(material->pairs[i].key);
		free(material->pairs[i].path);
	}
	for (size_t i = 0; i < material->num_keys; i++)
		EVP_PKEY_free(material->keys[i]);
	SSL_CTX_free(material->backend_ssl_ctx);
	material->stores = NULL;
	material->crls = NULL;
	material->num_pairs = 0;
	material->num_keys = 0;
	material->backend_ssl_ctx = NULL;
}

static struct error append_authorities(const struct certificate_list *from, struct certificate_list *out)
{
	struct error error = error_none();

	for (size_t i = 0; i < from->count && !failed(error); i++)
		if (from->items[i].certificate->is_ca && !certificate_list_contains(out, from->items[i].certificate))
			error = certificate_list_append(out, from->items[i].certificate, from->items[i].source);
	return error;
}

struct error site_material_list_others(const struct site_material *material, size_t part, struct certificate_list *out)
{
	struct error error = error_none();

	for (size_t i = 0; i < material->num_pairs && !failed(error); i++)
		if (i != part)
			error = append_authorities(&material->pairs[i].chain, out);
	return error;
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

void site_material_unref(struct site_material *material)
{
	if (material == NULL || atomic_fetch_sub_explicit(&material->references, 1, memory_order_acq_rel) != 1)
		return;
	site_material_drop(material);
	free(material->names);
	free(material->faults);
	free(material);
}

static struct error keep_pair(struct site_material *material, const struct site_pair *former)
{
	struct site_pair *pair = &material->pairs[material->num_pairs];

	*pair = (struct site_pair){
	    .leaf_place = former->leaf_place, .has_key = former->has_key, .path = strdup(former->path)};
	struct error error = pair->path != NULL ? certificate_list_copy(&pair->chain, &former->chain)
						: error_of(ERROR_MEMORY, 0, "keep a certificate");
	if (failed(error)) {
		certificate_list_cleanup(&pair->chain);
		free(pair->path);
		return error;
	}
	EVP_PKEY_up_ref(former->key);
	pair->key = former->key;
	material->num_pairs++;
	return error_none();
}

struct error site_material_keep(struct site_material *material, const struct site_material *former)
{
	site_material_drop(material);
	for (size_t i = 0; i < former->num_pairs; i++) {
		struct error error = keep_pair(material, &former->pairs[i]);
		if (!failed(error))
			continue;
		site_material_drop(material);
		return error;
	}
	for (size_t i = 0; i < former->num_keys; i++) {
		EVP_PKEY_up_ref(former->keys[i]);
		material->keys[material->num_keys++] = former->keys[i];
	}
	material->stores = trust_store_set_ref(former->stores);
	material->crls = crl_store_ref(former->crls);
	return error_none();
}
