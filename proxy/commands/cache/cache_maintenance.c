#include <stdio.h>

#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache_command.h"
#include "proxy/log/time_text.h"

int cache_verify(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands)
{
	struct cache_contents contents;
	(void)options;
	(void)operands;
	(void)num_operands;
	bool complete = cache_contents_read(dir, &contents);
	size_t num_bad = contents.num_bad;
	if (complete)
		printf("%zu good, %zu bad in %s\n", contents.count, num_bad, dir->path);
	cache_contents_cleanup(&contents);
	return complete && num_bad == 0 ? STATUS_OK : STATUS_FAILED;
}

int cache_prune(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands)
{
	struct cache_contents contents;
	char text[ERROR_MAX_TEXT];
	char day[TIME_TEXT_MAX];
	size_t num_removed = 0;
	int64_t now = time_text_now_ms() / 1000;
	int status = STATUS_FAILED;
	(void)options;
	(void)operands;
	(void)num_operands;
	if (!cache_contents_read(dir, &contents))
		goto out;
	status = STATUS_OK;
	for (size_t i = 0; i < contents.count; i++) {
		const struct certificate *certificate = contents.items[i].certificate;
		if (now <= certificate->not_after)
			continue;
		struct error error = cache_dir_remove(dir, certificate);
		if (failed(error)) {
			complain("cache %s: %s: %s", dir->path, certificate->subject,
				 error_print(error, text, sizeof(text)));
			status = STATUS_FAILED;
			continue;
		}
		char shown[OUTPUT_MAX_TEXT];
		printf("removed %s, expired on %s\n", output_clean(certificate->subject, shown, sizeof(shown)),
		       time_text_print_day(certificate->not_after, day));
		num_removed++;
	}
	printf("%zu of %zu removed from %s\n", num_removed, contents.count, dir->path);
out:
	cache_contents_cleanup(&contents);
	return status;
}
