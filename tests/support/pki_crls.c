#include "tests/support/pki_crls.h"

#include "tests/support/unit.h"

struct crl_store *pki_crls(const struct bytes *crls)
{
	struct crl_store *store = crl_store_new();

	assert_non_null(store);
	for (; crls->data != NULL; crls++)
		assert_ok(crl_store_add_content(store, *crls, "made.crl"));
	return store;
}
