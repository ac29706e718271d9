/* cmd/journal.c - journal dump, journal verify: looking into a journal without being its owner.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/journal.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/shipped.h"
#include "rules/engine/replay.h" /* ktg_op_print */
#include "runtime/civil.h"
#include "schema/finding.h"
#include "schema/json.h"
#include "schema/record.h"

static const struct ktg_parameter folder_operands[] = {
    {.name = "DIR",
     .kind = KTG_VALUE_FOLDER,
     .required = true,
     .help = {"folder of the journal", "folder jurnal"}},
    KTG_END_PARAMETERS,
};

/* ---- verify ---- */

static const struct ktg_example verify_examples[] = {
    {"kentongan journal verify data/journal",
     {"every frame, record hash and link of the chain",
      "setiap bingkai, hash catatan, dan mata rantai"}},
    {"kentongan journal verify data/findings --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static void number(char to[static 24], uint64_t v)
{
    snprintf(to, 24, "%" PRIu64, v);
}

static void show_report(struct ktg_output *o, const struct ktg_journal_report *r, bool sound)
{
    static const struct ktg_column columns[] = {
        {.key = "verdict", .title = {"VERDICT", "HASIL"}, .kind = KTG_CELL_LEVEL},
        {.key = "segments", .title = {"SEGMENTS", "SEGMEN"}, .kind = KTG_CELL_NUMBER},
        {.key = "frames", .title = {"FRAMES", "BINGKAI"}, .kind = KTG_CELL_NUMBER},
        {.key = "records", .title = {"RECORDS", "CATATAN"}, .kind = KTG_CELL_NUMBER},
        {.key = "erased", .title = {"ERASED", "DIHAPUS"}, .kind = KTG_CELL_NUMBER},
        {.key = "bytes", .title = {"BYTES", "BITA"}, .kind = KTG_CELL_NUMBER},
        {.key = "first", .title = {"FIRST", "AWAL"}, .kind = KTG_CELL_NUMBER},
        {.key = "last", .title = {"LAST", "AKHIR"}, .kind = KTG_CELL_NUMBER},
        {.key = "mark", .title = {"MARK", "TANDA"}, .kind = KTG_CELL_NUMBER},
        {.key = "tail_bytes",
         .title = {"TAIL", "EKOR"},
         .kind = KTG_CELL_NUMBER,
         .json_only = true},
        {.key = "journal", .title = {"JOURNAL", "JURNAL"}, .json_only = true},
        {.key = "head", .title = {"HEAD", "KEPALA"}},
    };
    char n[9][24], id[33], head[65];
    const uint64_t values[] = {r->segments, r->frames, r->records, r->erased,    r->bytes,
                               r->first,    r->last,   r->mark,    r->tail_bytes};
    for (size_t i = 0; i < KTG_COUNT(values); i++)
        number(n[i], values[i]);
    ktg_hex(r->id, sizeof r->id, id);
    ktg_hex(r->chain.b, sizeof r->chain.b, head);
    ktg_output_table(o, columns, KTG_COUNT(columns));
    ktg_output_row(o, (const char *const[]){sound ? "ok" : "FAIL", n[0], n[1], n[2], n[3], n[4],
                                            n[5], n[6], n[7], n[8], id, head});
    ktg_output_end(o);
}

static int run_verify(struct ktg_call *call)
{
    struct ktg_journal_report report = {0};
    int rc = ktg_journal_verify(ktg_call_operand(call, 0), &report, &call->err);
    if (rc == KTG_OK || rc == KTG_ECORRUPT)
        show_report(call->out, &report, rc == KTG_OK);
    return rc ? ktg_err_wrap(&call->err, rc, "%s", ktg_call_operand(call, 0)) : rc;
}

const struct ktg_command ktg_cmd_journal_verify = {
    .path = "journal verify",
    .summary = {"is everything in a journal what was written?",
                "apakah isi jurnal masih seperti saat ditulis?"},
    .detail =
        {"Walks every frame, record hash and link of the chain.  Changes nothing and may run "
         "beside a\n"
         "writer.  Exit status 1: something was changed or damaged; the first fault is named.",
         "Memeriksa setiap bingkai, hash catatan, dan mata rantai.  Tidak mengubah apa pun dan "
         "boleh\n"
         "berjalan di samping penulis.  Status 1: ada yang diubah atau rusak; yang pertama "
         "disebutkan."},
    .operands = folder_operands,
    .examples = verify_examples,
    .run = run_verify,
};

/* ---- dump ---- */

static const struct ktg_parameter dump_options[] = {
    {.name = "from",
     .kind = KTG_VALUE_NUMBER,
     .stands_for = "POSITION",
     .help = {"begin here; else at the first", "mulai di sini; jika tidak, dari yang pertama"}},
    {.name = "to",
     .kind = KTG_VALUE_NUMBER,
     .stands_for = "POSITION",
     .help = {"end here; else at the durable mark",
              "berakhir di sini; jika tidak, di tanda tahan"}},
    {.name = "schema",
     .kind = KTG_VALUE_FOLDER,
     .help = {"event types besides the shipped ones, until the journal brings its own",
              "jenis kejadian selain bawaan, sampai jurnal membawa miliknya"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example dump_examples[] = {
    {"kentongan journal dump data/journal > events.ndjson",
     {"what replay reads, clock lines included", "yang dibaca replay, termasuk baris jam"}},
    {"kentongan journal dump data/journal --from 4711 --to 4720",
     {"ten positions", "sepuluh posisi"}},
    {"kentongan journal dump data/findings", {"what was said", "apa yang telah disampaikan"}},
    KTG_END_EXAMPLES,
};

struct dump {
    struct ktg_call *call;
    struct ktg_catalogue *catalogue;
    struct ktg_buf line;
};

static int load_catalogue(struct dump *d)
{
    struct ktg_files files = KTG_FILES_INIT;
    const struct ktg_shipped_choice choice = {.schema = ktg_call_text(d->call, "schema")};
    int rc = ktg_shipped_gather(&choice, &files, &d->call->err);
    if (!rc)
        rc = ktg_shipped_catalogue(files.at, files.count, &d->catalogue, &d->call->err);
    ktg_files_done(&files);
    return rc;
}

/* From here on the journal's own types hold. */
static int put_ruleset(struct dump *d, const struct ktg_journal_item *item)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_file *files;
    struct ktg_catalogue *catalogue = NULL;
    size_t count;
    char hash[65];
    int rc = ktg_bundle_decode(item->payload, &arena, &files, &count, &d->call->err);
    if (!rc)
        rc = ktg_shipped_catalogue(files, count, &catalogue, &d->call->err);
    if (!rc) {
        ktg_catalogue_free(d->catalogue);
        d->catalogue = catalogue;
        struct ktg_hash h = ktg_blake2b(&item->payload, 1);
        ktg_hex(h.b, sizeof h.b, hash);
        ktg_buf_printf(&d->line,
                       "{\"ruleset\":{\"position\":%" PRIu64 ",\"files\":%zu,\"hash\":\"%s\"}}",
                       item->pos, count, hash);
    }
    ktg_arena_done(&arena);
    return rc;
}

static int put_event(struct dump *d, const struct ktg_journal_item *item)
{
    struct ktg_event e;
    struct ktg_wire_value v;
    if (ktg_wire_get(item->payload, "finding", &v)) /* a findings journal */
        return ktg_op_print(&(struct ktg_op){.payload = item->payload}, &d->line);
    int rc = ktg_event_read(d->catalogue, item->payload, &e, &d->call->err);
    return rc ? rc : ktg_json_encode(&e, NULL, &d->line);
}

static void put_instant(struct ktg_buf *to, const char *key, ktg_time t)
{
    char text[KTG_INSTANT_TEXT];
    ktg_instant_format(t, 0, text);
    ktg_buf_printf(to, "\"%s\":\"%s\"", key, text);
}

static bool get_instant(struct ktg_bytes map, const char *key, ktg_time *ret)
{
    struct ktg_wire_value v, ms;
    if (!ktg_wire_get(map, key, &v))
        return false;
    struct ktg_wire w = ktg_wire_inside(&v);
    if (v.kind == KTG_WIRE_ARRAY && ktg_wire_next(&w, &ms))
        return false;
    *ret = v.kind == KTG_WIRE_ARRAY ? ms.integer : v.integer;
    return true;
}

static int put_heartbeat(struct dump *d, const struct ktg_journal_item *item)
{
    static const char *const instants[] = {"at", "complete_until"};
    struct ktg_wire_value v;
    ktg_time t;
    ktg_buf_put_str(&d->line, "{\"heartbeat\":{\"source\":");
    ktg_json_put_text(&d->line,
                      ktg_wire_get(item->payload, "source", &v) ? v.bytes : KTG_BYTES_NONE);
    for (size_t i = 0; i < KTG_COUNT(instants); i++)
        if (get_instant(item->payload, instants[i], &t)) {
            ktg_buf_put_str(&d->line, ",");
            put_instant(&d->line, instants[i], t);
        }
    if (ktg_wire_get(item->payload, "period", &v) && v.kind == KTG_WIRE_INT)
        ktg_buf_printf(&d->line, ",\"period\":%lld", (long long)v.integer);
    int rc = KTG_OK;
    if (ktg_wire_get(item->payload, "types", &v)) {
        ktg_buf_put_str(&d->line, ",\"types\":");
        rc = ktg_json_format(v.raw, NULL, &d->line);
    }
    ktg_buf_put_str(&d->line, "}}");
    return rc;
}

static int put_away(struct dump *d, const struct ktg_journal_item *item)
{
    ktg_time from, until;
    if (ktg_record_away_decode(item->payload, &from, &until))
        return ktg_err_set(&d->call->err, KTG_ECORRUPT, "an absence that cannot be read");
    ktg_buf_put_str(&d->line, "{\"away\":{");
    put_instant(&d->line, "from", from);
    ktg_buf_put_str(&d->line, ",");
    put_instant(&d->line, "until", until);
    ktg_buf_put_str(&d->line, "}}");
    return KTG_OK;
}

static int put_retired(struct dump *d, const struct ktg_journal_item *item)
{
    struct ktg_retirement r;
    if (ktg_record_retired_decode(item->payload, &r))
        return ktg_err_set(&d->call->err, KTG_ECORRUPT, "a retirement that cannot be read");
    ktg_buf_put_str(&d->line, "{\"retired\":{");
    put_instant(&d->line, "at", r.at);
    ktg_buf_printf(&d->line, ",\"retired\":%s,\"source\":", r.retired ? "true" : "false");
    ktg_json_put_text(&d->line, r.source);
    ktg_buf_put_str(&d->line, "}}");
    return KTG_OK;
}

static int put_control(struct dump *d, const struct ktg_journal_item *item)
{
    const char *name = item->erased ? "erased" : ktg_record_kind_name(item->kind);
    ktg_buf_printf(&d->line, "{\"%s\":{\"position\":%" PRIu64, name, item->pos);
    struct ktg_record_meta meta;
    if (!ktg_record_meta_decode(item->meta, &meta)) {
        ktg_buf_put_str(&d->line, ",\"producer\":");
        ktg_json_put_text(&d->line, meta.producer);
        ktg_buf_printf(&d->line, ",\"epoch\":%" PRIu64 ",\"seq\":%" PRIu64, meta.epoch, meta.seq);
    }
    int rc = KTG_OK;
    if (!item->erased && item->payload.size) {
        ktg_buf_put_str(&d->line, ",\"record\":");
        rc = ktg_json_format(item->payload, NULL, &d->line);
    }
    ktg_buf_put_str(&d->line, "}}");
    return rc;
}

static int put_item(struct dump *d, const struct ktg_journal_item *item)
{
    ktg_buf_clear(&d->line);
    int rc = KTG_OK;
    if (item->pos == item->base) {
        ktg_buf_put_str(&d->line, "{");
        put_instant(&d->line, "clock", item->recorded_at);
        ktg_buf_put_str(&d->line, "}");
    } else if (item->erased) {
        rc = put_control(d, item);
    } else if (item->kind == KTG_RECORD_EVENT || item->kind == KTG_FINDING_LEFT) {
        rc = put_event(d, item);
    } else if (item->kind == KTG_RECORD_HEARTBEAT) {
        rc = put_heartbeat(d, item);
    } else if (item->kind == KTG_RECORD_AWAY) {
        rc = put_away(d, item);
    } else if (item->kind == KTG_RECORD_RETIRED) {
        rc = put_retired(d, item);
    } else if (item->kind == KTG_RECORD_RULESET) {
        rc = put_ruleset(d, item);
    } else {
        rc = put_control(d, item);
    }
    if (!rc)
        rc = ktg_buf_check(&d->line);
    if (!rc)
        ktg_output_line(d->call->out, ktg_buf_view(&d->line));
    return rc ? ktg_err_wrap(&d->call->err, rc, "position %" PRIu64, item->pos) : rc;
}

static int run_dump(struct ktg_call *call)
{
    struct dump d = {.call = call};
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    uint64_t from = (uint64_t)ktg_call_number(call, "from", 0);
    uint64_t to = (uint64_t)ktg_call_number(call, "to", INT64_MAX);
    int rc = load_catalogue(&d);
    if (!rc)
        rc = ktg_journal_reader_open(ktg_call_operand(call, 0), NULL, &r, &call->err);
    if (!rc && from)
        rc = ktg_journal_reader_seek(r, from, &call->err);
    while (!rc && !(rc = ktg_journal_reader_next(r, &item, &call->err))) {
        if (item.pos > to || ferror(call->out->out)) {
            rc = KTG_EAGAIN;
            break;
        }
        rc = put_item(&d, &item);
    }
    ktg_journal_reader_close(r);
    ktg_catalogue_free(d.catalogue);
    ktg_buf_done(&d.line);
    if (rc == KTG_EAGAIN) /* the mark, or the end that was asked for */
        return KTG_OK;
    return ktg_err_wrap(&call->err, rc, "%s", ktg_call_operand(call, 0));
}

const struct ktg_command ktg_cmd_journal_dump = {
    .path = "journal dump",
    .summary = {"what a journal holds, one JSON object a line",
                "isi jurnal, satu objek JSON per baris"},
    .detail = {"An event is a line as it was published; {\"clock\": ...} begins a batch; "
               "heartbeats, times when nobody listened, quarantine, rule\n"
               "sets, erasures and erased records have lines of their own.  replay reads it all.  "
               "May run "
               "beside a writer; ends at\n"
               "the durable mark.",
               "Sebuah kejadian adalah baris seperti saat dikirim; {\"clock\": ...} memulai "
               "kelompok; detak, waktu tanpa pendengar, karantina,\n"
               "kumpulan aturan, dan catatan terhapus punya baris sendiri.  replay membaca "
               "semuanya.  Boleh berjalan di\n"
               "samping penulis; berakhir di tanda tahan."},
    .options = dump_options,
    .operands = folder_operands,
    .examples = dump_examples,
    .run = run_dump,
};
