/* tests/unit/rules/story.c - see story.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/rules/story.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/model.h"
#include "schema/files.h"
#include "schema/json.h"
#include "tests/support/cmocka.h"

static void must(int rc, const struct ktg_err *err)
{
    if (rc)
        fail_msg("%s: %s", ktg_code_name(rc), err ? err->text : "");
}

static struct ktg_ruleset *compile(struct ktg_files *f, struct ktg_notes *notes)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_notes own = {{0}, 0, 0};
    struct ktg_ruleset *rs = NULL;
    int rc = ktg_ruleset_compile(f->at, f->count, &rs, notes ? notes : &own, &err);
    if (rc && !notes)
        fail_msg("%s\n%s", err.text, ktg_buf_text(&own.text));
    ktg_buf_done(&own.text);
    ktg_files_done(f);
    return rs;
}

struct ktg_ruleset *story_rules(const char *rules, const char *lists, const char *settings,
                                struct ktg_notes *notes)
{
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    must(ktg_files_read(&f, "schema", "", &err), &err);
    must(ktg_files_put(&f, "rules/identity.yaml", ktg_bytes_str(rules), &err), &err);
    if (lists)
        must(ktg_files_put(&f, "lists/test.yaml", ktg_bytes_str(lists), &err), &err);
    if (settings)
        must(ktg_files_put(&f, "settings.yaml", ktg_bytes_str(settings), &err), &err);
    return compile(&f, notes);
}

struct ktg_ruleset *story_shipped(void)
{
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    must(ktg_files_read(&f, "schema", "", &err), &err);
    must(ktg_files_read(&f, "rules/packs", "rules/", &err), &err);
    must(ktg_files_read(&f, "rules/lists", "lists/", &err), &err);
    must(ktg_files_read_one(&f, "rules/settings.yaml", "settings.yaml", &err), &err);
    return compile(&f, NULL);
}

void story_begin(struct story *s, struct ktg_ruleset *rs, const char *kind, const char *subject)
{
    memset(s, 0, sizeof *s);
    s->rs = rs;
    s->kind = kind;
    s->subject = subject;
}

void story_done(struct story *s)
{
    ktg_free(s->entries);
    ktg_arena_done(&s->arena);
}

ktg_time story_time(const char *text)
{
    ktg_time t;
    int offset;
    if (ktg_instant_parse(ktg_bytes_str(text), true, &t, &offset))
        fail_msg("no instant: %s", text);
    return t;
}

static int by_order(const void *a, const void *b)
{
    const struct ktg_entry *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return memcmp(x->id, y->id, sizeof x->id);
}

static struct ktg_entry *add_entry(struct story *s)
{
    must(ktg_grow(&s->entries, &s->cap, s->count + 1, sizeof *s->entries), NULL);
    struct ktg_entry *e = &s->entries[s->count++];
    memset(e, 0, sizeof *e);
    return e;
}

/* One line; `line` is NUL-terminated and cut up. */
static void add_line(struct story *s, char *line)
{
    const struct ktg_catalogue *c = ktg_ruleset_catalogue(s->rs);
    char *brace = strchr(line, '{'), *at = strstr(line, "} @");
    if (!brace || !at)
        fail_msg("no event: %s", line);
    char *type = strtok(line, " ");
    at[1] = 0;
    char *time = strtok(at + 3, " "), *word;
    const char *source = "IMI.POST.1", *role = NULL;
    while ((word = strtok(NULL, " "))) {
        if (!strcmp(word, "from"))
            source = strtok(NULL, " ");
        else if (!strcmp(word, "role"))
            role = strtok(NULL, " ");
    }
    struct ktg_buf json = KTG_BUF_INIT, blob = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    char when[64];
    snprintf(when, sizeof when, "%s", time);
    size_t n = strlen(time); /* seconds may be left out */
    if (n == 22)
        snprintf(when, sizeof when, "%.16s:00%s", time, time + 16);
    ktg_buf_printf(&json,
                   "{\"id\":\"00000000-0000-7000-8000-%012d\",\"type\":\"%s\",\"source\":\"%s\","
                   "\"occurred_at\":\"%s\",\"data\":",
                   ++s->next_id, type, source, when);
    for (const char *p = brace; *p; p++) {
        if (*p != '$') {
            ktg_buf_put_u8(&json, (uint8_t)*p);
            continue;
        }
        size_t len = strspn(p + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        ktg_buf_printf(&json, "{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"%.*s\"}", (int)len,
                       p + 1);
        p += len;
    }
    ktg_buf_put_str(&json, "}");
    must(ktg_json_decode(c, ktg_buf_view(&json), &blob, NULL, &err), &err);
    uint8_t *copy = ktg_arena_alloc(&s->arena, blob.size);
    memcpy(copy, blob.data, blob.size);
    struct ktg_event *e = ktg_arena_zalloc(&s->arena, sizeof *e);
    must(ktg_event_read(c, ktg_bytes(copy, blob.size), e, &err), &err);
    struct ktg_entry *entry = add_entry(s);
    entry->at = e->occurred_at;
    memcpy(entry->id + 1, e->id, 16);
    entry->pos = (uint64_t)s->next_id;
    entry->role = role ? ktg_catalogue_role(c, ktg_bytes_str(role)) : KTG_ROLE_HOLDER;
    entry->event = e;
    entry->traits = ktg_ruleset_traits(s->rs, e, &s->arena);
    const struct ktg_subject *subjects;
    size_t count;
    must(ktg_event_subjects(c, e, &s->arena, &subjects, &count), NULL);
    int person = ktg_catalogue_kind(c, KTG_LIT("person"));
    for (size_t i = 0; i < count && !entry->person.size; i++)
        if (subjects[i].kind == person && subjects[i].role == KTG_ROLE_HOLDER)
            entry->person = subjects[i].id;
    ktg_buf_done(&json);
    ktg_buf_done(&blob);
}

void story_events(struct story *s, const char *lines)
{
    char *copy = ktg_strdup(lines), *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *own = ktg_strdup(line + strspn(line, " "));
        if (*own)
            add_line(s, own);
        ktg_free(own);
    }
    ktg_free(copy);
    if (s->count)
        qsort(s->entries, s->count, sizeof *s->entries, by_order);
}

void story_silent(struct story *s, const char *source, const char *since)
{
    snprintf(s->heard[s->heard_count].source, sizeof s->heard[0].source, "%s", source);
    s->heard[s->heard_count++].heard = story_time(since);
}

void story_post(struct story *s, struct story *from, const char *rule, const char *now)
{
    size_t count;
    ktg_time wake;
    const struct ktg_finding *f =
        story_findings(from, rule, story_time(now), &s->arena, &count, &wake);
    for (size_t i = 0; i < count; i++) {
        struct ktg_entry *e = add_entry(s);
        e->at = f[i].from;
        e->id[0] = '~';
        memcpy(e->id + 1, f[i].posted.id, 16);
        e->posted = &f[i].posted;
        e->person = f[i].posted.person;
    }
    if (s->count)
        qsort(s->entries, s->count, sizeof *s->entries, by_order);
}

/* ---- the world ---- */

static struct ktg_bytes world_person(void *arg, struct ktg_bytes identifier)
{
    (void)arg;
    return identifier;
}
static bool world_heard(void *arg, struct ktg_bytes source, ktg_time *ret)
{
    const struct story *s = arg;
    for (size_t i = 0; i < s->heard_count; i++)
        if (ktg_bytes_is(source, s->heard[i].source)) {
            *ret = s->heard[i].heard;
            for (size_t k = 0; k < s->count; k++)
                if (s->entries[k].event && ktg_bytes_eq(s->entries[k].event->source, source) &&
                    s->entries[k].at > *ret)
                    *ret = s->entries[k].at;
            return true;
        }
    return false;
}
static bool world_sends(void *arg, struct ktg_bytes source, int type)
{
    (void)type;
    ktg_time t;
    return world_heard(arg, source, &t);
}
static bool world_source(void *arg, int type, size_t *at, struct ktg_bytes *ret)
{
    (void)type;
    const struct story *s = arg;
    if (*at >= s->heard_count)
        return false;
    *ret = ktg_bytes_str(s->heard[(*at)++].source);
    return true;
}

/* The slow and obvious way: every event of everybody. */
static int world_company(void *arg, const struct ktg_rule *rule, const uint8_t key[16],
                         ktg_time from, ktg_time until, struct ktg_arena *arena,
                         const struct ktg_companion **ret_list, size_t *ret_count)
{
    const struct story *s = arg;
    size_t n = 0, most = 1;
    for (size_t i = 0; i < s->other_count; i++)
        most += s->others[i].count;
    struct ktg_companion *list = ktg_arena_alloc(arena, most * sizeof *list);
    for (size_t i = 0; list && i < s->other_count; i++) {
        const struct story *o = &s->others[i];
        for (size_t k = 0; k < o->count; k++) {
            const struct ktg_entry *e = &o->entries[k];
            uint8_t own[16];
            if (e->at < from || e->at > until || !e->event)
                continue;
            int rc = ktg_rule_occasion(rule, e->event, e->role, arena, own);
            if (rc && rc != KTG_ENOTFOUND)
                return rc;
            if (!rc && !memcmp(own, key, 16))
                list[n++] = (struct ktg_companion){e->at, ktg_bytes_str(o->subject)};
        }
    }
    *ret_list = list;
    *ret_count = n;
    return list ? KTG_OK : KTG_ENOMEM;
}

struct ktg_answer_world story_world(struct story *s)
{
    return (struct ktg_answer_world){.arg = s,
                                     .person = world_person,
                                     .heard = world_heard,
                                     .sends = world_sends,
                                     .source_of_type = world_source,
                                     .company = world_company};
}

struct ktg_timeline story_timeline(struct story *s, ktg_time now)
{
    struct ktg_timeline t = {
        .kind = ktg_catalogue_kind(ktg_ruleset_catalogue(s->rs), ktg_bytes_str(s->kind)),
        .subject = ktg_bytes_str(s->subject),
        .entries = s->entries};
    while (t.count < s->count && s->entries[t.count].at <= now)
        t.count++;
    return t;
}

/* What the event alone settles and what a glance tells must never change an answer: each is asked for with and without
 * them.  Without, it may ask to be woken for nothing. */
static void same_when_plain(struct story *s, const struct ktg_rule *r, ktg_time now,
                            const struct ktg_finding *f, size_t count, ktg_time wake)
{
    struct ktg_timeline t = story_timeline(s, now);
    struct ktg_entry *plain = ktg_arena_alloc(&s->arena, (t.count + 1) * sizeof *plain);
    struct ktg_answer_world w = story_world(s);
    w.plain = true;
    const struct ktg_finding *other = NULL;
    size_t others = 0;
    ktg_time other_wake = 0;
    for (size_t i = 0; i < t.count; i++) {
        plain[i] = t.entries[i];
        plain[i].traits = NULL;
    }
    t.entries = plain;
    must(ktg_answer(s->rs, r, &t, now, &w, &s->arena, &other, &others, &other_wake), NULL);
    assert_int_equal(others, count);
    assert_true(other_wake <= wake);
    for (size_t i = 0; i < count; i++) {
        assert_true(ktg_bytes_eq(other[i].key, f[i].key));
        assert_memory_equal(other[i].anchor, f[i].anchor, 16);
        assert_int_equal(other[i].from, f[i].from);
        assert_int_equal(other[i].until, f[i].until);
        assert_int_equal(other[i].level, f[i].level);
        assert_true(ktg_bytes_eq(other[i].values, f[i].values));
        assert_int_equal(other[i].evidence_count, f[i].evidence_count);
        assert_memory_equal(other[i].evidence, f[i].evidence, 16 * f[i].evidence_count);
    }
}

const struct ktg_finding *story_findings(struct story *s, const char *rule, ktg_time now,
                                         struct ktg_arena *arena, size_t *ret_count,
                                         ktg_time *ret_wake)
{
    const struct ktg_rule *r = ktg_ruleset_find(s->rs, ktg_bytes_str(rule));
    struct ktg_timeline t = story_timeline(s, now);
    struct ktg_answer_world w = story_world(s);
    const struct ktg_finding *f = NULL;
    assert_non_null(r);
    must(ktg_answer(s->rs, r, &t, now, &w, arena, &f, ret_count, ret_wake), NULL);
    same_when_plain(s, r, now, f, *ret_count, *ret_wake);
    return f;
}

/* ---- as text ---- */

static int number_of(const uint8_t id[16])
{
    char text[KTG_ID_TEXT];
    ktg_id_format(id, text);
    return atoi(text + 24);
}

static void put_time(struct ktg_buf *b, ktg_time t, int offset)
{
    char text[KTG_INSTANT_TEXT];
    ktg_instant_format(t, offset, text);
    ktg_buf_put_str(b, text);
}

static void put_finding(struct ktg_buf *b, const struct ktg_finding *f)
{
    put_time(b, f->from, f->offset_min);
    ktg_buf_put_str(b, " ");
    if (f->until == KTG_NEVER)
        ktg_buf_put_str(b, "open");
    else
        put_time(b, f->until, f->offset_min);
    ktg_buf_printf(b, " a=%d e=", number_of(f->anchor));
    for (size_t i = 0; i < f->evidence_count; i++)
        ktg_buf_printf(b, "%s%d", i ? "," : "", number_of(f->evidence[i]));
    ktg_buf_put_str(b, " ");
    must(ktg_json_format(f->values, NULL, b), NULL);
    if (f->key.size)
        ktg_buf_printf(b, " k=%.*s", (int)f->key.size, (const char *)f->key.data);
    if (f->unknown_source.size)
        ktg_buf_printf(b, " unknown=%.*s", (int)f->unknown_source.size,
                       (const char *)f->unknown_source.data);
    ktg_buf_put_str(b, "\n");
}

const char *story_answer(struct story *s, const char *rule, ktg_time now, bool wake)
{
    size_t count;
    ktg_time next;
    struct ktg_buf b = KTG_BUF_INIT;
    const struct ktg_finding *f = story_findings(s, rule, now, &s->arena, &count, &next);
    struct ktg_finding *sorted = ktg_arena_alloc(&s->arena, sizeof *sorted * (count + 1));
    for (size_t i = 0; i < count; i++) { /* in order of from */
        size_t k = i;
        for (; k > 0 && sorted[k - 1].from > f[i].from; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = f[i];
    }
    for (size_t i = 0; i < count; i++)
        put_finding(&b, &sorted[i]);
    if (wake && next == KTG_NEVER) {
        ktg_buf_put_str(&b, "wake never\n");
    } else if (wake) {
        ktg_buf_put_str(&b, "wake ");
        put_time(&b, next, 420);
        ktg_buf_put_str(&b, "\n");
    }
    char *text = ktg_arena_strndup(&s->arena, ktg_buf_text(&b), b.size);
    ktg_buf_done(&b);
    return text;
}

static void put_posted(struct ktg_buf *b, const struct ktg_finding *f)
{
    const struct ktg_posted *p = &f->posted;
    ktg_buf_put(b, p->id, 16);
    ktg_buf_printf(b, "%d %d ", p->level, p->weight);
    ktg_buf_put_bytes(b, p->values);
    for (size_t i = 0; i < p->evidence_count; i++)
        ktg_buf_put(b, p->evidence[i], 16);
    for (size_t i = 0; i < p->agency_count; i++)
        ktg_buf_put_bytes(b, p->agencies[i]);
    for (size_t i = 0; i < f->about_count; i++)
        ktg_buf_put_bytes(b, f->about[i].id);
    for (size_t i = 0; i < f->to_count; i++)
        ktg_buf_put_bytes(b, f->to[i]);
    ktg_buf_put_bytes(b, f->title_id);
    ktg_buf_put_bytes(b, f->title_en);
}

void story_bytes(struct story *s, const char *rule, ktg_time now, struct ktg_buf *to,
                 ktg_time *ret_wake)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    size_t count;
    const struct ktg_finding *f = story_findings(s, rule, now, &arena, &count, ret_wake);
    for (size_t i = 0; i < count; i++) {
        put_finding(to, &f[i]);
        ktg_buf_printf(to, "%d %d %zu %lld ", f[i].level, f[i].weight, f[i].evidence_total,
                       (long long)f[i].unknown_since);
        put_posted(to, &f[i]);
    }
    ktg_arena_done(&arena);
}
