#include "proxy/sites/key_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/mem.h>

#include "chaincache/base/file.h"
#include "chaincache/files/certificate_file.h"
#include "chaincache/files/chain_order.h"
#include "chaincache/files/leaf_choice.h"
#include "chaincache/files/password.h"

enum { MAX_WHY = 1024 };

void site_error(struct site_reading *reading, const char *path, const char *why, ...)
{
	char text[MAX_WHY];
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	reading->good = false;
	/* Above the buffer's maximum there are errors enough to work on already. */
	struct error full = buffer_printf(&reading->faults, "%s: %s\n", path, text);
	(void)full;
}

static void read_password(struct site_reading *reading)
{
	const char *path = reading->config->key_password_file;
	struct buffer password;
	char text[ERROR_MAX_TEXT];

	if (path == NULL)
		return;
	struct error error = password_read(path, &password);
	if (failed(error)) {
		site_error(reading, path, "the password file cannot be read: %s%s",
			   error_print(error, text, sizeof(text)), file_advice(error));
	} else {
		reading->password = strdup(buffer_text(&password));
		if (reading->password == NULL)
			site_error(reading, path, "out of memory");
	}
	password_wipe(&password);
}

static const char *password_advice(const struct site_reading *reading)
{
	return reading->password != NULL ? "look whether key_password_file holds the right password"
					 : "give its password in a file named by key_password_file";
}

static void read_key(struct site_reading *reading, const char *path)
{
	struct site_material *material = reading->material;
	struct certificate_file_options options = {.password = reading->password, .source = SOURCE_FILE};
	struct certificate_file file;
	char text[ERROR_MAX_TEXT];

	if (material->num_keys == SITE_MAX_KEYS) {
		site_error(reading, path, "more than %d keys for one site", SITE_MAX_KEYS);
		return;
	}
	struct error error = certificate_file_read(path, &options, &file);
	if (failed(error)) {
		char fault[CERTIFICATE_FILE_MAX_FAULT];
		site_error(reading, path, "the key cannot be read: %s%s%s%s", certificate_file_fault(&file, fault),
			   error_print(error, text, sizeof(text)), error.kind == ERROR_MISMATCH ? ": " : "",
			   error.kind == ERROR_MISMATCH ? password_advice(reading) : file_advice(error));
		return;
	}
	if (file.key == NULL) {
		site_error(reading, path, "there is no private key in this file: name the file that holds it in `key`");
	} else {
		material->keys[material->num_keys++] = file.key;
		file.key = NULL;
	}
	certificate_file_cleanup(&file);
}

void key_files_read(struct site_reading *reading)
{
	read_password(reading);
	for (size_t i = 0; i < reading->config->keys.count; i++)
		read_key(reading, reading->config->keys.items[i]);
}

static bool take_key(struct site_pair *pair, EVP_PKEY *key)
{
	int64_t now = (int64_t)time(NULL);
	struct error error = leaf_choice_find(&pair->chain, key, now, &pair->leaf_place);
	if (!failed(error))
		error = leaf_choice_put_first(&pair->chain, key, now);
	if (failed(error))
		return false;
	if (pair->is_set) {
		chain_order_sort(&pair->chain);
		pair->leaf_place = 0;
	}
	EVP_PKEY_up_ref(key);
	pair->key = key;
	return true;
}

bool key_files_match(struct site_reading *reading, struct site_pair *pair, const char *path, EVP_PKEY *own_key)
{
	const struct site_material *material = reading->material;

	if (own_key != NULL && take_key(pair, own_key))
		return true;
	for (size_t i = 0; i < material->num_keys; i++) {
		if (take_key(pair, material->keys[i])) {
			reading->key_used[i] = true;
			return true;
		}
	}
	/* A key that could not be read has its line already. */
	if (material->num_keys < reading->config->keys.count)
		return false;
	if (own_key == NULL && material->num_keys == 0)
		site_error(reading, path, "there is no private key in this file: name the file that holds it in `key`");
	else
		site_error(reading, path,
			   "no certificate in this file belongs to the private key%s: name the key that its "
			   "certificate was issued for in `key`",
			   material->num_keys + (own_key != NULL) > 1 ? "s that were given" : "");
	return false;
}

void key_files_cleanup(struct site_reading *reading)
{
	if (reading->password != NULL)
		OPENSSL_cleanse(reading->password, strlen(reading->password));
	free(reading->password);
	reading->password = NULL;
}
