/* rules/testing/nearest.c - see nearest.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/nearest.h"

enum { TOLD = 3 }; /* of one test; the rest is seldom another story */

static struct ktg_bytes text_of(struct ktg_bytes map, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_STR ? v.bytes : KTG_BYTES_NONE;
}

/* ---- said, but not so ---------------------------------------------------------------------------------------------- */

static bool is_about(const struct ktg_wanted *w, const struct ktg_said *s)
{
    return ktg_bytes_is(w->op, s->op) && ktg_bytes_eq(w->rule, s->rule) &&
           ktg_expect_is_subject(s->subject, w->subject);
}

static void put_values(const struct ktg_wanted *w, const struct ktg_said *s, struct ktg_buf *to)
{
    struct ktg_buf got = KTG_BUF_INIT;
    for (size_t i = 0; i < w->value_count; i++) {
        ktg_buf_clear(&got);
        bool there = ktg_expect_value(s, w->names[i], &got);
        if (!there || !ktg_bytes_eq(ktg_buf_view(&got), w->values[i]))
            ktg_buf_printf(to, "    said then with %.*s=%s, wanted %.*s\n", (int)w->names[i].size,
                           (const char *)w->names[i].data, there ? ktg_buf_text(&got) : "(absent)",
                           (int)w->values[i].size, (const char *)w->values[i].data);
    }
    ktg_buf_done(&got);
}

/* True: it was said at that time, with other values, or at another time. */
static bool tell_otherwise(const struct ktg_wanted *w, const struct ktg_heard_ops *said,
                           struct ktg_buf *to)
{
    const struct ktg_said *other = NULL;
    char at[KTG_INSTANT_TEXT];
    for (size_t i = 0; i < said->count; i++) {
        if (!is_about(w, &said->list[i]))
            continue;
        other = &said->list[i];
        if (ktg_expect_is_same_second(w->at, other->at)) {
            put_values(w, other, to);
            return true;
        }
    }
    if (other) {
        ktg_instant_format(other->at, other->offset_min, at);
        ktg_buf_printf(to, "    said at another time: @%s\n", at);
    }
    return other != NULL;
}

/* ---- not said ------------------------------------------------------------------------------------------------------ */

struct question {
    const struct ktg_wanted *wanted;
    struct ktg_buf answer; /* ktg_why_not() */
    struct ktg_err why;
};

static int ask(void *arg, struct ktg_engine *e)
{
    struct question *q = arg;
    struct ktg_buf id = KTG_BUF_INIT;
    int rc = ktg_engine_why_not(e, q->wanted->rule, q->wanted->subject, &q->answer, &q->why);
    struct ktg_wire_value read;
    if (!rc && ktg_wire_get(ktg_buf_view(&q->answer), "read", &read) && read.integer == 0) {
        ktg_buf_clear(&q->answer); /* P1 may be the document P1 */
        ktg_expect_put_subject(&id, q->wanted->subject);
        rc = ktg_engine_why_not(e, q->wanted->rule, ktg_buf_view(&id), &q->answer, &q->why);
    }
    ktg_buf_done(&id);
    return rc;
}

void ktg_nearest_put(struct ktg_bytes answer, struct ktg_buf *to)
{
    struct ktg_wire_value list, row, met, candidate;
    struct ktg_bytes as_of = text_of(answer, "as_of"), subject = text_of(answer, "subject");
    bool any = ktg_wire_get(answer, "conditions", &list) && list.kind == KTG_WIRE_ARRAY;
    if (!any || !list.count) {
        ktg_buf_printf(to, "    nothing on the timeline of %.*s comes near\n", (int)subject.size,
                       (const char *)subject.data);
        return;
    }
    ktg_buf_printf(to, "    nearest miss, as of %.*s", (int)as_of.size, (const char *)as_of.data);
    if (ktg_wire_get(answer, "candidate", &candidate) && candidate.kind == KTG_WIRE_MAP) {
        struct ktg_bytes type = text_of(candidate.raw, "type"), at = text_of(candidate.raw, "at");
        ktg_buf_printf(to, ", %.*s of %.*s", (int)type.size, (const char *)type.data, (int)at.size,
                       (const char *)at.data);
    }
    ktg_buf_put_str(to, ":\n");
    struct ktg_wire w = ktg_wire_inside(&list);
    for (uint32_t i = 0; i < list.count && !ktg_wire_next(&w, &row); i++) {
        struct ktg_bytes text = text_of(row.raw, "text"), value = text_of(row.raw, "value"),
                         want = text_of(row.raw, "want");
        bool is_met = ktg_wire_get(row.raw, "met", &met) && met.integer;
        ktg_buf_printf(to, "      %s  %.*s: %.*s, wanted %.*s\n", is_met ? "met  " : "UNMET",
                       (int)text.size, (const char *)text.data, (int)value.size,
                       (const char *)value.data, (int)want.size, (const char *)want.data);
    }
}

static int tell_unsaid(const struct ktg_scene *scene, const struct ktg_wanted *w,
                       struct ktg_buf *to, struct ktg_err *err)
{
    struct question q = {.wanted = w, .answer = KTG_BUF_INIT, .why = KTG_ERR_INIT};
    const struct ktg_play_how how = {
        .way = KTG_PLAY_WRITTEN, .until = w->at + 1, .ask = ask, .arg = &q};
    struct ktg_take take;
    int rc = ktg_play(scene, &how, &take, err);
    if (rc == KTG_ENOTFOUND) { /* a rule that is not there: the line says which */
        ktg_buf_printf(to, "    %s\n", q.why.text);
        rc = KTG_OK;
    } else if (!rc && q.answer.size) {
        ktg_nearest_put(ktg_buf_view(&q.answer), to);
    }
    ktg_take_done(&take);
    ktg_buf_done(&q.answer);
    return rc;
}

int ktg_nearest_tell(const struct ktg_scene *scene, const struct ktg_expected *wanted,
                     const struct ktg_heard_ops *said, struct ktg_buf *report, struct ktg_err *err)
{
    struct ktg_buf why = KTG_BUF_INIT;
    int rc = KTG_OK, told = 0;
    for (size_t i = 0; !rc && i < wanted->count && told < TOLD; i++) {
        const struct ktg_wanted *w = &wanted->list[i];
        if (!w->missing)
            continue;
        told++;
        ktg_buf_clear(&why);
        if (!tell_otherwise(w, said, &why) && ktg_bytes_is(w->op, "raise"))
            rc = tell_unsaid(scene, w, &why, err);
        if (why.size)
            ktg_buf_printf(report, "  why not: %.*s\n%s", (int)w->text.size,
                           (const char *)w->text.data, ktg_buf_text(&why));
    }
    ktg_buf_done(&why);
    return rc ? rc : ktg_buf_check(report);
}
