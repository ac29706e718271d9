/* cmd/rules_test.c - rules test: the tests that stand beside each rule, run on the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/junit.h"
#include "cmd/rules.h"
#include "cmd/rules_mutate.h"
#include "rules/testing/runner.h"
#include "runtime/clock.h"
#include "runtime/path.h"

static const struct ktg_parameter test_options[] = {
    KTG_RULES_PARAMETERS,
    {.name = "rule",
     .kind = KTG_VALUE_TEXT,
     .help = {"only the tests of this rule", "hanya uji aturan ini"}},
    {.name = "junit",
     .kind = KTG_VALUE_FILE,
     .help = {"write the results there as JUnit XML, too",
              "tulis hasil ke sana, juga sebagai JUnit XML"}},
    {.name = "mutate",
     .help = {"change each threshold, comparison, step and deadline, one at a time: some test must "
              "notice",
              "ubah tiap ambang, pembanding, langkah, dan tenggat, satu per satu: harus ada uji "
              "yang menyadarinya"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example test_examples[] = {
    {"kentongan rules test", {"the shipped rules", "aturan bawaan"}},
    {"kentongan rules test my-rules/ --rule toll-hops",
     {"one rule of a folder", "satu aturan dari sebuah folder"}},
    {"kentongan rules test my-rules/ --junit results.xml", {"for a CI server", "untuk server CI"}},
    {"kentongan rules test my-rules/ --mutate",
     {"are the tests good enough?", "apakah ujinya cukup baik?"}},
    KTG_END_EXAMPLES,
};

struct testing {
    struct ktg_call *call;
    struct ktg_junit junit;
    int64_t since; /* when the test at hand began, in ns */
};

static void tell(void *arg, const struct ktg_test_result *r)
{
    struct testing *t = arg;
    struct ktg_call *call = t->call;
    int64_t now = ktg_mono_ns();
    char line[24], report[16384];
    snprintf(line, sizeof line, "%d", r->line);
    snprintf(report, sizeof report, "%.*s", (int)r->report.size, (const char *)r->report.data);
    ktg_output_row(call->out, (const char *const[]){r->passed ? "ok" : "FAIL", r->rule, r->test,
                                                    r->file, line, r->passed ? NULL : report});
    if (!r->passed && call->out->table) /* a difference has lines of its own, for people */
        fprintf(call->out->messages, "%s:%d: %s: %s\n%s", r->file, r->line, r->rule, r->test,
                report);
    ktg_junit_add(&t->junit, &(struct ktg_junit_case){.suite = r->rule,
                                                      .name = r->test,
                                                      .file = r->file,
                                                      .line = r->line,
                                                      .us = (now - t->since) / 1000,
                                                      .passed = r->passed,
                                                      .report = r->report});
    t->since = ktg_mono_ns();
}

static int write_junit(struct testing *t, const char *path)
{
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_err *err = &t->call->err;
    int rc = ktg_junit_end(&t->junit, &text);
    if (rc)
        ktg_err_set(err, rc, "no memory for the JUnit file");
    FILE *f = rc || !path ? NULL : fopen(path, "w");
    if (!rc && path && !f)
        rc = ktg_path_fail(err, path, errno, NULL);
    bool good = !f || fwrite(text.data, 1, text.size, f) == text.size;
    if (f && (fclose(f) || !good))
        rc = ktg_path_fail(err, path, errno, NULL);
    ktg_buf_done(&text);
    return rc;
}

static int run_tests(struct ktg_call *call, const struct ktg_files *files,
                     const struct ktg_ruleset *rs, struct ktg_bytes rule)
{
    static const struct ktg_column columns[] = {
        {.key = "verdict", .title = {"VERDICT", "HASIL"}, .kind = KTG_CELL_LEVEL},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "test", .title = {"TEST", "UJI"}},
        {.key = "file", .title = {"FILE", "BERKAS"}, .json_only = true}, /* said with a failure */
        {.key = "line", .title = {"LINE", "BARIS"}, .kind = KTG_CELL_NUMBER, .json_only = true},
        {.key = "report", .title = {"REPORT", "LAPORAN"}, .json_only = true},
    };
    struct testing t = {.call = call, .since = ktg_mono_ns()};
    size_t failed = 0, count = 0;
    ktg_output_table(call->out, columns, KTG_COUNT(columns));
    int rc =
        ktg_runner_run(files->at, files->count, rs, rule, tell, &t, &failed, &count, &call->err);
    ktg_output_end(call->out);
    int written = write_junit(&t, rc ? NULL : ktg_call_text(call, "junit"));
    if (rc || written)
        return rc ? rc : written;
    ktg_output_say(call->out, "%zu tests, %zu failed", "%zu uji, %zu gagal", count, failed);
    call->negative = failed > 0;
    return KTG_OK;
}

static int run_test(struct ktg_call *call)
{
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_ruleset *rs = NULL;
    struct ktg_notes notes = {0};
    const char *rule = ktg_call_text(call, "rule");
    ktg_rules_say_shipped(call);
    int rc = ktg_rules_gather(call, call->operands, call->operand_count, &files);
    if (!rc)
        rc = ktg_rules_compile(call, &files, false, &rs, &notes);
    struct ktg_bytes only = rule ? ktg_bytes_str(rule) : KTG_BYTES_NONE;
    if (!rc)
        rc = run_tests(call, &files, rs, only);
    if (!rc && !call->negative && ktg_call_flag(call, "mutate"))
        rc = ktg_rules_mutate(call, &files, rs, only);
    ktg_files_done(&files);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    return rc;
}

const struct ktg_command ktg_cmd_rules_test = {
    .path = "rules test",
    .summary = {"run the tests that stand beside the rules", "jalankan uji di samping aturan"},
    .detail = {"Every test also runs with each event sent twice, over restarts, and in other "
               "orders of arrival; it must come\n"
               "to the same end.  Exit status 1: a test failed; the report shows what was expected "
               "(-), what was said (+),\n"
               "and the condition that was not met, with its value.",
               "Tiap uji juga dijalankan dengan setiap kejadian dikirim dua kali, dengan mesin "
               "dimulai ulang, dan dengan\n"
               "urutan kedatangan lain; hasil akhirnya harus sama.  Status 1: ada uji yang gagal; "
               "laporan menunjukkan yang\n"
               "diharapkan (-), yang disampaikan (+), dan syarat yang tidak terpenuhi beserta "
               "nilainya."},
    .options = test_options,
    .operands = ktg_rules_operands,
    .examples = test_examples,
    .run = run_test,
};
