/* unit - what every unit test includes: cmocka, and checks on struct error that say what came in its place. */
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chaincache/base/error.h"

/* assert_ok, assert_kind: the error is none, or of this kind. assert_step: of this kind, with these words in its step. */
#define assert_ok(error) unit_check((error), ERROR_NONE, "", __FILE__, __LINE__)
#define assert_kind(error, kind) unit_check((error), (kind), "", __FILE__, __LINE__)
#define assert_step(error, kind, words) unit_check((error), (kind), (words), __FILE__, __LINE__)

void unit_check(struct error error, enum error_kind kind, const char *words, const char *file, int line);

#endif
