/* cmd/demo_site.h - the ground a demo stands on: one folder with keys, settings and everything that the centre writes.
 *
 *     TMPDIR/kentongan-XXXXXX/  kentongan.yaml  keys/  run/  data/  outbox/  centre.log
 *
 * (1) The folder goes when the demo goes, however it ends: a small process of its own waits for that (a pipe that breaks)
 *     and removes it.  With --keep it stays.
 * (2) kentongan.yaml names whole paths, so that commands in other terminals need nothing but --config.
 * A shell.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DEMO_SITE_H
#define KTG_CMD_DEMO_SITE_H

#include <sys/types.h>

#include "config/registry.h"
#include "runtime/link/curve.h"

#define KTG_DEMO_PATH 200

struct ktg_demo_site {
    char dir[KTG_DEMO_PATH];
    char config[KTG_DEMO_PATH + 20];
    pid_t janitor; /* 0: the folder stays */
    int line;      /* it breaks when we end */
};

/* keep NULL: a temporary folder.  Else that folder, which must be new or empty.  Forks: call it before any thread. */
KTG_MUST_CHECK int ktg_demo_site_open(const char *keep, struct ktg_demo_site *ret_site,
                                      struct ktg_err *err);
/* Waits until the folder is gone, if it goes.  Nobody may work in it any more. */
void ktg_demo_site_close(struct ktg_demo_site *site);
void ktg_demo_site_path(const struct ktg_demo_site *site, const char *name,
                        char to[static KTG_DEMO_PATH + 64]);

/* Make a key and enrol it.  `pattern`: what it may speak for. */
KTG_MUST_CHECK int ktg_demo_site_enrol(const struct ktg_demo_site *site, const char *name,
                                       const char *agency, enum ktg_role role, const char *pattern,
                                       struct ktg_curve_pair *ret_pair, struct ktg_err *err);
/* Write kentongan.yaml.  `endpoint`: where the gateway listens, NULL while nobody knows. */
KTG_MUST_CHECK int ktg_demo_site_configure(const struct ktg_demo_site *site, const char *endpoint,
                                           const char *desk, struct ktg_err *err);
/* Where the gateway listens, once it does. */
bool ktg_demo_site_endpoint(const struct ktg_demo_site *site, char to[static 128]);

#endif
