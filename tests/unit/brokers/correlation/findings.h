/* tests/unit/brokers/correlation/findings.h - a findings journal read back.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_BROKERS_CORRELATION_FINDINGS_H
#define KTG_TESTS_UNIT_BROKERS_CORRELATION_FINDINGS_H

#include <stdio.h>

#include "brokers/correlation/said.h"
#include "tests/support/another_engine.h"
#include "tests/support/cmocka.h"

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

/* As another engine would have said it (another_engine.h); how many differences there are. */
static inline size_t findings_rewrite(const char *from, const char *to, int64_t engine)
{
    struct ktg_err err = KTG_ERR_INIT;
    size_t differences = 0;
    if (another_engine(from, to, engine, &differences, &err))
        fail_msg("%s", err.text);
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
