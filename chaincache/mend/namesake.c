#include "chaincache/mend/namesake.h"

#include <stdio.h>

#include "chaincache/certificate/certificate_words.h"

bool namesake_is(const struct audit *audit, const struct certificate *other, const struct certificate *child)
{
	return other->is_ca && other->may_sign_certificates && !certificate_equal(other, child) &&
	       issuer_match_names(other, child) &&
	       signature_memo_ask(&audit->search->memo, other, child) == SIGNATURE_FAILS;
}

static const struct certificate *find_served(const struct audit *audit, const struct certificate *child)
{
	for (size_t i = 0; i < audit->served->count; i++)
		if (namesake_is(audit, audit->served->items[i].certificate, child))
			return audit->served->items[i].certificate;
	return NULL;
}

static const struct certificate *find_known(struct audit *audit, const struct certificate *child)
{
	struct issuer_candidates candidates = {0};
	const struct certificate *found = NULL;

	if (failed(issuer_pool_find(&audit->search->pool, child, 0, &candidates)))
		audit->search->budget.out_of_memory = true;
	for (size_t i = 0; i < candidates.count && found == NULL; i++)
		if (namesake_is(audit, candidates.items[i].entry.certificate, child))
			found = candidates.items[i].entry.certificate;
	issuer_candidates_cleanup(&candidates);
	return found;
}

const struct certificate *namesake_find(struct audit *audit, const struct certificate *child, bool *out_served)
{
	const struct certificate *found = find_served(audit, child);

	*out_served = found != NULL;
	return found != NULL ? found : find_known(audit, child);
}

const char *namesake_words(const struct certificate *other, const struct certificate *child,
			   char out[NAMESAKE_WORDS_CHARS])
{
	char has[CERTIFICATE_WORDS_KEY_ID_CHARS], asks[CERTIFICATE_WORDS_KEY_ID_CHARS];

	certificate_words_key_id(other->subject_key_id, has);
	certificate_words_key_id(child->authority_key_id, asks);
	if (issuer_match_key_id(other, child) == KEY_ID_DIFFERS)
		snprintf(out, NAMESAKE_WORDS_CHARS, "its key identifier is %s, and the issuer's is %s", has, asks);
	else if (other->subject_key_id.len > 0)
		snprintf(out, NAMESAKE_WORDS_CHARS,
			 "its key identifier is %s, and its key does not verify the signature", has);
	else
		snprintf(out, NAMESAKE_WORDS_CHARS, "its key does not verify the signature");
	return out;
}
