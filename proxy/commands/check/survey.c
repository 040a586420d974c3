#include "proxy/commands/check/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/values.h"
#include "proxy/io/loop.h"
#include "proxy/wire/tls_client.h"

/* Says whether both names are asked for in the same way. */
static bool same_look(const struct host_name *a, const struct host_name *b)
{
	return a->is_ip == b->is_ip && (a->is_ip || strcmp(a->text, b->text) == 0);
}

static struct survey_look *find_look(const struct survey *survey, const struct host_name *name)
{
	for (size_t i = 0; i < survey->num_looks; i++) {
		if (same_look(survey->looks[i].name, name))
			return &survey->looks[i];
	}
	return NULL;
}

const struct survey_look *survey_look_of(const struct survey *survey, const struct host_name *name)
{
	return find_look(survey, name);
}

static void look_init(struct survey_look *look, struct survey *survey, const struct host_name *name, SSL_CTX *ssl_ctx)
{
	*look = (struct survey_look){.survey = survey,
				     .name = name,
				     .ssl_ctx = ssl_ctx,
				     .chain = SURVEY_NO_CHAIN,
				     .tls_version = "",
				     .cipher = ""};
	buffer_init(&look->staple, CHAIN_CAPTURE_MAX_STAPLE_BYTES);
}

bool survey_init(struct survey *survey, const struct host_name *names, size_t num_names, const char **out_wrong)
{
	*out_wrong = value_no_memory;
	*survey = (struct survey){
	    .names = names, .num_names = num_names, .looks = calloc(SURVEY_MAX_LOOKS, sizeof(*survey->looks))};
	if (survey->looks == NULL)
		return false;
	for (size_t i = 0; i < num_names; i++) {
		if (find_look(survey, &names[i]) != NULL)
			continue;
		if (survey->num_looks == SURVEY_MAX_LOOKS) {
			*out_wrong = "a server is asked for 100 names at most: give some of them, and the others in a "
				     "second run";
			return false;
		}
		struct survey_look *look = &survey->looks[survey->num_looks++];
		look_init(look, survey, &names[i], NULL);
	}
	return true;
}

void survey_cleanup(struct survey *survey)
{
	for (size_t i = 0; i < survey->num_looks; i++) {
		certificate_list_cleanup(&survey->looks[i].certificates);
		buffer_cleanup(&survey->looks[i].staple);
	}
	for (size_t i = 0; i < survey->num_chains; i++) {
		certificate_list_cleanup(&survey->chains[i].certificates);
		buffer_cleanup(&survey->chains[i].staple);
		free(survey->chains[i].names);
	}
	for (size_t i = 0; i < survey->num_others; i++) {
		certificate_list_cleanup(&survey->others[i].certificates);
		buffer_cleanup(&survey->others[i].staple);
	}
	for (size_t i = 0; i < sizeof(survey->for_keys) / sizeof(survey->for_keys[0]); i++)
		SSL_CTX_free(survey->for_keys[i]);
	free(survey->looks);
	free(survey->others);
	free(survey->chains);
	*survey = (struct survey){0};
}

static void fail_look(struct survey_look *look, enum chain_probe_outcome outcome, const char *reason)
{
	look->outcome = outcome;
	snprintf(look->reason, sizeof(look->reason), "%s", reason);
}

static void on_probed(void *context, const struct chain_probe_result *result)
{
	struct survey_look *look = context;
	fail_look(look, result->outcome, result->reason);
	snprintf(look->address, sizeof(look->address), "%s", result->address);
	look->tls_version = result->tls_version;
	look->cipher = result->cipher;
	look->knows_staple = result->knows_staple;
	look->survey->num_done++;
	if (failed(certificate_list_copy(&look->certificates, &result->chain)) ||
	    failed(buffer_append(&look->staple, result->staple)))
		fail_look(look, CHAIN_PROBE_NO_MEMORY, "out of memory");
}

static void start_look(struct survey *survey, struct survey_look *look)
{
	struct chain_probe_options options = survey->options;
	options.ssl_ctx = look->ssl_ctx;
	options.sni = look->name->is_ip ? NULL : look->name->text;
	survey->num_started++;
	if (chain_probe_start(survey->loop, &options, look, on_probed) != NULL)
		return;
	fail_look(look, CHAIN_PROBE_NO_MEMORY, "out of memory");
	survey->num_done++;
}

/* Takes the first response that came with the chain: some servers staple none in their first connections. */
static void put_staple(struct survey_chain *chain, struct survey_look *look)
{
	chain->knows_staple = chain->knows_staple || look->knows_staple;
	if (chain->staple.len > 0)
		return;
	struct buffer none = chain->staple;
	chain->staple = look->staple;
	look->staple = none;
}

/* Puts the chain of the look among the chains, unless it is there already. */
static void put_into_chain(struct survey *survey, struct survey_look *look)
{
	for (look->chain = 0; look->chain < survey->num_chains; look->chain++) {
		if (certificate_list_equal(&survey->chains[look->chain].certificates, &look->certificates))
			break;
	}
	struct survey_chain *chain = &survey->chains[look->chain];
	if (look->chain == survey->num_chains) {
		*chain = (struct survey_chain){.certificates = look->certificates, .look = look};
		look->certificates = (struct certificate_list){0};
		survey->num_chains++;
	}
	put_staple(chain, look);
}

static bool add_name(struct survey *survey, size_t index, const struct host_name *name)
{
	if (index == SURVEY_NO_CHAIN)
		return true;
	struct survey_chain *chain = &survey->chains[index];
	if (chain->names == NULL)
		chain->names = calloc(survey->num_names, sizeof(*chain->names));
	if (chain->names == NULL)
		return false;
	chain->names[chain->num_names++] = *name;
	return true;
}

static bool put_name(struct survey *survey, const struct host_name *name)
{
	const struct survey_look *look = find_look(survey, name);
	size_t index = look != NULL ? look->chain : SURVEY_NO_CHAIN;
	return add_name(survey, index, name);
}

static bool sort_into_chains(struct survey *survey)
{
	survey->num_chains = 0;
	survey->chains = calloc(2 * survey->num_looks, sizeof(*survey->chains)); /* each look may have an other */
	if (survey->chains == NULL)
		return false;
	for (size_t i = 0; i < survey->num_looks; i++) {
		if (survey->looks[i].outcome == CHAIN_PROBE_OK)
			put_into_chain(survey, &survey->looks[i]);
	}
	for (size_t i = 0; i < survey->num_names; i++) {
		if (!put_name(survey, &survey->names[i]))
			return false;
	}
	return true;
}

static void run_looks(struct survey *survey, struct survey_look *looks, size_t count)
{
	survey->num_started = survey->num_done = 0;
	while (survey->num_done < count) {
		while (survey->num_started < count && survey->num_started - survey->num_done < SURVEY_MAX_AT_ONCE)
			start_look(survey, &looks[survey->num_started]);
		if (survey->num_done < count)
			loop_run_once(survey->loop);
	}
}

/* Returns a context that takes the other kind of key than this leaf's; NULL: there is no other, or no memory. */
static SSL_CTX *other_context(struct survey *survey, const struct certificate *leaf)
{
	if (leaf->key_type != KEY_TYPE_RSA && leaf->key_type != KEY_TYPE_EC)
		return NULL;
	enum tls_client_keys keys = leaf->key_type == KEY_TYPE_RSA ? TLS_CLIENT_EC_KEYS : TLS_CLIENT_RSA_KEYS;
	SSL_CTX **context = &survey->for_keys[keys];
	if (*context == NULL && !failed(tls_client_context_new(TLS1_VERSION, TLS1_3_VERSION, context)) &&
	    failed(tls_client_context_limit(*context, keys))) {
		SSL_CTX_free(*context);
		*context = NULL;
	}
	return *context;
}

/* Plans one look for each chain: the names that share it share their other certificate too. */
static bool plan_others(struct survey *survey)
{
	survey->num_others = 0;
	survey->others = calloc(survey->num_looks, sizeof(*survey->others));
	if (survey->others == NULL)
		return false;
	for (size_t i = 0; i < survey->num_chains; i++) {
		struct survey_chain *chain = &survey->chains[i];
		SSL_CTX *context = other_context(survey, chain->certificates.items[0].certificate);
		if (context == NULL)
			continue;
		chain->other = &survey->others[survey->num_others];
		look_init(&survey->others[survey->num_others++], survey, chain->look->name, context);
	}
	return true;
}

/* Adds the chain of the other kind of key. A new one is for the names of the chain that it was planned for. */
static bool put_other(struct survey *survey, struct survey_look *other)
{
	size_t num_before = survey->num_chains;
	const struct survey_chain *beside = &survey->chains[find_look(survey, other->name)->chain];
	put_into_chain(survey, other);
	if (survey->num_chains == num_before)
		return true;
	for (size_t i = 0; i < beside->num_names; i++) {
		if (!add_name(survey, other->chain, &beside->names[i]))
			return false;
	}
	return true;
}

/* A server without the other kind of certificate ends the handshake with an alert; one that closes may be one as well. */
const struct survey_look *survey_unseen(const struct survey_chain *chain)
{
	const struct survey_look *other = chain->other;

	if (other == NULL || other->outcome == CHAIN_PROBE_OK || other->outcome == CHAIN_PROBE_NOTHING_IN_COMMON ||
	    other->outcome == CHAIN_PROBE_ALERT)
		return NULL;
	return other;
}

bool survey_run(struct survey *survey, struct loop *loop, const struct chain_probe_options *options)
{
	survey->loop = loop;
	survey->options = *options;
	run_looks(survey, survey->looks, survey->num_looks);
	if (!sort_into_chains(survey) || !plan_others(survey))
		return false;
	run_looks(survey, survey->others, survey->num_others);
	for (size_t i = 0; i < survey->num_others; i++) {
		if (survey->others[i].outcome == CHAIN_PROBE_OK && !put_other(survey, &survey->others[i]))
			return false;
	}
	return true;
}
