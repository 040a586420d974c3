#include "proxy/control/server_questions.h"

#include "proxy/control/server_state.h"
#include "proxy/log/time_text.h"

bool server_is_covered(void *context, const char *site, const char *name)
{
	const struct server *server = context;
	const struct managed_site *found = site_set_find(server->set, site);
	return found != NULL && managed_site_covers(found, name);
}

bool server_find_terms(void *context, const char *site, struct backend_trust_terms *out)
{
	const struct server *server = context;
	const struct managed_site *found = site_set_find(server->set, site);

	if (found == NULL)
		return false;
	managed_site_terms(found, out);
	return out->services != NULL;
}

void server_give_verdict(void *context, unsigned worker, uint64_t connection, bool trusted, const char *reason)
{
	const struct server *server = context;
	if (worker < server->num_workers && server->workers[worker] != NULL)
		worker_give_verdict(server->workers[worker], connection, trusted, reason);
}

bool server_roll_back(void *context, const struct chain_roll_back *roll_back)
{
	const struct server *server = context;
	struct managed_site *found = site_set_find(server->set, roll_back->site);
	return server->state == SERVER_RUNNING && found != NULL &&
	       managed_site_roll_back(found, roll_back, time_text_now_ms());
}

bool server_is_certificate(void *context, const char *site, unsigned part)
{
	const struct server *server = context;
	const struct managed_site *found = site_set_find(server->set, site);
	return found != NULL && part < managed_site_num_certificates(found);
}

bool server_is_site(void *context, const char *site)
{
	const struct server *server = context;
	return site_set_find(server->set, site) != NULL;
}

bool server_has_group(void *context, const struct finding_group *group)
{
	const struct server *server = context;
	const struct managed_site *site = site_set_find(server->set, group->site);
	return site != NULL && managed_site_has_group(site, group);
}

void server_look(void *context, struct overview *out)
{
	static const char *const states[] = {[SERVER_STARTING] = "starting",
					     [SERVER_RUNNING] = "running",
					     [SERVER_DRAINING] = "draining",
					     [SERVER_STOPPED] = "stopped"};
	const struct server *server = context;

	*out = (struct overview){
	    .state = states[server->state],
	    .running = server->state == SERVER_RUNNING,
	    .ready = server->state == SERVER_RUNNING && site_set_serves(server->set),
	    .sites = server->set,
	    .fix_log = server->fix_log,
	    .mends = &server->mends,
	    .reloads = &server->reloads,
	    .watch = server->events.watch,
	    .workers = server->workers,
	    .num_workers = server->num_workers,
	};
}
