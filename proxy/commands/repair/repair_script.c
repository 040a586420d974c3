#include "proxy/commands/repair/repair_script.h"

#include <stdio.h>

#include <openssl/sha.h>

#include "chaincache/certificate/certificate_words.h"
#include "chaincache/certificate/host_name.h"

#define MAX_TEXT_BYTES ((size_t)1024 * 1024) /* of a step */
#define MAX_PEM_BYTES ((size_t)16 * 1024 * 1024) /* of a file */
#define DIGEST_CHARS_IN_NAME 8 /* so that the twins of a name have names of their own */

/* Where a word is written, and what it is about. */
struct expansion {
	struct repair_script *script;
	const struct repair_item *item;
	bool names_files; /* what is named here has to be there */
	struct buffer *out;
};

static const struct certificate *leaf_of(const struct repair_script *script)
{
	return script->plan->groups[REPAIR_LEAF].items[0].certificate;
}

const char *repair_script_stem(const struct repair_plan *plan, char out[REPAIR_MAX_NAME_CHARS + 1])
{
	char slug[CERTIFICATE_WORDS_SLUG_CHARS];
	const struct certificate *leaf = plan->groups[REPAIR_LEAF].items[0].certificate;
	bool named = leaf->common_name != NULL && leaf->common_name[0] != '\0';
	snprintf(out, REPAIR_MAX_NAME_CHARS + 1, "%.*s", REPAIR_MAX_NAME_CHARS,
		 named ? certificate_words_slug(leaf, slug) : "server");
	return out;
}

static const char *stem_of(const struct repair_script *script, char out[REPAIR_MAX_NAME_CHARS + 1])
{
	return script->names.stem != NULL ? script->names.stem : repair_script_stem(script->plan, out);
}

static const char *print_name(const struct certificate *certificate, char out[REPAIR_MAX_NAME_CHARS + 1])
{
	char slug[CERTIFICATE_WORDS_SLUG_CHARS];
	int room = REPAIR_MAX_NAME_CHARS - DIGEST_CHARS_IN_NAME - 1;
	bool named = certificate->common_name != NULL && certificate->common_name[0] != '\0';
	snprintf(out, REPAIR_MAX_NAME_CHARS + 1, "%.*s-%.*s", room,
		 named ? certificate_words_slug(certificate, slug) : "issuer", DIGEST_CHARS_IN_NAME,
		 certificate->sha256_hex);
	return out;
}

static struct error print_pem(const struct certificate *const *certificates, size_t count, struct buffer *out)
{
	struct error error = error_none();
	for (size_t i = 0; i < count && !failed(error); i++)
		error = certificate_write_pem(certificates[i], out);
	return error;
}

static struct error need_file(struct expansion *expansion, const char *name,
			      const struct certificate *const *certificates, size_t count)
{
	struct repair_script *script = expansion->script;
	if (!expansion->names_files)
		return error_none();
	for (size_t i = 0; i < script->num_files; i++) {
		if (strcmp(script->files[i].name, name) == 0)
			return error_none();
	}
	if (script->num_files == REPAIR_MAX_FILES)
		return error_of(ERROR_LIMIT, 0, "the repair needs more files than any chain has certificates");
	struct repair_file *file = &script->files[script->num_files++];
	snprintf(file->name, sizeof(file->name), "%s", name);
	buffer_init(&file->pem, MAX_PEM_BYTES);
	return print_pem(certificates, count, &file->pem);
}

/* Writes the mended chain from its certificate `first` on, at most `count` of them, into a file of its own. */
static struct error write_chain_file(struct expansion *expansion, const char *suffix, size_t first, size_t count)
{
	const struct certificate_list *mended = &expansion->script->plan->result->mended;
	const struct certificate *certificates[REPAIR_PLAN_MAX_ITEMS];
	char stem[REPAIR_MAX_NAME_CHARS + 1];
	char name[REPAIR_MAX_FILE_CHARS + 1];
	size_t num_certificates = 0;
	for (size_t i = first; i < mended->count && i - first < count && num_certificates < REPAIR_PLAN_MAX_ITEMS; i++)
		certificates[num_certificates++] = mended->items[i].certificate;
	snprintf(name, sizeof(name), "%s%s.pem", stem_of(expansion->script, stem), suffix);
	struct error error = need_file(expansion, name, certificates, num_certificates);
	return failed(error) ? error : buffer_printf(expansion->out, "%s", name);
}

static struct error write_chain(struct expansion *expansion)
{
	return write_chain_file(expansion, "-chain", 0, REPAIR_PLAN_MAX_ITEMS);
}

static struct error write_leaf(struct expansion *expansion)
{
	return write_chain_file(expansion, "", 0, 1);
}

static struct error write_intermediates(struct expansion *expansion)
{
	return write_chain_file(expansion, "-intermediates", 1, REPAIR_PLAN_MAX_ITEMS);
}

static struct error write_file(struct expansion *expansion)
{
	char stem[REPAIR_MAX_NAME_CHARS + 1];
	char name[REPAIR_MAX_FILE_CHARS + 1];
	snprintf(name, sizeof(name), "%s.cer", print_name(expansion->item->certificate, stem));
	struct error error = need_file(expansion, name, &expansion->item->certificate, 1);
	return failed(error) ? error : buffer_printf(expansion->out, "%s", name);
}

static struct error write_name(struct expansion *expansion)
{
	char name[REPAIR_MAX_NAME_CHARS + 1];
	return buffer_printf(expansion->out, "%s", print_name(expansion->item->certificate, name));
}

const char *repair_script_thumbprint(const struct certificate *certificate, char out[REPAIR_THUMBPRINT_CHARS + 1])
{
	uint8_t digest[SHA_DIGEST_LENGTH];

	SHA1(certificate->der.data, certificate->der.len, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02X", digest[i]);
	return out;
}

static struct error write_thumbprint(struct expansion *expansion)
{
	char thumbprint[REPAIR_THUMBPRINT_CHARS + 1];
	const struct repair_script *script = expansion->script;
	const struct certificate *certificate = expansion->item->certificate;
	bool named = script->names.thumbprint != NULL && certificate_equal(certificate, leaf_of(script));

	return buffer_printf(expansion->out, "%s",
			     named ? script->names.thumbprint : repair_script_thumbprint(certificate, thumbprint));
}

static struct error write_subject(struct expansion *expansion)
{
	return buffer_printf(expansion->out, "%s", certificate_words_subject(expansion->item->certificate).text);
}

static struct error write_cert_key(struct expansion *expansion, const struct certificate *certificate)
{
	char name[REPAIR_MAX_NAME_CHARS + 1];
	char slug[CERTIFICATE_WORDS_SLUG_CHARS];
	if (certificate_equal(certificate, leaf_of(expansion->script)))
		return buffer_printf(expansion->out, "CERTKEY");
	if (repair_plan_adds(expansion->script->plan, certificate))
		return buffer_printf(expansion->out, "%s", print_name(certificate, name));
	return buffer_printf(expansion->out, "CERTKEY-OF-%s", certificate_words_slug(certificate, slug));
}

static struct error write_child(struct expansion *expansion)
{
	return write_cert_key(expansion, expansion->item->certificate);
}

static struct error write_issuer(struct expansion *expansion)
{
	return write_cert_key(expansion, expansion->item->issuer);
}

static struct error write_stem(struct expansion *expansion)
{
	char stem[REPAIR_MAX_NAME_CHARS + 1];
	return buffer_printf(expansion->out, "%s", stem_of(expansion->script, stem));
}

/* In ASCII: what a locale calls a letter is not safe in a command. */
static bool is_letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_plain_host(struct bytes host)
{
	for (size_t i = 0; i < host.len; i++) {
		if (!is_letter_or_digit(host.data[i]) && host.data[i] != '.' && host.data[i] != '-')
			return false;
	}
	return host.len > 0 && host.len <= HOST_NAME_MAX_CHARS && is_letter_or_digit(host.data[0]);
}

static struct error write_host(struct expansion *expansion)
{
	const struct certificate *leaf = leaf_of(expansion->script);
	struct bytes host = bytes_of_string(expansion->script->names.host != NULL ? expansion->script->names.host : "");
	for (size_t i = 0; i < leaf->num_alt_names && host.len == 0; i++) {
		if (leaf->alt_names[i].type == ALT_NAME_DNS && is_plain_host(leaf->alt_names[i].value))
			host = leaf->alt_names[i].value;
	}
	return buffer_append(expansion->out, is_plain_host(host) ? host : bytes_of_string(REPAIR_HOST_UNKNOWN));
}

static struct error write_length(struct expansion *expansion)
{
	return buffer_printf(expansion->out, "%zu", expansion->script->plan->result->mended.count);
}

static const struct {
	const char *word;
	struct error (*write)(struct expansion *expansion);
} words[] = {
    {"chain", write_chain},     {"leaf", write_leaf},   {"intermediates", write_intermediates},
    {"file", write_file},       {"name", write_name},   {"thumbprint", write_thumbprint},
    {"subject", write_subject}, {"child", write_child}, {"issuer", write_issuer},
    {"stem", write_stem},       {"host", write_host},   {"length", write_length},
};

/* Writes the word at the start of `text` ("word@..."); *taken is 0 where there is none. */
static struct error expand_word(struct expansion *expansion, const char *text, size_t *taken)
{
	size_t len = strcspn(text, "@");
	*taken = 0;
	for (size_t i = 0; text[len] == '@' && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].word) != len || strncmp(words[i].word, text, len) != 0)
			continue;
		*taken = len + 1;
		return words[i].write(expansion);
	}
	return error_none();
}

static struct error expand(struct expansion *expansion, const char *text)
{
	struct error error = error_none();
	while (*text != '\0' && !failed(error)) {
		size_t plain = strcspn(text, "@");
		error = buffer_append(expansion->out, bytes_of(text, plain));
		text += plain;
		if (*text == '\0' || failed(error))
			break;
		size_t taken = 0;
		error = expand_word(expansion, text + 1, &taken);
		if (!failed(error) && taken == 0)
			error = buffer_append(expansion->out, bytes_of("@", 1));
		text += 1 + taken;
	}
	return error;
}

/* Once for each certificate of a group. */
static struct error expand_lines(struct repair_script *script, const struct repair_items *items, const char *text,
				 struct buffer *out)
{
	struct error error = error_none();
	for (size_t i = 0; text != NULL && i < items->count && !failed(error); i++) {
		struct expansion expansion = {script, &items->items[i], true, out};
		error = expand(&expansion, text);
		if (!failed(error))
			error = buffer_append(out, bytes_of("\n", 1));
	}
	return error;
}

static struct error add_step(struct repair_script *script, const struct repair_step *step)
{
	const struct repair_plan *plan = script->plan;
	const struct repair_items *items = &plan->groups[step->each];
	if (!repair_plan_has(plan, step->when) || repair_plan_has(plan, step->unless) || items->count == 0)
		return error_none();
	if (script->num_steps == REPAIR_MAX_STEPS)
		return error_of(ERROR_LIMIT, 0, "the recipe has too many steps");
	struct repair_step_text *text = &script->steps[script->num_steps++];
	buffer_init(&text->text, MAX_TEXT_BYTES);
	buffer_init(&text->commands, MAX_TEXT_BYTES);
	buffer_init(&text->lines, MAX_TEXT_BYTES);
	struct expansion expansion = {script, &items->items[0], false, &text->text};
	struct error error = expand(&expansion, step->text);
	if (!failed(error))
		error = expand_lines(script, items, step->commands, &text->commands);
	return failed(error) ? error : expand_lines(script, items, step->lines, &text->lines);
}

static struct error add_steps(struct repair_script *script, const struct repair_step *steps)
{
	struct error error = error_none();
	for (const struct repair_step *step = steps; step != NULL && step->text != NULL && !failed(error); step++)
		error = add_step(script, step);
	return error;
}

static bool is_needed(const struct repair_plan *plan, const struct repair_recipe *recipe)
{
	if (!repair_plan_has(plan, REPAIR_LEAF))
		return false;
	if (recipe->needs[0] == REPAIR_NOBODY)
		return plan->result->changed;
	return repair_plan_has(plan, recipe->needs[0]) || repair_plan_has(plan, recipe->needs[1]);
}

struct error repair_script_make(const struct repair_plan *plan, const struct repair_recipe *recipe,
				struct repair_names names, struct repair_script *out)
{
	struct error error = error_none();
	*out = (struct repair_script){.plan = plan, .recipe = recipe, .names = names};
	out->needed = is_needed(plan, recipe);
	if (!out->needed)
		return error_none();
	for (size_t i = 0; i < sizeof(recipe->parts) / sizeof(recipe->parts[0]) && !failed(error); i++)
		error = add_steps(out, recipe->parts[i]);
	if (!failed(error))
		error = add_step(out, &repair_recipe_last_step);
	if (failed(error))
		repair_script_cleanup(out);
	return error;
}

void repair_script_cleanup(struct repair_script *script)
{
	for (size_t i = 0; i < script->num_steps; i++) {
		buffer_cleanup(&script->steps[i].text);
		buffer_cleanup(&script->steps[i].commands);
		buffer_cleanup(&script->steps[i].lines);
	}
	for (size_t i = 0; i < script->num_files; i++)
		buffer_cleanup(&script->files[i].pem);
	*script = (struct repair_script){0};
}
