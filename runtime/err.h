/* runtime/err.h - codes that tell the caller what to do, and the text that tells a person what happened.
 *
 * A function that can fail returns 0 or one negative code, and writes its text into a trailing
 * `struct ktg_err *` (which may be NULL).  The text grows outwards: "ingest: journal: no space left".
 * A *fault* is a failure that people meet often enough to have a name: the name is stable, is written in
 * the documentation, and carries what, where, got, wanted and what to do next.
 *
 * Pure.  Floor 0, depends on nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_ERR_H
#define KTG_RUNTIME_ERR_H

#include <stddef.h>

#define KTG_MUST_CHECK   __attribute__((warn_unused_result))
#define KTG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define KTG_COUNT(a)     (sizeof(a) / sizeof *(a))

/* name, value, what the caller should do, exit status of a command that ends with it (UX.md section 4) */
#define KTG_CODE_MAP(X)                             \
    X(OK, 0, "done", 0)                             \
    X(EAGAIN, -1, "try again later", 75)            \
    X(EINVALID, -2, "return it to the sender", 3)   \
    X(EDENIED, -3, "not allowed", 5)                \
    X(EFULL, -4, "push back", 75)                   \
    X(ECORRUPT, -5, "stop and call a person", 1)    \
    X(ENOMEM, -6, "out of memory", 75)              \
    X(ENOTFOUND, -7, "there is no such thing", 4)   \
    X(ECONFLICT, -8, "somebody was there first", 7) \
    X(EIO, -9, "the disk failed: stop", 1)          \
    X(EUNREACHABLE, -10, "nobody answers", 6)       \
    X(EUSAGE, -11, "ask differently", 2)

enum ktg_code {
#define X(name, value, text, status) KTG_##name = value,
    KTG_CODE_MAP(X)
#undef X
};

/* A failure with a name.  Tables of these are the rooms' faults.def files. */
struct ktg_fault {
    const char *name;    /* stable, kebab-case */
    int code;            /* enum ktg_code */
    const char *what;    /* English, one clause */
    const char *apa;     /* Indonesian, the same clause */
    const char *next;    /* what to do next, English */
    const char *langkah; /* the same, Indonesian */
};

struct ktg_err {
    int code;
    const struct ktg_fault *fault; /* NULL: a plain failure */
    char where[96], got[96], want[96];
    char text[512]; /* the whole story for a person */
};

#define KTG_ERR_INIT \
    {                \
        0            \
    }

/* As KTG_ERR_INIT, without writing to all of it: for what is made a million times a second. */
static inline void ktg_err_clear(struct ktg_err *err)
{
    err->code = 0;
    err->fault = NULL;
    err->where[0] = err->got[0] = err->want[0] = err->text[0] = 0;
}
/* Write the text and return `code`.  err may be NULL. */
int ktg_err_set(struct ktg_err *err, int code, const char *format, ...) KTG_PRINTF(3, 4);
/* Put "PREFIX: " before the text that is there, unless it begins so; keep fault and code, and return the code. */
int ktg_err_wrap(struct ktg_err *err, int code, const char *format, ...) KTG_PRINTF(3, 4);
/* A named failure; where, got and want may be NULL and are cut to fit.  Returns fault->code. */
int ktg_err_fault(struct ktg_err *err, const struct ktg_fault *fault, const char *where,
                  const char *got, const char *want);

int ktg_code_of_errno(
    int number); /* of a path that was asked for: not there, not allowed, no room; else EIO */
const char *ktg_code_name(int code);   /* "EINVALID"; "E?" for an unknown one */
const char *ktg_code_advice(int code); /* "return it to the sender" */
int ktg_code_exit_status(int code);    /* 0..75 */

#endif
