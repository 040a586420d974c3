#include <stdio.h>

#include "chaincache/base/buffer.h"
#include "proxy/cli/atomic_file.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache_command.h"

#define MAX_BUNDLE_BYTES ((size_t)CACHE_DIR_MAX_CERTIFICATES * 2 * CERTIFICATE_MAX_BYTES)

static int write_bundle(const struct buffer *bundle, const char *path)
{
	char text[ERROR_MAX_TEXT];
	if (path == NULL)
		return fwrite(buffer_text(bundle), 1, bundle->len, stdout) == bundle->len ? STATUS_OK : STATUS_FAILED;
	struct error error = atomic_file_write(path, buffer_bytes(bundle));
	if (failed(error))
		complain("cache: %s: %s", path, error_print(error, text, sizeof(text)));
	return failed(error) ? STATUS_FAILED : STATUS_OK;
}

int cache_export(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands)
{
	struct cache_contents contents;
	struct buffer bundle;
	struct error error = error_none();
	int status = STATUS_FAILED;
	(void)operands;
	(void)num_operands;
	buffer_init(&bundle, MAX_BUNDLE_BYTES);
	if (!cache_contents_read(dir, &contents))
		goto out;
	for (size_t i = 0; i < contents.count && !failed(error); i++) {
		error = buffer_printf(&bundle, "# %s\n", contents.items[i].certificate->subject);
		if (!failed(error))
			error = certificate_write_pem(contents.items[i].certificate, &bundle);
	}
	if (failed(error))
		complain("cache: the certificates together are too large: out of memory");
	else
		status = write_bundle(&bundle, options->output);
out:
	buffer_cleanup(&bundle);
	cache_contents_cleanup(&contents);
	return status;
}
