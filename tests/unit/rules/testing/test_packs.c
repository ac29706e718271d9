/* tests/unit/rules/testing/test_packs.c - every test that stands in a shipped rule, on the real engine.
 *
 *     test_rules_packs [FOLDER [LISTS]]      other rules than the shipped ones
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/testing/runner.h"
#include "runtime/mem.h"
#include "schema/files.h"

static void told(void *arg, const struct ktg_test_result *r)
{
    (void)arg;
    if (!r->passed)
        printf("%s:%d: %s: %s\n%.*s", r->file, r->line, r->rule, r->test, (int)r->report.size,
               (const char *)r->report.data);
}

int main(int argc, char **argv)
{
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_ruleset *rs = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    size_t failed = 0, count = 0;
    int rc = ktg_files_read(&f, KTG_SOURCE_DIR "/schema", "", &err);
    if (!rc)
        rc = ktg_files_read(&f, argc > 1 ? argv[1] : KTG_SOURCE_DIR "/rules/packs", "rules/", &err);
    if (!rc)
        rc = argc > 2 ? ktg_files_read_one(&f, argv[2], "lists/lists.yaml", &err)
                      : ktg_files_read(&f, KTG_SOURCE_DIR "/rules/lists", "lists/", &err);
    if (!rc)
        rc = ktg_ruleset_compile(f.at, f.count, &rs, &notes, &err);
    if (notes.errors)
        printf("%s", ktg_buf_text(&notes.text));
    if (!rc)
        rc = ktg_runner_run(f.at, f.count, rs, KTG_BYTES_NONE, told, NULL, &failed, &count, &err);
    if (rc)
        printf("%s\n", err.text);
    printf("%zu tests of rules, %zu failed\n", count, failed);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    ktg_files_done(&f);
    return rc || failed || !count;
}
