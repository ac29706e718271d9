/* bench/country.c - see country.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/country.h"

#include "producers/simulate/simulate.h"
#include "runtime/mem.h"
#include "schema/json.h"

struct ktg_country {
    struct ktg_simulate *story;
    struct ktg_arena arena; /* blobs */
    struct ktg_country_event *events;
    size_t count;
};

static int add(struct ktg_country *c, const struct ktg_catalogue *catalogue,
               const struct ktg_simulate_event *from, struct ktg_buf scratch[2],
               struct ktg_err *err)
{
    struct ktg_country_event *to = &c->events[c->count];
    struct ktg_event e;
    ktg_buf_clear(&scratch[0]);
    ktg_buf_clear(&scratch[1]);
    ktg_simulate_print(from, false, &scratch[0]);
    int rc = ktg_json_decode(catalogue, ktg_buf_view(&scratch[0]), &scratch[1], NULL, err);
    uint8_t *blob = rc ? NULL : ktg_arena_alloc(&c->arena, scratch[1].size);
    if (!rc && !blob)
        rc = KTG_ENOMEM;
    if (rc)
        return rc;
    memcpy(blob, scratch[1].data, scratch[1].size);
    to->blob = ktg_bytes(blob, scratch[1].size);
    to->arrives_at = from->arrives_at;
    if (!(rc = ktg_event_read(catalogue, to->blob, &e, err)))
        rc = ktg_event_check(catalogue, &e, err);
    to->id = e.id;
    /* corrections are few, and what they correct came not long before */
    for (size_t i = c->count; !rc && from->supersedes && i-- > 0 && !to->corrects;)
        if (memcmp(c->events[i].id, from->supersedes, 16) == 0)
            to->corrects = i + 1;
    c->count++;
    return rc;
}

int ktg_country_new(const struct ktg_catalogue *catalogue, uint64_t percent, uint64_t seed,
                    struct ktg_country **ret_c, struct ktg_err *err)
{
    const struct ktg_simulate_options options = {
        .scenario = ktg_simulate_scenario(0), .seed = seed, .percent = (int)percent};
    struct ktg_country *c = ktg_zalloc(sizeof *c);
    struct ktg_buf scratch[2] = {KTG_BUF_INIT, KTG_BUF_INIT};
    struct ktg_simulate_event e;
    if (!c)
        return KTG_ENOMEM;
    int rc = ktg_simulate_new(&options, &c->story, err);
    if (!rc && !(c->events = ktg_calloc(ktg_simulate_count(c->story), sizeof *c->events)))
        rc = KTG_ENOMEM;
    while (!rc && ktg_simulate_next(c->story, &e))
        rc = add(c, catalogue, &e, scratch, err);
    ktg_buf_done(&scratch[0]);
    ktg_buf_done(&scratch[1]);
    if (rc) {
        ktg_country_free(c);
        return rc;
    }
    *ret_c = c;
    return KTG_OK;
}

struct ktg_country *ktg_country_free(struct ktg_country *c)
{
    if (!c)
        return NULL;
    ktg_simulate_free(c->story);
    ktg_arena_done(&c->arena);
    ktg_free(c->events);
    ktg_free(c);
    return NULL;
}

size_t ktg_country_count(const struct ktg_country *c)
{
    return c->count;
}

const struct ktg_country_event *ktg_country_at(const struct ktg_country *c, size_t i)
{
    return &c->events[i];
}
