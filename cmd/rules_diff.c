/* cmd/rules_diff.c - rules diff: two sets of rules over the same events.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/installation.h"
#include "cmd/lines.h"
#include "cmd/outcome_rows.h"
#include "cmd/rules.h"
#include "rules/engine/replay.h"
#include "schema/json.h"

static const struct ktg_parameter diff_options[] = {
    {.name = "events",
     .letter = 'e',
     .kind = KTG_VALUE_FILE,
     .required = true,
     .help = {"a file of events, one JSON object a line",
              "berkas kejadian, satu objek JSON per baris"}},
    {.name = "until",
     .kind = KTG_VALUE_INSTANT,
     .help = {"let the clock go on to here", "jam berjalan sampai saat ini"}},
    KTG_RULES_PARAMETERS,
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter diff_operands[] = {
    {.name = "OLD",
     .kind = KTG_VALUE_FILE,
     .required = true,
     .help = {"rules as they are, a folder or file", "aturan yang ada, folder atau berkas"}},
    {.name = "NEW",
     .kind = KTG_VALUE_FILE,
     .required = true,
     .help = {"rules as they would be", "aturan penggantinya"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example diff_examples[] = {
    {"kentongan rules diff rules/ rules-new/ --events week.ndjson",
     {"what would be raised more, less, otherwise", "apa yang akan bertambah, berkurang, berubah"}},
    {"kentongan rules diff old.yaml new.yaml --events week.ndjson --json",
     {"one rule, for programs", "satu aturan, untuk program"}},
    KTG_END_EXAMPLES,
};

struct side {
    struct ktg_call *call;
    struct ktg_lines lines;
    struct ktg_outcomes outcomes;
    const struct side
        *told;    /* the other one, which has told what is wrong with the lines; or NULL */
    size_t wrong; /* lines passed over */
};

static int next_line(void *arg, struct ktg_bytes *ret_line)
{
    struct side *s = arg;
    return ktg_lines_next(&s->lines, ret_line, &s->call->err);
}

static int on_op(void *arg, const struct ktg_op *op)
{
    struct side *s = arg;
    return ktg_outcomes_take(&s->outcomes, op->payload);
}

/* Both read the same lines; what is wrong for the new rules alone is told with theirs. */
static void complain(void *arg, size_t line, const char *text)
{
    struct side *s = arg;
    if (!s->told || !s->told->wrong)
        ktg_lines_say_wrong(&s->lines, s->call->out, line, text);
}

static int play(struct side *s, const char *path)
{
    struct ktg_call *call = s->call;
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_replay_counts n = {0};
    struct ktg_replay_options options = {.arg = s,
                                         .line = next_line,
                                         .out = on_op,
                                         .complain = complain,
                                         .until = ktg_call_instant(call, "until", KTG_LONG_AGO)};
    int rc = ktg_rules_gather(call, &path, 1, &files);
    if (!rc)
        rc = ktg_bundle_encode(files.at, files.count, &bundle);
    if (!rc)
        rc =
            ktg_lines_open(&s->lines, ktg_call_text(call, "events"), KTG_JSON_LINE_MAX, &call->err);
    if (!rc) {
        options.clocked = ktg_lines_find(&s->lines, "\"clock\"", ktg_replay_is_clock);
        rc = ktg_replay(ktg_buf_view(&bundle), &options, &n, &call->err);
        s->wrong = n.conflicts + n.refused;
    }
    if (rc)
        ktg_err_wrap(&call->err, rc, "%s", path);
    ktg_outcomes_sort(&s->outcomes);
    ktg_lines_close(&s->lines);
    ktg_files_done(&files);
    ktg_buf_done(&bundle);
    return rc;
}

static int run_diff(struct ktg_call *call)
{
    struct side old = {.call = call}, fresh = {.call = call, .told = &old};
    struct ktg_outcome_rows rows = {.call = call, .most = SIZE_MAX};
    if (strcmp(ktg_call_text(call, "events"), "-") == 0)
        return ktg_call_fail(call, KTG_CMD_STDIN_TWICE, "rules diff --events", "-", NULL);
    int rc = ktg_call_text(call, "until") ? ktg_installation_zone(call) : KTG_OK;
    if (!rc)
        rc = play(&old, ktg_call_operand(call, 0));
    if (!rc)
        rc = play(&fresh, ktg_call_operand(call, 1));
    if (!rc) {
        ktg_outcome_rows_begin(&rows);
        size_t both = ktg_outcomes_compare(&old.outcomes, &fresh.outcomes, KTG_LONG_AGO,
                                           ktg_outcome_rows_differ, &rows);
        ktg_output_end(call->out);
        ktg_output_say(call->out, "%zu more, %zu less, %zu otherwise, %zu the same",
                       "%zu bertambah, %zu berkurang, %zu berubah, %zu sama", rows.more, rows.less,
                       rows.otherwise, both - rows.otherwise);
        call->negative = rows.more || rows.less || rows.otherwise;
    }
    if (!rc)
        rc = ktg_lines_verdict(&old.lines, old.wrong > fresh.wrong ? old.wrong : fresh.wrong,
                               &call->err);
    ktg_outcomes_done(&old.outcomes);
    ktg_outcomes_done(&fresh.outcomes);
    return rc;
}

const struct ktg_command ktg_cmd_rules_diff = {
    .path = "rules diff",
    .summary = {"two sets of rules over the same events",
                "dua kumpulan aturan atas kejadian yang sama"},
    .detail = {"What the new rules would raise more (+), less (-) and otherwise (~) than the old "
               "ones.  Exit status 1:\n"
               "there is a difference; 3: lines were passed over, and it is of the others.",
               "Apa yang akan bertambah (+), berkurang (-), dan berubah (~) dengan aturan baru.  "
               "Status 1: ada\n"
               "perbedaan; 3: ada baris yang dilewati, dan perbandingannya menurut baris lainnya."},
    .options = diff_options,
    .operands = diff_operands,
    .examples = diff_examples,
    .run = run_diff,
};
