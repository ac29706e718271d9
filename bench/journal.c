/* bench/journal.c - an event journal as ingest would have written it, made at once: for what starts from one that is there.
 *
 *     bench_journal FOLDER [name=value ...]
 *         rules=FOLDER[,FOLDER...]   of the rule set record, in place of the shipped rules
 *         country=PERCENT            the synthetic country: recorded when each event arrives, a batch an instant; else
 *         events=N (100000) persons=N (100000) seed=N (1) step=N (ms from event to event, 20) batch=N (64)
 *                                    the mix of traffic.h, its last event recorded now
 *         each=1                     the i-th event of that mix is of the i-th person
 *
 * Nothing is synced: a power cut may take it.  One JSON line: events, positions, from when to when.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>

#include "bench/country.h"
#include "bench/options.h"
#include "bench/texts.h"
#include "bench/traffic.h"
#include "runtime/journal/journal.h"
#include "schema/event.h"
#include "schema/record.h"

struct writing {
    uint64_t country, events, persons, seed, step, batch, each;
    const char *rules;
    struct ktg_texts texts;
    struct ktg_journal *journal;
    struct ktg_buf meta;
    ktg_time first, last;
    uint64_t count;
};

static int append(struct writing *w, uint8_t kind, struct ktg_record_meta m,
                  struct ktg_bytes payload, const uint8_t *id, ktg_position *ret_pos)
{
    ktg_buf_clear(&w->meta);
    ktg_record_meta_encode(&m, &w->meta);
    return ktg_journal_append(w->journal, kind, ktg_buf_view(&w->meta), payload, id, ret_pos);
}

static int append_event(struct writing *w, struct ktg_bytes blob, const uint8_t *id,
                        ktg_position target, ktg_position *ret_pos)
{
    const struct ktg_record_meta m = {
        .producer = KTG_LIT("IMI.BENCH.0"), .epoch = 1, .seq = ++w->count, .target = target};
    return append(w, KTG_RECORD_EVENT, m, blob, id, ret_pos);
}

static int seal(struct writing *w, ktg_time at)
{
    return ktg_journal_seal_and_wait(w->journal, at, 0, NULL);
}

static int write_rules(struct writing *w, ktg_time at)
{
    const struct ktg_record_meta m = {.producer = KTG_LIT("SYSTEM.INGEST")};
    ktg_position unused;
    w->first = at;
    int rc = append(w, KTG_RECORD_RULESET, m, ktg_buf_view(&w->texts.bundle), NULL, &unused);
    return rc ? rc : seal(w, at);
}

static int write_country(struct writing *w, struct ktg_err *err)
{
    struct ktg_country *c = NULL;
    ktg_position *at = NULL;
    int rc = ktg_country_new(w->texts.catalogue, w->country, w->seed, &c, err);
    size_t count = rc ? 0 : ktg_country_count(c);
    if (!rc && !(at = ktg_calloc(count + 1, sizeof *at)))
        rc = KTG_ENOMEM;
    if (!rc && count)
        rc = write_rules(w, ktg_country_at(c, 0)->arrives_at - 1);
    for (size_t i = 0; !rc && i < count; i++) {
        const struct ktg_country_event *e = ktg_country_at(c, i);
        rc = append_event(w, e->blob, e->id, e->corrects ? at[e->corrects - 1] : 0, &at[i]);
        w->last = e->arrives_at;
        if (!rc && (i + 1 == count || ktg_country_at(c, i + 1)->arrives_at != e->arrives_at))
            rc = seal(w, e->arrives_at);
    }
    ktg_free(at);
    ktg_country_free(c);
    return rc;
}

static int write_traffic(struct writing *w, struct ktg_err *err)
{
    struct ktg_traffic *t = NULL;
    w->last = ktg_clock_now(&KTG_CLOCK_REAL);
    ktg_time begin = w->last - (ktg_time)(w->events * w->step);
    int rc = ktg_traffic_new(w->texts.catalogue, w->seed, w->persons, begin, &t, err);
    if (!rc)
        rc = write_rules(w, begin - 1);
    for (uint64_t i = 0; !rc && i < w->events; i++) {
        ktg_time at = begin + (ktg_time)(i * w->step);
        int64_t due = at * 1000000 + (int64_t)(i % 1000);
        enum ktg_traffic_kind kind = ktg_traffic_kind(t, 0, 0);
        struct ktg_bytes blob = w->each ? ktg_traffic_of(t, kind, i % w->persons, due, at)
                                        : ktg_traffic_next(t, kind, due, at);
        struct ktg_event e;
        ktg_position unused;
        if (!(rc = ktg_event_read(w->texts.catalogue, blob, &e, err)))
            rc = append_event(w, blob, e.id, 0, &unused);
        if (!rc && ((i + 1) % w->batch == 0 || i + 1 == w->events))
            rc = seal(w, at);
    }
    ktg_traffic_free(t);
    return rc;
}

int main(int argc, char **argv)
{
    struct writing w = {.events = 100000, .persons = 100000, .seed = 1, .step = 20, .batch = 64};
    const struct ktg_option options[] = {{"rules", NULL, &w.rules},   {"country", &w.country, NULL},
                                         {"events", &w.events, NULL}, {"persons", &w.persons, NULL},
                                         {"seed", &w.seed, NULL},     {"step", &w.step, NULL},
                                         {"batch", &w.batch, NULL},   {"each", &w.each, NULL}};
    /* as ingest's, but for the syncs */
    const struct ktg_journal_options journal = {
        .salted = true, .strict_clock = true, .no_threads = true, .test_skip_sync = true};
    struct ktg_err err = KTG_ERR_INIT;
    if (argc < 2 || ktg_options_read(options, KTG_COUNT(options), argc - 2, argv + 2) || !w.batch) {
        fprintf(stderr, "bench_journal FOLDER [name=value ...]: see the head of bench/journal.c\n");
        return 2;
    }
    int rc = ktg_texts_open(w.rules, &w.texts, &err);
    if (!rc)
        rc = ktg_journal_open(argv[1], &journal, &w.journal, &err);
    if (!rc)
        rc = w.country ? write_country(&w, &err) : write_traffic(&w, &err);
    if (rc)
        fprintf(stderr, "bench_journal: %d %s\n", rc, err.text);
    else
        printf("{\"ok\":true,\"events\":%" PRIu64 ",\"positions\":%" PRIu64 ",\"days\":%.1f}\n",
               w.count, ktg_journal_mark(w.journal), (double)(w.last - w.first) / 86400000);
    ktg_journal_close(w.journal);
    ktg_texts_done(&w.texts);
    ktg_buf_done(&w.meta);
    return rc ? 1 : 0;
}
