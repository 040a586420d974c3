#include "proxy/io/web_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/unit.h"

static struct web_peer of_address(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct web_peer peer;

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		web_peer_find(&peer, -1, (const struct sockaddr *)&in);
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		web_peer_find(&peer, -1, (const struct sockaddr *)&in6);
	else
		fail_msg("%s is no address", text);
	return peer;
}

static bool are_same(const char *a, const char *b)
{
	const struct web_peer first = of_address(a), second = of_address(b);
	return web_peer_same(&first, &second);
}

static void test_peers_are_the_same_by_address_or_network(void **state)
{
	(void)state;
	assert_true(are_same("192.0.2.1", "192.0.2.1"));
	assert_false(are_same("192.0.2.1", "192.0.2.2"));
	assert_true(are_same("192.0.2.1", "::ffff:192.0.2.1"));
	assert_true(are_same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
	assert_false(are_same("2001:db8:1:2::1", "2001:db8:1:3::1"));
	assert_false(are_same("192.0.2.1", "::c000:201"));
	assert_string_equal(of_address("2001:db8::7").text, "2001:db8::7");
	assert_string_equal(of_address("::ffff:192.0.2.1").text, "192.0.2.1");
}

static void test_loopback_is_one_whatever_its_address(void **state)
{
	static const char *const all[] = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.5"};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(of_address(all[i]).kind, WEB_PEER_LOOPBACK);
		assert_true(are_same(all[i], all[0]));
	}
	assert_int_equal(of_address("128.0.0.1").kind, WEB_PEER_IPV4);
	assert_int_equal(of_address("::2").kind, WEB_PEER_IPV6);
}

static void test_at_a_unix_socket_it_is_the_user(void **state)
{
	const struct sockaddr address = {.sa_family = AF_UNIX};
	struct web_peer peer, unknown;
	int fds[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	web_peer_find(&peer, fds[0], &address);
	assert_int_equal(peer.kind, WEB_PEER_USER);
	assert_int_equal(peer.id, geteuid());
	close(fds[0]);
	close(fds[1]);
	web_peer_find(&unknown, -1, NULL);
	assert_int_equal(unknown.kind, WEB_PEER_UNKNOWN);
	assert_false(web_peer_same(&peer, &unknown));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_peers_are_the_same_by_address_or_network),
	    cmocka_unit_test(test_loopback_is_one_whatever_its_address),
	    cmocka_unit_test(test_at_a_unix_socket_it_is_the_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
