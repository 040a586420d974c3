#include "proxy/commands/check/chain_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/nid.h>

#include "chaincache/base/printable.h"
#include "chaincache/base/quoted_name.h"
#include "chaincache/certificate/algorithm.h"
#include "chaincache/certificate/issuer_match.h"
#include "proxy/log/time_text.h"

#define MARGIN 2
#define LEVEL_COLUMNS 3
#define MAX_LEVELS 10 /* drawn; a longer list goes on below the tenth */
#define MAX_NAMES_SHOWN 4
#define SECONDS_AN_HOUR 3600
#define SECONDS_A_DAY 86400
#define DAYS_A_YEAR 365
#define MAX_LINE 512
#define FINDING_INDENT 5
#define ARROW_COLUMNS 3

/* How one chain is drawn. */
struct drawing {
	const struct chain_view *view;
	const struct certificate_list *chain;
	bool is_served; /* gaps and strangers are marked */
};

static void heading(const struct chain_view *view, const char *title)
{
	output_printf(view->output, STYLE_PLAIN, "\n");
	output_printf(view->output, STYLE_BOLD, "%s\n", title);
}

static void blanks(const struct chain_view *view, unsigned count)
{
	output_printf(view->output, STYLE_PLAIN, "%*s", (int)count, "");
}

static const char *shown_name(const struct certificate *certificate)
{
	return certificate->subject[0] != '\0' ? certificate->subject : "(no subject)";
}

static const char *print_key(const struct certificate *certificate, char out[ALGORITHM_WORDS_CHARS])
{
	static const struct {
		int nid;
		const char *words;
	} curves[] = {{NID_X9_62_prime256v1, "P-256"}, {NID_secp384r1, "P-384"}, {NID_secp521r1, "P-521"}};
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (certificate->key_type == KEY_TYPE_EC && certificate->ec_curve_nid == curves[i].nid) {
			snprintf(out, ALGORITHM_WORDS_CHARS, "%s", curves[i].words);
			return out;
		}
	}
	if (certificate->key_type == KEY_TYPE_ED25519)
		snprintf(out, ALGORITHM_WORDS_CHARS, "Ed25519");
	else if (certificate->key_type == KEY_TYPE_RSA_PSS)
		snprintf(out, ALGORITHM_WORDS_CHARS, "RSA bound to PSS");
	else if (certificate->key_type == KEY_TYPE_OTHER)
		algorithm_key_words(certificate, out);
	else
		snprintf(out, ALGORITHM_WORDS_CHARS, "%s of %u bits",
			 certificate->key_type == KEY_TYPE_RSA ? "RSA" : "EC", certificate->key_bits);
	return out;
}

static const char *print_span(int64_t seconds, char *out, size_t out_size)
{
	int64_t days = seconds / SECONDS_A_DAY;
	int64_t hours = seconds / SECONDS_AN_HOUR;
	if (days / DAYS_A_YEAR >= 2)
		snprintf(out, out_size, "%" PRId64 " years", days / DAYS_A_YEAR);
	else if (days >= 2)
		snprintf(out, out_size, "%" PRId64 " days", days);
	else
		snprintf(out, out_size, "%" PRId64 " hour%s", hours, hours == 1 ? "" : "s");
	return out;
}

/* "expires 2027-01-01, in 41 days", in red when that is the trouble. */
static void print_validity(const struct chain_view *view, const struct certificate *certificate)
{
	char day[TIME_TEXT_MAX];
	char span[64];
	if (view->now > certificate->not_after)
		output_printf(view->output, STYLE_BAD, "expired %s, %s ago",
			      time_text_print_day(certificate->not_after, day),
			      print_span(view->now - certificate->not_after, span, sizeof(span)));
	else if (view->now < certificate->not_before)
		output_printf(view->output, STYLE_BAD, "not valid before %s, in %s",
			      time_text_print_day(certificate->not_before, day),
			      print_span(certificate->not_before - view->now, span, sizeof(span)));
	else
		output_printf(view->output, STYLE_DIM, "expires %s, in %s",
			      time_text_print_day(certificate->not_after, day),
			      print_span(certificate->not_after - view->now, span, sizeof(span)));
}

/* Draws the lines before a text in the tree, by its level, and by whether another certificate follows below. */
static void print_stem(const struct chain_view *view, unsigned level, bool goes_on)
{
	unsigned shown = level < MAX_LEVELS ? level : MAX_LEVELS;
	blanks(view, MARGIN + shown * LEVEL_COLUMNS);
	output_printf(view->output, STYLE_DIM, "%s", goes_on ? output_glyph(view->output, GLYPH_BAR) : "   ");
}

static void print_branch(const struct chain_view *view, unsigned level)
{
	unsigned shown = level < MAX_LEVELS ? level : MAX_LEVELS;
	blanks(view, MARGIN + (shown > 0 ? shown - 1 : 0) * LEVEL_COLUMNS);
	if (level > 0)
		output_printf(view->output, STYLE_DIM, "%s", output_glyph(view->output, GLYPH_BRANCH));
}

/* As it stands in a certificate, in one line: a line feed in it would begin a line that looks like ours. */
static struct quoted_name alt_name_words(const struct alt_name *name)
{
	char clean[QUOTED_NAME_CHARS];

	printable_copy(name->value, PRINTABLE_ASCII, clean, sizeof(clean));
	return quoted_name(clean);
}

static void print_names_of(const struct chain_view *view, const struct certificate *certificate, bool goes_on)
{
	char line[MAX_LINE] = "";
	size_t shown = 0;
	size_t len = 0;
	for (size_t i = 0; i < certificate->num_alt_names && shown < MAX_NAMES_SHOWN; i++) {
		const struct alt_name *name = &certificate->alt_names[i];
		struct quoted_name quoted = alt_name_words(name);
		if (name->type != ALT_NAME_DNS || len + strlen(quoted.text) + sizeof(", ") > sizeof(line))
			continue;
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s", shown > 0 ? ", " : "", quoted.text);
		shown++;
	}
	if (shown == 0)
		return;
	print_stem(view, 0, goes_on);
	output_printf(view->output, STYLE_DIM, "for %s", line);
	if (certificate->num_alt_names > shown)
		output_printf(view->output, STYLE_DIM, " and %zu more", certificate->num_alt_names - shown);
	output_printf(view->output, STYLE_PLAIN, "\n");
}

static void print_details(const struct chain_view *view, const struct certificate_entry *entry, unsigned level,
			  bool goes_on)
{
	char key[ALGORITHM_WORDS_CHARS];
	print_stem(view, level, goes_on);
	print_validity(view, entry->certificate);
	output_printf(view->output, STYLE_DIM, "%s%s%s%s\n", output_glyph(view->output, GLYPH_DOT),
		      print_key(entry->certificate, key), output_glyph(view->output, GLYPH_DOT),
		      certificate_source_name(entry->source));
}

static bool holds_issuer_of(const struct certificate_list *chain, const struct certificate *child)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (issuer_match_names(chain->items[i].certificate, child))
			return true;
	}
	return false;
}

static bool is_stranger(const struct drawing *drawing, size_t index)
{
	return drawing->is_served && index > 0 &&
	       !issuer_match_names(drawing->chain->items[index].certificate,
				   drawing->chain->items[index - 1].certificate);
}

/* Draws the line below the last certificate: the root that clients have, or the gap. */
static void draw_end(const struct drawing *drawing)
{
	const struct chain_view *view = drawing->view;
	const struct certificate *anchor = view->result->anchor;
	unsigned level = (unsigned)drawing->chain->count;
	const struct certificate *last = drawing->chain->items[level - 1].certificate;
	if (holds_issuer_of(drawing->chain, last))
		return;
	print_branch(view, level);
	if (anchor != NULL && issuer_match_names(anchor, last)) {
		output_printf(view->output, STYLE_DIM, "%s%s%s\n", shown_name(anchor),
			      output_glyph(view->output, GLYPH_DOT), "the root, which clients have themselves");
		return;
	}
	output_printf(view->output, STYLE_BAD, "%s %s", output_glyph(view->output, GLYPH_NO),
		      last->issuer[0] != '\0' ? last->issuer : "(no name)");
	output_printf(view->output, STYLE_BAD, "%s%s\n", output_glyph(view->output, GLYPH_DOT),
		      drawing->is_served ? "the issuer is missing" : "the issuer was found nowhere");
}

static void draw_chain(const struct drawing *drawing)
{
	const struct chain_view *view = drawing->view;
	const struct certificate_list *chain = drawing->chain;
	bool has_end = chain->count > 0 && !holds_issuer_of(chain, chain->items[chain->count - 1].certificate);
	for (size_t i = 0; i < chain->count; i++) {
		bool goes_on = i + 1 < chain->count || has_end;
		print_branch(view, (unsigned)i);
		output_printf(view->output, STYLE_BOLD, "%s", shown_name(chain->items[i].certificate));
		if (is_stranger(drawing, i))
			output_printf(view->output, STYLE_BAD, "%s%s not the issuer of the one above",
				      output_glyph(view->output, GLYPH_DOT), output_glyph(view->output, GLYPH_NO));
		output_printf(view->output, STYLE_PLAIN, "\n");
		print_details(view, &chain->items[i], (unsigned)i, goes_on);
		if (i == 0)
			print_names_of(view, chain->items[i].certificate, goes_on);
	}
	if (chain->count > 0)
		draw_end(drawing);
}

static const char *words_of_the_same(const struct mend_result *result)
{
	if (result->mended_trusted)
		return "Mended: the same. This chain is right as it is.";
	bool not_judged = finding_list_has(&result->findings, FINDING_NOT_JUDGED) ||
			  finding_list_has(&result->findings, FINDING_KEY_UNSUPPORTED);
	if (not_judged && mend_exit_status(result, false) == 0)
		return "Mended: the same. What can be judged of this chain is right.";
	return "Mended: the same. Nothing better was found.";
}

static void draw_chains(const struct chain_view *view)
{
	const struct mend_result *result = view->result;
	struct drawing served = {view, &result->served, true};
	struct drawing mended = {view, &result->mended, false};
	char title[MAX_LINE];
	snprintf(title, sizeof(title), "%s: %zu certificate%s, %zu bytes", view->from_server ? "Served" : "In the file",
		 result->served.count, result->served.count == 1 ? "" : "s", certificate_list_bytes(&result->served));
	heading(view, title);
	draw_chain(&served);
	if (!result->changed) {
		output_printf(view->output, STYLE_PLAIN, "\n");
		output_wrap(view->output, STYLE_PLAIN, 0, words_of_the_same(result));
		return;
	}
	snprintf(title, sizeof(title), "Mended: %zu certificate%s, %zu bytes", result->mended.count,
		 result->mended.count == 1 ? "" : "s", certificate_list_bytes(&result->mended));
	heading(view, title);
	draw_chain(&mended);
}

static void print_verdict_mark(const struct chain_view *view, bool good)
{
	output_printf(view->output, good ? STYLE_GOOD : STYLE_BAD, "%s",
		      output_glyph(view->output, good ? GLYPH_YES : GLYPH_NO));
}

/* Says whether a store's clients accept a chain that cannot be judged is an open question. */
static void print_store_mark(const struct chain_view *view, bool trusted, bool judged)
{
	if (judged)
		print_verdict_mark(view, trusted);
	else
		output_printf(view->output, STYLE_WARNING, "?");
}

static void print_names(const struct chain_view *view)
{
	if (view->result->num_names == 0)
		return;
	heading(view, "Names");
	for (size_t i = 0; i < view->result->num_names; i++) {
		const struct name_result *name = &view->result->names[i];
		blanks(view, MARGIN);
		print_verdict_mark(view, name->match.verdict == NAME_COVERED);
		char line[HOST_NAME_MAX_CHARS + sizeof(": ") + NAME_MATCH_MAX_TEXT];
		snprintf(line, sizeof(line), "%s: %s", name->name.text, name->match.why);
		output_printf(view->output, STYLE_PLAIN, " ");
		output_wrap(view->output, STYLE_PLAIN, 2 * MARGIN, line);
	}
}

static void print_stores(const struct chain_view *view)
{
	if (view->ignore_trust || view->result->num_stores == 0)
		return;
	heading(view, "Trust stores");
	for (size_t i = 0; i < view->result->num_stores; i++) {
		const struct store_verdict *store = &view->result->stores[i];
		blanks(view, MARGIN);
		print_store_mark(view, store->served_trusted, store->served_judged);
		output_printf(view->output, STYLE_PLAIN, " %s   ", view->from_server ? "served" : "as in the file");
		print_store_mark(view, store->mended_trusted, store->mended_judged);
		output_printf(view->output, STYLE_PLAIN, " mended   %s\n", store->name);
	}
}

static enum style style_of(enum finding_severity severity)
{
	static const enum style severity_styles[] = {
	    [SEVERITY_INFO] = STYLE_DIM,
	    [SEVERITY_WARNING] = STYLE_WARNING,
	    [SEVERITY_FIXED] = STYLE_FIXED,
	    [SEVERITY_ERROR] = STYLE_BAD,
	};
	return severity_styles[severity];
}

static void print_finding(const struct chain_view *view, const struct finding *finding)
{
	blanks(view, MARGIN);
	output_printf(view->output, style_of(finding->severity), "%-7s", finding_severity_name(finding->severity));
	output_printf(view->output, STYLE_BOLD, " %s\n", finding_code_name(finding->code));
	blanks(view, FINDING_INDENT);
	output_wrap(view->output, STYLE_PLAIN, FINDING_INDENT, finding->message);
	if (finding->advice == NULL || finding->advice[0] == '\0')
		return;
	output_printf(view->output, STYLE_DIM, "%*s%s", FINDING_INDENT - ARROW_COLUMNS, "",
		      output_glyph(view->output, GLYPH_ARROW));
	output_wrap(view->output, STYLE_DIM, FINDING_INDENT, finding->advice);
}

void chain_view_print_findings(const struct chain_view *view)
{
	const struct finding_list *findings = &view->result->findings;
	size_t num_printed = 0;
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_INFO; severity--) {
		for (size_t i = 0; i < findings->count; i++) {
			if (findings->items[i].severity != (enum finding_severity)severity)
				continue;
			if (num_printed++ > 0)
				output_printf(view->output, STYLE_PLAIN, "\n");
			print_finding(view, &findings->items[i]);
		}
	}
	if (findings->num_dropped > 0)
		output_printf(view->output, STYLE_WARNING, "  ... and %zu findings more, the worst of them: %s\n",
			      findings->num_dropped, finding_severity_name(finding_list_worst_dropped(findings)));
	if (num_printed > 0)
		output_point_to_findings(view->output);
}

static void print_pin(const struct chain_view *view)
{
	char hex[SHA256_HEX_CHARS + 1];
	const struct certificate *leaf = view->result->served.items[0].certificate;
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", leaf->spki_sha256[i]);
	heading(view, "Pin of the leaf's key (backend_pin)");
	output_printf(view->output, STYLE_PLAIN, "  %s\n", hex);
}

static bool has_warning(const struct mend_result *result)
{
	for (size_t i = 0; i < result->findings.count; i++)
		if (result->findings.items[i].severity == SEVERITY_WARNING)
			return true;
	return finding_list_worst_dropped(&result->findings) == SEVERITY_WARNING;
}

static void print_verdict(const struct chain_view *view)
{
	static const struct {
		enum style style;
		const char *words;
	} verdicts[] = {
	    {STYLE_GOOD, "Nothing is wrong."},
	    {STYLE_FIXED, "Something is wrong, and the mended chain repairs all of it."},
	    {STYLE_BAD, "Something is wrong that no chain can repair: see the errors above."},
	};
	int status = mend_exit_status(view->result, false);
	output_printf(view->output, STYLE_PLAIN, "\n");
	if (status == 0 && has_warning(view->result))
		output_wrap(view->output, STYLE_WARNING, 0, "Nothing is wrong, apart from the warnings above.");
	else
		output_wrap(view->output, verdicts[status].style, 0, verdicts[status].words);
}

void chain_view_print(const struct chain_view *view)
{
	char target[OUTPUT_MAX_TEXT];

	output_printf(view->output, STYLE_BOLD, "%s", output_clean_line(view->target, target, sizeof(target)));
	if (view->connection[0] != '\0')
		output_printf(view->output, STYLE_DIM, "%s%s", output_glyph(view->output, GLYPH_DOT), view->connection);
	output_printf(view->output, STYLE_PLAIN, "\n");
	draw_chains(view);
	print_names(view);
	print_stores(view);
	if (view->result->findings.count > 0) {
		heading(view, "Findings");
		chain_view_print_findings(view);
	}
	print_pin(view);
	print_verdict(view);
}
