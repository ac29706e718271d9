/* rules/testing/expect.c - see expect.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/expect.h"

#include "rules/engine/op.h"
#include "rules/testing/story.h"
#include "schema/json.h"

#define LINES_MOST 500

struct ktg_open {
    uint8_t label[16];
    bool closed;
};

/* ---- listening ---------------------------------------------------------------------------------------------------- */

static struct ktg_open *label_of(struct ktg_heard_ops *h, const uint8_t label[static 16])
{
    for (size_t i = 0; i < h->open_count; i++) {
        if (memcmp(h->open[i].label, label, 16) == 0)
            return &h->open[i];
    }
    if (ktg_grow(&h->open, &h->open_cap, h->open_count + 1, sizeof *h->open))
        return NULL;
    struct ktg_open *o = &h->open[h->open_count++];
    memcpy(o->label, label, 16);
    o->closed = false;
    return o;
}

static struct ktg_bytes keep(struct ktg_arena *a, struct ktg_bytes b)
{
    char *p = ktg_arena_strndup(a, (const char *)b.data, b.size);
    return ktg_bytes(p, p ? b.size : 0);
}

int ktg_expect_listen(void *arg, const struct ktg_op *op)
{
    struct ktg_heard_ops *h = arg;
    struct ktg_wire_value state, at, v;
    struct ktg_open *o = label_of(h, op->finding);
    if (!o || !ktg_wire_get(op->payload, "state", &state) || !ktg_wire_get(op->payload, "at", &at))
        return KTG_ENOMEM;
    bool closed = ktg_bytes_is(state.bytes, "closed"), was = o->closed;
    o->closed = closed;
    bool closes = op->kind == KTG_OP_AMEND && closed && !was;
    const char *name = closes ? "close" : ktg_op_name(op->kind);
    if (ktg_grow(&h->list, &h->cap, h->count + 1, sizeof *h->list))
        return KTG_ENOMEM;
    struct ktg_said s = {.op = name, .at = op->at};
    s.minor = op->kind == KTG_OP_AMEND && closed == was;
    struct ktg_wire w = ktg_wire_inside(&at);
    if (ktg_wire_next(&w, &v) || ktg_wire_next(&w, &v))
        return KTG_EINVALID;
    s.offset_min = (int)v.integer;
    s.payload = keep(h->a, op->payload);
    s.rule = keep(h->a, op->rule);
    s.subject = keep(h->a, op->subject);
    if (!s.payload.data || !s.rule.data || !s.subject.data)
        return KTG_ENOMEM;
    h->list[h->count++] = s;
    return KTG_OK;
}

void ktg_expect_done(struct ktg_heard_ops *h)
{
    ktg_free(h->list);
    ktg_free(h->open);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static int read_line(struct ktg_bytes text, const char *file, int line, struct ktg_wanted *w,
                     struct ktg_err *err)
{
    static const char *const ops[] = {"raise", "close", "withdraw", "unknown", "amend"};
    int unused;
    struct ktg_bytes rest = text;
    *w = (struct ktg_wanted){.text = text};
    w->op = ktg_story_word(&rest);
    w->rule = ktg_story_word(&rest);
    w->subject = ktg_story_word(&rest);
    struct ktg_bytes at = ktg_story_word(&rest);
    bool known = false;
    for (size_t i = 0; i < KTG_COUNT(ops); i++)
        known |= ktg_bytes_is(w->op, ops[i]);
    if (!known || !w->subject.size || at.size < 2 || at.data[0] != '@' ||
        ktg_story_time(ktg_bytes(at.data + 1, at.size - 1), &w->at, &unused))
        return ktg_err_set(
            err, KTG_EINVALID,
            "%s:%d: wanted raise|close|withdraw|unknown|amend RULE SUBJECT @TIME, got '%.*s'", file,
            line, (int)(text.size > 80 ? 80 : text.size), (const char *)text.data);
    for (struct ktg_bytes v; (v = ktg_story_word(&rest)).size;) {
        const uint8_t *eq = memchr(v.data, '=', v.size);
        if (!eq || eq == v.data || w->value_count == KTG_COUNT(w->names))
            return ktg_err_set(err, KTG_EINVALID, "%s:%d: wanted value=text, got '%.*s'", file,
                               line, (int)v.size, (const char *)v.data);
        struct ktg_bytes value = ktg_bytes(eq + 1, (size_t)(v.data + v.size - eq) - 1);
        if (value.size >= 2 && value.data[0] == '"')
            value = ktg_bytes(value.data + 1, value.size - 2);
        w->names[w->value_count] = ktg_bytes(v.data, (size_t)(eq - v.data));
        w->values[w->value_count++] = value;
    }
    return KTG_OK;
}

/* ---- comparing ---------------------------------------------------------------------------------------------------- */

static void put_value(struct ktg_buf *to, const struct ktg_wire_value *v)
{
    struct ktg_wire_value one;
    struct ktg_wire w = ktg_wire_inside(v);
    switch (v->kind) {
    case KTG_WIRE_STR:
        ktg_buf_put_bytes(to, v->bytes);
        break;
    case KTG_WIRE_ARRAY: /* with commas, as titles have them, but without blanks */
        for (uint32_t i = 0; i < v->count && !ktg_wire_next(&w, &one); i++) {
            ktg_buf_put_str(to, i ? "," : "");
            put_value(to, &one);
        }
        break;
    default:
        if (ktg_json_format(v->raw, NULL, to))
            ktg_buf_put_str(to, "?");
    }
}

bool ktg_expect_value(const struct ktg_said *s, struct ktg_bytes name, struct ktg_buf *to)
{
    struct ktg_wire_value values, route, v;
    char key[128];
    if (name.size >= sizeof key)
        return false;
    memcpy(key, name.data, name.size);
    key[name.size] = 0;
    bool there = ktg_wire_get(s->payload, "values", &values) && ktg_wire_get(values.raw, key, &v);
    if (!there)
        there = strcmp(key, "level") == 0 && ktg_wire_get(s->payload, "level", &v);
    if (!there)
        there = strcmp(key, "weight") == 0 && ktg_wire_get(s->payload, "route", &route) &&
                ktg_wire_get(route.raw, "weight", &v);
    if (there)
        put_value(to, &v);
    return there;
}

static const char prefix[] = "doc:UTO:";

void ktg_expect_put_subject(struct ktg_buf *to, struct ktg_bytes word)
{
    ktg_buf_put_str(to, prefix);
    ktg_buf_put_bytes(to, word);
}

bool ktg_expect_is_subject(struct ktg_bytes subject, struct ktg_bytes word)
{
    size_t n = sizeof prefix - 1;
    if (ktg_bytes_eq(subject, word))
        return true;
    return subject.size == n + word.size && memcmp(subject.data, prefix, n) == 0 &&
           memcmp(subject.data + n, word.data, word.size) == 0;
}

static ktg_time second(ktg_time t)
{
    return t >= 0 ? t / 1000 : (t - 999) / 1000;
}

bool ktg_expect_is_same_second(ktg_time a, ktg_time b)
{
    return second(a) == second(b);
}

static bool is_wanted(const struct ktg_wanted *w, const struct ktg_said *s)
{
    if (!ktg_bytes_is(w->op, s->op) || !ktg_bytes_eq(w->rule, s->rule) ||
        !ktg_expect_is_subject(s->subject, w->subject) || !ktg_expect_is_same_second(w->at, s->at))
        return false;
    struct ktg_buf got = KTG_BUF_INIT;
    bool same = true;
    for (size_t i = 0; same && i < w->value_count; i++) {
        ktg_buf_clear(&got);
        same = ktg_expect_value(s, w->names[i], &got) &&
               ktg_bytes_eq(ktg_buf_view(&got), w->values[i]);
    }
    ktg_buf_done(&got);
    return same;
}

void ktg_expect_put_said(struct ktg_buf *to, char mark, const struct ktg_said *s)
{
    char at[KTG_INSTANT_TEXT];
    struct ktg_wire_value values, reason;
    ktg_instant_format(s->at - (s->at % 1000 + 1000) % 1000, s->offset_min, at);
    ktg_buf_printf(to, "%c %s %.*s %.*s @%s", mark, s->op, (int)s->rule.size,
                   (const char *)s->rule.data, (int)s->subject.size, (const char *)s->subject.data,
                   at);
    if (ktg_wire_get(s->payload, "values", &values) && values.kind == KTG_WIRE_MAP) {
        struct ktg_wire w = ktg_wire_inside(&values);
        struct ktg_wire_value key, v;
        for (uint32_t i = 0; i < values.count && !ktg_wire_next(&w, &key) && !ktg_wire_next(&w, &v);
             i++) {
            ktg_buf_printf(to, " %.*s=", (int)key.bytes.size, (const char *)key.bytes.data);
            put_value(to, &v);
        }
    }
    if (ktg_wire_get(s->payload, "reason", &reason))
        ktg_buf_printf(to, "   (%.*s)", (int)reason.bytes.size, (const char *)reason.bytes.data);
    ktg_buf_put_str(to, "\n");
}

static bool is_looked_at(const struct ktg_wanted *list, size_t count, const char *rule,
                         const struct ktg_said *s)
{
    bool is = ktg_bytes_is(s->rule, rule);
    for (size_t i = 0; !is && i < count; i++)
        is = ktg_bytes_eq(list[i].rule, s->rule);
    return is;
}

/* In step as far as they go; then the longest common part by the usual table. */
static int differences(struct ktg_wanted *want, size_t nw, const struct ktg_said *const *said,
                       size_t ns, struct ktg_buf *to)
{
    uint16_t *t = ktg_calloc((nw + 1) * (ns + 1), sizeof *t);
    if (!t)
        return KTG_ENOMEM;
    for (size_t i = nw; i-- > 0;) {
        for (size_t k = ns; k-- > 0;) {
            uint16_t skip = t[(i + 1) * (ns + 1) + k] > t[i * (ns + 1) + k + 1]
                                ? t[(i + 1) * (ns + 1) + k]
                                : t[i * (ns + 1) + k + 1];
            uint16_t both = (uint16_t)(t[(i + 1) * (ns + 1) + k + 1] + 1);
            t[i * (ns + 1) + k] = is_wanted(&want[i], said[k]) && both > skip ? both : skip;
        }
    }
    for (size_t i = 0, k = 0; i < nw || k < ns;) {
        if (i < nw && k < ns && is_wanted(&want[i], said[k]) &&
            t[i * (ns + 1) + k] == t[(i + 1) * (ns + 1) + k + 1] + 1) {
            ktg_expect_put_said(to, ' ', said[k++]);
            i++;
        } else if (i < nw && (k == ns || t[(i + 1) * (ns + 1) + k] >= t[i * (ns + 1) + k + 1])) {
            ktg_buf_printf(to, "- %.*s\n", (int)want[i].text.size, (const char *)want[i].text.data);
            want[i++].missing = true;
        } else {
            ktg_expect_put_said(to, '+', said[k++]);
        }
    }
    ktg_free(t);
    return ktg_buf_check(to);
}

static int read_lines(struct ktg_bytes expect, const char *file, int line, struct ktg_expected *to,
                      struct ktg_err *err)
{
    size_t cap = 0;
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < expect.size; line++) {
        size_t end = i;
        while (end < expect.size && expect.data[end] != '\n')
            end++;
        struct ktg_bytes text = ktg_bytes(expect.data + i, end - i), rest = text;
        struct ktg_bytes word = ktg_story_word(&rest);
        i = end + 1;
        if (!word.size || word.data[0] == '#')
            continue;
        if (to->count == LINES_MOST)
            return ktg_err_set(err, KTG_EINVALID, "%s:%d: more than %d lines", file, line,
                               LINES_MOST);
        if (ktg_grow(&to->list, &cap, to->count + 1, sizeof *to->list))
            return ktg_err_set(err, KTG_ENOMEM, "no memory");
        rc = read_line(ktg_bytes(word.data, (size_t)(text.data + text.size - word.data)), file,
                       line, &to->list[to->count++], err);
    }
    return rc;
}

int ktg_expect_compare(struct ktg_bytes expect, const char *file, int line, const char *rule,
                       bool amends, const struct ktg_heard_ops *said, bool *ret_same,
                       struct ktg_buf *report, struct ktg_expected *ret_wanted, struct ktg_err *err)
{
    struct ktg_expected want = {NULL, 0};
    const struct ktg_said **seen = ktg_calloc(said->count + 1, sizeof *seen);
    size_t ns = 0;
    int rc = seen ? read_lines(expect, file, line, &want, err)
                  : ktg_err_set(err, KTG_ENOMEM, "no memory");
    for (size_t i = 0; !rc && i < said->count; i++) {
        if ((amends || !said->list[i].minor) &&
            is_looked_at(want.list, want.count, rule, &said->list[i]))
            seen[ns++] = &said->list[i];
    }
    if (!rc) {
        bool same = want.count == ns;
        for (size_t i = 0; same && i < ns; i++)
            same = is_wanted(&want.list[i], seen[i]);
        if (!same && ns > LINES_MOST * 4)
            ktg_buf_printf(report, "%zu ops were said, %zu expected\n", ns, want.count);
        else if (!same)
            rc = differences(want.list, want.count, seen, ns, report);
        *ret_same = same;
    }
    if (!rc && ret_wanted)
        *ret_wanted = want;
    else
        ktg_expected_done(&want);
    ktg_free(seen);
    return rc;
}

void ktg_expected_done(struct ktg_expected *e)
{
    ktg_free(e->list);
    *e = (struct ktg_expected){NULL, 0};
}
