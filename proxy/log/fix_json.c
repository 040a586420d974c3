#include "proxy/log/fix_json.h"

#include "chaincache/base/buffer.h"
#include "proxy/log/finding_json.h"
#include "proxy/log/json_member.h"

#define MAX_PEM_BYTES ((size_t)1024 * 1024)

static const char *url_of(const struct mend_result *result, const struct certificate_entry *entry)
{
	for (size_t i = 0; entry->source == SOURCE_FETCHED && i < result->num_fetched; i++) {
		if (certificate_equal(result->fetched[i].certificate, entry->certificate))
			return result->fetched[i].url;
	}
	return NULL;
}

static json_t *entry_json(const struct mend_result *result, const struct certificate_entry *entry)
{
	const struct certificate *certificate = entry->certificate;
	json_t *object = json_object();
	bool complete = object != NULL && set_text_member(object, "subject", certificate->subject) &&
			set_text_member(object, "sha256", certificate->sha256_hex) &&
			set_text_member(object, "source", certificate_source_name(entry->source)) &&
			set_text_member(object, "url", result != NULL ? url_of(result, entry) : NULL) &&
			set_time_member(object, "not_after", certificate->not_after) &&
			set_member(object, "bytes", json_integer((json_int_t)certificate->der.len));
	return keep_if_complete(object, complete);
}

static json_t *list_json(const struct mend_result *result, const struct certificate_list *chain)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < chain->count; i++)
		complete = json_array_append_new(array, entry_json(result, &chain->items[i])) == 0;
	return keep_if_complete(array, complete);
}

static json_t *anchor_json(const struct mend_result *result)
{
	if (result->anchor == NULL)
		return json_null();
	return entry_json(result, &(struct certificate_entry){result->anchor, SOURCE_ROOTS});
}

static json_t *stores_json(const struct mend_result *result)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < result->num_stores; i++) {
		const struct store_verdict *store = &result->stores[i];
		json_t *object = json_object();
		complete = object != NULL && set_text_member(object, "name", store->name) &&
			   set_member(object, "served_trusted", json_boolean(store->served_trusted)) &&
			   set_member(object, "mended_trusted", json_boolean(store->mended_trusted));
		complete = json_array_append_new(array, object) == 0 && complete;
	}
	return keep_if_complete(array, complete);
}

static json_t *first_expiry_json(const struct certificate_list *chain)
{
	const struct certificate *first = NULL;
	for (size_t i = 0; i < chain->count; i++) {
		if (first == NULL || chain->items[i].certificate->not_after < first->not_after)
			first = chain->items[i].certificate;
	}
	if (first == NULL)
		return json_null();
	json_t *object = json_object();
	return keep_if_complete(object, object != NULL && set_time_member(object, "not_after", first->not_after) &&
					    set_text_member(object, "subject", first->subject) &&
					    set_text_member(object, "sha256", first->sha256_hex));
}

static struct error write_kept_nowhere(const struct mend_result *result, struct buffer *out)
{
	const struct certificate_list *chains[] = {&result->served, &result->mended};
	struct certificate_list found = {0};
	struct error error = error_none();

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		for (size_t k = 0; k < chains[i]->count && !failed(error); k++) {
			const struct certificate_entry *entry = &chains[i]->items[k];
			bool kept = entry->source == SOURCE_CACHE || entry->source == SOURCE_FETCHED;
			if (!kept && !certificate_list_contains(&found, entry->certificate))
				error = certificate_list_append(&found, entry->certificate, entry->source);
		}
	}
	if (!failed(error) && result->anchor != NULL && !certificate_list_contains(&found, result->anchor))
		error = certificate_list_append(&found, result->anchor, SOURCE_ROOTS);
	if (!failed(error))
		error = certificate_list_write_pem(&found, out);
	certificate_list_cleanup(&found);
	return error;
}

/* Leaves the certificates out where they are larger than a line may be. */
static bool set_pem(json_t *object, const struct mend_result *result)
{
	struct buffer pem;

	buffer_init(&pem, MAX_PEM_BYTES);
	struct error error = write_kept_nowhere(result, &pem);
	bool good = failed(error) ? error.kind == ERROR_LIMIT : set_text_member(object, "pem", buffer_text(&pem));
	buffer_cleanup(&pem);
	return good;
}

json_t *fix_json_chain(const struct certificate_list *chain)
{
	return list_json(NULL, chain);
}

bool fix_json_set(json_t *object, const struct mend_result *result, bool applied)
{
	json_int_t before = (json_int_t)certificate_list_bytes(&result->served);
	json_int_t after = (json_int_t)certificate_list_bytes(&result->mended);

	return set_member(object, "applied", json_boolean(applied)) &&
	       set_member(object, "before", list_json(result, &result->served)) &&
	       set_member(object, "after", list_json(result, &result->mended)) &&
	       set_member(object, "anchor", anchor_json(result)) &&
	       set_member(object, "bytes_before", json_integer(before)) &&
	       set_member(object, "bytes_after", json_integer(after)) &&
	       set_member(object, "bytes_added", json_integer(after - before)) &&
	       set_member(object, "stores", stores_json(result)) &&
	       set_member(object, "first_expiry", first_expiry_json(&result->mended)) &&
	       set_member(object, "runners_up", runners_up_json(result)) && set_pem(object, result);
}
