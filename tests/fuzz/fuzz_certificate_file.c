/* Whole certificate files. The first byte chooses the options, the rest is the file. */
#include <stdlib.h>

#include <openssl/evp.h>

#include "chaincache/files/certificate_file.h"
#include "chaincache/files/leaf_choice.h"

#define NOW INT64_C(1767225600)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct certificate_file file;

	if (size == 0)
		return 0;
	struct certificate_file_options options = {
	    .password = (data[0] & 1) != 0 ? "secret" : NULL,
	    .source = (data[0] & 2) != 0 ? SOURCE_FETCHED : SOURCE_FILE,
	    .pass_over_unreadable = (data[0] & 4) != 0,
	    .skip_keys = (data[0] & 8) != 0,
	};

	struct error error = certificate_file_parse(bytes_of(data + 1, size - 1), &options, &file);
	if (failed(error)) {
		check(file.certificates.count == 0 && file.key == NULL);
		return 0;
	}
	check(file.certificates.count > 0 || file.key != NULL);
	check(file.certificates.count <= CERTIFICATE_FILE_MAX_READ);
	check(file.key == NULL || (!options.skip_keys && options.source != SOURCE_FETCHED) ||
	      file.format == FILE_FORMAT_PKCS12);

	size_t count = file.certificates.count;
	error = leaf_choice_put_first(&file.certificates, file.key, NOW);
	check(file.certificates.count == count);
	check(failed(error) || file.key == NULL ||
	      certificate_matches_key(file.certificates.items[0].certificate, file.key));
	certificate_file_cleanup(&file);
	return 0;
}
