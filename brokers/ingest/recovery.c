/* brokers/ingest/recovery.c - what a start reads: sequences, and the texts that influence answers; see ingest_parts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest_parts.h"

#include <inttypes.h>

#include "brokers/ingest/in_force.h"
#include "runtime/mem.h"
#include "schema/files.h"

/* ---- recovery and rule set ------------------------------------------------------------------------------------------ */

void ktg_ingest_take_snapshot(void *arg, struct ktg_buf *to)
{
    struct ktg_ingest *in = arg;
    ktg_wire_put_map(to, 5);
    ktg_wire_put_text(to, "producers");
    ktg_sequences_encode(&in->sequences, to);
    ktg_wire_put_text(to, "retired");
    ktg_retired_encode(&in->roll.retired, to);
    ktg_wire_put_text(to, "rules");
    ktg_wire_put_bin(to, in->rules_recorded ? ktg_bytes(in->rules_hash.b, sizeof in->rules_hash.b)
                                            : KTG_BYTES_NONE);
    ktg_wire_put_text(to, "rules_at");
    ktg_wire_put_int(to, (int64_t)in->rules_at);
    ktg_wire_put_text(to, "tallies");
    ktg_tallies_encode(&in->roll.tallies, to);
}

/* `at` 0: it is recorded, and we do not know where. */
static void remember_rules(struct ktg_ingest *in, const struct ktg_hash *h, ktg_position at)
{
    in->rules_hash = *h;
    in->rules_at = at;
    in->rules_recorded = true;
}

int ktg_ingest_recover_snapshot(void *arg, ktg_position upto, struct ktg_bytes bytes)
{
    struct ktg_ingest *in = arg;
    struct ktg_wire_value v, at;
    (void)upto;
    if (!ktg_wire_get(bytes, "rules", &v) || v.kind != KTG_WIRE_BIN)
        return KTG_ECORRUPT;
    if (v.bytes.size == KTG_HASH_SIZE) {
        struct ktg_hash h;
        memcpy(h.b, v.bytes.data, sizeof h.b);
        bool says = ktg_wire_get(bytes, "rules_at", &at) && at.kind == KTG_WIRE_INT;
        remember_rules(in, &h, says ? (ktg_position)at.integer : 0);
    }
    bool whole;
    if (ktg_roll_recover(&in->roll, bytes, &whole)) /* not: what is there counts */
        return KTG_ECORRUPT;
    if (!ktg_wire_get(bytes, "producers", &v))
        return KTG_ECORRUPT;
    return ktg_sequences_decode(&in->sequences, v.raw) ? KTG_ECORRUPT : KTG_OK;
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
        remember_rules(in, &h, item->pos);
    }
    int rc = ktg_roll_fold(&in->roll, item, &meta);
    if (rc ||
        meta.seq ==
            0) /* it took no number: a heartbeat, a rule set, a gap or a conflict in quarantine */
        return rc;
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
        remember_rules(in, &h, *ret_pos);
    return rc;
}

static void put_in_force(struct ktg_ingest *in, struct ktg_buf *bundle)
{
    struct ktg_buf old = in->bundle;
    in->bundle = *bundle;
    *bundle = old;
}

/* A bundle that compiles.  Nothing is changed; the caller frees what it gets. */
static int compile(const struct ktg_buf *bundle, struct ktg_ruleset **ret_rules,
                   struct ktg_err *err)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_notes notes = {KTG_BUF_INIT, 0, 0};
    const struct ktg_file *files = NULL;
    size_t count = 0;
    int rc = ktg_bundle_decode(ktg_buf_view(bundle), &arena, &files, &count, err);
    if (!rc)
        rc = ktg_ruleset_compile(files, count, ret_rules, &notes, err);
    ktg_buf_done(&notes.text);
    ktg_arena_done(&arena);
    return rc;
}

static void take_rules(struct ktg_ingest *in, struct ktg_ruleset *rules, struct ktg_buf *bundle)
{
    put_in_force(in, bundle);
    ktg_ruleset_free(in->rules);
    in->rules = rules;
}

/* What lies in the folders.  KTG_EINVALID and others: it is wrong. */
static int load_draft(const struct ktg_ingest *in, struct ktg_buf *to,
                      struct ktg_ruleset **ret_rules, struct ktg_err *err)
{
    int rc = in->options->load_bundle(in->options->arg, ktg_buf_view(&in->bundle), to, err);
    return rc ? rc : compile(to, ret_rules, err);
}

int ktg_ingest_load_rules(struct ktg_ingest *in, struct ktg_err *err)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_ruleset *rules = NULL;
    ktg_position pos;
    int rc = load_draft(in, &bundle, &rules, err);
    if (!rc && (rc = record(in, ktg_buf_view(&bundle), &pos)))
        rc = ktg_err_set(err, rc, "the rule set could not be written to the journal");
    if (!rc) {
        if (pos)
            ktg_log(&ktg_ingest_messages[LOG_RULESET], "rules=%zu position=%" PRIu64,
                    ktg_ruleset_count(rules), pos);
        take_rules(in, rules, &bundle);
        rules = NULL;
    }
    ktg_ruleset_free(rules);
    ktg_buf_done(&bundle);
    return rc;
}

/* Once, at the start: whoever edits texts is told that they are not yet meant. */
static void say_draft(const struct ktg_ingest *in)
{
    struct ktg_buf draft = KTG_BUF_INIT;
    struct ktg_ruleset *rules = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    int rc = load_draft(in, &draft, &rules, &err);
    struct ktg_hash ours = ktg_ruleset_hash(in->rules), other;
    if (!rc)
        other = ktg_ruleset_hash(rules);
    if (rc || memcmp(ours.b, other.b, sizeof ours.b) != 0)
        ktg_log(&ktg_ingest_messages[LOG_DRAFT], "in_force=%zu position=%" PRIu64 " draft=\"%s\"",
                ktg_ruleset_count(in->rules), in->rules_at, rc ? err.text : "right");
    ktg_ruleset_free(rules);
    ktg_buf_done(&draft);
}

/* What the journal says, whatever lies in the folders.  KTG_ENOTFOUND: it has none, or this program does not understand it
 * any more. */
static int go_on_with_recorded(struct ktg_ingest *in, struct ktg_err *err)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_ruleset *rules = NULL;
    struct ktg_err why = KTG_ERR_INIT;
    ktg_position at = 0;
    int rc = in->rules_recorded
                 ? ktg_in_force_read(in->options->journal_dir, in->rules_at, &bundle, &at, err)
                 : KTG_ENOTFOUND;
    if (!rc && (rc = compile(&bundle, &rules, &why)) && rc != KTG_ENOMEM) {
        ktg_log(&ktg_ingest_messages[LOG_RULESET_OLD], "position=%" PRIu64 " why=\"%s\"", at,
                why.text);
        rc = KTG_ENOTFOUND;
    }
    if (!rc) {
        in->rules_at = at;
        take_rules(in, rules, &bundle);
        ktg_log(&ktg_ingest_messages[LOG_IN_FORCE], "rules=%zu position=%" PRIu64,
                ktg_ruleset_count(in->rules), at);
        say_draft(in);
    }
    ktg_buf_done(&bundle);
    return rc;
}

int ktg_ingest_start_rules(struct ktg_ingest *in, struct ktg_err *err)
{
    int rc = go_on_with_recorded(in, err);
    return rc == KTG_ENOTFOUND ? ktg_ingest_load_rules(in, err) : rc;
}

/* ---- agencies ------------------------------------------------------------------------------------------------------- */

#define AGENCIES "agencies.yaml"

/* They are the installation's own from now on: the shipped ones never come by this way. */
static int put_own(struct ktg_files *files, struct ktg_bytes own, struct ktg_err *err)
{
    static const char line[] = "- agencies\n";
    struct ktg_buf text = KTG_BUF_INIT;
    ktg_buf_put_bytes(&text, own);
    if (!memmem(own.data, own.size, line, sizeof line - 1))
        ktg_buf_put_str(&text, line);
    int rc = ktg_buf_check(&text);
    if (!rc)
        rc = ktg_files_put(files, KTG_BUNDLE_OWN, ktg_buf_view(&text), err);
    ktg_buf_done(&text);
    return rc;
}

/* The bundle in force with these agencies. */
static int exchange_agencies(const struct ktg_ingest *in, struct ktg_buf *to, struct ktg_err *err)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_files files = KTG_FILES_INIT;
    const struct ktg_file *old = NULL;
    size_t count = 0;
    int rc = ktg_bundle_decode(ktg_buf_view(&in->bundle), &arena, &old, &count, err);
    for (size_t i = 0; !rc && i < count; i++)
        if (ktg_bytes_is(old[i].name, KTG_BUNDLE_OWN)) {
            rc = put_own(&files, old[i].text, err);
        } else if (!ktg_bytes_is(old[i].name, AGENCIES)) {
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

/* ---- retired sources ------------------------------------------------------------------------------------------------ */

/* Of a word that is dated ahead, or finds no room, the rest waits, in order. */
static int take_word(void *arg, const struct ktg_retirement *w)
{
    struct ktg_ingest *in = arg;
    struct ktg_record_meta meta = {KTG_INGEST_SELF, 0, 0, 0};
    ktg_position pos;
    if (!ktg_retired_is_news(&in->roll.retired, w))
        return KTG_OK;
    if (w->at > ktg_station_now(in->station))
        return KTG_EAGAIN;
    ktg_buf_clear(&in->payload);
    ktg_record_retired_encode(w, &in->payload);
    int rc = ktg_buf_check(&in->payload);
    if (!rc)
        rc = ktg_ingest_append(in, KTG_RECORD_RETIRED, &meta, ktg_buf_view(&in->payload), NULL,
                               &pos);
    if (!rc)
        rc = ktg_retired_take(&in->roll.retired, w);
    if (!rc)
        ktg_log(&ktg_ingest_messages[w->retired ? LOG_RETIRED : LOG_RESTORED],
                "source=%.*s position=%" PRIu64, (int)w->source.size, (const char *)w->source.data,
                pos);
    return rc;
}

void ktg_ingest_take_words(struct ktg_ingest *in)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (!in->options->source_words)
        return;
    int rc = in->options->source_words(in->options->arg, in->words_wait, take_word, in, &err);
    in->words_wait = rc == KTG_EAGAIN || rc == KTG_EFULL || rc == KTG_ENOMEM;
    if (rc && rc != KTG_ENOTFOUND && !in->words_wait)
        ktg_log(&ktg_ingest_messages[LOG_WORDS_REFUSED], "why=\"%s\"", err.text);
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
