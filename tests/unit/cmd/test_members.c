/* tests/unit/cmd/test_members.c - agencies and keys that change on the disk under a running station.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/members.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/link/curve.h"
#include "runtime/log.h"
#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

static char dir[KTG_TMPDIR_SIZE], keys[KTG_TMPDIR_SIZE + 16], registry[KTG_TMPDIR_SIZE + 32],
    agencies[KTG_TMPDIR_SIZE + 32];
static struct ktg_output out;
static struct ktg_call call;
static struct ktg_settings *settings;
static struct ktg_members m;

static void add_agency(const char *code)
{
    static const char *const everywhere[] = {"*", NULL};
    const struct ktg_agency a = {.code = code,
                                 .name_id = "Balai",
                                 .name_en = "Office",
                                 .tier = KTG_TIER_DISTRICT,
                                 .districts = everywhere,
                                 .district_count = 1};
    assert_int_equal(ktg_agencies_add(agencies, &a, NULL), KTG_OK);
}

static void enrol(const char *name, const char *agency)
{
    const char *sources[] = {name, NULL};
    static const char *const types[] = {"*", NULL};
    struct ktg_curve_pair pair;
    char public_key[KTG_CURVE_TEXT];
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_curve_generate(&pair, NULL), KTG_OK);
    ktg_curve_format(&pair.public_key, public_key);
    const struct ktg_registry_key key = {.name = name,
                                         .agency = agency,
                                         .role = KTG_ROLE_PRODUCER,
                                         .public_key = public_key,
                                         .sources = sources,
                                         .types = types,
                                         .rate = 5,
                                         .burst = 5,
                                         .not_before = KTG_LONG_AGO,
                                         .not_after = KTG_NEVER,
                                         .revoked_reason = "",
                                         .note = ""};
    if (ktg_registry_enrol(keys, &key, &err))
        fail_msg("%s", err.text);
}

static void set_time(const char *path, int64_t ms)
{
    const struct timespec at = {ms / 1000, ms % 1000 * 1000000};
    assert_int_equal(utimensat(AT_FDCWD, path, (const struct timespec[]){at, at}, 0), 0);
}
/* So that a change shows by its stamp, however fast the test is. */
static void long_ago(const char *path)
{
    static int64_t at = 1000000;
    set_time(path, at += 1000);
}

static bool knows(const char *name)
{
    return ktg_members_named(&m, ktg_bytes_str(name)) != NULL;
}
/* The content of a file, replaced in place. */
static void scribble(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
}
static void read_whole(const char *path, char *to, size_t size)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    to[fread(to, 1, size - 1, f)] = 0;
    fclose(f);
}
static bool look_for_a_while(void)
{
    for (int64_t until = ktg_mono_ms() + 10000; ktg_mono_ms() < until;)
        if (ktg_members_look(&m, false))
            return true;
    return false;
}

static int make(void **unused)
{
    static char keys_word[KTG_TMPDIR_SIZE + 32], agencies_word[KTG_TMPDIR_SIZE + 48];
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(keys, sizeof keys, "%s/keys", dir);
    snprintf(registry, sizeof registry, "%s/registry", keys);
    snprintf(agencies, sizeof agencies, "%s/agencies.yaml", dir);
    snprintf(keys_word, sizeof keys_word, "paths.keys=%s", keys);
    snprintf(agencies_word, sizeof agencies_word, "paths.agencies=%s", agencies);
    char *words[] = {"doctor", "--set", keys_word, "--set", agencies_word};
    ktg_log_setup("test", KTG_LOG_ERROR);
    ktg_output_init(&out, stdout, stderr, &(struct ktg_output_world){0});
    call = (struct ktg_call){.out = &out};
    assert_int_equal(ktg_call_parse(&call, 5, words), KTG_OK);
    assert_int_equal(ktg_installation_settings(&call, &settings), KTG_OK);
    scribble(agencies, "");
    FILE *f = fopen(agencies, "w");
    struct ktg_bytes shipped = ktg_installation_shipped_agencies();
    assert_true(f && fwrite(shipped.data, 1, shipped.size, f) == shipped.size && fclose(f) == 0);
    enrol("IMI.A", "IMI");
    long_ago(registry);
    long_ago(agencies);
    m = (struct ktg_members){0};
    return ktg_members_open(&m, &call, settings);
}
static int clear(void **unused)
{
    (void)unused;
    ktg_members_done(&m);
    settings = ktg_settings_free(settings);
    ktg_call_done(&call);
    ktg_output_done(&out);
    ktg_tmpdir_remove(dir);
    return 0;
}

static void test_members__a_key_and_its_agency_come_and_the_key_goes(void **unused)
{
    (void)unused;
    struct ktg_buf text = KTG_BUF_INIT;
    assert_true(knows("IMI.A") && !knows("BKSDA.B"));
    assert_false(ktg_members_look(&m, false));                             /* nothing changed */
    assert_int_equal(ktg_members_fresh_agencies(&m, &text, NULL), KTG_OK); /* of the start */
    ktg_buf_clear(&text);
    add_agency("BKSDA");
    enrol("BKSDA.B", "BKSDA");
    assert_int_equal(ktg_members_fresh_agencies(&m, &text, NULL), KTG_ENOTFOUND); /* not looked */
    assert_true(knows("BKSDA.B"));
    assert_int_equal(ktg_members_fresh_agencies(&m, &text, NULL), KTG_OK);
    assert_non_null(memmem(text.data, text.size, "BKSDA", 5));
    assert_int_equal(ktg_members_fresh_agencies(&m, &text, NULL), KTG_ENOTFOUND); /* told once */
    assert_int_equal(ktg_registry_revoke(keys, "BKSDA.B", 0, "x", NULL), KTG_OK);
    long_ago(registry);
    assert_true(ktg_members_look(&m, false));
    assert_false(knows("BKSDA.B"));
    assert_true(knows("IMI.A"));
    ktg_buf_done(&text);
}

/* The file system's clock has not moved between the reading and the change. */
static void test_members__a_change_in_the_same_tick_is_seen(void **unused)
{
    (void)unused;
    int64_t now = ktg_clock_now(&KTG_CLOCK_REAL);
    set_time(registry, now);
    assert_true(ktg_members_look(&m, false));
    enrol("IMI.B", "IMI");
    set_time(registry, now);
    assert_true(look_for_a_while());
    assert_true(knows("IMI.B"));
    assert_false(ktg_members_look(&m, false)); /* once more, not for ever */
}

static void test_members__what_was_changed_in_place_is_read_when_asked_for(void **unused)
{
    (void)unused;
    char path[sizeof registry + 16], text[2048];
    snprintf(path, sizeof path, "%s/IMI.A.yaml", registry);
    read_whole(path, text, sizeof text);
    char *rate = strstr(text, "events: 5");
    assert_non_null(rate);
    rate[8] = '7';
    scribble(path, text); /* the folder's time stays */
    assert_false(ktg_members_look(&m, false));
    assert_int_equal(ktg_members_named(&m, KTG_LIT("IMI.A"))->rate, 5);
    assert_true(ktg_members_look(&m, true));
    assert_int_equal(ktg_members_named(&m, KTG_LIT("IMI.A"))->rate, 7);
}

static void test_members__while_something_is_wrong_keys_only_go(void **unused)
{
    (void)unused;
    char table[16384];
    enrol("IMI.B", "IMI");
    long_ago(registry);
    assert_true(ktg_members_look(&m, false));
    read_whole(agencies, table, sizeof table);
    scribble(agencies, "agencies: [");
    long_ago(agencies);
    enrol("IMI.C", "IMI");
    assert_int_equal(ktg_registry_revoke(keys, "IMI.A", 0, "x", NULL), KTG_OK);
    long_ago(registry);
    (void)ktg_members_look(&m, false);
    assert_false(knows("IMI.A"));
    assert_true(knows("IMI.B"));
    assert_false(knows("IMI.C"));
    assert_int_equal(ktg_registry_revoke(keys, "IMI.B", 0, "x", NULL), KTG_OK); /* and on */
    long_ago(registry);
    (void)ktg_members_look(&m, false);
    assert_false(knows("IMI.B"));
    struct stat st;
    assert_int_equal(stat(agencies, &st), 0);
    scribble(agencies, table); /* mended, and nothing shows it but the size */
    set_time(agencies, (int64_t)st.st_mtim.tv_sec * 1000);
    assert_true(look_for_a_while());
    assert_true(knows("IMI.C"));
}

static void test_members__agencies_that_are_gone_stay_in_force(void **unused)
{
    (void)unused;
    struct ktg_buf text = KTG_BUF_INIT;
    add_agency("BKSDA");
    long_ago(agencies);
    assert_true(ktg_members_look(&m, false));
    assert_int_equal(ktg_members_fresh_agencies(&m, &text, NULL), KTG_OK);
    assert_int_equal(unlink(agencies), 0);
    enrol("IMI.B", "IMI");
    long_ago(registry);
    (void)ktg_members_look(&m, false);
    assert_non_null(ktg_agencies_find(m.agencies, KTG_LIT("BKSDA")));
    assert_int_equal(ktg_members_fresh_agencies(&m, &text, NULL), KTG_ENOTFOUND);
    assert_true(knows("IMI.A"));
    assert_false(knows("IMI.B")); /* nobody is let in meanwhile */
    ktg_buf_done(&text);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_members__a_key_and_its_agency_come_and_the_key_goes),
        EACH(test_members__a_change_in_the_same_tick_is_seen),
        EACH(test_members__what_was_changed_in_place_is_read_when_asked_for),
        EACH(test_members__while_something_is_wrong_keys_only_go),
        EACH(test_members__agencies_that_are_gone_stay_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
