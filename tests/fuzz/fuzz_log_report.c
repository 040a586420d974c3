/* A fix log whose lines say anything: the page that is made of it, if any, holds no markup but ours. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"
#include "proxy/commands/log/log_report.h"

enum { MAX_PATH_CHARS = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The page is written beside itself first, and then renamed: it needs a folder. */
static char folder[] = "/tmp/fuzz-log-report-XXXXXX";

static void remove_folder(void)
{
	rmdir(folder);
}

static const char *page_path(void)
{
	static char path[MAX_PATH_CHARS];

	if (path[0] == '\0') {
		must(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
		snprintf(path, sizeof(path), "%s/page.html", folder);
	}
	return path;
}

static bool is_ours(const char *tag, size_t len)
{
	static const char *const tags[] = {
	    "!",      "a",     "article", "body",  "code", "dd", "details", "div",     "dl",
	    "dt",     "em",    "footer",  "h1",    "h2",   "h3", "h4",      "head",    "header",
	    "html",   "li",    "main",    "meta",  "ol",   "p",  "pre",     "section", "span",
	    "strong", "style", "summary", "table", "td",   "th", "title",   "tr",      "ul",
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strlen(tags[i]) == len && strncmp(tags[i], tag, len) == 0)
			return true;
	return false;
}

static void check_page(const char *page)
{
	for (const char *at = page; (at = strchr(at, '<')) != NULL;) {
		at += at[1] == '/' ? 2 : 1;
		must(is_ours(at, strspn(at, "abcdefghijklmnopqrstuvwxyz!0123456789")));
	}
}

static void take_lines(struct log_history *history, const uint8_t *data, size_t size)
{
	for (const uint8_t *end = data + size; data < end;) {
		const uint8_t *feed = memchr(data, '\n', (size_t)(end - data));
		const uint8_t *stop = feed != NULL ? feed : end;
		struct log_line line;
		if (log_line_scan(bytes_of(data, (size_t)(stop - data)), &line) == LOG_LINE_FINDING)
			(void)log_history_take(history, &line);
		data = stop + (feed != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_report_options options = {.path = page_path()};
	struct log_history history = {.by_event = false};
	struct log_summary summary;
	struct buffer page;

	take_lines(&history, data, size);
	if (!failed(log_summary_make(&history, &summary))) {
		buffer_init(&page, LOG_REPORT_MAX_BYTES);
		must(log_report_write(&summary, &options));
		must(!failed(file_read_all(options.path, LOG_REPORT_MAX_BYTES, &page)));
		check_page(buffer_text(&page));
		must(unlink(options.path) == 0);
		buffer_cleanup(&page);
		log_summary_cleanup(&summary);
	}
	log_history_cleanup(&history);
	return 0;
}
