/* rules/engine/precision.c - the picture and the numbered invariants are in precision.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/precision.h"

enum { VERSION = 16 };
static const struct {
    const char *setting;
    uint32_t most;
} limits[] = {{"precision.floor", 100}, {"precision.dispositions", KTG_PRECISION_MOST}};

static uint32_t limit(const struct ktg_ruleset *rs, size_t i)
{
    int64_t n = ktg_ruleset_number(rs, ktg_bytes_str(limits[i].setting), 0);
    return n < 0 ? 0 : n > limits[i].most ? limits[i].most : (uint32_t)n;
}

struct ktg_floor ktg_floor_of(const struct ktg_ruleset *rs)
{
    return (struct ktg_floor){.percent = limit(rs, 0), .dispositions = limit(rs, 1)};
}

int ktg_precision_add(struct ktg_buf *row, const uint8_t version[static 16], bool right,
                      const struct ktg_floor *floor, struct ktg_precision *ret_p)
{
    if (row->size && row->size < VERSION)
        return KTG_ECORRUPT;
    if (!row->size || memcmp(row->data, version, VERSION) != 0) { /* (1) */
        ktg_buf_clear(row);
        ktg_buf_put(row, version, VERSION);
    }
    ktg_buf_put_u8(row, right);
    if (ktg_buf_check(row))
        return KTG_ENOMEM;
    size_t count = row->size - VERSION;
    size_t over = count > floor->dispositions ? count - floor->dispositions : 0;
    memmove(row->data + VERSION, row->data + VERSION + over, count - over);
    row->size -= over;
    struct ktg_precision p = {.of = (uint32_t)(count - over)};
    for (size_t i = VERSION; i < row->size; i++)
        p.right += row->data[i];
    *ret_p = p;
    return KTG_OK;
}

bool ktg_precision_is_below(struct ktg_precision p, const struct ktg_floor *floor)
{
    return floor->dispositions && p.of >= floor->dispositions &&
           (uint64_t)p.right * 100 < (uint64_t)floor->percent * p.of;
}
