/* tests/unit/config/test_registry.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/registry.h"
#include "config/textfile.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

static char dir[KTG_TMPDIR_SIZE], keys[KTG_TMPDIR_SIZE + 8];

static int setup(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(keys, sizeof keys, "%s/keys", dir);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

static const char *const sources[] = {"IMI.ENTIKONG.*", "IMI.SANGGAU", NULL};
static const char *const types[] = {"border.crossing", "permit.*", NULL};
static const struct ktg_registry_key entikong = {.name = "IMI.ENTIKONG.1",
                                                 .agency = "IMI",
                                                 .role = KTG_ROLE_PRODUCER,
                                                 .sources = sources,
                                                 .types = types,
                                                 .rate = 500,
                                                 .burst = 2000,
                                                 .not_before = 1000,
                                                 .not_after = KTG_NEVER,
                                                 .note = "Pos lintas batas"};

/* Pairs that are told apart by one character. */
static int pair(void *arg, char public_key[static KTG_KEY_TEXT],
                char secret_key[static KTG_KEY_TEXT], struct ktg_err *err)
{
    int *n = arg;
    if (*n < 0)
        return ktg_err_set(err, KTG_EIO, "no pair");
    memset(public_key, 'p', KTG_KEY_TEXT - 1);
    memset(secret_key, '#', KTG_KEY_TEXT - 1);
    public_key[0] = secret_key[0] = (char)('a' + (*n)++);
    public_key[KTG_KEY_TEXT - 1] = secret_key[KTG_KEY_TEXT - 1] = '\0';
    return KTG_OK;
}

static struct ktg_registry *load(void)
{
    struct ktg_registry *r = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_registry_load(keys, NULL, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

static void test_registry__a_key_is_made_found_and_revoked_for_good(void **unused)
{
    (void)unused;
    int n = 0;
    char public_key[KTG_KEY_TEXT], secret[KTG_KEY_TEXT];
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_registry *r = load();
    assert_int_equal(ktg_registry_count(r), 0);
    assert_null(ktg_registry_holder(r, "x"));
    r = ktg_registry_free(r);
    if (ktg_registry_make(keys, &entikong, pair, &n, public_key, &err))
        fail_msg("%s", err.text);
    assert_int_equal(ktg_registry_secret(keys, entikong.name, secret, &err), KTG_OK);
    assert_string_equal(secret, "a#######################################");
    char path[sizeof keys + 40];
    struct stat st;
    snprintf(path, sizeof path, "%s/private/IMI.ENTIKONG.1.secret", keys);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);

    r = load();
    const struct ktg_registry_key *k = ktg_registry_holder(r, public_key);
    assert_non_null(k);
    assert_ptr_equal(k, ktg_registry_named(r, "IMI.ENTIKONG.1"));
    assert_string_equal(k->agency, "IMI");
    assert_string_equal(k->note, entikong.note);
    assert_int_equal(k->rate, 500);
    assert_int_equal(k->burst, 2000);
    assert_int_equal(k->not_before, 1000);
    assert_true(k->not_after == KTG_NEVER);
    assert_int_equal(ktg_registry_standing(k, 999), KTG_STANDING_EARLY);
    assert_int_equal(ktg_registry_standing(k, 1000), KTG_STANDING_GOOD);
    r = ktg_registry_free(r);

    assert_int_equal(ktg_registry_make(keys, &entikong, pair, &n, NULL, &err), KTG_ECONFLICT);
    assert_string_equal(err.fault->name, "key-twice");
    assert_int_equal(
        ktg_registry_revoke(keys, "IMI.ENTIKONG.1", 86400000, "stolen: 'laptop'", &err), KTG_OK);
    assert_int_equal(ktg_registry_revoke(keys, "IMI.ENTIKONG.1", 86400000, NULL, &err),
                     KTG_ECONFLICT);
    assert_int_equal(ktg_registry_revoke(keys, "IMI.ARUK.1", 0, NULL, &err), KTG_ENOTFOUND);
    assert_string_equal(err.fault->name, "key-unknown");
    assert_int_equal(ktg_registry_make(keys, &entikong, pair, &n, NULL, &err), KTG_ECONFLICT);
    struct ktg_registry_key other = entikong;
    other.name = "IMI.ARUK.1";
    other.public_key = public_key; /* the stolen one, under another name */
    assert_int_equal(ktg_registry_enrol(keys, &other, &err), KTG_ECONFLICT);
    r = load();
    k = ktg_registry_named(r, "IMI.ENTIKONG.1");
    assert_int_equal(ktg_registry_standing(k, 2000), KTG_STANDING_REVOKED);
    assert_int_equal(k->revoked_at, 86400000);
    assert_string_equal(k->revoked_reason, "stolen: 'laptop'");
    ktg_registry_free(r);
}

/* Write any text as a key's file, as an editor might. */
static void scribble(const char *name, const char *text)
{
    char path[sizeof keys + 60];
    snprintf(path, sizeof path, "%s/registry/%s.yaml", keys, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static enum ktg_standing standing_of(const struct ktg_registry *r, const char *name)
{
    const struct ktg_registry_key *k = ktg_registry_named(r, name);
    assert_non_null(k);
    return ktg_registry_standing(k, 2000);
}

static void test_registry__what_was_taken_away_is_gone_though_the_rest_is_wrong(void **unused)
{
    (void)unused;
    static const char *const names[] = {"IMI.GOOD", "IMI.LOST", "IMI.GONE", "IMI.SCRIBBLED",
                                        "IMI.TRADED"};
    int n = 0;
    struct ktg_err err = KTG_ERR_INIT;
    char path[sizeof keys + 60];
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ktg_registry_key key = entikong;
        key.name = names[i];
        assert_int_equal(ktg_registry_make(keys, &key, pair, &n, NULL, &err), KTG_OK);
    }
    struct ktg_registry *old = load(), *less = NULL, *whole = NULL;
    assert_int_equal(ktg_registry_revoke(keys, "IMI.LOST", 1500, "laptop", &err), KTG_OK);
    snprintf(path, sizeof path, "%s/registry/IMI.GONE.yaml", keys);
    assert_int_equal(unlink(path), 0);
    struct ktg_registry_key other = entikong; /* a new key under an old name, by hand */
    int m = 20;
    snprintf(path, sizeof path, "%s/registry/IMI.TRADED.yaml", keys);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/private/IMI.TRADED.secret", keys);
    assert_int_equal(unlink(path), 0);
    other.name = "IMI.TRADED";
    assert_int_equal(ktg_registry_make(keys, &other, pair, &m, NULL, &err), KTG_OK);
    other.name = "IMI.NEW";
    assert_int_equal(ktg_registry_make(keys, &other, pair, &m, NULL, &err), KTG_OK);
    scribble("IMI.SCRIBBLED", "name: [");
    assert_int_not_equal(ktg_registry_load(keys, NULL, &whole, &err), KTG_OK);
    assert_int_equal(ktg_registry_narrow(old, keys, &less, &err), KTG_OK);
    old = ktg_registry_free(old); /* it stands on its own */
    assert_int_equal(ktg_registry_count(less), 3);
    assert_int_equal(standing_of(less, "IMI.GOOD"), KTG_STANDING_GOOD);
    assert_int_equal(standing_of(less, "IMI.SCRIBBLED"), KTG_STANDING_GOOD);
    assert_int_equal(standing_of(less, "IMI.LOST"), KTG_STANDING_REVOKED);
    const struct ktg_registry_key *k = ktg_registry_named(less, "IMI.SCRIBBLED");
    assert_true(k->rate == 500 && k->not_before == 1000 && k->not_after == KTG_NEVER);
    assert_string_equal(k->sources[0], "IMI.ENTIKONG.*");
    assert_ptr_equal(ktg_registry_holder(less, k->public_key), k);
    ktg_registry_free(less);
}

static void test_registry__says_what_a_key_may_send(void **unused)
{
    (void)unused;
    static const struct {
        const char *source, *type;
        bool may;
    } cases[] = {
        {"IMI.ENTIKONG.1", "border.crossing", true},
        {"IMI.ENTIKONG.1", "permit.status", true},
        {"IMI.ENTIKONG.1", "permit.", false},
        {"IMI.ENTIKONG", "border.crossing", false},
        {"IMI.ENTIKONG.", "border.crossing", false},
        {"IMI.ENTIKONGX.1", "border.crossing", false},
        {"IMI.SANGGAU", "border.crossing", true},
        {"IMI.SANGGAU.1", "border.crossing", false},
        {"IMI.ENTIKONG.1", "border.crossings", false},
        {"IMI.ENTIKONG.1", "lodging.checkin", false},
        {"", "", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(ktg_registry_may_send(&entikong, ktg_bytes_str(cases[i].source),
                                               ktg_bytes_str(cases[i].type)),
                         cases[i].may);
    struct ktg_registry_key sub = entikong;
    sub.role = KTG_ROLE_SUBSCRIBER;
    assert_false(
        ktg_registry_may_send(&sub, KTG_LIT("IMI.ENTIKONG.1"), KTG_LIT("border.crossing")));
    assert_true(ktg_registry_matches("*", KTG_LIT("anything")));
    static const struct {
        enum ktg_role role;
        bool publish, subscribe, act;
    } roles[] = {{KTG_ROLE_PRODUCER, true, false, false},
                 {KTG_ROLE_SUBSCRIBER, false, true, false},
                 {KTG_ROLE_BOTH, true, true, false},
                 {KTG_ROLE_OFFICER, false, true, true},
                 {KTG_ROLE_SERVER, false, false, false}};
    for (size_t i = 0; i < COUNT(roles); i++) {
        assert_int_equal(ktg_role_may_publish(roles[i].role), roles[i].publish);
        assert_int_equal(ktg_role_may_subscribe(roles[i].role), roles[i].subscribe);
        assert_int_equal(ktg_role_may_act(roles[i].role), roles[i].act);
    }
}

#define P "'0123456789012345678901234567890123456789'"

static void test_registry__one_wrong_file_is_an_error_that_names_it(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "one map"},
        {"name: K\nagency: IMI\nrole: producer\n", "public"},
        {"name: K\nagency: IMI\nrole: king\npublic: " P,
         "K.yaml:3:7: the key is described wrongly (got king)"},
        {"name: K\nagency: IMI\nrole: both\npublic: short", "this is no public key"},
        {"name: K\nagency: IMI\nrole: both\npublic: '\"123456789012345678901234567890123456789'",
         "no public key"},
        {"name: ../K\nagency: IMI\nrole: both\npublic: " P, "a key's name is wrong"},
        {"name: L\nagency: IMI\nrole: both\npublic: " P, "wanted the name that the file has"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\nsorces: []", "sources"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\nsources: IMI", "sources: a list"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\nsources: ['IMI*']", "got IMI*"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\ntypes: ['*.x']", "got *.x"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\nrate: {events: 0, burst: 1}",
         "1 to 1000000"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\nrate: {events: 1}", "burst"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\nnot_after: tomorrow", "got tomorrow"},
        {"name: K\nagency: IMI\nrole: both\npublic: " P "\nstatus: maybe", "got maybe"},
        {"name: K\nagency: IMMI\nrole: both\npublic: " P,
         "there is no such agency (got IMMI); wanted IMI"},
    };
    struct ktg_agencies *agencies = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_agencies_load(KTG_SOURCE_DIR "/config/agencies.yaml", &agencies, &err),
                     KTG_OK);
    char path[sizeof keys + 24];
    snprintf(path, sizeof path, "%s/registry", keys);
    assert_int_equal(mkdir(keys, 0700), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/K.yaml");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_registry *r = NULL;
        assert_int_equal(ktg_textfile_write(path, ktg_bytes_str(cases[i].text), 0644, false, &err),
                         KTG_OK);
        err = (struct ktg_err)KTG_ERR_INIT;
        assert_int_equal(ktg_registry_load(keys, agencies, &r, &err), KTG_EINVALID);
        assert_null(r);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "K.yaml"))
            fail_msg("%s\n   does not say\n%s", err.text, cases[i].says);
    }
    static const char good[] = "name: K\nagency: IMI\nrole: both\npublic: " P "\n";
    assert_int_equal(ktg_textfile_write(path, ktg_bytes_str(good), 0644, false, &err), KTG_OK);
    struct ktg_registry *r = NULL;
    assert_int_equal(ktg_registry_load(keys, agencies, &r, &err), KTG_OK);
    assert_int_equal(ktg_registry_may_speak(ktg_registry_at(r, 0), KTG_LIT("IMI.X")),
                     false); /* nothing said: nothing allowed */
    ktg_registry_free(r);
    snprintf(path, sizeof path, "%s/registry/K.L.yaml", keys);
    static const char twin[] = "name: K.L\nagency: IMI\nrole: both\npublic: " P "\n";
    assert_int_equal(ktg_textfile_write(path, ktg_bytes_str(twin), 0644, false, &err), KTG_OK);
    assert_int_equal(ktg_registry_load(keys, agencies, &r, &err), KTG_ECONFLICT);
    assert_non_null(strstr(err.text, "K and K.L"));
    ktg_agencies_free(agencies);
}

static void test_registry__a_secret_open_to_others_is_not_used(void **unused)
{
    (void)unused;
    int n = 0;
    struct ktg_err err = KTG_ERR_INIT;
    char path[sizeof keys + 40], secret[KTG_KEY_TEXT];
    assert_int_equal(ktg_registry_make(keys, &entikong, pair, &n, NULL, &err), KTG_OK);
    snprintf(path, sizeof path, "%s/private/IMI.ENTIKONG.1.secret", keys);
    assert_int_equal(chmod(path, 0440), 0);
    assert_int_equal(ktg_registry_secret(keys, entikong.name, secret, &err), KTG_EDENIED);
    assert_string_equal(err.fault->name, "secret-open");
    static const char *const wrong[] = {"", "short\n",
                                        "a#######################################\nmore",
                                        "a#######################################x\n"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(ktg_textfile_write(path, ktg_bytes_str(wrong[i]), 0400, false, &err),
                         KTG_OK);
        assert_int_equal(ktg_registry_secret(keys, entikong.name, secret, &err), KTG_EINVALID);
        assert_null(strstr(err.text, "###"));
    }
    assert_int_equal(ktg_registry_secret(keys, "../../x", secret, &err), KTG_EINVALID);
    assert_int_equal(ktg_registry_secret(keys, "NOBODY", secret, &err), KTG_ENOTFOUND);
}

static void test_registry__a_make_that_fails_leaves_nothing_and_may_be_repeated(void **unused)
{
    (void)unused;
    struct ktg_err err = KTG_ERR_INIT;
    int none = -1;
    assert_int_equal(ktg_registry_make(keys, &entikong, pair, &none, NULL, &err), KTG_EIO);
    for (int64_t n = 0;; n++) {
        int first = 0;
        ktg_mem_fail_after(n);
        int r = ktg_registry_make(keys, &entikong, pair, &first, NULL, &err);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        if (!failed) {
            assert_int_equal(r, KTG_OK);
            break;
        }
        assert_int_equal(r, KTG_ENOMEM);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_registry__a_key_is_made_found_and_revoked_for_good),
        T(test_registry__what_was_taken_away_is_gone_though_the_rest_is_wrong),
        T(test_registry__says_what_a_key_may_send),
        T(test_registry__one_wrong_file_is_an_error_that_names_it),
        T(test_registry__a_secret_open_to_others_is_not_used),
        T(test_registry__a_make_that_fails_leaves_nothing_and_may_be_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
