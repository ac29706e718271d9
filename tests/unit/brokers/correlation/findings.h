/* tests/unit/brokers/correlation/findings.h - a findings journal read back, and written again as another engine's.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_BROKERS_CORRELATION_FINDINGS_H
#define KTG_TESTS_UNIT_BROKERS_CORRELATION_FINDINGS_H

#include <stdio.h>

#include "brokers/correlation/said.h"
#include "tests/support/cmocka.h"
#include "tests/support/otherwise.h"

/* A value of a payload as text; "-" if it is erased. */
static inline const char *finding_text(const struct ktg_journal_item *item, const char *key)
{
    static char room[4][64];
    static int at;
    struct ktg_wire_value v;
    char *to = room[at++ % 4];
    bool there = !item->erased && ktg_wire_get(item->payload, key, &v);
    snprintf(to, sizeof room[0], "%.*s", there ? (int)v.bytes.size : 1,
             there ? (const char *)v.bytes.data : "-");
    return to;
}

/* Copies `from` into the new journal `to` as engine `engine` would have said it: of every three findings the first was missed, the
 * second had another level, the third stands as it is; and one that nobody else finds stands beside it.  How many differences there
 * are. */
static inline size_t findings_rewrite(const char *from, const char *to, int64_t engine)
{
    struct ktg_journal_options o = {
        .no_threads = true, .segment_size = 1u << 20, .batch_records = 3};
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal *j = NULL;
    struct ktg_journal_item item;
    struct ktg_finding_meta m;
    struct ktg_buf meta = KTG_BUF_INIT, payload = KTG_BUF_INIT, more = KTG_BUF_INIT;
    uint8_t seen[64][16];
    size_t count = 0, differences = 0;
    uint64_t tag = 0;
    assert_int_equal(ktg_journal_reader_open(from, NULL, &r, NULL), KTG_OK);
    assert_int_equal(ktg_journal_open(to, &o, &j, NULL), KTG_OK);
    while (!ktg_journal_reader_next(r, &item, NULL)) {
        ktg_position pos;
        tag = item.tag;
        if (item.pos == item.base)
            goto sealed;
        assert_int_equal(ktg_finding_meta_decode(item.meta, &m), KTG_OK);
        size_t i = 0;
        while (i < count && memcmp(seen[i], m.finding, 16) != 0)
            i++;
        if (i == count) {
            memcpy(seen[count++], m.finding, 16);
            differences += i % 3 == 0 ? 1 : i % 3 == 1 ? 1 : 0;
        }
        m.engine = engine;
        for (int copy = 0; copy < 1 + (i % 3 == 2 && m.rev == 1); copy++) {
            ktg_buf_clear(&meta);
            ktg_buf_clear(&payload);
            ktg_buf_clear(&more);
            if (i % 3 == 0)
                break;
            if (copy) { /* long ago, and over */
                m.finding[0] ^= 0xff;
                otherwise_id(item.payload, "finding", m.finding, &payload);
                otherwise_id(ktg_buf_view(&payload), "anchor", m.finding, &more);
                ktg_buf_clear(&payload);
                otherwise_instant(ktg_buf_view(&more), "from", 1000, &payload);
                ktg_buf_clear(&more);
                otherwise_instant(ktg_buf_view(&payload), "until", 1001, &more);
                ktg_buf_clear(&payload);
                ktg_buf_put_bytes(&payload, ktg_buf_view(&more));
                m.n += 1000;
                differences++;
            } else if (i % 3 == 1) {
                otherwise_text(item.payload, "level", "informational", &payload);
            } else {
                ktg_buf_put_bytes(&payload, item.payload);
            }
            ktg_finding_meta_encode(&m, &meta);
            while (ktg_journal_append(j, KTG_FINDING_RECORD, ktg_buf_view(&meta),
                                      ktg_buf_view(&payload), NULL, &pos) == KTG_EFULL)
                assert_int_equal(ktg_journal_seal_and_wait(j, item.recorded_at, 0, NULL), KTG_OK);
        }
    sealed:
        if (!item.left)
            assert_int_equal(ktg_journal_seal_and_wait(j, item.recorded_at, tag, NULL), KTG_OK);
    }
    ktg_journal_reader_close(r);
    ktg_journal_close(j);
    ktg_buf_done(&meta);
    ktg_buf_done(&payload);
    ktg_buf_done(&more);
    return differences;
}

struct findings_seen {
    size_t records, raised, amended, withdrawn, left, erased; /* of the reason asked for */
    size_t stand;
    struct ktg_hash digest; /* of all payloads and keys, in order */
};

/* What a journal says for `reason`, and what stands at its end. */
static inline struct findings_seen findings_look(const char *dir, const char *reason)
{
    struct findings_seen s = {0};
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    struct ktg_finding_meta m = {0};
    struct ktg_told *told = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_journal_reader_open(dir, NULL, &r, NULL), KTG_OK);
    while (!ktg_said_next(r, &item, &m, NULL)) {
        struct ktg_bytes parts[] = {ktg_bytes(s.digest.b, sizeof s.digest.b), item.meta,
                                    item.payload};
        s.digest = ktg_blake2b(parts, KTG_COUNT(parts));
        s.records++;
        s.erased += item.erased;
        if (strcmp(finding_text(&item, "reason"), reason) != 0)
            continue;
        const char *op = finding_text(&item, "op");
        s.raised += strcmp(op, "raise") == 0;
        s.amended += strcmp(op, "amend") == 0;
        s.withdrawn += strcmp(op, "withdraw") == 0;
        s.left += strcmp(op, "none") == 0 && item.kind == KTG_FINDING_LEFT;
    }
    assert_int_equal(ktg_journal_reader_seek(r, 0, NULL), KTG_OK);
    assert_int_equal(ktg_told_new(&told), KTG_OK);
    if (ktg_said_fold(r, told, &m, &err))
        fail_msg("%s", err.text);
    s.stand = ktg_told_standing(told);
    ktg_told_free(told);
    ktg_journal_reader_close(r);
    return s;
}

#endif
