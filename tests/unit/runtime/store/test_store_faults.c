/* tests/unit/runtime/store/test_store_faults.c - the disk is full, the disk fails, the process is
 * killed.
 *
 * pwrite, writev and fdatasync of this program stand before those of the C library, so that the
 * n-th call that LMDB makes can fail. SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <lmdb.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "runtime/store/cursor.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

static atomic_int calls_left = -1; /* -1: no fault */
static int fault_errno;
static bool fault_hit;

static bool fault_now(void)
{
    if (atomic_load(&calls_left) < 0 || atomic_fetch_sub(&calls_left, 1) != 0)
        return false;
    fault_hit = true;
    errno = fault_errno;
    return true;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return fault_now() ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return fault_now() ? -1 : syscall(SYS_writev, fd, parts, count);
}

int fdatasync(int fd)
{
    return fault_now() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static const struct ktg_store_options small = {.map_size = 4u << 20, .max_dbs = 4};

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

/* Both tables hold n under "n": 0 when nothing was ever committed, -1 when they differ. */
static int64_t both(struct ktg_store *s, const ktg_db db[2])
{
    struct ktg_txn *t = NULL;
    int64_t n[2] = {0, 0};
    if (ktg_txn_read(s, &t, NULL))
        return -2;
    for (int i = 0; i < 2; i++) {
        struct ktg_bytes v;
        if (ktg_txn_get(t, db[i], KTG_LIT("n"), &v, NULL) == KTG_OK)
            n[i] = (int64_t)ktg_get_be64(v.data);
    }
    ktg_txn_abort(t);
    return n[0] == n[1] ? n[0] : -1;
}

static int put_both(struct ktg_store *s, const ktg_db db[2], uint64_t n, struct ktg_err *err)
{
    uint8_t v[3000] = {0};
    ktg_put_be64(v, n);
    struct ktg_txn *t = NULL;
    int r = ktg_txn_write(s, &t, err);
    for (int i = 0; i < 2 && !r; i++)
        r = ktg_txn_put(t, db[i], KTG_LIT("n"), ktg_bytes(v, sizeof v), err);
    if (!r)
        return ktg_txn_commit(&t, err);
    ktg_txn_abort(t);
    return r;
}

static int open_both(struct ktg_store **ret_s, ktg_db db[2], struct ktg_err *err)
{
    int r = ktg_store_open(path, &small, ret_s, err);
    if (!r)
        r = ktg_store_db(*ret_s, "a", &db[0], err);
    if (!r)
        r = ktg_store_db(*ret_s, "b", &db[1], err);
    return r;
}

static void test_store__whichever_write_or_sync_fails_all_or_nothing_is_there(void **unused)
{
    (void)unused;
    static const struct {
        int error, code;
    } errors[] = {{ENOSPC, KTG_EFULL}, {EIO, KTG_EIO}};
    struct ktg_store *s = NULL;
    ktg_db db[2];
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(open_both(&s, db, &err), KTG_OK);
    uint64_t n = 1;
    assert_int_equal(put_both(s, db, n, &err), KTG_OK);
    for (size_t e = 0; e < COUNT(errors); e++) {
        int failures = 0;
        for (int after = 0;; after++) {
            fault_errno = errors[e].error;
            fault_hit = false;
            atomic_store(&calls_left, after);
            int r = put_both(s, db, n + 1, &err);
            atomic_store(&calls_left, -1);
            if (!fault_hit) {
                assert_int_equal(r, KTG_OK);
                n++;
                break;
            }
            failures++;
            /* A meta page that cannot be written ends it all: LMDB cannot say what is on the disk.
             */
            assert_true(r == errors[e].code || r == KTG_EIO);
            assert_true(err.fault != NULL);
            if (r == KTG_EIO) { /* the last word: nobody writes here any more */
                assert_int_equal(put_both(s, db, n + 7, &err), KTG_EIO);
                assert_string_equal(err.fault->name, "store-disk");
            } else {
                assert_int_equal(both(s, db), n);
                assert_int_equal(put_both(s, db, n, &err), KTG_OK);
            }
            s = ktg_store_close(s);
            assert_int_equal(open_both(&s, db, &err), KTG_OK);
            int64_t found = both(s, db);
            assert_true(found == (int64_t)n || found == (int64_t)n + 1);
            n = (uint64_t)found;
        }
        assert_true(failures >= 3); /* pages, sync, meta */
    }
    ktg_store_close(s);
}

/* In a child that ends with 0 (fine), 77 (the machine does not let us), or anything else. */
static int in_child(int (*body)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(body());
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define MUST(c)                                                     \
    do {                                                            \
        if (!(c)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #c); \
            return 1;                                               \
        }                                                           \
    } while (0)

/* Fill until it says full; everything committed is there; after making room it goes on. */
static int fill_and_go_on(const char *ballast)
{
    struct ktg_store *s = NULL;
    ktg_db db[2];
    struct ktg_err err = KTG_ERR_INIT;
    MUST(open_both(&s, db, &err) == KTG_OK);
    uint8_t big[40000] = {0}, k[8];
    uint64_t n = 0;
    int r = KTG_OK;
    while (!r && n < 1000) {
        struct ktg_txn *t = NULL;
        ktg_put_be64(k, n);
        MUST(ktg_txn_write(s, &t, &err) == KTG_OK);
        r = ktg_txn_put(t, db[0], ktg_bytes(k, 8), ktg_bytes(big, sizeof big), &err);
        if (r)
            ktg_txn_abort(t);
        else
            r = ktg_txn_commit(&t, &err);
        n += r ? 0 : 1;
    }
    if (r != KTG_EFULL || strcmp(err.fault->name, "store-disk-full") != 0)
        fprintf(stderr, "%s\n", err.text);
    MUST(r == KTG_EFULL && strcmp(err.fault->name, "store-disk-full") == 0 && n > 3);
    struct ktg_txn *t = NULL;
    uint64_t count = 0;
    MUST(ktg_txn_read(s, &t, &err) == KTG_OK && ktg_txn_count(t, db[0], &count, &err) == KTG_OK);
    MUST(count == n);
    t = ktg_txn_abort(t);
    if (ballast)
        MUST(unlink(ballast) == 0);
    else
        MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) == 0);
    MUST(put_both(s, db, 5, &err) == KTG_OK);
    s = ktg_store_close(s);
    MUST(open_both(&s, db, &err) == KTG_OK && both(s, db) == 5);
    MUST(ktg_txn_read(s, &t, &err) == KTG_OK && ktg_txn_count(t, db[0], &count, &err) == KTG_OK);
    MUST(count == n + 1);
    ktg_txn_abort(t);
    ktg_store_close(s);
    return 0;
}

static int on_a_full_disk(void)
{
    char ballast[KTG_TMPDIR_SIZE + 8];
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", dir, "tmpfs", 0, "size=1m,mode=0700") != 0)
        return 77;
    snprintf(ballast, sizeof ballast, "%s/ballast", dir);
    FILE *f = fopen(ballast, "w");
    MUST(f != NULL);
    for (int i = 0; i < 300000; i++)
        fputc('b', f);
    MUST(fclose(f) == 0);
    return fill_and_go_on(ballast);
}

static int below_a_file_size_limit(void)
{
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit rl = {600000, RLIM_INFINITY};
    MUST(setrlimit(RLIMIT_FSIZE, &rl) == 0);
    return fill_and_go_on(NULL);
}

static void
test_store__a_full_disk_is_said_loses_nothing_and_goes_on_when_there_is_room(void **unused)
{
    (void)unused;
    int r = in_child(on_a_full_disk);
    if (r == 77)
        print_message("no mount namespace here: only the file size limit was tried\n");
    else
        assert_int_equal(r, 0);
    assert_int_equal(in_child(below_a_file_size_limit), 0);
}

static int report_to;

static int count_until_killed(void)
{
    struct ktg_store *s = NULL;
    ktg_db db[2];
    struct ktg_err err = KTG_ERR_INIT;
    if (open_both(&s, db, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (uint64_t n = (uint64_t)both(s, db) + 1;; n++) {
        MUST(put_both(s, db, n, &err) == KTG_OK);
        MUST(write(report_to, &n, sizeof n) == sizeof n);
    }
}

static void test_store__a_writer_killed_at_any_instant_leaves_whole_transactions(void **unused)
{
    (void)unused;
    uint64_t said = 0;
    for (unsigned round = 0; round < 25; round++) {
        int p[2];
        assert_int_equal(pipe(p), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(p[0]);
            report_to = p[1];
            _exit(count_until_killed());
        }
        close(p[1]);
        uint64_t n;
        for (unsigned i = 0; i < 5 + round * 3; i++) { /* then somewhere inside the next one */
            assert_int_equal(read(p[0], &n, sizeof n), sizeof n);
            said = n;
        }
        for (volatile unsigned spin = 0; spin < round * 20011; spin++)
            ;
        assert_int_equal(kill(pid, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        while (read(p[0], &n, sizeof n) == sizeof n)
            said = n;
        close(p[0]);

        struct ktg_store *s = NULL;
        ktg_db db[2];
        struct ktg_err err = KTG_ERR_INIT;
        if (open_both(&s, db, &err))
            fail_msg("%s", err.text);
        int64_t found = both(s, db);
        assert_true(found == (int64_t)said || found == (int64_t)said + 1);
        said = (uint64_t)found;
        ktg_store_close(s);
    }
}

static int go_from, done_to;

/* Another program (an older one, a tool) writes beyond our map. */
static int grow_from_outside(void)
{
    char c;
    MUST(read(go_from, &c, 1) == 1);
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    uint8_t big[1u << 20] = {0};
    MUST(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, 16u << 20) == 0);
    MUST(mdb_env_set_maxdbs(env, 4) == 0 && mdb_env_open(env, path, 0, 0600) == 0);
    MUST(mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, "a", 0, &dbi) == 0);
    for (char i = 'A'; i < 'A' + 7; i++) {
        MDB_val k = {1, &i}, v = {sizeof big, big};
        MUST(mdb_put(txn, dbi, &k, &v, 0) == 0);
    }
    MUST(mdb_txn_commit(txn) == 0);
    MUST(write(done_to, "x", 1) == 1);
    mdb_env_close(env);
    return 0;
}

static void test_store__adopts_a_map_that_was_made_larger(void **unused)
{
    (void)unused;
    int go[2], done[2];
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(done), 0);
    pid_t pid = fork(); /* before the store is open: never fork with it */
    assert_true(pid >= 0);
    if (pid == 0) {
        go_from = go[0];
        done_to = done[1];
        _exit(grow_from_outside());
    }
    struct ktg_store *s = NULL;
    ktg_db db[2];
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(open_both(&s, db, &err), KTG_OK);
    assert_int_equal(write(go[1], "x", 1), 1);
    close(done[1]);
    char c;
    assert_int_equal(read(done[0], &c, 1), 1);
    struct ktg_txn *t = NULL;
    if (ktg_txn_read(s, &t, &err))
        fail_msg("%s", err.text);
    struct ktg_bytes v;
    assert_int_equal(ktg_txn_get(t, db[0], KTG_LIT("G"), &v, NULL), KTG_OK);
    assert_int_equal(v.size, 1u << 20);
    ktg_txn_abort(t);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ktg_store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_store__whichever_write_or_sync_fails_all_or_nothing_is_there),
        T(test_store__a_full_disk_is_said_loses_nothing_and_goes_on_when_there_is_room),
        T(test_store__a_writer_killed_at_any_instant_leaves_whole_transactions),
        T(test_store__adopts_a_map_that_was_made_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
