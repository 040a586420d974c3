#include "proxy/shared/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/reader.h"
#include "proxy/shared/ticket_rotation.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

static const char text[] =
    "[site zero]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\n"
    "[site one]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\n"
    "hostnames = www.one.example\nhostnames = *.wild.example\n"
    "[site two]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\n"
    "hostnames = exact.wild.example\n"
    "[site three]\nlisten = 127.0.0.1:2\ncertificate = x\nbackend = tcp://127.0.0.1:9\ndefault = on\n";

static struct ticket_rotation tickets;

static int setup(void **state)
{
	(void)state;
	assert_ok(ticket_rotation_init(&tickets, 0));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ticket_rotation_cleanup(&tickets);
	pki_cleanup();
	return 0;
}

static struct shared_config *read_config(const char *content)
{
	struct config *config = NULL;
	struct buffer errors;

	buffer_init(&errors, 65536);
	if (!config_read_text(content, strlen(content), "test.ini", &config, &errors))
		fail_msg("%s", buffer_text(&errors));
	buffer_cleanup(&errors);
	for (size_t i = 0; i < config->num_sites; i++)
		if (config->sites[i].listens[0].port == 1)
			config->sites[i].listens[0].port = 0;
	return shared_config_new(config);
}

static void give_certificate(struct site *site, const struct certificate *leaf)
{
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);

	assert_ok(credential_new(site->config, &chain, pki_key(leaf), &site->credentials[site->num_credentials++]));
	certificate_list_cleanup(&chain);
}

static void test_which_site_answers(void **state)
{
	static const struct {
		const char *sni; /* NULL: none */
		size_t site;
		bool known;
	} cases[] = {
	    {NULL, 0, true},
	    {"nobody.example", 0, false},
	    {"", 0, false},
	    {".", 0, false},
	    {"www.one.example", 1, true},
	    {"WWW.One.Example.", 1, true},
	    {"x.wild.example", 1, true},
	    {"exact.wild.example", 2, true}, /* exact before wildcard, whatever the order of the sites */
	    {"a.x.wild.example", 0, false}, /* a wildcard stands for one label */
	    {"wild.example", 0, false},
	    {".wild.example", 0, false},
	    {"cert.zero.example", 0, true}, /* by a certificate's names */
	    {"y.star.example", 2, true},
	    {"both.example", 1, true}, /* the first site that has it */
	    {"z.wild.example", 1, true}, /* hostnames before certificates' names, even exact ones */
	    {"example", 0, false},
	    {"*.wild.example", 1, true}, /* no name, and harmless */
	};
	struct shared_config *shared = read_config(text);
	struct listen_socket *sockets[2] = {NULL, NULL};
	struct snapshot *snapshot = NULL;
	char long_name[1000];
	bool known;

	(void)state;
	assert_ok(listen_socket_open(&shared->config->sites[0].listens[0], 1, &sockets[0]));
	assert_ok(snapshot_new(shared, tickets.keys, &snapshot));
	sockets[1] = calloc(1, sizeof(*sockets[1])); /* an address without descriptors is enough here */
	atomic_init(&sockets[1]->references, 1);
	sockets[1]->host = strdup("127.0.0.1");
	sockets[1]->port = 2;
	give_certificate(&snapshot->sites[0], PKI(.cn = "0", .dns = PKI_STRINGS("Cert.Zero.Example")));
	give_certificate(&snapshot->sites[1], PKI(.cn = "1", .dns = PKI_STRINGS("both.example", "exact.wild.example")));
	give_certificate(&snapshot->sites[2], PKI(.cn = "2", .dns = PKI_STRINGS("*.star.example", "both.example",
										"z.wild.example", "*.example")));
	assert_ok(snapshot_finish(snapshot, sockets, 2));
	shared_config_unref(shared);

	assert_int_equal(snapshot->num_listeners, 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct site *site = site_lookup_find(snapshot->listeners[0].lookup, cases[i].sni, &known);

		if (site->index != cases[i].site || known != cases[i].known)
			fail_msg("%s: site %zu, known %d", cases[i].sni != NULL ? cases[i].sni : "no name", site->index,
				 known);
	}
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(site_lookup_find(snapshot->listeners[0].lookup, long_name, &known)->index, 0);
	assert_false(known);
	/* Another listener knows its own sites alone. */
	assert_int_equal(site_lookup_find(snapshot->listeners[1].lookup, "www.one.example", &known)->index, 3);
	assert_false(known);
	snapshot_unref(snapshot);
	listen_socket_unref(sockets[0]);
	listen_socket_unref(sockets[1]);
}

static void test_whose_host_it_is(void **state)
{
	static const char two[] = "[site a]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\n"
				  "hostnames = a.example, *.wild.example, 2001:db8::1\n"
				  "[site b]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\n"
				  "hostnames = b.example, 192.0.2.1\n";
	static const struct {
		size_t site; /* of the handshake */
		const char *host;
		bool elsewhere;
	} cases[] = {
	    {0, "a.example", false},
	    {0, "A.Example.:8443", false},
	    {0, "x.wild.example:1", false},
	    {0, "b.example", true},
	    {0, "B.EXAMPLE:443", true},
	    {0, "b.example.", true},
	    {0, "nobody.example", false},
	    {0, "", false},
	    {0, ":443", false},
	    {1, "b.example:8443", false},
	    {1, "a.example", true},
	    {1, "x.wild.example", true},
	    {1, "wild.example", false},
	    {0, "192.0.2.1:8443", true},
	    {1, "192.0.2.1", false},
	    {1, "[2001:db8::1]", true},
	    {1, "[2001:DB8:0::1]:8443", true},
	    {0, "[2001:db8::1]:1", false},
	    {1, "[::1]", false},
	    {1, "[", false},
	    {1, "[x]", false},
	};
	struct shared_config *shared = read_config(two);
	struct listen_socket *socket = NULL;
	struct snapshot *snapshot = NULL;
	char long_name[1000];

	(void)state;
	assert_ok(listen_socket_open(&shared->config->sites[0].listens[0], 2, &socket));
	assert_ok(snapshot_new(shared, tickets.keys, &snapshot));
	assert_ok(snapshot_finish(snapshot, &socket, 1));
	const struct site_lookup *lookup = snapshot->listeners[0].lookup;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct site *site = &snapshot->sites[cases[i].site];
		if (site_lookup_is_elsewhere(lookup, site, bytes_of_string(cases[i].host)) != cases[i].elsewhere)
			fail_msg("%s from site %zu", cases[i].host, cases[i].site);
	}
	memset(long_name, 'a', sizeof(long_name));
	assert_false(site_lookup_is_elsewhere(lookup, &snapshot->sites[0], bytes_of(long_name, sizeof(long_name))));
	snapshot_unref(snapshot);
	shared_config_unref(shared);
	listen_socket_unref(socket);
}

static void test_a_site_alone_has_every_host(void **state)
{
	static const char one[] = "[site a]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\n"
				  "hostnames = a.example\n";
	struct shared_config *shared = read_config(one);
	struct listen_socket *socket = NULL;
	struct snapshot *snapshot = NULL;

	(void)state;
	assert_ok(listen_socket_open(&shared->config->sites[0].listens[0], 1, &socket));
	assert_ok(snapshot_new(shared, tickets.keys, &snapshot));
	assert_ok(snapshot_finish(snapshot, &socket, 1));
	assert_false(
	    site_lookup_is_elsewhere(snapshot->listeners[0].lookup, &snapshot->sites[0], bytes_of_string("b.example")));
	snapshot_unref(snapshot);
	shared_config_unref(shared);
	listen_socket_unref(socket);
}

static void test_default_site_wins_over_the_first(void **state)
{
	static const char two[] =
	    "[site a]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\n"
	    "[site b]\nlisten = 127.0.0.1:1\ncertificate = x\nbackend = tcp://127.0.0.1:9\ndefault = on\n";
	struct shared_config *shared = read_config(two);
	struct listen_socket *socket = NULL;
	struct snapshot *snapshot = NULL;
	bool known;

	(void)state;
	assert_ok(listen_socket_open(&shared->config->sites[0].listens[0], 2, &socket));
	assert_ok(snapshot_new(shared, tickets.keys, &snapshot));
	assert_ok(snapshot_finish(snapshot, &socket, 1));
	assert_int_equal(site_lookup_find(snapshot->listeners[0].lookup, NULL, &known)->index, 1);
	assert_int_equal(site_lookup_find(snapshot->listeners[0].lookup, "x.example", &known)->index, 1);
	/* The objects that it borrows stay until the last reference goes. */
	listen_socket_unref(socket);
	shared_config_unref(shared);
	assert_string_equal(snapshot->sites[1].config->name, "b");
	snapshot_unref(snapshot_ref(snapshot));
	snapshot_unref(snapshot);
}

static void test_address_without_a_socket(void **state)
{
	struct shared_config *shared = read_config(text);
	struct snapshot *snapshot = NULL;

	(void)state;
	assert_ok(snapshot_new(shared, tickets.keys, &snapshot));
	assert_kind(snapshot_finish(snapshot, NULL, 0), ERROR_USAGE);
	snapshot_unref(snapshot);
	shared_config_unref(shared);
}

static void test_many_names(void **state)
{
	static char *names[5001];
	struct shared_config *shared = read_config(text);
	struct config_site *site = &shared->config->sites[2];
	struct listen_socket *sockets[2] = {NULL, NULL};
	struct snapshot *snapshot = NULL;
	char name[64];
	bool known;

	(void)state;
	struct string_list given = site->hostnames;
	for (size_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "host%zu.example", i);
		names[i] = strdup(name);
	}
	site->hostnames = (struct string_list){names, 5000};
	shared->config->sites[3].listens[0].port = 0;
	assert_ok(listen_socket_open(&shared->config->sites[0].listens[0], 1, &sockets[0]));
	assert_ok(snapshot_new(shared, tickets.keys, &snapshot));
	assert_ok(snapshot_finish(snapshot, sockets, 1));
	for (size_t i = 0; i < 5000; i++) {
		assert_int_equal(site_lookup_find(snapshot->listeners[0].lookup, names[i], &known)->index, 2);
		free(names[i]);
	}
	site->hostnames = given;
	snapshot_unref(snapshot);
	shared_config_unref(shared);
	listen_socket_unref(sockets[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_site_answers),          cmocka_unit_test(test_whose_host_it_is),
	    cmocka_unit_test(test_a_site_alone_has_every_host), cmocka_unit_test(test_default_site_wins_over_the_first),
	    cmocka_unit_test(test_address_without_a_socket),    cmocka_unit_test(test_many_names),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
