#include "proxy/commands/check/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/loop.h"

/* Whether both names are asked for in the same way. */
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

bool survey_init(struct survey *survey, const struct host_name *names, size_t num_names, const char **out_wrong)
{
	*survey = (struct survey){.names = names, .num_names = num_names};
	survey->looks = calloc(SURVEY_MAX_LOOKS, sizeof(*survey->looks));
	*out_wrong = "out of memory";
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
		*look = (struct survey_look){
		    .survey = survey, .name = &names[i], .chain = SURVEY_NO_CHAIN, .tls_version = "", .cipher = ""};
		buffer_init(&look->staple, CHAIN_CAPTURE_MAX_STAPLE_BYTES);
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
	free(survey->looks);
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
	options.sni = look->name->is_ip ? NULL : look->name->text;
	survey->num_started++;
	if (chain_probe_start(survey->loop, &options, look, on_probed) != NULL)
		return;
	fail_look(look, CHAIN_PROBE_NO_MEMORY, "out of memory");
	survey->num_done++;
}

/* Some servers staple nothing in their first connections, and do in the next. */
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

static bool put_name(struct survey *survey, const struct host_name *name)
{
	const struct survey_look *look = find_look(survey, name);
	if (look == NULL || look->chain == SURVEY_NO_CHAIN)
		return true;
	struct survey_chain *chain = &survey->chains[look->chain];
	if (chain->names == NULL)
		chain->names = calloc(survey->num_names, sizeof(*chain->names));
	if (chain->names == NULL)
		return false;
	chain->names[chain->num_names++] = *name;
	return true;
}

static bool sort_into_chains(struct survey *survey)
{
	survey->chains = calloc(survey->num_looks, sizeof(*survey->chains));
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

bool survey_run(struct survey *survey, struct loop *loop, const struct chain_probe_options *options)
{
	survey->loop = loop;
	survey->options = *options;
	while (survey->num_done < survey->num_looks) {
		while (survey->num_started < survey->num_looks &&
		       survey->num_started - survey->num_done < SURVEY_MAX_AT_ONCE)
			start_look(survey, &survey->looks[survey->num_started]);
		if (survey->num_done < survey->num_looks)
			loop_run_once(loop);
	}
	return sort_into_chains(survey);
}
