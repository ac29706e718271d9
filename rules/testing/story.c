/* rules/testing/story.c - see story.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/story.h"

#include <stdio.h>

#include "rules/testing/story_event.h"
#include "runtime/yaml/yaml.h"

#define LOCAL_OFFSET     420 /* +07:00 */
#define STEPS_MOST       2000
#define HEARTBEAT_PERIOD 60 /* s */
#define RETRACTION \
    "correction" /* the type that `retract` sends: the language's own word (LANGUAGE.md section 1) */

struct named { /* an event that later lines may name */
    struct ktg_bytes name, source;
    uint8_t id[16];
};

struct reading {
    const struct ktg_catalogue *c;
    const char *file;
    struct ktg_arena *a;
    struct ktg_id_source ids;
    struct ktg_story_step *steps;
    size_t count, cap;
    struct named *named;
    size_t named_count, named_cap;
};

int ktg_story_time(struct ktg_bytes text, ktg_time *ret_t, int *ret_offset_min)
{
    char whole[64];
    if (!ktg_instant_parse(text, true, ret_t, ret_offset_min))
        return KTG_OK;
    if (text.size > 40)
        return KTG_EINVALID;
    snprintf(whole, sizeof whole, "%.*s%s+07:00", (int)text.size, (const char *)text.data,
             memchr(text.data, 'T', text.size) ? "" : "T00:00");
    *ret_offset_min = LOCAL_OFFSET;
    return ktg_instant_parse(ktg_bytes_str(whole), true, ret_t, ret_offset_min);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct ktg_bytes ktg_story_word(struct ktg_bytes *rest)
{
    size_t i = 0;
    while (i < rest->size && is_blank(rest->data[i]))
        i++;
    size_t begin = i;
    uint8_t quote = 0;
    for (; i < rest->size && (quote || !is_blank(rest->data[i])); i++) {
        uint8_t c = rest->data[i];
        quote = quote == c ? 0 : !quote && (c == '"') ? c : quote;
    }
    struct ktg_bytes word = ktg_bytes(rest->data + begin, i - begin);
    *rest = ktg_bytes(rest->data + i, rest->size - i);
    return word;
}

static int fail(const struct reading *r, int line, struct ktg_err *err, const char *text,
                struct ktg_bytes got)
{
    return ktg_err_set(err, KTG_EINVALID, "%s:%d: %s '%.*s'", r->file, line, text,
                       (int)(got.size > 60 ? 60 : got.size),
                       got.size ? (const char *)got.data : "");
}

/* The braces of an event, with what is quoted left alone.  0: they never close. */
static size_t braces(struct ktg_bytes text)
{
    int depth = 0;
    uint8_t quote = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"')
            quote = c;
        else if (c == '{')
            depth++;
        else if (c == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

static const struct named *find(const struct reading *r, struct ktg_bytes name)
{
    for (size_t i = r->named_count; i > 0; i--) {
        if (ktg_bytes_eq(r->named[i - 1].name, name))
            return &r->named[i - 1];
    }
    return NULL;
}

static int add(struct reading *r, struct ktg_story_step step, struct ktg_err *err)
{
    if (r->count == STEPS_MOST)
        return ktg_err_set(err, KTG_EINVALID, "%s:%d: more than %d lines", r->file, step.line,
                           STEPS_MOST);
    if (ktg_grow(&r->steps, &r->cap, r->count + 1, sizeof *r->steps))
        return ktg_err_set(err, KTG_ENOMEM, "no memory");
    r->steps[r->count++] = step;
    return KTG_OK;
}

/* Everything behind the braces. */
struct clauses {
    ktg_time at, arrives;
    int offset_min;
    bool has_at, has_arrives;
    struct ktg_bytes from, as;
    uint64_t every; /* s; 0: not said */
    const struct named *supersedes;
    const struct ktg_bytes *sends;
    size_t sends_count;
};

static bool read_number(struct ktg_bytes text, uint64_t *ret_n)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || n > UINT32_MAX)
            return false;
        n = n * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_n = n;
    return n > 0;
}

static int no_type(const struct reading *r, int line, struct ktg_bytes name, struct ktg_err *err)
{
    const char *near = ktg_catalogue_nearest_type(r->c, name);
    return ktg_err_set(err, KTG_EINVALID, "%s:%d: unknown event type '%.*s'%s%s%s", r->file, line,
                       (int)name.size, (const char *)name.data, near ? " - did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
}

/* "TYPE,TYPE": what a heartbeat vouches for. */
static int read_sends(struct reading *r, int line, struct ktg_bytes list, struct clauses *x,
                      struct ktg_err *err)
{
    struct ktg_bytes *types = ktg_arena_alloc(r->a, (list.size / 2 + 1) * sizeof *types);
    if (!types)
        return ktg_err_set(err, KTG_ENOMEM, "no memory");
    x->sends = types;
    for (size_t i = 0, end; i <= list.size; i = end + 1) {
        for (end = i; end < list.size && list.data[end] != ',';)
            end++;
        types[x->sends_count] = ktg_bytes(list.data + i, end - i);
        if (!ktg_catalogue_type(r->c, types[x->sends_count]))
            return no_type(r, line, types[x->sends_count], err);
        x->sends_count++;
    }
    return KTG_OK;
}

static int read_clauses(struct reading *r, int line, struct ktg_bytes rest, struct clauses *x,
                        struct ktg_err *err)
{
    int unused;
    for (struct ktg_bytes w; (w = ktg_story_word(&rest)).size;) {
        if (w.data[0] == '@') {
            if (ktg_story_time(ktg_bytes(w.data + 1, w.size - 1), &x->at, &x->offset_min))
                return fail(r, line, err, "no time:", w);
            x->has_at = true;
            continue;
        }
        struct ktg_bytes v = ktg_story_word(&rest);
        if (ktg_bytes_is(w, "arrives")) {
            if (ktg_story_time(v.size && v.data[0] == '@' ? ktg_bytes(v.data + 1, v.size - 1) : v,
                               &x->arrives, &unused))
                return fail(r, line, err, "no time:", v);
            x->has_arrives = true;
        } else if (ktg_bytes_is(w, "from") && v.size) {
            x->from = v;
        } else if (ktg_bytes_is(w, "as") && v.size) {
            x->as = v;
        } else if (ktg_bytes_is(w, "every") && read_number(v, &x->every)) {
            continue;
        } else if (ktg_bytes_is(w, "sends")) {
            int rc = read_sends(r, line, v, x, err);
            if (rc)
                return rc;
        } else if (ktg_bytes_is(w, "supersedes")) {
            if (!(x->supersedes = find(r, v)))
                return fail(r, line, err, "no event before this line is called", v);
        } else {
            return fail(r, line, err, "not understood:", w);
        }
    }
    return x->has_at ? KTG_OK : fail(r, line, err, "no @TIME", KTG_BYTES_NONE);
}

static int add_event(struct reading *r, int line, const struct ktg_type *type,
                     struct ktg_bytes fields, const struct clauses *x, const struct named *retracts,
                     struct ktg_err *err)
{
    struct ktg_story_event e = {.type = type,
                                .fields = fields,
                                .at = x->at,
                                .offset_min = x->offset_min,
                                .source = x->from,
                                .supersedes = x->supersedes ? x->supersedes->id : NULL,
                                .retracts = retracts ? retracts->id : NULL};
    char source[80];
    const struct named *corrected = x->supersedes ? x->supersedes : retracts;
    if (!e.source.size && corrected)
        e.source = corrected->source;
    if (!e.source.size) {
        snprintf(source, sizeof source, "%s.TEST",
                 type->from && type->from[0] ? type->from[0] : "IMI");
        char *copy = ktg_arena_strndup(r->a, source, strlen(source));
        e.source = ktg_bytes(copy, copy ? strlen(source) : 0);
    }
    ktg_id_next(&r->ids, r->ids.last_ms + 1, e.id);
    struct ktg_bytes blob;
    int rc = ktg_story_event_encode(r->c, &e, r->file, line, r->a, &blob, err);
    if (!rc && ktg_grow(&r->named, &r->named_cap, r->named_count + 1, sizeof *r->named))
        rc = ktg_err_set(err, KTG_ENOMEM, "no memory");
    if (rc)
        return rc;
    if (x->as.size) {
        struct named *n = &r->named[r->named_count++];
        n->name = x->as;
        n->source = e.source;
        memcpy(n->id, e.id, 16);
    }
    const char *id = ktg_arena_strndup(r->a, (const char *)e.id, sizeof e.id);
    if (!id)
        return ktg_err_set(err, KTG_ENOMEM, "no memory");
    ktg_time arrives = x->has_arrives ? x->arrives : x->at;
    return add(r,
               (struct ktg_story_step){.kind = KTG_STORY_EVENT,
                                       .line = line,
                                       .at = arrives,
                                       .happens = x->at,
                                       .id = (const uint8_t *)id,
                                       .blob = blob},
               err);
}

static int read_event(struct reading *r, int line, struct ktg_bytes name, struct ktg_bytes rest,
                      struct ktg_err *err)
{
    const struct ktg_type *type = ktg_catalogue_type(r->c, name);
    struct clauses x = {0};
    if (!type)
        return no_type(r, line, name, err);
    if (type->heartbeats)
        return fail(r, line, err, "heartbeat SOURCE @TIME is how one is written, not", name);
    if (type->absences)
        return fail(r, line, err, "away TIME until TIME is how one is written, not", name);
    if (type->retirements)
        return fail(r, line, err, "retired SOURCE at TIME is how one is written, not", name);
    size_t i = 0;
    while (i < rest.size && is_blank(rest.data[i]))
        i++;
    rest = ktg_bytes(rest.data + i, rest.size - i);
    size_t end = rest.size && rest.data[0] == '{' ? braces(rest) : 0;
    if (!end)
        return fail(r, line, err, "no {fields} after the type:", rest);
    int rc = read_clauses(r, line, ktg_bytes(rest.data + end, rest.size - end), &x, err);
    return rc ? rc : add_event(r, line, type, ktg_bytes(rest.data, end), &x, NULL, err);
}

/* Behind `away`. */
static int read_away(struct reading *r, int line, struct ktg_bytes rest, struct ktg_err *err)
{
    struct ktg_story_step step = {.line = line, .kind = KTG_STORY_AWAY};
    struct ktg_bytes from = ktg_story_word(&rest), to = ktg_story_word(&rest),
                     until = ktg_story_word(&rest), arrives = ktg_story_word(&rest),
                     at = ktg_story_word(&rest);
    int unused;
    if (ktg_story_time(from, &step.happens, &unused) || !ktg_bytes_is(to, "until") ||
        ktg_story_time(until, &step.until, &unused) || step.until <= step.happens)
        return fail(r, line, err, "away TIME until a later TIME, not", until);
    step.at = step.happens;
    if (arrives.size &&
        (!ktg_bytes_is(arrives, "arrives") || ktg_story_time(at, &step.at, &unused)))
        return fail(r, line, err, "not understood:", arrives);
    return add(r, step, err);
}

/* Behind `retired`, or `restored`. */
static int read_retired(struct reading *r, int line, struct ktg_bytes rest, bool undone,
                        struct ktg_err *err)
{
    struct ktg_story_step step = {.line = line, .kind = KTG_STORY_RETIRED, .undone = undone};
    step.name = ktg_story_word(&rest);
    struct ktg_bytes at = ktg_story_word(&rest), time = ktg_story_word(&rest),
                     more = ktg_story_word(&rest);
    size_t i = r->count;
    int unused;
    if (!step.name.size || !ktg_bytes_is(at, "at") || ktg_story_time(time, &step.at, &unused))
        return fail(r, line, err, "retired SOURCE at TIME, not", time);
    if (more.size)
        return fail(r, line, err, "not understood:", more);
    step.happens = step.at;
    while (undone && i-- > 0)
        if (r->steps[i].kind == KTG_STORY_RETIRED && ktg_bytes_eq(r->steps[i].name, step.name)) {
            step.happens = r->steps[i].happens;
            undone = r->steps[i].undone;
            break;
        }
    return undone ? fail(r, line, err, "no line before this one retires", step.name)
                  : add(r, step, err);
}

/* Behind `silent`. */
static int read_silent(struct reading *r, int line, struct ktg_bytes rest, struct ktg_err *err)
{
    struct ktg_story_step step = {.line = line, .kind = KTG_STORY_SILENT};
    struct clauses x = {0};
    step.name = ktg_story_word(&rest);
    struct ktg_bytes since = ktg_story_word(&rest), at = ktg_story_word(&rest),
                     sends = ktg_story_word(&rest), types = ktg_story_word(&rest),
                     more = ktg_story_word(&rest);
    int unused, rc = KTG_OK;
    if (!step.name.size || !ktg_bytes_is(since, "since") || ktg_story_time(at, &step.at, &unused))
        return fail(r, line, err, "silent SOURCE since TIME, not", at);
    if (sends.size && !ktg_bytes_is(sends, "sends"))
        return fail(r, line, err, "not understood:", sends);
    if (sends.size && (rc = read_sends(r, line, types, &x, err)))
        return rc;
    if (more.size)
        return fail(r, line, err, "not understood:", more);
    step.types = x.sends;
    step.type_count = x.sends_count;
    return add(r, step, err);
}

static int read_line(struct reading *r, int line, struct ktg_bytes rest, struct ktg_err *err)
{
    struct ktg_bytes word = ktg_story_word(&rest);
    struct clauses x = {0};
    struct ktg_story_step step = {.line = line};
    int rc;
    if (!word.size || word.data[0] == '#')
        return KTG_OK;
    if (ktg_bytes_is(word, "clock")) {
        if ((rc = read_clauses(r, line, rest, &x, err)))
            return rc;
        step.kind = KTG_STORY_CLOCK;
        step.at = x.at;
        return add(r, step, err);
    }
    if (ktg_bytes_is(word, "retract")) {
        struct ktg_bytes name = ktg_story_word(&rest);
        const struct named *target = find(r, name);
        const struct ktg_type *type = ktg_catalogue_type(r->c, KTG_LIT(RETRACTION));
        if (!target || !type)
            return fail(r, line, err,
                        type ? "no event before this line is called"
                             : "no type \"" RETRACTION "\" for",
                        name);
        rc = read_clauses(r, line, rest, &x, err);
        return rc ? rc : add_event(r, line, type, KTG_LIT("{}"), &x, target, err);
    }
    if (ktg_bytes_is(word, "silent"))
        return read_silent(r, line, rest, err);
    if (ktg_bytes_is(word, "heartbeat")) {
        step.name = ktg_story_word(&rest);
        if ((rc = read_clauses(r, line, rest, &x, err)))
            return rc;
        step.kind = KTG_STORY_HEARTBEAT;
        step.happens = x.at;
        step.at = x.has_arrives ? x.arrives : x.at;
        step.period = x.every ? x.every : HEARTBEAT_PERIOD;
        step.types = x.sends;
        step.type_count = x.sends_count;
        return add(r, step, err);
    }
    if (ktg_bytes_is(word, "away"))
        return read_away(r, line, rest, err);
    if (ktg_bytes_is(word, "retired") || ktg_bytes_is(word, "restored"))
        return read_retired(r, line, rest, ktg_bytes_is(word, "restored"), err);
    if (ktg_bytes_is(word, "list") || ktg_bytes_is(word, "setting")) {
        step.kind = ktg_bytes_is(word, "list") ? KTG_STORY_LIST : KTG_STORY_SETTING;
        step.name = ktg_story_word(&rest);
        struct ktg_bytes equals = ktg_story_word(&rest);
        while (rest.size && is_blank(rest.data[0]))
            rest = ktg_bytes(rest.data + 1, rest.size - 1);
        step.value = rest;
        if (!step.name.size || !ktg_bytes_is(equals, "=") || !rest.size)
            return fail(r, line, err, "NAME = VALUE, not", step.name);
        return add(r, step, err);
    }
    return read_event(r, line, word, rest, err);
}

int ktg_story_parse(const struct ktg_catalogue *c, struct ktg_bytes text, const char *file,
                    int line, struct ktg_arena *a, const struct ktg_story_step **ret_steps,
                    size_t *ret_count, struct ktg_err *err)
{
    struct reading r = {
        .c = c, .file = file, .a = a, .ids = {.last_ms = INT64_C(1767225600000), .seed = 1}};
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < text.size;) {
        size_t end = i;
        int lines = 1, depth = 0;
        uint8_t quote = 0;
        for (; end < text.size && (text.data[end] != '\n' || depth > 0); end++) {
            uint8_t ch = text.data[end];
            if (ch == '"')
                quote = !quote;
            depth += quote ? 0 : (ch == '{' || ch == '[') - (ch == '}' || ch == ']');
            lines += ch == '\n';
        }
        rc = read_line(&r, line, ktg_bytes(text.data + i, end - i), err);
        line += lines;
        i = end + 1;
    }
    struct ktg_story_step *steps = rc ? NULL : ktg_arena_alloc(a, r.count * sizeof *steps + 1);
    if (!rc && !steps)
        rc = ktg_err_set(err, KTG_ENOMEM, "no memory");
    if (!rc) {
        if (r.count)
            memcpy(steps, r.steps, r.count * sizeof *steps);
        *ret_steps = steps;
        *ret_count = r.count;
    }
    ktg_free(r.steps);
    ktg_free(r.named);
    return rc;
}
