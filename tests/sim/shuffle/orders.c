/* tests/sim/shuffle/orders.c - see orders.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/sim/shuffle/orders.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/standing.h"
#include "rules/engine/told.h"
#include "runtime/mem.h"
#include "schema/files.h"
#include "schema/json.h"

struct orders_random orders_random(uint64_t seed)
{
    struct orders_random r = {seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
    for (int i = 0; i < 20; i++)
        orders_next(&r, 2);
    return r;
}

uint32_t orders_next(struct orders_random *r, uint32_t below)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return (uint32_t)((r->s >> 33) % below);
}

ktg_time orders_lateness(struct orders_random *r)
{
    static const uint32_t late[] = {1, 60, 3600, 3 * 86400, 40 * 86400}; /* seconds, at most */
    return (ktg_time)orders_next(r, late[orders_next(r, 5)]) * 1000;
}

int orders_scale(void)
{
    const char *scale = getenv("KTG_PROVE_SCALE");
    int n = scale ? atoi(scale) : 1;
    return n < 1 ? 1 : n;
}

int orders_bundle(const char *more, const char *local, struct ktg_ruleset **ret_rs,
                  struct ktg_buf *bundle, struct ktg_err *err)
{
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    int rc = ktg_files_read(&f, KTG_SOURCE_DIR "/schema", "", err);
    if (!rc)
        rc = ktg_files_read(&f, KTG_SOURCE_DIR "/rules/packs", "rules/", err);
    if (!rc && more)
        rc = ktg_files_read_one(&f, more, "rules/more.yaml", err);
    if (!rc)
        rc = ktg_files_read(&f, KTG_SOURCE_DIR "/rules/lists", "lists/", err);
    if (!rc)
        rc = ktg_files_read_one(&f, KTG_SOURCE_DIR "/rules/settings.yaml", "settings.yaml", err);
    if (!rc && local)
        rc = ktg_files_put(&f, "local.yaml", ktg_bytes_str(local), err);
    if (!rc)
        rc = ktg_ruleset_compile(f.at, f.count, ret_rs, &notes, err);
    if (!rc)
        rc = ktg_bundle_encode(f.at, f.count, bundle);
    if (notes.errors)
        printf("%s", ktg_buf_text(&notes.text));
    ktg_buf_done(&notes.text);
    ktg_files_done(&f);
    return rc;
}

static int by_arrival(const void *x, const void *y)
{
    const struct orders_arrival *a = x, *b = y;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->tie > b->tie) - (a->tie < b->tie);
}

static int begin_told(struct orders_counts *c)
{
    c->told = ktg_told_free(c->told);
    ktg_arena_reset(&c->payloads);
    c->listens = true;
    return ktg_told_new(&c->told);
}

static int keep_told(struct orders_counts *c, const struct ktg_op *op)
{
    char *copy = ktg_arena_strndup(&c->payloads, (const char *)op->payload.data, op->payload.size);
    return copy ? ktg_told_put(c->told, op->finding, op->rev, ktg_bytes(copy, op->payload.size))
                : KTG_ENOMEM;
}

static int compare(struct ktg_engine *e, struct orders_counts *c, struct ktg_err *err)
{
    const struct ktg_rederive how = {.told = c->told, .other_engine = true};
    size_t said = 0;
    int rc = ktg_engine_rederive(e, &how, &said, err);
    if (rc || !said)
        return rc;
    return ktg_err_set(err, KTG_ECORRUPT, "what was told in order differs %zu times", said);
}

static int listen(void *arg, const struct ktg_op *op)
{
    struct orders_counts *c = arg;
    int rc = c->listens ? keep_told(c, op) : KTG_OK;
    if (rc)
        return rc;
    c->ops[op->kind]++;
    c->stream = ktg_hash64(op->payload.data, op->payload.size, c->stream);
    if (!memmem(c->rules.data ? c->rules.data : (const uint8_t *)"", c->rules.size, op->rule.data,
                op->rule.size)) {
        ktg_buf_put_bytes(&c->rules, op->rule);
        ktg_buf_put_str(&c->rules, " ");
    }
    return KTG_OK;
}

/* What may not depend on the order: rule, subject, key, anchor, span, level, evidence, values; and what is unknown. */
static int print(void *arg, struct ktg_bytes rule, struct ktg_bytes kind, struct ktg_bytes subject,
                 const struct ktg_standing *f)
{
    struct ktg_buf *b = arg;
    char hex[33];
    ktg_hex(f->anchor, 16, hex);
    ktg_buf_printf(b, "%.*s %.*s:%.*s [%.*s] %s %lld..%lld level %d evidence %llu", (int)rule.size,
                   (const char *)rule.data, (int)kind.size, (const char *)kind.data,
                   (int)subject.size, (const char *)subject.data, (int)f->key.size,
                   (const char *)f->key.data, hex, (long long)f->from, (long long)f->until,
                   f->level, (unsigned long long)f->evidence_total);
    for (size_t i = 0; i + 16 <= f->evidence.size; i += 16) {
        ktg_hex(f->evidence.data + i, 16, hex);
        ktg_buf_printf(b, " %s", hex + 24);
    }
    ktg_buf_put_str(b, " ");
    int rc = f->values.size ? ktg_json_format(f->values, NULL, b) : KTG_OK;
    if (f->unknown)
        ktg_buf_printf(b, " unknown %.*s %lld", (int)f->unknown_source.size,
                       (const char *)f->unknown_source.data, (long long)f->unknown_since);
    ktg_buf_put_str(b, "\n");
    return rc;
}

int orders_play(struct ktg_bytes bundle, struct orders_arrival *list, size_t count, ktg_time end,
                bool lenient, bool first, struct orders_counts *c, struct ktg_buf *standing,
                struct ktg_err *err)
{
    struct ktg_player *p = NULL;
    const struct ktg_player_options o = {.arg = c,
                                         .out = listen,
                                         .ahead = (ktg_time)300000,
                                         .lenient = lenient,
                                         .answers = c->answers};
    c->stream = 0;
    if (count)
        qsort(list, count, sizeof *list, by_arrival);
    int rc = first ? begin_told(c) : KTG_OK;
    if (!rc)
        rc = ktg_player_new(bundle, &o, &p, err);
    for (size_t i = 0; !rc && i < count; i++) {
        bool again;
        if (!list[i].blob.size)
            rc = ktg_player_heartbeat(p,
                                      &(struct ktg_beat){.source = list[i].source,
                                                         .at = list[i].at,
                                                         .complete_until = list[i].at,
                                                         .period = 60},
                                      list[i].at, err);
        else
            rc = ktg_player_event(p, list[i].blob, list[i].at, &again, err);
    }
    if (!rc)
        rc = ktg_player_reach(p, end, err);
    if (!rc && !first)
        rc = compare(ktg_player_engine(p), c, err);
    ktg_buf_clear(standing);
    if (!rc)
        rc = ktg_engine_standing(ktg_player_engine(p), print, standing);
    c->listens = false;
    ktg_player_free(p);
    return rc;
}

size_t orders_lines(const struct ktg_buf *standing)
{
    size_t n = 0;
    for (size_t i = 0; i < standing->size; i++)
        n += standing->data[i] == '\n';
    return n;
}

static void tell_missing(const char *mark, const struct ktg_buf *here, const struct ktg_buf *there)
{
    for (size_t i = 0, next; i < here->size; i = next) {
        const uint8_t *line = here->data + i, *end = memchr(line, '\n', here->size - i);
        next = (size_t)(end - here->data) + 1;
        if (!there->size || !memmem(there->data, there->size, line, next - i))
            printf("%s %.*s", mark, (int)(next - i), (const char *)line);
    }
}

void orders_tell_difference(const struct ktg_buf *first, const struct ktg_buf *now)
{
    tell_missing("in order", first, now);
    tell_missing("shuffled", now, first);
}

void orders_tell(struct orders_counts *c)
{
    printf("%zu raised, %zu amended, %zu withdrawn, %zu unknown, %zu standing\nby %s\n", c->ops[0],
           c->ops[1], c->ops[2], c->ops[3], c->findings, ktg_buf_text(&c->rules));
}

void orders_done(struct orders_counts *c)
{
    ktg_told_free(c->told);
    ktg_arena_done(&c->payloads);
    ktg_buf_done(&c->rules);
}
