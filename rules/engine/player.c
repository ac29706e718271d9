/* rules/engine/player.c - see player.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/player.h"

#include "runtime/hash.h"

struct known { /* an event by its id */
    uint8_t id[16], content[16];
    uint64_t pos; /* 0: free slot */
};

struct ktg_player {
    struct ktg_player_options options;
    struct ktg_state *own_state, *state;
    struct ktg_engine *engine;
    struct ktg_arena blobs;
    struct ktg_bytes *at; /* [pos - 1]; empty for what is no event */
    size_t count, cap;
    struct known *table;
    size_t known, slots; /* a power of two */
    bool clocked;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct ktg_player *p = arg;
    if (!pos || pos > p->count || !p->at[pos - 1].size)
        return KTG_ENOTFOUND;
    *ret_blob = p->at[pos - 1];
    return KTG_OK;
}
static int out(void *arg, const struct ktg_op *op)
{
    struct ktg_player *p = arg;
    return p->options.out(p->options.arg, op);
}
static void notice(void *arg, const struct ktg_notice *n)
{
    struct ktg_player *p = arg;
    if (p->options.notice)
        p->options.notice(p->options.arg, n);
}
static int compiled(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    struct ktg_player *p = arg;
    return p->options.compiled ? p->options.compiled(p->options.arg, bundle, ret_rs)
                               : KTG_ENOTFOUND;
}

static int begin(struct ktg_player *p, struct ktg_err *err)
{
    const struct ktg_engine_world world = {.arg = p,
                                           .event_at = event_at,
                                           .out = out,
                                           .notice = p->options.notice ? notice : NULL,
                                           .answers = p->options.answers,
                                           .tell_internal = p->options.tell_internal,
                                           .judges_nobody = p->options.judges_nobody,
                                           .compiled = compiled};
    return ktg_engine_new(p->state, &world, &p->engine, err);
}

/* As after a crash: what the engine kept besides its state is gone. */
static int renew(struct ktg_player *p, int rc, struct ktg_err *err)
{
    if (rc || !p->options.restarts)
        return rc;
    p->engine = ktg_engine_free(p->engine);
    return begin(p, err);
}

int ktg_player_new(struct ktg_bytes bundle, const struct ktg_player_options *options,
                   struct ktg_player **ret_p, struct ktg_err *err)
{
    struct ktg_player *p = ktg_zalloc(sizeof *p);
    if (!p)
        return ktg_err_set(err, KTG_ENOMEM, "no memory to replay");
    p->options = *options;
    p->clocked = options->clocked;
    p->slots = 1024;
    int rc = (p->table = ktg_calloc(p->slots, sizeof *p->table)) ? KTG_OK : KTG_ENOMEM;
    p->state = options->state;
    if (!rc && !p->state && !(rc = ktg_state_new(NULL, &p->own_state)))
        p->state = p->own_state;
    if (!rc)
        rc = begin(p, err);
    if (!rc)
        rc = renew(p, ktg_engine_ruleset(p->engine, 0, bundle, err), err);
    if (rc) {
        ktg_player_free(p);
        return err && !err->text[0] ? ktg_err_set(err, rc, "replay: %s", ktg_code_advice(rc)) : rc;
    }
    *ret_p = p;
    return KTG_OK;
}

struct ktg_player *ktg_player_free(struct ktg_player *p)
{
    if (p) {
        ktg_engine_free(p->engine);
        ktg_state_free(p->own_state);
        ktg_arena_done(&p->blobs);
        ktg_free(p->at);
        ktg_free(p->table);
        ktg_free(p);
    }
    return NULL;
}

struct ktg_engine *ktg_player_engine(struct ktg_player *p)
{
    return p->engine;
}

static struct known *find(struct ktg_player *p, const uint8_t *id)
{
    size_t i = ktg_hash64(id, 16, 0) & (p->slots - 1);
    while (p->table[i].pos && memcmp(p->table[i].id, id, 16) != 0)
        i = (i + 1) & (p->slots - 1);
    return &p->table[i];
}

static int remember(struct ktg_player *p, const uint8_t *id, const uint8_t *content, uint64_t pos)
{
    if (p->known * 2 >= p->slots) {
        struct known *old = p->table;
        size_t slots = p->slots;
        struct known *more = ktg_calloc(slots * 2, sizeof *more);
        if (!more)
            return KTG_ENOMEM;
        p->table = more;
        p->slots = slots * 2;
        for (size_t i = 0; i < slots; i++) {
            if (old[i].pos)
                *find(p, old[i].id) = old[i];
        }
        ktg_free(old);
    }
    struct known *k = find(p, id);
    memcpy(k->id, id, 16);
    memcpy(k->content, content, 16);
    k->pos = pos;
    p->known++;
    return KTG_OK;
}

/* The position that the next record takes. */
static int take_position(struct ktg_player *p, struct ktg_bytes blob, uint64_t *ret_pos)
{
    int rc = ktg_grow(&p->at, &p->cap, p->count + 1, sizeof *p->at);
    if (rc)
        return rc;
    p->at[p->count++] = blob;
    *ret_pos = p->count;
    return KTG_OK;
}

bool ktg_player_in_batch(struct ktg_player *p, ktg_time recorded_at)
{
    ktg_time clock = ktg_engine_now(p->engine);
    return p->clocked && clock != KTG_LONG_AGO && recorded_at <= clock + p->options.ahead;
}

static int walk(struct ktg_player *p, ktg_time until, struct ktg_err *err)
{
    int rc = renew(p, ktg_engine_settle(p->engine, err), err);
    while (!rc && ktg_engine_due(p->engine) < until)
        rc = renew(p, ktg_engine_step(p->engine, ktg_engine_due(p->engine), err), err);
    return rc;
}

/* Through every due instant before `at`, which then is the clock; what is due at `at` waits for the record. */
static int come_to(struct ktg_player *p, uint64_t pos, ktg_time at, struct ktg_err *err)
{
    if (p->clocked) /* in one step, or none */
        return ktg_player_in_batch(p, at) ? KTG_OK : ktg_engine_clock(p->engine, pos, at, err);
    int rc = walk(p, at, err);
    return rc ? rc : renew(p, ktg_engine_clock(p->engine, pos, at, err), err);
}

static int settle(struct ktg_player *p, struct ktg_err *err)
{
    int rc = renew(p, KTG_OK, err);
    return rc || p->clocked ? rc : renew(p, ktg_engine_settle(p->engine, err), err);
}

/* What ingest would refuse. */
static int check(struct ktg_player *p, const struct ktg_event *e, ktg_time recorded_at,
                 uint64_t *ret_target, struct ktg_err *err)
{
    const struct ktg_catalogue *c = ktg_ruleset_catalogue(ktg_engine_rules(p->engine));
    int rc = p->options.lenient ? KTG_OK : ktg_event_check(c, e, err);
    if (rc)
        return rc;
    if (e->occurred_at > recorded_at && e->occurred_at - recorded_at > p->options.ahead)
        return ktg_err_set(err, KTG_EINVALID, "occurred_at lies too far after recorded_at");
    const uint8_t *corrects = e->supersedes ? e->supersedes : e->retracts;
    *ret_target = 0;
    if (!corrects)
        return KTG_OK;
    if (memcmp(corrects, e->id, 16) >= 0)
        return ktg_err_set(err, KTG_EINVALID, "a correction names an event with a smaller id");
    *ret_target = find(p, corrects)->pos;
    struct ktg_bytes blob;
    struct ktg_event target;
    if (*ret_target && !event_at(p, *ret_target, &blob) &&
        !ktg_event_read(c, blob, &target, NULL) && !ktg_bytes_eq(target.source, e->source))
        return ktg_err_set(err, KTG_EINVALID, "a correction names an event of its own source");
    return KTG_OK;
}

int ktg_player_event(struct ktg_player *p, struct ktg_bytes blob, ktg_time recorded_at,
                     bool *ret_again, struct ktg_err *err)
{
    struct ktg_event e;
    uint64_t target = 0, pos;
    uint8_t content[16];
    ktg_time clock = ktg_engine_now(p->engine);
    *ret_again = false;
    if (ktg_player_in_batch(p, recorded_at) || recorded_at < clock)
        recorded_at = clock;
    int rc = ktg_event_read(ktg_ruleset_catalogue(ktg_engine_rules(p->engine)), blob, &e, err);
    if (rc)
        return rc;
    ktg_blake2b_128(&blob, 1, content);
    const struct known *known = find(p, e.id);
    if (known->pos) {
        *ret_again = memcmp(known->content, content, 16) == 0;
        return *ret_again
                   ? KTG_OK
                   : ktg_err_set(err, KTG_ECONFLICT, "this id came before with other content");
    }
    if ((rc = check(p, &e, recorded_at, &target, err)))
        return rc;
    uint8_t *copy = ktg_arena_alloc(&p->blobs, blob.size);
    if (!copy)
        return ktg_err_set(err, KTG_ENOMEM, "no memory for an event");
    memcpy(copy, blob.data, blob.size);
    blob = ktg_bytes(copy, blob.size);
    if ((rc = take_position(p, blob, &pos)) ||
        (rc = remember(p, copy + (e.id - e.blob.data), content, pos)))
        return ktg_err_set(err, rc, "no memory for an event");
    if ((rc = come_to(p, pos, recorded_at, err)) ||
        (rc = ktg_engine_event(p->engine, pos, blob, target, err)))
        return rc;
    return settle(p, err);
}

/* A record that is no event: its position, and the clock there. */
static int begin_record(struct ktg_player *p, ktg_time at, uint64_t *ret_pos, struct ktg_err *err)
{
    int rc = take_position(p, KTG_BYTES_NONE, ret_pos);
    return rc ? rc : come_to(p, *ret_pos, at, err);
}

int ktg_player_heartbeat(struct ktg_player *p, const struct ktg_beat *beat, ktg_time recorded_at,
                         struct ktg_err *err)
{
    uint64_t pos;
    int rc = begin_record(p, recorded_at, &pos, err);
    if (!rc)
        rc = ktg_engine_heartbeat(p->engine, pos, beat, err);
    return rc ? rc : settle(p, err);
}

int ktg_player_away(struct ktg_player *p, ktg_time from, ktg_time until, ktg_time recorded_at,
                    struct ktg_err *err)
{
    uint64_t pos;
    int rc = begin_record(p, recorded_at, &pos, err);
    if (!rc)
        rc = ktg_engine_away(p->engine, pos, from, until, err);
    return rc ? rc : settle(p, err);
}

int ktg_player_retired(struct ktg_player *p, const struct ktg_retirement *r, ktg_time recorded_at,
                       struct ktg_err *err)
{
    uint64_t pos;
    int rc = begin_record(p, recorded_at, &pos, err);
    if (!rc)
        rc = ktg_engine_retired(p->engine, pos, r, err);
    return rc ? rc : settle(p, err);
}

int ktg_player_ruleset(struct ktg_player *p, struct ktg_bytes bundle, ktg_time at,
                       struct ktg_err *err)
{
    uint64_t pos;
    int rc = begin_record(p, at, &pos, err);
    if (!rc)
        rc = ktg_engine_ruleset(p->engine, pos, bundle, err);
    return rc ? rc : settle(p, err);
}

int ktg_player_clock(struct ktg_player *p, ktg_time at, struct ktg_err *err)
{
    uint64_t pos;
    p->clocked = true;
    int rc = take_position(p, KTG_BYTES_NONE, &pos);
    return rc ? rc : renew(p, ktg_engine_clock(p->engine, pos, at, err), err);
}

int ktg_player_reach(struct ktg_player *p, ktg_time until, struct ktg_err *err)
{
    if (until <= ktg_engine_now(p->engine)) /* nothing lies between */
        return ktg_engine_settle(p->engine, err);
    if (p->clocked) {
        int rc = ktg_player_clock(p, until, err);
        return rc ? rc : ktg_engine_settle(p->engine, err);
    }
    int rc = walk(p, until, err);
    return rc ? rc : renew(p, ktg_engine_step(p->engine, until, err), err);
}
