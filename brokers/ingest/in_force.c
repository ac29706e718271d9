/* brokers/ingest/in_force.c - the picture and the numbered invariants are in in_force.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/in_force.h"

#include "schema/record.h"
#include "schema/wire.h"

/* What a snapshot of ours knows of it; *ret_from: what is newer begins behind here. */
static ktg_position ask_snapshot(struct ktg_journal_reader *r, ktg_position *ret_from)
{
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_wire_value hash, at;
    ktg_position upto = 0, pos = 0;
    *ret_from = 0;
    if (ktg_journal_reader_snapshot(r, &text, &upto) == KTG_OK &&
        ktg_wire_get(ktg_buf_view(&text), "rules", &hash) && hash.kind == KTG_WIRE_BIN) {
        bool says = ktg_wire_get(ktg_buf_view(&text), "rules_at", &at) && at.kind == KTG_WIRE_INT &&
                    at.integer > 0;
        pos = says ? (ktg_position)at.integer : 0;
        *ret_from = says || hash.bytes.size == 0 ? upto : 0; /* none yet, or we know where */
    }
    ktg_buf_done(&text);
    return pos;
}

static int look_for(struct ktg_journal_reader *r, ktg_position *ret_at, struct ktg_err *err)
{
    struct ktg_journal_item item;
    ktg_position from, at = ask_snapshot(r, &from);
    int rc = ktg_journal_reader_seek(r, from ? from + 1 : 0, err);
    while (!rc && !(rc = ktg_journal_reader_next(r, &item, err)))
        if (item.kind == KTG_RECORD_RULESET)
            at = item.pos;
    if (rc != KTG_EAGAIN)
        return rc;
    *ret_at = at;
    return at ? KTG_OK : ktg_err_set(err, KTG_ENOTFOUND, "the journal has no rule set yet");
}

int ktg_in_force_read(const char *journal, ktg_position at, struct ktg_buf *to,
                      ktg_position *ret_pos, struct ktg_err *err)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    int rc = ktg_journal_reader_open(journal, NULL, &r, err);
    if (!rc && !at)
        rc = look_for(r, &at, err);
    if (!rc)
        rc = ktg_journal_reader_at(r, at, &item, err);
    if (!rc && (item.kind != KTG_RECORD_RULESET || item.erased))
        rc = ktg_err_set(err, KTG_ENOTFOUND, "the last rule set of the journal was erased");
    if (!rc) {
        ktg_buf_put_bytes(to, item.payload);
        rc = ktg_buf_check(to);
    }
    if (!rc)
        *ret_pos = at;
    ktg_journal_reader_close(r);
    return rc;
}
