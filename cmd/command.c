/* cmd/command.c - see command.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/command.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/civil.h"
#include "runtime/mem.h"
#include "runtime/yaml/yaml.h" /* ktg_yaml_nearest */

#define X(name) extern const struct ktg_command ktg_cmd_##name;
#include "cmd/commands.def"
#undef X

static const struct ktg_command *const table[] = {
#define X(name) &ktg_cmd_##name,
#include "cmd/commands.def"
#undef X
};

static const char *const langs[] = {"en", "id", NULL};
static const struct ktg_parameter globals[] = {
    {.name = "help",
     .letter = 'h',
     .help = {"show help and stop", "tampilkan bantuan lalu berhenti"}},
    {.name = "lang",
     .kind = KTG_VALUE_CHOICE,
     .choices = langs,
     .help = {"language of messages", "bahasa pesan"}},
    {.name = "json",
     .help = {"one JSON object a line, also on a terminal",
              "satu objek JSON per baris, juga di terminal"}},
    {.name = "table",
     .help = {"an aligned table, also in a pipe", "tabel rapi, juga di dalam pipa"}},
    {.name = "quiet",
     .letter = 'q',
     .help = {"no messages, only data and errors", "tanpa pesan, hanya data dan galat"}},
    KTG_END_PARAMETERS,
};

const struct ktg_fault ktg_cmd_faults[KTG_CMD_FAULTS] = {
#define X(name, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "cmd/faults.def"
#undef X
};

int ktg_call_fail(struct ktg_call *call, enum ktg_cmd_fault fault, const char *where,
                  const char *got, const char *want)
{
    return ktg_err_fault(&call->err, &ktg_cmd_faults[fault], where, got, want);
}

int ktg_call_too_many(struct ktg_err *err, const char *where, int most)
{
    char want[48];
    snprintf(want, sizeof want, "at most %d", most);
    return ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_TOO_MANY], where, NULL, want);
}

const struct ktg_command *ktg_command_at(size_t i)
{
    return i < KTG_COUNT(table) ? table[i] : NULL;
}
const struct ktg_parameter *ktg_command_globals(void)
{
    return globals;
}

const struct ktg_command *ktg_command_find(const char *path)
{
    for (size_t i = 0; i < KTG_COUNT(table); i++)
        if (strcmp(table[i]->path, path) == 0)
            return table[i];
    return NULL;
}

void ktg_parameter_stands_for(const struct ktg_parameter *p, char *to, size_t size)
{
    static const char *const by_kind[] = {
        [KTG_VALUE_FLAG] = "",
        [KTG_VALUE_TEXT] = "TEXT",
        [KTG_VALUE_NUMBER] = "N",
        [KTG_VALUE_INSTANT] = "TIME",
        [KTG_VALUE_SINCE] = "TIME|DURATION",
        [KTG_VALUE_DURATION] = "DURATION",
        [KTG_VALUE_FILE] = "FILE",
        [KTG_VALUE_FOLDER] = "DIR",
        [KTG_VALUE_CHOICE] = "",
    };
    if (p->stands_for || p->kind != KTG_VALUE_CHOICE) {
        snprintf(to, size, "%s", p->stands_for ? p->stands_for : by_kind[p->kind]);
        return;
    }
    size_t n = 0;
    to[0] = 0;
    for (size_t i = 0; p->choices[i] && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%s%s", i ? "|" : "", p->choices[i]);
}

/* ---- reading a command line ---- */

static const char *where(const struct ktg_call *call)
{
    return call->command ? call->command->path : "";
}

static int fail(struct ktg_call *call, enum ktg_cmd_fault f, const char *got, const char *want)
{
    return ktg_err_fault(&call->err, &ktg_cmd_faults[f], where(call), got, want);
}

/* Does `path` begin with the words that were given (count of them)?  *ret_whole: it has no more. */
static bool begins_with(const char *path, char *const *words, size_t count, bool *ret_whole)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(words[i]);
        if (strncmp(path, words[i], n) != 0 || (path[n] != ' ' && path[n] != 0))
            return false;
        path += n;
        if (*path == ' ')
            path++;
        else if (i + 1 < count)
            return false;
    }
    *ret_whole = *path == 0;
    return true;
}

/* The words that may stand at place `count`, after the words given so far; for "did you mean". */
static size_t next_words(char *const *words, size_t count, char (*to)[32], const char **list,
                         size_t max)
{
    size_t n = 0;
    bool whole;
    for (size_t i = 0; i < KTG_COUNT(table) && n + 1 < max; i++) {
        if (count && !begins_with(table[i]->path, words, count, &whole))
            continue;
        const char *p = table[i]->path;
        for (size_t k = 0; k < count; k++) {
            p += strcspn(p, " ");
            p += *p == ' ';
        }
        snprintf(to[n], sizeof to[n], "%.*s", (int)strcspn(p, " "), p);
        if (to[n][0] && (n == 0 || strcmp(to[n], to[n - 1]) != 0)) {
            list[n] = to[n];
            n++;
        }
    }
    list[n] = NULL;
    return n;
}

static int fail_command(struct ktg_call *call, char *const *words, size_t known, const char *wrong)
{
    char names[64][32];
    const char *list[64];
    next_words(words, known, names, list, KTG_COUNT(list));
    const char *near = wrong ? ktg_yaml_nearest(wrong, list) : NULL;
    if (wrong && near)
        return fail(call, KTG_CMD_NO_COMMAND, wrong, near);
    if (!known)
        return fail(call, KTG_CMD_NO_COMMAND, wrong, NULL);
    char all[96] = "";
    for (size_t i = 0, n = 0; list[i] && n < sizeof all; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? ", " : "", list[i]);
    ktg_err_fault(&call->err, &ktg_cmd_faults[wrong ? KTG_CMD_NO_COMMAND : KTG_CMD_HALF_COMMAND],
                  words[0], wrong, all);
    return KTG_EUSAGE;
}

/* Find the row whose path is the longest run of leading words.  *ret_used: how many words it took.
 */
static int find_command(struct ktg_call *call, char *const *words, size_t count, size_t *ret_used)
{
    size_t known = 0; /* words that lead somewhere */
    for (size_t n = 1; n <= count && n <= 3; n++) {
        bool leads = false, whole = false;
        for (size_t i = 0; i < KTG_COUNT(table); i++)
            if (begins_with(table[i]->path, words, n, &whole)) {
                leads = true;
                if (whole) {
                    call->command = table[i];
                    *ret_used = n;
                }
            }
        if (!leads)
            break;
        known = n;
    }
    if (call->command)
        return KTG_OK;
    return fail_command(call, words, known, known < count ? words[known] : NULL);
}

static const struct ktg_parameter *option_in(const struct ktg_parameter *p, const char *name,
                                             size_t size, char letter)
{
    for (; p && p->name; p++)
        if (letter ? p->letter == letter
                   : strlen(p->name) == size && memcmp(p->name, name, size) == 0)
            return p;
    return NULL;
}

static const struct ktg_parameter *find_option(const struct ktg_call *call, const char *name,
                                               size_t size, char letter)
{
    const struct ktg_parameter *p =
        call->command ? option_in(call->command->options, name, size, letter) : NULL;
    return p ? p : option_in(globals, name, size, letter);
}

static int fail_option(struct ktg_call *call, const char *got)
{
    const char *list[64];
    size_t n = 0;
    if (call->command)
        for (const struct ktg_parameter *p = call->command->options; p && p->name; p++)
            list[n++] = p->name;
    for (const struct ktg_parameter *p = globals; p->name; p++)
        list[n++] = p->name;
    assert(n < KTG_COUNT(list));
    list[n] = NULL;
    char bare[48], want[48];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(got + strspn(got, "-"), "="),
             got + strspn(got, "-"));
    const char *near = strncmp(got, "--", 2) == 0 ? ktg_yaml_nearest(bare, list) : NULL;
    snprintf(want, sizeof want, "--%s", near ? near : "");
    return fail(call, KTG_CMD_NO_OPTION, got, near ? want : NULL);
}

static bool number_fits(const struct ktg_parameter *p, const char *text, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || text[0] == '+' || text[0] == ' ')
        return false;
    bool bounded = p->least || p->most;
    if (bounded ? v < p->least || v > p->most : v < 0)
        return false;
    *ret = v;
    return true;
}

static int check_value(struct ktg_call *call, const struct ktg_parameter *p, const char *text,
                       bool option)
{
    char want[sizeof call->err.want] = "";
    ktg_time t;
    int64_t number;
    bool fits = true;
    switch (p->kind) {
    case KTG_VALUE_NUMBER:
        fits = number_fits(p, text, &number);
        if (p->least || p->most)
            snprintf(want, sizeof want, "a number, %lld to %lld", (long long)p->least,
                     (long long)p->most);
        else
            snprintf(want, sizeof want, "a number");
        break;
    case KTG_VALUE_INSTANT:
        fits = ktg_moment_parse(ktg_bytes_str(text), 0, &t) == KTG_OK;
        snprintf(want, sizeof want,
                 "a time with a zone, as 2026-03-01T09:00:00+07:00, or a day, as 2026-03-01");
        break;
    case KTG_VALUE_SINCE:
        fits = ktg_moment_parse(ktg_bytes_str(text), 0, &t) == KTG_OK ||
               ktg_duration_parse(ktg_bytes_str(text), &t) == KTG_OK;
        snprintf(
            want, sizeof want,
            "a time, as 2026-03-01T09:00:00+07:00, a day, as 2026-03-01, or a duration, as 90d");
        break;
    case KTG_VALUE_DURATION:
        fits = ktg_duration_parse(ktg_bytes_str(text), &t) == KTG_OK;
        snprintf(want, sizeof want, "a duration, as 90s, 10m, 24h, 30d");
        break;
    case KTG_VALUE_CHOICE:
        fits = false;
        for (size_t i = 0; p->choices[i]; i++)
            fits |= strcmp(p->choices[i], text) == 0;
        ktg_parameter_stands_for(p, want, sizeof want);
        break;
    case KTG_VALUE_TEXT:
    case KTG_VALUE_FILE:
    case KTG_VALUE_FOLDER:
        fits = text[0] != 0;
        snprintf(want, sizeof want, "a text that is not empty");
        break;
    case KTG_VALUE_FLAG:
        break;
    }
    if (fits)
        return KTG_OK;
    char got[96];
    snprintf(got, sizeof got, "%s%s %s", option ? "--" : "", p->name, text);
    return fail(call, KTG_CMD_BAD_VALUE, got, want);
}

static int give(struct ktg_call *call, const struct ktg_parameter *p, const char *text)
{
    for (size_t i = 0; i < call->given_count; i++)
        if (call->given[i].parameter == p && !p->repeat && p->kind != KTG_VALUE_FLAG)
            return fail(call, KTG_CMD_TWICE, p->name, NULL);
    int rc = check_value(call, p, text, true);
    if (rc)
        return rc;
    call->given[call->given_count++] = (struct ktg_given){p, text};
    return KTG_OK;
}

/* Words still to read. */
struct words {
    char *const *at;
    size_t left;
};

static int read_long(struct ktg_call *call, struct words *w)
{
    const char *word = w->at[0], *name = word + 2, *equals = strchr(name, '=');
    const struct ktg_parameter *p =
        find_option(call, name, equals ? (size_t)(equals - name) : strlen(name), 0);
    w->at++;
    w->left--;
    if (!p)
        return fail_option(call, word);
    if (p->kind == KTG_VALUE_FLAG)
        return equals ? fail(call, KTG_CMD_EXTRA_VALUE, word, NULL) : give(call, p, "");
    if (equals)
        return give(call, p, equals + 1);
    if (w->left == 0)
        return fail(call, KTG_CMD_NO_VALUE, word, NULL);
    w->left--;
    return give(call, p, *w->at++);
}

static int read_letters(struct ktg_call *call, struct words *w)
{
    const char *word = w->at[0];
    w->at++;
    w->left--;
    for (const char *c = word + 1; *c; c++) {
        const struct ktg_parameter *p = find_option(call, NULL, 0, *c);
        if (!p)
            return fail_option(call, word);
        if (p->kind !=
            KTG_VALUE_FLAG) { /* the rest of the word, else the next word, is the value */
            if (c[1])
                return give(call, p, c + 1);
            if (w->left == 0)
                return fail(call, KTG_CMD_NO_VALUE, word, NULL);
            w->left--;
            return give(call, p, *w->at++);
        }
        int rc = give(call, p, "");
        if (rc)
            return rc;
    }
    return KTG_OK;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1];
}

static int read_options(struct ktg_call *call, struct words *w, bool stop_at_word)
{
    while (w->left) {
        const char *word = w->at[0];
        int rc = KTG_OK;
        if (strcmp(word, "--") == 0) {
            for (w->at++, w->left--; w->left; w->at++, w->left--)
                call->operands[call->operand_count++] = w->at[0];
            return KTG_OK;
        }
        if (!is_option(word)) {
            if (stop_at_word)
                return KTG_OK;
            call->operands[call->operand_count++] = word;
            w->at++;
            w->left--;
        } else {
            rc = word[1] == '-' ? read_long(call, w) : read_letters(call, w);
        }
        if (rc)
            return rc;
    }
    return KTG_OK;
}

static int check_complete(struct ktg_call *call)
{
    for (const struct ktg_parameter *p = call->command->options; p && p->name; p++)
        if (p->required && !ktg_call_text(call, p->name)) {
            char want[64];
            snprintf(want, sizeof want, "--%s", p->name);
            return fail(call, KTG_CMD_OPTION_MISSING, NULL, want);
        }
    size_t n = 0;
    const struct ktg_parameter *last = NULL;
    for (const struct ktg_parameter *p = call->command->operands; p && p->name; p++, n++) {
        last = p;
        if (p->required && n >= call->operand_count)
            return fail(call, KTG_CMD_OPERAND_MISSING, NULL, p->name);
    }
    if (call->operand_count > n && !(last && last->repeat))
        return fail(call, KTG_CMD_EXTRA_OPERAND, call->operands[n], NULL);
    const struct ktg_parameter *p = call->command->operands;
    for (size_t i = 0; i < call->operand_count; i++) {
        int rc = check_value(call, p, call->operands[i], false);
        if (rc)
            return rc;
        if (p[1].name)
            p++;
    }
    return KTG_OK;
}

static void obey_globals(struct ktg_call *call)
{
    for (size_t i = 0; i < call->given_count; i++) {
        const struct ktg_given *g = &call->given[i];
        if (g->parameter == &globals[0])
            call->wants_help = true;
        else if (g->parameter == &globals[1])
            call->out->lang = strcmp(g->text, "id") == 0 ? KTG_LANG_ID : KTG_LANG_EN;
        else if (g->parameter == &globals[2])
            ktg_output_choose(call->out, KTG_OUTPUT_JSON);
        else if (g->parameter == &globals[3])
            ktg_output_choose(call->out, KTG_OUTPUT_TABLE);
        else if (g->parameter == &globals[4])
            call->out->quiet = true;
    }
}

/* What is wrong in front of --lang is told in that language, too. */
static void hear_language(struct ktg_call *call, char *const *argv, size_t count)
{
    for (size_t i = 0; i < count && strcmp(argv[i], "--") != 0; i++) {
        bool alone = strcmp(argv[i], "--lang") == 0 && i + 1 < count;
        const char *value = alone                                 ? argv[i + 1]
                            : strncmp(argv[i], "--lang=", 7) == 0 ? argv[i] + 7
                                                                  : "";
        for (int lang = 0; langs[lang]; lang++)
            if (strcmp(value, langs[lang]) == 0)
                call->out->lang = lang ? KTG_LANG_ID : KTG_LANG_EN;
    }
}

/* `rules --help`, where `rules` wants another word: the words are those of `help rules`. */
static bool asks_about_group(struct ktg_call *call, const struct words *w, size_t words)
{
    const char *next = words && words < w->left ? w->at[words] : "";
    bool leads = false, whole = false, is = false;
    for (size_t i = 0; i < KTG_COUNT(table) && !whole; i++)
        if (begins_with(table[i]->path, w->at, words, &is)) {
            leads = true;
            whole = is;
        }
    if (!leads || whole || (strcmp(next, "--help") != 0 && strcmp(next, "-h") != 0))
        return false;
    for (size_t i = 0; i < KTG_COUNT(table); i++)
        if (strcmp(table[i]->path, "help") == 0)
            call->command = table[i];
    for (size_t i = 0; i < words; i++)
        call->operands[call->operand_count++] = w->at[i];
    return true;
}

int ktg_call_parse(struct ktg_call *call, int argc, char *const *argv)
{
    size_t letters = 0,
           count = argc < 0 ? 0 : (size_t)argc; /* no word gives more options than it has letters */
    for (size_t i = 0; i < count; i++)
        letters += strlen(argv[i]) + 1;
    call->given = ktg_calloc(letters + 1, sizeof *call->given);
    call->operands = ktg_calloc(count + 1, sizeof *call->operands);
    if (!call->given || !call->operands)
        return KTG_ENOMEM;

    hear_language(call, argv, count);
    struct words w = {argv, count};
    int rc = read_options(call, &w, true); /* before the command: globals only */
    obey_globals(call);
    if (rc || (call->wants_help && !w.left))
        return rc;
    size_t words = 0, used = 0;
    while (words < w.left && !is_option(w.at[words]))
        words++;
    if (asks_about_group(call, &w, words))
        return KTG_OK;
    rc =
        words ? find_command(call, w.at, words, &used) : fail(call, KTG_CMD_NO_COMMAND, NULL, NULL);
    if (rc)
        return rc;
    w.at += used;
    w.left -= used;
    rc = read_options(call, &w, false);
    obey_globals(call);
    if (rc || call->wants_help)
        return rc;
    return check_complete(call);
}

void ktg_call_done(struct ktg_call *call)
{
    ktg_free(call->given);
    ktg_free(call->operands);
    call->given = NULL;
    call->operands = NULL;
    call->given_count = call->operand_count = 0;
}

/* ---- asking ---- */

const char *ktg_call_nth(const struct ktg_call *call, const char *name, size_t n)
{
    for (size_t i = 0; i < call->given_count; i++)
        if (strcmp(call->given[i].parameter->name, name) == 0 && n-- == 0)
            return call->given[i].text;
    return NULL;
}

const char *ktg_call_text(const struct ktg_call *call, const char *name)
{
    const char *given = ktg_call_nth(call, name, 0);
    if (given)
        return given;
    const struct ktg_parameter *p = find_option(call, name, strlen(name), 0);
    assert(p); /* a command asks only for options of its row */
    return p->fallback;
}

bool ktg_call_flag(const struct ktg_call *call, const char *name)
{
    return ktg_call_text(call, name) != NULL;
}

int64_t ktg_call_number(const struct ktg_call *call, const char *name, int64_t otherwise)
{
    const char *text = ktg_call_text(call, name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

ktg_time ktg_call_instant(const struct ktg_call *call, const char *name, ktg_time otherwise)
{
    const char *text = ktg_call_text(call, name);
    ktg_time t = otherwise;
    return text && ktg_moment_parse(ktg_bytes_str(text), call->out->zone, &t) ? otherwise : t;
}

ktg_time ktg_call_since(const struct ktg_call *call, const char *name, ktg_time end)
{
    const char *text = ktg_call_text(call, name);
    ktg_time back;
    return text && !ktg_duration_parse(ktg_bytes_str(text), &back)
               ? end - back
               : ktg_call_instant(call, name, end);
}

ktg_time ktg_call_duration(const struct ktg_call *call, const char *name, ktg_time otherwise)
{
    const char *text = ktg_call_text(call, name);
    ktg_time t = otherwise;
    return text && ktg_duration_parse(ktg_bytes_str(text), &t) ? otherwise : t;
}

const char *ktg_call_operand(const struct ktg_call *call, size_t n)
{
    return n < call->operand_count ? call->operands[n] : NULL;
}
