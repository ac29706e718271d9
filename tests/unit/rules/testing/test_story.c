/* tests/unit/rules/testing/test_story.c - what a heartbeat in a test vouches for, and what is no line of one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "rules/testing/story.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

#define DAY "2026-03-01T09:00"

static const struct {
    const char *line;
    const char *types[3]; /* what it says that the source sends */
    const char *why;      /* it is refused */
} story[] = {
    {"silent IMI.A.1 since " DAY, {NULL}, NULL},
    {"silent IMI.A.1 since " DAY " sends permit.status", {"permit.status"}, NULL},
    {"silent IMI.A.1 since " DAY " sends permit.status,sponsor.link",
     {"permit.status", "sponsor.link"},
     NULL},
    {"heartbeat IMI.A.1 @" DAY, {NULL}, NULL},
    {"heartbeat IMI.A.1 @" DAY " sends sponsor.link,permit.status every 600",
     {"sponsor.link", "permit.status"},
     NULL},
    {"silent IMI.A.1 since " DAY " sends permit.statis",
     {NULL},
     "s:1: unknown event type 'permit.statis' - did you mean 'permit.status'?"},
    {"heartbeat IMI.A.1 @" DAY " sends permit.status,", {NULL}, "s:1: unknown event type ''"},
    {"silent IMI.A.1 since " DAY " sends", {NULL}, "s:1: unknown event type ''"},
    {"silent IMI.A.1 since " DAY " every 600", {NULL}, "s:1: not understood: 'every'"},
    {"silent IMI.A.1 since " DAY " sends permit.status, sponsor.link",
     {NULL},
     "s:1: unknown event type ''"},
    {"silent IMI.A.1 since " DAY " sends permit.status sponsor.link",
     {NULL},
     "s:1: not understood: 'sponsor.link'"},
    {"retired IMI.A.1 at " DAY, {NULL}, NULL},
    {"retired IMI.A.1 since " DAY, {NULL}, "s:1: retired SOURCE at TIME, not"},
    {"retired IMI.A.1 at noon", {NULL}, "s:1: retired SOURCE at TIME, not 'noon'"},
    {"retired IMI.A.1 at " DAY " undo", {NULL}, "s:1: not understood: 'undo'"},
    {"restored IMI.A.1 at " DAY, {NULL}, "s:1: no line before this one retires 'IMI.A.1'"},
    {"retired IMI.B.1 at " DAY "\nrestored IMI.A.1 at " DAY,
     {NULL},
     "s:2: no line before this one retires"},
    {"retired IMI.A.1 at " DAY "\nrestored IMI.A.1 at " DAY "\nrestored IMI.A.1 at " DAY,
     {NULL},
     "s:3: no line before this one retires"},
    {"source.retired {until: " DAY "} @" DAY, {NULL}, "s:1: retired SOURCE at TIME is how"},
};

static void test_story__says_what_a_source_sends(void **unused)
{
    (void)unused;
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_catalogue *c = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_files_read(&files, KTG_SOURCE_DIR "/schema", "", &err) ||
        ktg_catalogue_load(files.at, files.count, &c, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < COUNT(story); i++) {
        const struct ktg_story_step *steps = NULL;
        struct ktg_arena a = KTG_ARENA_INIT;
        size_t count = 0, types = 0;
        int rc = ktg_story_parse(c, ktg_bytes_str(story[i].line), "s", 1, &a, &steps, &count, &err);
        if (story[i].why) {
            assert_int_equal(rc, KTG_EINVALID);
            if (!strstr(err.text, story[i].why))
                fail_msg("%s: '%s', not '%s'", story[i].line, err.text, story[i].why);
        } else {
            assert_int_equal(rc, KTG_OK);
            assert_int_equal(count, 1);
            while (types < COUNT(story[i].types) && story[i].types[types])
                types++;
            assert_int_equal(steps[0].type_count, types);
            for (size_t t = 0; t < types; t++)
                assert_true(ktg_bytes_is(steps[0].types[t], story[i].types[t]));
        }
        ktg_arena_done(&a);
    }
    c = ktg_catalogue_free(c);
    ktg_files_done(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_story__says_what_a_source_sends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
