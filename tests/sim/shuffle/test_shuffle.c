/* tests/sim/shuffle/test_shuffle.c - the order of arrival does not matter (DECISIONS 27).
 *
 *     a random history ──> arrival = occurred_at + random lateness, 200 times ──> the same findings stand at the end
 *
 * A history has crossings, permits, lodgings, sponsors, licences, watchlist entries, documents that are renewed (persons
 * merge), corrections and retractions of all these (persons split again), duplicates, events of one instant, and
 * heartbeats of some sources.  Heartbeats and clock stay where they are; everything else comes early, late, very late.
 *
 *     test_shuffle SEED HISTORIES ORDERS
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/player.h"
#include "rules/engine/standing.h"
#include "rules/testing/story.h"
#include "runtime/mem.h"
#include "schema/files.h"
#include "schema/json.h"

#define EVENTS_MOST 160

struct random { /* xorshift64: the same everywhere */
    uint64_t s;
};
static uint32_t next(struct random *r, uint32_t below)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return (uint32_t)((r->s >> 33) % below);
}
static const char *pick(struct random *r, const char *words) /* blanks between */
{
    static char word[32];
    int n = 1;
    for (const char *p = words; *p; p++)
        n += *p == ' ';
    for (int k = (int)next(r, (uint32_t)n); k > 0; k--)
        words = strchr(words, ' ') + 1;
    size_t size = strcspn(words, " ");
    memcpy(word, words, size);
    word[size] = 0;
    return word;
}

/* ---- a history as a story ------------------------------------------------------------------------------------------ */

static void put_at(struct ktg_buf *b, ktg_time t)
{
    char text[KTG_INSTANT_TEXT];
    ktg_instant_format(t, 420, text);
    ktg_buf_printf(b, "@%s", text);
}
static void put_date(struct ktg_buf *b, ktg_time t)
{
    char text[KTG_DATE_TEXT];
    ktg_date_format(ktg_date_of(t, 420), text);
    ktg_buf_put_str(b, text);
}
static void put_sponsor(struct ktg_buf *b, struct random *r)
{
    int s = (int)next(r, 3);
    ktg_buf_printf(b, "sponsor: {kind: %s, id: \"S%d\"}", s ? "person" : "company", s);
}

static void put_fields(struct ktg_buf *b, struct random *r, int type, int person, ktg_time t)
{
    ktg_time later = t + (ktg_time)next(r, 40) * KTG_DAY_MS;
    switch (type) {
    case 0:
        ktg_buf_printf(b, "border.crossing {person: P%d, direction: %s, ", person,
                       pick(r, "entry entry exit exit refused"));
        ktg_buf_printf(b, "mode: land, post: %s, visa_index: ", pick(r, "ARUK BADAU ENTIKONG"));
        ktg_buf_printf(b, "%s, permitted_until: ", pick(r, "B1 C1 E33"));
        put_date(b, later);
        if (next(r, 8) == 0)
            ktg_buf_printf(b, ", prev_doc: P%d", (int)next(r, 6));
        if (next(r, 8) == 0)
            ktg_buf_printf(b, ", companions: [P%d]", (int)next(r, 6));
        break;
    case 1:
        ktg_buf_printf(b, "permit.status {person: P%d, action: %s, permit_no: K%d, until: ", person,
                       pick(r, "issued extended applied revoked converted"), (int)next(r, 9));
        put_date(b, later);
        break;
    case 2:
        ktg_buf_printf(b, "lodging.checkin {person: P%d, property: H%d", person, (int)next(r, 3));
        break;
    case 3:
        ktg_buf_printf(b, "sponsor.link {person: P%d, action: %s, ", person,
                       pick(r, "add add add change remove"));
        put_sponsor(b, r);
        ktg_buf_put_str(b, ", relation: friend");
        break;
    case 4:
        ktg_buf_printf(b, "licence.status {nib: \"S0\", kind: %s, ", pick(r, "PMA PMDN"));
        ktg_buf_printf(b, "status: %s", pick(r, "active revoked frozen"));
        break;
    case 5:
        ktg_buf_printf(b, "watchlist.entry {op: %s, entry: W%d, list: ",
                       pick(r, "add add remove update"), (int)next(r, 3));
        ktg_buf_printf(b, "tangkal, owner: IMI, docs: [P%d, P%d], action: refer, until: ",
                       (int)next(r, 6), (int)next(r, 6));
        put_date(b, later);
        break;
    default:
        ktg_buf_printf(b, "document.status {doc: P%d, status: renewed, replaced_by: P%d", person,
                       (int)next(r, 6));
    }
    ktg_buf_put_str(b, "} ");
}

/* Sources by type, so that corrections have theirs, and two posts that can fall silent. */
static const char *const sources[] = {"POST.A",   "IMI.PERMIT.1", "APOA.X.1", "IMI.LINK.1",
                                      "PTSP.L.1", "IMI.LIST.1",   "IMI.DOC.1"};

static void write_story(struct ktg_buf *b, struct random *r, int count)
{
    ktg_time begin = INT64_C(1767200000000), t = begin;
    int types[EVENTS_MOST];
    for (int i = 0; i < count; i++) {
        static const int weights[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 5, 6};
        if (next(r, 6)) /* else the same instant */
            t += (ktg_time)next(r, 4 * 24 * 60) * 60000;
        int again = i > 2 && next(r, 6) == 0 ? (int)next(r, (uint32_t)i) : -1;
        if (again >= 0 && next(r, 2) == 0) {
            ktg_buf_printf(b, "retract e%d ", again);
            put_at(b, t);
            types[i] = types[again];
        } else {
            types[i] = again >= 0 ? types[again] : weights[next(r, 14)];
            put_fields(b, r, types[i], (int)next(r, 6), t);
            put_at(b, again >= 0 && next(r, 2) ? t - (ktg_time)next(r, 5000) * 60000 : t);
            if (again >= 0)
                ktg_buf_printf(b, " supersedes e%d", again);
            const char *source =
                types[i] == 0 && (again < 0) && next(r, 3) == 0 ? "POST.B" : sources[types[i]];
            if (again < 0)
                ktg_buf_printf(b, " from %s", source);
        }
        ktg_buf_printf(b, " as e%d\n", i);
    }
}

/* ---- playing it ---------------------------------------------------------------------------------------------------- */

struct arrival {
    struct ktg_bytes blob;
    ktg_time at;
    uint32_t tie;
    bool heartbeat;
};
static int by_arrival(const void *x, const void *y)
{
    const struct arrival *a = x, *b = y;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->tie > b->tie) - (a->tie < b->tie);
}

struct counts {
    size_t ops[4], findings;
    struct ktg_buf rules; /* names of the rules that have ever said something */
};
static int listen(void *arg, const struct ktg_op *op)
{
    struct counts *c = arg;
    c->ops[op->kind]++;
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

static int play(struct ktg_bytes bundle, struct arrival *list, size_t count, ktg_time end,
                struct counts *c, struct ktg_buf *standing, struct ktg_err *err)
{
    struct ktg_player *p = NULL;
    const struct ktg_player_options o = {
        .arg = c, .out = listen, .ahead = (ktg_time)300000, .lenient = true};
    int rc = ktg_player_new(bundle, &o, &p, err);
    for (size_t i = 0; !rc && i < count; i++) {
        bool again;
        if (list[i].heartbeat)
            rc = ktg_player_heartbeat(p, KTG_LIT("POST.A"), list[i].at, NULL, 0, list[i].at, err);
        else
            rc = ktg_player_event(p, list[i].blob, list[i].at, &again, err);
    }
    if (!rc)
        rc = ktg_player_reach(p, end, err);
    ktg_buf_clear(standing);
    if (!rc)
        rc = ktg_engine_standing(ktg_player_engine(p), print, standing);
    ktg_player_free(p);
    return rc;
}

static int one_history(const struct ktg_catalogue *catalogue, struct ktg_bytes bundle,
                       uint64_t seed, int orders, struct counts *c, struct ktg_err *err)
{
    struct random r = {seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
    struct ktg_buf story = KTG_BUF_INIT, first = KTG_BUF_INIT, now = KTG_BUF_INIT;
    struct ktg_arena a = KTG_ARENA_INIT;
    const struct ktg_story_step *steps;
    size_t count;
    for (int i = 0; i < 20; i++)
        next(&r, 2);
    write_story(&story, &r, 30 + (int)next(&r, 60));
    int rc = ktg_story_parse(catalogue, ktg_buf_view(&story), "story", 1, &a, &steps, &count, err);
    struct arrival *list = rc ? NULL : ktg_arena_zalloc(&a, (count * 2 + 40) * sizeof *list);
    ktg_time begin = INT64_C(1767200000000), end = begin;
    for (size_t i = 0; !rc && i < count; i++)
        end = steps[i].at > end ? steps[i].at : end;
    end += (ktg_time)90 * KTG_DAY_MS;
    for (int order = 0; !rc && order < orders; order++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++) {
            static const uint32_t late[] = {1, 60, 3600, 3 * 86400,
                                            40 * 86400}; /* seconds, at most */
            ktg_time at = steps[i].at + (order ? (ktg_time)next(&r, late[next(&r, 5)]) * 1000 : 0);
            list[n++] = (struct arrival){steps[i].blob, at, next(&r, 1000), false};
            if (next(&r, 10) == 0) /* once more */
                list[n++] = (struct arrival){steps[i].blob, at + (ktg_time)next(&r, 86400) * 1000,
                                             next(&r, 1000), false};
        }
        for (int h = 0; h < 20; h++) /* every other history hears of POST.A until it falls silent */
            if (seed % 2)
                list[n++] = (struct arrival){KTG_BYTES_NONE, begin + (ktg_time)h * 3 * KTG_DAY_MS,
                                             1000, true};
        qsort(list, n, sizeof *list, by_arrival);
        rc = play(bundle, list, n, end, c, order ? &now : &first, err);
        if (!rc && order && !ktg_bytes_eq(ktg_buf_view(&first), ktg_buf_view(&now))) {
            printf("seed %llu, order %d: other findings stand\n--- in order\n%s--- shuffled\n%s--- "
                   "story\n%s",
                   (unsigned long long)seed, order, ktg_buf_text(&first), ktg_buf_text(&now),
                   ktg_buf_text(&story));
            rc = ktg_err_set(err, KTG_ECORRUPT, "order matters");
        }
    }
    for (size_t i = 0; i < first.size; i++)
        c->findings += first.data[i] == '\n';
    ktg_buf_done(&story);
    ktg_buf_done(&first);
    ktg_buf_done(&now);
    ktg_arena_done(&a);
    return rc;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int histories = argc > 2 ? atoi(argv[2]) : 4, orders = argc > 3 ? atoi(argv[3]) : 200;
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_ruleset *rs = NULL;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct counts c = {.rules = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_files_read(&f, KTG_SOURCE_DIR "/schema", "", &err);
    if (!rc)
        rc = ktg_files_read(&f, KTG_SOURCE_DIR "/rules/packs", "rules/", &err);
    if (!rc)
        rc = ktg_files_read_one(&f, KTG_SOURCE_DIR "/tests/sim/shuffle/forms.yaml",
                                "rules/forms.yaml", &err);
    if (!rc)
        rc = ktg_files_read(&f, KTG_SOURCE_DIR "/rules/lists", "lists/", &err);
    if (!rc)
        rc = ktg_files_read_one(&f, KTG_SOURCE_DIR "/rules/settings.yaml", "settings.yaml", &err);
    if (!rc) /* six persons: three of them are many */
        rc = ktg_files_put(&f, "local.yaml", KTG_LIT("settings:\n  sponsor.repeat: 3\n"), &err);
    if (!rc)
        rc = ktg_ruleset_compile(f.at, f.count, &rs, &notes, &err);
    if (!rc)
        rc = ktg_bundle_encode(f.at, f.count, &bundle);
    for (int h = 0; !rc && h < histories; h++)
        rc = one_history(ktg_ruleset_catalogue(rs), ktg_buf_view(&bundle), seed + (uint64_t)h,
                         orders, &c, &err);
    for (size_t i = 0; !rc && histories > 3 && i < ktg_ruleset_count(rs);
         i++) { /* a rule that never speaks is not tested */
        const struct ktg_rule *rule = ktg_ruleset_rule(rs, i);
        struct ktg_bytes name = ktg_bytes_str(ktg_rule_name(rule));
        if (ktg_rule_status(rule) != KTG_RULE_INTERNAL &&
            !memmem(c.rules.data, c.rules.size, name.data, name.size))
            rc = ktg_err_set(&err, KTG_ENOTFOUND, "%s never said anything", ktg_rule_name(rule));
    }
    printf("%d histories, %d orders each: %zu raised, %zu amended, %zu withdrawn, %zu unknown, %zu "
           "standing\nby %s\n%s\n",
           histories, orders, c.ops[0], c.ops[1], c.ops[2], c.ops[3], c.findings,
           ktg_buf_text(&c.rules), rc ? err.text : "");
    if (notes.errors)
        printf("%s", ktg_buf_text(&notes.text));
    ktg_buf_done(&bundle);
    ktg_buf_done(&c.rules);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    ktg_files_done(&f);
    return rc != 0;
}
