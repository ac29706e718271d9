/* cmd/junit.c - see junit.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/junit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_text(struct ktg_buf *to, struct ktg_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        const char *name = c == '&'   ? "&amp;"
                           : c == '<' ? "&lt;"
                           : c == '>' ? "&gt;"
                           : c == '"' ? "&quot;"
                                      : NULL;
        if (name)
            ktg_buf_put_str(to, name);
        else
            ktg_buf_put_u8(to, c >= 0x20 || c == '\n' || c == '\t' ? c : '?');
    }
}

static void put_attribute(struct ktg_buf *to, const char *name, struct ktg_bytes text)
{
    ktg_buf_printf(to, " %s=\"", name);
    put_text(to, text);
    ktg_buf_put_str(to, "\"");
}

static void put_time(struct ktg_buf *to, int64_t us)
{
    ktg_buf_printf(to, " time=\"%" PRId64 ".%06d\"", us / 1000000, (int)(us % 1000000));
}

static void end_suite(struct ktg_junit *j)
{
    if (!j->tests)
        return;
    ktg_buf_put_str(&j->suites, "  <testsuite");
    put_attribute(&j->suites, "name", ktg_buf_view(&j->suite));
    ktg_buf_printf(&j->suites, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\"",
                   j->tests, j->failures);
    put_time(&j->suites, j->us);
    put_attribute(&j->suites, "file", ktg_buf_view(&j->file));
    ktg_buf_put_str(&j->suites, ">\n");
    ktg_buf_put_bytes(&j->suites, ktg_buf_view(&j->cases));
    ktg_buf_put_str(&j->suites, "  </testsuite>\n");
    j->suites.bad |= j->cases.bad || j->suite.bad || j->file.bad;
    j->all_tests += j->tests;
    j->all_failures += j->failures;
    j->all_us += j->us;
    j->tests = j->failures = 0;
    j->us = 0;
    ktg_buf_clear(&j->cases);
}

static struct ktg_bytes first_line(struct ktg_bytes text)
{
    const uint8_t *end = text.size ? memchr(text.data, '\n', text.size) : NULL;
    return ktg_bytes(text.data, end ? (size_t)(end - text.data) : text.size);
}

void ktg_junit_add(struct ktg_junit *j, const struct ktg_junit_case *c)
{
    struct ktg_buf *to = &j->cases;
    char line[24];
    if (strcmp(ktg_buf_text(&j->suite), c->suite) != 0) {
        end_suite(j);
        ktg_buf_clear(&j->suite);
        ktg_buf_put_str(&j->suite, c->suite);
        ktg_buf_clear(&j->file);
        ktg_buf_put_str(&j->file, c->file);
    }
    snprintf(line, sizeof line, "%d", c->line);
    ktg_buf_put_str(to, "    <testcase");
    put_attribute(to, "name", ktg_bytes_str(c->name));
    put_attribute(to, "classname", ktg_bytes_str(c->suite));
    put_attribute(to, "file", ktg_bytes_str(c->file));
    put_attribute(to, "line", ktg_bytes_str(line));
    put_time(to, c->us);
    if (c->passed) {
        ktg_buf_put_str(to, "/>\n");
    } else {
        ktg_buf_put_str(to, ">\n      <failure type=\"failure\"");
        put_attribute(to, "message", first_line(c->report));
        ktg_buf_put_str(to, ">");
        put_text(to, c->report);
        ktg_buf_put_str(to, "</failure>\n    </testcase>\n");
    }
    j->tests++;
    j->failures += !c->passed;
    j->us += c->us;
}

int ktg_junit_end(struct ktg_junit *j, struct ktg_buf *to)
{
    end_suite(j);
    ktg_buf_printf(to,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rules\" "
                   "tests=\"%zu\" failures=\"%zu\" errors=\"0\"",
                   j->all_tests, j->all_failures);
    put_time(to, j->all_us);
    ktg_buf_put_str(to, ">\n");
    ktg_buf_put_bytes(to, ktg_buf_view(&j->suites));
    ktg_buf_put_str(to, "</testsuites>\n");
    int rc = j->suites.bad ? KTG_ENOMEM : ktg_buf_check(to);
    ktg_buf_done(&j->suites);
    ktg_buf_done(&j->cases);
    ktg_buf_done(&j->suite);
    ktg_buf_done(&j->file);
    return rc;
}
