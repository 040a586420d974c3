#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/claims.h"

#define MAX_TOLD 256
#define ADDRESS(text, number)                                                                                          \
	{                                                                                                              \
		(char *)(text), (number)                                                                               \
	}

/* Sites 0 and 2 share an address, so do 1 and 2; site 3 has other ports, site 4 has the first address in other letters,
 * site 5 one address twice. */
static struct config_address first[] = {ADDRESS("a.example", 443)};
static struct config_address second[] = {ADDRESS("b.example", 443)};
static struct config_address both[] = {ADDRESS("b.example", 443), ADDRESS("a.example", 443)};
static struct config_address other_ports[] = {ADDRESS("a.example", 8443), ADDRESS("b.example", 8443)};
static struct config_address upper[] = {ADDRESS("A.Example", 443)};
static struct config_address twice[] = {ADDRESS("c.example", 443), ADDRESS("C.example", 443)};
static char *names[8];
static struct config_site sites[] = {
    {.listens = first, .num_listens = 1, .hostnames = {names, 8}},
    {.listens = second, .num_listens = 1},
    {.listens = both, .num_listens = 2},
    {.listens = other_ports, .num_listens = 2},
    {.listens = upper, .num_listens = 1},
    {.listens = twice, .num_listens = 2},
};
static const struct config config = {.sites = sites, .num_sites = sizeof(sites) / sizeof(sites[0])};

static void take_pair(void *context, size_t first_site, size_t second_site)
{
	char *told = context;
	size_t len = strlen(told);

	snprintf(told + len, MAX_TOLD - len, "%zu<%zu ", first_site, second_site);
}

/* `claimed` has a word of one letter and the digit of a site for each claim; `expected` each reported pair. */
static void check_claims(struct claims *claims, const char *claimed, enum claims_scope scope, const char *expected)
{
	static char words[16][2];
	char told[MAX_TOLD] = "";
	size_t count = 0;

	for (const char *at = claimed; *at != '\0'; at += 2, count++) {
		words[count][0] = at[0];
		claims_add(claims, words[count], (size_t)(at[1] - '0'));
	}
	claims_settle(claims, scope, take_pair, told);
	assert_string_equal(told, expected);
}

static void test_tells_the_nearest_site_before(void **state)
{
	struct claims *claims = claims_new(&config);
	(void)state;

	assert_non_null(claims);
	check_claims(claims, "", CLAIMS_ANYWHERE, "");
	check_claims(claims, "x0y1z2", CLAIMS_ANYWHERE, "");
	check_claims(claims, "x3x0X1", CLAIMS_ANYWHERE, "0<1 1<3 ");
	check_claims(claims, "", CLAIMS_AT_AN_ADDRESS, "");
	claims_free(claims);
	claims_free(NULL);
}

static void test_an_address_has_to_be_shared(void **state)
{
	static const struct {
		const char *claimed;
		const char *told;
	} cases[] = {
	    {"x0x1", ""},
	    {"x0x2", "0<2 "},
	    {"x1x2", "1<2 "},
	    {"x0x1x2", "1<2 "},
	    {"x2X0", "0<2 "},
	    {"x0x3", ""},
	    {"x0x4", "0<4 "},
	    {"x0x2x4", "0<2 2<4 "},
	    {"x0y2x4y1", "0<4 1<2 "},
	    {"x0x0x2x2", "0<2 0<2 "}, /* twice each */
	    {"x0x0", ""},
	    {"x5", ""}, /* a site does not meet itself */
	    {"x0y0x3y3", ""},
	};
	struct claims *claims = claims_new(&config);
	(void)state;

	assert_non_null(claims);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_claims(claims, cases[i].claimed, CLAIMS_AT_AN_ADDRESS, cases[i].told);
	claims_free(claims);
}

static void count_pair(void *context, size_t first_site, size_t second_site)
{
	(void)first_site;
	(void)second_site;
	++*(size_t *)context;
}

/* All sites that a configuration can hold claim the same word, each at 200 addresses of its own: none meets another. */
static void test_many_sites_meet_at_no_address(void **state)
{
	enum { NUM_LISTENS = 200, HOST_CHARS = 8 };
	struct config_site *many = calloc(CONFIG_MAX_SITES, sizeof(*many));
	struct config_address *listens = calloc((size_t)CONFIG_MAX_SITES * NUM_LISTENS, sizeof(*listens));
	char *hosts = calloc(CONFIG_MAX_SITES, HOST_CHARS);
	struct config all = {.sites = many, .num_sites = CONFIG_MAX_SITES};
	size_t num_told = 0;
	(void)state;

	assert_true(many != NULL && listens != NULL && hosts != NULL);
	for (size_t i = 0; i < CONFIG_MAX_SITES; i++) {
		char *host = hosts + i * HOST_CHARS;
		snprintf(host, HOST_CHARS, "h%zu", i);
		many[i].listens = listens + i * NUM_LISTENS;
		many[i].num_listens = NUM_LISTENS;
		for (size_t k = 0; k < NUM_LISTENS; k++)
			many[i].listens[k] = (struct config_address){host, (uint16_t)(k + 1)};
	}
	struct claims *claims = claims_new(&all);
	assert_non_null(claims);
	for (size_t i = 0; i < CONFIG_MAX_SITES; i++)
		claims_add(claims, "word", i);
	claims_settle(claims, CLAIMS_AT_AN_ADDRESS, count_pair, &num_told);
	assert_int_equal(num_told, 0);
	claims_free(claims);
	free(many);
	free(listens);
	free(hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tells_the_nearest_site_before),
	    cmocka_unit_test(test_an_address_has_to_be_shared),
	    cmocka_unit_test(test_many_sites_meet_at_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
