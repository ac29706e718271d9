/* cmd/journal.c - journal verify: looking into a journal without being its owner.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/journal.h"

#include <inttypes.h>

#include "cmd/command.h"

static const struct ktg_parameter folder_operands[] = {
    {.name = "DIR",
     .kind = KTG_VALUE_FOLDER,
     .required = true,
     .help = {"folder of the journal", "folder jurnal"}},
    KTG_END_PARAMETERS,
};

/* ---- verify ---- */

static const struct ktg_example verify_examples[] = {
    {"kentongan journal verify data/events",
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
