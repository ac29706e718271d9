/* tests/sim/shuffle/test_shuffle.c - the order of arrival does not matter (DECISIONS 27).
 *
 *     a random history ──> arrival = occurred_at + random lateness, 200 times ──> the same findings stand at the end
 *
 * A history has crossings, permits, lodgings, sponsors, licences, watchlist entries, addresses, fees and bans, manifests,
 * biometric hits, documents that are lost, found or renewed (persons merge), corrections and retractions of all these
 * (persons split again), duplicates, events of one instant, and heartbeats of some sources.  Heartbeats and clock stay
 * where they are; everything else comes early, late, very late.
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
#define MIX         31 /* events that a mix draws from */
#define RULES_SPEAK 48 /* of all, at least; what others say is shuffled with their own cases */

/* Six persons: three of them are many, and a month is long. */
#define LOCAL                                                                                 \
    "settings:\n  sponsor.repeat: 3\n  sponsor.shared: 2\n  sponsor.churn: 1\n"               \
    "  shell.people: 1\n  abscond.people: 1\n  late.cases: 2\n  silent.weekly: 0\n"           \
    "  crowding.people: 2\n  crowding.sponsors: 2\n  drift.days: 5\n  booker.people: 2\n"     \
    "  short-exit.trips: 1\n  visa-run.hops: 1\n  visa-run.days: 20\n  window.max_days: 30\n" \
    "  itap.absent_days: 5\n  overlap.hours: 1\n"

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
static void put_instant(struct ktg_buf *b, ktg_time t)
{
    char text[KTG_INSTANT_TEXT];
    ktg_instant_format(t, 420, text);
    ktg_buf_put_str(b, text);
}
static void put_sponsor(struct ktg_buf *b, struct orders_random *r)
{
    int s = (int)orders_next(r, 3);
    ktg_buf_printf(b, "sponsor: {kind: %s, id: \"S%d\", phone: \"+62000000%d\"}",
                   s ? "person" : "company", s, (int)orders_next(r, 2));
}
static void put_place(struct ktg_buf *b, struct orders_random *r) /* a degree is 111 km */
{
    int k = (int)orders_next(r, 3);
    ktg_buf_printf(b, "place: {district: \"610%d\", lat: \"0.00\", lon: \"11%d.00\"}", k, k * 4);
}
static const char *const bearers[] = {"SUHARTO", "SOEHARTO", "ERIKSSON", "ERIKSON"};
/* Two persons share name, birth date and sex; readings differ now and then. */
static void put_bearer(struct ktg_buf *b, struct orders_random *r, int person)
{
    int k = orders_next(r, 12) ? person / 2 : 3;
    ktg_buf_printf(b, ", surname: %s, given: ANNA, dob: 19%d0-01-01, sex: %s", bearers[k], 6 + k,
                   k % 2 ? "F" : "M");
}

/* A name on a list, like that of some bearer. */
static void put_like(struct ktg_buf *b, struct orders_random *r)
{
    int k = (int)orders_next(r, 4);
    ktg_buf_printf(b, "surname: %s, given: ANNA", bearers[k]);
    if (orders_next(r, 4))
        ktg_buf_printf(b, ", dob: 19%d0-01-0%d", 6 + k, 1 + (int)orders_next(r, 2));
}

static void put_fields(struct ktg_buf *b, struct orders_random *r, int type, int person, ktg_time t)
{
    ktg_time later = t + (ktg_time)orders_next(r, 40) * KTG_DAY_MS;
    switch (type) {
    case 0:
        ktg_buf_printf(b, "border.crossing {doc: {kind: %s, issuer: UTO, number: P%d",
                       person ? "P" : "PLB", person);
        ktg_buf_printf(b, ", expiry: 2036-01-01}, direction: %s, ",
                       pick(r, "entry entry exit exit refused"));
        ktg_buf_printf(b, "mode: land, post: %s, ", pick(r, "ARUK BADAU ENTIKONG"));
        put_place(b, r);
        ktg_buf_printf(b, ", visa_index: %s, mrz_check: ", pick(r, "B1 C1 E33"));
        ktg_buf_printf(b, "%s, permitted_until: ", pick(r, "ok ok ok fail"));
        put_date(b, later);
        put_bearer(b, r, person);
        if (orders_next(r, 8) == 0)
            ktg_buf_printf(b, ", prev_doc: P%d", (int)orders_next(r, 6));
        if (orders_next(r, 8) == 0)
            ktg_buf_printf(b, ", companions: [P%d]", (int)orders_next(r, 6));
        break;
    case 1:
        ktg_buf_printf(b, "permit.status {person: P%d, action: %s, permit_no: K%d, class: ", person,
                       pick(r, "issued extended applied revoked converted"),
                       (int)orders_next(r, 9));
        ktg_buf_printf(b, "%s, until: ", pick(r, "ITK ITAS ITAS ITAP EPO IMK"));
        put_date(b, later);
        if (orders_next(r, 2))
            ktg_buf_put_str(b, ", basis_index: E23, sponsor: {kind: company, id: S0}");
        break;
    case 2:
        ktg_buf_printf(b, "lodging.checkin {person: P%d, property: H%d, ", person,
                       (int)orders_next(r, 3));
        put_place(b, r);
        put_bearer(b, r, person);
        if (orders_next(r, 2))
            ktg_buf_put_str(b, ", booker_phone: \"+62000001\"");
        ktg_buf_put_str(b, ", reported_at: ");
        put_instant(b, t + (ktg_time)orders_next(r, 3) * KTG_DAY_MS);
        ktg_buf_put_str(b, ", planned_out: ");
        put_date(b, later);
        break;
    case 3:
        ktg_buf_printf(b, "sponsor.link {person: P%d, action: %s, ", person,
                       pick(r, "add add add change remove"));
        put_sponsor(b, r);
        ktg_buf_printf(b, ", relation: friend, reason: %s", pick(r, "request request deceased"));
        break;
    case 4:
        ktg_buf_printf(b, "licence.status {nib: \"S0\", kind: %s, ", pick(r, "PMA PMDN"));
        ktg_buf_printf(b, "address_verified: false, capital_realised: 1, status: %s",
                       pick(r, "active revoked frozen"));
        break;
    case 5:
        ktg_buf_printf(b, "watchlist.entry {op: %s, entry: W%d, list: ",
                       pick(r, "add add remove update"), (int)orders_next(r, 3));
        ktg_buf_printf(b, "tangkal, owner: IMI, docs: [P%d, P%d], action: refer, until: ",
                       (int)orders_next(r, 6), (int)orders_next(r, 6));
        put_date(b, later);
        for (int names = (int)orders_next(r, 3), i = 0; i < names; i++) {
            ktg_buf_put_str(b, i ? ", {" : ", names: [{");
            put_like(b, r);
            ktg_buf_put_str(b, i + 1 < names ? "}" : "}]");
        }
        break;
    case 6:
        ktg_buf_printf(b, "document.status {doc: P%d, status: ", person);
        if (orders_next(r, 2))
            ktg_buf_printf(b, "renewed, replaced_by: P%d", (int)orders_next(r, 6));
        else
            ktg_buf_printf(b, "%s", pick(r, "lost found"));
        break;
    case 7:
        ktg_buf_printf(b, "lodging.checkout {person: P%d, property: H%d", person,
                       (int)orders_next(r, 3));
        break;
    case 8:
        ktg_buf_printf(b, "address.report {person: P%d, kind: %s, address: A%d, ", person,
                       pick(r, "residence residence kost SKTT"), (int)orders_next(r, 2));
        put_place(b, r);
        break;
    case 9:
        ktg_buf_printf(b, "removal {person: P%d, kind: %s, bill: B%d, until: ", person,
                       pick(r, "fee-due fee-paid banned"), (int)orders_next(r, 3));
        put_date(b, later);
        break;
    case 10:
        ktg_buf_printf(b, "api.passenger {person: P%d, kind: %s, flight: F%d, ", person,
                       pick(r, "passenger crew"), (int)orders_next(r, 2));
        ktg_buf_put_str(b, "destination_id: true, arrives_at: ");
        put_instant(b, t + KTG_DAY_MS / 8);
        ktg_buf_put_str(b, ", departs_at: ");
        put_instant(b, t + (ktg_time)orders_next(r, 3) * KTG_DAY_MS);
        break;
    case 12:
        ktg_buf_printf(b, "tka.employment {person: P%d, nib: S0, action: %s, position: ", person,
                       pick(r, "start start start move end"));
        ktg_buf_printf(b, "%s, location: \"610%d\"", pick(r, "welder engineer hr-staff"),
                       (int)orders_next(r, 2));
        if (orders_next(r, 3) == 0)
            ktg_buf_put_str(b, ", companion_nik: K");
        break;
    case 13:
        ktg_buf_printf(b, "rptka.status {rptka_no: R%d, nib: S0, status: %s, ",
                       (int)orders_next(r, 2), pick(r, "approved approved extended revoked ended"));
        ktg_buf_printf(b, "headcount: %d, locations: [\"6101\"], until: ", (int)orders_next(r, 3));
        put_date(b, later);
        break;
    case 14:
        ktg_buf_printf(b, "inspection.result {person: P%d, operation: O%d, nib: S9, outcome: %s, ",
                       person, (int)orders_next(r, 3), pick(r, "found found not-found"));
        put_place(b, r);
        ktg_buf_printf(b, ", location: \"6105\", finding: %s", pick(r, "working working idle"));
        break;
    case 15:
        ktg_buf_printf(b, "case.reference {person: P%d, case_no: C%d, hit: true, kind: ", person,
                       (int)orders_next(r, 2));
        ktg_buf_printf(b, "%s, stage: ", pick(r, "criminal victim"));
        ktg_buf_put_str(b, pick(r, "open open closed"));
        break;
    case 16:
        ktg_buf_printf(b, "community.report {category: work, named: [P%d], ", person);
        put_place(b, r);
        break;
    case 17:
        ktg_buf_printf(b, "tka.transfer-report {person: P%d, nib: S0, year: 1, hours: %d", person,
                       (int)orders_next(r, 2));
        break;
    case 18: /* an officer says that the entry means somebody else */
        ktg_buf_printf(b, "alert.closed {alert: A%d, officer: O1, disposition: not-match, ",
                       person);
        ktg_buf_printf(b, "about: \"doc:UTO:P%d\", key: W%d", person, (int)orders_next(r, 3));
        break;
    default:
        ktg_buf_printf(b, "biometric.hit {person: P%d, modality: face, candidate: P%d, ", person,
                       (int)orders_next(r, 6));
        ktg_buf_printf(b, "score: 950, threshold: 900, same_bio: false, verdict: %s",
                       pick(r, "none match no-match"));
    }
    ktg_buf_put_str(b, "} ");
}

/* Sources by type, so that corrections have theirs, and two posts that can fall silent. */
static const char *const sources[] = {"POST.A",     "IMI.PERMIT.1",  "APOA.X.1",     "IMI.LINK.1",
                                      "PTSP.L.1",   "IMI.LIST.1",    "IMI.DOC.1",    "APOA.X.1",
                                      "DUK.X.1",    "IMI.REMOVAL.1", "IMI.API.1",    "IMI.GATE.1",
                                      "NAK.WORK.1", "NAK.PLAN.1",    "IMI.OP.1",     "POL.CASE.1",
                                      "PEM.X.1",    "NAK.REPORT.1",  "SYSTEM.ALERTS"};

/* What a history is made of: of everything a little, much about work and what the agencies know together, or names on lists
 * and who was said to be somebody else. */
static const int mixes[][MIX] = {
    {0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 5, 6, 7, 8, 8, 9, 9, 10, 10, 11},
    {0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 6, 12, 12, 12, 12, 12, 13, 14, 14, 14, 15, 15, 16, 17},
    {0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 5, 5, 6, 6, 7, 8, 9, 10, 18, 18, 18}};
static const int *mix_of(uint64_t seed)
{
    return mixes[seed % 3 == 0 ? 1 : seed % 4 == 1 ? 2 : 0];
}

static void write_story(struct ktg_buf *b, struct orders_random *r, const int *mix, int count)
{
    ktg_time begin = INT64_C(1767200000000), t = begin;
    int types[EVENTS_MOST];
    for (int i = 0; i < count; i++) {
        if (orders_next(r, 6)) /* else the same instant */
            t += (ktg_time)orders_next(r, 4 * 24 * 60) * 60000;
        int again = i > 2 && orders_next(r, 6) == 0 ? (int)orders_next(r, (uint32_t)i) : -1;
        if (again >= 0 && orders_next(r, 2) == 0) {
            ktg_buf_printf(b, "retract e%d ", again);
            put_at(b, t);
            types[i] = types[again];
        } else {
            types[i] = again >= 0 ? types[again] : mix[orders_next(r, MIX)];
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

/* However answers are worked out, the same bytes are said. */
static int same_bytes(struct ktg_bytes bundle, struct orders_arrival *list, size_t count,
                      ktg_time end, struct orders_counts *c, struct ktg_err *err)
{
    uint64_t stream[3];
    struct ktg_buf standing = KTG_BUF_INIT;
    int rc = KTG_OK;
    for (int how = 0; !rc && how < 3; how++) {
        c->answers = (enum ktg_answers_how)how;
        rc = orders_play(bundle, list, count, end, true, false, c, &standing, err);
        stream[how] = c->stream;
    }
    ktg_buf_done(&standing);
    if (!rc && (stream[0] != stream[1] || stream[1] != stream[2]))
        rc = ktg_err_set(err, KTG_ECORRUPT, "recent, whole and short answers say other bytes");
    return rc;
}

static int one_history(const struct ktg_catalogue *catalogue, struct ktg_bytes bundle,
                       uint64_t seed, int orders, struct orders_counts *c, struct ktg_err *err)
{
    struct orders_random r = orders_random(seed);
    struct ktg_buf story = KTG_BUF_INIT, first = KTG_BUF_INIT, now = KTG_BUF_INIT;
    struct ktg_arena a = KTG_ARENA_INIT;
    const struct ktg_story_step *steps;
    size_t count;
    write_story(&story, &r, mix_of(seed), 30 + (int)orders_next(&r, 60));
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
        c->answers = (enum ktg_answers_how)(order % 3);
        rc = orders_play(bundle, list, n, end, true, !order, c, order ? &now : &first, err);
        if (!rc && order < 2)
            rc = same_bytes(bundle, list, n, end, c, err);
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

/* The first shipped rules: these at least speak among the stories, whatever the others do. */
static const char *const spine[] = {
    "overstay-fee",       "overstay-deport", "lodging-missing-24h", "lodging-no-valid-stay",
    "entry-without-exit", "sponsor-repeat",  "sponsor-nib-revoked", "watchlist-exact"};

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int histories = argc > 2 ? atoi(argv[2]) : 4;
    int orders = (argc > 3 ? atoi(argv[3]) : 200) * orders_scale();
    struct ktg_ruleset *rs = NULL;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct orders_counts c = {.rules = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    int rc =
        orders_bundle(KTG_SOURCE_DIR "/tests/sim/shuffle/forms.yaml", LOCAL, &rs, &bundle, &err);
    for (int h = 0; !rc && h < histories; h++)
        rc = one_history(ktg_ruleset_catalogue(rs), ktg_buf_view(&bundle), seed + (uint64_t)h,
                         orders, &c, &err);
    size_t spoken = 0; /* what never speaks is not tested; not all can in so few stories */
    for (size_t i = 0; !rc && i < ktg_ruleset_count(rs); i++) {
        const struct ktg_rule *rule = ktg_ruleset_rule(rs, i);
        struct ktg_bytes name = ktg_bytes_str(ktg_rule_name(rule));
        bool said = memmem(c.rules.data, c.rules.size, name.data, name.size);
        spoken += ktg_rule_status(rule) == KTG_RULE_LIVE && said;
        bool must = ktg_rule_status(rule) == KTG_RULE_SHADOW; /* forms.yaml */
        for (size_t k = 0; k < KTG_COUNT(spine); k++)
            must |= strcmp(ktg_rule_name(rule), spine[k]) == 0;
        if (histories > 11 && must && !said)
            rc = ktg_err_set(&err, KTG_ENOTFOUND, "%s never said anything", ktg_rule_name(rule));
    }
    if (!rc && histories > 11 && spoken < RULES_SPEAK)
        rc = ktg_err_set(&err, KTG_ENOTFOUND, "only %zu rules said anything", spoken);
    printf("seed %llu: %d histories, %d orders each: ", (unsigned long long)seed, histories,
           orders);
    orders_tell(&c);
    printf("%s\n", rc ? err.text : "");
    ktg_buf_done(&bundle);
    orders_done(&c);
    ktg_ruleset_free(rs);
    return rc != 0;
}
