/* rules/engine/change.c - another rule set, at its position: everything is answered again.
 *
 *     old ──adopt──> new      rules that are no more: withdrawn, unposted
 *                             another catalogue: every record and every tie is made anew from the journal
 *                             then every subject, every rule of its kind
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/engine/company.h"
#include "rules/engine/corrections.h"
#include "rules/engine/engine_parts.h"
#include "rules/engine/identity.h"
#include "rules/engine/pack.h"
#include "rules/engine/placed.h"
#include "rules/engine/record.h"
#include "rules/engine/screen.h"
#include "rules/engine/spent.h"
#include "runtime/hash.h"

int ktg_engine_adopt(struct ktg_engine *e, struct ktg_ruleset **take_rs)
{
    struct ktg_ruleset *rs = *take_rs;
    struct ktg_dispatch d = KTG_DISPATCH_INIT;
    size_t count = ktg_ruleset_count(rs);
    struct ktg_queue *queues = ktg_calloc(count + 1, sizeof *queues);
    bool *suspended = ktg_calloc(count + 1, sizeof *suspended);
    uint32_t *spent = ktg_calloc(count + 1, sizeof *spent);
    uint64_t *queued = ktg_calloc(count / 64 + 1, sizeof *queued);
    *take_rs = NULL;
    int rc = queues && suspended && queued && spent ? ktg_dispatch_init(&d, rs) : KTG_ENOMEM;
    if (!rc)
        rc = ktg_spent_load(e, rs, spent);
    for (size_t r = 0; !rc && r < count; r++) {
        struct ktg_suspension s;
        rc = ktg_engine_suspension(e, rs, r, &s, &suspended[r]);
        suspended[r] = suspended[r] && s.held;
    }
    if (rc) {
        ktg_free(queues);
        ktg_free(suspended);
        ktg_free(spent);
        ktg_free(queued);
        ktg_dispatch_done(&d);
        ktg_ruleset_free(rs);
        return rc;
    }
    for (size_t r = 0; e->queues && r < ktg_ruleset_count(e->rules); r++)
        ktg_free(e->queues[r].pools);
    ktg_free(e->queues);
    ktg_free(e->queued);
    ktg_free(e->suspended);
    ktg_free(e->spent);
    ktg_dispatch_done(&e->dispatch);
    bool had = e->rules != NULL;
    ktg_ruleset_free(e->rules);
    e->rules = rs;
    e->dispatch = d;
    e->queues = queues;
    e->queued = queued;
    e->suspended = suspended;
    e->spent = spent;
    e->view.rules = rs;
    e->view.dispatch = &e->dispatch;
    e->view.catalogue = ktg_ruleset_catalogue(rs);
    e->view.person_kind = ktg_catalogue_kind(e->view.catalogue, KTG_LIT(KTG_PERSON_KIND));
    ktg_timeline_bind(&e->view);
    ktg_heard_bind(e->heard, e->view.catalogue);
    ktg_trait_sets_drop(&e->trait_sets);
    if (had) /* they know the old types */
        memset(e->view.heads, 0, e->view.slot_count * sizeof *e->view.heads);
    return KTG_OK;
}

/* ---- what changed ------------------------------------------------------------------------------------------------ */

static bool same_files(const struct ktg_file *a, size_t a_count, const struct ktg_file *b,
                       size_t b_count, const char *prefix)
{
    size_t na = 0, nb = 0;
    struct ktg_bytes p = ktg_bytes_str(prefix);
    for (size_t i = 0; i < b_count; i++)
        nb += b[i].name.size >= p.size && memcmp(b[i].name.data, p.data, p.size) == 0;
    for (size_t i = 0; i < a_count; i++) {
        if (a[i].name.size < p.size || memcmp(a[i].name.data, p.data, p.size) != 0)
            continue;
        na++;
        bool same = false;
        for (size_t k = 0; k < b_count && !same; k++)
            same = ktg_bytes_eq(a[i].name, b[k].name) && ktg_bytes_eq(a[i].text, b[k].text);
        if (!same)
            return false;
    }
    return na == nb;
}

static int collect_key(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    (void)value;
    ktg_pack_bytes(arg, key);
    return ktg_buf_check(arg);
}

/* Every identifier that bears another's name is noted with it, before the ties are made anew. */
static int note_names(struct ktg_engine *e, const struct ktg_buf *keys)
{
    int rc = KTG_OK;
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(keys)); !rc && u.at < u.end;) {
        struct ktg_bytes key = ktg_unpack_bytes(&u), id = ktg_bytes(key.data + 1, key.size - 1),
                         name;
        if (!(rc = ktg_identity_name(e->state, &e->record, id, &name)))
            rc = ktg_engine_renamed(e, id, name, name);
    }
    return rc;
}

static int drop_all(struct ktg_engine *e, const struct ktg_buf *keys)
{
    int rc = KTG_OK;
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(keys)); !rc && u.at < u.end;)
        rc = ktg_state_del(e->state, ktg_unpack_bytes(&u));
    return rc;
}

/* Take the entries out of a timeline record; what was posted stays. */
static int drop_entries(struct ktg_engine *e, struct ktg_bytes key)
{
    struct ktg_buf *b;
    struct ktg_record r;
    struct ktg_buf fresh = KTG_BUF_INIT;
    int rc = ktg_state_edit(e->state, key, &b);
    if (!rc)
        rc = ktg_record_open(ktg_buf_view(b), &r);
    for (size_t i = 0; !rc && i < r.posted_count; i++) {
        ktg_time from;
        uint8_t id[16];
        ktg_record_posted_at(&r, i, &from, id);
        rc = ktg_record_post(&fresh, from, id);
    }
    if (!rc)
        rc = fresh.size ? ktg_state_put(e->state, key, ktg_buf_view(&fresh))
                        : ktg_state_del(e->state, key);
    ktg_buf_done(&fresh);
    return rc;
}

static int place_again(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev)
{
    bool live = true;
    int rc = ktg_engine_is_live(e, ev, &live);
    return rc ? rc : ktg_engine_place(e, pos, ev, live);
}

/* NEEDSWORK: all at once, in memory; a catalogue changes rarely, but with 10 million records this pauses for minutes. */
static int rebuild(struct ktg_engine *e)
{
    struct ktg_buf t = KTG_BUF_INIT, older = KTG_BUF_INIT, i = KTG_BUF_INIT, g = KTG_BUF_INIT;
    int rc = ktg_state_scan(e->state, KTG_LIT("t"), collect_key, &t);
    if (rc || (rc = ktg_state_scan(e->state, KTG_LIT("e"), collect_key, &older)) ||
        (rc = ktg_state_scan(e->state, KTG_LIT("d"), collect_key, &older)) ||
        (rc = drop_all(e, &older)) || (rc = ktg_screen_clear(e)) ||
        (rc = ktg_state_scan(e->state, KTG_LIT("i"), collect_key, &i)) ||
        (rc = ktg_state_scan(e->state, KTG_LIT("g"), collect_key, &g)) ||
        (rc = note_names(e, &i)) || (rc = drop_all(e, &i)) || (rc = drop_all(e, &g)))
        goto out;
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&t)); !rc && u.at < u.end;)
        rc = drop_entries(e, ktg_unpack_bytes(&u));
    if (!rc)
        rc = ktg_placed_walk(e, place_again);
out:
    ktg_buf_done(&older);
    ktg_buf_done(&t);
    ktg_buf_done(&i);
    ktg_buf_done(&g);
    return rc;
}

/* What the reasons are judged by: the versions of the rules before. */
struct before {
    struct ktg_bytes name;
    uint8_t version[16];
    enum ktg_rule_status status;
    struct ktg_sayings taken; /* back, because the rule is no more */
};

struct versions { /* by stratum, as they were */
    struct before *list;
    size_t count;
};

static struct before *find_before(const struct versions *v, struct ktg_bytes rule)
{
    for (size_t i = 0; i < v->count; i++)
        if (ktg_bytes_eq(v->list[i].name, rule))
            return &v->list[i];
    return NULL;
}

static enum ktg_reason why_of(const struct versions *v, const struct ktg_rule *r,
                              enum ktg_reason otherwise)
{
    uint8_t version[16];
    const struct before *b = find_before(v, ktg_bytes_str(ktg_rule_name(r)));
    ktg_rule_version_hash(r, version);
    return b && memcmp(b->version, version, 16) == 0 && b->status == ktg_rule_status(r)
               ? otherwise
               : KTG_REASON_RULE_CHANGED;
}

/* A rule is suspended no more: another text, or else another floor. */
static enum ktg_reason why_lifted(const struct ktg_engine *e, const struct versions *v,
                                  struct ktg_bytes rule)
{
    const struct ktg_rule *r = ktg_ruleset_find(e->rules, rule);
    return r ? why_of(v, r, KTG_REASON_SETTING_CHANGED) : KTG_REASON_RULE_CHANGED;
}

/* Parts of rules that are no more, or are off now, or are no longer about this kind. */
static int drop_gone(struct ktg_engine *e, struct ktg_live_subject *s, const struct versions *v)
{
    int rc = ktg_engine_load(e, s);
    for (size_t p = 0; !rc && p < s->answers.count; p++) {
        struct ktg_bytes rule = s->answers.parts[p].rule;
        const struct ktg_rule *r = ktg_ruleset_find(e->rules, rule);
        struct before *b = find_before(v, rule);
        bool gone = !r || ktg_rule_status(r) == KTG_RULE_OFF || !(ktg_rule_kinds(r) >> s->kind & 1);
        if (gone)
            rc = b ? ktg_engine_drop_part(e, s, rule, KTG_REASON_RULE_CHANGED, &b->taken)
                   : KTG_ECORRUPT;
    }
    return rc;
}

/* Before anything else is, rule by rule: the order of the subjects would tell on which timelines events lie. */
static int say_gone(struct ktg_engine *e, const struct versions *v)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < v->count; i++)
        rc = ktg_engine_say(e, v->list[i].name, &v->list[i].taken);
    return rc;
}

static int ask_all(struct ktg_engine *e, const struct versions *v, enum ktg_reason otherwise)
{
    struct ktg_buf t = KTG_BUF_INIT;
    int rc = ktg_state_scan(e->state, KTG_LIT("t"), collect_key, &t);
    if (!rc)
        rc = ktg_state_scan(e->state, KTG_LIT("a"), collect_key, &t);
    struct ktg_bytes source; /* one that was only ever heard of has no record */
    for (size_t i = 0; !rc && ktg_heard_regime(e->heard, i, &source); i++) {
        struct ktg_key key;
        ktg_key_subject(&key, 't', KTG_LIT("source"), source);
        ktg_pack_bytes(&t, ktg_key_view(&key));
        rc = ktg_buf_check(&t);
    }
    for (size_t r = 0; !rc && r < ktg_ruleset_count(e->rules); r++) { /* nor has one of these */
        struct ktg_suspension s;
        bool is;
        struct ktg_key key;
        rc = ktg_engine_suspension(e, e->rules, r, &s, &is);
        if (rc || !is || e->view.rule_kind < 0)
            continue;
        ktg_key_subject(
            &key, 't', ktg_bytes_str(ktg_catalogue_kind_name(e->view.catalogue, e->view.rule_kind)),
            ktg_bytes_str(ktg_rule_name(ktg_ruleset_rule(e->rules, r))));
        ktg_pack_bytes(&t, ktg_key_view(&key));
        rc = ktg_buf_check(&t);
    }
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&t)); !rc && u.at < u.end;) {
        struct ktg_bytes key = ktg_unpack_bytes(&u), kind_name, id, name;
        struct ktg_live_subject *s;
        if (!ktg_key_subject_parts(key, &kind_name, &id)) {
            rc = KTG_ECORRUPT;
            break;
        }
        int kind = ktg_catalogue_kind(e->view.catalogue, kind_name);
        if (kind < 0)
            continue;
        name = id;
        if (kind == e->view.person_kind && key.data[0] == 't')
            rc = ktg_identity_name(e->state, &e->record, id, &name);
        if (rc || (rc = ktg_engine_subject(e, kind, name, &s)) || (rc = drop_gone(e, s, v)))
            break;
        const struct ktg_rule_list *list = &e->dispatch.by_kind[kind];
        for (size_t i = 0; !rc && i < list->count; i++) {
            enum ktg_reason why = why_of(v, ktg_ruleset_rule(e->rules, list->rules[i]), otherwise);
            if (kind == e->view.rule_kind && why == otherwise) /* of the rule it speaks of */
                why = why_lifted(e, v, name);
            rc = ktg_engine_mark(e, s, list->rules[i], KTG_LONG_AGO, why);
        }
    }
    ktg_buf_done(&t);
    return rc;
}

int ktg_engine_compile(struct ktg_engine *e, struct ktg_bytes bundle,
                       const struct ktg_file **ret_files, size_t *ret_count,
                       struct ktg_ruleset **ret_rs, struct ktg_err *err)
{
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    int rc = ktg_bundle_decode(bundle, &e->record, ret_files, ret_count, err);
    if (rc)
        return rc;
    rc = e->world.compiled ? e->world.compiled(e->world.arg, bundle, ret_rs) : KTG_ENOTFOUND;
    if (rc == KTG_ENOTFOUND)
        rc = ktg_ruleset_compile(*ret_files, *ret_count, ret_rs, &notes, err);
    ktg_buf_done(&notes.text);
    return rc;
}

int ktg_engine_change(struct ktg_engine *e, struct ktg_bytes bundle, struct ktg_err *err)
{
    const struct ktg_file *files, *old_files = NULL;
    size_t count, old_count = 0;
    struct ktg_ruleset *rs = NULL;
    struct ktg_bytes old = KTG_BYTES_NONE;
    bool had = e->rules != NULL;
    int rc = ktg_engine_compile(e, bundle, &files, &count, &rs, err);
    if (!rc && had && !(rc = ktg_state_get(e->state, KTG_LIT("b"), &old))) {
        char *copy = ktg_arena_strndup(&e->record, (const char *)old.data,
                                       old.size); /* it is overwritten below */
        rc = copy ? ktg_bundle_decode(ktg_bytes(copy, old.size), &e->record, &old_files, &old_count,
                                      err)
                  : KTG_ENOMEM;
    }
    if (rc) {
        ktg_ruleset_free(rs);
        return rc;
    }
    if (had) { /* the same but for what no rule reads: no answer can be another */
        struct ktg_hash a = ktg_ruleset_hash(e->rules), b = ktg_ruleset_hash(rs);
        if (memcmp(a.b, b.b, sizeof a.b) == 0) {
            ktg_ruleset_free(rs);
            return ktg_state_put(e->state, KTG_LIT("b"), bundle);
        }
    }
    struct versions v = {NULL, had ? ktg_ruleset_count(e->rules) : 0};
    v.list = ktg_arena_zalloc(&e->record, v.count * sizeof *v.list + 1);
    bool bad = !v.list;
    for (size_t i = 0; !bad && i < v.count; i++) {
        const char *name = ktg_rule_name(ktg_ruleset_rule(e->rules, i));
        char *copy = ktg_arena_strndup(&e->record, name, strlen(name));
        v.list[i].name = ktg_bytes(copy, strlen(name));
        bad |= !copy;
        ktg_rule_version_hash(ktg_ruleset_rule(e->rules, i), v.list[i].version);
        v.list[i].status = ktg_rule_status(ktg_ruleset_rule(e->rules, i));
    }
    enum ktg_reason otherwise = !same_files(old_files, old_count, files, count, "lists/")
                                    ? KTG_REASON_LIST_CHANGED
                                : !same_files(old_files, old_count, files, count, "settings")
                                    ? KTG_REASON_SETTING_CHANGED
                                    : KTG_REASON_CATALOGUE_CHANGED;
    bool other_catalogue = false;
    if (had) {
        struct ktg_hash a = ktg_catalogue_hash(e->view.catalogue),
                        b = ktg_catalogue_hash(ktg_ruleset_catalogue(rs));
        other_catalogue = memcmp(a.b, b.b, sizeof a.b) != 0;
    }
    e->reason = otherwise;
    if (bad) {
        ktg_ruleset_free(rs);
        return KTG_ENOMEM;
    }
    bool stale;
    if ((rc = ktg_state_put(e->state, KTG_LIT("b"), bundle)) || (rc = ktg_engine_adopt(e, &rs)) ||
        (rc = ktg_screen_adopt(e, &stale)))
        return rc;
    bool anew = !had || other_catalogue || stale;
    if ((rc = ktg_placed_change(e, anew)))
        return rc;
    if (!had)
        return KTG_OK;
    /* what an occasion is may be another thing now; a rebuild puts the live events back as it goes */
    rc = ktg_company_drop(e);
    if (!rc)
        rc = anew ? rebuild(e) : ktg_company_fill(e);
    if (rc)
        return rc;
    e->near = NULL; /* everybody is asked below */
    e->screen.touched = NULL;
    if ((rc = ktg_engine_spread(e)) || (rc = ask_all(e, &v, otherwise)) || (rc = say_gone(e, &v)))
        return rc;
    return ktg_engine_answer(e);
}
