/* tests/fuzz/rules/fuzz_rules.c - any text as a rule file, over the shipped catalogue, lists and settings; what compiles
 * answers a timeline of events made from that catalogue.
 *
 *     text ──compile──> refused, with a message
 *                  └──> rules ──answer twice, plainly and with what is remembered──> the same, within budget
 *                                      └──> explained, or why not
 *
 * (1) A refusal has a message; loading holds no more memory than its size allows.
 * (2) An answer takes at most its steps and its bytes; asked again, without glances and memories, it is the same; its wake
 *     lies ahead, and until then it stays as it is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/model.h"
#include "rules/ruleset.h"
#include "schema/files.h"
#include "tests/fuzz/rules/made.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES_MOST 48
#define POSTED_MOST  4
#define RULES_MOST   16 /* answered; all are compiled */

/* Bytes held at once while loading: those of lists and settings, measured without a rule, and these. */
#define LOAD_BYTES          (8 << 20)
#define LOAD_BYTES_PER_BYTE 2048
/* Beside what is budgeted, an answer turns its timeline into items. */
#define ANSWER_SLACK (1u << 20)

static struct ktg_files shipped;
static int64_t load_base;

struct scene {
    const struct ktg_ruleset *rs;
    struct ktg_arena arena;
    struct ktg_event events[ENTRIES_MOST];
    struct ktg_posted posted[POSTED_MOST];
    struct ktg_entry entries[ENTRIES_MOST + POSTED_MOST];
    struct ktg_judged judged[ENTRIES_MOST];
    size_t count, posted_count;
};

/* ---- loading -------------------------------------------------------------------------------------------------------- */
static bool holds(struct ktg_bytes text, const char *word)
{
    return text.size && memmem(text.data, text.size, word, strlen(word)) != NULL;
}

/* What reads fields for identity rules stands in the file that may. */
static int load(struct ktg_bytes text, struct ktg_ruleset **ret_rs, struct ktg_notes *notes,
                struct ktg_err *err)
{
    bool identity = holds(text, "birth_place") || holds(text, "sex");
    struct ktg_file *files = ktg_calloc(shipped.count + 1, sizeof *files);
    memcpy(files, shipped.at, sizeof *files * shipped.count);
    files[shipped.count].name =
        identity ? KTG_LIT("rules/identity.yaml") : KTG_LIT("rules/fuzz.yaml");
    files[shipped.count].text = text;
    ktg_mem_count();
    int rc = ktg_ruleset_compile(files, shipped.count + 1, ret_rs, notes, err);
    ktg_free(files);
    return rc;
}

static void prepare(void)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_ruleset *rs = NULL;
    int rc = ktg_files_read(&shipped, "schema", "", &err);
    if (!rc)
        rc = ktg_files_read(&shipped, "rules/lists", "lists/", &err);
    if (!rc)
        rc = ktg_files_read_one(&shipped, "rules/settings.yaml", "settings.yaml", &err);
    for (int i = 0; i < 2 && !rc; i++) { /* the catalogue is loaded the first time */
        ktg_ruleset_free(rs);
        rc = load(ktg_bytes(NULL, 0), &rs, &notes, &err);
    }
    if (rc) {
        fprintf(stderr, "%s\n%s\n", err.text, ktg_buf_text(&notes.text));
        abort();
    }
    load_base = ktg_mem_most();
    made_events(ktg_ruleset_catalogue(rs));
    ktg_ruleset_free(rs);
    ktg_buf_done(&notes.text);
}

/* ---- a timeline that the rules read --------------------------------------------------------------------------------- */
static bool is_read(const struct ktg_ruleset *rs, int type)
{
    for (size_t i = 0; i < ktg_ruleset_count(rs); i++)
        if (ktg_rule_reads_type(ktg_ruleset_rule(rs, i), type))
            return true;
    return false;
}

static int by_time(const void *a, const void *b)
{
    const struct ktg_entry *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return memcmp(x->id, y->id, sizeof x->id);
}

static void add_event(struct scene *s, struct ktg_bytes blob)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_event *e = &s->events[s->count];
    if (ktg_event_read(ktg_ruleset_catalogue(s->rs), blob, e, &err))
        abort();
    struct ktg_entry *x = &s->entries[s->count];
    x->at = e->occurred_at;
    x->event = e;
    x->pos = s->count + 1;
    x->role = s->count % 5 == 4 ? (int)(s->count / 5) % 4 : KTG_ROLE_HOLDER;
    x->person = KTG_LIT("doc:UTO:P1");
    memcpy(x->id + 1, e->id, 16);
    s->count++;
}

/* A finding of each rule that another one reads, on the first event. */
static void add_posted(struct scene *s, const struct ktg_rule *rule)
{
    static const uint8_t no_values[] = {0x80};
    const struct ktg_entry *root = &s->entries[0];
    struct ktg_posted *p = &s->posted[s->posted_count];
    *p = (struct ktg_posted){
        .rule = ktg_rule_index(rule),
        .from = root->at,
        .until = s->posted_count % 2 ? root->at + 40 * KTG_DAY_MS : KTG_NEVER,
        .offset_min = 420,
        .source = root->event->source,
        .subject = KTG_LIT("doc:UTO:P1"),
        .person = KTG_LIT("doc:UTO:P1"),
        .values = ktg_bytes(no_values, sizeof no_values),
        .level = 2,
        .weight = 150,
        .root_pos = root->pos,
        .evidence = (const uint8_t(*)[16])root->event->id,
        .evidence_at = &root->at,
        .evidence_pos = &root->pos,
        .evidence_count = 1,
        .agencies = &root->event->agency,
        .agency_count = 1,
    };
    memcpy(p->root, root->event->id, 16);
    ktg_posted_id(ktg_bytes_str(ktg_rule_name(rule)), p->subject, ktg_bytes(NULL, 0), p->root,
                  p->from, p->id);
    struct ktg_entry *x = &s->entries[s->count + s->posted_count++];
    *x = (struct ktg_entry){.at = p->from, .posted = p, .person = p->person};
    x->id[0] = '~';
    memcpy(x->id + 1, p->id, 16);
}

static void set_scene(struct scene *s)
{
    const struct ktg_catalogue *c = ktg_ruleset_catalogue(s->rs);
    const struct ktg_bytes *made = made_events(c);
    for (int n = 0; n < MADE_PER_TYPE; n++)
        for (int type = 0; type < (int)ktg_catalogue_type_count(c); type++)
            if (s->count < ENTRIES_MOST && is_read(s->rs, type))
                add_event(s, made[type * MADE_PER_TYPE + n]);
    for (size_t i = 0; s->count && i < ktg_ruleset_count(s->rs); i++)
        if (ktg_rule_is_read(ktg_ruleset_rule(s->rs, i)) && s->posted_count < POSTED_MOST)
            add_posted(s, ktg_ruleset_rule(s->rs, i));
    s->count += s->posted_count;
    qsort(s->entries, s->count, sizeof *s->entries, by_time);
}

/* Does the timeline remember what conditions make of an event alone? */
static void remember(struct scene *s, bool does)
{
    memset(s->judged, 0, sizeof s->judged);
    for (size_t i = 0, n = 0; i < s->count; i++) {
        struct ktg_entry *x = &s->entries[i];
        if (!x->event)
            continue;
        x->traits = does ? ktg_ruleset_traits(s->rs, x->event, &s->arena) : NULL;
        x->judged = does ? &s->judged[n++] : NULL;
    }
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */
struct asked {
    int rc;
    const struct ktg_finding *found;
    size_t count;
    ktg_time wake;
};

static struct asked ask(struct scene *s, const struct ktg_rule *rule, const struct ktg_timeline *t,
                        ktg_time now, bool plain)
{
    struct asked x = {0};
    uint64_t steps = 0;
    struct ktg_answer_world world = {.plain = plain, .steps = &steps};
    remember(s, !plain);
    size_t before = s->arena.used;
    x.rc = ktg_answer(s->rs, rule, t, now, &world, &s->arena, &x.found, &x.count, &x.wake);
    assert(x.rc == KTG_OK || x.rc == KTG_EFULL);
    assert(steps <= KTG_ANSWER_STEPS);
    assert(s->arena.used - before <= KTG_ANSWER_BYTES + ANSWER_SLACK);
    return x;
}

static void same(const struct asked *a, const struct asked *b)
{
    assert(a->count == b->count);
    for (size_t k = 0; k < a->count; k++) {
        const struct ktg_finding *x = &a->found[k], *y = &b->found[k];
        assert(x->from == y->from && x->until == y->until && ktg_bytes_eq(x->key, y->key) &&
               !memcmp(x->anchor, y->anchor, 16) && ktg_bytes_eq(x->values, y->values));
    }
}

static void sound(const struct asked *x, ktg_time now)
{
    assert(x->wake > now);
    for (size_t k = 0; k < x->count; k++)
        assert(x->found[k].from <= now && x->found[k].from < x->found[k].until);
}

static void told(struct scene *s, const struct ktg_rule *rule, const struct ktg_timeline *t,
                 ktg_time now, const struct asked *x)
{
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_answer_world world = {.plain = true};
    int rc = x->count ? ktg_explain(s->rs, rule, t, &x->found[0], now, &world, &s->arena, &text)
                      : ktg_why_not(s->rs, rule, t, now, &world, &s->arena, &text);
    assert(rc == KTG_OK || rc == KTG_EFULL);
    struct ktg_wire_limits limits = {1u << 30, 1u << 28, 32, 1u << 28};
    struct ktg_err err = KTG_ERR_INIT;
    if (!rc) {
        rc = ktg_wire_check(ktg_buf_view(&text), &limits, &err);
        assert(rc == KTG_OK || rc == KTG_EINVALID); /* a rule may write letters that are not NFC */
    }
    ktg_buf_done(&text);
}

/* One subject at one instant; false: the budget was used up, which takes long, and once is enough. */
static bool answer_at(struct scene *s, const struct ktg_rule *rule, struct ktg_timeline t,
                      ktg_time now)
{
    while (t.count && s->entries[t.count - 1].at > now)
        t.count--; /* a timeline ends now */
    struct asked quick = ask(s, rule, &t, now, false);
    if (quick.rc)
        return false;
    struct asked plain = ask(s, rule, &t, now, true);
    if (plain.rc)
        return false;
    sound(&quick, now);
    sound(&plain, now);
    same(&quick, &plain);
    assert(quick.wake >= plain.wake); /* a glance may know that nothing will come of it */
    ktg_time later = quick.wake == KTG_NEVER ? now + 400 * KTG_DAY_MS : quick.wake - 1;
    struct asked before_wake = ask(s, rule, &t, later, false);
    if (before_wake.rc)
        return false;
    same(&quick, &before_wake);
    told(s, rule, &t, now, &plain);
    return true;
}

static void answer(struct scene *s, const struct ktg_rule *rule)
{
    uint32_t kinds = ktg_rule_kinds(rule);
    int person = ktg_catalogue_kind(ktg_ruleset_catalogue(s->rs), KTG_LIT("person"));
    ktg_time last = s->count ? s->entries[s->count - 1].at : 0;
    bool goes_on = true;
    for (int kind = 0; kind < KTG_MAX_KINDS && goes_on; kind++) {
        struct ktg_timeline t = {.kind = kind,
                                 .subject = kind == person ? KTG_LIT("doc:UTO:P1") : KTG_LIT("P1"),
                                 .entries = s->entries,
                                 .count = s->count};
        for (int day = -10; (kinds >> kind & 1) && day <= 60 && goes_on; day += 35)
            goes_on = answer_at(s, rule, t, last + day * KTG_DAY_MS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_ruleset *rs = NULL;
    if (!shipped.count)
        prepare();
    int rc = load(ktg_bytes(data, size), &rs, &notes, &err);
    assert(ktg_mem_most() <= load_base + LOAD_BYTES + LOAD_BYTES_PER_BYTE * (int64_t)size);
    assert((rc == KTG_OK) == (notes.errors == 0));
    assert(rc == KTG_OK || (rc == KTG_EINVALID && notes.text.size));
    if (!rc) {
        static struct scene s;
        memset(&s, 0, sizeof s);
        s.rs = rs;
        set_scene(&s);
        for (size_t i = 0; i < ktg_ruleset_count(rs) && i < RULES_MOST; i++)
            answer(&s, ktg_ruleset_rule(rs, i));
        ktg_arena_done(&s.arena);
    }
    ktg_ruleset_free(rs);
    ktg_buf_done(&notes.text);
    return 0;
}
