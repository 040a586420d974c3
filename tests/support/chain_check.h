/* chain_check - whether a chain is the one that it should be; where it is not, both are printed. */
#ifndef TESTS_SUPPORT_CHAIN_CHECK_H
#define TESTS_SUPPORT_CHAIN_CHECK_H

#include "tests/support/pki.h"

/* assert_chain: exactly these certificates, in this order. */
#define assert_chain(list, ...) chain_check((list), PKI_CERTIFICATES(__VA_ARGS__), __FILE__, __LINE__)
void chain_check(const struct certificate_list *list, const struct certificate *const *expected, const char *file,
		 int line);

#endif
