/* cmd/rules_test.c - rules test: the tests that stand beside each rule, run on the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "cmd/rules.h"
#include "rules/testing/runner.h"

static const struct ktg_parameter test_options[] = {
    KTG_RULES_PARAMETERS,
    {.name = "rule",
     .kind = KTG_VALUE_TEXT,
     .help = {"only the tests of this rule", "hanya uji aturan ini"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example test_examples[] = {
    {"kentongan rules test", {"the shipped rules", "aturan bawaan"}},
    {"kentongan rules test my-rules/ --rule toll-hops",
     {"one rule of a folder", "satu aturan dari sebuah folder"}},
    KTG_END_EXAMPLES,
};

static void tell(void *arg, const struct ktg_test_result *r)
{
    struct ktg_call *call = arg;
    char line[24];
    snprintf(line, sizeof line, "%d", r->line);
    char report[16384];
    snprintf(report, sizeof report, "%.*s", (int)r->report.size, (const char *)r->report.data);
    ktg_output_row(call->out, (const char *const[]){r->passed ? "ok" : "FAIL", r->rule, r->test,
                                                    r->file, line, r->passed ? NULL : report});
    if (!r->passed && call->out->table) /* a difference has lines of its own, for people */
        fprintf(call->out->messages, "%s:%d: %s: %s\n%s", r->file, r->line, r->rule, r->test,
                report);
}

static int run_test(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "verdict", .title = {"VERDICT", "HASIL"}, .kind = KTG_CELL_LEVEL},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "test", .title = {"TEST", "UJI"}},
        {.key = "file", .title = {"FILE", "BERKAS"}},
        {.key = "line", .title = {"LINE", "BARIS"}, .kind = KTG_CELL_NUMBER},
        {.key = "report", .title = {"REPORT", "LAPORAN"}, .json_only = true},
    };
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_ruleset *rs = NULL;
    struct ktg_notes notes = {0};
    size_t failed = 0, count = 0;
    const char *rule = ktg_call_text(call, "rule");
    int rc = ktg_rules_gather(call, call->operands, call->operand_count, &files);
    if (!rc)
        rc = ktg_rules_compile(call, &files, false, &rs, &notes);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        rc = ktg_runner_run(files.at, files.count, rs, rule ? ktg_bytes_str(rule) : KTG_BYTES_NONE,
                            tell, call, &failed, &count, &call->err);
        ktg_output_end(call->out);
    }
    if (!rc) {
        ktg_output_say(call->out, "%zu tests, %zu failed", "%zu uji, %zu gagal", count, failed);
        call->negative = failed > 0;
    }
    ktg_files_done(&files);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    return rc;
}

const struct ktg_command ktg_cmd_rules_test = {
    .path = "rules test",
    .summary = {"run the tests that stand beside the rules", "jalankan uji di samping aturan"},
    .detail = {"Exit status 1: a test failed; the report shows what was expected (-) and what was "
               "said (+).",
               "Status 1: ada uji yang gagal; laporan menunjukkan yang diharapkan (-) dan yang "
               "disampaikan (+)."},
    .options = test_options,
    .operands = ktg_rules_operands,
    .examples = test_examples,
    .run = run_test,
};
