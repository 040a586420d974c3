/* Stapled OCSP responses. The input: two bytes of the leaf's length, the leaf, the same of its issuer, then the response. */
#include <stdlib.h>

#include "chaincache/revocation/ocsp_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Takes a certificate off the front; NULL when there is none. */
static const struct certificate *take(struct bytes *input)
{
	const struct certificate *certificate = NULL;
	size_t len = input->len >= 2 ? (size_t)input->data[0] << 8 | input->data[1] : 0;

	if (input->len < 2 || len > input->len - 2 ||
	    failed(certificate_parse(bytes_of(input->data + 2, len), &certificate)))
		return NULL;
	*input = bytes_of(input->data + 2 + len, input->len - 2 - len);
	return certificate;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);
	const struct certificate *leaf = take(&input), *issuer = leaf != NULL ? take(&input) : NULL;

	if (leaf != NULL) {
		struct ocsp_verdict verdict = ocsp_response_judge(input, leaf, issuer, 1767225600);
		check(verdict.status != OCSP_UNUSABLE || verdict.why != NULL);
		check((verdict.status != OCSP_GOOD && verdict.status != OCSP_REVOKED) || issuer != NULL);
	}
	certificate_unref(leaf);
	certificate_unref(issuer);
	return 0;
}
