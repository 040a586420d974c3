#include "chaincache/fetching/address_class.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <string.h>

static enum address_class classified(const char *text)
{
	uint8_t bytes[IPV6_BYTES];
	bool is_ipv6 = strchr(text, ':') != NULL;

	assert_int_equal(inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, bytes), 1);
	struct address address = address_of(bytes, is_ipv6 ? IPV6_BYTES : IPV4_BYTES);
	return address_classify(&address);
}

static const struct {
	const char *text;
	enum address_class address_class;
} classes[] = {
    {"8.8.8.8", ADDRESS_PUBLIC},
    {"0.0.0.0", ADDRESS_RESERVED},
    {"0.255.255.255", ADDRESS_RESERVED},
    {"1.0.0.0", ADDRESS_PUBLIC},
    {"9.255.255.255", ADDRESS_PUBLIC},
    {"10.0.0.0", ADDRESS_PRIVATE},
    {"10.255.255.255", ADDRESS_PRIVATE},
    {"11.0.0.0", ADDRESS_PUBLIC},
    {"100.63.255.255", ADDRESS_PUBLIC},
    {"100.64.0.0", ADDRESS_PRIVATE},
    {"100.127.255.255", ADDRESS_PRIVATE},
    {"100.128.0.0", ADDRESS_PUBLIC},
    {"127.0.0.1", ADDRESS_LOOPBACK},
    {"127.255.255.255", ADDRESS_LOOPBACK},
    {"169.254.169.254", ADDRESS_LINK_LOCAL},
    {"169.253.255.255", ADDRESS_PUBLIC},
    {"172.15.255.255", ADDRESS_PUBLIC},
    {"172.16.0.0", ADDRESS_PRIVATE},
    {"172.31.255.255", ADDRESS_PRIVATE},
    {"172.32.0.0", ADDRESS_PUBLIC},
    {"192.0.0.1", ADDRESS_RESERVED},
    {"192.0.2.1", ADDRESS_RESERVED},
    {"192.88.99.1", ADDRESS_RESERVED},
    {"192.168.1.1", ADDRESS_PRIVATE},
    {"198.17.255.255", ADDRESS_PUBLIC},
    {"198.18.0.0", ADDRESS_RESERVED},
    {"198.19.255.255", ADDRESS_RESERVED},
    {"198.51.100.1", ADDRESS_RESERVED},
    {"203.0.113.1", ADDRESS_RESERVED},
    {"223.255.255.255", ADDRESS_PUBLIC},
    {"224.0.0.1", ADDRESS_MULTICAST},
    {"239.255.255.255", ADDRESS_MULTICAST},
    {"240.0.0.1", ADDRESS_RESERVED},
    {"255.255.255.255", ADDRESS_RESERVED},
    {"::", ADDRESS_RESERVED},
    {"::1", ADDRESS_LOOPBACK},
    {"::2", ADDRESS_RESERVED},
    {"2a00:1450::1", ADDRESS_PUBLIC},
    {"2001:db8::1", ADDRESS_RESERVED},
    {"2001:2::1", ADDRESS_RESERVED},
    {"2001:10::1", ADDRESS_RESERVED},
    {"2001:200::1", ADDRESS_PUBLIC},
    {"3fff::1", ADDRESS_RESERVED},
    {"3ffe::1", ADDRESS_PUBLIC},
    {"4000::1", ADDRESS_RESERVED},
    {"100::1", ADDRESS_RESERVED},
    {"5f00::1", ADDRESS_RESERVED},
    {"fc00::1", ADDRESS_PRIVATE},
    {"fdff::1", ADDRESS_PRIVATE},
    {"fe00::1", ADDRESS_RESERVED},
    {"fe80::1", ADDRESS_LINK_LOCAL},
    {"febf::1", ADDRESS_LINK_LOCAL},
    {"fec0::1", ADDRESS_PRIVATE},
    {"ff02::1", ADDRESS_MULTICAST},
    /* IPv4 addresses inside */
    {"::ffff:8.8.8.8", ADDRESS_PUBLIC},
    {"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
    {"::ffff:169.254.169.254", ADDRESS_LINK_LOCAL},
    {"::8.8.8.8", ADDRESS_PUBLIC},
    {"::127.0.0.1", ADDRESS_LOOPBACK},
    {"64:ff9b::8.8.8.8", ADDRESS_PUBLIC},
    {"64:ff9b::10.0.0.1", ADDRESS_PRIVATE},
    {"64:ff9b::169.254.169.254", ADDRESS_LINK_LOCAL},
    {"64:ff9b:1::8.8.8.8", ADDRESS_RESERVED}, /* the short form reads 0.0.0.0 */
    {"64:ff9b:1:808:8:800::", ADDRESS_RESERVED},
    {"64:ff9b:1::169.254.169.254", ADDRESS_LINK_LOCAL},
    {"64:ff9b:1:a9fe:a9:fe00::", ADDRESS_LINK_LOCAL},
    {"2002:808:808::1", ADDRESS_PUBLIC},
    {"2002:7f00:1::1", ADDRESS_LOOPBACK},
    {"2002:a9fe:a9fe::1", ADDRESS_LINK_LOCAL},
    {"2001:0:808:808:0:0:f7f7:f7f7", ADDRESS_PUBLIC},
    {"2001:0:808:808:0:0:80ff:fffe", ADDRESS_LOOPBACK}, /* 127.0.0.1 inverted */
    {"2001:0:a00:1:0:0:f7f7:f7f7", ADDRESS_PRIVATE},
};

static void test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classified(classes[i].text) != classes[i].address_class)
			fail_msg("%s is of class %d", classes[i].text, (int)classified(classes[i].text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
