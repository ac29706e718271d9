/* runtime/err.c - see err.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int ktg_err_set(struct ktg_err *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    *err = (struct ktg_err){.code = code};
    va_list ap;
    va_start(ap, format);
    vsnprintf(err->text, sizeof err->text, format, ap);
    va_end(ap);
    return code;
}

int ktg_err_wrap(struct ktg_err *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    char inner[sizeof err->text];
    memcpy(inner, err->text, sizeof inner);
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(err->text, sizeof err->text, format, ap);
    va_end(ap);
    size_t own = n < 0 ? 0 : (size_t)n;
    if (own < sizeof inner && strncmp(inner, err->text, own) == 0 && inner[own] == ':')
        memcpy(err->text, inner, sizeof inner); /* it says so already */
    else if (own < sizeof err->text && inner[0])
        snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", inner);
    err->code = code;
    return code;
}

static void put(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

int ktg_err_fault(struct ktg_err *err, const struct ktg_fault *fault, const char *where,
                  const char *got, const char *want)
{
    if (!err)
        return fault->code;
    *err = (struct ktg_err){.code = fault->code, .fault = fault};
    put(err->where, sizeof err->where, where);
    put(err->got, sizeof err->got, got);
    put(err->want, sizeof err->want, want);
    size_t n = 0;
    const struct {
        const char *before, *text, *after;
    } parts[] = {
        {"", err->where, ": "},       {"", fault->what, ""},   {" (got ", err->got, ")"},
        {"; wanted ", err->want, ""}, {". ", fault->next, ""}, {" [", fault->name, "]"},
    };
    for (size_t i = 0; i < KTG_COUNT(parts) && n < sizeof err->text; i++)
        if (parts[i].text && parts[i].text[0])
            n += (size_t)snprintf(err->text + n, sizeof err->text - n, "%s%s%s", parts[i].before,
                                  parts[i].text, parts[i].after);
    return fault->code;
}

static const struct {
    int code;
    const char *name, *advice;
    int status;
} codes[] = {
#define X(name, value, text, status) {value, #name, text, status},
    KTG_CODE_MAP(X)
#undef X
};

int ktg_code_of_errno(int number)
{
    static const struct {
        int number, code;
    } meanings[] = {{ENOENT, KTG_ENOTFOUND}, {ENOTDIR, KTG_ENOTFOUND}, {EACCES, KTG_EDENIED},
                    {EPERM, KTG_EDENIED},    {EROFS, KTG_EDENIED},     {ENOSPC, KTG_EFULL},
                    {EDQUOT, KTG_EFULL},     {ENOMEM, KTG_ENOMEM}};
    for (size_t i = 0; i < KTG_COUNT(meanings); i++)
        if (meanings[i].number == number)
            return meanings[i].code;
    return KTG_EIO;
}

const char *ktg_code_name(int code)
{
    for (size_t i = 0; i < KTG_COUNT(codes); i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "E?";
}

const char *ktg_code_advice(int code)
{
    for (size_t i = 0; i < KTG_COUNT(codes); i++)
        if (codes[i].code == code)
            return codes[i].advice;
    return "unknown code";
}

int ktg_code_exit_status(int code)
{
    for (size_t i = 0; i < KTG_COUNT(codes); i++)
        if (codes[i].code == code)
            return codes[i].status;
    return 1;
}
