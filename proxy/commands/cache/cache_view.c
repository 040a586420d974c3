#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "chaincache/base/buffer.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache_command.h"
#include "proxy/log/finding_json.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

#define INDENT 4
#define MIN_FINGERPRINT_CHARS 8 /* fewer hex digits are taken for a part of a subject */

static int64_t now_seconds(void)
{
	return time_text_now_ms() / 1000;
}

static int compare_subjects(const void *a, const void *b)
{
	const struct cache_item *one = a;
	const struct cache_item *other = b;
	int order = strcmp(one->certificate->subject, other->certificate->subject);
	return order != 0 ? order : strcmp(one->certificate->sha256_hex, other->certificate->sha256_hex);
}

static void print_item(const struct output *output, const struct cache_item *item)
{
	char day[TIME_TEXT_MAX];
	const struct certificate *certificate = item->certificate;
	bool expired = now_seconds() > certificate->not_after;
	const char *subject = certificate->subject[0] != '\0' ? certificate->subject : "(empty subject)";
	output_printf(output, STYLE_BOLD, "%s\n", subject);
	output_printf(output, STYLE_PLAIN, "%*sissuer   %s\n", INDENT, "", certificate->issuer);
	output_printf(output, expired ? STYLE_BAD : STYLE_PLAIN, "%*s%s  %s\n", INDENT, "",
		      expired ? "expired" : "expires", time_text_print_day(certificate->not_after, day));
	output_printf(output, STYLE_PLAIN, "%*ssource   %s%s%s\n", INDENT, "",
		      item->source[0] != '\0' ? item->source : "-", item->fetched[0] != '\0' ? ", " : "",
		      item->fetched);
	output_printf(output, STYLE_PLAIN, "%*ssize     %zu bytes\n", INDENT, "", certificate->der.len);
	output_printf(output, STYLE_DIM, "%*ssha256   %s\n", INDENT, "", certificate->sha256_hex);
}

static void print_details(const struct output *output, const struct cache_item *item)
{
	char day[TIME_TEXT_MAX];
	struct buffer pem;
	const struct certificate *certificate = item->certificate;
	print_item(output, item);
	output_printf(output, STYLE_PLAIN, "%*sserial   %s\n", INDENT, "", certificate->serial);
	output_printf(output, STYLE_PLAIN, "%*sfrom     %s\n", INDENT, "",
		      time_text_print_day(certificate->not_before, day));
	for (size_t i = 0; i < certificate->num_ca_issuer_urls; i++)
		output_printf(output, STYLE_PLAIN, "%*sissuers  %s\n", INDENT, "", certificate->ca_issuer_urls[i]);
	buffer_init(&pem, 2 * CERTIFICATE_MAX_BYTES);
	if (!failed(certificate_write_pem(certificate, &pem)))
		fputs(buffer_text(&pem), output->file);
	buffer_cleanup(&pem);
}

static json_t *item_json(const struct cache_item *item)
{
	struct certificate_entry entry = {item->certificate, SOURCE_CACHE};
	json_t *object = certificate_json(&entry);
	return keep_if_complete(
	    object, object != NULL && set_text_member(object, "source", item->source) &&
			set_text_member(object, "fetched", item->fetched) &&
			set_member(object, "bytes", json_integer((json_int_t)item->certificate->der.len)) &&
			set_member(object, "expired", json_boolean(now_seconds() > item->certificate->not_after)));
}

static bool print_json(const char *path, const struct cache_contents *contents)
{
	json_t *list = json_array();
	bool complete = list != NULL;
	for (size_t i = 0; i < contents->count && complete; i++)
		complete = json_array_append_new(list, item_json(&contents->items[i])) == 0;
	json_t *document = json_object();
	complete = set_text_member(document, "cache", path) && complete;
	complete = set_member(document, "certificates", list) && complete;
	complete = json_write(keep_if_complete(document, complete), stdout);
	if (!complete)
		complain("cache: the JSON could not be written: out of memory, or a full disk");
	return complete;
}

typedef void item_printer(const struct output *output, const struct cache_item *item);

static int print_contents(const struct cache_dir *dir, const struct cache_contents *contents, bool as_json,
			  item_printer *print)
{
	struct output output;

	if (as_json)
		return print_json(dir->path, contents) ? STATUS_OK : STATUS_FAILED;
	output_init(&output, stdout);
	for (size_t i = 0; i < contents->count; i++)
		print(&output, &contents->items[i]);
	return STATUS_OK;
}

static void print_count(const struct cache_dir *dir, const struct cache_contents *contents)
{
	struct output output;

	output_init(&output, stdout);
	output_printf(&output, STYLE_DIM, "%zu certificate%s in %s\n", contents->count, contents->count == 1 ? "" : "s",
		      dir->path);
}

int cache_list(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands)
{
	struct cache_contents contents;
	int status = STATUS_FAILED;
	(void)operands;
	(void)num_operands;
	if (!cache_contents_read(dir, &contents))
		goto out;
	if (contents.count > 0)
		qsort(contents.items, contents.count, sizeof(*contents.items), compare_subjects);
	status = print_contents(dir, &contents, options->json, print_item);
	if (!options->json)
		print_count(dir, &contents);
out:
	cache_contents_cleanup(&contents);
	return status;
}

/* Hex digits as people copy them, with colons or blanks between them, in lower case; false when it is no such thing. */
static bool read_fingerprint(const char *text, char out[SHA256_HEX_CHARS + 1])
{
	size_t len = 0;
	for (; *text != '\0'; text++) {
		if (*text == ':' || *text == ' ')
			continue;
		if (!isxdigit((unsigned char)*text) || len == SHA256_HEX_CHARS)
			return false;
		out[len++] = (char)tolower((unsigned char)*text);
	}
	out[len] = '\0';
	return len >= MIN_FINGERPRINT_CHARS;
}

static bool is_wanted(const struct cache_item *item, const char *wanted)
{
	char fingerprint[SHA256_HEX_CHARS + 1];
	if (read_fingerprint(wanted, fingerprint) &&
	    strncmp(item->certificate->sha256_hex, fingerprint, strlen(fingerprint)) == 0)
		return true;
	return strcasestr(item->certificate->subject, wanted) != NULL;
}

/* Drops the items that are not wanted. */
static void keep_wanted(struct cache_contents *contents, const char *wanted)
{
	size_t kept = 0;
	for (size_t i = 0; i < contents->count; i++) {
		bool keep = is_wanted(&contents->items[i], wanted);
		struct cache_item item = contents->items[i];
		if (keep) {
			contents->items[i] = contents->items[kept];
			contents->items[kept++] = item;
		}
	}
	for (size_t i = kept; i < contents->count; i++) {
		certificate_unref(contents->items[i].certificate);
		free(contents->items[i].source);
		free(contents->items[i].fetched);
	}
	contents->count = kept;
}

int cache_show(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands)
{
	struct cache_contents contents;
	int status = STATUS_FAILED;
	(void)num_operands;
	if (!cache_contents_read(dir, &contents))
		goto out;
	keep_wanted(&contents, operands[0]);
	if (contents.count == 0) {
		complain(
		    "cache: %s: no certificate in %s has this fingerprint or subject: chainmend cache list shows all",
		    operands[0], dir->path);
		goto out;
	}
	status = print_contents(dir, &contents, options->json, print_details);
out:
	cache_contents_cleanup(&contents);
	return status;
}
