/* pki_keys - the keys of the PKI maker, made once a process. For pki.c alone. */
#ifndef TESTS_SUPPORT_PKI_KEYS_H
#define TESTS_SUPPORT_PKI_KEYS_H

#include "tests/support/pki.h"

/* pki_must ends the test program when `ok` is false, and says what could not be done. */
void pki_must(bool ok, const char *what);

void pki_free_keys(void);

#endif
