/* Files of CRLs. The input: two bytes of a certificate's length, the certificate (an issuer that issued itself, as far as this
 * is concerned), then the file. */
#include <stdlib.h>

#include "chaincache/revocation/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void look(const struct crl_store *store, const struct certificate *certificate)
{
	struct revocation revocation = {.crls = store, .now = 1767225600};
	struct crl_revocation found;
	char words[REVOCATION_MAX_WORDS];
	const struct crl *crl;
	size_t cursor = 0, count = 0;

	while ((crl = crl_store_next(store, certificate, &cursor)) != NULL) {
		count++;
		crl_lists(crl, certificate, &found);
		crl_scope_covers(&crl->scope, certificate);
		for (size_t i = 1; i < crl->num_entries; i++)
			check(crl->entries[i - 1].serial.len <= crl->entries[i].serial.len);
	}
	check(count <= CRL_STORE_MAX_CRLS);
	struct revocation_answer answer = revocation_look(&revocation, certificate, certificate);
	check(answer.status != REVOCATION_NOT_ASKED);
	check(answer.status == REVOCATION_UNKNOWN || (answer.crl != NULL && answer.crl->refused == NULL));
	check(strlen(revocation_print(&answer, words)) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct certificate *certificate = NULL;
	struct crl_store *store = crl_store_new(), *empty = crl_store_new();
	size_t len = size >= 2 ? (size_t)data[0] << 8 | data[1] : 0;

	if (store != NULL && size >= 2 && len <= size - 2) {
		struct error error = crl_store_add_content(store, bytes_of(data + 2 + len, size - 2 - len), "fuzz");
		check(failed(error) || empty == NULL || !crl_store_equal(store, empty));
		if (!failed(certificate_parse(bytes_of(data + 2, len), &certificate)))
			look(store, certificate);
	}
	certificate_unref(certificate);
	crl_store_unref(empty);
	crl_store_unref(store);
	return 0;
}
