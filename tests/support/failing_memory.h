/* failing_memory - makes one allocation fail: the test is linked with test_failing_memory, so
 * that each call of malloc, calloc, realloc, strdup and strndup in the program and in BoringSSL passes here.
 *
 *	for (size_t n = 1; failing_memory_begin(n), work(), failing_memory_end(); n++)
 *		...
 */
#ifndef TESTS_SUPPORT_FAILING_MEMORY_H
#define TESTS_SUPPORT_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/base.h>

/* BoringSSL allocates by malloc alone. Its API version 43 follows a null pointer where memory runs out while it parses a
 * name, so that malloc does not fail there. */
#define FAILING_MEMORY_REACHES_BORINGSSL (BORINGSSL_API_VERSION < 43)

/* failing_memory_begin makes the `nth` allocation from now on fail, the first one for 1; the others do not. */
void failing_memory_begin(size_t nth);

/* failing_memory_end lets all allocations succeed again, and says whether one failed. */
bool failing_memory_end(void);

#endif
