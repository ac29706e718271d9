/* tests/unit/cmd/test_command.c - what a command line says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/command.h"

#include <string.h>

#include "runtime/mem.h"
#include "tests/support/cmocka.h"

#define WORDS 8
static struct ktg_output out;

static int setup(void **unused)
{
    (void)unused;
    ktg_output_init(&out, stdout, stderr, &(struct ktg_output_world){0});
    return 0;
}

static int parse(struct ktg_call *call, const char *const words[WORDS])
{
    char *argv[WORDS + 1] = {NULL};
    int argc = 0;
    for (; argc < WORDS && words[argc]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    *call = (struct ktg_call){.out = &out};
    return ktg_call_parse(call, argc, argv);
}

static void test_command__lines_and_what_they_get(void **unused)
{
    (void)unused;
    static const struct {
        const char *words[WORDS];
        const char *path;  /* the command found, or NULL */
        const char *fault; /* or the fault, and ... */
        const char *want;  /* ... what it offers */
    } story[] = {
        {{"version"}, "version", NULL, NULL},
        {{"version", "--json"}, "version", NULL, NULL},
        {{"--json", "version"}, "version", NULL, NULL},
        {{"-q", "--lang", "id", "version"}, "version", NULL, NULL},
        {{"version", "--lang=en"}, "version", NULL, NULL},
        {{"help", "--", "--json"}, "help", NULL, NULL},
        {{"completion", "bash"}, "completion", NULL, NULL},
        {{"versoin"}, NULL, "no-command", "version"},
        {{"xyzzy"}, NULL, "no-command", ""},
        {{"-q"}, NULL, "no-command", ""},
        {{"version", "--jason"}, "version", "no-option", "--json"},
        {{"version", "-z"}, "version", "no-option", ""},
        {{"version", "--json=yes"}, "version", "extra-value", ""},
        {{"version", "--lang"}, "version", "no-value", ""},
        {{"version", "--lang", "fr"}, "version", "bad-value", "en|id"},
        {{"version", "--lang", "en", "--lang", "id"}, "version", "option-twice", ""},
        {{"version", "1"}, "version", "extra-operand", ""},
        {{"version", "-"}, "version", "extra-operand", ""},
        {{"completion"}, "completion", "operand-missing", "SHELL"},
        {{"completion", "fish"}, "completion", "bad-value", "bash"},
        {{"replay", "-e", "x", "--until", "2026-03-01"}, "replay", NULL, NULL},
        {{"replay", "-e", "x", "--until", "2026-03-32"},
         "replay",
         "bad-value",
         "a time with a zone, as 2026-03-01T09:00:00+07:00, or a day, as 2026-03-01"},
        {{"rules", "backtest", "x", "--since", "90d"}, "rules backtest", NULL, NULL},
        {{"rules", "backtest", "x", "--since", "2026-01-01"}, "rules backtest", NULL, NULL},
        {{"rules", "backtest", "x", "--since", "yesterday"},
         "rules backtest",
         "bad-value",
         "a time, as 2026-03-01T09:00:00+07:00, a day, as 2026-03-01, or a duration, as 90d"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_call call;
        int rc = parse(&call, story[i].words);
        if (story[i].fault) {
            assert_int_equal(rc, KTG_EUSAGE);
            assert_non_null(call.err.fault);
            assert_string_equal(call.err.fault->name, story[i].fault);
            assert_string_equal(call.err.want, story[i].want);
        } else {
            assert_int_equal(rc, KTG_OK);
        }
        if (story[i].path)
            assert_string_equal(call.command->path, story[i].path);
        else
            assert_null(call.command);
        ktg_call_done(&call);
    }
}

static void test_command__options_speak_for_themselves(void **unused)
{
    (void)unused;
    struct ktg_call call;
    assert_int_equal(parse(&call, (const char *const[WORDS]){"help", "-q", "--lang", "id", "--man",
                                                             "a", "--", "-b"}),
                     KTG_OK);
    assert_true(out.quiet);
    assert_int_equal(out.lang, KTG_LANG_ID);
    assert_true(ktg_call_flag(&call, "man"));
    assert_false(ktg_call_flag(&call, "markdown"));
    assert_string_equal(ktg_call_operand(&call, 0), "a");
    assert_string_equal(ktg_call_operand(&call, 1), "-b");
    assert_null(ktg_call_operand(&call, 2));
    ktg_call_done(&call);
}

static void test_command__help_needs_nothing_else(void **unused)
{
    (void)unused;
    struct ktg_call call;
    assert_int_equal(parse(&call, (const char *const[WORDS]){"completion", "--help"}), KTG_OK);
    assert_true(call.wants_help);
    ktg_call_done(&call);
    assert_int_equal(parse(&call, (const char *const[WORDS]){"-h"}), KTG_OK);
    assert_true(call.wants_help);
    assert_null(call.command);
    ktg_call_done(&call);
}

static void test_command__survives_each_missing_allocation(void **unused)
{
    (void)unused;
    for (int64_t n = 0;; n++) {
        struct ktg_call call;
        ktg_mem_fail_after(n);
        int rc = parse(&call, (const char *const[WORDS]){"version", "--json"});
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        ktg_call_done(&call);
        if (!failed) {
            assert_int_equal(rc, KTG_OK);
            return;
        }
        assert_int_equal(rc, KTG_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_command__lines_and_what_they_get, setup),
        cmocka_unit_test_setup(test_command__options_speak_for_themselves, setup),
        cmocka_unit_test_setup(test_command__help_needs_nothing_else, setup),
        cmocka_unit_test_setup(test_command__survives_each_missing_allocation, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
