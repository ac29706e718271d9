/* producers/simulate/simulate.c - see simulate.h: from drafts to one ordered, numbered line of
 * events. SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "producers/simulate/country.h"
#include "schema/event.h" /* ids as producers make them */

struct ktg_simulate {
    struct country c;
    const char **sources;
    size_t source_count;
    uint8_t (*corrected)[16]; /* id by serial */
    size_t at;
};

static const char *const scenarios[] = {"borneo-week", NULL};

const char *ktg_simulate_scenario(size_t i)
{
    return i < KTG_COUNT(scenarios) ? scenarios[i] : NULL;
}

const char *ktg_simulate_state_name(enum ktg_simulate_state state)
{
    static const char *const names[] = {[KTG_SIMULATE_OPEN] = "open",
                                        [KTG_SIMULATE_CLOSED] = "closed",
                                        [KTG_SIMULATE_WITHDRAWN] = "withdrawn"};
    return names[state];
}

const char *ktg_simulate_manner_name(size_t i)
{
    static const char *const names[] = {
        [KTG_SIMULATE_CLEAN] = "clean",         [KTG_SIMULATE_LATE] = "late",
        [KTG_SIMULATE_CORRECTED] = "corrected", [KTG_SIMULATE_MISSPELT] = "misspelt",
        [KTG_SIMULATE_MISREAD] = "misread",
    };
    return i < KTG_COUNT(names) ? names[i] : NULL;
}

/* ---- order ---- */

static int compare_times(ktg_time a, ktg_time b)
{
    return (a > b) - (a < b);
}

static int by_made(const void *pa, const void *pb)
{
    const struct draft *a = pa, *b = pb;
    int c = compare_times(a->made, b->made);
    return c ? c : (a->serial > b->serial) - (a->serial < b->serial);
}

/* Ids rise with the time of writing down, so ties keep the order of the ids. */
static int by_arrival(const void *pa, const void *pb)
{
    const struct draft *a = pa, *b = pb;
    int c = compare_times(a->arrives, b->arrives);
    return c ? c : memcmp(a->id, b->id, sizeof a->id);
}

static int by_rule_and_subject(const void *pa, const void *pb)
{
    const struct ktg_simulate_truth *a = pa, *b = pb;
    int c = strcmp(a->rule, b->rule);
    return c ? c : strcmp(a->subject, b->subject);
}

static void give_ids(struct country *c)
{
    uint64_t size = (uint64_t)(c->percent - 100); /* of another size it is another country */
    struct ktg_id_source ids = {.seed = c->seed * 2 + 1 + (size << 32)};
    qsort(c->drafts, c->count, sizeof *c->drafts, by_made);
    for (size_t i = 0; i < c->count; i++)
        ktg_id_next(&ids, c->drafts[i].made, c->drafts[i].id);
}

/* An outbox is emptied in order, and what a silent post wrote down comes when it is back. */
static void hold_back(struct ktg_simulate *s)
{
    struct country *c = &s->c;
    for (size_t k = 0; k < s->source_count; k++) {
        ktg_time last = KTG_LONG_AGO;
        bool silenced = strcmp(s->sources[k], c->outage.source) == 0;
        for (size_t i = 0; i < c->count; i++) {
            struct draft *d = &c->drafts[i];
            if (d->source != s->sources[k])
                continue;
            if (silenced && d->arrives >= c->outage.from && d->arrives < c->outage.until)
                d->arrives = c->outage.until;
            if (d->arrives <= last)
                d->arrives = last + 5;
            last = d->arrives;
        }
    }
}

/* ---- making ---- */

static int list_sources(struct ktg_simulate *s)
{
    size_t n = 0;
    s->sources = ktg_calloc(POSTS * 2 + hotel_count + 64, sizeof *s->sources);
    if (!s->sources)
        return KTG_ENOMEM;
    for (size_t i = 0; i < POSTS; i++)
        for (size_t k = 0; k < 2; k++)
            if (posts[i].sources[k])
                s->sources[n++] = posts[i].sources[k];
    for (size_t i = 0; i < hotel_count; i++)
        s->sources[n++] = hotels[i].source;
    for (size_t i = 0; other_sources[i]; i++)
        s->sources[n++] = other_sources[i];
    s->source_count = n;
    return KTG_OK;
}

/* One text per source, so that drafts of a source can be told by pointer. */
static void share_sources(struct ktg_simulate *s)
{
    for (size_t i = 0; i < s->c.count; i++)
        for (size_t k = 0; k < s->source_count; k++)
            if (strcmp(s->c.drafts[i].source, s->sources[k]) == 0) {
                s->c.drafts[i].source = s->sources[k];
                break;
            }
}

/* Corrections name the serial of their target; its id is known only now. */
static void list_ids(const struct country *c, uint8_t (*ids)[16])
{
    for (size_t i = 0; i < c->count; i++)
        memcpy(ids[c->drafts[i].serial], c->drafts[i].id, 16);
}

static void plant(struct country *c)
{
    static void (*const families[])(struct country *) = {
        plant_cases, plant_signs,     plant_cases_together, plant_stays,  plant_papers,
        plant_rooms, plant_marriages, plant_workers,        plant_routes,
    };
    c->planting = true;
    for (size_t i = 0; i < KTG_COUNT(families); i++)
        families[i](c);
}

int ktg_simulate_new(const struct ktg_simulate_options *o, struct ktg_simulate **ret_s,
                     struct ktg_err *err)
{
    if (!o->scenario || strcmp(o->scenario, scenarios[0]) != 0)
        return ktg_err_set(err, KTG_ENOTFOUND, "simulate: there is no scenario '%s'; there is %s",
                           o->scenario ? o->scenario : "", scenarios[0]);
    if (o->percent < 0 || o->percent > 10000)
        return ktg_err_set(err, KTG_EINVALID, "simulate: %d percent of a population; 1 to 10000",
                           o->percent);
    struct ktg_simulate *s = ktg_zalloc(sizeof *s);
    if (!s)
        return KTG_ENOMEM;
    struct country *c = &s->c;
    c->seed = o->seed;
    c->percent = o->percent ? o->percent : 100;
    c->live = ktg_start_of_day(ktg_date_from_civil(2026, 3, 2), WIB);
    c->start = c->live - 91 * DAY;
    c->end = c->live + 7 * DAY;
    c->outage = (struct ktg_simulate_outage){"IMI.ARUK.1", c->live + 2 * DAY + 6 * HOUR,
                                             c->live + 4 * DAY + 6 * HOUR};
    c->manner = o->manner;
    live_ordinary_lives(c);
    plant(c);
    uint8_t(*ids)[16] = NULL;
    int rc = c->bad ? KTG_ENOMEM : list_sources(s);
    if (!rc && !(ids = ktg_calloc(c->count + 1, sizeof *ids)))
        rc = KTG_ENOMEM;
    if (rc)
        goto out;
    give_ids(c);
    list_ids(c, ids);
    share_sources(s);
    hold_back(s);
    s->corrected = ids;
    if (o->order == KTG_SIMULATE_ARRIVED)
        qsort(c->drafts, c->count, sizeof *c->drafts, by_arrival);
    qsort(c->truth, c->truth_count, sizeof *c->truth, by_rule_and_subject);
    *ret_s = s;
    return KTG_OK;
out:
    ktg_simulate_free(s);
    return ktg_err_set(err, rc, "simulate: out of memory");
}

struct ktg_simulate *ktg_simulate_free(struct ktg_simulate *s)
{
    if (!s)
        return NULL;
    ktg_arena_done(&s->c.arena);
    ktg_buf_done(&s->c.scratch);
    ktg_free(s->c.drafts);
    ktg_free(s->c.truth);
    ktg_free(s->sources);
    ktg_free(s->corrected);
    ktg_free(s);
    return NULL;
}

/* ---- reading ---- */

size_t ktg_simulate_count(const struct ktg_simulate *s)
{
    return s->c.count;
}
void ktg_simulate_rewind(struct ktg_simulate *s)
{
    s->at = 0;
}

bool ktg_simulate_next(struct ktg_simulate *s, struct ktg_simulate_event *ret_e)
{
    if (s->at >= s->c.count)
        return false;
    const struct draft *d = &s->c.drafts[s->at++];
    *ret_e = (struct ktg_simulate_event){
        .source = d->source,
        .type = d->type,
        .supersedes = d->corrects ? s->corrected[d->corrects - 1] : NULL,
        .occurred_at = d->occurred,
        .made_at = d->made,
        .arrives_at = d->arrives,
        .offset_min = WIB,
        .data = d->data,
    };
    memcpy(ret_e->id, d->id, sizeof ret_e->id);
    return true;
}

void ktg_simulate_print(const struct ktg_simulate_event *e, bool with_arrival, struct ktg_buf *to)
{
    char id[KTG_ID_TEXT], at[KTG_INSTANT_TEXT];
    ktg_id_format(e->id, id);
    ktg_instant_format(e->occurred_at, e->offset_min, at);
    ktg_buf_printf(to, "{\"id\":\"%s\",\"type\":\"%s\",\"source\":\"%s\",\"occurred_at\":\"%s\"",
                   id, e->type, e->source, at);
    if (with_arrival && e->arrives_at != e->occurred_at) {
        ktg_instant_format(e->arrives_at, e->offset_min, at);
        ktg_buf_printf(to, ",\"recorded_at\":\"%s\"", at);
    }
    if (e->supersedes) {
        ktg_id_format(e->supersedes, id);
        ktg_buf_printf(to, ",\"supersedes\":\"%s\"", id);
    }
    ktg_buf_put_str(to, ",\"data\":");
    ktg_buf_put_bytes(to, e->data);
    ktg_buf_put_str(to, "}");
}

size_t ktg_simulate_source_count(const struct ktg_simulate *s)
{
    return s->source_count;
}
const char *ktg_simulate_source(const struct ktg_simulate *s, size_t i)
{
    return i < s->source_count ? s->sources[i] : NULL;
}
size_t ktg_simulate_truth_count(const struct ktg_simulate *s)
{
    return s->c.truth_count;
}
const struct ktg_simulate_truth *ktg_simulate_truth(const struct ktg_simulate *s, size_t i)
{
    return i < s->c.truth_count ? &s->c.truth[i] : NULL;
}
size_t ktg_simulate_outage_count(const struct ktg_simulate *s)
{
    (void)s;
    return 1;
}
const struct ktg_simulate_outage *ktg_simulate_outage(const struct ktg_simulate *s, size_t i)
{
    return i ? NULL : &s->c.outage;
}
void ktg_simulate_span(const struct ktg_simulate *s, ktg_time *ret_start, ktg_time *ret_live,
                       ktg_time *ret_end)
{
    *ret_start = s->c.start;
    *ret_live = s->c.live;
    *ret_end = s->c.end;
}

ktg_time ktg_simulate_first(const struct ktg_simulate *s)
{
    ktg_time first = s->c.start;
    for (size_t i = 0; i < s->c.count; i++)
        first = s->c.drafts[i].made < first ? s->c.drafts[i].made : first;
    return first;
}
