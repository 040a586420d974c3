#include "proxy/commands/log/log_report.h"

#include <string.h>

#include "proxy/cli/atomic_file.h"
#include "proxy/cli/output.h"
#include "proxy/commands/log/html.h"
#include "proxy/commands/log/report_repair.h"
#include "proxy/commands/log/report_style.h"
#include "proxy/log/time_text.h"

#define MAX_FINDINGS_SHOWN 100 /* of a site */
#define MAX_GONE_SHOWN 20
#define MAX_CHAINS_SHOWN 20 /* of a site */
#define MINUTE_CHARS 16

/* A page under way. */
struct page {
	struct html html;
	const struct log_summary *summary;
	struct report_certificates certificates;
	struct report_seen seen;
	int64_t now_ms;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

static void write_minute(struct html *html, const char *time)
{
	char minute[MINUTE_CHARS + 1];
	snprintf(minute, sizeof(minute), "%.*s", MINUTE_CHARS, time);
	char *divider = strchr(minute, 'T');
	if (divider != NULL)
		*divider = ' ';
	html_text(html, minute);
	html_raw(html, " UTC");
}

/* Says what chainmend does until the server is repaired. */
static const char *meanwhile(const json_t *line)
{
	static const struct {
		const char *action;
		const char *words;
	} actions[] = {
	    {"added", "chainmend adds the missing certificate to what it sends to clients."},
	    {"removed", "chainmend leaves the certificate out of what it sends to clients."},
	    {"reordered", "chainmend sends the chain to clients in the right order."},
	    {"replaced", "chainmend sends clients a valid certificate in its place."},
	};
	const char *action = text_of(line, "action");
	bool put_back = strcmp(text_of(line, "code"), "client_rejected") == 0 && strcmp(action, "replaced") == 0;
	bool backend = strcmp(text_of(line, "subject_of"), "backend") == 0;
	if (json_is_false(json_object_get(line, "applied")))
		return "Nothing: chainmend only reports it here, and clients are sent what the server has.";
	if (put_back)
		return "chainmend sends clients the chain of before again, until an operator decides.";
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].action, action) == 0)
			return backend ? "chainmend puts the chain right for itself, to verify the server behind it."
				       : actions[i].words;
	}
	if (strcmp(text_of(line, "severity"), "error") == 0)
		return "Nothing can be done in front of the server: clients are affected until it is repaired.";
	return "chainmend watches it, and reports when it changes or is gone.";
}

static void write_row(struct html *html, const char *title, const char *text)
{
	html_element(html, "dt", NULL, title);
	html_raw(html, "<dd>");
	html_prose(html, text);
	html_raw(html, "</dd>");
}

static const char *word_of(enum finding_severity severity)
{
	static const char *const words[] = {[SEVERITY_INFO] = "harmless",
					    [SEVERITY_WARNING] = "warning",
					    [SEVERITY_FIXED] = "mended meanwhile",
					    [SEVERITY_ERROR] = "error"};
	return words[severity];
}

static void write_finding(struct page *page, const struct log_item *item)
{
	struct html *html = &page->html;
	const struct log_finding *finding = item->finding;
	char message[OUTPUT_MAX_TEXT];
	json_t *line = log_summary_item_json(item);
	html_raw(html, "<article class=\"finding ");
	html_raw(html, finding_severity_name(item->severity));
	html_raw(html, "\"><h3 class=\"head\"><span class=\"word\">");
	html_raw(html, word_of(item->severity));
	html_raw(html, "</span>");
	html_element(html, "span", "code", text_of(line, "code"));
	html_raw(html, "</h3>");
	log_summary_item_message(item, line, message, sizeof(message));
	html_raw(html, "<p>");
	html_prose(html, message);
	html_raw(html, "</p>");
	html_raw(html, "<dl><dt>Seen</dt><dd>since ");
	write_minute(html, finding->first_time);
	html_raw(html, ", last reported ");
	write_minute(html, finding->last_time);
	html_raw(html, "</dd>");
	write_row(html, "What chainmend does meanwhile", meanwhile(line));
	write_row(html, "What to do on the server", text_of(line, "advice"));
	html_raw(html, "</dl></article>");
	json_decref(line);
}

static void write_findings(struct page *page, const struct log_site *site)
{
	size_t num_shown = site->num_open < MAX_FINDINGS_SHOWN ? site->num_open : MAX_FINDINGS_SHOWN;
	for (size_t i = 0; i < num_shown; i++)
		write_finding(page, &site->items[i]);
	if (site->num_open == 0)
		html_raw(&page->html, "<p class=\"gone\">Nothing is open.</p>");
	if (site->num_open > num_shown) {
		html_raw(&page->html, "<p>And further ones: ");
		html_number(&page->html, (long long)(site->num_open - num_shown));
		html_raw(&page->html, ".</p>");
	}
}

/* Findings of one look have the same chains: they are shown once. */
static bool has_same_chains(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "before"), json_object_get(b, "before")) &&
	       json_equal(json_object_get(a, "after"), json_object_get(b, "after"));
}

static void write_repair(struct page *page, const json_t *line)
{
	const char *place = strcmp(text_of(line, "subject_of"), "backend") == 0
				? "The chain that the server behind chainmend sends"
				: "The chain that belongs to the site's certificate";
	html_element(&page->html, "h3", NULL, place);
	const struct report_repair repair = {&page->html, &page->certificates, &page->seen, page->now_ms / 1000};
	report_repair_write(&repair, line);
}

static void write_repairs(struct page *page, const struct log_site *site)
{
	json_t *shown[MAX_CHAINS_SHOWN];
	size_t num_shown = 0;
	for (size_t i = 0; i < site->num_open && num_shown < MAX_CHAINS_SHOWN; i++) {
		const struct log_kept_line *fix = &site->items[i].finding->fix;
		json_t *line = fix->text != NULL ? json_loadb(fix->text, fix->len, 0, NULL) : NULL;
		bool repeated = line == NULL;
		for (size_t k = 0; k < num_shown && !repeated; k++)
			repeated = has_same_chains(shown[k], line);
		if (repeated) {
			json_decref(line);
			continue;
		}
		report_certificates_learn(&page->certificates, line);
		write_repair(page, line);
		shown[num_shown++] = line;
	}
	for (size_t i = 0; i < num_shown; i++)
		json_decref(shown[i]);
}

static void write_gone(struct page *page, const struct log_site *site)
{
	size_t num_gone = site->num_items - site->num_open;
	if (num_gone == 0)
		return;
	html_raw(&page->html, "<h3>Gone</h3><ul class=\"gone\">");
	for (size_t i = 0; i < num_gone && i < MAX_GONE_SHOWN; i++) {
		const struct log_item *item = &site->items[site->num_open + i];
		json_t *line = log_summary_item_json(item);
		html_raw(&page->html, "<li><span class=\"code\">");
		html_text(&page->html, text_of(line, "code"));
		html_raw(&page->html,
			 item->state == LOG_STATE_RESOLVED ? "</span> resolved " : "</span> last reported ");
		write_minute(&page->html, item->finding->last_time);
		html_raw(&page->html, ": ");
		html_text(&page->html, text_of(line, "message"));
		html_raw(&page->html, "</li>");
		json_decref(line);
	}
	html_raw(&page->html, "</ul>");
}

static void write_site(struct page *page, const struct log_site *site)
{
	json_t *line = log_summary_item_json(&site->items[0]);
	html_raw(&page->html, "<section>");
	html_element(&page->html, "h2", NULL, text_of(line, "site"));
	json_decref(line);
	write_findings(page, site);
	write_repairs(page, site);
	write_gone(page, site);
	html_raw(&page->html, "</section>");
}

static void write_page(struct page *page)
{
	char time[TIME_TEXT_MAX];
	struct html *html = &page->html;
	html_raw(html, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		       "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		       "'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
		       "<title>Certificate chains to repair</title><style>");
	html_raw(html, report_style);
	html_raw(html,
		 "</style></head><body><header><h1>Certificate chains to repair</h1>"
		 "<p>For whoever runs these servers. A proxy, chainmend, stands in front of them and holds up what it "
		 "can; what follows repairs the servers themselves, for good. As of ");
	write_minute(html, time_text_print(page->now_ms / 1000, time));
	html_raw(html, ".</p></header><main>");
	for (size_t i = 0; i < page->summary->num_sites; i++)
		write_site(page, &page->summary->sites[i]);
	if (page->summary->num_sites == 0)
		html_raw(html, "<p class=\"gone\">There is no finding in this log, or none that was asked for.</p>");
	html_raw(html,
		 "</main><footer><p>Made by chainmend from its fix log. The certificates are in this page itself; "
		 "compare their fingerprints with those that the authority publishes before a root is "
		 "imported.</p></footer></body></html>\n");
}

static struct error write_out(const char *path, struct bytes content)
{
	if (strcmp(path, "-") != 0)
		return atomic_file_write(path, content);
	bool written = fwrite(content.data, 1, content.len, stdout) == content.len && fflush(stdout) == 0;
	return written ? error_none() : error_system("write");
}

bool log_report_write(const struct log_summary *summary, const struct log_report_options *options)
{
	char text[ERROR_MAX_TEXT];
	struct page page = {.summary = summary, .now_ms = time_text_now_ms()};

	html_init(&page.html, LOG_REPORT_MAX_BYTES);
	report_certificates_init(&page.certificates, options->cache);
	write_page(&page);
	struct error error = page.html.error;
	if (!failed(error))
		error = write_out(options->path, buffer_bytes(&page.html.buffer));
	if (failed(error))
		complain("%s: the report was not written: %s", options->path, error_print(error, text, sizeof(text)));
	report_seen_cleanup(&page.seen);
	report_certificates_cleanup(&page.certificates);
	html_cleanup(&page.html);
	return !failed(error);
}
