/* fetch_failure - why a URL gave no body. */
#ifndef CHAINCACHE_FETCHING_FETCH_FAILURE_H
#define CHAINCACHE_FETCHING_FETCH_FAILURE_H

#define FETCH_ALLOW_LINE "fetch_allow = " /* the start of a refusal's detail; what is to be allowed follows, one word */
#define FETCH_REDIRECTED_TO " (redirected to " /* the end of a detail after a redirect: this, the URL, ")" */

enum fetch_failure {
	FETCH_FAILURE_NETWORK, /* resolve, connect, time-out, reset, HTTP status, too large, too many redirects */
	FETCH_FAILURE_REFUSED, /* the policy does not allow the address; detail begins with the fetch_allow line to add */
	FETCH_FAILURE_PAUSED, /* it failed a short while ago and is not asked again yet */
};

#endif
