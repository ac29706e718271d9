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

#include "rules/testing/story.h"
#include "runtime/mem.h"
#include "tests/sim/shuffle/orders.h"

#define EVENTS_MOST 160

static const char *pick(struct orders_random *r, const char *words) /* blanks between */
{
    static char word[32];
    int n = 1;
    for (const char *p = words; *p; p++)
        n += *p == ' ';
    for (int k = (int)orders_next(r, (uint32_t)n); k > 0; k--)
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
static void put_sponsor(struct ktg_buf *b, struct orders_random *r)
{
    int s = (int)orders_next(r, 3);
    ktg_buf_printf(b, "sponsor: {kind: %s, id: \"S%d\"}", s ? "person" : "company", s);
}

static void put_fields(struct ktg_buf *b, struct orders_random *r, int type, int person, ktg_time t)
{
    ktg_time later = t + (ktg_time)orders_next(r, 40) * KTG_DAY_MS;
    switch (type) {
    case 0:
        ktg_buf_printf(b, "border.crossing {person: P%d, direction: %s, ", person,
                       pick(r, "entry entry exit exit refused"));
        ktg_buf_printf(b, "mode: land, post: %s, visa_index: ", pick(r, "ARUK BADAU ENTIKONG"));
        ktg_buf_printf(b, "%s, permitted_until: ", pick(r, "B1 C1 E33"));
        put_date(b, later);
        if (orders_next(r, 8) == 0)
            ktg_buf_printf(b, ", prev_doc: P%d", (int)orders_next(r, 6));
        if (orders_next(r, 8) == 0)
            ktg_buf_printf(b, ", companions: [P%d]", (int)orders_next(r, 6));
        break;
    case 1:
        ktg_buf_printf(b, "permit.status {person: P%d, action: %s, permit_no: K%d, until: ", person,
                       pick(r, "issued extended applied revoked converted"),
                       (int)orders_next(r, 9));
        put_date(b, later);
        break;
    case 2:
        ktg_buf_printf(b, "lodging.checkin {person: P%d, property: H%d", person,
                       (int)orders_next(r, 3));
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
                       pick(r, "add add remove update"), (int)orders_next(r, 3));
        ktg_buf_printf(b, "tangkal, owner: IMI, docs: [P%d, P%d], action: refer, until: ",
                       (int)orders_next(r, 6), (int)orders_next(r, 6));
        put_date(b, later);
        break;
    default:
        ktg_buf_printf(b, "document.status {doc: P%d, status: renewed, replaced_by: P%d", person,
                       (int)orders_next(r, 6));
    }
    ktg_buf_put_str(b, "} ");
}

/* Sources by type, so that corrections have theirs, and two posts that can fall silent. */
static const char *const sources[] = {"POST.A",   "IMI.PERMIT.1", "APOA.X.1", "IMI.LINK.1",
                                      "PTSP.L.1", "IMI.LIST.1",   "IMI.DOC.1"};

static void write_story(struct ktg_buf *b, struct orders_random *r, int count)
{
    ktg_time begin = INT64_C(1767200000000), t = begin;
    int types[EVENTS_MOST];
    for (int i = 0; i < count; i++) {
        static const int weights[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 5, 6};
        if (orders_next(r, 6)) /* else the same instant */
            t += (ktg_time)orders_next(r, 4 * 24 * 60) * 60000;
        int again = i > 2 && orders_next(r, 6) == 0 ? (int)orders_next(r, (uint32_t)i) : -1;
        if (again >= 0 && orders_next(r, 2) == 0) {
            ktg_buf_printf(b, "retract e%d ", again);
            put_at(b, t);
            types[i] = types[again];
        } else {
            types[i] = again >= 0 ? types[again] : weights[orders_next(r, 14)];
            put_fields(b, r, types[i], (int)orders_next(r, 6), t);
            put_at(b, again >= 0 && orders_next(r, 2) ? t - (ktg_time)orders_next(r, 5000) * 60000
                                                      : t);
            if (again >= 0)
                ktg_buf_printf(b, " supersedes e%d", again);
            const char *source = types[i] == 0 && (again < 0) && orders_next(r, 3) == 0
                                     ? "POST.B"
                                     : sources[types[i]];
            if (again < 0)
                ktg_buf_printf(b, " from %s", source);
        }
        ktg_buf_printf(b, " as e%d\n", i);
    }
}

/* ---- playing it ---------------------------------------------------------------------------------------------------- */

static int one_history(const struct ktg_catalogue *catalogue, struct ktg_bytes bundle,
                       uint64_t seed, int orders, struct orders_counts *c, struct ktg_err *err)
{
    struct orders_random r = orders_random(seed);
    struct ktg_buf story = KTG_BUF_INIT, first = KTG_BUF_INIT, now = KTG_BUF_INIT;
    struct ktg_arena a = KTG_ARENA_INIT;
    const struct ktg_story_step *steps;
    size_t count;
    write_story(&story, &r, 30 + (int)orders_next(&r, 60));
    int rc = ktg_story_parse(catalogue, ktg_buf_view(&story), "story", 1, &a, &steps, &count, err);
    struct orders_arrival *list = rc ? NULL : ktg_arena_zalloc(&a, (count * 2 + 40) * sizeof *list);
    ktg_time begin = INT64_C(1767200000000), end = begin;
    for (size_t i = 0; !rc && i < count; i++)
        end = steps[i].at > end ? steps[i].at : end;
    end += (ktg_time)90 * KTG_DAY_MS;
    for (int order = 0; !rc && order < orders; order++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++) {
            ktg_time at = steps[i].at + (order ? orders_lateness(&r) : 0);
            list[n++] = (struct orders_arrival){
                .blob = steps[i].blob, .at = at, .tie = orders_next(&r, 1000)};
            if (orders_next(&r, 10) == 0) { /* once more */
                at += (ktg_time)orders_next(&r, 86400) * 1000;
                list[n++] = (struct orders_arrival){
                    .blob = steps[i].blob, .at = at, .tie = orders_next(&r, 1000)};
            }
        }
        for (int h = 0; h < 20; h++) /* every other history hears of POST.A until it falls silent */
            if (seed % 2)
                list[n++] = (struct orders_arrival){.source = KTG_LIT("POST.A"),
                                                    .at = begin + (ktg_time)h * 3 * KTG_DAY_MS,
                                                    .tie = 1000};
        rc = orders_play(bundle, list, n, end, true, !order, c, order ? &now : &first, err);
        if (!rc && order && !ktg_bytes_eq(ktg_buf_view(&first), ktg_buf_view(&now))) {
            printf("seed %llu, order %d: other findings stand\n", (unsigned long long)seed, order);
            orders_tell_difference(&first, &now);
            printf("--- story\n%s", ktg_buf_text(&story));
            rc = ktg_err_set(err, KTG_ECORRUPT, "order matters");
        }
    }
    c->findings += orders_lines(&first);
    ktg_buf_done(&story);
    ktg_buf_done(&first);
    ktg_buf_done(&now);
    ktg_arena_done(&a);
    return rc;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int histories = argc > 2 ? atoi(argv[2]) : 4;
    int orders = (argc > 3 ? atoi(argv[3]) : 200) * orders_scale();
    struct ktg_ruleset *rs = NULL;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct orders_counts c = {.rules = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    /* six persons: three of them are many */
    int rc = orders_bundle(KTG_SOURCE_DIR "/tests/sim/shuffle/forms.yaml",
                           "settings:\n  sponsor.repeat: 3\n", &rs, &bundle, &err);
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
    printf("seed %llu: %d histories, %d orders each: ", (unsigned long long)seed, histories,
           orders);
    orders_tell(&c);
    printf("%s\n", rc ? err.text : "");
    ktg_buf_done(&bundle);
    orders_done(&c);
    ktg_ruleset_free(rs);
    return rc != 0;
}
