/* cmd/command.h - the table of commands, and what a command line says once read against it.
 *
 *     commands.def ──> rows ──┬─> parser          one row feeds them all, so they cannot disagree
 *      (one line each)        ├─> --help, help
 *                             ├─> completion
 *                             └─> man page, docs/reference/commands.md
 *
 * (1) A command is one row: its words, texts, options, operands, examples, function.
 *     It exists when it works.
 * (2) A value that reaches a command has passed the check of its kind (a number is a number).
 * (3) `--` ends the options; `-` is an operand (standard input); an option stands anywhere after
 *     the command's words.
 * (4) Options never change their meaning between releases and have no abbreviations.
 *
 * Pure but for the functions of the rows.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_COMMAND_H
#define KTG_CMD_COMMAND_H

#include "cmd/output.h"
#include "runtime/clock.h"

enum ktg_value_kind {
    KTG_VALUE_FLAG, /* no value */
    KTG_VALUE_TEXT,
    KTG_VALUE_NUMBER,   /* decimal, within least..most */
    KTG_VALUE_INSTANT,  /* RFC 3339 with a zone; or a day, which begins in the zone of the output */
    KTG_VALUE_SINCE,    /* the same, or a duration: so long before the end */
    KTG_VALUE_DURATION, /* "90s", "1d12h" */
    KTG_VALUE_FILE,
    KTG_VALUE_FOLDER,
    KTG_VALUE_CHOICE, /* one of `choices` */
};

struct ktg_parameter { /* an option, or an operand */
    const char *name;  /* option: "from" for --from; operand: as shown, "FILE" */
    char letter;       /* option: 'f' for -f; 0: none */
    enum ktg_value_kind kind;
    bool required, repeat;
    int64_t least, most;        /* NUMBER; both 0: 0 and above */
    const char *const *choices; /* CHOICE, ended by NULL */
    const char *stands_for;     /* "POSITION"; NULL: by kind */
    const char *fallback;       /* value when it is not given, or NULL */
    struct ktg_label help;
};

struct ktg_example {
    const char *line; /* "kentongan ...", may have a pipe behind it */
    struct ktg_label what;
};

struct ktg_call;
struct ktg_command {
    const char *path;                               /* its words: "journal dump" */
    struct ktg_label summary, detail;               /* one line; some lines, or NULLs */
    const struct ktg_parameter *options, *operands; /* each ended by a row without name; or NULL */
    const struct ktg_example *examples;             /* 1 to 4, ended by a row without line */
    /* 0 or a code with call->err; a negative result of a check that itself worked: call->negative.
     */
    int (*run)(struct ktg_call *call);
};

struct ktg_call {
    const struct ktg_command *command;
    struct ktg_output *out;
    struct ktg_err err;
    bool negative; /* exit status 1: "tests failed", "the journal is broken" */
    bool wants_help;
    const char *program;
    struct ktg_given {
        const struct ktg_parameter *parameter;
        const char *text;
    } * given;
    size_t given_count;
    const char **operands; /* as written, in order */
    size_t operand_count;
};

enum ktg_cmd_fault {
#define X(name, label, code, what, apa, next, langkah) KTG_CMD_##name,
#include "cmd/faults.def"
#undef X
    KTG_CMD_FAULTS
};
extern const struct ktg_fault ktg_cmd_faults[KTG_CMD_FAULTS]; /* a command line, an installation */

/* Rows in the order of help; NULL: no more. */
const struct ktg_command *ktg_command_at(size_t i);
/* The options that every command has: help, lang, json, table, quiet. */
const struct ktg_parameter *ktg_command_globals(void);
const struct ktg_command *ktg_command_find(const char *path); /* exactly; NULL: none */

/* Read the words after the program's name.  *call must be zeroed but for `out` and `program`; views
 * into argv. KTG_EUSAGE names what is wrong and the nearest right word. */
KTG_MUST_CHECK int ktg_call_parse(struct ktg_call *call, int argc, char *const *argv);
void ktg_call_done(struct ktg_call *call);

bool ktg_call_flag(const struct ktg_call *call, const char *name);
const char *ktg_call_text(const struct ktg_call *call,
                          const char *name); /* given, or fallback, or NULL */
const char *ktg_call_nth(const struct ktg_call *call, const char *name,
                         size_t n); /* of a repeated option; NULL: no more */
int64_t ktg_call_number(const struct ktg_call *call, const char *name, int64_t otherwise);
ktg_time ktg_call_instant(const struct ktg_call *call, const char *name, ktg_time otherwise);
/* Of a SINCE: a duration counts back from `end`. */
ktg_time ktg_call_since(const struct ktg_call *call, const char *name, ktg_time end);
ktg_time ktg_call_duration(const struct ktg_call *call, const char *name, ktg_time otherwise);
const char *ktg_call_operand(const struct ktg_call *call, size_t n); /* NULL: not given */

/* End a call with a failure of this room; where, got and want as in ktg_err_fault(). */
int ktg_call_fail(struct ktg_call *call, enum ktg_cmd_fault fault, const char *where,
                  const char *got, const char *want);

int ktg_call_too_many(struct ktg_err *err, const char *where, int most);

/* What stands for the value of a parameter in help: "FILE", "N", "en|id". */
void ktg_parameter_stands_for(const struct ktg_parameter *p, char *to, size_t size);

#define KTG_END_PARAMETERS \
    {                      \
        .name = NULL       \
    }
#define KTG_END_EXAMPLES \
    {                    \
        .line = NULL     \
    }

#endif
