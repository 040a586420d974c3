/* site_faults - the lines about sites whose files are wrong. */
#ifndef PROXY_SITES_SITE_FAULTS_H
#define PROXY_SITES_SITE_FAULTS_H

#include "chaincache/base/buffer.h"
#include "conf/config.h"
#include "proxy/mending/site_material.h"

/* site_faults_print appends "site NAME: PATH: why" for each fault. One that several sites have (the global roots cannot
 * be read) is printed for the first of them, with how many more have it. */
void site_faults_print(const struct config *config, struct site_material *const *materials, struct buffer *out);

#endif
