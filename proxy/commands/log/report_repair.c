#include "proxy/commands/log/report_repair.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/commands/repair/repair_script.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

#define MAX_KEY_BYTES ((size_t)1024 * 1024)
#define MAX_PEM_BYTES ((size_t)1024 * 1024)

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

static bool holds(const json_t *chain, const char *sha256)
{
	for (size_t i = 0; i < json_array_size(chain); i++) {
		if (strcmp(text_of(json_array_get(chain, i), "sha256"), sha256) == 0)
			return true;
	}
	return false;
}

/* Times of RFC 3339 in UTC, without fractions: their order is that of their characters. */
static bool is_expired(const json_t *entry, int64_t now)
{
	char text[TIME_TEXT_MAX];
	const char *not_after = text_of(entry, "not_after");
	return not_after[0] != '\0' && strcmp(not_after, time_text_print(now, text)) < 0;
}

static void write_box(const struct report_repair *page, const json_t *entry, const char *style, const char *mark)
{
	struct html *html = page->html;
	char day[11];
	snprintf(day, sizeof(day), "%s", text_of(entry, "not_after"));
	html_raw(html, "<li class=\"box ");
	html_raw(html, style);
	html_raw(html, "\">");
	html_element(html, "strong", NULL, text_of(entry, "subject"));
	if (mark != NULL)
		html_element(html, "span", "mark", mark);
	bool expired = is_expired(entry, page->now);
	if (expired)
		html_element(html, "span", "mark expired", "expired");
	html_raw(html, expired ? "<span class=\"small\">was valid until " : "<span class=\"small\">valid until ");
	html_text(html, day);
	html_raw(html, "</span><span class=\"small digest\">SHA-256 ");
	html_text(html, text_of(entry, "sha256"));
	html_raw(html, "</span></li>");
}

static void write_chain(const struct report_repair *page, const char *title, const json_t *chain, const json_t *other,
			bool is_after)
{
	struct html *html = page->html;
	html_raw(html, is_after ? "<div class=\"chain after\">" : "<div class=\"chain\">");
	html_element(html, "h4", NULL, title);
	html_raw(html, "<ol>");
	for (size_t i = 0; i < json_array_size(chain); i++) {
		const json_t *entry = json_array_get(chain, i);
		bool alone = !holds(other, text_of(entry, "sha256"));
		const char *mark = is_after ? "added" : "left out";
		write_box(page, entry, alone ? (is_after ? "added" : "removed") : "", alone ? mark : NULL);
	}
	html_raw(html, "</ol></div>");
}

static void write_stores(struct html *html, const json_t *stores)
{
	html_raw(html, "<ul class=\"stores\">");
	for (size_t i = 0; i < json_array_size(stores); i++) {
		const json_t *store = json_array_get(stores, i);
		bool before = json_is_true(json_object_get(store, "served_trusted"));
		bool after = json_is_true(json_object_get(store, "mended_trusted"));
		html_raw(html, "<li>Clients that trust <strong>");
		html_text(html, text_of(store, "name"));
		html_raw(html,
			 before ? "</strong> accept what the server sends" : "</strong> refuse what the server sends");
		html_raw(html,
			 after ? (before ? ", and the repaired chain.</li>" : ", and accept the repaired chain.</li>")
			       : (before ? ".</li>" : ", and the repaired chain too.</li>"));
	}
	html_raw(html, "</ul>");
}

/* Collects the certificates of a chain; false where one is not known. */
static bool collect(struct report_certificates *certificates, const json_t *chain, struct certificate_list *out)
{
	bool all = json_array_size(chain) > 0;
	for (size_t i = 0; i < json_array_size(chain); i++) {
		const char *sha256 = text_of(json_array_get(chain, i), "sha256");
		const struct certificate *certificate = report_certificates_find(certificates, sha256);
		if (certificate == NULL || failed(certificate_list_append(out, certificate, SOURCE_FILE)))
			all = false;
	}
	return all;
}

static void write_missing(struct html *html, struct report_certificates *certificates, const json_t *chain)
{
	html_raw(html,
		 "<p class=\"note\">Not every certificate of the repaired chain is at hand here, so that the "
		 "steps cannot be given in full. These have to be found by their fingerprint, from the certificate "
		 "authority or with <code>chainmend check</code>:</p><ul>");
	for (size_t i = 0; i < json_array_size(chain); i++) {
		const json_t *entry = json_array_get(chain, i);
		if (report_certificates_find(certificates, text_of(entry, "sha256")) != NULL)
			continue;
		html_raw(html, "<li>");
		html_element(html, "strong", NULL, text_of(entry, "subject"));
		html_element(html, "span", "small digest", text_of(entry, "sha256"));
		html_raw(html, "</li>");
	}
	html_raw(html, "</ul>");
}

static void write_commands(struct html *html, const struct buffer *lines)
{
	if (lines->len > 0)
		html_element(html, "pre", NULL, buffer_text(lines));
}

/* A file that several steps name is in the page once. */
static void write_file(const struct report_repair *page, const char *name, struct bytes content)
{
	struct html *html = page->html;
	char id[REPORT_SEEN_ID_CHARS + 1];
	bool before = report_seen_before(page->seen, content, id);

	html_raw(html, before ? "<a href=\"#" : "<span id=\"");
	html_raw(html, id);
	html_raw(html, "\">");
	if (before)
		html_text(html, name);
	else
		html_file(html, name, content);
	html_raw(html, before ? "</a> (the same file as further up)" : "</span>");
}

static void write_steps(const struct report_repair *page, const struct repair_script *script)
{
	struct html *html = page->html;
	if (script->num_files > 0) {
		html_raw(html, "<p>Files for these steps, to be saved from this page:</p><ul class=\"files\">");
		for (size_t i = 0; i < script->num_files; i++) {
			html_raw(html, "<li>");
			write_file(page, script->files[i].name, buffer_bytes(&script->files[i].pem));
			html_raw(html, "</li>");
		}
		html_raw(html, "</ul>");
	}
	html_raw(html, "<ol class=\"steps\">");
	for (size_t i = 0; i < script->num_steps; i++) {
		html_raw(html, "<li>");
		html_element(html, "p", NULL, buffer_text(&script->steps[i].text));
		write_commands(html, &script->steps[i].commands);
		if (script->steps[i].lines.len > 0)
			html_raw(html, "<p>In the configuration:</p>");
		write_commands(html, &script->steps[i].lines);
		html_raw(html, "</li>");
	}
	html_raw(html, "</ol>");
}

/* False when out of memory; that is kept in the page. */
static bool make_script(const struct report_repair *page, const struct repair_plan *plan,
			const struct repair_recipe *recipe, struct repair_names names, struct repair_script *out)
{
	struct error error = repair_script_make(plan, recipe, names, out);
	if (failed(error) && !failed(page->html->error))
		page->html->error = error;
	return !failed(error);
}

static struct error print_steps(const struct repair_script *script, struct buffer *out)
{
	struct error error = buffer_printf(out, "%s\n", script->recipe->name);
	for (size_t i = 0; i < script->num_steps && !failed(error); i++) {
		const struct repair_step_text *step = &script->steps[i];
		error = buffer_printf(out, "%s\n%s\n%s\n", buffer_text(&step->text), buffer_text(&step->commands),
				      buffer_text(&step->lines));
	}
	return error;
}

/* Whether the page has the steps for this kind of server already, for a leaf of another name perhaps. Writes the id of their
 * place. */
static bool has_steps(const struct report_repair *page, const struct repair_plan *plan,
		      const struct repair_recipe *recipe, char out_id[REPORT_SEEN_ID_CHARS + 1])
{
	static const struct repair_names any_name = {.host = "server", .stem = "server", .thumbprint = "THUMBPRINT"};
	struct repair_script script;
	struct buffer steps;

	if (!make_script(page, plan, recipe, any_name, &script))
		return false;
	buffer_init(&steps, MAX_KEY_BYTES);
	bool complete = !failed(print_steps(&script, &steps));
	bool before = complete && report_seen_before(page->seen, buffer_bytes(&steps), out_id);
	if (!complete)
		out_id[0] = '\0';
	buffer_cleanup(&steps);
	repair_script_cleanup(&script);
	return before;
}

static void write_recipe(const struct report_repair *page, const struct repair_plan *plan,
			 const struct repair_recipe *recipe, const char *id)
{
	struct html *html = page->html;
	struct repair_script script;

	if (!make_script(page, plan, recipe, (struct repair_names){0}, &script))
		return;
	html_raw(html, "<details");
	if (id[0] != '\0') {
		html_raw(html, " id=\"");
		html_raw(html, id);
		html_raw(html, "\"");
	}
	html_raw(html, "><summary>");
	html_text(html, recipe->label);
	html_raw(html, "</summary>");
	if (script.needed)
		write_steps(page, &script);
	else
		html_raw(html,
			 "<p>Nothing has to be done on this kind of server: it puts the chain together itself from "
			 "the certificates that it has.</p>");
	html_raw(html, "</details>");
	repair_script_cleanup(&script);
}

/* The kinds of servers whose steps stand further up, by their place in the table of recipes. */
struct known_steps {
	char ids[REPAIR_MAX_RECIPES][REPORT_SEEN_ID_CHARS + 1]; /* "": they do not */
	size_t count;
};

/* Their files that the page does not have yet: those with this leaf in them. */
static void write_own_files(const struct report_repair *page, const struct repair_plan *plan,
			    const struct known_steps *known)
{
	char id[REPORT_SEEN_ID_CHARS + 1];
	struct repair_script script;

	html_raw(page->html, "<ul class=\"files\">");
	for (size_t i = 0; i < REPAIR_MAX_RECIPES; i++) {
		if (known->ids[i][0] == '\0' ||
		    !make_script(page, plan, repair_recipe_at(i), (struct repair_names){0}, &script))
			continue;
		for (size_t k = 0; k < script.num_files; k++) {
			const struct repair_file *file = &script.files[k];
			if (report_seen_before(page->seen, buffer_bytes(&file->pem), id))
				continue;
			html_raw(page->html, "<li><span id=\"");
			html_raw(page->html, id);
			html_raw(page->html, "\">");
			html_file(page->html, file->name, buffer_bytes(&file->pem));
			html_raw(page->html, "</span></li>");
		}
		repair_script_cleanup(&script);
	}
	html_raw(page->html, "</ul>");
}

static void write_known(const struct report_repair *page, const struct repair_plan *plan,
			const struct known_steps *known)
{
	struct html *html = page->html;
	const char *between = "";
	char thumbprint[REPAIR_THUMBPRINT_CHARS + 1];

	if (known->count == 0)
		return;
	html_raw(html, "<p>The same steps as further up, by kind of server: ");
	for (size_t i = 0; i < REPAIR_MAX_RECIPES; i++) {
		if (known->ids[i][0] == '\0')
			continue;
		html_raw(html, between);
		html_raw(html, "<a href=\"#");
		html_raw(html, known->ids[i]);
		html_raw(html, "\">");
		html_text(html, repair_recipe_at(i)->label);
		html_raw(html, "</a>");
		between = ", ";
	}
	html_raw(html, ". Where they name a file of that certificate, take the one with the same ending from here; the "
		       "thumbprint of this "
		       "certificate is <code>");
	html_raw(html, repair_script_thumbprint(plan->groups[REPAIR_LEAF].items[0].certificate, thumbprint));
	html_raw(html, "</code>:</p>");
	write_own_files(page, plan, known);
}

static void write_recipes(const struct report_repair *page, const struct mend_result *result)
{
	struct html *html = page->html;
	struct known_steps known = {.count = 0};
	struct repair_plan plan;
	char id[REPORT_SEEN_ID_CHARS + 1];
	bool is_first = true;

	repair_plan_make(result, page->now, &plan);
	html_raw(html, "<h4>The repair, step by step</h4>");
	for (size_t i = 0; i < REPAIR_MAX_RECIPES && repair_recipe_at(i) != NULL; i++) {
		if (has_steps(page, &plan, repair_recipe_at(i), id)) {
			memcpy(known.ids[i], id, sizeof(id));
			known.count++;
			continue;
		}
		if (is_first)
			html_raw(html, "<p>Open the kind of server that it is; what is open is also printed.</p>");
		is_first = false;
		write_recipe(page, &plan, repair_recipe_at(i), id);
	}
	write_known(page, &plan, &known);
}

static void write_imports(const struct report_repair *page, const json_t *line)
{
	struct html *html = page->html;
	const json_t *before = json_object_get(line, "before");
	const json_t *after = json_object_get(line, "after");
	struct buffer pem;
	char name[SHA256_HEX_CHARS + 5];
	buffer_init(&pem, MAX_PEM_BYTES);
	html_raw(html, "<h4>Certificates to import</h4><ul class=\"files\">");
	for (size_t i = 1; i < json_array_size(after); i++) {
		const char *sha256 = text_of(json_array_get(after, i), "sha256");
		const struct certificate *certificate = report_certificates_find(page->certificates, sha256);
		html_raw(html, "<li>");
		html_element(html, "strong", NULL, text_of(json_array_get(after, i), "subject"));
		html_raw(html, holds(before, sha256) ? " (the server sends it already) " : " (missing on the server) ");
		buffer_truncate(&pem, 0);
		snprintf(name, sizeof(name), "%.16s.pem", sha256);
		if (certificate != NULL && !failed(certificate_write_pem(certificate, &pem)))
			write_file(page, name, buffer_bytes(&pem));
		else
			html_raw(html, "<em>not at hand here</em>");
		html_raw(html, " <span class=\"small digest\">SHA-256 ");
		html_text(html, sha256);
		html_raw(html, "</span></li>");
	}
	if (json_array_size(after) < 2)
		html_raw(html, "<li>None: the server certificate goes alone.</li>");
	html_raw(html, "</ul>");
	buffer_cleanup(&pem);
}

/* Adds the findings that repair_plan asks for: certificates that the audit replaced. */
static void add_given_up(struct report_certificates *certificates, const json_t *line, struct mend_result *result)
{
	const char *sha256 = text_of(json_object_get(line, "certificate"), "sha256");
	if (strcmp(text_of(line, "action"), finding_action_name(ACTION_REPLACED)) != 0)
		return;
	struct finding *finding = finding_list_add(&result->findings, FINDING_BETTER_PATH, "%s", "replaced");
	finding_set_action(finding, ACTION_REPLACED);
	finding_set_certificate(finding, report_certificates_find(certificates, sha256));
}

/* Says whether the page has the repair of these chains already, and writes a link to it; else begins its element. */
static bool refer(const struct report_repair *page, const json_t *line)
{
	static const char *const members[] = {"before", "after", "anchor", "stores", "action", "certificate"};
	char id[REPORT_SEEN_ID_CHARS + 1];
	struct buffer key;

	buffer_init(&key, MAX_KEY_BYTES);
	bool complete = true;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		char *text = json_dump_whole(json_object_get(line, members[i]), JSON_COMPACT | JSON_ENCODE_ANY);
		complete = !failed(buffer_printf(&key, "%s\n", text != NULL ? text : "")) && complete;
		free(text);
	}
	bool before = complete && report_seen_before(page->seen, buffer_bytes(&key), id);
	buffer_cleanup(&key);
	if (!complete) {
		html_raw(page->html, "<div>");
		return false;
	}
	html_raw(page->html, before ? "<p>The same chains as further up: <a href=\"#" : "<div id=\"");
	html_raw(page->html, id);
	html_raw(page->html, before ? "\">the steps there</a> repair this one too.</p>" : "\">");
	return before;
}

void report_repair_write(const struct report_repair *page, const json_t *line)
{
	struct html *html = page->html;
	struct report_certificates *certificates = page->certificates;
	const json_t *before = json_object_get(line, "before");
	const json_t *after = json_object_get(line, "after");
	struct mend_result result = {0};

	if (refer(page, line))
		return;
	html_raw(html, "<div class=\"chains\">");
	write_chain(page, "What the server sends", before, after, false);
	write_chain(page, "What it should send", after, before, true);
	html_raw(html, "</div>");
	write_stores(html, json_object_get(line, "stores"));
	bool served = collect(certificates, before, &result.served);
	bool mended = collect(certificates, after, &result.mended);
	result.changed = !certificate_list_equal(&result.served, &result.mended);
	result.anchor = report_certificates_find(certificates, text_of(json_object_get(line, "anchor"), "sha256"));
	add_given_up(certificates, line, &result);
	if (served && mended)
		write_recipes(page, &result);
	else
		write_missing(html, certificates, after);
	write_imports(page, line);
	html_raw(html, "</div>");
	finding_list_cleanup(&result.findings);
	certificate_list_cleanup(&result.served);
	certificate_list_cleanup(&result.mended);
}
