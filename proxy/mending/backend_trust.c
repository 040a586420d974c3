#include "proxy/mending/backend_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/io/alarm.h"
#include "proxy/io/loop.h"
#include "proxy/mending/mend_tally.h"
#include "proxy/shared/verdict_memory.h"

/* One handshake that waits. */
struct asker {
	struct asker *next;
	unsigned worker;
	uint64_t connection;
};

/* A site with questions under way, or with a line in the log a short while ago. */
struct asking_site {
	struct asking_site *next;
	char *name;
	size_t num_questions;
	size_t num_mends; /* of these questions */
	size_t num_askers;
	uint64_t num_refused; /* since the last line about it */
	uint64_t logged_ms; /* that line, in the loop's time; 0: there was none */
};

/* One chain whose verdict is being found out. */
struct question {
	struct question *next;
	struct backend_trust *trust;
	struct asking_site *site; /* counts it from question_new to question_free */
	struct host_name name;
	struct certificate_list chain;
	struct verdict_key key;
	struct mender *mender; /* NULL while suspended, and while it waits for another question of the site */
	struct alarm *deadline;
	struct asker *askers;
};

struct backend_trust {
	struct backend_trust_options options;
	struct verdict_memory *memory;
	struct asking_site *sites;
	struct question *questions;
	size_t num_questions;
	size_t num_askers;
};

struct backend_trust *backend_trust_new(const struct backend_trust_options *options)
{
	struct backend_trust *trust = calloc(1, sizeof(*trust));
	if (trust == NULL)
		return NULL;
	trust->options = *options;
	trust->memory = verdict_memory_new(BACKEND_TRUST_MAX_VERDICTS);
	if (trust->memory != NULL)
		return trust;
	free(trust);
	return NULL;
}

static bool is_idle(const struct asking_site *site, uint64_t now_ms)
{
	return site->num_questions == 0 &&
	       (site->logged_ms == 0 || now_ms - site->logged_ms >= BACKEND_TRUST_LOG_PAUSE_MS);
}

static void asking_site_free(struct asking_site *site)
{
	free(site->name);
	free(site);
}

/* Finds the site, or makes it; forgets those that are idle on the way. NULL when out of memory. */
static struct asking_site *find_site(struct backend_trust *trust, const char *name)
{
	uint64_t now_ms = loop_now_ms(trust->options.loop);
	struct asking_site **link = &trust->sites;

	while (*link != NULL) {
		struct asking_site *site = *link;
		if (strcmp(site->name, name) == 0)
			return site;
		if (is_idle(site, now_ms)) {
			*link = site->next;
			asking_site_free(site);
		} else {
			link = &site->next;
		}
	}
	struct asking_site *site = calloc(1, sizeof(*site));
	if (site == NULL)
		return NULL;
	site->name = strdup(name);
	if (site->name == NULL) {
		free(site);
		return NULL;
	}
	*link = site;
	return site;
}

static void drop_asker(struct question *question)
{
	struct asker *asker = question->askers;

	question->askers = asker->next;
	question->trust->num_askers--;
	question->site->num_askers--;
	free(asker);
}

static void cancel_mend(struct question *question)
{
	if (question->mender == NULL)
		return;
	mender_cancel(question->mender);
	question->mender = NULL;
	question->site->num_mends--;
}

static void question_free(struct question *question)
{
	if (question == NULL)
		return;
	cancel_mend(question);
	alarm_free(question->deadline);
	certificate_list_cleanup(&question->chain);
	while (question->askers != NULL)
		drop_asker(question);
	question->site->num_questions--;
	free(question);
}

void backend_trust_free(struct backend_trust *trust)
{
	if (trust == NULL)
		return;
	while (trust->questions != NULL) {
		struct question *question = trust->questions;
		trust->questions = question->next;
		question_free(question);
	}
	while (trust->sites != NULL) {
		struct asking_site *site = trust->sites;
		trust->sites = site->next;
		asking_site_free(site);
	}
	verdict_memory_free(trust->memory);
	free(trust);
}

static void answer_askers(struct question *question, bool trusted, const char *reason)
{
	const struct backend_trust_options *options = &question->trust->options;

	while (question->askers != NULL) {
		const struct asker *asker = question->askers;
		options->give(options->context, asker->worker, asker->connection, trusted, reason);
		drop_asker(question);
	}
}

static void remove_question(struct question *question)
{
	struct backend_trust *trust = question->trust;
	struct question **link = &trust->questions;

	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
	trust->num_questions--;
	question_free(question);
}

static uint64_t lifetime_of(const struct mend_result *result, bool trusted)
{
	int64_t left_s = result->first_expiry - (int64_t)time(NULL);

	if (!trusted)
		return BACKEND_TRUST_REFUSED_LIFETIME_MS;
	/* An expired chain that is trusted by its pin does not expire again. */
	if (left_s < 0 || left_s >= BACKEND_TRUST_LIFETIME_MS / 1000)
		return BACKEND_TRUST_LIFETIME_MS;
	return (uint64_t)(left_s + 1) * 1000;
}

static void remember(struct backend_trust *trust, const struct verdict_key *key, const struct mend_result *result,
		     struct verdict verdict)
{
	uint64_t until = loop_now_ms(trust->options.loop) + lifetime_of(result, verdict.trusted);
	verdict_memory_put(trust->memory, key, verdict, until);
}

static void start_next(struct backend_trust *trust, const struct asking_site *site);

static void on_mended(void *context, const struct mender_outcome *outcome)
{
	struct question *question = context;
	struct asking_site *site = question->site;
	const struct mend_result *result = outcome->result;
	struct backend_trust *trust = question->trust;
	struct backend_trust_terms terms;
	char reason[BACKEND_VERDICT_MAX_REASON] = "";
	bool trusted = false;

	question->mender = NULL;
	site->num_mends--;
	if (result == NULL) {
		error_print(outcome->error, reason, sizeof(reason));
	} else if (!trust->options.find_terms(trust->options.context, question->site->name, &terms)) {
		snprintf(reason, sizeof(reason), "the site is gone");
	} else {
		trusted = backend_verdict_judge(&terms.rules, result, &result->names[0], reason);
		remember(trust, &question->key, result, (struct verdict){trusted, reason});
	}
	answer_askers(question, trusted, reason);
	remove_question(question);
	start_next(trust, site);
}

static void on_deadline(void *context)
{
	struct question *question = context;
	answer_askers(question, false, "its chain could not be judged in time");
}

/* Starts or restarts the mend, or lets it wait; false when there is no way to get an answer. */
static bool put_question(struct question *question)
{
	struct backend_trust *trust = question->trust;
	struct backend_trust_terms terms;

	if (question->site->num_mends == BACKEND_TRUST_MAX_MENDS_A_SITE)
		return true;
	if (!trust->options.find_terms(trust->options.context, question->site->name, &terms))
		return false;
	struct mender_question mender_question = {
	    .served = &question->chain,
	    .stores = terms.stores,
	    .crls = terms.crls,
	    .names = &question->name,
	    .num_names = 1,
	    .pin = terms.rules.pin,
	    .ignores_key_usage = true,
	    .urgent = true,
	    .share = terms.share,
	};
	question->mender = mender_start(terms.services, &mender_question, question, on_mended);
	question->site->num_mends += question->mender != NULL;
	return question->mender != NULL;
}

/* Finds the question that has waited longest: it is the last in the list. */
static struct question *find_waiting(const struct backend_trust *trust, const struct asking_site *site)
{
	struct question *oldest = NULL;

	for (struct question *at = trust->questions; at != NULL; at = at->next) {
		if (at->site == site && at->mender == NULL)
			oldest = at;
	}
	return oldest;
}

static void start_next(struct backend_trust *trust, const struct asking_site *site)
{
	struct question *waiting;

	while ((waiting = find_waiting(trust, site)) != NULL && !put_question(waiting)) {
		answer_askers(waiting, false, "its chain cannot be judged: the site is gone, or memory ran out");
		remove_question(waiting);
	}
}

static struct question *question_new(struct backend_trust *trust, struct asking_site *site,
				     const struct host_name *name, const struct certificate_list *chain,
				     const struct verdict_key *key)
{
	struct question *question = calloc(1, sizeof(*question));
	if (question == NULL)
		return NULL;
	question->trust = trust;
	question->key = *key;
	question->site = site;
	question->name = *name;
	site->num_questions++;
	question->deadline = alarm_new(trust->options.loop, question, on_deadline);
	if (question->deadline != NULL && !failed(certificate_list_copy(&question->chain, chain)) &&
	    put_question(question)) {
		alarm_set(question->deadline, BACKEND_TRUST_DEADLINE_MS);
		question->next = trust->questions;
		trust->questions = question;
		trust->num_questions++;
		return question;
	}
	question_free(question);
	return NULL;
}

static struct question *find_question(struct backend_trust *trust, const struct verdict_key *key)
{
	struct question *question = trust->questions;

	while (question != NULL && memcmp(&question->key, key, sizeof(*key)) != 0)
		question = question->next;
	return question;
}

/* Each site leaves as many places free as it takes. */
static bool has_place_for_asker(const struct backend_trust *trust, const struct asking_site *site)
{
	return site->num_askers < BACKEND_TRUST_MAX_ASKERS - trust->num_askers;
}

static bool has_place_for_question(const struct backend_trust *trust, const struct asking_site *site)
{
	return site->num_questions == 0 || (site->num_questions < BACKEND_TRUST_MAX_QUESTIONS_A_SITE &&
					    trust->num_questions < BACKEND_TRUST_MAX_QUESTIONS);
}

static bool join(struct question *question, unsigned worker, uint64_t connection)
{
	struct backend_trust *trust = question->trust;
	struct asker *asker = malloc(sizeof(*asker));

	if (asker == NULL)
		return false;
	*asker = (struct asker){.next = question->askers, .worker = worker, .connection = connection};
	question->askers = asker;
	trust->num_askers++;
	question->site->num_askers++;
	if (!alarm_is_set(question->deadline))
		alarm_set(question->deadline, BACKEND_TRUST_DEADLINE_MS);
	return true;
}

static void log_refused(struct backend_trust *trust, struct asking_site *site)
{
	uint64_t now_ms = loop_now_ms(trust->options.loop);

	site->num_refused++;
	mend_tally_refuse(trust->options.tally);
	if (site->logged_ms != 0 && now_ms - site->logged_ms < BACKEND_TRUST_LOG_PAUSE_MS)
		return;
	program_log_write(
	    trust->options.log, LOG_LEVEL_WARNING, site->name,
	    "its backends show more unknown chains than are judged for one site at a time (%d), or too many "
	    "connections wait for a verdict: %llu connection%s refused%s; see which backend changes its certificate, "
	    "and "
	    "whether somebody stands in between",
	    BACKEND_TRUST_MAX_QUESTIONS_A_SITE, (unsigned long long)site->num_refused,
	    site->num_refused == 1 ? " was" : "s were", site->logged_ms != 0 ? " since the last such line" : "");
	site->num_refused = 0;
	site->logged_ms = now_ms;
}

/* Adds the asker to the question about the chain. Returns NULL, or why it gets no verdict. */
static const char *take_asker(struct backend_trust *trust, const char *site_name, const struct host_name *name,
			      const struct certificate_list *chain, const struct verdict_key *key, struct asker who)
{
	struct asking_site *site = find_site(trust, site_name);
	struct question *question = find_question(trust, key);

	if (site == NULL)
		return "out of memory";
	if (!has_place_for_asker(trust, site) || (question == NULL && !has_place_for_question(trust, site))) {
		log_refused(trust, site);
		return "its chain is not known, and more of them are being judged than the site's share allows";
	}
	if (question == NULL)
		question = question_new(trust, site, name, chain, key);
	if (question == NULL)
		return "its chain cannot be judged: the site is gone, or memory ran out";
	return join(question, who.worker, who.connection) ? NULL : "out of memory";
}

void backend_trust_ask(struct backend_trust *trust, const char *site, const char *name,
		       const struct certificate_list *chain, unsigned worker, uint64_t connection)
{
	const struct backend_trust_options *options = &trust->options;
	struct host_name host;
	struct verdict verdict;

	if (chain->count == 0) {
		options->give(options->context, worker, connection, false, "it sent no certificate");
		return;
	}
	if (failed(host_name_parse(name, &host))) {
		options->give(options->context, worker, connection, false, "the name that it is asked for is none");
		return;
	}
	struct verdict_key key = verdict_key_of(site, host.text, chain);
	if (verdict_memory_get(trust->memory, &key, loop_now_ms(options->loop), &verdict)) {
		options->give(options->context, worker, connection, verdict.trusted, verdict.reason);
		return;
	}
	const struct asker who = {.worker = worker, .connection = connection};
	const char *why_not = take_asker(trust, site, &host, chain, &key, who);
	if (why_not != NULL)
		options->give(options->context, worker, connection, false, why_not);
}

void backend_trust_learn(struct backend_trust *trust, const char *site, const struct mend_result *result)
{
	struct backend_trust_terms terms;
	char reason[BACKEND_VERDICT_MAX_REASON];

	if (!trust->options.find_terms(trust->options.context, site, &terms))
		return;
	for (size_t i = 0; i < result->num_names; i++) {
		struct verdict_key key = verdict_key_of(site, result->names[i].name.text, &result->served);
		bool trusted = backend_verdict_judge(&terms.rules, result, &result->names[i], reason);
		remember(trust, &key, result, (struct verdict){trusted, reason});
	}
}

void backend_trust_suspend(struct backend_trust *trust)
{
	for (struct question *at = trust->questions; at != NULL; at = at->next)
		cancel_mend(at);
	verdict_memory_clear(trust->memory);
}

void backend_trust_resume(struct backend_trust *trust)
{
	struct question *next = NULL;

	for (struct question *at = trust->questions; at != NULL; at = next) {
		next = at->next;
		if (at->mender != NULL || put_question(at))
			continue;
		answer_askers(at, false, "the site is gone");
		remove_question(at);
	}
}
