/* bench/played.c - see played.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/played.h"

#include <stdio.h>

#include "runtime/hash.h"

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct ktg_played *p = arg;
    return p->event_at(p->arg, pos, ret_blob);
}

static int out(void *arg, const struct ktg_op *op)
{
    struct ktg_played *p = arg;
    p->ops++;
    p->op_bytes += op->payload.size;
    p->digest = ktg_hash64(op->payload.data, op->payload.size, p->digest);
    return KTG_OK;
}

static void notice(void *arg, const struct ktg_notice *n)
{
    (void)arg;
    fprintf(stderr, "bench: %s: %.*s\n", n->what, (int)n->rule.size, (const char *)n->rule.data);
}

int ktg_played_open(struct ktg_played *p, const char *store, struct ktg_err *err)
{
    const struct ktg_engine_world world = {
        .arg = p, .event_at = event_at, .out = out, .notice = notice};
    int rc = KTG_OK;
    if (store)
        rc = ktg_checkpoint_open(store, UINT64_C(64) << 30, &p->checkpoint, err);
    if (!rc)
        rc = ktg_state_new(store ? ktg_checkpoint_records(p->checkpoint) : NULL, &p->state);
    if (!rc)
        rc = ktg_engine_new(p->state, &world, &p->engine, err);
    return rc;
}

void ktg_played_close(struct ktg_played *p)
{
    p->engine = ktg_engine_free(p->engine);
    p->state = ktg_state_free(p->state);
    p->checkpoint = ktg_checkpoint_close(p->checkpoint);
}

int ktg_played_save(struct ktg_played *p, uint64_t pos, struct ktg_err *err)
{
    struct ktg_checkpoint_mark mark = {.position = pos, .engine = KTG_ENGINE_VERSION};
    return ktg_checkpoint_write(p->checkpoint, p->state, &mark, err);
}
