/* cmd/rules_why_not.c - rules why-not: the condition that is still unmet, asked of the centre or of a file of events.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cmd/installation.h"
#include "cmd/lines.h"
#include "cmd/rules.h"
#include "consumers/terminal/caller.h"
#include "rules/engine/replay.h"
#include "schema/json.h"

#define MOST_PATHS 256

static const struct ktg_parameter why_not_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_CALLER_PARAMETERS,
    {.name = "wait",
     .kind = KTG_VALUE_DURATION,
     .fallback = "10s",
     .help = {"for an answer of the centre", "menunggu jawaban pusat"}},
    {.name = "events",
     .letter = 'e',
     .kind = KTG_VALUE_FILE,
     .help = {"ask a file of events instead of the centre; - is standard input",
              "tanyakan pada berkas kejadian, bukan pada pusat; - adalah masukan baku"}},
    {.name = "rules",
     .letter = 'r',
     .kind = KTG_VALUE_FILE,
     .repeat = true,
     .help = {"with --events: a folder or file of rules; none: the shipped ones",
              "bersama --events: folder atau berkas aturan; kosong: bawaan"}},
    {.name = "until",
     .kind = KTG_VALUE_INSTANT,
     .help = {"with --events: as of this instant; else of the last line",
              "bersama --events: per saat ini; jika tidak, per baris terakhir"}},
    KTG_RULES_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter why_not_operands[] = {
    {.name = "RULE", .kind = KTG_VALUE_TEXT, .required = true, .help = {"its name", "namanya"}},
    {.name = "SUBJECT",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"an identifier, as doc:UTO:X0000001 or a sponsor's number",
              "pengenal, seperti doc:UTO:X0000001 atau nomor penjamin"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example why_not_examples[] = {
    {"kentongan rules why-not overstay-fee doc:UTO:X0000001 --key IMI.DESK",
     {"which condition is still unmet", "syarat mana yang belum terpenuhi"}},
    {"kentongan rules why-not sponsor-repeat S1 --events week.ndjson --rules my-rules/",
     {"of a file, with own rules", "dari sebuah berkas, dengan aturan sendiri"}},
    KTG_END_EXAMPLES,
};

struct asking {
    struct ktg_call *call;
    struct ktg_lines lines;
    struct ktg_buf answer;
};

/* ---- the answer ---------------------------------------------------------------------------------------------------- */

static const char *text_at(struct ktg_bytes map, const char *key, char *to, size_t size)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_STR)
        return NULL;
    snprintf(to, size, "%.*s", (int)v.bytes.size, (const char *)v.bytes.data);
    for (char *c = to; *c; c++) /* one line, and nothing that steers a terminal */
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
    return to;
}

/* Whether there is any. */
static bool show_standing(struct ktg_call *call, struct ktg_bytes answer)
{
    struct ktg_wire_value list, row;
    char from[64], state[24];
    if (!ktg_wire_get(answer, "standing", &list) || list.kind != KTG_WIRE_ARRAY)
        return false;
    bool any = false;
    struct ktg_wire w = ktg_wire_inside(&list);
    while (!ktg_wire_next(&w, &row))
        if (text_at(row.raw, "from", from, sizeof from) &&
            text_at(row.raw, "state", state, sizeof state)) {
            any = true;
            ktg_output_say(call->out, "there is a finding: since %s, %s",
                           "ada temuan: sejak %s, %s", from, state);
        }
    return any;
}

static bool is_known(struct ktg_bytes answer)
{
    struct ktg_wire_value read;
    return !ktg_wire_get(answer, "read", &read) || read.kind != KTG_WIRE_INT || read.integer > 0;
}

/* Nothing at all is known under this name: perhaps it is written otherwise. */
static void hint_of_names(struct ktg_call *call)
{
    ktg_output_say(
        call->out,
        "no event that the rule reads is known of '%s': a person is written as one of the "
        "documents, doc:ISSUER:NUMBER,\nanything else as it stands in the events; alerts "
        "ls shows both in SUBJECT",
        "tidak ada kejadian yang dibaca aturan ini tentang '%s': orang ditulis sebagai "
        "salah satu dokumennya,\ndoc:PENERBIT:NOMOR, yang lain seperti dalam kejadian; "
        "alerts ls menampilkan keduanya di kolom SUBJEK",
        ktg_call_operand(call, 1));
}

static void show_table(struct ktg_call *call, struct ktg_bytes answer)
{
    static const struct ktg_column columns[] = {
        {.key = "met", .title = {"MET", "TERPENUHI"}, .kind = KTG_CELL_LEVEL},
        {.key = "text", .title = {"CONDITION", "SYARAT"}},
        {.key = "value", .title = {"VALUE", "NILAI"}},
        {.key = "want", .title = {"WANTED", "SEHARUSNYA"}},
    };
    struct ktg_wire_value list, row, v;
    char text[512], value[512], want[256], as_of[64], type[128], at[64];
    ktg_output_table(call->out, columns, KTG_COUNT(columns));
    if (ktg_wire_get(answer, "conditions", &list) && list.kind == KTG_WIRE_ARRAY) {
        struct ktg_wire w = ktg_wire_inside(&list);
        while (!ktg_wire_next(&w, &row))
            ktg_output_row(
                call->out,
                (const char *const[]){ktg_wire_get(row.raw, "met", &v) && v.integer ? "ok" : "NO",
                                      text_at(row.raw, "text", text, sizeof text),
                                      text_at(row.raw, "value", value, sizeof value),
                                      text_at(row.raw, "want", want, sizeof want)});
    }
    ktg_output_end(call->out);
    bool standing = show_standing(call, answer);
    if (ktg_wire_get(answer, "candidate", &v) && v.kind == KTG_WIRE_MAP &&
        text_at(v.raw, "type", type, sizeof type) && text_at(v.raw, "at", at, sizeof at))
        ktg_output_say(call->out, "nearest: %s of %s, as of %s", "terdekat: %s pada %s, per %s",
                       type, at, text_at(answer, "as_of", as_of, sizeof as_of));
    else if (is_known(answer) && !standing)
        ktg_output_say(call->out, "nothing that the rule reads is known of this subject",
                       "tidak ada yang dibaca aturan ini tentang subjek tersebut");
}

static int show(struct ktg_call *call, struct ktg_bytes answer)
{
    char error[400];
    if (text_at(answer, "error", error, sizeof error))
        return ktg_call_fail(call, KTG_CMD_NO_RULE, "rules why-not", ktg_call_operand(call, 0),
                             NULL);
    if (!is_known(answer))
        hint_of_names(call);
    if (call->out->table) {
        show_table(call, answer);
        return KTG_OK;
    }
    struct ktg_buf text = KTG_BUF_INIT;
    int rc = ktg_json_format(answer, NULL, &text);
    if (!rc)
        ktg_output_line(call->out, ktg_buf_view(&text));
    ktg_buf_done(&text);
    return rc;
}

/* ---- of a file ----------------------------------------------------------------------------------------------------- */

static int next_line(void *arg, struct ktg_bytes *ret_line)
{
    struct asking *a = arg;
    return ktg_lines_next(&a->lines, ret_line, &a->call->err);
}

static void complain(void *arg, size_t line, const char *text)
{
    struct asking *a = arg;
    ktg_lines_say_wrong(&a->lines, a->call->out, line, text);
}

static int ignore(void *arg, const struct ktg_op *op)
{
    (void)arg, (void)op;
    return KTG_OK;
}

static int ask_engine(void *arg, struct ktg_engine *e)
{
    struct asking *a = arg;
    const char *rule = ktg_call_operand(a->call, 0);
    int rc = ktg_engine_why_not(e, ktg_bytes_str(rule), ktg_bytes_str(ktg_call_operand(a->call, 1)),
                                &a->answer, &a->call->err);
    return rc == KTG_ENOTFOUND
               ? ktg_call_fail(a->call, KTG_CMD_NO_RULE, "rules why-not", rule, NULL)
               : rc;
}

static int ask_file(struct ktg_call *call)
{
    struct asking a = {.call = call, .answer = KTG_BUF_INIT};
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_replay_counts n = {0};
    const char *paths[MOST_PATHS];
    size_t count = 0;
    for (const char *p; count < MOST_PATHS && (p = ktg_call_nth(call, "rules", count)); count++)
        paths[count] = p;
    struct ktg_replay_options options = {
        .arg = &a,
        .line = next_line,
        .out = ignore,
        .ask = ask_engine,
        .complain = complain,
        .until = KTG_LONG_AGO,
    };
    int rc = ktg_installation_zone(call);
    options.until = ktg_call_instant(call, "until", KTG_LONG_AGO);
    if (!rc)
        rc = ktg_rules_gather(call, paths, count, &files);
    if (!rc)
        rc = ktg_bundle_encode(files.at, files.count, &bundle);
    if (!rc)
        rc = ktg_lines_open(&a.lines, ktg_call_text(call, "events"), KTG_JSON_LINE_MAX, &call->err);
    if (!rc) {
        options.clocked = ktg_lines_find(&a.lines, "\"clock\"", ktg_replay_is_clock);
        rc = ktg_replay(ktg_buf_view(&bundle), &options, &n, &call->err);
    }
    if (!rc)
        rc = show(call, ktg_buf_view(&a.answer));
    if (!rc)
        rc = ktg_lines_verdict(&a.lines, n.conflicts + n.refused, &call->err);
    ktg_lines_close(&a.lines);
    ktg_files_done(&files);
    ktg_buf_done(&bundle);
    ktg_buf_done(&a.answer);
    return rc;
}

/* ---- of the centre ------------------------------------------------------------------------------------------------- */

static int on_answer(void *arg, const struct ktg_msg_answer *m)
{
    struct ktg_call *call = arg;
    struct ktg_wire w = ktg_list_open(m->items);
    struct ktg_wire_value v;
    return ktg_wire_next(&w, &v)
               ? ktg_call_fail(call, KTG_CMD_NO_ANSWER, "rules why-not", NULL, NULL)
               : show(call, v.raw);
}

static int ask_centre(struct ktg_call *call)
{
    struct ktg_settings *settings = NULL;
    struct ktg_installation_caller caller;
    struct ktg_buf filter = KTG_BUF_INIT;
    int rc = ktg_installation_settings(call, &settings);
    if (!rc)
        rc = ktg_installation_caller(call, settings, &caller);
    if (!rc) {
        struct ktg_caller_options options = {.user = caller.name,
                                             .endpoint = caller.endpoint,
                                             .keys = caller.keys,
                                             .server_key = caller.server_key,
                                             .patience = ktg_call_duration(call, "wait", 10000)};
        ktg_wire_put_map(&filter, 2);
        ktg_wire_put_text(&filter, "rule");
        ktg_wire_put_text(&filter, ktg_call_operand(call, 0));
        ktg_wire_put_text(&filter, "subject");
        ktg_wire_put_text(&filter, ktg_call_operand(call, 1));
        struct ktg_msg_query q = {.what = KTG_QUERY_WHY_NOT, .filter = ktg_buf_view(&filter)};
        rc = ktg_caller_ask(&options, &q, on_answer, call, &call->err);
        ktg_curve_forget(&caller.keys);
        ktg_curve_forget(&options.keys);
    }
    ktg_buf_done(&filter);
    ktg_settings_free(settings);
    return rc;
}

static int run_why_not(struct ktg_call *call)
{
    return ktg_call_text(call, "events") ? ask_file(call) : ask_centre(call);
}

const struct ktg_command ktg_cmd_rules_why_not = {
    .path = "rules why-not",
    .summary = {"why a rule says nothing about somebody",
                "mengapa aturan tidak menyampaikan apa pun"},
    .detail = {"Of everything that could have become a finding, what came furthest: each condition "
               "with its value.  The\n"
               "centre answers the agency that sees all timelines.",
               "Dari semua yang dapat menjadi temuan, yang paling jauh sampainya: tiap syarat "
               "dengan nilainya.  Pusat\n"
               "menjawab instansi yang melihat semua garis waktu."},
    .options = why_not_options,
    .operands = why_not_operands,
    .examples = why_not_examples,
    .run = run_why_not,
};
