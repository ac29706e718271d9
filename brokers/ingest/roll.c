/* brokers/ingest/roll.c - the picture and the numbered invariants are in roll.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/roll.h"

#include "schema/wire.h"

void ktg_roll_done(struct ktg_roll *r)
{
    ktg_tallies_done(&r->tallies);
    ktg_retired_done(&r->retired);
}

static bool number(struct ktg_bytes map, const char *key, int64_t *ret_n)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_INT)
        return false;
    *ret_n = v.integer;
    return true;
}

static void fold_heartbeat(struct ktg_roll *r, const struct ktg_journal_item *item,
                           const struct ktg_record_meta *meta, struct ktg_bytes source)
{
    int64_t queued = 0, at;
    (void)number(item->payload, "queued", &queued);
    ktg_tally_heartbeat(&r->tallies, ktg_tallies_of(&r->tallies, meta->producer), source,
                        (uint64_t)queued, item->recorded_at);
    if (number(item->payload, "at", &at))
        ktg_retired_heard(&r->retired, source, at);
}

int ktg_roll_fold(struct ktg_roll *r, const struct ktg_journal_item *item,
                  const struct ktg_record_meta *meta)
{
    struct ktg_wire_value source;
    struct ktg_retirement word;
    if (item->kind == KTG_RECORD_QUARANTINE)
        ktg_tally_quarantined(ktg_tallies_of(&r->tallies, meta->producer));
    if (item->erased)
        return KTG_OK;
    if (item->kind == KTG_RECORD_RETIRED)
        return ktg_record_retired_decode(item->payload, &word)
                   ? KTG_ECORRUPT
                   : ktg_retired_take(&r->retired, &word);
    if ((item->kind != KTG_RECORD_EVENT && item->kind != KTG_RECORD_HEARTBEAT) ||
        !ktg_wire_get(item->payload, "source", &source) || source.kind != KTG_WIRE_STR)
        return KTG_OK;
    if (item->kind == KTG_RECORD_HEARTBEAT)
        fold_heartbeat(r, item, meta, source.bytes);
    else
        ktg_tally_event(&r->tallies, ktg_tallies_of(&r->tallies, meta->producer), source.bytes,
                        meta->epoch, meta->seq, item->recorded_at);
    return KTG_OK;
}

int ktg_roll_recover(struct ktg_roll *r, struct ktg_bytes snapshot, bool *ret_whole)
{
    struct ktg_wire_value tallies, retired;
    bool counts = ktg_wire_get(snapshot, "tallies", &tallies);
    *ret_whole = counts;
    if (counts && ktg_tallies_decode(&r->tallies, tallies.raw))
        return KTG_ECORRUPT;
    if (ktg_wire_get(snapshot, "retired", &retired) && /* one from before: nobody was */
        ktg_retired_decode(&r->retired, retired.raw))
        return KTG_ECORRUPT;
    return KTG_OK;
}

/* What the newest snapshot says; *ret_from: what is newer begins behind here. */
static int ask_snapshot(struct ktg_roll *r, struct ktg_journal_reader *reader,
                        ktg_position *ret_from)
{
    struct ktg_buf text = KTG_BUF_INIT;
    ktg_position upto = 0;
    bool whole = false;
    int rc = KTG_OK;
    *ret_from = 0;
    if (ktg_journal_reader_snapshot(reader, &text, &upto) == KTG_OK) {
        rc = ktg_roll_recover(r, ktg_buf_view(&text), &whole);
        if (!rc && whole)
            *ret_from = upto;
        else
            ktg_roll_done(r);
    }
    ktg_buf_done(&text);
    return rc;
}

int ktg_roll_read(struct ktg_roll *r, const char *journal, struct ktg_err *err)
{
    struct ktg_journal_reader *reader = NULL;
    struct ktg_journal_item item;
    struct ktg_record_meta meta;
    ktg_position from = 0;
    int rc = ktg_journal_reader_open(journal, NULL, &reader, err);
    if (!rc && (rc = ask_snapshot(r, reader, &from)))
        rc = ktg_err_set(err, rc, "%s: its newest snapshot cannot be read", journal);
    if (!rc)
        rc = ktg_journal_reader_seek(reader, from ? from + 1 : 0, err);
    while (!rc && !(rc = ktg_journal_reader_next(reader, &item, err)))
        if (item.kind != KTG_RECORD_CLOCK &&
            (ktg_record_meta_decode(item.meta, &meta) || (rc = ktg_roll_fold(r, &item, &meta))))
            rc = ktg_err_set(err, rc ? rc : KTG_ECORRUPT, "%s: a record cannot be read", journal);
    ktg_journal_reader_close(reader);
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}

int ktg_roll_look_for(const char *journal, ktg_position after, struct ktg_bytes source,
                      bool *ret_heard, struct ktg_err *err)
{
    struct ktg_journal_reader *reader = NULL;
    struct ktg_journal_item item;
    struct ktg_wire_value v;
    bool heard = false;
    int rc = ktg_journal_reader_open(journal, NULL, &reader, err);
    if (!rc && after)
        rc = ktg_journal_reader_seek(reader, after + 1, err);
    while (!rc && !heard && !(rc = ktg_journal_reader_next(reader, &item, err)))
        heard = item.kind == KTG_RECORD_HEARTBEAT && !item.erased &&
                ktg_wire_get(item.payload, "source", &v) && v.kind == KTG_WIRE_STR &&
                ktg_bytes_eq(v.bytes, source);
    ktg_journal_reader_close(reader);
    if (!rc || rc == KTG_EAGAIN)
        *ret_heard = heard;
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}
