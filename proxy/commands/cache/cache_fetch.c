#include <stdio.h>
#include <string.h>

#include "chaincache/fetching/fetch_failure.h"
#include "chaincache/files/certificate_file.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache_command.h"
#include "proxy/commands/cache/cache_writer.h"
#include "proxy/fetch/fetcher.h"
#include "proxy/io/loop.h"

struct fetching {
	struct cache_dir *dir;
	struct fetcher *fetcher;
	const char *url;
	int status;
};

static int keep(struct fetching *fetching, const struct certificate_list *list)
{
	struct cache_writer writer;
	int status = STATUS_FAILED;
	if (cache_writer_open(&writer, fetching->dir) && cache_writer_put(&writer, list, fetching->url)) {
		cache_writer_print(&writer);
		status = writer.num_new + writer.num_there > 0 ? STATUS_OK : STATUS_FAILED;
	}
	if (status != STATUS_OK && !writer.broken)
		complain("cache: %s: no CA certificate came from there, and the cache keeps no other", fetching->url);
	cache_writer_close(&writer);
	return status;
}

static int take_body(struct fetching *fetching, struct bytes body)
{
	struct certificate_file_options options = {.source = SOURCE_FETCHED, .pass_over_unreadable = true};
	struct certificate_file file;
	char text[ERROR_MAX_TEXT];
	struct error error = certificate_file_parse(body, &options, &file);
	if (failed(error)) {
		complain("cache: %s: what came is no certificate: %s", fetching->url,
			 error_print(error, text, sizeof(text)));
		return STATUS_FAILED;
	}
	if (file.num_passed_over > 0)
		complain("cache: %s: more than %d certificates came: the first %d are read, and %zu are passed over",
			 fetching->url, CERTIFICATE_FILE_MAX_CERTIFICATES, CERTIFICATE_FILE_MAX_CERTIFICATES,
			 file.num_passed_over);
	int status = keep(fetching, &file.certificates);
	certificate_file_cleanup(&file);
	return status;
}

static void report_failure(const char *url, const struct fetch_result *result)
{
	size_t line_len = strlen(FETCH_ALLOW_LINE);
	bool has_rule = strncmp(result->detail, FETCH_ALLOW_LINE, line_len) == 0;

	if (result->failure == FETCH_FAILURE_REFUSED)
		complain("cache: %s: the address may not be fetched from: allow it with --fetch-allow %s", url,
			 has_rule ? result->detail + line_len : result->detail);
	else
		complain("cache: %s: %s", url, result->detail);
}

static void on_done(void *context, const struct fetch_result *result)
{
	struct fetching *fetching = context;
	if (result->ok)
		fetching->status = take_body(fetching, result->body);
	else
		report_failure(fetching->url, result);
	fetcher_close(fetching->fetcher, NULL, NULL);
}

int cache_fetch(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands)
{
	struct loop *loop = NULL;
	char text[ERROR_MAX_TEXT];
	struct fetching fetching = {.dir = dir, .url = operands[0], .status = STATUS_FAILED};
	(void)num_operands;
	struct error error = loop_new(&loop);
	if (failed(error)) {
		complain("cache: no event loop could be made: out of memory or file descriptors");
		return STATUS_FAILED;
	}
	error = fetch_options_make_fetcher(&options->fetch, loop, &fetching.fetcher);
	if (failed(error)) {
		complain("cache: fetching: %s: correct --fetch-proxy or the variable http_proxy",
			 error_print(error, text, sizeof(text)));
	} else if (fetcher_get(fetching.fetcher, fetching.url, &fetching, on_done) == NULL) {
		complain("cache: %s: out of memory", fetching.url);
		fetcher_close(fetching.fetcher, NULL, NULL);
	}
	loop_run(loop);
	loop_free(loop);
	return fetching.status;
}
