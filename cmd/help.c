/* cmd/help.c - see help.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/help.h"

#include <string.h>

static const struct ktg_label about = {
    "Kentongan: events in, alerts out; nothing acknowledged is ever lost",
    "Kentongan: kejadian masuk, peringatan keluar; yang sudah diterima tidak pernah hilang",
};

static const char *say(struct ktg_label l, enum ktg_lang lang)
{
    return ktg_label_text(l, lang);
}

static void put_parameter(struct ktg_buf *to, const struct ktg_parameter *p, bool option)
{
    char value[96];
    ktg_parameter_stands_for(p, value, sizeof value);
    if (!option)
        ktg_buf_put_str(to, p->name);
    else if (p->kind == KTG_VALUE_FLAG)
        ktg_buf_printf(to, "--%s", p->name);
    else
        ktg_buf_printf(to, "--%s %s", p->name, value);
}

static void put_bracketed(struct ktg_buf *to, const struct ktg_parameter *p, bool option)
{
    ktg_buf_put_str(to, p->required ? " " : " [");
    put_parameter(to, p, option);
    ktg_buf_put_str(to, p->repeat ? " ..." : "");
    ktg_buf_put_str(to, p->required ? "" : "]");
}

void ktg_help_usage(const struct ktg_command *c, struct ktg_buf *to)
{
    ktg_buf_printf(to, "kentongan %s", c->path);
    for (const struct ktg_parameter *p = c->options; p && p->name; p++)
        put_bracketed(to, p, true);
    for (const struct ktg_parameter *p = c->operands; p && p->name; p++)
        put_bracketed(to, p, false);
}

/* "  -f, --from N       text" with the text from column 30 on. */
static void put_parameter_line(struct ktg_buf *to, const struct ktg_parameter *p, bool option,
                               enum ktg_lang lang)
{
    size_t start = to->size;
    ktg_buf_put_str(to, "  ");
    if (option)
        ktg_buf_printf(to, p->letter ? "-%c, " : "    ", p->letter);
    put_parameter(to, p, option);
    size_t used = to->size - start;
    if (used >= 29) { /* the text begins a line of its own */
        ktg_buf_put_str(to, "\n");
        used = 0;
    }
    ktg_buf_printf(to, "%*s%s", (int)(30 - used), "", say(p->help, lang));
    if (p->fallback)
        ktg_buf_printf(to, " [%s]", p->fallback);
    ktg_buf_put_str(to, "\n");
}

static void put_parameters(struct ktg_buf *to, const struct ktg_parameter *p, bool option,
                           enum ktg_lang lang, struct ktg_label title)
{
    if (!p || !p->name)
        return;
    ktg_buf_printf(to, "\n%s\n", say(title, lang));
    for (; p->name; p++)
        put_parameter_line(to, p, option, lang);
}

#define USAGE_COLUMNS 80

/* The usage in lines of a screen, broken between parameters. */
static void put_folded_usage(struct ktg_buf *to, const struct ktg_command *c, size_t used)
{
    const struct ktg_parameter *lists[] = {c->options, c->operands};
    ktg_buf_printf(to, "kentongan %s", c->path);
    used += strlen("kentongan ") + strlen(c->path);
    for (size_t i = 0; i < KTG_COUNT(lists); i++)
        for (const struct ktg_parameter *p = lists[i]; p && p->name; p++) {
            struct ktg_buf one = KTG_BUF_INIT;
            put_bracketed(&one, p, i == 0);
            if (used + one.size > USAGE_COLUMNS) {
                ktg_buf_put_str(to, "\n      ");
                used = 6;
            }
            ktg_buf_put(to, one.data, one.size);
            used += one.size;
            ktg_buf_done(&one);
        }
}

static const struct ktg_label of_times = {
    "A TIME is written 2026-03-01T09:00:00+07:00, or 2026-03-01: where that day begins in the "
    "zone\n"
    "of the setting time.zone.",
    "TIME (waktu) ditulis 2026-03-01T09:00:00+07:00, atau 2026-03-01: awal hari itu menurut zona\n"
    "dalam pengaturan time.zone."};

static bool takes_time(const struct ktg_command *c)
{
    for (const struct ktg_parameter *p = c->options; p && p->name; p++)
        if (p->kind == KTG_VALUE_INSTANT || p->kind == KTG_VALUE_SINCE)
            return true;
    return false;
}

void ktg_help_command(const struct ktg_command *c, struct ktg_buf *to, enum ktg_lang lang)
{
    const char *usage = say((struct ktg_label){"Usage:", "Pemakaian:"}, lang);
    ktg_buf_printf(to, "kentongan %s - %s\n\n%s ", c->path, say(c->summary, lang), usage);
    put_folded_usage(to, c, strlen(usage) + 1);
    ktg_buf_put_str(to, "\n");
    if (c->detail.en)
        ktg_buf_printf(to, "\n%s\n", say(c->detail, lang));
    put_parameters(to, c->operands, false, lang, (struct ktg_label){"Operands:", "Masukan:"});
    put_parameters(to, c->options, true, lang, (struct ktg_label){"Options:", "Opsi:"});
    put_parameters(to, ktg_command_globals(), true, lang,
                   (struct ktg_label){"Everywhere:", "Di mana saja:"});
    if (takes_time(c))
        ktg_buf_printf(to, "\n%s\n", say(of_times, lang));
    ktg_buf_printf(to, "\n%s\n", say((struct ktg_label){"Examples:", "Contoh:"}, lang));
    for (const struct ktg_example *e = c->examples; e && e->line; e++)
        ktg_buf_printf(to, "  %s\n      %s\n", e->line, say(e->what, lang));
}

void ktg_help_all(struct ktg_buf *to, enum ktg_lang lang)
{
    ktg_buf_printf(to, "%s\n\n", say(about, lang));
    for (size_t i = 0; ktg_command_at(i); i++)
        ktg_buf_printf(to, "  %-20s %s\n", ktg_command_at(i)->path,
                       say(ktg_command_at(i)->summary, lang));
    ktg_buf_printf(
        to, "\n%s\n",
        say((struct ktg_label){"kentongan help COMMAND tells more, with examples.",
                               "kentongan help PERINTAH menjelaskan lebih lanjut, dengan contoh."},
            lang));
}

/* ---- markdown ---- */

static void put_markdown_parameters(struct ktg_buf *to, const struct ktg_parameter *p, bool option,
                                    enum ktg_lang lang)
{
    for (; p && p->name; p++) {
        ktg_buf_put_str(to, "- `");
        if (option && p->letter)
            ktg_buf_printf(to, "-%c`, `", p->letter);
        put_parameter(to, p, option);
        ktg_buf_printf(to, "`%s: %s", p->required ? " (required)" : "", say(p->help, lang));
        if (p->fallback)
            ktg_buf_printf(to, " (default `%s`)", p->fallback);
        ktg_buf_put_str(to, "\n");
    }
}

void ktg_help_markdown(struct ktg_buf *to, enum ktg_lang lang)
{
    ktg_buf_put_str(to, "# Commands\n\nMade by `kentongan help --markdown`; do not edit.\n\n"
                        "Every command has:\n\n");
    put_markdown_parameters(to, ktg_command_globals(), true, lang);
    for (size_t i = 0; ktg_command_at(i); i++) {
        const struct ktg_command *c = ktg_command_at(i);
        ktg_buf_printf(to, "\n## %s\n%s\n\n    ", c->path, say(c->summary, lang));
        ktg_help_usage(c, to);
        ktg_buf_put_str(to, "\n\n");
        if (c->detail.en)
            ktg_buf_printf(to, "%s\n\n", say(c->detail, lang));
        put_markdown_parameters(to, c->operands, false, lang);
        put_markdown_parameters(to, c->options, true, lang);
        if (takes_time(c))
            ktg_buf_printf(to, "\n%s\n", say(of_times, lang));
        for (const struct ktg_example *e = c->examples; e && e->line; e++)
            ktg_buf_printf(to, "\n%s:\n\n    %s\n", say(e->what, lang), e->line);
    }
}

/* ---- man page ---- */

/* A line of text in mdoc: a leading dot or quote and backslashes mean something there. */
static void put_man_text(struct ktg_buf *to, const char *text)
{
    bool fresh = true;
    for (const char *p = text; *p; p++) {
        if (fresh && (*p == '.' || *p == '\''))
            ktg_buf_put_str(to, "\\&");
        if (*p == '\\')
            ktg_buf_put_str(to, "\\e");
        else
            ktg_buf_put_u8(to, (uint8_t)*p);
        fresh = *p == '\n';
    }
    ktg_buf_put_str(to, "\n");
}

static void put_man_parameters(struct ktg_buf *to, const struct ktg_parameter *p, bool option,
                               enum ktg_lang lang)
{
    if (!p || !p->name)
        return;
    ktg_buf_put_str(to, ".Bl -tag -width Ds\n");
    for (; p->name; p++) {
        struct ktg_buf head = KTG_BUF_INIT;
        put_parameter(&head, p, option);
        ktg_buf_put_str(to, ".It ");
        if (option && p->letter)
            ktg_buf_printf(to, "-%c, ", p->letter);
        put_man_text(to, ktg_buf_text(&head));
        put_man_text(to, say(p->help, lang));
        ktg_buf_done(&head);
    }
    ktg_buf_put_str(to, ".El\n");
}

void ktg_help_man(struct ktg_buf *to, enum ktg_lang lang)
{
    ktg_buf_printf(to,
                   ".Dd\n.Dt KENTONGAN 1\n.Os\n.Sh NAME\n.Nm kentongan\n.Nd %s\n.Sh SYNOPSIS\n"
                   ".Nm\n.Ar command\n.Op Ar options\n.Sh COMMON OPTIONS\n",
                   say(about, lang));
    put_man_parameters(to, ktg_command_globals(), true, lang);
    ktg_buf_put_str(to, ".Sh COMMANDS\n");
    for (size_t i = 0; ktg_command_at(i); i++) {
        const struct ktg_command *c = ktg_command_at(i);
        struct ktg_buf usage = KTG_BUF_INIT;
        ktg_help_usage(c, &usage);
        ktg_buf_printf(to, ".Ss %s\n", c->path);
        put_man_text(to, say(c->summary, lang));
        ktg_buf_put_str(to, ".Bd -literal\n");
        put_man_text(to, ktg_buf_text(&usage));
        ktg_buf_put_str(to, ".Ed\n");
        ktg_buf_done(&usage);
        if (c->detail.en)
            put_man_text(to, say(c->detail, lang));
        put_man_parameters(to, c->operands, false, lang);
        put_man_parameters(to, c->options, true, lang);
        if (takes_time(c))
            put_man_text(to, say(of_times, lang));
        ktg_buf_put_str(to, ".Bd -literal\n");
        for (const struct ktg_example *e = c->examples; e && e->line; e++)
            put_man_text(to, e->line);
        ktg_buf_put_str(to, ".Ed\n");
    }
    ktg_buf_put_str(to, ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n.It 0\nok\n.It 1\nnegative "
                        "result\n.It 2\nusage\n"
                        ".It 3\ninvalid input\n.It 4\nnot found\n.It 5\ndenied\n.It "
                        "6\nunreachable\n.It 7\nconflict\n"
                        ".It 75\ntry again later\n.It 130\ninterrupted\n.El\n");
}

/* ---- bash ---- */

static void put_words(struct ktg_buf *to, const struct ktg_parameter *p)
{
    for (; p && p->name; p++) {
        ktg_buf_printf(to, " --%s", p->name);
        if (p->letter)
            ktg_buf_printf(to, " -%c", p->letter);
    }
}

/* How bash fills in a value of this kind. */
static void put_filler(struct ktg_buf *to, const struct ktg_parameter *p)
{
    if (p->kind == KTG_VALUE_FILE)
        ktg_buf_put_str(to, "-f");
    else if (p->kind == KTG_VALUE_FOLDER)
        ktg_buf_put_str(to, "-d");
    else if (p->kind == KTG_VALUE_CHOICE) {
        ktg_buf_put_str(to, "-W '");
        for (size_t i = 0; p->choices[i]; i++)
            ktg_buf_printf(to, "%s%s", i ? " " : "", p->choices[i]);
        ktg_buf_put_str(to, "'");
    } else
        ktg_buf_put_str(to, "-W ''");
}

static void put_value_cases(struct ktg_buf *to, const char *path, const struct ktg_parameter *p)
{
    for (; p && p->name; p++) {
        if (p->kind == KTG_VALUE_FLAG)
            continue;
        ktg_buf_printf(to, "    '%s --%s'", path, p->name);
        if (p->letter)
            ktg_buf_printf(to, "|'%s -%c'", path, p->letter);
        ktg_buf_put_str(to, ") fill=\"");
        put_filler(to, p);
        ktg_buf_put_str(to, "\" ;;\n");
    }
}

/* Next words after each beginning of a path: "" -> journal rules ..., "journal" -> dump verify. */
static void put_next_words(struct ktg_buf *to, const char *prefix, size_t size)
{
    const char *last = "";
    size_t last_size = 0;
    for (size_t i = 0; ktg_command_at(i); i++) {
        const char *p = ktg_command_at(i)->path;
        if (size && (strncmp(p, prefix, size) != 0 || p[size] != ' '))
            continue;
        p += size ? size + 1 : 0;
        size_t n = strcspn(p, " ");
        if (n == last_size && memcmp(p, last, n) == 0)
            continue;
        ktg_buf_printf(to, " %.*s", (int)n, p);
        last = p;
        last_size = n;
    }
}

static bool leads(const char *path, size_t size)
{
    for (size_t i = 0; ktg_command_at(i); i++)
        if (strncmp(ktg_command_at(i)->path, path, size) == 0 &&
            ktg_command_at(i)->path[size] == ' ')
            return true;
    return false;
}

void ktg_help_bash(struct ktg_buf *to)
{
    ktg_buf_put_str(to, "# bash completion of kentongan; made by `kentongan completion bash`\n"
                        "_kentongan() {\n"
                        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
                        "path= word next options operand fill=\n"
                        "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                        "    case \"$path${path:+ }$word\" in\n");
    for (size_t i = 0; ktg_command_at(i); i++) {
        const char *p = ktg_command_at(i)->path;
        size_t n = strcspn(p, " ");
        if (p[n] && !(i && strncmp(ktg_command_at(i - 1)->path, p, n + 1) == 0))
            ktg_buf_printf(to, "    '%.*s'|'%s'", (int)n, p, p);
        else
            ktg_buf_printf(to, "    '%s'", p);
        ktg_buf_put_str(to, ") path=\"$path${path:+ }$word\" ;;\n");
    }
    ktg_buf_put_str(to, "    esac\n  done\n  case \"$path\" in\n    '') next='");
    put_next_words(to, "", 0);
    ktg_buf_put_str(to, "' ;;\n");
    for (size_t i = 0; ktg_command_at(i); i++) {
        const struct ktg_command *c = ktg_command_at(i);
        size_t n = strcspn(c->path, " ");
        if (c->path[n] && leads(c->path, n) &&
            !(i && strncmp(ktg_command_at(i - 1)->path, c->path, n + 1) == 0)) {
            ktg_buf_printf(to, "    '%.*s') next='", (int)n, c->path);
            put_next_words(to, c->path, n);
            ktg_buf_put_str(to, "' ;;\n");
        }
        ktg_buf_printf(to, "    '%s') options='", c->path);
        put_words(to, c->options);
        ktg_buf_put_str(to, "' operand=\"");
        if (c->operands && c->operands->name)
            put_filler(to, c->operands);
        ktg_buf_put_str(to, "\" ;;\n");
    }
    ktg_buf_put_str(to, "  esac\n  case \"$path $prev\" in\n");
    for (size_t i = 0; ktg_command_at(i); i++)
        put_value_cases(to, ktg_command_at(i)->path, ktg_command_at(i)->options);
    ktg_buf_put_str(to, "  esac\n  if [ -n \"$fill\" ]; then eval \"COMPREPLY=( \\$(compgen $fill "
                        "-- \\\"\\$cur\\\") )\"; return; fi\n"
                        "  case \"$cur\" in\n    -*) COMPREPLY=( $(compgen -W \"$options");
    put_words(to, ktg_command_globals());
    ktg_buf_put_str(
        to, "\" -- \"$cur\") ) ;;\n"
            "    *) if [ -n \"$next\" ]; then COMPREPLY=( $(compgen -W \"$next\" -- \"$cur\") )\n"
            "       elif [ -n \"$operand\" ]; then eval \"COMPREPLY=( \\$(compgen $operand -- "
            "\\\"\\$cur\\\") )\"; fi ;;\n"
            "  esac\n}\ncomplete -o filenames -F _kentongan kentongan\n");
}
