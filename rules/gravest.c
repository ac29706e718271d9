/* rules/gravest.c - how grave the findings of a rule may become, as far as its text says.
 *
 *     level: high                                     high
 *     level: 'h.score >= 85 ? "high" : "medium"'      high: every branch is one of the words
 *     level: a.level                                  critical: nobody knows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/model.h"
#include "rules/ruleset.h"

static struct ktg_bytes trimmed(struct ktg_bytes t)
{
    while (t.size && (t.data[0] == ' ' || t.data[0] == '\n'))
        t = ktg_bytes(t.data + 1, t.size - 1);
    while (t.size && (t.data[t.size - 1] == ' ' || t.data[t.size - 1] == '\n'))
        t.size--;
    return t;
}

/* The level that a branch is: a word in quotes; else it may be any. */
static int branch(struct ktg_bytes t)
{
    int32_t level;
    t = trimmed(t);
    bool quoted =
        t.size > 2 && (t.data[0] == '"' || t.data[0] == '\'') && t.data[t.size - 1] == t.data[0];
    return quoted && !ktg_level_of(ktg_bytes(t.data + 1, t.size - 2), &level) ? level
                                                                              : KTG_LEVEL_MOST;
}

/* Where a text in quotes that opens at `i` ends; t.size: nowhere. */
static size_t after_quotes(struct ktg_bytes t, size_t i)
{
    const uint8_t *end = memchr(t.data + i + 1, t.data[i], t.size - i - 1);
    return end ? (size_t)(end - t.data) : t.size;
}

int ktg_rule_gravest(const struct ktg_rule *r)
{
    struct ktg_bytes t = r->level_text.text;
    int worst = 0, depth = 0;
    size_t from = 0;
    if (!r->level_plan)
        return r->level;
    for (size_t i = 0; i <= t.size; i++) {
        uint8_t c = i < t.size ? t.data[i] : ':';
        if (c == '"' || c == '\'') {
            i = after_quotes(t, i);
            continue;
        }
        depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
        if (depth == 0 && c == ':') { /* what ends in '?' is a condition */
            int level = branch(ktg_bytes(t.data + from, i - from));
            worst = level > worst ? level : worst;
        }
        if (depth == 0 && (c == ':' || c == '?'))
            from = i + 1;
    }
    return worst;
}
