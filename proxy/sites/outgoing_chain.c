#include "proxy/sites/outgoing_chain.h"

#include <stdlib.h>
#include <string.h>

/* Holds always: `withdrawn` and `former` are both there or both NULL. They are there during a roll-back (reason
 * OUTGOING_ROLLED_BACK), and while one waits because no credential could be made of the former chain. */
struct outgoing_chain {
	struct outgoing_options options;
	struct credential *credential; /* of the served chain */
	struct credential *reusable; /* of before a reload, under the same settings; NULL: there is none */
	enum outgoing_reason reason;
	bool undecided; /* the roll-back goes on until it is known whether the present CRLs revoke the former chain */
	struct credential *withdrawn; /* of the keeper's chain, which clients rejected */
	struct credential *former;
	struct retry retry;
	int64_t failed_ms; /* when the last attempt failed */
	int64_t pause_ms; /* until the next one; 0: none has failed */
};

const char *outgoing_reason_words(enum outgoing_reason reason)
{
	static const char *const words[] = {
#define X(id, text) [id] = (text),
	    OUTGOING_REASONS(X)
#undef X
	};
	return words[reason];
}

static bool is_chain_of(const struct credential *credential, const struct certificate_list *chain)
{
	uint8_t sha256[SHA256_BYTES];

	credential_digest_chain(chain, sha256);
	return memcmp(sha256, credential->chain_sha256, SHA256_BYTES) == 0;
}

static bool has_expired(const struct certificate_list *chain, int64_t now_s)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (chain->items[i].certificate->not_after <= now_s)
			return true;
	}
	return false;
}

/* Compares the keys of the leafs: a key that was replaced may be a stolen one. */
static bool same_key(const struct credential *a, const struct credential *b)
{
	return memcmp(a->chain.items[0].certificate->spki_sha256, b->chain.items[0].certificate->spki_sha256,
		      SHA256_BYTES) == 0;
}

/* Both lists of names are sorted. */
static bool has_names_of(const struct credential *former, const struct credential *withdrawn)
{
	size_t at = 0;

	for (size_t i = 0; i < withdrawn->num_names; i++) {
		while (at < former->num_names && strcmp(former->names[at], withdrawn->names[i]) < 0)
			at++;
		if (at == former->num_names || strcmp(former->names[at], withdrawn->names[i]) != 0)
			return false;
	}
	return true;
}

/* All clients reject an expired chain, only some of them the withdrawn one. When both have expired, the served one
 * stays. */
static bool is_too_old(const struct outgoing_question *question)
{
	return has_expired(&question->former->chain, question->now_s) &&
	       (!question->is_rolled_back || !has_expired(question->kept, question->now_s));
}

enum outgoing_reason outgoing_chain_decide(const struct outgoing_question *question)
{
	if (question->withdrawn == NULL || !is_chain_of(question->withdrawn, question->kept))
		return OUTGOING_KEPT;
	if (!question->config->rollback || question->config->mode != MODE_MEND)
		return OUTGOING_NOT_WANTED;
	if (!same_key(question->former, question->withdrawn))
		return OUTGOING_OTHER_KEY;
	if (is_too_old(question))
		return OUTGOING_FORMER_EXPIRED;
	if (!has_names_of(question->former, question->withdrawn))
		return OUTGOING_FEWER_NAMES;
	if (question->finds_revoked == NULL)
		return OUTGOING_ROLLED_BACK;
	switch (question->finds_revoked(question->context, &question->former->chain)) {
	case REVOCATION_FOUND:
		return OUTGOING_FORMER_REVOKED;
	case REVOCATION_NOT_KNOWN_YET:
		return OUTGOING_UNDECIDED;
	case REVOCATION_NONE:
		break;
	}
	return OUTGOING_ROLLED_BACK;
}

/* Takes the references. */
static void set_withdrawn(struct outgoing_chain *outgoing, struct credential *take_withdrawn,
			  struct credential *take_former)
{
	credential_unref(outgoing->withdrawn);
	credential_unref(outgoing->former);
	outgoing->withdrawn = take_withdrawn;
	outgoing->former = take_former;
}

struct outgoing_chain *outgoing_chain_new(const struct outgoing_options *options, const struct outgoing_chain *former)
{
	struct outgoing_chain *outgoing = calloc(1, sizeof(*outgoing));
	if (outgoing == NULL)
		return NULL;
	outgoing->options = *options;
	outgoing->reusable = options->reusable != NULL ? credential_ref(options->reusable) : NULL;
	outgoing->options.reusable = NULL; /* borrowed until here */
	retry_init(&outgoing->retry, OUTGOING_RETRY_FIRST_MS, OUTGOING_RETRY_MAX_MS);
	if (former != NULL && former->former != NULL) {
		set_withdrawn(outgoing, credential_ref(former->withdrawn), credential_ref(former->former));
		outgoing->reason = former->reason;
	}
	return outgoing;
}

void outgoing_chain_free(struct outgoing_chain *outgoing)
{
	if (outgoing == NULL)
		return;
	set_withdrawn(outgoing, NULL, NULL);
	credential_unref(outgoing->credential);
	credential_unref(outgoing->reusable);
	free(outgoing);
}

/* A credential costs a TLS context and a compression of the chain. */
static struct error make_credential(const struct outgoing_chain *outgoing, const struct certificate_list *chain,
				    EVP_PKEY *key, struct credential **out)
{
	const struct outgoing_options *options = &outgoing->options;

	if (outgoing->reusable != NULL && is_chain_of(outgoing->reusable, chain)) {
		*out = credential_ref(outgoing->reusable);
		return error_none();
	}
	struct error error = credential_new(options->config, chain, key, out);
	if (failed(error) || options->watch == NULL)
		return error;
	struct chain_tally *tally = chain_watch_tally(options->watch, options->config->name, chain);
	if (tally == NULL) {
		credential_unref(*out);
		return error_of(ERROR_MEMORY, 0, "count a chain's handshakes");
	}
	credential_set_tally(*out, tally);
	chain_tally_unref(tally);
	return error;
}

/* Serves the chain, for this reason; on failure nothing has changed. */
static struct error serve(struct outgoing_chain *outgoing, const struct certificate_list *chain, EVP_PKEY *key,
			  enum outgoing_reason reason)
{
	const struct outgoing_options *options = &outgoing->options;
	struct credential *credential = NULL;

	if (outgoing->credential != NULL && is_chain_of(outgoing->credential, chain)) {
		outgoing->reason = reason;
		return error_none();
	}
	struct error error = make_credential(outgoing, chain, key, &credential);
	if (failed(error))
		return error;
	credential_unref(outgoing->credential);
	outgoing->credential = credential;
	outgoing->reason = reason;
	outgoing->pause_ms = 0;
	retry_reset(&outgoing->retry);
	program_log_write(options->log, LOG_LEVEL_DEBUG, options->config->name, "certificate %u: what goes out is %s",
			  options->part, outgoing_reason_words(reason));
	return error;
}

/* Serves the chain of a credential again, with the key that it holds. */
static struct error serve_again(struct outgoing_chain *outgoing, const struct credential *credential,
				enum outgoing_reason reason)
{
	return serve(outgoing, &credential->chain, SSL_CTX_get0_privatekey(credential->ssl_ctx), reason);
}

static struct outgoing_question question_of(const struct outgoing_chain *outgoing, int64_t now_s)
{
	return (struct outgoing_question){
	    .config = outgoing->options.config,
	    .withdrawn = outgoing->withdrawn,
	    .former = outgoing->former,
	    .is_rolled_back = outgoing->reason == OUTGOING_ROLLED_BACK,
	    .now_s = now_s,
	    .context = outgoing->options.context,
	    .finds_revoked = outgoing->options.finds_revoked,
	};
}

struct error outgoing_chain_keep(struct outgoing_chain *outgoing, const struct certificate_list *chain, EVP_PKEY *key,
				 int64_t now_s)
{
	struct outgoing_question question = question_of(outgoing, now_s);
	question.kept = chain;
	enum outgoing_reason reason = outgoing_chain_decide(&question);
	outgoing->undecided = reason == OUTGOING_UNDECIDED && outgoing->reason == OUTGOING_ROLLED_BACK;
	if (reason == OUTGOING_ROLLED_BACK || outgoing->undecided)
		return serve_again(outgoing, outgoing->former, OUTGOING_ROLLED_BACK);
	struct error error = serve(outgoing, chain, key, reason);
	if (!failed(error) && reason != OUTGOING_UNDECIDED)
		set_withdrawn(outgoing, NULL, NULL);
	return error;
}

static void note_failure(struct outgoing_chain *outgoing, const char *which, struct error error, int64_t now_ms)
{
	const struct outgoing_options *options = &outgoing->options;
	char text[ERROR_MAX_TEXT];

	outgoing->failed_ms = now_ms;
	outgoing->pause_ms = (int64_t)retry_next(&outgoing->retry);
	program_log_write(options->log, LOG_LEVEL_ERROR, options->config->name,
			  "the %s chain cannot be served again: %s", which, error_print(error, text, sizeof(text)));
}

static void log_refusal(const struct outgoing_chain *outgoing, enum outgoing_reason reason)
{
	if (reason == OUTGOING_FORMER_REVOKED)
		program_log_write(
		    outgoing->options.log, LOG_LEVEL_WARNING, outgoing->options.config->name,
		    "many clients reject the new chain, but a certificate of the former one is revoked: the "
		    "new one stays");
}

/* Serves the former chain in place of the present one. Both stay noted when memory is short, for the next attempt. */
static bool serve_former(struct outgoing_chain *outgoing, int64_t now_ms)
{
	struct outgoing_question question = question_of(outgoing, now_ms / 1000);
	question.kept = &outgoing->credential->chain;
	enum outgoing_reason reason = outgoing_chain_decide(&question);
	if (reason == OUTGOING_UNDECIDED)
		return false;
	if (reason != OUTGOING_ROLLED_BACK) {
		log_refusal(outgoing, reason);
		set_withdrawn(outgoing, NULL, NULL);
		outgoing->reason = reason;
		return false;
	}
	struct error error = serve_again(outgoing, outgoing->former, reason);
	if (failed(error))
		note_failure(outgoing, "former", error, now_ms);
	return !failed(error);
}

/* Refuses while `withdrawn` is not the served chain: clients have not seen the served one yet. */
bool outgoing_chain_roll_back(struct outgoing_chain *outgoing, const struct chain_roll_back *roll_back, int64_t now_ms)
{
	if (outgoing->credential == NULL || outgoing->reason == OUTGOING_ROLLED_BACK ||
	    !is_chain_of(outgoing->credential, &roll_back->withdrawn->chain))
		return false;
	set_withdrawn(outgoing, credential_ref(outgoing->credential), credential_ref(roll_back->former));
	return serve_former(outgoing, now_ms);
}

static bool end_roll_back(struct outgoing_chain *outgoing, int64_t now_ms)
{
	struct outgoing_question question = question_of(outgoing, now_ms / 1000);
	question.kept = &outgoing->withdrawn->chain;
	if (!outgoing->undecided)
		question.finds_revoked = NULL; /* CRLs come with a reload, which decides anew */
	enum outgoing_reason reason = outgoing_chain_decide(&question);
	outgoing->undecided = reason == OUTGOING_UNDECIDED;
	if (reason == OUTGOING_ROLLED_BACK || outgoing->undecided)
		return false;
	struct error error = serve_again(outgoing, outgoing->withdrawn, reason);
	if (failed(error)) {
		note_failure(outgoing, "withdrawn", error, now_ms);
		return false;
	}
	set_withdrawn(outgoing, NULL, NULL);
	program_log_write(
	    outgoing->options.log, LOG_LEVEL_WARNING, outgoing->options.config->name,
	    "the former chain, which is served since the rollback, %s: the chain that was withdrawn is served again",
	    reason == OUTGOING_FORMER_REVOKED ? "has a certificate that is revoked" : "has expired");
	return true;
}

/* A clock that was set back does not lengthen the pause. */
static bool is_pausing(const struct outgoing_chain *outgoing, int64_t now_ms)
{
	return now_ms >= outgoing->failed_ms && now_ms - outgoing->failed_ms < outgoing->pause_ms;
}

bool outgoing_chain_look(struct outgoing_chain *outgoing, int64_t now_ms)
{
	if (outgoing->former == NULL || outgoing->credential == NULL || is_pausing(outgoing, now_ms))
		return false;
	return outgoing->reason == OUTGOING_ROLLED_BACK ? end_roll_back(outgoing, now_ms)
							: serve_former(outgoing, now_ms);
}

struct credential *outgoing_chain_credential(const struct outgoing_chain *outgoing)
{
	return outgoing->credential;
}

enum outgoing_reason outgoing_chain_reason(const struct outgoing_chain *outgoing)
{
	return outgoing->reason;
}
