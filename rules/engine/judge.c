/* rules/engine/judge.c - what officers say of alerts, counted for the rules that raised them; and the rules that are asked no
 * more.
 *
 *     alert.closed ─> the timeline of the alert: who was told, of which rule ─> row `p RULE` ─> below the floor? ─> `s RULE`
 *
 * (1) The first closing by an agency after it was told, in order of the journal, counts; another does not.
 * (2) Whoever tells of suspended rules, and whatever may be critical, goes on (docs/adr/0017-precision.md).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/engine_parts.h"
#include "rules/engine/entries.h"
#include "rules/engine/verdict.h"

/* ---- suspended rules --------------------------------------------------------------------------------------------- */

static void key_of(const struct ktg_ruleset *rs, char letter, size_t rule, struct ktg_key *key)
{
    struct ktg_bytes name = ktg_bytes_str(ktg_rule_name(ktg_ruleset_rule(rs, rule)));
    ktg_key_put(key, letter, &name, 1);
}

int ktg_engine_suspension(struct ktg_engine *e, const struct ktg_ruleset *rs, size_t rule,
                          struct ktg_suspension *ret_s, bool *ret_holds)
{
    struct ktg_bytes value;
    struct ktg_key key;
    *ret_holds = false;
    key_of(rs, 's', rule, &key);
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
    if (!rc)
        rc = ktg_suspension_decode(value, ret_s);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    struct ktg_floor floor = ktg_floor_of(rs);
    *ret_holds = ktg_suspension_holds(ret_s, ktg_ruleset_rule(rs, rule), &floor);
    return *ret_holds ? KTG_OK : ktg_state_del(e->state, ktg_key_view(&key));
}

/* Those who tell of it are asked about the rule, also if they were before, in this record. */
static int mark_tellers(struct ktg_engine *e, struct ktg_bytes name)
{
    struct ktg_live_subject *s;
    if (e->view.rule_kind < 0 || e->view.suspensions < 0)
        return KTG_OK;
    const struct ktg_rule_list *tellers =
        ktg_dispatch_type(&e->dispatch, e->view.rule_kind, e->view.suspensions);
    int rc = tellers->count ? ktg_engine_subject(e, e->view.rule_kind, name, &s) : KTG_ENOTFOUND;
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    s->generation = s->screened_at = 0;
    for (size_t i = 0; i < tellers->count; i++)
        s->pool->marked[tellers->rules[i] / 64] &= ~(UINT64_C(1) << (tellers->rules[i] % 64));
    return ktg_engine_mark_all(e, s, tellers, KTG_LONG_AGO, e->reason);
}

int ktg_engine_suspend(struct ktg_engine *e, size_t rule, struct ktg_suspension *s,
                       struct ktg_bytes subject)
{
    const struct ktg_rule *r = ktg_ruleset_rule(e->rules, rule);
    struct ktg_bytes name = ktg_bytes_str(ktg_rule_name(r));
    struct ktg_key key;
    ktg_rule_version_hash(r, s->version);
    s->at = e->at;
    s->pos = e->pos;
    e->suspended[rule] = s->held;
    if (e->world.notice)
        e->world.notice(e->world.arg,
                        &(struct ktg_notice){e->pos, e->at,
                                             s->held ? "rule-suspended" : "rule-below-floor", name,
                                             KTG_BYTES_NONE, subject, s});
    key_of(e->rules, 's', rule, &key);
    ktg_buf_clear(&e->temp2);
    ktg_suspension_encode(s, &e->temp2);
    int rc = ktg_buf_check(&e->temp2);
    if (!rc)
        rc = ktg_state_put(e->state, ktg_key_view(&key), ktg_buf_view(&e->temp2));
    return rc ? rc : mark_tellers(e, name);
}

int ktg_engine_suspensions(struct ktg_engine *e, ktg_engine_each_suspended *each, void *arg)
{
    int rc = KTG_OK;
    for (size_t r = 0; !rc && e->rules && r < ktg_ruleset_count(e->rules); r++) {
        struct ktg_suspension s;
        bool is;
        rc = ktg_engine_suspension(e, e->rules, r, &s, &is);
        if (!rc && is)
            rc = each(arg, ktg_ruleset_rule(e->rules, r), &s);
    }
    return rc;
}

/* ---- dispositions ------------------------------------------------------------------------------------------------ */

struct told {               /* of one agency, in order of the journal */
    uint64_t at, closed_at; /* 0: never */
    struct ktg_bytes rule;
};

/* An event of the alert's timeline, if it is about the agency of `v`. */
static int look_at(struct ktg_engine *e, uint64_t at, const struct ktg_verdict *v, struct told *t)
{
    struct ktg_event ev;
    struct ktg_verdict other;
    int rc = ktg_timeline_event(&e->view, at, &ev);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc; /* erased */
    if (ktg_verdict_handed(e->view.catalogue, &ev, &other) && at > t->at &&
        ktg_bytes_eq(other.agency, v->agency)) {
        t->at = at;
        t->rule = other.rule;
    } else if (ktg_verdict_closed(&ev, &other) && at > t->closed_at &&
               ktg_bytes_eq(other.agency, v->agency)) {
        t->closed_at = at;
    }
    return KTG_OK;
}

/* What the agency was told of the alert last before `pos`, and whether it closed it since. */
static int look_back(struct ktg_engine *e, uint64_t pos, const struct ktg_verdict *v,
                     struct told *ret_t)
{
    char room[KTG_NAME_MAX + 1];
    int kind = ktg_verdict_kind(e->view.catalogue);
    struct ktg_entries entries;
    *ret_t = (struct told){0};
    if (kind < 0)
        return KTG_OK;
    int rc =
        ktg_entries_open(e->state, ktg_bytes_str(ktg_catalogue_kind_name(e->view.catalogue, kind)),
                         ktg_name_fit(v->alert, room), &entries);
    for (size_t k = 0; !rc && k <= entries.parts; k++) {
        struct ktg_record r;
        rc = ktg_entries_record(&entries, k, &r);
        for (size_t i = 0; !rc && i < r.count; i++) {
            struct ktg_packed p = ktg_record_at(&r, i);
            if (ktg_packed_pos(p) < pos && !ktg_packed_is_dead(p))
                rc = look_at(e, ktg_packed_pos(p), v, ret_t);
        }
    }
    return rc;
}

/* Only a person may stop it. */
static bool is_vital(const struct ktg_engine *e, const struct ktg_rule *r)
{
    return ktg_rule_gravest(r) == KTG_LEVEL_MOST ||
           (e->view.suspensions >= 0 && ktg_rule_reads_type(r, e->view.suspensions));
}

static int count(struct ktg_engine *e, size_t rule, bool right, const struct ktg_floor *floor)
{
    const struct ktg_rule *r = ktg_ruleset_rule(e->rules, rule);
    struct ktg_suspension s = {.why = KTG_SUSPENDED_PRECISION, .floor = floor->percent}, old;
    struct ktg_buf *row;
    struct ktg_key key;
    uint8_t version[16];
    bool known;
    ktg_rule_version_hash(r, version);
    key_of(e->rules, 'p', rule, &key);
    int rc = ktg_state_edit(e->state, ktg_key_view(&key), &row);
    if (!rc)
        rc = ktg_precision_add(row, version, right, floor, &s.counted);
    if (!rc)
        rc = ktg_engine_suspension(e, e->rules, rule, &old, &known);
    if (rc || known || !ktg_precision_is_below(s.counted, floor))
        return rc;
    s.held = !is_vital(e, r);
    return ktg_engine_suspend(e, rule, &s, KTG_BYTES_NONE);
}

int ktg_engine_judge(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev)
{
    struct ktg_floor floor = ktg_floor_of(e->rules);
    struct ktg_verdict v;
    struct told t;
    if (e->world.judges_nobody || !floor.percent || !floor.dispositions ||
        !ktg_verdict_closed(ev, &v))
        return KTG_OK;
    int rc = look_back(e, pos, &v, &t);
    const struct ktg_rule *r = rc || !t.at ? NULL : ktg_ruleset_find(e->rules, t.rule);
    if (rc || !r || ktg_rule_status(r) != KTG_RULE_LIVE || t.closed_at > t.at ||
        v.sense == KTG_VERDICT_NEITHER)
        return rc;
    return count(e, (size_t)ktg_rule_index(r), v.sense == KTG_VERDICT_RIGHT, &floor);
}
