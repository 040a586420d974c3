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
