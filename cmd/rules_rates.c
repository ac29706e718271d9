/* cmd/rules_rates.c - rules rates: how much there is on timelines, for the estimates of rules check.
 *
 *     events of a file ─> the engine, everything placed ─> engine/census.h ─> rates.yaml
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/lines.h"
#include "cmd/rules.h"
#include "rules/engine/census.h"
#include "rules/engine/replay.h"
#include "schema/json.h"

static const struct ktg_parameter rates_options[] = {
    {.name = "events",
     .letter = 'e',
     .kind = KTG_VALUE_FILE,
     .required = true,
     .help = {"events, one JSON object a line, in order of arrival; - is standard input",
              "kejadian, satu objek JSON per baris, menurut kedatangan; - adalah masukan baku"}},
    KTG_RULES_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example rates_examples[] = {
    {"kentongan simulate | kentongan rules rates --events - > rates.yaml",
     {"of the synthetic country: the figures that are shipped",
      "dari negeri buatan: angka-angka bawaan"}},
    {"kentongan journal dump data/journal | kentongan rules rates --events - > rates.yaml",
     {"of this installation", "dari pemasangan ini"}},
    KTG_END_EXAMPLES,
};

struct run {
    struct ktg_call *call;
    struct ktg_lines lines;
    struct ktg_buf text;
};

static int next_line(void *arg, struct ktg_bytes *ret_line)
{
    struct run *r = arg;
    return ktg_lines_next(&r->lines, ret_line, &r->call->err);
}

static int say_nothing(void *arg, const struct ktg_op *op)
{
    (void)arg, (void)op;
    return KTG_OK;
}

static int ask(void *arg, struct ktg_engine *e)
{
    struct run *r = arg;
    int rc = ktg_census(e, &r->text);
    return rc == KTG_ENOTFOUND
               ? ktg_call_fail(r->call, KTG_CMD_NO_EVENTS, "rules rates", r->lines.name, NULL)
               : rc;
}

static int play(struct run *r, const struct ktg_files *files)
{
    struct ktg_call *call = r->call;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_replay_counts n = {0};
    struct ktg_replay_options options = {.arg = r,
                                         .line = next_line,
                                         .out = say_nothing,
                                         .ask = ask,
                                         .until = KTG_LONG_AGO,
                                         .answers = KTG_ANSWERS_WHOLE};
    int rc = ktg_bundle_encode(files->at, files->count, &bundle);
    if (!rc)
        rc =
            ktg_lines_open(&r->lines, ktg_call_text(call, "events"), KTG_JSON_LINE_MAX, &call->err);
    if (!rc) {
        options.clocked = ktg_lines_find(&r->lines, "\"clock\"", ktg_replay_is_clock);
        rc = ktg_replay(ktg_buf_view(&bundle), &options, &n, &call->err);
    }
    if (!rc) {
        char head[40];
        snprintf(head, sizeof head, "events: %zu", n.events);
        ktg_output_line(call->out, ktg_bytes_str(head));
        ktg_output_line(call->out, ktg_bytes(r->text.data, r->text.size - 1));
    }
    ktg_buf_done(&bundle);
    return rc;
}

static int run_rates(struct ktg_call *call)
{
    struct run r = {.call = call};
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_ruleset *rs = NULL;
    struct ktg_notes notes = {0};
    int rc = ktg_rules_gather(call, call->operands, call->operand_count, &files);
    if (!rc)
        rc = ktg_rules_compile(call, &files, false, &rs, &notes);
    if (!rc)
        rc = play(&r, &files);
    ktg_lines_close(&r.lines);
    ktg_buf_done(&r.text);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    ktg_files_done(&files);
    return rc;
}

const struct ktg_command ktg_cmd_rules_rates = {
    .path = "rules rates",
    .summary = {"how much there is on timelines, for estimates",
                "berapa banyak isi garis waktu, untuk perkiraan"},
    .detail =
        {"Plays the events and writes rates.yaml: for each subject kind and event type the most "
         "entries that lie on\n"
         "one timeline within a day, a week, four, twelve and 52 weeks, mean and 99th "
         "percentile over the subjects;\n"
         "and the bytes of a finding.  rules check --rates takes the file.",
         "Memainkan kejadian dan menulis rates.yaml: untuk tiap macam subjek dan jenis "
         "kejadian, entri terbanyak\n"
         "pada satu garis waktu dalam sehari, seminggu, 4, 12, dan 52 minggu, rata-rata dan "
         "persentil ke-99;\n"
         "juga bita sebuah temuan.  rules check --rates memakai berkas itu."},
    .options = rates_options,
    .operands = ktg_rules_operands,
    .examples = rates_examples,
    .run = run_rates,
};
