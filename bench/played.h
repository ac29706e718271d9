/* bench/played.h - the correlation engine in a measuring program: its answers are counted and thrown away.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_PLAYED_H
#define KTG_BENCH_PLAYED_H

#include "brokers/correlation/checkpoint.h"
#include "rules/engine/engine.h"

struct ktg_played {
    struct ktg_engine *engine;
    struct ktg_state *state;
    struct ktg_checkpoint *checkpoint; /* NULL: the state lies in memory */
    uint64_t ops, op_bytes, digest;    /* digest: of all differences, in order */
    void *arg;                         /* of event_at */
    int (*event_at)(void *arg, uint64_t pos, struct ktg_bytes *ret_blob);
};

/* `store`: folder of the state; NULL: in memory.  event_at and arg are set; close() also after a failure. */
KTG_MUST_CHECK int ktg_played_open(struct ktg_played *p, const char *store, struct ktg_err *err);
void ktg_played_close(struct ktg_played *p);
/* A checkpoint in this thread; `pos`: answered up to here. */
KTG_MUST_CHECK int ktg_played_save(struct ktg_played *p, uint64_t pos, struct ktg_err *err);

#endif
