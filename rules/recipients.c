/* rules/recipients.c - the agencies that a rule names in `owner` and `to`: whether they exist is for the configuration to say.
 *
 *     to: [POL, LEAD]                                       POL
 *     to: 'kind in ["E23"] ? ["NAK"] : ["KUA", "DUK"]'      NAK, KUA, DUK: elements of lists that nothing is looked up in
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/model.h"

static bool is_resolved(struct ktg_bytes word)
{
    static const char *const words[] = {"LEAD", "SUPERIOR", "SELF"};
    for (size_t i = 0; i < KTG_COUNT(words); i++)
        if (ktg_bytes_is(word, words[i]))
            return true;
    return false;
}

/* Does the list that opens at `i` stand behind `in`? */
static bool is_looked_up(struct ktg_bytes t, size_t i)
{
    while (i > 0 && (t.data[i - 1] == ' ' || t.data[i - 1] == '\n'))
        i--;
    return i >= 3 && memcmp(t.data + i - 2, "in", 2) == 0 &&
           (t.data[i - 3] == ' ' || t.data[i - 3] == '\n');
}

/* The n-th text in such a list; *ret_at: its place in the expression. */
static bool element(struct ktg_bytes t, size_t n, struct ktg_bytes *ret_code, size_t *ret_at)
{
    bool in_list = false;
    for (size_t i = 0; i < t.size; i++) {
        uint8_t c = t.data[i];
        if (c == '[' || c == ']')
            in_list = c == '[' && !is_looked_up(t, i);
        if (c != '"' && c != '\'')
            continue;
        const uint8_t *end = memchr(t.data + i + 1, c, t.size - i - 1);
        if (!end)
            return false;
        struct ktg_bytes word = ktg_bytes(t.data + i + 1, (size_t)(end - t.data) - i - 1);
        if (in_list && !is_resolved(word) && n-- == 0) {
            *ret_code = word;
            *ret_at = i + 1;
            return true;
        }
        i = (size_t)(end - t.data);
    }
    return false;
}

bool ktg_rule_agency(const struct ktg_rule *r, size_t n, struct ktg_bytes *ret_code, int *ret_line,
                     int *ret_column)
{
    size_t at;
    if (r->owner_at.text.size && n-- == 0) {
        *ret_code = r->owner_at.text;
        *ret_line = r->owner_at.line;
        *ret_column = r->owner_at.column;
        return true;
    }
    if (r->to_text.text.size && element(r->to_text.text, n, ret_code, &at)) {
        *ret_line = r->to_text.line;
        *ret_column = r->to_text.column + (r->to_text.plain ? (int)at : 0);
        return true;
    }
    for (size_t i = 0; i < r->to_count; i++) {
        if (is_resolved(r->to[i]) || n-- > 0)
            continue;
        *ret_code = r->to[i];
        *ret_line = r->to_at[i].line;
        *ret_column = r->to_at[i].column;
        return true;
    }
    return false;
}
