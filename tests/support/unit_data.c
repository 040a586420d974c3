#include "tests/support/unit_data.h"

#include <stdio.h>

#include "chaincache/base/file.h"
#include "tests/support/unit.h"

void unit_data_read(const char *folder, const char *name, struct buffer *out)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	buffer_init(out, UNIT_DATA_MAX_BYTES);
	assert_ok(file_read_all(path, UNIT_DATA_MAX_BYTES, out));
}
