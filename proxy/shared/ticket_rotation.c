#include "proxy/shared/ticket_rotation.h"

#include <openssl/mem.h>
#include <openssl/rand.h>

static void make_secret(struct ticket_secret *secret)
{
	RAND_bytes(secret->name, sizeof(secret->name)); /* BoringSSL's never fails: it aborts */
	RAND_bytes(secret->secret, sizeof(secret->secret));
}

static struct error make_keys(const struct ticket_rotation *rotation, struct ticket_keys **out)
{
	struct ticket_secret secrets[] = {rotation->current, rotation->former};
	struct error error = ticket_keys_new(secrets, rotation->has_former ? 2 : 1, out);

	OPENSSL_cleanse(secrets, sizeof(secrets));
	return error;
}

struct error ticket_rotation_init(struct ticket_rotation *rotation, uint64_t now_s)
{
	*rotation = (struct ticket_rotation){.made_s = now_s};
	make_secret(&rotation->current);
	return make_keys(rotation, &rotation->keys);
}

void ticket_rotation_cleanup(struct ticket_rotation *rotation)
{
	ticket_keys_unref(rotation->keys);
	OPENSSL_cleanse(rotation, sizeof(*rotation));
}

struct error ticket_rotation_step(struct ticket_rotation *rotation, uint64_t now_s, bool *out_changed)
{
	uint64_t age_s = now_s > rotation->made_s ? now_s - rotation->made_s : 0;

	*out_changed = false;
	if (age_s < TICKET_KEY_LIFETIME_S)
		return error_none();
	struct ticket_rotation next = {
	    .former = rotation->current,
	    /* After a long sleep the present key is itself older than a former one may be. */
	    .has_former = age_s < 2 * TICKET_KEY_LIFETIME_S,
	    .made_s = now_s,
	};
	make_secret(&next.current);
	struct error error = make_keys(&next, &next.keys);
	if (!failed(error)) {
		ticket_keys_unref(rotation->keys);
		*rotation = next;
		*out_changed = true;
	}
	OPENSSL_cleanse(&next, sizeof(next));
	return error;
}
