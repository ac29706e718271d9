/* brokers/ingest/recovery.c - what a start reads: sequences, and the texts that influence answers; see ingest_parts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest_parts.h"

#include <inttypes.h>

#include "runtime/mem.h"
#include "schema/files.h"

/* ---- recovery and rule set ------------------------------------------------------------------------------------------ */

void ktg_ingest_take_snapshot(void *arg, struct ktg_buf *to)
{
    struct ktg_ingest *in = arg;
    ktg_wire_put_map(to, 3);
    ktg_wire_put_text(to, "producers");
    ktg_sequences_encode(&in->sequences, to);
    ktg_wire_put_text(to, "rules");
    ktg_wire_put_bin(to, in->rules_recorded ? ktg_bytes(in->rules_hash.b, sizeof in->rules_hash.b)
                                            : KTG_BYTES_NONE);
    ktg_wire_put_text(to, "tallies");
    ktg_tallies_encode(&in->tallies, to);
}

static void remember_rules(struct ktg_ingest *in, const struct ktg_hash *h)
{
    in->rules_hash = *h;
    in->rules_recorded = true;
}

int ktg_ingest_recover_snapshot(void *arg, ktg_position upto, struct ktg_bytes bytes)
{
    struct ktg_ingest *in = arg;
    struct ktg_wire_value v;
    (void)upto;
    if (!ktg_wire_get(bytes, "rules", &v) || v.kind != KTG_WIRE_BIN)
        return KTG_ECORRUPT;
    if (v.bytes.size == KTG_HASH_SIZE) {
        struct ktg_hash h;
        memcpy(h.b, v.bytes.data, sizeof h.b);
        remember_rules(in, &h);
    }
    if (ktg_wire_get(bytes, "tallies", &v) && ktg_tallies_decode(&in->tallies, v.raw))
        return KTG_ECORRUPT; /* a snapshot from before has none */
    if (!ktg_wire_get(bytes, "producers", &v))
        return KTG_ECORRUPT;
    return ktg_sequences_decode(&in->sequences, v.raw) ? KTG_ECORRUPT : KTG_OK;
}

/* What a status tells of this record. */
static void recover_tally(struct ktg_ingest *in, const struct ktg_journal_item *item,
                          const struct ktg_record_meta *meta)
{
    struct ktg_wire_value source, queued;
    bool event = item->kind == KTG_RECORD_EVENT;
    if (item->kind == KTG_RECORD_QUARANTINE)
        ktg_tally_quarantined(ktg_tallies_of(&in->tallies, meta->producer));
    if ((!event && item->kind != KTG_RECORD_HEARTBEAT) || item->erased ||
        !ktg_wire_get(item->payload, "source", &source) || source.kind != KTG_WIRE_STR)
        return;
    struct ktg_tally *row = ktg_tallies_of(&in->tallies, meta->producer);
    if (event)
        ktg_tally_event(&in->tallies, row, source.bytes, meta->epoch, meta->seq, item->recorded_at);
    else
        ktg_tally_heartbeat(&in->tallies, row, source.bytes,
                            ktg_wire_get(item->payload, "queued", &queued) &&
                                    queued.kind == KTG_WIRE_INT
                                ? (uint64_t)queued.integer
                                : 0,
                            item->recorded_at);
}

int ktg_ingest_recover_item(void *arg, const struct ktg_journal_item *item)
{
    struct ktg_ingest *in = arg;
    struct ktg_record_meta meta;
    if (item->kind == KTG_RECORD_CLOCK)
        return KTG_OK;
    if (ktg_record_meta_decode(item->meta, &meta))
        return KTG_ECORRUPT;
    if (item->kind == KTG_RECORD_RULESET) {
        struct ktg_hash h = ktg_blake2b(&item->payload, 1);
        remember_rules(in, &h);
    }
    recover_tally(in, item, &meta);
    if (meta.seq ==
        0) /* it took no number: a heartbeat, a rule set, a gap or a conflict in quarantine */
        return KTG_OK;
    return ktg_sequences_recover(&in->sequences, meta.producer, meta.epoch, meta.seq);
}

int ktg_ingest_recover_away(struct ktg_ingest *in, struct ktg_err *err)
{
    struct ktg_journal_end last;
    ktg_journal_end(in->journal, &last);
    ktg_away_begin(&in->away, last.mark ? last.recorded_at : KTG_NEVER);
    ktg_ingest_look_away(in);
    int rc = ktg_journal_pending(in->journal)
                 ? ktg_journal_seal_and_wait(in->journal, last.recorded_at + 1, 0, NULL)
                 : KTG_OK;
    return rc && rc != KTG_EFULL /* then it waits in the open batch */
               ? ktg_err_set(err, rc, "what was missed could not be written to the journal")
               : KTG_OK;
}

/* Put the bundle into the journal if it is another than the last one there.  *ret_pos 0: it was not. */
static int record(struct ktg_ingest *in, struct ktg_bytes bundle, ktg_position *ret_pos)
{
    struct ktg_record_meta meta = {KTG_INGEST_SELF, 0, 0, 0};
    struct ktg_hash h = ktg_blake2b(&bundle, 1);
    int rc;
    *ret_pos = 0;
    if (in->rules_recorded && memcmp(h.b, in->rules_hash.b, sizeof h.b) == 0)
        return KTG_OK;
    while ((rc = ktg_ingest_append(in, KTG_RECORD_RULESET, &meta, bundle, NULL, ret_pos)) ==
               KTG_EAGAIN ||
           (rc == KTG_EFULL && ktg_journal_pending(in->journal) &&
            !ktg_journal_disk_full(in->journal)))
        if ((rc = ktg_ingest_make_room(in)))
            break;
    if (!rc)
        remember_rules(in, &h);
    return rc;
}

static void put_in_force(struct ktg_ingest *in, struct ktg_buf *bundle)
{
    struct ktg_buf old = in->bundle;
    in->bundle = *bundle;
    *bundle = old;
}

/* Read the texts; a change that compiles becomes a record.  KTG_EINVALID: they are wrong, nothing changed. */
int ktg_ingest_load_rules(struct ktg_ingest *in, struct ktg_err *err)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_notes notes = {KTG_BUF_INIT, 0, 0};
    struct ktg_ruleset *rules = NULL;
    const struct ktg_file *files = NULL;
    size_t count = 0;
    ktg_position pos;
    int rc = in->options->load_bundle(in->options->arg, &bundle, err);
    if (!rc)
        rc = ktg_bundle_decode(ktg_buf_view(&bundle), &arena, &files, &count, err);
    if (!rc)
        rc = ktg_ruleset_compile(files, count, &rules, &notes, err);
    if (!rc && (rc = record(in, ktg_buf_view(&bundle), &pos)))
        rc = ktg_err_set(err, rc, "the rule set could not be written to the journal");
    if (!rc) {
        if (pos)
            ktg_log(&ktg_ingest_messages[LOG_RULESET], "rules=%zu position=%" PRIu64,
                    ktg_ruleset_count(rules), pos);
        put_in_force(in, &bundle);
        ktg_ruleset_free(in->rules);
        in->rules = rules;
        rules = NULL;
    }
    ktg_ruleset_free(rules);
    ktg_buf_done(&notes.text);
    ktg_buf_done(&bundle);
    ktg_arena_done(&arena);
    return rc;
}

/* ---- agencies ------------------------------------------------------------------------------------------------------- */

#define AGENCIES "agencies.yaml"

/* The bundle in force with these agencies. */
static int exchange_agencies(const struct ktg_ingest *in, struct ktg_buf *to, struct ktg_err *err)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_files files = KTG_FILES_INIT;
    const struct ktg_file *old = NULL;
    size_t count = 0;
    int rc = ktg_bundle_decode(ktg_buf_view(&in->bundle), &arena, &old, &count, err);
    for (size_t i = 0; !rc && i < count; i++)
        if (!ktg_bytes_is(old[i].name, AGENCIES)) {
            char *name =
                ktg_arena_strndup(&arena, (const char *)old[i].name.data, old[i].name.size);
            rc = name ? ktg_files_put(&files, name, old[i].text, err) : KTG_ENOMEM;
        }
    if (!rc)
        rc = ktg_files_put(&files, AGENCIES, ktg_buf_view(&in->agencies), err);
    if (!rc)
        rc = ktg_bundle_encode(files.at, files.count, to);
    ktg_files_done(&files);
    ktg_arena_done(&arena);
    return rc;
}

/* The latest text, if there is another. */
static void fetch_agencies(struct ktg_ingest *in)
{
    struct ktg_buf fresh = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    int rc = in->options->fresh_agencies
                 ? in->options->fresh_agencies(in->options->arg, &fresh, &err)
                 : KTG_ENOTFOUND;
    if (!rc && !ktg_buf_check(&fresh)) {
        ktg_buf_clear(&in->agencies);
        ktg_buf_put_bytes(&in->agencies, ktg_buf_view(&fresh));
    }
    ktg_buf_done(&fresh);
}

void ktg_ingest_take_agencies(struct ktg_ingest *in)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_position pos;
    fetch_agencies(in);
    if (!in->agencies.size)
        return;
    int rc = exchange_agencies(in, &bundle, &err);
    if (!rc)
        rc = record(in, ktg_buf_view(&bundle), &pos);
    if (!rc) { /* else it is tried again */
        if (pos)
            ktg_log(&ktg_ingest_messages[LOG_AGENCIES], "position=%" PRIu64, pos);
        put_in_force(in, &bundle);
        ktg_buf_clear(&in->agencies);
    }
    ktg_buf_done(&bundle);
}

void ktg_ingest_reload(void *arg)
{
    struct ktg_ingest *in = arg;
    struct ktg_err err = KTG_ERR_INIT;
    if (in->options->on_reload)
        in->options->on_reload(in->options->arg);
    if (ktg_ingest_load_rules(in, &err))
        ktg_log(&ktg_ingest_messages[LOG_RULESET_KEPT], "why=\"%s\"", err.text);
    ktg_ingest_seal_if_pending(in);
}
