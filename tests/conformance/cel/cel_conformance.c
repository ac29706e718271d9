/* tests/conformance/cel/cel_conformance.c - where CEL's public conformance tests cover our subset, we agree with them.
 *
 * The suite is the test data of google/cel-spec (Apache-2.0), from a pinned package that `./dev` fetches; see
 * docs/adr/0021-conformance.md.  Every test of it is run: the table subset.def says what may come of those that do not
 * agree, exactly, so that what is mended cannot stay in the table, and what breaks cannot hide.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/buf.h"
#include "tests/conformance/cel/vector.h"

#define TESTS_LEAST 2000 /* version 0.25.1 has 2344 */
#define AGREE_LEAST 500

enum verdict { OUTSIDE, DIFFERS };

#define KTG_CEL_ROW(v, p, e, r) {v, p, e, r},
static const struct {
    enum verdict verdict;
    const char *paths, *pattern, *reason;
} rows[] = {
#include "tests/conformance/cel/subset.def"
};

struct tally {
    regex_t patterns[KTG_COUNT(rows)];
    int of_row[KTG_COUNT(rows)];
    int agree, outside, differs, wrong;
};

/* A text without what stands in its strings. */
static void put_bare(const char *at, struct ktg_buf *to)
{
    while (*at) {
        char quote[4] = {*at, 0};
        if (*at != '"' && *at != '\'') {
            ktg_buf_put(to, at++, 1);
            continue;
        }
        bool raw = to->size && (to->data[to->size - 1] | 0x20) == 'r';
        if (at[1] == *at && at[2] == *at)
            memset(quote, *at, 3);
        size_t n = strlen(quote);
        for (at += n; *at && strncmp(at, quote, n); at++)
            if (*at == '\\' && !raw && at[1])
                at++;
        at += *at ? n : 0;
        ktg_buf_put_str(to, quote);
        ktg_buf_put_str(to, quote);
    }
    ktg_buf_put_u8(to, 0);
}

/* The row that speaks for a test, or -1. */
static int row_of(struct tally *t, const char *path, const char *bare)
{
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        if (!fnmatch(rows[i].paths, path, 0) &&
            (!rows[i].pattern || !regexec(&t->patterns[i], bare, 0, NULL, 0)))
            return (int)i;
    return -1;
}

static void wrong(struct tally *t, const char *path, const char *expr, const char *say,
                  const char *what)
{
    t->wrong++;
    printf("%s\n  %s\n  %s\n  %s\n", path, expr, say, what);
}

static void run_test(struct tally *t, const char *path, const json_t *test)
{
    char say[300] = "";
    struct ktg_buf bare = KTG_BUF_INIT;
    const char *expr = json_string_value(json_object_get(test, "expr"));
    enum outcome outcome = vector_run(test, say);
    put_bare(expr, &bare);
    int row = row_of(t, path, (const char *)bare.data);
    ktg_buf_done(&bare);
    if (row < 0) {
        if (outcome == SAME || outcome == EARLY)
            t->agree++;
        else
            wrong(t, path, expr, say, "does not agree, and no row says why");
        return;
    }
    t->of_row[row]++;
    if (rows[row].verdict == OUTSIDE) {
        t->outside++;
        if (outcome != REFUSED && outcome != EARLY)
            wrong(t, path, expr, say, rows[row].reason);
    } else {
        t->differs++;
        if (outcome != REFUSED && outcome != OTHER)
            wrong(t, path, expr, say, rows[row].reason);
    }
}

static void run_suite(struct tally *t, const char *path, const json_t *suite)
{
    size_t i;
    json_t *x;
    char deeper[400];
    json_array_foreach(json_object_get(suite, "tests"), i, x)
    {
        const json_t *test = json_object_get(x, "original");
        snprintf(deeper, sizeof deeper, "%s/%s", path,
                 json_string_value(json_object_get(test, "name")));
        run_test(t, deeper, test);
    }
    json_array_foreach(json_object_get(suite, "suites"), i, x)
    {
        snprintf(deeper, sizeof deeper, "%s%s%s", path, *path ? "/" : "",
                 json_string_value(json_object_get(x, "name")));
        run_suite(t, deeper, x);
    }
}

static int failed(const struct tally *t)
{
    int bad = t->wrong;
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        if (!t->of_row[i]) {
            printf("no test fits the row %s %s: %s\n", rows[i].paths,
                   rows[i].pattern ? rows[i].pattern : "", rows[i].reason);
            bad++;
        }
    printf("%d agree, %d outside the subset, %d differ and say why, %d wrong\n", t->agree,
           t->outside, t->differs, bad);
    if (t->agree + t->outside + t->differs + t->wrong < TESTS_LEAST || t->agree < AGREE_LEAST) {
        printf("these are too few to be the suite\n");
        bad++;
    }
    return bad != 0;
}

int main(int argc, char **argv)
{
    static struct tally t;
    json_error_t error;
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!f) {
        printf("SKIP: CEL conformance (the package of its tests could not be fetched)\n");
        return 77;
    }
    json_t *suite = json_loadf(f, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    fclose(f);
    if (!suite) {
        printf("%s:%d: %s\n", argv[1], error.line, error.text);
        return 1;
    }
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        if (rows[i].pattern && regcomp(&t.patterns[i], rows[i].pattern, REG_EXTENDED | REG_NOSUB)) {
            printf("no pattern: %s\n", rows[i].pattern);
            return 1;
        }
    run_suite(&t, "", suite);
    int status = failed(&t);
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        if (rows[i].pattern)
            regfree(&t.patterns[i]);
    json_decref(suite);
    return status;
}
