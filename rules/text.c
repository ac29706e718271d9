/* rules/text.c - titles: "{name}" and "{name.field}" become values, "{{" is a brace.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/aggregate.h"
#include "rules/scope.h"

bool ktg_title_parse(struct ktg_load *l, struct ktg_rule *r, struct ktg_title *t)
{
    struct ktg_bytes s = t->text.text;
    t->pieces = ktg_load_alloc(l, sizeof *t->pieces * (s.size + 1));
    if (!t->pieces)
        return false;
    struct ktg_scope scope = {.l = l,
                              .r = r,
                              .own_step = -1,
                              .tuple = r->step_count,
                              .deadline = r->by_text.text.size > 0,
                              .each = true,
                              .count = true,
                              .keeps_age = true};
    struct ktg_buf literal = KTG_BUF_INIT;
    bool ok = true;
    for (size_t i = 0; i <= s.size && ok;) {
        bool brace = i < s.size && s.data[i] == '{',
             twice = brace && i + 1 < s.size && s.data[i + 1] == '{';
        if (i == s.size || (brace && !twice)) {
            if (literal.bad)
                l->code = KTG_ENOMEM;
            if (literal.size) {
                char *text =
                    ktg_arena_strndup(&l->rs->arena, (const char *)literal.data, literal.size);
                if (!text)
                    l->code = KTG_ENOMEM;
                t->pieces[t->count++] =
                    (struct ktg_piece){ktg_bytes(text, text ? literal.size : 0), NULL};
                ktg_buf_clear(&literal);
            }
            if (i == s.size)
                break;
            const uint8_t *end = memchr(s.data + i, '}', s.size - i);
            bool named = end && end > s.data + i + 1;
            for (const uint8_t *p = s.data + i + 1; named && p < end; p++)
                named = ((*p | 32) >= 'a' && (*p | 32) <= 'z') || *p == '_' || *p == '.' ||
                        (*p >= '0' && *p <= '9');
            struct ktg_phrase name = t->text;
            name.column += (int)i + 1;
            if (!named) {
                ktg_rule_error(
                    l, r, &name,
                    "a title takes {name} or {name.field}; a brace itself is written {{");
                ok = false;
                break;
            }
            name.text = ktg_bytes(s.data + i + 1, (size_t)(end - s.data) - i - 1);
            t->pieces[t->count].plan = ktg_scope_compile(&scope, &name, 0, "");
            ok = t->pieces[t->count++].plan != NULL;
            i = (size_t)(end - s.data) + 1;
            continue;
        }
        ktg_buf_put_u8(&literal, s.data[i]);
        i += twice ? 2 : 1;
        if (s.data[i - 1] == '}' && i < s.size && s.data[i] == '}') /* "}}" is a brace as well */
            i++;
    }
    if (literal.bad)
        l->code = KTG_ENOMEM;
    ktg_buf_done(&literal);
    return ok;
}

/* A value of the form is told as it travels: flags by the names of their rules. */
static struct ktg_cel_value piece_value(const struct ktg_frame *f, const struct ktg_cel *plan)
{
    const struct ktg_aggregate *g = f->a->rule->form->aggregate;
    int which = g && g->travels ? ktg_form_value_find(f->a->rule, ktg_cel_text(plan)) : -1;
    return which >= 0 ? g->travels(f, (size_t)which) : ktg_answer_eval(f, plan);
}

struct ktg_bytes ktg_title_format(struct ktg_answer *a, const struct ktg_title *t,
                                  const struct ktg_frame *f)
{
    struct ktg_buf b = KTG_BUF_INIT;
    for (size_t i = 0; i < t->count; i++) {
        if (!t->pieces[i].plan) {
            ktg_buf_put_bytes(&b, t->pieces[i].text);
            continue;
        }
        struct ktg_cel_value v = piece_value(f, t->pieces[i].plan);
        ktg_answer_text(f, &v, &b);
    }
    struct ktg_bytes text = KTG_BYTES_NONE;
    if (b.bad) {
        a->code = KTG_ENOMEM;
    } else if (b.size) {
        uint8_t *copy = ktg_answer_alloc(a, b.size);
        if (copy) {
            memcpy(copy, b.data, b.size);
            text = ktg_bytes(copy, b.size);
        }
    }
    ktg_buf_done(&b);
    return text;
}
