#include "proxy/log/finding_json.h"

#include "proxy/log/json_member.h"

static json_t *certificate_reference(const struct certificate *certificate)
{
	json_t *object = json_object();
	return keep_if_complete(object, object != NULL && set_text_member(object, "subject", certificate->subject) &&
					    set_text_member(object, "sha256", certificate->sha256_hex));
}

json_t *finding_json(const struct finding *finding)
{
	json_t *object = json_object();
	bool complete =
	    object != NULL && set_text_member(object, "code", finding_code_name(finding->code)) &&
	    set_text_member(object, "severity", finding_severity_name(finding->severity)) &&
	    set_text_member(object, "action", finding_action_name(finding->action)) &&
	    set_text_member(object, "message", finding->message) &&
	    set_text_member(object, "advice", finding->advice) && set_text_member(object, "name", finding->name) &&
	    set_text_member(object, "source", finding->source) && set_text_member(object, "url", finding->url);
	if (complete && finding->certificate != NULL)
		complete = set_member(object, "certificate", certificate_reference(finding->certificate));
	return keep_if_complete(object, complete);
}

json_t *finding_list_json(const struct finding_list *list)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < list->count; i++)
		complete = json_array_append_new(array, finding_json(&list->items[i])) == 0;
	return keep_if_complete(array, complete);
}

static json_t *spki_json(const struct certificate *certificate)
{
	static const char digits[] = "0123456789abcdef";
	char hex[SHA256_HEX_CHARS + 1];
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		hex[2 * i] = digits[certificate->spki_sha256[i] >> 4];
		hex[2 * i + 1] = digits[certificate->spki_sha256[i] & 0xf];
	}
	hex[SHA256_HEX_CHARS] = '\0';
	return json_string(hex);
}

json_t *certificate_json(const struct certificate_entry *entry)
{
	const struct certificate *certificate = entry->certificate;
	json_t *object = json_object();
	bool complete = object != NULL && set_text_member(object, "subject", certificate->subject) &&
			set_text_member(object, "issuer", certificate->issuer) &&
			set_text_member(object, "serial", certificate->serial) &&
			set_text_member(object, "sha256", certificate->sha256_hex) &&
			set_time_member(object, "not_before", certificate->not_before) &&
			set_time_member(object, "not_after", certificate->not_after) &&
			set_text_member(object, "source", certificate_source_name(entry->source)) &&
			set_member(object, "spki_sha256", spki_json(certificate));
	return keep_if_complete(object, complete);
}

json_t *chain_json(const struct certificate_list *chain)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < chain->count; i++)
		complete = json_array_append_new(array, certificate_json(&chain->items[i])) == 0;
	return keep_if_complete(array, complete);
}

static json_t *path_json(const struct certificate_list *path)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < path->count; i++) {
		json_t *object = certificate_reference(path->items[i].certificate);
		complete =
		    object != NULL && set_text_member(object, "source", certificate_source_name(path->items[i].source));
		if (json_array_append_new(array, object) != 0)
			complete = false;
	}
	return keep_if_complete(array, complete);
}

static json_t *runner_up_json(const struct runner_up *runner_up)
{
	json_t *object = json_object();
	return keep_if_complete(object, object != NULL && set_member(object, "path", path_json(&runner_up->path)) &&
					    set_text_member(object, "why", runner_up->why));
}

json_t *runners_up_json(const struct mend_result *result)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < result->num_runners_up; i++)
		complete = json_array_append_new(array, runner_up_json(&result->runners_up[i])) == 0;
	return keep_if_complete(array, complete);
}
