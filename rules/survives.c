/* rules/survives.c - `survives:` of a rule: mutations that its tests need not notice, each with its reason.
 *
 *     survives:
 *       - {mutation: "where: == -> !=", because: "..."}
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/model.h"

void ktg_load_survives(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    static const struct ktg_yaml_key keys[] = {
        {"mutation", true}, {"because", true}, {NULL, false}};
    const struct ktg_yaml_node *n = ktg_yaml_get(doc, "survives");
    struct ktg_err err = KTG_ERR_INIT;
    size_t count = n && n->kind == KTG_YAML_LIST ? n->count : 0;
    if (n && n->kind != KTG_YAML_LIST)
        ktg_load_error(l, r->file, n->line, n->column,
                       "'survives' is a list of {mutation, because}");
    r->survivors = ktg_load_alloc(l, sizeof *r->survivors * (count + 1));
    for (size_t i = 0; r->survivors && i < count; i++) {
        const struct ktg_yaml_node *x = n->items[i];
        if (x->kind != KTG_YAML_MAP || ktg_yaml_check_keys(x, r->file, keys, &err)) {
            ktg_load_error(l, r->file, x->line, x->column,
                           "a survivor is {mutation: ..., because: ...}");
            continue;
        }
        const char *mutation = ktg_yaml_text(ktg_yaml_get(x, "mutation")),
                   *because = ktg_yaml_text(ktg_yaml_get(x, "because"));
        if (!mutation || !because || !because[0]) {
            ktg_load_error(l, r->file, x->line, x->column,
                           "a survivor names its mutation and says because of what it may live");
            continue;
        }
        r->survivors[r->survivor_count++] = (struct ktg_survivor){mutation, because, x->line};
    }
}

const struct ktg_survivor *ktg_rule_survivors(const struct ktg_rule *r, size_t *ret_count)
{
    *ret_count = r->survivor_count;
    return r->survivors;
}
