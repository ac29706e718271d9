/* tests/unit/cmd/test_table.c - parser, help, completion and manual say the same about every
 * command. SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cmd/help.h"
#include "tests/support/cmocka.h"

static const char *sample_of(const struct ktg_parameter *p)
{
    static char number[24];
    switch (p->kind) {
    case KTG_VALUE_NUMBER:
        snprintf(number, sizeof number, "%lld", (long long)p->most);
        return number;
    case KTG_VALUE_INSTANT:
        return "2026-03-01T09:00:00+07:00";
    case KTG_VALUE_SINCE:
    case KTG_VALUE_DURATION:
        return "90s";
    case KTG_VALUE_CHOICE:
        return p->choices[0];
    default:
        return "x";
    }
}

/* Cut a line into words as a shell does with blanks and single quotes, up to a pipe or a redirection. */
static int split(char *line, char **words, int max)
{
    int n = 0;
    char *to = line;
    for (char *p = line; *p && n < max;) {
        while (*p == ' ')
            p++;
        if (!*p || *p == '|' || *p == '>' || *p == '&')
            break;
        words[n++] = to;
        for (bool quoted = false; *p && (quoted || *p != ' '); p++) {
            if (*p == '\'')
                quoted = !quoted;
            else
                *to++ = *p;
        }
        p += *p == ' ';
        *to++ = 0; /* never past p: a word is not longer than what it was written as */
    }
    return n;
}

static int parse(char **words, int count, struct ktg_call *call)
{
    static struct ktg_output out;
    ktg_output_init(&out, stdout, stderr, &(struct ktg_output_world){0});
    *call = (struct ktg_call){.out = &out};
    return ktg_call_parse(call, count, words);
}

static void test_table__rows_are_whole(void **unused)
{
    (void)unused;
    for (size_t i = 0; ktg_command_at(i); i++) {
        const struct ktg_command *c = ktg_command_at(i);
        assert_ptr_equal(ktg_command_find(c->path), c);
        assert_non_null(c->run);
        assert_true(c->summary.en[0] && c->summary.id[0]);
        assert_true(!c->detail.en == !c->detail.id);
        size_t examples = 0;
        for (const struct ktg_example *e = c->examples; e && e->line; e++, examples++)
            assert_true(e->what.en[0] && e->what.id[0]);
        if (examples < 2 || examples > 4)
            fail_msg("%s has %zu examples, wanted 2 to 4", c->path, examples);
        for (const struct ktg_parameter *p = c->options; p && p->name; p++) {
            assert_true(p->help.en[0] && p->help.id[0]);
            assert_true(p->kind == KTG_VALUE_FLAG || !p->required || !p->fallback);
            assert_true(p->kind != KTG_VALUE_CHOICE || p->choices);
            for (const struct ktg_parameter *q = c->options; q < p; q++)
                assert_true(strcmp(p->name, q->name) != 0 &&
                            (!p->letter || p->letter != q->letter));
            for (const struct ktg_parameter *g = ktg_command_globals(); g->name; g++)
                assert_true(strcmp(p->name, g->name) != 0 &&
                            (!p->letter || p->letter != g->letter));
        }
        bool optional = false;
        for (const struct ktg_parameter *p = c->operands; p && p->name; p++) {
            assert_true(p->help.en[0] && p->help.id[0]);
            assert_false(optional && p->required); /* required ones first */
            assert_true(!p->repeat || !p[1].name); /* only the last may repeat */
            optional |= !p->required;
        }
    }
}

static void test_table__commands_of_one_noun_stand_together(void **unused)
{
    (void)unused;
    for (size_t i = 0; ktg_command_at(i); i++) {
        const char *path = ktg_command_at(i)->path;
        size_t n = strcspn(path, " ") + 1;
        bool gap = false;
        for (size_t k = i + 1; path[n - 1] && ktg_command_at(k); k++) {
            bool same = strncmp(ktg_command_at(k)->path, path, n) == 0;
            assert_false(same && gap);
            gap |= !same;
        }
    }
}

static void test_table__examples_are_understood_by_the_parser(void **unused)
{
    (void)unused;
    for (size_t i = 0; ktg_command_at(i); i++)
        for (const struct ktg_example *e = ktg_command_at(i)->examples; e && e->line; e++) {
            char line[256], *words[32], start[80];
            snprintf(line, sizeof line, "%s", e->line);
            snprintf(start, sizeof start, "kentongan %s", ktg_command_at(i)->path);
            char *at = strstr(line, start); /* others may stand before it in a pipe */
            assert_non_null(at);
            int n = split(at + strlen("kentongan "), words, COUNT(words));
            struct ktg_call call;
            int rc = parse(words, n, &call);
            if (rc)
                fail_msg("%s: %s", e->line, call.err.text);
            assert_ptr_equal(call.command, ktg_command_at(i));
            ktg_call_done(&call);
        }
}

static void test_table__every_option_is_taken_and_told_everywhere(void **unused)
{
    (void)unused;
    struct ktg_buf man = KTG_BUF_INIT, markdown = KTG_BUF_INIT, bash = KTG_BUF_INIT,
                   all = KTG_BUF_INIT;
    ktg_help_man(&man, KTG_LANG_EN);
    ktg_help_markdown(&markdown, KTG_LANG_EN);
    ktg_help_bash(&bash);
    ktg_help_all(&all, KTG_LANG_EN);
    for (size_t i = 0; ktg_command_at(i); i++) {
        const struct ktg_command *c = ktg_command_at(i);
        struct ktg_buf help = KTG_BUF_INIT;
        char head[64], *words[64], text[64][64];
        ktg_help_command(c, &help, KTG_LANG_EN);
        assert_non_null(strstr(ktg_buf_text(&all), c->path));
        snprintf(head, sizeof head, ".Ss %s\n", c->path);
        assert_non_null(strstr(ktg_buf_text(&man), head));
        snprintf(head, sizeof head, "\n## %s\n", c->path);
        assert_non_null(strstr(ktg_buf_text(&markdown), head));
        snprintf(head, sizeof head, "    '%s') options='", c->path);
        const char *completed = strstr(ktg_buf_text(&bash), head);
        assert_non_null(completed);

        char path[64];
        snprintf(path, sizeof path, "%s", c->path);
        int n = split(path, words, 8);
        for (const struct ktg_parameter *p = c->operands; p && p->name; p++)
            words[n++] = (char *)(uintptr_t)sample_of(p);
        for (const struct ktg_parameter *p = c->options; p && p->name; p++) {
            char flag[64];
            snprintf(flag, sizeof flag, "--%s", p->name);
            assert_non_null(strstr(ktg_buf_text(&help), flag));
            assert_non_null(strstr(ktg_buf_text(&man), flag));
            assert_non_null(strstr(ktg_buf_text(&markdown), flag));
            const char *end = strchr(completed + strlen(head), '\'');
            const char *found = strstr(completed, flag);
            assert_true(found && found < end);
            snprintf(text[n], sizeof text[n], "--%s", p->name);
            words[n] = text[n];
            n++;
            if (p->kind != KTG_VALUE_FLAG) {
                snprintf(text[n], sizeof text[n], "%s", sample_of(p));
                words[n] = text[n];
                n++;
            }
        }
        struct ktg_call call;
        int rc = parse(words, n, &call);
        if (rc)
            fail_msg("%s: %s", c->path, call.err.text);
        for (const struct ktg_parameter *p = c->options; p && p->name; p++)
            assert_non_null(ktg_call_text(&call, p->name));
        ktg_call_done(&call);
        ktg_buf_done(&help);
    }
    ktg_buf_done(&man);
    ktg_buf_done(&markdown);
    ktg_buf_done(&bash);
    ktg_buf_done(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__rows_are_whole),
        cmocka_unit_test(test_table__commands_of_one_noun_stand_together),
        cmocka_unit_test(test_table__examples_are_understood_by_the_parser),
        cmocka_unit_test(test_table__every_option_is_taken_and_told_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
