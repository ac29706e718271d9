/* cmd/publish.c - publish: events from a file or a pipe to the centre, with receipts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/publish.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/phrase.h"
#include "cmd/producer.h"
#include "cmd/shipped.h"
#include "schema/event.h"
#include "schema/faults.h"

static const struct ktg_parameter publish_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_CALLER_PARAMETERS,
    KTG_OUTBOX_PARAMETER,
    {.name = "schema",
     .kind = KTG_VALUE_FOLDER,
     .help = {"event types and code lists besides the shipped ones",
              "jenis kejadian dan daftar kode selain bawaan"}},
    {.name = "test",
     .help = {"check every line, send nothing", "periksa setiap baris, tidak mengirim apa pun"}},
    {.name = "no-wait",
     .help = {"end when everything is in the outbox; an agent or the next publish sends it",
              "berhenti setelah semua ada di kotak keluar; agen atau publish berikutnya yang "
              "mengirim"}},
    {.name = "wait",
     .kind = KTG_VALUE_DURATION,
     .fallback = "30s",
     .help = {"without any receipt before giving up waiting",
              "tanpa tanda terima sebelum berhenti menunggu"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter publish_operands[] = {
    {.name = "FILE",
     .kind = KTG_VALUE_FILE,
     .required = true,
     .help = {"events, one JSON object a line; - is standard input",
              "kejadian, satu objek JSON per baris; - adalah masukan baku"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example publish_examples[] = {
    {"kentongan publish events.ndjson --key IMI.ENTIKONG.1",
     {"a receipt for each event", "satu tanda terima untuk tiap kejadian"}},
    {"kentongan publish - --test --key IMI.ENTIKONG.1",
     {"what would be refused", "apa yang akan ditolak"}},
    {"kentongan publish events.ndjson --key IMI.ENTIKONG.1 --no-wait",
     {"store only: the line is down", "hanya simpan: sambungan terputus"}},
    KTG_END_EXAMPLES,
};

struct told {
    struct ktg_call *call;
    uint64_t stored,
        answered; /* as the last progress line said; so that it is said when it changes */
    const char *state;
};

static void on_wrong(void *arg, uint64_t line, const struct ktg_err *why)
{
    struct ktg_call *call = ((struct told *)arg)->call;
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, line);
    const struct ktg_fault *f = why->fault;
    char text[KTG_PHRASE_TEXT];
    ktg_output_row(call->out,
                   (const char *const[]){number, "invalid", NULL, NULL, f ? f->name : NULL,
                                         ktg_phrase_err(why, call->out->lang, text)});
}

static void on_receipt(void *arg, uint64_t line, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault)
{
    struct ktg_call *call = ((struct told *)arg)->call;
    char number[24], position[24], id[KTG_ID_TEXT], name[64] = "", text[512] = "";
    snprintf(number, sizeof number, "%" PRIu64, line);
    snprintf(position, sizeof position, "%" PRIu64, r->position);
    ktg_id_format(r->id, id);
    if (fault) {
        snprintf(name, sizeof name, "%.*s", (int)fault->code.size, (const char *)fault->code.data);
        snprintf(text, sizeof text, "%.*s", (int)fault->text.size, (const char *)fault->text.data);
        const struct ktg_fault *known = ktg_fault_named(fault->code);
        if (known && call->out->lang != KTG_LANG_EN) /* the centre tells it in English */
            snprintf(text, sizeof text, "%s", ktg_phrase_what(known, call->out->lang));
    }
    ktg_output_row(call->out, (const char *const[]){number, ktg_receipt_status_name(r->status), id,
                                                    r->position ? position : NULL,
                                                    name[0] ? name : NULL, text[0] ? text : NULL});
}

static void on_progress(void *arg, const struct ktg_publish_counts *n, const char *state)
{
    struct told *t = arg;
    char text[KTG_PHRASE_TEXT];
    uint64_t answered = n->accepted + n->duplicate + n->rejected;
    if (!isatty(fileno(t->call->out->messages)) ||
        (t->state && !strcmp(t->state, state) && t->stored == n->stored && t->answered == answered))
        return;
    ktg_output_say(t->call->out, "%" PRIu64 " read, %" PRIu64 " stored, %" PRIu64 " answered (%s)",
                   "%" PRIu64 " dibaca, %" PRIu64 " disimpan, %" PRIu64 " dijawab (%s)", n->lines,
                   n->stored, answered, ktg_phrase(state, t->call->out->lang, text));
    t->stored = n->stored;
    t->answered = answered;
    t->state = state;
}

static void on_trouble(void *arg, const struct ktg_err *what)
{
    struct ktg_output *o = ((struct told *)arg)->call->out;
    char text[KTG_PHRASE_TEXT];
    ktg_output_say(o, "%s", "%s", ktg_phrase_err(what, o->lang, text));
}

static int load_catalogue(struct ktg_call *call, struct ktg_catalogue **ret_c)
{
    struct ktg_files files = KTG_FILES_INIT;
    int rc = ktg_shipped_gather(
        &(struct ktg_shipped_choice){.schema = ktg_call_text(call, "schema")}, &files, &call->err);
    if (!rc)
        rc = ktg_shipped_catalogue(files.at, files.count, ret_c, &call->err);
    ktg_files_done(&files);
    return rc;
}

static int run(struct ktg_call *call, struct ktg_publish_options *o)
{
    static const struct ktg_column columns[] = {
        {.key = "line", .title = {"LINE", "BARIS"}, .kind = KTG_CELL_NUMBER},
        {.key = "status", .title = {"STATUS", "STATUS"}},
        {.key = "id", .title = {"EVENT", "KEJADIAN"}},
        {.key = "position", .title = {"POSITION", "POSISI"}, .kind = KTG_CELL_NUMBER},
        {.key = "fault", .title = {"FAULT", "GALAT"}},
        {.key = "text", .title = {"WHY", "SEBAB"}},
    };
    struct told told = {.call = call};
    const struct ktg_publish_calls calls = {on_wrong, on_receipt, on_progress, on_trouble, &told};
    struct ktg_publish_counts n = {0};
    ktg_output_table(call->out, columns, KTG_COUNT(columns));
    int rc = ktg_publish_main(o, &calls, &n, &call->err);
    if (rc && !n.lines && !n.interrupted) /* it did not begin; the error says why */
        return rc;
    ktg_output_end(call->out);
    ktg_output_say(call->out,
                   "%" PRIu64 " lines: %" PRIu64 " accepted, %" PRIu64 " known before, %" PRIu64
                   " rejected, %" PRIu64 " invalid, %" PRIu64 " unanswered",
                   "%" PRIu64 " baris: %" PRIu64 " diterima, %" PRIu64 " sudah dikenal, %" PRIu64
                   " ditolak, %" PRIu64 " tidak sah, %" PRIu64 " belum dijawab",
                   n.lines, n.accepted, n.duplicate, n.rejected, n.invalid, n.unanswered);
    if (n.unanswered && n.stored >= n.accepted + n.duplicate + n.rejected + n.unanswered)
        ktg_output_say(call->out,
                       "what has no answer is kept here; the agent or the next publish brings it "
                       "when the centre answers",
                       "yang belum dijawab disimpan di sini; agen atau publish berikutnya "
                       "mengirimnya bila pusat menjawab");
    if (n.interrupted) { /* the outbox is closed; now end as one who was interrupted */
        signal(SIGINT, SIG_DFL);
        fflush(call->out->out);
        raise(SIGINT);
    }
    return rc;
}

static int run_publish(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    struct ktg_catalogue *c = NULL;
    struct ktg_installation_caller caller = {0};
    char ipc[160];
    bool test = ktg_call_flag(call, "test");
    int rc = ktg_installation_settings(call, &s);
    if (!rc && !test)
        rc = ktg_installation_caller(call, s, &caller);
    if (!rc)
        rc = load_catalogue(call, &c);
    if (!rc) {
        ktg_producer_ipc(s, ipc, sizeof ipc);
        struct ktg_publish_options o = {
            .file = ktg_call_operand(call, 0),
            .in = STDIN_FILENO,
            .catalogue = c,
            .test = test,
            .no_wait = ktg_call_flag(call, "no-wait"),
            .wait = ktg_call_duration(call, "wait", 30000),
            .ipc = ipc, /* asked only when another agent works on that outbox */
        };
        if (!test)
            ktg_producer_agent(call, s, &caller, &o.agent);
        rc = run(call, &o);
    }
    ktg_curve_forget(&caller.keys);
    ktg_catalogue_free(c);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_publish = {
    .path = "publish",
    .summary = {"send events to the centre, with receipts",
                "kirim kejadian ke pusat, dengan tanda terima"},
    .detail = {"Every line is checked before it is stored; what is stored is never lost.  "
               "accepted: on disk at the\n"
               "centre.  duplicate: it was there already, which is success.  Exit status 3: a line "
               "was wrong or rejected;\n"
               "6: stored, but nobody answered in time.",
               "Setiap baris diperiksa sebelum disimpan; yang tersimpan tidak pernah hilang.  "
               "accepted: ada di disk\n"
               "pusat.  duplicate: sudah ada, dan itu berhasil.  Status 3: ada baris salah atau "
               "ditolak; 6: tersimpan,\n"
               "tetapi tidak ada yang menjawab."},
    .options = publish_options,
    .operands = publish_operands,
    .examples = publish_examples,
    .run = run_publish,
};
