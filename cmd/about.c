/* cmd/about.c - help, version, completion: the commands that speak of the program itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cmd/help.h"

/* ---- help ---- */

static const struct ktg_parameter help_options[] = {
    {.name = "markdown", .help = {"the reference of all commands", "rujukan semua perintah"}},
    {.name = "man", .help = {"the manual page, mdoc", "halaman manual, mdoc"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter help_operands[] = {
    {.name = "COMMAND",
     .kind = KTG_VALUE_TEXT,
     .repeat = true,
     .help = {"its words", "kata-katanya"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example help_examples[] = {
    {"kentongan help", {"all commands", "semua perintah"}},
    {"kentongan help version", {"one command, with examples", "satu perintah, dengan contoh"}},
    {"kentongan help --man | man -l -", {"the manual page", "halaman manual"}},
    KTG_END_EXAMPLES,
};

static int put(struct ktg_call *call, struct ktg_buf *b)
{
    int rc = ktg_buf_check(b);
    if (!rc)
        fwrite(b->data, 1, b->size, call->out->out);
    ktg_buf_done(b);
    return rc;
}

static int run_help(struct ktg_call *call)
{
    struct ktg_buf b = KTG_BUF_INIT, path = KTG_BUF_INIT;
    enum ktg_lang lang = call->out->lang;
    for (size_t i = 0; i < call->operand_count; i++)
        ktg_buf_printf(&path, "%s%s", i ? " " : "", call->operands[i]);
    if (ktg_call_flag(call, "markdown")) {
        ktg_help_markdown(&b, lang);
    } else if (ktg_call_flag(call, "man")) {
        ktg_help_man(&b, lang);
    } else if (!call->operand_count) {
        ktg_help_all(&b, lang);
    } else {
        const struct ktg_command *c = ktg_command_find(ktg_buf_text(&path));
        size_t found = c != NULL;
        if (c)
            ktg_help_command(c, &b, lang);
        for (size_t i = 0; !c && ktg_command_at(i); i++) /* "help journal": its commands */
            if (strncmp(ktg_command_at(i)->path, ktg_buf_text(&path), path.size) == 0 &&
                ktg_command_at(i)->path[path.size] == ' ') {
                ktg_buf_printf(&b, "  %-20s %s\n", ktg_command_at(i)->path,
                               ktg_label_text(ktg_command_at(i)->summary, lang));
                found++;
            }
        if (!found) {
            ktg_buf_done(&b);
            int rc = ktg_call_fail(call, KTG_CMD_NO_COMMAND, "help", ktg_buf_text(&path), NULL);
            ktg_buf_done(&path);
            return rc;
        }
    }
    ktg_buf_done(&path);
    return put(call, &b);
}

const struct ktg_command ktg_cmd_help = {
    .path = "help",
    .summary = {"what there is, and how to use it", "apa yang ada, dan cara memakainya"},
    .options = help_options,
    .operands = help_operands,
    .examples = help_examples,
    .run = run_help,
};

/* ---- version ---- */

static const struct ktg_example version_examples[] = {
    {"kentongan version", {"for people", "untuk orang"}},
    {"kentongan version --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static int run_version(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "version", .title = {"VERSION", "VERSI"}},
        {.key = "compiler", .title = {"COMPILER", "KOMPILATOR"}},
        {.key = "build", .title = {"BUILD", "BANGUNAN"}},
    };
    const char *cells[] = {KTG_VERSION, __VERSION__, KTG_BUILD};
    bool json = ktg_call_flag(call, "json");
    if (!json && !ktg_call_flag(call, "table")) {
        fprintf(call->out->out, "kentongan %s\n", KTG_VERSION);
        return KTG_OK;
    }
    ktg_output_table(call->out, columns, KTG_COUNT(columns));
    ktg_output_row(call->out, cells);
    ktg_output_end(call->out);
    return KTG_OK;
}

const struct ktg_command ktg_cmd_version = {
    .path = "version",
    .summary = {"which kentongan this is", "versi kentongan ini"},
    .examples = version_examples,
    .run = run_version,
};

/* ---- completion ---- */

static const char *const shells[] = {"bash", NULL};
static const struct ktg_parameter completion_operands[] = {
    {.name = "SHELL",
     .kind = KTG_VALUE_CHOICE,
     .choices = shells,
     .required = true,
     .help = {"bash", "bash"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example completion_examples[] = {
    {"kentongan completion bash > /etc/bash_completion.d/kentongan",
     {"for everybody", "untuk semua"}},
    {"kentongan completion bash", {"to look at it", "untuk melihatnya"}},
    KTG_END_EXAMPLES,
};

static int run_completion(struct ktg_call *call)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_help_bash(&b);
    return put(call, &b);
}

const struct ktg_command ktg_cmd_completion = {
    .path = "completion",
    .summary = {"a completion script for the shell", "skrip pelengkap untuk shell"},
    .operands = completion_operands,
    .examples = completion_examples,
    .run = run_completion,
};
