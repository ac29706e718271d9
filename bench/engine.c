/* bench/engine.c - the correlation engine alone: events from memory, answers counted and thrown away.
 *
 *     bench_engine [name=value ...]
 *         rules=FOLDER[,FOLDER...]   in place of the shipped rules
 *         events=N   (200000)        persons=N (100000)    seed=N (1)
 *         step=N     ms of journal time from event to event (50), a batch of events each `batch` (64)
 *         journal=FOLDER             what that event journal holds, its rules included, in place of all these
 *         settle=N   events answered before the measuring begins (a tenth)
 *         store=FOLDER               state in LMDB with a checkpoint every `every` events (50000); without it in memory
 *
 * Decoding the event, timelines, rules, differences and timers count; journal and wire do not (a journal is read and
 * checked before the clock starts).  One JSON line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "bench/figures.h"
#include "bench/options.h"
#include "bench/played.h"
#include "bench/tape.h"
#include "bench/texts.h"
#include "bench/traffic.h"
#include "brokers/correlation/feed.h"
#include "runtime/clock.h"
#include "schema/record.h"

#define BEGIN ((ktg_time)20000 * 86400000)

struct bench {
    uint64_t events, persons, seed, step, batch, settle, every;
    const char *rules, *store, *journal;
    struct ktg_texts texts;
    struct ktg_tape *tape;
    struct ktg_journal_reader *reader;
    struct ktg_journal_item *items; /* of the journal */
    size_t count, cap;
    struct ktg_played played;
    struct ktg_figures figures;
    uint64_t done; /* events */
    int64_t began, batch_began, ns;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct bench *b = arg;
    if (b->reader && (pos < b->items[0].pos || pos - b->items[0].pos >= b->count))
        return KTG_ENOTFOUND;
    if (b->reader) {
        *ret_blob = b->items[pos - b->items[0].pos].payload;
        return KTG_OK;
    }
    if (pos < 2 || pos >= b->events + 2)
        return KTG_ENOTFOUND;
    *ret_blob = ktg_tape_at(b->tape, pos - 2);
    return KTG_OK;
}

static int make_events(struct bench *b, struct ktg_err *err)
{
    struct ktg_traffic *t = NULL;
    int rc = ktg_traffic_new(b->texts.catalogue, b->seed, b->persons, BEGIN, &t, err);
    if (!rc)
        rc = ktg_tape_new(b->events, &b->tape);
    for (uint64_t i = 0; !rc && i < b->events; i++) {
        ktg_time at = BEGIN + (ktg_time)(i * b->step);
        enum ktg_traffic_kind kind = ktg_traffic_kind(t, 1311, 655);
        rc = ktg_tape_add(b->tape,
                          ktg_traffic_next(t, kind, at * 1000000 + (int64_t)(i % 1000), at));
    }
    ktg_traffic_free(t);
    return rc;
}

static int read_journal(struct bench *b, struct ktg_err *err)
{
    int rc = ktg_journal_reader_open(b->journal, NULL, &b->reader, err);
    b->events = 0;
    while (!rc && !(rc = ktg_grow(&b->items, &b->cap, b->count + 1, sizeof *b->items)) &&
           !(rc = ktg_journal_reader_next(b->reader, &b->items[b->count], err)))
        b->events += b->items[b->count++].kind == KTG_RECORD_EVENT;
    return rc == KTG_EAGAIN && b->events ? KTG_OK : rc ? rc : KTG_ENOTFOUND;
}

/* An event was answered; `last`: the last of its batch. */
static int after_event(struct bench *b, uint64_t pos, bool last, uint64_t size, struct ktg_err *err)
{
    int rc = KTG_OK;
    if (b->store && (b->done + 1) % b->every == 0)
        rc = ktg_played_save(&b->played, pos, err);
    if (last && b->done >= b->settle)
        ktg_figures_add(&b->figures, (ktg_mono_ns() - b->batch_began) / (int64_t)size, 1);
    if (++b->done == b->settle)
        b->began = ktg_mono_ns();
    return rc;
}

static int play(struct bench *b, struct ktg_err *err)
{
    struct ktg_engine *e = b->played.engine;
    int rc = ktg_engine_clock(e, 1, BEGIN, err);
    if (!rc)
        rc = ktg_engine_ruleset(e, 1, ktg_buf_view(&b->texts.bundle), err);
    b->began = ktg_mono_ns();
    for (uint64_t i = 0; !rc && i < b->events; i++) {
        if (i % b->batch == 0) {
            b->batch_began = ktg_mono_ns();
            rc = ktg_engine_clock(e, i + 2, BEGIN + (ktg_time)((i + b->batch) * b->step), err);
        }
        if (!rc)
            rc = ktg_engine_event(e, i + 2, ktg_tape_at(b->tape, i), 0, err);
        if (!rc)
            rc = after_event(b, i + 2, (i + 1) % b->batch == 0, b->batch, err);
    }
    return rc;
}

static int play_journal(struct bench *b, struct ktg_err *err)
{
    struct ktg_arena scratch = KTG_ARENA_INIT;
    uint64_t size = 0;
    int rc = KTG_OK;
    b->began = ktg_mono_ns();
    for (size_t i = 0; !rc && i < b->count; i++) {
        const struct ktg_journal_item *item = &b->items[i];
        if (item->kind == KTG_RECORD_CLOCK) {
            b->batch_began = ktg_mono_ns();
            size = 0;
        }
        rc = ktg_feed_item(b->played.engine, &scratch, item, err);
        if (!rc && item->kind == KTG_RECORD_EVENT)
            rc = after_event(b, item->pos, !item->left, ++size, err);
        if (item->kind == KTG_RECORD_RULESET && !b->done)
            b->began = ktg_mono_ns(); /* compiling is none of the answering */
    }
    ktg_arena_done(&scratch);
    return rc;
}

static int run(struct bench *b, struct ktg_err *err)
{
    int rc = b->journal ? read_journal(b, err) : ktg_texts_open(b->rules, &b->texts, err);
    if (!rc && !b->journal)
        rc = make_events(b, err);
    if (b->settle == UINT64_MAX)
        b->settle = b->events / 10;
    b->played.arg = b;
    b->played.event_at = event_at;
    if (!rc)
        rc = ktg_played_open(&b->played, b->store, err);
    if (!rc)
        rc = b->journal ? play_journal(b, err) : play(b, err);
    b->ns = ktg_mono_ns() - b->began;
    return rc;
}

static void print(const struct bench *b)
{
    struct rusage used;
    uint64_t measured = b->events - b->settle;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"ok\":true,\"events\":%" PRIu64 ",\"persons\":%" PRIu64
           ",\"rules\":%zu,\"ns_per_event\":%" PRId64 ",\"batch_p99_ns\":%" PRId64
           ",\"ops\":%" PRIu64 ",\"op_bytes\":%" PRIu64 ",\"resident_kib\":%ld}\n",
           b->events, b->persons, ktg_ruleset_count(ktg_engine_rules(b->played.engine)),
           measured ? b->ns / (int64_t)measured : 0, ktg_figures_percentile(&b->figures, 99),
           b->played.ops, b->played.op_bytes, used.ru_maxrss);
}

int main(int argc, char **argv)
{
    static struct bench b = {.events = 200000,
                             .persons = 100000,
                             .seed = 1,
                             .step = 50,
                             .batch = 64,
                             .every = 50000,
                             .settle = UINT64_MAX};
    const struct ktg_option options[] = {
        {"events", &b.events, NULL},  {"persons", &b.persons, NULL}, {"seed", &b.seed, NULL},
        {"step", &b.step, NULL},      {"batch", &b.batch, NULL},     {"settle", &b.settle, NULL},
        {"every", &b.every, NULL},    {"rules", NULL, &b.rules},     {"store", NULL, &b.store},
        {"journal", NULL, &b.journal}};
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_options_read(options, KTG_COUNT(options), argc - 1, argv + 1)) {
        fprintf(stderr, "bench_engine [name=value ...]: see bench/engine.c\n");
        return 2;
    }
    int rc = run(&b, &err);
    if (rc)
        fprintf(stderr, "bench_engine: %d %s\n", rc, err.text);
    else
        print(&b);
    ktg_played_close(&b.played);
    ktg_journal_reader_close(b.reader);
    ktg_free(b.items);
    ktg_tape_free(b.tape);
    ktg_texts_done(&b.texts);
    return rc ? 1 : 0;
}
