/* rules/engine/spent.c - see spent.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/spent.h"

#include "rules/engine/pack.h"
#include "runtime/hash.h"

enum { VERSION_SIZE = 16 };

static struct ktg_bytes name_of(const struct ktg_ruleset *rs, size_t rule)
{
    return ktg_bytes_str(ktg_rule_name(ktg_ruleset_rule(rs, rule)));
}

static struct ktg_bytes kind_of(const struct ktg_engine *e, const struct ktg_live_subject *s)
{
    return ktg_bytes_str(ktg_catalogue_kind_name(e->view.catalogue, s->kind));
}

static void pair_key(const struct ktg_engine *e, size_t rule, const struct ktg_live_subject *s,
                     struct ktg_key *key)
{
    uint8_t hash[16];
    ktg_blake2b_128((struct ktg_bytes[]){kind_of(e, s), ktg_bytes("", 1), s->name}, 3, hash);
    ktg_key_put(key, 'x',
                (struct ktg_bytes[]){name_of(e->rules, rule), ktg_bytes("", 1),
                                     ktg_bytes(hash, sizeof hash)},
                3);
}

/* The record begins with the version that the rule has now. */
static bool is_current(const struct ktg_ruleset *rs, size_t rule, struct ktg_bytes value)
{
    uint8_t version[VERSION_SIZE];
    ktg_rule_version_hash(ktg_ruleset_rule(rs, rule), version);
    return value.size >= VERSION_SIZE && memcmp(value.data, version, VERSION_SIZE) == 0;
}

int ktg_spent_load(struct ktg_engine *e, const struct ktg_ruleset *rs, uint32_t *counts)
{
    int rc = KTG_OK;
    for (size_t r = 0; !rc && r < ktg_ruleset_count(rs); r++) {
        struct ktg_bytes value, name = name_of(rs, r);
        struct ktg_key key;
        ktg_key_put(&key, 'k', &name, 1);
        rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
        counts[r] = 0;
        if (!rc && value.size != VERSION_SIZE + 4)
            return KTG_ECORRUPT;
        if (!rc && is_current(rs, r, value))
            counts[r] = ktg_get_le32(value.data + VERSION_SIZE);
        else if (!rc)
            rc = ktg_state_del(e->state, ktg_key_view(&key));
        if (rc == KTG_ENOTFOUND)
            rc = KTG_OK;
    }
    return rc;
}

int ktg_spent_is(struct ktg_engine *e, size_t rule, const struct ktg_live_subject *s, bool *ret_is)
{
    struct ktg_key key;
    struct ktg_bytes value;
    *ret_is = false;
    if (!e->spent[rule])
        return KTG_OK;
    pair_key(e, rule, s, &key);
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
    *ret_is = !rc && is_current(e->rules, rule, value);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

int ktg_spent_put(struct ktg_engine *e, size_t rule, const struct ktg_live_subject *s,
                  uint32_t *ret_count)
{
    struct ktg_bytes name = name_of(e->rules, rule);
    uint8_t value[VERSION_SIZE + 4];
    struct ktg_key key;
    ktg_rule_version_hash(ktg_ruleset_rule(e->rules, rule), value);
    pair_key(e, rule, s, &key);
    int rc = ktg_state_put(e->state, ktg_key_view(&key), ktg_bytes(value, VERSION_SIZE));
    *ret_count = ++e->spent[rule];
    ktg_put_le32(value + VERSION_SIZE, *ret_count);
    ktg_key_put(&key, 'k', &name, 1);
    if (!rc)
        rc = ktg_state_put(e->state, ktg_key_view(&key), ktg_bytes(value, sizeof value));
    struct ktg_suspension why = {.why = KTG_SUSPENDED_BUDGET};
    if (e->world.notice)
        e->world.notice(e->world.arg, &(struct ktg_notice){.pos = e->pos,
                                                           .at = e->at,
                                                           .what = "rule-over-budget",
                                                           .rule = name,
                                                           .kind = kind_of(e, s),
                                                           .subject = s->name,
                                                           .why = &why});
    return rc;
}
