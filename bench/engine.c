/* bench/engine.c - the correlation engine alone: events from memory, answers counted and thrown away.
 *
 *     bench_engine [name=value ...]
 *         rules=FOLDER[,FOLDER...]   in place of the shipped rules
 *         events=N   (200000)        persons=N (100000)    seed=N (1)
 *         step=N     ms of journal time from event to event (50), a batch of events each `batch` (64)
 *         settle=N   events answered before the measuring begins (a tenth)
 *         store=FOLDER               state in LMDB with a checkpoint every `every` events (50000); without it in memory
 *
 * Decoding the event, timelines, rules, differences and timers count; journal and wire do not.  One JSON line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/figures.h"
#include "bench/traffic.h"
#include "brokers/correlation/checkpoint.h"
#include "cmd/shipped.h"
#include "rules/engine/engine.h"
#include "rules/ruleset.h"
#include "runtime/clock.h"

enum { MOST_FOLDERS = 8, BEGIN_DAYS = 20000 };

struct bench {
    const char *folders[MOST_FOLDERS], *store;
    uint64_t folder_count, events, persons, seed, step, batch, settle, every;
    uint8_t *bytes; /* of all events, one behind the other */
    struct ktg_bytes *at;
    struct ktg_engine *engine;
    struct ktg_state *state;
    struct ktg_checkpoint *checkpoint;
    uint64_t ops, op_bytes, pos;
    struct ktg_figures figures;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct bench *b = arg;
    if (pos < 2 || pos >= b->events + 2)
        return KTG_ENOTFOUND;
    *ret_blob = b->at[pos - 2];
    return KTG_OK;
}

static int out(void *arg, const struct ktg_op *op)
{
    struct bench *b = arg;
    b->ops++;
    b->op_bytes += op->payload.size;
    return KTG_OK;
}

static void notice(void *arg, const struct ktg_notice *n)
{
    (void)arg;
    fprintf(stderr, "bench_engine: %s: %.*s\n", n->what, (int)n->rule.size,
            (const char *)n->rule.data);
}

static int read_options(struct bench *b, int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t *to;
    } numbers[] = {{"events", &b->events}, {"persons", &b->persons}, {"seed", &b->seed},
                   {"step", &b->step},     {"batch", &b->batch},     {"settle", &b->settle},
                   {"every", &b->every}};
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        bool known = value != NULL;
        if (!known)
            return -1;
        *value++ = 0;
        if (strcmp(argv[i], "store") == 0) {
            b->store = value;
        } else if (strcmp(argv[i], "rules") == 0) {
            for (char *word = strtok(value, ","); word && b->folder_count < MOST_FOLDERS;
                 word = strtok(NULL, ","))
                b->folders[b->folder_count++] = word;
        } else {
            known = false;
            for (size_t k = 0; k < KTG_COUNT(numbers); k++)
                if (strcmp(argv[i], numbers[k].name) == 0) {
                    *numbers[k].to = strtoull(value, NULL, 10);
                    known = true;
                }
        }
        if (!known)
            return -1;
    }
    return 0;
}

static int make_events(struct bench *b, const struct ktg_catalogue *c, ktg_time begin,
                       struct ktg_err *err)
{
    struct ktg_traffic *t = NULL;
    size_t used = 0, cap = (size_t)b->events * 512;
    int rc = ktg_traffic_new(c, b->seed, b->persons, begin, &t, err);
    b->bytes = ktg_calloc(cap, 1);
    b->at = ktg_calloc((size_t)b->events, sizeof *b->at);
    if (!rc && (!b->bytes || !b->at))
        rc = KTG_ENOMEM;
    for (uint64_t i = 0; !rc && i < b->events; i++) {
        ktg_time at = begin + (ktg_time)(i * b->step);
        enum ktg_traffic_kind kind = ktg_traffic_kind(t, 1311, 655);
        struct ktg_bytes e = ktg_traffic_next(t, kind, at * 1000000 + (int64_t)(i % 1000), at);
        memcpy(b->bytes + used, e.data, e.size);
        b->at[i] = ktg_bytes(b->bytes + used, e.size);
        used += e.size;
    }
    ktg_traffic_free(t);
    return rc;
}

static int open_state(struct bench *b, struct ktg_err *err)
{
    int rc = KTG_OK;
    if (b->store)
        rc = ktg_checkpoint_open(b->store, UINT64_C(16) << 30, &b->checkpoint, err);
    if (!rc)
        rc = ktg_state_new(b->store ? ktg_checkpoint_records(b->checkpoint) : NULL, &b->state);
    return rc;
}

static int play(struct bench *b, ktg_time begin, int64_t *ret_ns, struct ktg_err *err)
{
    int rc = KTG_OK;
    int64_t began = ktg_mono_ns(), batch_began = began;
    for (uint64_t i = 0; !rc && i < b->events; i++) {
        if (i == b->settle)
            began = ktg_mono_ns();
        if (i % b->batch == 0) {
            ktg_time clock = begin + (ktg_time)((i + b->batch) * b->step);
            batch_began = ktg_mono_ns();
            rc = ktg_engine_clock(b->engine, i + 2, clock, err);
        }
        if (!rc)
            rc = ktg_engine_event(b->engine, i + 2, b->at[i], 0, err);
        if (!rc && b->store && (i + 1) % b->every == 0) {
            struct ktg_checkpoint_mark mark = {.position = i + 2, .engine = KTG_ENGINE_VERSION};
            rc = ktg_checkpoint_write(b->checkpoint, b->state, &mark, err);
        }
        if (i >= b->settle && (i + 1) % b->batch == 0)
            ktg_figures_add(&b->figures, (ktg_mono_ns() - batch_began) / (int64_t)b->batch, 1);
    }
    *ret_ns = ktg_mono_ns() - began;
    return rc;
}

int main(int argc, char **argv)
{
    static struct bench b = {
        .events = 200000, .persons = 100000, .seed = 1, .step = 50, .batch = 64, .every = 50000};
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_catalogue *catalogue = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf bundle = KTG_BUF_INIT;
    b.settle = UINT64_MAX;
    if (read_options(&b, argc, argv)) {
        fprintf(stderr, "bench_engine [name=value ...]: see bench/engine.c\n");
        return 2;
    }
    if (b.settle == UINT64_MAX)
        b.settle = b.events / 10;
    struct ktg_shipped_choice choice = {.rules = b.folder_count ? b.folders : NULL,
                                        .rule_count = (size_t)b.folder_count};
    const struct ktg_engine_world world = {
        .arg = &b, .event_at = event_at, .out = out, .notice = notice};
    ktg_time begin = (ktg_time)BEGIN_DAYS * 86400000;
    int64_t ns = 0;
    int rc = ktg_shipped_gather(&choice, &files, &err);
    if (!rc)
        rc = ktg_shipped_catalogue(files.at, files.count, &catalogue, &err);
    if (!rc)
        rc = make_events(&b, catalogue, begin, &err);
    if (!rc)
        rc = ktg_bundle_encode(files.at, files.count, &bundle);
    if (!rc)
        rc = open_state(&b, &err);
    if (!rc)
        rc = ktg_engine_new(b.state, &world, &b.engine, &err);
    if (!rc)
        rc = ktg_engine_clock(b.engine, 1, begin, &err);
    if (!rc)
        rc = ktg_engine_ruleset(b.engine, 1, ktg_buf_view(&bundle), &err);
    if (!rc)
        rc = play(&b, begin, &ns, &err);
    if (rc) {
        fprintf(stderr, "bench_engine: %s\n", err.text);
        return 1;
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"events\":%" PRIu64 ",\"persons\":%" PRIu64 ",\"rules\":%zu,\"ns_per_event\":%" PRId64
           ",\"batch_p99_ns\":%" PRId64 ",\"ops\":%" PRIu64 ",\"op_bytes\":%" PRIu64
           ",\"resident_kib\":%ld}\n",
           b.events, b.persons, ktg_ruleset_count(ktg_engine_rules(b.engine)),
           ns / (int64_t)(b.events - b.settle), ktg_figures_percentile(&b.figures, 99), b.ops,
           b.op_bytes, used.ru_maxrss);
    ktg_engine_free(b.engine);
    ktg_state_free(b.state);
    ktg_checkpoint_close(b.checkpoint);
    ktg_catalogue_free(catalogue);
    ktg_files_done(&files);
    ktg_buf_done(&bundle);
    ktg_free(b.at);
    ktg_free(b.bytes);
    return 0;
}
