/* brokers/alerts/asking.h - asking correlation why a finding stands, why none does, which rules it asks no more.
 *
 * One question at a time is many in flight: each has a number of ours; an answer, or silence for ASKING_MS, ends it exactly once.
 * Shell.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_ASKING_H
#define KTG_BROKERS_ALERTS_ASKING_H

#include "runtime/bytes.h"
#include "runtime/link/link.h"

enum { ASKING_MS = 2000, ASKING_MOST = 64 };

struct ktg_asking;

/* `explanation` is a canonical map, or empty: correlation did not answer, or the finding does not stand. */
typedef void ktg_asking_told(void *arg, void *asked, struct ktg_bytes explanation);

KTG_MUST_CHECK int ktg_asking_open(struct ktg_context *context, struct ktg_loop *loop,
                                   const char *run_dir, ktg_asking_told *told, void *arg,
                                   struct ktg_asking **ret_e, struct ktg_err *err);
/* Questions that are open are told with nothing first. */
struct ktg_asking *ktg_asking_close(struct ktg_asking *e);
/* `asked` comes back with the answer.  KTG_EFULL: too many at once; KTG_EUNREACHABLE: correlation is not there: not asked. */
KTG_MUST_CHECK int ktg_asking_ask(struct ktg_asking *e, const uint8_t finding[static 16],
                                  void *asked);
/* The same for a rule and a subject that it says nothing about; `filter`: a map {rule, subject}. */
KTG_MUST_CHECK int ktg_asking_why_not(struct ktg_asking *e, struct ktg_bytes filter, void *asked);
/* The same: which rules are suspended, as {rules}. */
KTG_MUST_CHECK int ktg_asking_rules(struct ktg_asking *e, void *asked);

#endif
