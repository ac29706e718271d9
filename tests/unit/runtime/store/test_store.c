/* tests/unit/runtime/store/test_store.c - what a store promises while the world is kind.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/mem.h"
#include "runtime/store/cursor.h"
#include "runtime/store/key.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

static const struct ktg_store_options small = {
    .map_size = 4u << 20, .max_dbs = 4, .max_readers = 8};

static char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 8];

static int setup(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/store", dir);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

static struct ktg_store *open_store(void)
{
    struct ktg_store *s = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_store_open(path, &small, &s, &err))
        fail_msg("%s", err.text);
    return s;
}

static ktg_db table(struct ktg_store *s, const char *name)
{
    ktg_db db = 0;
    assert_int_equal(ktg_store_db(s, name, &db, NULL), KTG_OK);
    return db;
}

static struct ktg_txn *writer(struct ktg_store *s)
{
    struct ktg_txn *t = NULL;
    assert_int_equal(ktg_txn_write(s, &t, NULL), KTG_OK);
    return t;
}

static struct ktg_txn *reader(struct ktg_store *s)
{
    struct ktg_txn *t = NULL;
    assert_int_equal(ktg_txn_read(s, &t, NULL), KTG_OK);
    return t;
}

static void put(struct ktg_txn *t, ktg_db db, const char *k, const char *v)
{
    assert_int_equal(ktg_txn_put(t, db, ktg_bytes_str(k), ktg_bytes_str(v), NULL), KTG_OK);
}

static bool holds(struct ktg_txn *t, ktg_db db, const char *k, const char *v)
{
    struct ktg_bytes got = KTG_BYTES_NONE;
    int r = ktg_txn_get(t, db, ktg_bytes_str(k), &got, NULL);
    return v ? r == KTG_OK && ktg_bytes_is(got, v) : r == KTG_ENOTFOUND;
}

static void test_store__reopened_in_place_gives_back_what_a_transaction_took(void **unused)
{
    (void)unused;
    struct ktg_store *s = open_store();
    ktg_db db = table(s, "t");
    struct ktg_txn *t = writer(s), *held = NULL;
    put(t, db, "k", "v");
    assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);
    assert_int_equal(ktg_store_grow(s, 8u << 20, NULL), KTG_OK);
    held = reader(s);
    assert_int_equal(ktg_store_reopen(s, NULL), KTG_EAGAIN);
    assert_true(holds(held, db, "k", "v"));
    ktg_txn_abort(held);
    assert_int_equal(ktg_store_reopen(s, NULL), KTG_OK);
    struct ktg_store_stat stat;
    ktg_store_stat(s, &stat);
    assert_int_equal(stat.map_size, 8u << 20); /* as it was grown */
    db = table(s, "t");
    t = writer(s);
    assert_true(holds(t, db, "k", "v"));
    put(t, db, "k", "w");
    assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);
    ktg_store_close(s);
    s = open_store();
    db = table(s, "t");
    t = reader(s);
    assert_true(holds(t, db, "k", "w"));
    ktg_txn_abort(t);
    ktg_store_close(s);
}

static void
test_store__what_was_committed_is_there_after_reopening_and_the_rest_never_was(void **unused)
{
    (void)unused;
    struct ktg_store *s = open_store();
    ktg_db a = table(s, "a"), b = table(s, "b");
    struct ktg_txn *t = writer(s);
    put(t, a, "k", "in a");
    put(t, b, "k", "in b");
    assert_int_equal(ktg_txn_insert(t, a, KTG_LIT("k"), KTG_LIT("x"), NULL), KTG_ECONFLICT);
    assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);
    assert_null(t);
    t = writer(s);
    put(t, a, "k", "changed");
    assert_int_equal(ktg_txn_del(t, b, KTG_LIT("k"), NULL), KTG_OK);
    assert_int_equal(ktg_txn_del(t, b, KTG_LIT("k"), NULL), KTG_ENOTFOUND);
    t = ktg_txn_abort(t);
    s = ktg_store_close(s);

    s = open_store();
    a = table(s, "a");
    b = table(s, "b");
    t = reader(s);
    assert_true(holds(t, a, "k", "in a"));
    assert_true(holds(t, b, "k", "in b"));
    uint64_t n = 0;
    assert_int_equal(ktg_txn_count(t, a, &n, NULL), KTG_OK);
    assert_int_equal(n, 1);
    t = ktg_txn_abort(t);
    t = writer(s);
    assert_int_equal(ktg_txn_clear(t, a, NULL), KTG_OK);
    uint8_t *room = NULL;
    assert_int_equal(ktg_txn_reserve(t, a, KTG_LIT("r"), 3, &room, NULL), KTG_OK);
    memcpy(room, "abc", 3);
    assert_true(holds(t, a, "k", NULL));
    assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);
    t = reader(s);
    assert_true(holds(t, a, "r", "abc"));
    ktg_txn_abort(t);
    ktg_store_close(s);
}

static void test_txn__a_reader_keeps_its_moment_until_it_lets_go(void **unused)
{
    (void)unused;
    struct ktg_store *s = open_store();
    ktg_db a = table(s, "a");
    struct ktg_txn *r = reader(s), *w = writer(s);
    put(w, a, "k", "new");
    assert_true(holds(r, a, "k", NULL));
    assert_int_equal(ktg_txn_commit(&w, NULL), KTG_OK);
    assert_true(holds(r, a, "k", NULL));
    ktg_txn_reset(r);
    assert_int_equal(ktg_txn_renew(r, NULL), KTG_OK);
    assert_true(holds(r, a, "k", "new"));
    ktg_txn_abort(r);

    struct ktg_txn *many[8]; /* small.max_readers */
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = reader(s);
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_txn_read(s, &r, &err), KTG_EAGAIN);
    assert_string_equal(err.fault->name, "store-readers");
    for (size_t i = 0; i < COUNT(many); i++)
        ktg_txn_abort(many[i]);
    assert_int_equal(ktg_store_check_readers(s), 0);
    ktg_store_close(s);
}

static void
test_txn__a_key_has_1_to_511_bytes_and_the_transaction_survives_a_wrong_one(void **unused)
{
    (void)unused;
    struct ktg_store *s = open_store();
    ktg_db a = table(s, "a");
    struct ktg_txn *t = writer(s);
    uint8_t bytes[512];
    memset(bytes, 'x', sizeof bytes);
    static const struct {
        size_t size;
        int put, get;
    } cases[] = {{0, KTG_EINVALID, KTG_ENOTFOUND},
                 {1, KTG_OK, KTG_OK},
                 {511, KTG_OK, KTG_OK},
                 {512, KTG_EINVALID, KTG_ENOTFOUND}};
    struct ktg_err err = KTG_ERR_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_bytes k = ktg_bytes(bytes, cases[i].size), v;
        assert_int_equal(ktg_txn_put(t, a, k, KTG_LIT("v"), &err), cases[i].put);
        assert_int_equal(ktg_txn_get(t, a, k, &v, NULL), cases[i].get);
        if (cases[i].put) {
            assert_string_equal(err.fault->name, "store-key");
            assert_int_equal(ktg_txn_del(t, a, k, NULL), KTG_ENOTFOUND);
        }
    }
    assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);

    struct ktg_key k;
    ktg_key_init(&k);
    ktg_key_put(&k, bytes, 510);
    ktg_key_put_u64(&k, 1); /* too much: marked, refused when used */
    t = writer(s);
    assert_int_equal(ktg_txn_put(t, a, ktg_key_view(&k), KTG_LIT("v"), NULL), KTG_EINVALID);
    ktg_txn_abort(t);
    ktg_store_close(s);
}

static void test_key__the_order_of_the_bytes_is_the_order_of_the_parts(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t at;
    } rising[] = {{"a", INT64_MIN}, {"a", -1},  {"a", 0},  {"a", 255},
                  {"a", INT64_MAX}, {"a!", -5}, {"ab", 3}, {"b", INT64_MIN}};
    struct ktg_key before, k;
    for (size_t i = 0; i < COUNT(rising); i++) {
        ktg_key_init(&k);
        ktg_key_put_text(&k, ktg_bytes_str(rising[i].text));
        ktg_key_put_i64(&k, rising[i].at);
        assert_int_equal(ktg_key_get_i64(k.b + k.size - 8), rising[i].at);
        if (i)
            assert_true(ktg_bytes_cmp(ktg_key_view(&before), ktg_key_view(&k)) < 0);
        before = k;
    }
    ktg_key_init(&k);
    ktg_key_put_text(&k, ktg_bytes("a\0b", 3));
    assert_true(k.bad);
}

static void test_cursor__walks_every_range_up_and_down(void **unused)
{
    (void)unused;
    static const struct {
        const char *from, *prefix;
        enum ktg_cursor_way way;
        const char *walk;
    } cases[] = {
        {"", "", KTG_CURSOR_UP, "a1 a2 b1 b2 b3 c1 \xff\xff "},
        {"", "", KTG_CURSOR_DOWN, "\xff\xff c1 b3 b2 b1 a2 a1 "},
        {"", "b", KTG_CURSOR_UP, "b1 b2 b3 "},
        {"", "b", KTG_CURSOR_DOWN, "b3 b2 b1 "},
        {"b2", "b", KTG_CURSOR_UP, "b2 b3 "},
        {"b2", "b", KTG_CURSOR_DOWN, "b2 b1 "},
        {"b2", "", KTG_CURSOR_DOWN, "b2 b1 a2 a1 "},
        {"b11", "b", KTG_CURSOR_UP, "b2 b3 "}, /* absent: the next one in the way */
        {"b11", "b", KTG_CURSOR_DOWN, "b1 "},
        {"a", "b", KTG_CURSOR_UP, "b1 b2 b3 "}, /* before the prefix: from its beginning */
        {"a", "b", KTG_CURSOR_DOWN, ""},
        {"c", "b", KTG_CURSOR_DOWN, "b3 b2 b1 "}, /* behind it: from its end */
        {"c", "b", KTG_CURSOR_UP, ""},
        {"", "x", KTG_CURSOR_UP, ""},
        {"", "x", KTG_CURSOR_DOWN, ""},
        {"", "\xff", KTG_CURSOR_DOWN, "\xff\xff "}, /* nothing comes behind this prefix */
        {"\xff\xff\xff", "", KTG_CURSOR_DOWN, "\xff\xff c1 b3 b2 b1 a2 a1 "},
    };
    static const char *const keys[] = {"b2", "a1", "c1", "b1", "a2", "\xff\xff", "b3"};
    struct ktg_store *s = open_store();
    ktg_db a = table(s, "a"), empty = table(s, "empty");
    struct ktg_txn *t = writer(s);
    for (size_t i = 0; i < COUNT(keys); i++)
        put(t, a, keys[i], keys[i]);
    assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);
    t = reader(s);
    struct ktg_cursor *c = NULL;
    struct ktg_range all = {.way = KTG_CURSOR_DOWN};
    assert_int_equal(ktg_cursor_open(t, empty, &all, &c, NULL), KTG_OK);
    assert_int_equal(ktg_cursor_next(c, NULL, NULL, NULL), KTG_ENOTFOUND);
    c = ktg_cursor_close(c);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_range range = {.from = ktg_bytes_str(cases[i].from),
                                  .prefix = ktg_bytes_str(cases[i].prefix),
                                  .way = cases[i].way};
        if (c)
            assert_int_equal(ktg_cursor_range(c, &range, NULL), KTG_OK);
        else
            assert_int_equal(ktg_cursor_open(t, a, &range, &c, NULL), KTG_OK);
        char walk[64] = "";
        struct ktg_bytes k, v;
        int r;
        while ((r = ktg_cursor_next(c, &k, &v, NULL)) == KTG_OK) {
            assert_true(ktg_bytes_eq(k, v));
            strncat(walk, (const char *)k.data, k.size);
            strcat(walk, " ");
        }
        assert_int_equal(r, KTG_ENOTFOUND);
        assert_int_equal(ktg_cursor_next(c, NULL, NULL, NULL), KTG_ENOTFOUND);
        assert_string_equal(walk, cases[i].walk);
    }
    uint8_t longest[512] = {0};
    struct ktg_range range = {.prefix = ktg_bytes(longest, sizeof longest)};
    assert_int_equal(ktg_cursor_range(c, &range, NULL), KTG_EINVALID);
    ktg_cursor_close(c);
    ktg_txn_abort(t);
    ktg_store_close(s);
}

static void test_cursor__deletes_what_it_stands_on_and_goes_on_in_both_ways(void **unused)
{
    (void)unused;
    struct ktg_store *s = open_store();
    ktg_db a = table(s, "a");
    for (int way = KTG_CURSOR_UP; way <= KTG_CURSOR_DOWN; way++) {
        struct ktg_txn *t = writer(s);
        for (uint32_t i = 0; i < 3000;
             i++) { /* many pages, so that leaves vanish below the cursor */
            uint8_t k[4], v[100] = {0};
            ktg_put_be32(k, i);
            assert_int_equal(ktg_txn_append(t, a, ktg_bytes(k, 4), ktg_bytes(v, sizeof v), NULL),
                             KTG_OK);
        }
        uint8_t low[4] = {0};
        assert_int_equal(ktg_txn_append(t, a, ktg_bytes(low, 4), KTG_LIT("x"), NULL),
                         KTG_ECONFLICT);
        struct ktg_cursor *c = NULL;
        struct ktg_range all = {.way = (enum ktg_cursor_way)way};
        assert_int_equal(ktg_cursor_open(t, a, &all, &c, NULL), KTG_OK);
        uint32_t seen = 0;
        struct ktg_bytes k;
        while (ktg_cursor_next(c, &k, NULL, NULL) == KTG_OK) {
            uint32_t want = way == KTG_CURSOR_UP ? seen : 2999 - seen;
            assert_int_equal(ktg_get_be32(k.data), want);
            if (want % 3)
                assert_int_equal(ktg_cursor_del(c, NULL), KTG_OK);
            seen++;
        }
        assert_int_equal(seen, 3000);
        ktg_cursor_close(c);
        uint64_t n = 0;
        assert_int_equal(ktg_txn_count(t, a, &n, NULL), KTG_OK);
        assert_int_equal(n, 1000);
        assert_int_equal(ktg_txn_clear(t, a, NULL), KTG_OK);
        assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);
    }
    ktg_store_close(s);
}

static void test_store__belongs_to_one_process_and_to_its_owner(void **unused)
{
    (void)unused;
    struct ktg_store *s = open_store(), *second = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_store_open(path, &small, &second, &err), KTG_ECONFLICT);
    assert_string_equal(err.fault->name, "store-locked");
    s = ktg_store_close(s);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(ktg_store_open(path, &small, &second, &err), KTG_EDENIED);
    assert_int_equal(chmod(path, 0700), 0);

    char file[KTG_TMPDIR_SIZE + 32];
    snprintf(file, sizeof file, "%s/data.mdb", path);
    FILE *f = fopen(file, "r+");
    assert_non_null(f);
    for (int i = 0; i < 8192; i++)
        fputc('?', f);
    fclose(f);
    assert_int_equal(ktg_store_open(path, &small, &second, &err), KTG_ECORRUPT);
    assert_string_equal(err.fault->name, "store-foreign");
    assert_null(second);
}

static void test_store__a_full_map_loses_nothing_and_can_grow(void **unused)
{
    (void)unused;
    struct ktg_store *s = open_store();
    ktg_db a = table(s, "a");
    uint8_t big[4000];
    memset(big, 7, sizeof big);
    struct ktg_err err = KTG_ERR_INIT;
    uint64_t committed = 0;
    int r = KTG_OK;
    while (!r) {
        struct ktg_txn *t = writer(s);
        for (uint64_t i = committed; i < committed + 10 && !r; i++) {
            uint8_t k[8];
            ktg_put_be64(k, i);
            r = ktg_txn_put(t, a, ktg_bytes(k, 8), ktg_bytes(big, sizeof big), &err);
        }
        int c =
            ktg_txn_commit(&t, r ? NULL : &err); /* a failed put cannot be committed by mistake */
        assert_int_equal(c, r ? r : c);
        r = c;
        if (!r)
            committed += 10;
    }
    assert_int_equal(r, KTG_EFULL);
    assert_string_equal(err.fault->name, "store-full");
    struct ktg_store_stat stat;
    ktg_store_stat(s, &stat);
    assert_int_equal(stat.map_size, small.map_size);
    assert_in_range(stat.used_bytes, small.map_size / 2, small.map_size);
    struct ktg_txn *t = reader(s);
    uint64_t n = 0;
    assert_int_equal(ktg_txn_count(t, a, &n, NULL), KTG_OK);
    assert_int_equal(n, committed);
    assert_int_equal(ktg_store_grow(s, 2 * small.map_size, &err),
                     KTG_EAGAIN); /* a reader is there */
    t = ktg_txn_abort(t);

    t = writer(s); /* deleting works in a full map */
    uint8_t k[8] = {0};
    assert_int_equal(ktg_txn_del(t, a, ktg_bytes(k, 8), NULL), KTG_OK);
    assert_int_equal(ktg_txn_commit(&t, &err), KTG_OK);
    assert_int_equal(ktg_store_grow(s, 65536, &err), KTG_EINVALID);
    assert_int_equal(ktg_store_grow(s, 2 * small.map_size, &err), KTG_OK);
    t = writer(s);
    for (uint64_t i = committed; i < committed + 100; i++) {
        ktg_put_be64(k, i);
        assert_int_equal(ktg_txn_put(t, a, ktg_bytes(k, 8), ktg_bytes(big, sizeof big), &err),
                         KTG_OK);
    }
    assert_int_equal(ktg_txn_commit(&t, &err), KTG_OK);
    ktg_store_close(s);
}

struct busy {
    struct ktg_store *store;
    ktg_db a, b;
    atomic_bool stop;
    _Atomic uint64_t commits;
};

/* Each transaction writes the same number into both tables.  While a copy reads, no page of its moment comes free: a map of
 * this size can be full until it is done, and what was refused is written again. */
static void *write_pairs(void *arg)
{
    struct busy *busy = arg;
    for (uint64_t n = 1; !atomic_load(&busy->stop);) {
        uint8_t k[8];
        ktg_put_be64(k, n % 500);
        struct ktg_bytes v = ktg_bytes(&n, sizeof n);
        struct ktg_txn *t = NULL;
        int r = ktg_txn_write(busy->store, &t, NULL);
        if (!r)
            r = ktg_txn_put(t, busy->a, ktg_bytes(k, 8), v, NULL);
        if (!r)
            r = ktg_txn_put(t, busy->b, ktg_bytes(k, 8), v, NULL);
        if (!r)
            r = ktg_txn_commit(&t, NULL);
        ktg_txn_abort(t);
        if (r == KTG_EFULL) {
            sched_yield();
            continue;
        }
        if (r)
            abort();
        n++;
        atomic_fetch_add(&busy->commits, 1);
    }
    return NULL;
}

static void test_store__a_copy_taken_while_others_write_is_one_moment(void **unused)
{
    (void)unused;
    struct busy busy = {.store = open_store()};
    busy.a = table(busy.store, "a");
    busy.b = table(busy.store, "b");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_pairs, &busy), 0);
    char copy[2][KTG_TMPDIR_SIZE + 8];
    struct ktg_err err = KTG_ERR_INIT;
    for (int i = 0; i < 2; i++) {
        uint64_t before = atomic_load(&busy.commits);
        while (atomic_load(&busy.commits) < before + 20)
            sched_yield();
        snprintf(copy[i], sizeof copy[i], "%s/copy%d", dir, i);
        if (ktg_store_copy(busy.store, copy[i], i == 1, &err))
            fail_msg("%s", err.text);
    }
    atomic_store(&busy.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(ktg_store_copy(busy.store, copy[0], false, &err), KTG_ECONFLICT);
    ktg_store_close(busy.store);
    for (int i = 0; i < 2; i++) {
        struct ktg_store *s = NULL;
        assert_int_equal(ktg_store_open(copy[i], &small, &s, &err), KTG_OK);
        ktg_db a = table(s, "a"), b = table(s, "b");
        struct ktg_txn *t = reader(s);
        struct ktg_cursor *ca = NULL, *cb = NULL;
        struct ktg_range all = {.way = KTG_CURSOR_UP};
        assert_int_equal(ktg_cursor_open(t, a, &all, &ca, NULL), KTG_OK);
        assert_int_equal(ktg_cursor_open(t, b, &all, &cb, NULL), KTG_OK);
        struct ktg_bytes ka, va, kb, vb;
        size_t n = 0;
        while (ktg_cursor_next(ca, &ka, &va, NULL) == KTG_OK) {
            assert_int_equal(ktg_cursor_next(cb, &kb, &vb, NULL), KTG_OK);
            assert_true(ktg_bytes_eq(ka, kb) && ktg_bytes_eq(va, vb));
            n++;
        }
        assert_int_equal(ktg_cursor_next(cb, &kb, &vb, NULL), KTG_ENOTFOUND);
        assert_true(n >= 20);
        ktg_cursor_close(ca);
        ktg_cursor_close(cb);
        ktg_txn_abort(t);
        ktg_store_close(s);
    }
}

static void test_store__any_allocation_may_fail(void **unused)
{
    (void)unused;
    for (int64_t n = 0;; n++) {
        struct ktg_store *s = NULL;
        struct ktg_txn *t = NULL;
        struct ktg_cursor *c = NULL;
        ktg_db db;
        struct ktg_range all = {.way = KTG_CURSOR_UP};
        ktg_mem_fail_after(n);
        int r = ktg_store_open(path, &small, &s, NULL);
        if (!r)
            r = ktg_store_db(s, "a", &db, NULL);
        if (!r)
            r = ktg_txn_write(s, &t, NULL);
        if (!r)
            r = ktg_cursor_open(t, db, &all, &c, NULL);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        ktg_cursor_close(c);
        ktg_txn_abort(t);
        ktg_store_close(s);
        if (!failed) {
            assert_int_equal(r, KTG_OK);
            assert_true(n >= 4);
            return;
        }
        assert_int_equal(r, KTG_ENOMEM);
    }
}

/* Waits for a byte, looks, and dies with its transaction open. */
static int look_until_killed(int from, int to)
{
    struct ktg_store *s = NULL;
    struct ktg_txn *t = NULL;
    ktg_db a;
    char c;
    if (read(from, &c, 1) != 1 || ktg_store_look(path, &small, &s, NULL) ||
        ktg_store_db(s, "a", &a, NULL) || ktg_store_db(s, "none", &a, NULL) != KTG_ENOTFOUND ||
        ktg_txn_read(s, &t, NULL) || write(to, "l", 1) != 1)
        return 1;
    pause();
    return 1;
}

static void test_store__who_looked_and_was_killed_holds_nothing_back(void **unused)
{
    (void)unused;
    int down[2], up[2], status;
    char c;
    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    pid_t pid = fork(); /* before the store is open here */
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(look_until_killed(down[0], up[1]));
    close(up[1]);
    struct ktg_store *s = open_store();
    ktg_db a = table(s, "a");
    assert_int_equal(write(down[1], "g", 1), 1);
    assert_int_equal(read(up[0], &c, 1), 1);
    assert_int_equal(ktg_store_check_readers(s), 0); /* it lives */
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    struct ktg_txn *t = writer(s);
    put(t, a, "k", "v");
    assert_int_equal(ktg_txn_commit(&t, NULL), KTG_OK);
    assert_int_equal(ktg_store_check_readers(s), 1);
    assert_int_equal(ktg_store_check_readers(s), 0);
    ktg_store_close(s);
    close(down[0]);
    close(down[1]);
    close(up[0]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_store__what_was_committed_is_there_after_reopening_and_the_rest_never_was),
        T(test_store__reopened_in_place_gives_back_what_a_transaction_took),
        T(test_txn__a_reader_keeps_its_moment_until_it_lets_go),
        T(test_txn__a_key_has_1_to_511_bytes_and_the_transaction_survives_a_wrong_one),
        T(test_key__the_order_of_the_bytes_is_the_order_of_the_parts),
        T(test_cursor__walks_every_range_up_and_down),
        T(test_cursor__deletes_what_it_stands_on_and_goes_on_in_both_ways),
        T(test_store__belongs_to_one_process_and_to_its_owner),
        T(test_store__a_full_map_loses_nothing_and_can_grow),
        T(test_store__a_copy_taken_while_others_write_is_one_moment),
        T(test_store__any_allocation_may_fail),
        T(test_store__who_looked_and_was_killed_holds_nothing_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
