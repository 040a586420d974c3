/* A text with PEM blocks: the walk ends, goes forward line by line, and stays within what it read. */
#include <stdlib.h>

#include "chaincache/files/pem_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pem_reader reader;
	enum pem_status status;
	size_t rest = size;
	unsigned line = 0, count = 0;

	pem_reader_init(&reader, bytes_of(data, size));
	while ((status = pem_reader_next(&reader)) != PEM_END) {
		check(reader.rest.len < rest && (reader.num_blocks == count + 1 || reader.is_damaged_line));
		count = reader.num_blocks;
		check(pem_reader_line(&reader) >= line && pem_reader_line(&reader) > 0);
		check(strlen(reader.block.label) <= PEM_MAX_LABEL_CHARS && reader.block.der.len <= size);
		check(failed(reader.error) == (status == PEM_BROKEN));
		check(status == PEM_BLOCK || reader.block.der.len == 0);
		const uint8_t *headers = reader.block.headers.data;
		check(reader.block.headers.len == 0 ||
		      (headers >= data && headers + reader.block.headers.len <= data + size));
		rest = reader.rest.len;
		line = pem_reader_line(&reader);
	}
	pem_reader_cleanup(&reader);
	return 0;
}
