#include "tests/support/hostile_bag.h"

#include <stdio.h>

#define CLIQUE 10
#define NAME_CHARS 32

#define LEAF(...) PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)

static void add(struct hostile_bag *bag, const struct certificate *certificate)
{
	bag->items[bag->count++] = certificate;
	bag->items[bag->count] = NULL;
}

void hostile_bag_clique(struct hostile_bag *bag)
{
	const struct certificate *own[CLIQUE];
	char names[CLIQUE][NAME_CHARS];

	*bag = (struct hostile_bag){.count = 0};
	for (size_t i = 0; i < CLIQUE; i++) {
		snprintf(names[i], NAME_CHARS, "Member %zu", i);
		own[i] = PKI(.cn = names[i], .ca = true);
	}
	add(bag, LEAF(.issuer = own[0]));
	for (size_t i = 0; i < CLIQUE; i++)
		for (size_t k = 0; k < CLIQUE; k++)
			if (i != k)
				add(bag, PKI(.cn = names[i], .ca = true, .issuer = own[k]));
}

void hostile_bag_twins(struct hostile_bag *bag, const struct certificate *root)
{
	*bag = (struct hostile_bag){.count = 0};
	add(bag, LEAF(.issuer = PKI(.cn = "Twin", .ca = true, .issuer = root)));
	while (bag->count < HOSTILE_BAG_MAX)
		add(bag, PKI(.cn = "Twin", .ca = true, .issuer = root, .serial = 1000 + bag->count));
}

void hostile_bag_impostors(struct hostile_bag *bag, const struct certificate *root)
{
	const struct certificate *true_one = PKI(.cn = "Issuer", .ca = true, .issuer = root, .ski = PKI_KEY_ID_ABSENT,
						 .not_after = PKI_NOT_AFTER - PKI_DAY);

	*bag = (struct hostile_bag){.count = 0};
	add(bag, LEAF(.issuer = true_one, .aki = PKI_KEY_ID_ABSENT));
	for (unsigned i = 1; bag->count < HOSTILE_BAG_MAX - 1; i++)
		add(bag, PKI(.cn = "Issuer", .ca = true, .issuer = root, .key_number = i, .ski = PKI_KEY_ID_ABSENT));
	add(bag, true_one);
}

enum { LEVEL = 8, RULES = 120, RULE_CHARS = 32, NAMES = 500 };

/* No name of the leaf falls under any of them. */
static void print_rules(char *out, size_t out_size, size_t number)
{
	size_t len = 0;

	for (size_t i = 0; i < RULES; i++)
		len += (size_t)snprintf(out + len, out_size - len, "%sexcluded;DNS:%zu-%zu.test", i > 0 ? "," : "",
					number, i);
}

static void add_level(struct hostile_bag *bag, const char *name, const struct certificate *issuer)
{
	char rules[RULES * RULE_CHARS];

	for (size_t i = 0; i < LEVEL; i++) {
		print_rules(rules, sizeof(rules), i);
		add(bag, PKI(.cn = name, .ca = true, .issuer = issuer, .name_constraints = rules));
	}
}

void hostile_bag_constrained(struct hostile_bag *bag, const struct certificate *root)
{
	char names[NAMES][NAME_CHARS];
	const char *list[NAMES + 1] = {NULL};

	for (size_t i = 0; i < NAMES; i++) {
		snprintf(names[i], NAME_CHARS, "n%zu.example", i);
		list[i] = names[i];
	}
	*bag = (struct hostile_bag){.count = 0};
	const struct certificate *upper = PKI(.cn = "Upper", .ca = true, .issuer = root);
	const struct certificate *lower = PKI(.cn = "Lower", .ca = true, .issuer = upper);
	add(bag, PKI(.cn = "a.example", .dns = list, .issuer = lower));
	add_level(bag, "Lower", upper);
	add_level(bag, "Upper", root);
}
