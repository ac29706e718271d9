/* cmd/outcome_rows.c - see outcome_rows.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/outcome_rows.h"

#include <stdio.h>

#include "schema/json.h"

void ktg_outcome_rows_begin(struct ktg_outcome_rows *r)
{
    static const struct ktg_column columns[] = {
        {.key = "change", .title = {"CHANGE", "UBAH"}},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "subject", .title = {"SUBJECT", "SUBJEK"}},
        {.key = "key", .title = {"KEY", "KUNCI"}, .json_only = true},
        {.key = "from", .title = {"FROM", "DARI"}},
        {.key = "before", .title = {"BEFORE", "SEBELUM"}},
        {.key = "after", .title = {"AFTER", "SESUDAH"}},
    };
    ktg_output_table(r->call->out, columns, KTG_COUNT(columns));
}

static void put_end(struct ktg_buf *to, const struct ktg_outcome *x)
{
    char at[KTG_INSTANT_TEXT] = "open";
    if (x->until != KTG_NEVER)
        ktg_instant_format(x->until, x->offset_min, at);
    ktg_buf_printf(to, " until %s", x->unknown ? "unknown" : at);
}

/* "medium {"days":5} until ..." */
static const char *describe(struct ktg_buf *to, const struct ktg_outcome *x)
{
    struct ktg_wire_value level, values;
    if (!x)
        return NULL;
    if (ktg_wire_get(x->payload, "level", &level))
        ktg_buf_put_bytes(to, level.bytes);
    if (ktg_wire_get(x->payload, "values", &values)) {
        ktg_buf_put_str(to, " ");
        if (ktg_json_format(values.raw, NULL, to))
            ktg_buf_put_str(to, "?");
    }
    put_end(to, x);
    return ktg_buf_text(to);
}

void ktg_outcome_rows_differ(void *arg, const struct ktg_outcome *a, const struct ktg_outcome *b)
{
    struct ktg_outcome_rows *r = arg;
    const struct ktg_outcome *x = a ? a : b;
    size_t *count = !a ? &r->more : !b ? &r->less : &r->otherwise;
    if ((*count)++ >= r->most)
        return;
    struct ktg_buf before = KTG_BUF_INIT, after = KTG_BUF_INIT;
    char rule[128], subject[256], key[256], from[KTG_INSTANT_TEXT];
    snprintf(rule, sizeof rule, "%.*s", (int)x->rule.size, (const char *)x->rule.data);
    snprintf(subject, sizeof subject, "%.*s", (int)x->subject.size, (const char *)x->subject.data);
    snprintf(key, sizeof key, "%.*s", (int)x->key.size,
             x->key.size ? (const char *)x->key.data : "");
    ktg_instant_format(x->from, x->offset_min, from);
    ktg_output_row(r->call->out, (const char *const[]){!a   ? "+"
                                                       : !b ? "-"
                                                            : "~",
                                                       rule, subject, key, from,
                                                       describe(&before, a), describe(&after, b)});
    ktg_buf_done(&before);
    ktg_buf_done(&after);
}
