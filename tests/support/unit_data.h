/* unit_data - reads the committed files that the unit tests look at (tests/unit/data). */
#ifndef TESTS_SUPPORT_UNIT_DATA_H
#define TESTS_SUPPORT_UNIT_DATA_H

#include "chaincache/base/buffer.h"

#define UNIT_DATA_MAX_BYTES ((size_t)65536)

/* unit_data_read fills `out`, which it initialises; the test ends when the file cannot be read. */
void unit_data_read(const char *folder, const char *name, struct buffer *out);

#endif
