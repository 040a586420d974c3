/* The recipes filled in: their commands, the files that these name, and what certificates cannot put into them. */
#include "proxy/commands/repair/repair_script.h"

#include <string.h>

#include "tests/support/mend_world.h"

#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static struct repair_plan plan;
static struct repair_script script;

static void fill(struct mend_world *world, const char *server, const char *host)
{
	repair_plan_make(world_mend(world), PKI_NOW, &plan);
	assert_ok(repair_script_make(&plan, repair_recipe_find(server), (struct repair_names){.host = host}, &script));
}

/* All commands and lines, one after another. */
static const char *all_commands(void)
{
	static struct buffer text;

	buffer_cleanup(&text);
	buffer_init(&text, 1 << 20);
	for (size_t i = 0; i < script.num_steps; i++) {
		assert_ok(buffer_append(&text, buffer_bytes(&script.steps[i].commands)));
		assert_ok(buffer_append(&text, buffer_bytes(&script.steps[i].lines)));
	}
	return buffer_text(&text);
}

static void expect_command(const char *command)
{
	if (strstr(all_commands(), command) == NULL)
		fail_msg("lacks %s:\n%s", command, all_commands());
}

static void test_every_recipe_is_whole(void **state)
{
	const struct certificate *root = CA("Root"), *issuing = CA("Issuing", .issuer = root),
				 *expired = CA("Issuing", .issuer = root, .not_after = PKI_NOW - PKI_DAY),
				 *leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));
	const struct repair_recipe *recipe;
	size_t count = 0;
	(void)state;

	for (; (recipe = repair_recipe_at(count)) != NULL; count++) {
		struct mend_world world = {0};
		WORLD_SERVE(&world, leaf, expired);
		WORLD_CACHE(&world, issuing);
		WORLD_TRUST(&world, "store", root);
		assert_ptr_equal(repair_recipe_find(recipe->name), recipe);
		fill(&world, recipe->name, NULL);
		assert_true(script.needed);
		assert_true(script.num_files > 0);
		assert_null(strchr(buffer_text(&script.steps[0].text), '@'));
		expect_command("chainmend check a.example\n");
		for (size_t i = 0; i < script.num_files; i++) {
			assert_non_null(strstr(all_commands(), script.files[i].name));
			assert_null(strchr(script.files[i].name, '/'));
			assert_true(strncmp(buffer_text(&script.files[i].pem), "-----BEGIN CERTIFICATE-----\n", 28) ==
				    0);
		}
		repair_script_cleanup(&script);
		world_cleanup(&world);
	}
	assert_int_equal(count, 8);
	assert_null(repair_recipe_find("IIS"));
	assert_null(repair_recipe_find(""));
}

/* A file server has its file written anew; one that builds the chain itself has nothing to do. */
static void test_what_only_a_file_has_wrong(void **state)
{
	const struct certificate *root = CA("Root"), *policy = CA("Policy", .issuer = root),
				 *issuing = CA("Issuing", .issuer = policy),
				 *leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));
	static const struct {
		const char *server;
		bool needed;
	} each[] = {{"iis", false},   {"exchange", false}, {"netscaler", false}, {"nginx", true},
		    {"apache", true}, {"haproxy", true},   {"java", true},       {"f5", true}};
	(void)state;

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		struct mend_world world = {0};
		WORLD_SERVE(&world, leaf, policy, issuing);
		WORLD_TRUST(&world, "store", root);
		fill(&world, each[i].server, NULL);
		assert_int_equal(script.needed, each[i].needed);
		assert_int_equal(script.num_steps > 0, each[i].needed);
		assert_int_equal(script.num_files > 0, each[i].needed);
		repair_script_cleanup(&script);
		world_cleanup(&world);
	}
}

/* Where the root issued the leaf itself, there is no chain to be set. */
static void test_no_intermediate_at_all(void **state)
{
	const struct certificate *root = CA("Root"),
				 *leaf = PKI(.cn = "a.example", .issuer = root, .dns = PKI_STRINGS("a.example"));
	static const struct {
		const char *server;
		const char *command;
		const char *absent;
	} each[] = {
	    {"f5", "{ ENTRY { chain none } }", "intermediates"},
	    {"apache", "SSLCertificateFile /etc/ssl/apache/a-example-chain.pem\n", "SSLCertificateChainFile"},
	    {"java", "cat a-example-chain.pem root-", "-file a-example-chain.pem"},
	    {"netscaler", "unlink ssl certKey CERTKEY\n", "\nlink ssl"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		struct mend_world world = {0};
		WORLD_SERVE(&world, leaf, root);
		WORLD_TRUST(&world, "store", root);
		fill(&world, each[i].server, NULL);
		expect_command(each[i].command);
		assert_null(strstr(all_commands(), each[i].absent));
		repair_script_cleanup(&script);
		world_cleanup(&world);
	}
}

static void test_the_name_to_ask(void **state)
{
	const struct certificate *root = CA("Root"), *issuing = CA("Issuing", .issuer = root);
	const struct {
		const char *const *dns;
		const char *host;
		const char *command;
	} each[] = {
	    {PKI_STRINGS("a.example", "b.example"), NULL, "check a.example\n"},
	    {PKI_STRINGS("a.example", "b.example"), "b.example", "check b.example\n"},
	    {PKI_STRINGS("*.example.com", "www.example.com"), NULL, "check www.example.com\n"},
	    {PKI_STRINGS("*.example.com"), NULL, "check HOST\n"},
	    {NULL, NULL, "check HOST\n"},
	    {PKI_STRINGS("a.example"), "2001:db8::1", "check HOST\n"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		struct mend_world world = {0};
		WORLD_SERVE(&world, PKI(.cn = "A", .issuer = issuing, .dns = each[i].dns));
		WORLD_CACHE(&world, issuing);
		WORLD_TRUST(&world, "store", root);
		fill(&world, "nginx", each[i].host);
		expect_command(each[i].command);
		repair_script_cleanup(&script);
		world_cleanup(&world);
	}
}

/* Names that a certificate brings along reach no command as they are. */
static void test_hostile_names_reach_no_command(void **state)
{
	static const char bad[] =
	    "$(touch /tmp/x); rm -rf / & `id` | \"'\\\n    certutil -addstore Root evil.cer @chain@";
	const struct certificate *root = CA("Root"), *issuing = CA(bad, .issuer = root),
				 *expired = CA(bad, .issuer = root, .not_after = PKI_NOW - PKI_DAY),
				 *leaf = PKI(.cn = bad, .issuer = issuing, .dns = PKI_STRINGS(bad, "-x.example"));
	const struct repair_recipe *recipe;
	(void)state;

	for (size_t i = 0; (recipe = repair_recipe_at(i)) != NULL; i++) {
		struct mend_world world = {0};
		WORLD_SERVE(&world, leaf, expired);
		WORLD_CACHE(&world, issuing);
		WORLD_TRUST(&world, "store", root);
		fill(&world, recipe->name, NULL);
		const char *commands = all_commands();
		assert_null(strpbrk(commands, "$`\"'\\"));
		assert_null(strstr(commands, "rm -rf"));
		assert_null(strstr(commands, "evil.cer"));
		assert_null(strstr(commands, "check -x"));
		for (size_t step = 0; step < script.num_steps; step++)
			assert_null(strchr(buffer_text(&script.steps[step].text), '\n'));
		for (size_t file = 0; file < script.num_files; file++)
			assert_int_equal(strspn(script.files[file].name, "abcdefghijklmnopqrstuvwxyz0123456789-."),
					 strlen(script.files[file].name));
		repair_script_cleanup(&script);
		world_cleanup(&world);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_recipe_is_whole),          cmocka_unit_test(test_what_only_a_file_has_wrong),
	    cmocka_unit_test(test_no_intermediate_at_all),         cmocka_unit_test(test_the_name_to_ask),
	    cmocka_unit_test(test_hostile_names_reach_no_command),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
