#include "chaincache/paths/path_builder.h"

_Static_assert(MEND_MAX_DEPTH == 16, "a message says so");

void path_builder_init(struct path_builder *builder, const struct issuer_pool *pool, struct signature_memo *memo,
		       struct certificate_entry leaf, bool leaf_is_anchor)
{
	*builder = (struct path_builder){.pool = pool, .memo = memo, .error = error_none()};
	path_push(&builder->path, leaf);
	builder->levels[0].anchor = leaf_is_anchor;
}

void path_builder_cleanup(struct path_builder *builder)
{
	for (size_t i = 0; i < MEND_MAX_DEPTH; i++)
		issuer_candidates_cleanup(&builder->levels[i].candidates);
	builder->path.count = 0;
}

static struct path_builder_level *top(struct path_builder *builder)
{
	return &builder->levels[builder->path.count - 1];
}

static void pop(struct path_builder *builder)
{
	issuer_candidates_cleanup(&top(builder)->candidates);
	builder->path.count--;
}

static void push(struct path_builder *builder, const struct issuer_candidate *candidate)
{
	path_push(&builder->path, candidate->entry);
	*top(builder) = (struct path_builder_level){.anchor = candidate->anchor};
}

static bool finish_path(const struct path_builder *builder, enum path_end end, struct path *out)
{
	*out = builder->path;
	out->end = end;
	return true;
}

/* Visits a level for the first time. Says whether the path ends here and is to be returned. */
static bool enter(struct path_builder *builder, struct path *out)
{
	struct path_builder_level *level = top(builder);
	const struct certificate *certificate = path_last(&builder->path);

	level->state = LEVEL_SEARCHING;
	bool self_signed = !level->anchor && (signature_memo_self_signed(builder->memo, certificate) ||
					      signature_memo_self_issued(builder->memo, certificate));
	if (!self_signed && !(level->anchor && certificate->self_issued))
		builder->error =
		    issuer_pool_find(builder->pool, certificate, builder->path.count - 1, &level->candidates);
	if (!level->anchor && !self_signed)
		return false;
	level->extended = true;
	return finish_path(builder, level->anchor ? PATH_END_ANCHOR : PATH_END_SELF_SIGNED, out);
}

/* Says whether the certificate came with the leaf: sent by the server, or from its file. */
static bool is_given(enum certificate_source source)
{
	return source == SOURCE_SERVED || source == SOURCE_FILE || source == SOURCE_BACKEND;
}

/* Follows an issuer that cannot be judged only where it was given with the leaf or is an anchor. None is taken from the
 * cache or the network. */
static bool is_issuer(struct path_builder *builder, const struct issuer_candidate *candidate,
		      const struct certificate *child)
{
	switch (signature_memo_ask(builder->memo, candidate->entry.certificate, child)) {
	case SIGNATURE_VERIFIES:
		return true;
	case SIGNATURE_NOT_JUDGED:
		return candidate->anchor || is_given(candidate->entry.source);
	case SIGNATURE_FAILS:
	case SIGNATURE_OUT_OF_MEMORY:
		break;
	}
	return false;
}

/* Tries the level's candidates until one is an issuer: it is pushed. Says whether there was one. */
static bool extend(struct path_builder *builder)
{
	struct path_builder_level *level = top(builder);
	struct budget *budget = builder->memo->budget;
	const struct certificate *child = path_last(&builder->path);

	while (level->next < level->candidates.count) {
		const struct issuer_candidate *candidate = &level->candidates.items[level->next++];
		if (!budget_spend_step(budget)) {
			level->next = level->candidates.count;
			return false;
		}
		if (path_would_loop(&builder->path, candidate->entry.certificate) ||
		    !is_issuer(builder, candidate, child))
			continue;
		if (builder->path.count == MEND_MAX_DEPTH) {
			budget_refuse(budget, "the depth of a path (16 certificates, with leaf and root)");
			continue;
		}
		level->extended = true;
		push(builder, candidate);
		return true;
	}
	return false;
}

bool path_builder_next(struct path_builder *builder, struct path *out)
{
	while (builder->path.count > 0 && !failed(builder->error)) {
		if (top(builder)->state == LEVEL_NEW) {
			if (enter(builder, out))
				return true;
			continue;
		}
		if (extend(builder))
			continue;
		bool dead = !top(builder)->extended;
		if (dead)
			finish_path(builder, PATH_END_DEAD, out);
		pop(builder);
		if (dead)
			return true;
	}
	return false;
}
