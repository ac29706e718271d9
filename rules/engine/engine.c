/* rules/engine/engine.c - inputs in journal order, the clock, the start.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "rules/engine/engine_parts.h"
#include "rules/engine/entries.h"
#include "rules/engine/identity.h"
#include "rules/engine/pack.h"
#include "rules/engine/placed.h"
#include "rules/engine/run_entry.h"
#include "rules/engine/screen.h"
#include "rules/engine/spent.h"
#include "rules/tests_model.h"

#define LAYOUT      8                 /* of the records; another one is a rebuild */
#define SETS_MOST   ((size_t)4 << 20) /* bytes of traits of events at hand */
#define SETS_SHORT  512
#define PART_SHORT  3
#define SLOTS_SHORT 4
#define WHOLE_BELOW 64 /* entries: to look for the end of a shorter timeline gains nothing */

static struct ktg_bytes meta_key(void)
{
    return KTG_LIT("m");
}

static int meta_put(struct ktg_engine *e)
{
    struct ktg_buf *b;
    int rc = ktg_state_edit(e->state, meta_key(), &b);
    if (rc)
        return rc;
    ktg_buf_clear(b);
    ktg_pack_u8(b, LAYOUT);
    ktg_pack_u32(b, KTG_ENGINE_VERSION);
    ktg_pack_u64(b, e->pos);
    ktg_pack_u32(b, e->n);
    ktg_pack_i64(b, e->clock);
    ktg_pack_i64(b, e->now);
    ktg_pack_i64(b, e->at);
    ktg_pack_u8(b, e->settled);
    return ktg_buf_check(b);
}

static int meta_get(struct ktg_engine *e, struct ktg_err *err)
{
    struct ktg_bytes value;
    int rc = ktg_state_get(e->state, meta_key(), &value);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    struct ktg_unpack u = ktg_unpack_open(value);
    uint8_t layout = ktg_unpack_u8(&u);
    uint32_t version = ktg_unpack_u32(&u);
    if (layout != LAYOUT || version != KTG_ENGINE_VERSION)
        return ktg_err_set(
            err, KTG_ECORRUPT,
            "state of engine %u, layout %u; this is engine %d, layout %d: rebuild it", version,
            layout, KTG_ENGINE_VERSION, LAYOUT);
    e->pos = ktg_unpack_u64(&u);
    e->n = ktg_unpack_u32(&u);
    e->clock = ktg_unpack_i64(&u);
    e->now = ktg_unpack_i64(&u);
    e->at = ktg_unpack_i64(&u);
    e->settled = ktg_unpack_u8(&u);
    return ktg_unpack_done(&u)
               ? KTG_OK
               : ktg_err_set(err, KTG_ECORRUPT, "the state's position cannot be read");
}

/* ---- start ------------------------------------------------------------------------------------------------------- */

static int load_rules(struct ktg_engine *e, struct ktg_err *err)
{
    struct ktg_bytes bundle;
    int rc = ktg_state_get(e->state, KTG_LIT("b"), &bundle);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    const struct ktg_file *files;
    size_t count;
    struct ktg_ruleset *rs = NULL;
    bool stale; /* never here: the state was written under these rules */
    rc = ktg_engine_compile(e, bundle, &files, &count, &rs, err);
    if (!rc && !(rc = ktg_engine_adopt(e, &rs)))
        rc = ktg_screen_adopt(e, &stale);
    if (!rc)
        rc = ktg_placed_load(e);
    return rc;
}

static int load_answers(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct ktg_engine *e = arg;
    struct ktg_answers x;
    ktg_time wake = ktg_answers_wake(value);
    int rc = wake == KTG_NEVER ? KTG_OK : ktg_timers_put(&e->timers, wake, key);
    if (rc)
        return rc;
    rc = ktg_answers_decode(value, &e->scratch, &x);
    for (size_t p = 0; !rc && p < x.count; p++) {
        rc = ktg_answers_open(&x.parts[p], &e->scratch);
        if (!rc)
            rc = ktg_held_add(&e->held, x.parts[p].findings, x.parts[p].count);
        for (size_t i = 0; !rc && i < x.parts[p].count; i++) {
            const struct ktg_standing *f = &x.parts[p].findings[i];
            rc = f->unknown ? ktg_waiting_put(&e->waiting, f->unknown_source, key) : KTG_OK;
        }
    }
    ktg_arena_reset(&e->scratch);
    return rc;
}

static int load_future(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct ktg_engine *e = arg;
    (void)value;
    return key.size == 17 ? ktg_timers_put(&e->timers, (ktg_time)ktg_get_be64(key.data + 1), key)
                          : KTG_ECORRUPT;
}

int ktg_engine_new(struct ktg_state *state, const struct ktg_engine_world *world,
                   struct ktg_engine **ret_e, struct ktg_err *err)
{
    struct ktg_engine *e = ktg_zalloc(sizeof *e);
    if (!e)
        return ktg_err_set(err, KTG_ENOMEM, "no memory for the engine");
    e->state = state;
    e->world = *world;
    e->view = (struct ktg_timeline_world){.state = state,
                                          .trait_sets = &e->trait_sets,
                                          .person_kind = -1,
                                          .source_kind = -1,
                                          .rule_kind = -1,
                                          .suspensions = -1,
                                          .beats = -1,
                                          .away = -1,
                                          .retired = -1,
                                          .outside = &e->world};
    assert((world->event_slots & (world->event_slots - 1)) == 0);
    e->view.slot_count = world->event_slots                    ? world->event_slots
                         : world->answers == KTG_ANSWERS_SHORT ? SLOTS_SHORT
                                                               : KTG_EVENT_SLOTS;
    e->view.heads = ktg_calloc(e->view.slot_count, sizeof *e->view.heads);
    e->view.slots = ktg_calloc(e->view.slot_count, sizeof *e->view.slots);
    if (!e->view.heads || !e->view.slots) {
        ktg_free(e->view.heads);
        ktg_free(e->view.slots);
        ktg_free(e);
        return ktg_err_set(err, KTG_ENOMEM, "no memory for the engine");
    }
    e->view.whole_below = world->answers == KTG_ANSWERS_SHORT ? 0 : WHOLE_BELOW;
    e->part = world->answers == KTG_ANSWERS_SHORT ? PART_SHORT : KTG_ENTRIES_PART;
    e->trait_sets.most = world->answers == KTG_ANSWERS_SHORT ? SETS_SHORT : SETS_MOST;
    e->clock = e->now = e->at = KTG_LONG_AGO;
    e->settled = true;
    ktg_engine_forget(e);
    int rc = meta_get(e, err);
    if (!rc)
        rc = ktg_heard_new(state, &e->heard);
    e->view.heard = e->heard;
    if (!rc && (rc = ktg_screen_check(e)))
        ktg_err_set(err, rc, "the names of this state were read by another version: rebuild it");
    if (!rc)
        rc = load_rules(e, err);
    if (!rc)
        rc = ktg_state_scan(state, KTG_LIT("a"), load_answers, e);
    if (!rc)
        rc = ktg_state_scan(state, KTG_LIT("f"), load_future, e);
    ktg_engine_forget(e);
    if (rc) {
        ktg_engine_free(e);
        return err && !err->text[0] ? ktg_err_set(err, rc, "the state cannot be read") : rc;
    }
    *ret_e = e;
    return KTG_OK;
}

size_t ktg_engine_suspended(const struct ktg_engine *e)
{
    size_t n = 0;
    for (size_t r = 0; e->suspended && e->rules && r < ktg_ruleset_count(e->rules); r++)
        n += e->suspended[r];
    return n;
}

struct ktg_engine *ktg_engine_free(struct ktg_engine *e)
{
    if (!e)
        return NULL;
    for (size_t r = 0; e->queues && r < ktg_ruleset_count(e->rules); r++)
        ktg_free(e->queues[r].pools);
    ktg_free(e->queues);
    ktg_free(e->suspended);
    ktg_free(e->spent);
    ktg_free(e->queued);
    ktg_free(e->view.heads);
    ktg_free(e->view.slots);
    ktg_placed_done(e);
    ktg_trait_sets_drop(&e->trait_sets);
    ktg_dispatch_done(&e->dispatch);
    ktg_ruleset_free(e->rules);
    ktg_heard_free(e->heard);
    ktg_screen_done(&e->screen);
    ktg_waiting_done(&e->waiting);
    ktg_held_done(&e->held);
    ktg_timers_done(&e->timers);
    ktg_arena_done(&e->record);
    ktg_arena_done(&e->lines);
    ktg_arena_done(&e->scratch);
    ktg_buf_done(&e->temp);
    ktg_buf_done(&e->temp2);
    ktg_free(e);
    return NULL;
}

/* ---- timers ------------------------------------------------------------------------------------------------------ */

static bool still_wanted(void *arg, const struct ktg_timer *t)
{
    struct ktg_engine *e = arg;
    struct ktg_bytes value;
    if (ktg_state_get(e->state, ktg_bytes(t->name, t->size), &value))
        return false;
    return t->name[0] == 'f' || ktg_answers_wake(value) == t->due;
}

/* The subject of a timer, marked for the rules that wanted to be woken. */
static int wake_subject(struct ktg_engine *e, struct ktg_bytes key)
{
    struct ktg_bytes kind_name, name;
    struct ktg_live_subject *s;
    int kind = ktg_key_subject_parts(key, &kind_name, &name)
                   ? ktg_catalogue_kind(e->view.catalogue, kind_name)
                   : -1;
    if (kind < 0)
        return KTG_ECORRUPT;
    int rc = ktg_engine_subject(e, kind, name, &s);
    if (!rc)
        rc = ktg_engine_load(e, s);
    for (size_t p = 0; !rc && p < s->answers.count; p++) {
        if (s->answers.parts[p].wake > e->now)
            continue;
        const struct ktg_rule *r = ktg_ruleset_find(e->rules, s->answers.parts[p].rule);
        rc = r ? ktg_engine_mark(e, s, (size_t)ktg_rule_index(r), s->answers.parts[p].wake,
                                 e->reason)
               : KTG_ECORRUPT;
    }
    return rc;
}

static int wake_event(struct ktg_engine *e, struct ktg_bytes key)
{
    struct ktg_event ev;
    int rc = ktg_timeline_event(&e->view, ktg_get_be64(key.data + 9), &ev);
    if (!rc && ev.type)
        rc = ktg_engine_touch(e, &ev);
    if (!rc && ev.type)
        rc = ktg_screen_touch(e, ktg_get_be64(key.data + 9), &ev);
    return rc && rc != KTG_ENOTFOUND ? rc : ktg_state_del(e->state, key);
}

/* Everything due at `now` or before is answered as of `now`. */
static int fire(struct ktg_engine *e, ktg_time now, ktg_time at)
{
    if (!e->rules || ktg_timers_next(&e->timers) > now)
        return KTG_OK;
    e->now = now;
    e->at = at;
    e->reason = KTG_REASON_CLOCK;
    int rc = KTG_OK;
    while (!rc && ktg_timers_next(&e->timers) <= now) {
        struct ktg_timer *t = ktg_timers_take(&e->timers);
        struct ktg_bytes key = ktg_bytes(t->name, t->size);
        if (still_wanted(e, t))
            rc = t->name[0] == 'f' ? wake_event(e, key) : wake_subject(e, key);
        ktg_free(t);
    }
    if (!rc)
        rc = ktg_engine_spread(e);
    if (!rc)
        rc = ktg_engine_answer(e);
    ktg_engine_forget(e);
    return rc;
}

/* ---- inputs ------------------------------------------------------------------------------------------------------ */

void ktg_engine_does(struct ktg_engine *e, enum ktg_engine_doing what)
{
    if (e->doing != what && e->world.doing)
        e->world.doing(e->world.arg, what);
    e->doing = what;
}

static int finish(struct ktg_engine *e, int rc, const char *what, uint64_t pos, struct ktg_err *err)
{
    ktg_engine_forget(e);
    if (!rc)
        rc = meta_put(e);
    if (rc && err && !err->text[0])
        ktg_err_set(err, rc, "%s at position %llu: %s", what, (unsigned long long)pos,
                    ktg_code_advice(rc));
    ktg_timers_tidy(&e->timers, still_wanted, e);
    ktg_engine_does(e, KTG_ENGINE_ANSWERS);
    return rc;
}

static void begin(struct ktg_engine *e, uint64_t pos)
{
    if (pos != e->pos)
        e->n = 0;
    e->pos = pos;
    e->now = e->at = e->clock;
    e->settled = false;
    e->reason = KTG_REASON_EVENT;
}

int ktg_engine_settle(struct ktg_engine *e, struct ktg_err *err)
{
    if (e->settled)
        return KTG_OK;
    int rc = fire(e, e->clock, e->clock);
    e->now = e->at = e->clock;
    e->settled = !rc;
    return finish(e, rc, "timers", e->pos, err);
}

int ktg_engine_clock(struct ktg_engine *e, uint64_t pos, ktg_time recorded_at, struct ktg_err *err)
{
    int rc = ktg_engine_settle(e, err);
    if (rc)
        return rc;
    begin(e, pos);
    if (recorded_at > e->clock)
        e->clock = recorded_at;
    rc = e->clock == KTG_LONG_AGO ? KTG_OK : fire(e, e->clock - 1, e->clock);
    e->now = e->at = e->clock;
    return finish(e, rc, "clock", pos, err);
}

int ktg_engine_step(struct ktg_engine *e, ktg_time now, struct ktg_err *err)
{
    if (now <= e->clock && e->clock != KTG_LONG_AGO)
        return KTG_OK;
    int rc = ktg_engine_settle(e, err);
    if (rc)
        return rc;
    e->clock = now;
    rc = fire(e, now, now);
    e->now = e->at = e->clock;
    return finish(e, rc, "clock", e->pos, err);
}

/* What waits for the source may be answered now. */
static int heard(struct ktg_engine *e, struct ktg_bytes source, enum ktg_reason reason)
{
    char room[KTG_NAME_MAX + 1];
    struct ktg_buf names = ktg_waiting_take(&e->waiting, ktg_name_fit(source, room));
    struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&names));
    int rc = KTG_OK;
    while (!rc && u.at < u.end) {
        struct ktg_bytes key = ktg_unpack_bytes(&u), kind_name, name;
        struct ktg_live_subject *s;
        int kind = ktg_key_subject_parts(key, &kind_name, &name)
                       ? ktg_catalogue_kind(e->view.catalogue, kind_name)
                       : -1;
        if (kind < 0 || (rc = ktg_engine_subject(e, kind, name, &s)) ||
            (rc = ktg_engine_load(e, s)))
            continue;
        for (size_t p = 0; !rc && p < s->answers.count; p++) {
            const struct ktg_rule *r = ktg_ruleset_find(e->rules, s->answers.parts[p].rule);
            if (r && e->dispatch.needs[ktg_rule_index(r)] && s->answers.parts[p].count)
                rc = ktg_engine_mark(e, s, (size_t)ktg_rule_index(r), KTG_LONG_AGO, reason);
        }
    }
    ktg_buf_done(&names);
    return rc;
}

int ktg_engine_event(struct ktg_engine *e, uint64_t pos, struct ktg_bytes blob, uint64_t target,
                     struct ktg_err *err)
{
    struct ktg_event ev;
    bool grew = false;
    if (!e->rules)
        return ktg_err_set(err, KTG_EINVALID, "an event at position %llu, before any rule set",
                           (unsigned long long)pos);
    int rc = ktg_event_read(e->view.catalogue, blob, &ev, err);
    if (rc)
        return rc;
    begin(e, pos);
    if (ev.type)
        rc = ktg_engine_apply(e, pos, &ev, target);
    if (!rc && ev.type && ev.type->judges)
        rc = ktg_engine_judge(e, pos, &ev);
    if (!rc)
        rc = ktg_heard_event(e->heard, ev.source, ev.occurred_at, &grew);
    if (!rc)
        rc = ktg_engine_spread(e);
    if (!rc && grew)
        rc = heard(e, ev.source, KTG_REASON_SOURCE_HEARD);
    if (!rc)
        rc = ktg_engine_answer(e);
    return finish(e, rc, "event", pos, err);
}

/* Another regime: whatever stands for want of nothing may now stand for want of a source. */
struct needy {
    struct ktg_engine *e;
    struct ktg_buf keys;
};
static int needy_each(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct needy *n = arg;
    struct ktg_answers x;
    int rc = ktg_answers_decode(value, &n->e->scratch, &x);
    bool is = false;
    for (size_t p = 0; !rc && p < x.count; p++) {
        const struct ktg_rule *r = ktg_ruleset_find(n->e->rules, x.parts[p].rule);
        is |= r && x.parts[p].count && n->e->dispatch.needs[ktg_rule_index(r)];
    }
    if (is)
        ktg_pack_bytes(&n->keys, key);
    ktg_arena_reset(&n->e->scratch);
    return rc ? rc : ktg_buf_check(&n->keys);
}
static int regime_changed(struct ktg_engine *e)
{
    struct needy n = {e, KTG_BUF_INIT};
    int rc = ktg_state_scan(e->state, KTG_LIT("a"), needy_each, &n);
    struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&n.keys));
    while (!rc && u.at < u.end) {
        struct ktg_bytes key = ktg_unpack_bytes(&u), kind_name, name;
        struct ktg_live_subject *s;
        int kind = ktg_key_subject_parts(key, &kind_name, &name)
                       ? ktg_catalogue_kind(e->view.catalogue, kind_name)
                       : -1;
        if (kind < 0 || (rc = ktg_engine_subject(e, kind, name, &s)) ||
            (rc = ktg_engine_load(e, s)))
            continue;
        for (size_t p = 0; !rc && p < s->answers.count; p++) {
            const struct ktg_rule *r = ktg_ruleset_find(e->rules, s->answers.parts[p].rule);
            if (r && e->dispatch.needs[ktg_rule_index(r)])
                rc = ktg_engine_mark(e, s, (size_t)ktg_rule_index(r), KTG_LONG_AGO, e->reason);
        }
    }
    ktg_buf_done(&n.keys);
    return rc;
}

/* A run has no room any more: what rests on it leaves with it, and is not withdrawn as if it had never been so. */
static int retire_run(struct ktg_engine *e, struct ktg_bytes source, const struct ktg_run *gone)
{
    char room[KTG_NAME_MAX + 1];
    struct ktg_live_subject *s;
    uint8_t id[16];
    if (e->view.source_kind < 0)
        return KTG_OK;
    struct ktg_bytes name = ktg_name_fit(source, room);
    ktg_run_id(name, gone->from, id);
    int rc = ktg_engine_subject(e, e->view.source_kind, name, &s);
    return rc ? rc : ktg_engine_retire(e, s, id);
}

/* The rules that read heartbeats, absences or retirements about the source. */
static int mark_source(struct ktg_engine *e, struct ktg_bytes source, int type)
{
    char room[KTG_NAME_MAX + 1];
    struct ktg_live_subject *s;
    size_t at = (size_t)e->view.source_kind * e->dispatch.types + (size_t)type;
    const struct ktg_rule_list *rules =
        e->view.source_kind < 0 || type < 0 ? NULL : &e->dispatch.by_type[at];
    if (!rules || !rules->count)
        return KTG_OK;
    int rc = ktg_engine_subject(e, e->view.source_kind, ktg_name_fit(source, room), &s);
    return rc ? rc : ktg_engine_mark_all(e, s, rules, KTG_LONG_AGO, e->reason);
}

int ktg_engine_heartbeat(struct ktg_engine *e, uint64_t pos, const struct ktg_beat *given,
                         struct ktg_err *err)
{
    struct ktg_beat beat = *given;
    struct ktg_beat_news news;
    begin(e, pos);
    e->reason = KTG_REASON_SOURCE_HEARD;
    beat.pos = pos;
    if (beat.at > e->clock && e->clock != KTG_LONG_AGO)
        beat.at = e->clock; /* sent live: it cannot come from later than now */
    int rc = ktg_heard_beat(e->heard, &beat, &news);
    if (!rc && news.regime && e->rules)
        rc = regime_changed(e);
    if (!rc && news.grew && e->rules)
        rc = heard(e, beat.source, KTG_REASON_SOURCE_HEARD);
    if (!rc && news.runs.dropped && e->rules)
        rc = retire_run(e, beat.source, &news.runs.gone);
    if (!rc && news.runs.changed && e->rules)
        rc = mark_source(e, beat.source, e->view.beats);
    if (!rc)
        rc = ktg_engine_answer(e);
    return finish(e, rc, "heartbeat", pos, err);
}

int ktg_engine_away(struct ktg_engine *e, uint64_t pos, ktg_time from, ktg_time until,
                    struct ktg_err *err)
{
    struct ktg_bytes source;
    bool changed;
    begin(e, pos);
    e->reason = KTG_REASON_CENTRE_AWAY;
    int rc = ktg_heard_away(e->heard, from, until, pos, &changed);
    for (size_t i = 0; !rc && changed && e->rules && ktg_heard_regime(e->heard, i, &source); i++)
        rc = mark_source(e, source, e->view.away);
    if (!rc)
        rc = ktg_engine_answer(e);
    return finish(e, rc, "absence", pos, err);
}

int ktg_engine_retired(struct ktg_engine *e, uint64_t pos, const struct ktg_retirement *r,
                       struct ktg_err *err)
{
    struct ktg_retired_news news = {0};
    int rc = KTG_OK;
    begin(e, pos);
    e->reason = r->retired ? KTG_REASON_SOURCE_RETIRED : KTG_REASON_SOURCE_RESTORED;
    if (r->at <= e->clock || e->clock == KTG_LONG_AGO) /* ingest writes none that is dated ahead */
        rc = ktg_heard_retire(e->heard, r, pos, &news);
    if (!rc && news.regime && e->rules)
        rc = r->retired ? heard(e, r->source, e->reason) : regime_changed(e);
    if (!rc && news.changed && e->rules)
        rc = mark_source(e, r->source, e->view.retired);
    if (!rc)
        rc = ktg_engine_answer(e);
    return finish(e, rc, "retirement", pos, err);
}

int ktg_engine_ruleset(struct ktg_engine *e, uint64_t pos, struct ktg_bytes bundle,
                       struct ktg_err *err)
{
    begin(e, pos);
    ktg_engine_does(e, KTG_ENGINE_RELOADS);
    return finish(e, ktg_engine_change(e, bundle, err), "rule set", pos, err);
}

int ktg_engine_rederive(struct ktg_engine *e, const struct ktg_rederive *how, size_t *ret_said,
                        struct ktg_err *err)
{
    e->n = how->n;
    e->now = e->at = e->clock;
    return finish(e, ktg_engine_compare(e, how, ret_said), "re-derivation", e->pos, err);
}

/* ---- queries ----------------------------------------------------------------------------------------------------- */

ktg_time ktg_engine_due(const struct ktg_engine *e)
{
    return ktg_timers_next(&e->timers);
}
uint64_t ktg_engine_steps(const struct ktg_engine *e)
{
    return e->steps;
}

uint64_t ktg_engine_position(const struct ktg_engine *e)
{
    return e->pos;
}
ktg_time ktg_engine_now(const struct ktg_engine *e)
{
    return e->clock;
}
const struct ktg_ruleset *ktg_engine_rules(const struct ktg_engine *e)
{
    return e->rules;
}

struct walk {
    struct ktg_arena arena;
    struct ktg_bytes rule;
    ktg_engine_each *each;
    void *arg;
};
static int walk_each(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct walk *w = arg;
    struct ktg_answers x;
    struct ktg_bytes kind, subject;
    int rc = ktg_key_subject_parts(key, &kind, &subject) ? ktg_answers_decode(value, &w->arena, &x)
                                                         : KTG_ECORRUPT;
    if (rc)
        return rc;
    struct ktg_answers_part *part = ktg_answers_part(&x, w->rule);
    rc = part ? ktg_answers_open(part, &w->arena) : KTG_OK;
    for (size_t i = 0; !rc && part && i < part->count; i++)
        rc = w->each(w->arg, w->rule, kind, subject, &part->findings[i]);
    ktg_arena_reset(&w->arena);
    return rc;
}

int ktg_engine_standing(struct ktg_engine *e, ktg_engine_each *each, void *arg)
{
    struct walk w = {.arena = KTG_ARENA_INIT, .each = each, .arg = arg};
    int rc = KTG_OK;
    struct ktg_bytes last = KTG_BYTES_NONE;
    for (size_t done = 0; !rc && e->rules && done < ktg_ruleset_count(e->rules);
         done++) { /* by name, not by stratum */
        bool found = false;
        for (size_t r = 0; r < ktg_ruleset_count(e->rules); r++) {
            struct ktg_bytes name = ktg_bytes_str(ktg_rule_name(ktg_ruleset_rule(e->rules, r)));
            if ((!done || ktg_bytes_cmp(name, last) > 0) &&
                (!found || ktg_bytes_cmp(name, w.rule) < 0)) {
                w.rule = name;
                found = true;
            }
        }
        last = w.rule;
        rc = ktg_state_scan(e->state, KTG_LIT("a"), walk_each, &w);
    }
    ktg_arena_done(&w.arena);
    return rc;
}

/* Is there nothing to be said, because it was too dear? */
static int refuse_spent(struct ktg_engine *e, const struct ktg_rule *rule,
                        const struct ktg_live_subject *s, struct ktg_err *err)
{
    bool spent = false;
    int rc = ktg_spent_is(e, (size_t)ktg_rule_index(rule), s, &spent);
    if (rc || !spent)
        return rc;
    return ktg_err_set(
        err, KTG_EFULL,
        "'%s' needs more steps about this %s than a rule may take: what it said of it "
        "stands, and it is not asked again until its text changes",
        ktg_rule_name(rule), ktg_catalogue_kind_name(e->view.catalogue, s->kind));
}

int ktg_engine_explain(struct ktg_engine *e, const uint8_t finding[static 16], struct ktg_buf *to,
                       struct ktg_err *err)
{
    struct ktg_key key;
    struct ktg_bytes value, label = ktg_bytes(finding, 16);
    ktg_key_put(&key, 'l', &label, 1);
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
    struct ktg_unpack u = ktg_unpack_open(rc ? KTG_BYTES_NONE : value);
    bool standing = ktg_unpack_u8(&u);
    ktg_unpack_u32(&u);
    if (rc || !standing)
        return ktg_err_set(err, KTG_ENOTFOUND, "no such finding stands");
    struct ktg_bytes rule_name = ktg_unpack_bytes(&u), kind_name = ktg_unpack_bytes(&u),
                     name = ktg_unpack_bytes(&u);
    const struct ktg_rule *rule = ktg_ruleset_find(e->rules, rule_name);
    int kind = ktg_catalogue_kind(e->view.catalogue, kind_name);
    struct ktg_live_subject *s;
    if (u.bad || !rule || kind < 0)
        return ktg_err_set(err, KTG_ECORRUPT, "the label of a finding cannot be read");
    struct ktg_answer_world world = ktg_engine_answer_world(e);
    const struct ktg_finding *list;
    size_t count;
    ktg_time wake;
    if ((rc = ktg_engine_subject(e, kind, name, &s)) || (rc = refuse_spent(e, rule, s, err))) {
        ktg_engine_forget(e);
        return rc;
    }
    if ((rc = ktg_engine_load(e, s)) || (rc = ktg_engine_timeline(e, s, KTG_LONG_AGO)) ||
        (rc = ktg_screen_timeline(e, s)))
        goto out;
    const struct ktg_timeline *t = ktg_rule_screens(rule) ? &s->screened : &s->timeline;
    if ((rc = ktg_answer(e->rules, rule, t, e->now, &world, &e->scratch, &list, &count, &wake)))
        goto out;
    rc = KTG_ENOTFOUND;
    struct ktg_answers_part *part = ktg_answers_part(&s->answers, rule_name);
    if (part && ktg_answers_open(part, &e->record))
        part = NULL;
    for (size_t i = 0; part && rc == KTG_ENOTFOUND && i < part->count; i++) {
        const struct ktg_standing *f = &part->findings[i];
        for (size_t k = 0; memcmp(f->label, finding, 16) == 0 && k < count; k++) {
            if (ktg_bytes_eq(list[k].key, f->key) && memcmp(list[k].anchor, f->anchor, 16) == 0 &&
                list[k].from == f->from)
                rc = ktg_explain(e->rules, rule, t, &list[k], e->now, &world, &e->scratch, to);
        }
    }
out:
    ktg_engine_forget(e);
    return rc ? ktg_err_set(err, rc, "the finding cannot be explained: %s", ktg_code_advice(rc))
              : KTG_OK;
}

int ktg_engine_why_not(struct ktg_engine *e, struct ktg_bytes rule_name, struct ktg_bytes subject,
                       struct ktg_buf *to, struct ktg_err *err)
{
    const struct ktg_rule *rule = e->rules ? ktg_ruleset_find(e->rules, rule_name) : NULL;
    struct ktg_answer_world world = ktg_engine_answer_world(e);
    struct ktg_live_subject *s = NULL;
    size_t kinds = 0;
    if (!rule)
        return ktg_err_set(err, KTG_ENOTFOUND, "there is no rule '%.*s'", (int)rule_name.size,
                           (const char *)rule_name.data);
    const int *per = ktg_rule_per(rule, &kinds);
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < kinds && !(s && s->timeline.count); i++) {
        struct ktg_bytes name = subject;
        if (per[i] == e->view.person_kind)
            rc = ktg_identity_name(e->state, &e->record, subject, &name);
        if (!rc && !(rc = ktg_engine_subject(e, per[i], name, &s)))
            rc = ktg_engine_timeline(e, s, KTG_LONG_AGO);
    }
    if (!rc && s && (rc = refuse_spent(e, rule, s, err))) {
        ktg_engine_forget(e);
        return rc;
    }
    if (!rc)
        rc = s ? ktg_why_not(e->rules, rule, &s->timeline, e->now, &world, &e->scratch, to)
               : KTG_ECORRUPT;
    ktg_engine_forget(e);
    return rc ? ktg_err_set(err, rc, "the rule cannot be asked: %s", ktg_code_advice(rc)) : KTG_OK;
}
