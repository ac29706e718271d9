/* tests/support/erase.h - events are erased for good, with everything that was found because of them; nobody may be writing.
 *
 *     ERASURE record (what and why, durable) ──> payloads of the events ──> payloads of findings that rest on them
 *
 * Doing it again after a crash comes to the same.  State and casebook follow when the stations start (docs/adr/0009).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_SUPPORT_ERASE_H
#define KTG_TESTS_SUPPORT_ERASE_H

#include <string.h>

#include "runtime/journal/journal.h"
#include "schema/finding.h"
#include "schema/record.h"
#include "schema/wire.h"

struct erase_victim {
    ktg_position pos;
    uint8_t id[16];
};

/* The id of each event.  KTG_EINVALID: a position is no event. */
static inline int erase_read(const char *journal_dir, struct erase_victim *v, size_t count,
                             struct ktg_err *err)
{
    struct ktg_journal_reader *r = NULL;
    int rc = ktg_journal_reader_open(journal_dir, NULL, &r, err);
    for (size_t i = 0; !rc && i < count; i++) {
        struct ktg_journal_item item;
        rc = ktg_journal_reader_at(r, v[i].pos, &item, err);
        if (!rc && (item.kind != KTG_RECORD_EVENT || !item.id))
            rc = ktg_err_set(err, KTG_EINVALID, "position %llu is no event",
                             (unsigned long long)v[i].pos);
        if (!rc)
            memcpy(v[i].id, item.id, 16);
    }
    ktg_journal_reader_close(r);
    return rc;
}

/* recorded_at: an instant after the last; the clock does not go on because something was erased. */
static inline int erase_record(const char *journal_dir, const struct erase_victim *v, size_t count,
                               struct ktg_err *err)
{
    struct ktg_journal_options o = {.salted = true, .strict_clock = true, .no_threads = true};
    struct ktg_journal *j = NULL;
    struct ktg_buf meta = KTG_BUF_INIT, payload = KTG_BUF_INIT;
    struct ktg_record_meta m = {KTG_LIT("SYSTEM.ERASURE"), 0, 0, 0};
    struct ktg_journal_end end;
    ktg_position pos;
    ktg_record_meta_encode(&m, &meta);
    ktg_wire_put_map(&payload, 2);
    ktg_wire_put_text(&payload, "positions");
    ktg_wire_put_array(&payload, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        ktg_wire_put_int(&payload, (int64_t)v[i].pos);
    ktg_wire_put_text(&payload, "reason");
    ktg_wire_put_text(&payload, "test");
    int rc = ktg_journal_open(journal_dir, &o, &j, err);
    if (!rc)
        rc = ktg_journal_append(j, KTG_RECORD_ERASURE, ktg_buf_view(&meta), ktg_buf_view(&payload),
                                NULL, &pos);
    if (!rc) {
        ktg_journal_end(j, &end);
        rc = ktg_journal_seal_and_wait(j, end.recorded_at + 1, end.tag, NULL);
    }
    ktg_journal_close(j);
    ktg_buf_done(&meta);
    ktg_buf_done(&payload);
    return rc;
}

static inline bool erase_rests(struct ktg_bytes payload, const struct erase_victim *v, size_t count)
{
    struct ktg_wire_value anchor, list, one;
    for (size_t i = 0; i < count; i++) {
        if (ktg_wire_get(payload, "anchor", &anchor) && anchor.bytes.size == 16 &&
            memcmp(anchor.bytes.data, v[i].id, 16) == 0)
            return true;
        if (!ktg_wire_get(payload, "evidence", &list) || list.kind != KTG_WIRE_ARRAY)
            continue;
        for (struct ktg_wire w = ktg_wire_inside(&list); !ktg_wire_next(&w, &one);) {
            if (one.bytes.size == 16 && memcmp(one.bytes.data, v[i].id, 16) == 0)
                return true;
        }
    }
    return false;
}

static inline int erase_findings(const char *findings_dir, const struct erase_victim *v,
                                 size_t count, struct ktg_err *err)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    ktg_position list[256];
    size_t n = 0;
    int rc = ktg_journal_reader_open(findings_dir, NULL, &r, err);
    while (!rc && !(rc = ktg_journal_reader_next(r, &item, err))) {
        if (item.kind == KTG_FINDING_RECORD && !item.erased &&
            erase_rests(item.payload, v, count) && n < sizeof list / sizeof *list)
            list[n++] = item.pos;
    }
    ktg_journal_reader_close(r);
    rc = rc == KTG_EAGAIN ? KTG_OK : rc;
    for (size_t i = 0; !rc && i < n; i++)
        rc = ktg_journal_erase(findings_dir, list[i], NULL, err);
    return rc;
}

static inline int erase_events(const char *journal_dir, const char *findings_dir,
                               struct erase_victim *v, size_t count, struct ktg_err *err)
{
    int rc = erase_read(journal_dir, v, count, err);
    if (!rc)
        rc = erase_record(journal_dir, v, count, err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = ktg_journal_erase(journal_dir, v[i].pos, NULL, err);
    return rc ? rc : erase_findings(findings_dir, v, count, err);
}

#endif
