/* tests/support/another_engine.h - a findings journal written again as another engine would have said it.
 *
 * Of every three findings the first was missed, the second had another level, the third stands as it is; and beside the first
 * revision of the third stands one that nobody else finds.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_SUPPORT_ANOTHER_ENGINE_H
#define KTG_TESTS_SUPPORT_ANOTHER_ENGINE_H

#include "runtime/journal/journal.h"
#include "runtime/mem.h"
#include "schema/finding.h"
#include "tests/support/otherwise.h"

enum another_fate { ANOTHER_MISSED, ANOTHER_LEVEL, ANOTHER_ALIKE };

struct another_finding {
    uint8_t id[16];
    bool stands;
};
struct another {
    struct ktg_journal *to;
    struct another_finding *seen;
    size_t count, cap, invented;
    struct ktg_buf meta, payload, more;
};

static inline int another_append(struct another *n, const struct ktg_finding_meta *m,
                                 const struct ktg_journal_item *item)
{
    ktg_position pos;
    int rc;
    ktg_buf_clear(&n->meta);
    ktg_finding_meta_encode(m, &n->meta);
    while ((rc = ktg_journal_append(n->to, KTG_FINDING_RECORD, ktg_buf_view(&n->meta),
                                    ktg_buf_view(&n->payload), NULL, &pos)) == KTG_EFULL) {
        if ((rc = ktg_journal_seal_and_wait(n->to, item->recorded_at, 0, NULL)))
            break;
    }
    return rc;
}

/* Beside the finding: one with an id and an anchor of its own, long ago and over. */
static inline int another_invent(struct another *n, struct ktg_finding_meta m,
                                 const struct ktg_journal_item *item)
{
    m.finding[0] ^= 0xff;
    m.n += 1000;
    ktg_buf_clear(&n->payload);
    otherwise_id(item->payload, "finding", m.finding, &n->payload);
    ktg_buf_clear(&n->more);
    otherwise_id(ktg_buf_view(&n->payload), "anchor", m.finding, &n->more);
    ktg_buf_clear(&n->payload);
    otherwise_instant(ktg_buf_view(&n->more), "from", 1000, &n->payload);
    ktg_buf_clear(&n->more);
    otherwise_instant(ktg_buf_view(&n->payload), "until", 1001, &n->more);
    ktg_buf_clear(&n->payload);
    otherwise_text(ktg_buf_view(&n->more), "state", "closed", &n->payload);
    n->invented++;
    return another_append(n, &m, item);
}

static inline int another_record(struct another *n, const struct ktg_journal_item *item,
                                 int64_t engine)
{
    struct ktg_finding_meta m;
    struct ktg_wire_value op, level;
    size_t i = 0;
    int rc = ktg_finding_meta_decode(item->meta, &m);
    if (rc || !ktg_wire_get(item->payload, "op", &op) ||
        !ktg_wire_get(item->payload, "level", &level))
        return KTG_ECORRUPT;
    const char *other = ktg_bytes_is(level.bytes, "critical") ? "low" : "critical";
    while (i < n->count && memcmp(n->seen[i].id, m.finding, 16) != 0)
        i++;
    if (i == n->count) {
        if ((rc = ktg_grow(&n->seen, &n->cap, n->count + 1, sizeof *n->seen)))
            return rc;
        memcpy(n->seen[n->count++].id, m.finding, 16);
    }
    n->seen[i].stands = !ktg_bytes_is(op.bytes, "withdraw");
    m.engine = engine;
    if (i % 3 == ANOTHER_MISSED)
        return KTG_OK;
    ktg_buf_clear(&n->payload);
    if (i % 3 == ANOTHER_LEVEL)
        otherwise_text(item->payload, "level", other, &n->payload);
    else
        ktg_buf_put_bytes(&n->payload, item->payload);
    rc = another_append(n, &m, item);
    return rc || i % 3 != ANOTHER_ALIKE || m.rev != 1 ? rc : another_invent(n, m, item);
}

/* From the journal in `from` into the folder `to`, which is empty.  How many differences there are to tell. */
static inline int another_engine(const char *from, const char *to, int64_t engine,
                                 size_t *ret_differences, struct ktg_err *err)
{
    struct ktg_journal_options o = {
        .no_threads = true, .segment_size = 1u << 20, .batch_records = 3};
    struct another n = {.meta = KTG_BUF_INIT, .payload = KTG_BUF_INIT, .more = KTG_BUF_INIT};
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    int rc = ktg_journal_reader_open(from, NULL, &r, err);
    if (!rc)
        rc = ktg_journal_open(to, &o, &n.to, err);
    while (!rc && !(rc = ktg_journal_reader_next(r, &item, err))) {
        if (item.pos != item.base)
            rc = another_record(&n, &item, engine);
        if (!rc && !item.left)
            rc = ktg_journal_seal_and_wait(n.to, item.recorded_at, item.tag, NULL);
    }
    *ret_differences = n.invented;
    for (size_t i = 0; i < n.count; i++)
        *ret_differences += n.seen[i].stands && i % 3 != ANOTHER_ALIKE;
    ktg_journal_reader_close(r);
    ktg_journal_close(n.to);
    ktg_free(n.seen);
    ktg_buf_done(&n.meta);
    ktg_buf_done(&n.payload);
    ktg_buf_done(&n.more);
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}

#endif
