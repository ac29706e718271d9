/* bench/grown.c - an engine that knows N persons: what an event costs it, and what each of them weighs.
 *
 *     bench_grown [name=value ...]
 *         rules=FOLDER[,FOLDER...]   in place of the shipped rules
 *         persons=N (100000)  rounds=N (1)  slice=N (20000)  seed=N (1)  settle=N (slice)
 *         store=FOLDER               state in LMDB, a checkpoint when `dirty` bytes (64 MiB) have changed; without it in memory
 *
 *     round 1      round 2        ...   then, for each line of standard input:
 *     1 3 2 ... N  1 3 2 ... N          `slice` events of anybody, measured
 *     entries      check-ins
 *
 * A round is one event of each person.  Whatever N, a round takes ROUND of the journal's time and events follow each other in
 * the slices as they did in the rounds, so that the timers that run out are as many an event; there is a house for GUESTS
 * persons, so that houses are as full; posts and sources stay as many.
 * One JSON line after each round (with a store, after a checkpoint), after `settle` events of anybody, and after each slice.  Memory is
 * that of the engine: events lie in shared pages (tape.h).  of: {letter of the key: [records, bytes of keys, of values]}.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/options.h"
#include "bench/played.h"
#include "bench/tape.h"
#include "bench/texts.h"
#include "bench/traffic.h"
#include "rules/engine/record.h"
#include "runtime/clock.h"

#define BEGIN ((ktg_time)20000 * 86400000)
#define ROUND ((ktg_time)10 * 86400000)
enum { BATCH = 64, MOST_SLICES = 1000, SCATTER = 1000003, GUESTS = 12 };

struct grown {
    uint64_t persons, rounds, slice, seed, settle, dirty;
    const char *rules, *store;
    struct ktg_texts texts;
    struct ktg_traffic *traffic;
    struct ktg_tape *tape;
    struct ktg_played played;
    uint64_t empty_kib;   /* the engine's memory before its first event ... */
    uint64_t highest_kib; /* ... and at its highest, looked at before each checkpoint */
    uint64_t saves;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct grown *g = arg;
    if (pos < 2 || pos - 2 >= ktg_tape_count(g->tape))
        return KTG_ENOTFOUND;
    *ret_blob = ktg_tape_at(g->tape, pos - 2);
    return KTG_OK;
}

/* KiB of private memory that no file stands behind. */
static uint64_t anonymous_kib(void)
{
    char line[256];
    uint64_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtoull(line + 8, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

static int save(struct grown *g, uint64_t pos, struct ktg_err *err)
{
    uint64_t kib = anonymous_kib();
    g->highest_kib = kib > g->highest_kib ? kib : g->highest_kib;
    g->saves++;
    return ktg_played_save(&g->played, pos, err);
}

/* ---- events -------------------------------------------------------------------------------------------------------- */

/* When the i-th event of all is recorded: a round takes as long for many as for few. */
static ktg_time when(const struct grown *g, uint64_t i)
{
    return BEGIN + (ktg_time)((double)i * (double)ROUND / (double)g->persons);
}

/* round: of which the event is; 0: of a slice. */
static int make(struct grown *g, uint64_t round, uint64_t n)
{
    static const enum ktg_traffic_kind turn[] = {KTG_TRAFFIC_ENTRY, KTG_TRAFFIC_CHECKIN,
                                                 KTG_TRAFFIC_PERMIT, KTG_TRAFFIC_EXIT,
                                                 KTG_TRAFFIC_SPONSOR};
    uint64_t i = ktg_tape_count(g->tape);
    ktg_time at = when(g, i);
    int64_t due = at * 1000000 + (int64_t)(i % 1000000);
    if (!round)
        return ktg_tape_add(
            g->tape, ktg_traffic_next(g->traffic, ktg_traffic_kind(g->traffic, 0, 0), due, at));
    /* SCATTER is a prime: everybody once, neighbours far apart, unless it divides the number of persons */
    uint64_t person = g->persons % SCATTER ? n * SCATTER % g->persons : n;
    return ktg_tape_add(
        g->tape, ktg_traffic_of(g->traffic, turn[(round - 1) % KTG_COUNT(turn)], person, due, at));
}

/* The events of the tape from `first` on. */
static int answer(struct grown *g, uint64_t first, struct ktg_err *err)
{
    int rc = KTG_OK;
    for (uint64_t i = first; !rc && i < ktg_tape_count(g->tape); i++) {
        if ((i - first) % BATCH == 0)
            rc = ktg_engine_clock(g->played.engine, i + 2, when(g, i + BATCH), err);
        if (!rc)
            rc = ktg_engine_event(g->played.engine, i + 2, ktg_tape_at(g->tape, i), 0, err);
        if (!rc && g->store && ktg_state_dirty_bytes(g->played.state) >= g->dirty)
            rc = save(g, i + 2, err);
    }
    return rc;
}

/* Made, then answered.  *ret_ns: of the answering. */
static int events(struct grown *g, uint64_t round, uint64_t count, int64_t *ret_ns,
                  struct ktg_err *err)
{
    uint64_t first = ktg_tape_count(g->tape);
    int rc = KTG_OK;
    for (uint64_t n = 0; !rc && n < count; n++)
        rc = make(g, round, n);
    int64_t began = ktg_mono_ns();
    if (!rc)
        rc = answer(g, first, err);
    *ret_ns = ktg_mono_ns() - began;
    return rc;
}

/* ---- what there is -------------------------------------------------------------------------------------------------- */

struct census {
    uint64_t subjects, entries, records, bytes;
    struct {
        uint64_t records, keys, values;
    } of[26]; /* by the letter of the key (rules/engine/keys.h) */
};

static int count_record(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct census *c = arg;
    struct ktg_record r;
    c->records++;
    c->bytes += key.size + value.size;
    if (key.data[0] >= 'a' && key.data[0] <= 'z') {
        c->of[key.data[0] - 'a'].records++;
        c->of[key.data[0] - 'a'].keys += key.size;
        c->of[key.data[0] - 'a'].values += value.size;
    }
    if (key.data[0] != 't' && key.data[0] != 'e')
        return KTG_OK;
    c->subjects += key.data[0] == 't';
    int rc = ktg_record_open(value, &r);
    c->entries += rc ? 0 : r.count;
    return rc;
}

/* "t":[records,bytes of keys,bytes of values], ... */
static void print_letters(const struct census *c)
{
    const char *between = "";
    for (int i = 0; i < 26; i++) {
        if (!c->of[i].records)
            continue;
        printf("%s\"%c\":[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", between, 'a' + i, c->of[i].records,
               c->of[i].keys, c->of[i].values);
        between = ",";
    }
    printf("}}\n");
    fflush(stdout);
}

static int report(struct grown *g, uint64_t round, uint64_t count, int64_t ns, struct ktg_err *err)
{
    struct census c = {0};
    int rc = g->store ? save(g, ktg_tape_count(g->tape) + 1, err) : KTG_OK;
    uint64_t kib = anonymous_kib();
    if (!rc)
        rc = ktg_state_scan(g->played.state, KTG_BYTES_NONE, count_record, &c);
    printf("{\"ok\":%s,\"round\":%" PRIu64 ",\"events\":%" PRIu64 ",\"ns_per_event\":%" PRId64
           ",\"empty_kib\":%" PRIu64 ",\"anonymous_kib\":%" PRIu64 ",\"highest_kib\":%" PRIu64
           ",\"subjects\":%" PRIu64 ",\"entries\":%" PRIu64 ",\"records\":%" PRIu64
           ",\"record_bytes\":%" PRIu64 ",\"map_bytes\":%" PRIu64 ",\"saves\":%" PRIu64
           ",\"live_bytes\":%" PRIu64 ",\"ops\":%" PRIu64 ",\"digest\":\"%016" PRIx64 "\",\"of\":{",
           rc ? "false" : "true", round, count, ns / (int64_t)count, g->empty_kib, kib,
           g->highest_kib, c.subjects, c.entries, c.records, c.bytes,
           g->store ? ktg_checkpoint_used(g->played.checkpoint) : 0, g->saves,
           g->store ? ktg_checkpoint_pages(g->played.checkpoint) * 4096 : 0, g->played.ops,
           g->played.digest);
    print_letters(&c);
    return rc;
}

static int slices(struct grown *g, struct ktg_err *err)
{
    char line[16];
    int64_t ns;
    int rc = g->settle ? events(g, 0, g->settle, &ns, err) : KTG_OK;
    if (!rc) {
        printf("{\"ok\":true,\"settled\":%" PRIu64 "}\n", g->settle);
        fflush(stdout);
    }
    while (!rc && fgets(line, sizeof line, stdin)) {
        if (!(rc = events(g, 0, g->slice, &ns, err))) {
            printf("{\"ok\":true,\"ns_per_event\":%" PRId64 ",\"ops\":%" PRIu64
                   ",\"anonymous_kib\":%" PRIu64 "}\n",
                   ns / (int64_t)g->slice, g->played.ops, anonymous_kib());
            fflush(stdout);
        }
    }
    return rc;
}

/* ---- main ------------------------------------------------------------------------------------------------------------ */

static int begin(struct grown *g, struct ktg_err *err)
{
    uint64_t most = g->persons * g->rounds + g->settle + g->slice * MOST_SLICES;
    int rc = ktg_texts_open(g->rules, &g->texts, err);
    if (!rc)
        rc = ktg_traffic_new(g->texts.catalogue, g->seed, g->persons, BEGIN, &g->traffic, err);
    if (!rc)
        rc = ktg_tape_new(most, &g->tape);
    if (!rc)
        ktg_traffic_properties(g->traffic, g->persons / GUESTS);
    g->played.arg = g;
    g->played.event_at = event_at;
    if (!rc)
        rc = ktg_played_open(&g->played, g->store, err);
    if (!rc)
        rc = ktg_engine_clock(g->played.engine, 1, BEGIN, err);
    if (!rc)
        rc = ktg_engine_ruleset(g->played.engine, 1, ktg_buf_view(&g->texts.bundle), err);
    g->empty_kib = anonymous_kib();
    return rc;
}

int main(int argc, char **argv)
{
    struct grown g = {.persons = 100000,
                      .rounds = 1,
                      .slice = 20000,
                      .seed = 1,
                      .settle = UINT64_MAX,
                      .dirty = UINT64_C(64) << 20};
    const struct ktg_option options[] = {{"persons", &g.persons, NULL}, {"rounds", &g.rounds, NULL},
                                         {"slice", &g.slice, NULL},     {"seed", &g.seed, NULL},
                                         {"settle", &g.settle, NULL},   {"dirty", &g.dirty, NULL},
                                         {"rules", NULL, &g.rules},     {"store", NULL, &g.store}};
    struct ktg_err err = KTG_ERR_INIT;
    int64_t ns;
    if (ktg_options_read(options, KTG_COUNT(options), argc - 1, argv + 1) || !g.persons ||
        !g.slice) {
        fprintf(stderr, "bench_grown [name=value ...]: see bench/grown.c\n");
        return 2;
    }
    if (g.settle == UINT64_MAX)
        g.settle = g.slice;
    int rc = begin(&g, &err);
    for (uint64_t r = 1; !rc && r <= g.rounds; r++)
        if (!(rc = events(&g, r, g.persons, &ns, &err)))
            rc = report(&g, r, g.persons, ns, &err);
    if (!rc)
        rc = slices(&g, &err);
    if (rc)
        fprintf(stderr, "bench_grown: %d %s\n", rc, err.text);
    ktg_played_close(&g.played);
    ktg_tape_free(g.tape);
    ktg_traffic_free(g.traffic);
    ktg_texts_done(&g.texts);
    return rc ? 1 : 0;
}
