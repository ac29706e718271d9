/* runtime/store/store.c - see store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/mem.h"
#include "runtime/store/env.h"

enum {
#define X(NAME, label, code, what, apa, next, langkah) FAULT_##NAME,
#include "runtime/store/faults.def"
#undef X
};
static const struct ktg_fault faults[] = {
#define X(NAME, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "runtime/store/faults.def"
#undef X
};

/* What LMDB or the system says, and which fault that is. */
static const struct {
    int rc, fault;
} meanings[] = {
    {MDB_MAP_FULL, FAULT_MAP_FULL},
    {MDB_TXN_FULL, FAULT_MAP_FULL},
    {ENOSPC, FAULT_DISK_FULL},
    {EDQUOT, FAULT_DISK_FULL},
    {EFBIG, FAULT_DISK_FULL}, /* a limit on the size of files */
    {EIO, FAULT_DISK},
    {MDB_PANIC, FAULT_DISK}, /* the meta page could not be written: nothing more may be */
    {MDB_PAGE_NOTFOUND, FAULT_DAMAGED},
    {MDB_CORRUPTED, FAULT_DAMAGED},
    {MDB_PAGE_FULL, FAULT_DAMAGED},
    {MDB_CURSOR_FULL, FAULT_DAMAGED},
    {MDB_INVALID, FAULT_FOREIGN},
    {MDB_VERSION_MISMATCH, FAULT_FOREIGN},
    {MDB_INCOMPATIBLE, FAULT_FOREIGN},
    {MDB_READERS_FULL, FAULT_READERS},
    {MDB_BAD_RSLOT, FAULT_READERS},
    {MDB_MAP_RESIZED, FAULT_READERS},
    {MDB_DBS_FULL, FAULT_TABLES},
    {MDB_BAD_VALSIZE, FAULT_KEY},
    {MDB_BAD_TXN, FAULT_FAILED_TXN},
    {EACCES, FAULT_DENIED},
    {EPERM, FAULT_DENIED},
    {EROFS, FAULT_DENIED},
    {ENOENT, FAULT_DENIED},
    {ENOTDIR, FAULT_DENIED},
};

int ktg_env_fail(struct ktg_store *store, int rc, struct ktg_err *err)
{
    if (rc == 0)
        return KTG_OK;
    if (rc == MDB_NOTFOUND)
        return KTG_ENOTFOUND;
    if (rc == ENOMEM)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory or address space", store->path);
    if (rc == EMFILE || rc == ENFILE)
        return ktg_err_set(err, KTG_EAGAIN, "%s: no file descriptors left", store->path);
    int fault = FAULT_DISK; /* what nobody has foreseen stops the writer */
    for (size_t i = 0; i < KTG_COUNT(meanings); i++)
        if (meanings[i].rc == rc) {
            fault = meanings[i].fault;
            break;
        }
    if (faults[fault].code == KTG_EIO)
        atomic_store(&store->failed, true);
    return ktg_err_fault(err, &faults[fault], store->path, mdb_strerror(rc), NULL);
}

/* Is there no room to write on: fewer than 1 MiB free, or at the limit that our files may grow to?
 */
static bool disk_is_full(const struct ktg_store *store)
{
    mdb_filehandle_t fd;
    struct statvfs vfs;
    struct stat st;
    struct rlimit limit;
    if (mdb_env_get_fd(store->env, &fd) || fstatvfs(fd, &vfs) || fstat(fd, &st))
        return false;
    uint64_t blocks = geteuid() == 0 ? vfs.f_bfree : vfs.f_bavail;
    if (blocks * vfs.f_frsize < 1u << 20)
        return true;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           (uint64_t)st.st_size + vfs.f_bsize > limit.rlim_cur;
}

int ktg_env_commit_cause(struct ktg_store *store, int rc)
{
    MDB_txn *probe;
    if (rc == 0)
        return 0;
    int alive = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &probe);
    if (alive == 0)
        mdb_txn_abort(probe);
    if (alive == MDB_PANIC)
        return MDB_PANIC;
    return rc == EIO && disk_is_full(store) ? ENOSPC : rc;
}

/* fsync what stands at folder/name; 0 or errno.  A folder makes the names in it durable. */
static int sync_path(const char *folder, const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static int sync_folder_and_parent(const char *path)
{
    int rc = sync_path(path, ".");
    return rc ? rc : sync_path(path, "..");
}

static int take_lock(struct ktg_store *store, struct ktg_err *err)
{
    char path[PATH_MAX], got[96];
    if (snprintf(path, sizeof path, "%s/store.lock", store->path) >= (int)sizeof path)
        return ktg_env_fail(store, ENOENT, err);
    struct ktg_err inner = KTG_ERR_INIT;
    int r = ktg_lockfile_open(path, &store->lock, &inner);
    if (r == KTG_ECONFLICT) {
        snprintf(got, sizeof got, "%s", inner.got);
        return ktg_err_fault(err, &faults[FAULT_LOCKED], store->path, got, NULL);
    }
    if (r && err)
        *err = inner;
    return r;
}

static uint64_t round_to_pages(uint64_t size)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    return size > UINT64_MAX - page ? size : (size + page - 1) / page * page;
}

/* Safe modes only (3): no WRITEMAP, NOSYNC, NOMETASYNC, MAPASYNC, NOLOCK can get in here. */
static int open_env(struct ktg_store *store, const struct ktg_store_options *options, bool looks)
{
    assert(options->map_size >= 65536);
    unsigned flags =
        MDB_NOTLS | (looks ? MDB_RDONLY : 0u) | (options->larger_than_ram ? MDB_NORDAHEAD : 0u);
    int rc = mdb_env_create(&store->env);
    if (!rc)
        rc = mdb_env_set_mapsize(store->env, round_to_pages(options->map_size));
    if (!rc)
        rc = mdb_env_set_maxdbs(store->env, options->max_dbs ? options->max_dbs : 16);
    if (!rc && options->max_readers)
        rc = mdb_env_set_maxreaders(store->env, options->max_readers);
    if (!rc)
        rc = mdb_env_open(store->env, store->path, flags, 0600);
    assert(rc || mdb_env_get_maxkeysize(store->env) >= KTG_KEY_MAX);
    return rc;
}

static struct ktg_store *new_store(const char *path, struct ktg_err *err)
{
    struct ktg_store *store = ktg_zalloc(sizeof *store);
    char *copy = store ? ktg_strdup(path) : NULL;
    if (!copy) {
        (void)ktg_err_set(err, KTG_ENOMEM, "%s: no memory", path);
        ktg_free(store);
        return NULL;
    }
    store->path = copy;
    return store;
}

int ktg_store_open(const char *path, const struct ktg_store_options *options,
                   struct ktg_store **ret_store, struct ktg_err *err)
{
    int r = ktg_rundir_prepare(path, 0700, err);
    struct ktg_store *store = r ? NULL : new_store(path, err);
    if (!store)
        return r ? r : KTG_ENOMEM;
    store->options = *options;
    r = take_lock(store, err);
    if (!r)
        r = ktg_env_fail(store, open_env(store, options, false), err);
    if (!r)
        r = ktg_env_fail(store, sync_folder_and_parent(path), err);
    if (r) {
        ktg_store_close(store);
        return r;
    }
    ktg_store_check_readers(store);
    *ret_store = store;
    return KTG_OK;
}

int ktg_store_look(const char *path, const struct ktg_store_options *options,
                   struct ktg_store **ret_store, struct ktg_err *err)
{
    struct ktg_store *store = new_store(path, err);
    if (!store)
        return KTG_ENOMEM;
    store->options = *options;
    int rc = open_env(store, options, true);
    int r = rc == ENOENT || rc == ENOTDIR
                ? ktg_err_set(err, KTG_ENOTFOUND, "%s: there is no store", path)
                : ktg_env_fail(store, rc, err);
    if (r)
        ktg_store_close(store);
    else
        *ret_store = store;
    return r;
}

struct ktg_store *ktg_store_close(struct ktg_store *store)
{
    if (!store)
        return NULL;
    assert(atomic_load(&store->open_txns) == 0);
    if (store->env)
        mdb_env_close(store->env);
    store->lock = ktg_lockfile_close(store->lock);
    ktg_free(store->path);
    ktg_free(store);
    return NULL;
}

int ktg_store_dbs(struct ktg_store *store, const char *const *names, ktg_db *ret_dbs,
                  struct ktg_err *err)
{
    struct ktg_txn *txn = NULL;
    MDB_dbi opened[KTG_STORE_DBS];
    size_t n = 0;
    int r = store->lock ? ktg_txn_write(store, &txn, err) : ktg_txn_read(store, &txn, err);
    unsigned flags = store->lock ? MDB_CREATE : 0;
    if (r)
        return r;
    for (; names[n] && !r; n++) {
        assert(n < KTG_STORE_DBS);
        r = ktg_env_fail(store, mdb_dbi_open(txn->txn, names[n], flags, &opened[n]), err);
    }
    if (r) {
        ktg_txn_abort(txn);
        return r;
    }
    r = ktg_txn_commit(&txn, err);
    for (size_t i = 0; i < n && !r; i++)
        ret_dbs[i] = opened[i];
    return r;
}

int ktg_store_db(struct ktg_store *store, const char *name, ktg_db *ret_db, struct ktg_err *err)
{
    return ktg_store_dbs(store, (const char *const[]){name, NULL}, ret_db, err);
}

void ktg_store_stat(const struct ktg_store *store, struct ktg_store_stat *ret_stat)
{
    MDB_envinfo info;
    MDB_stat st;
    int rc = mdb_env_info(store->env, &info);
    if (!rc)
        rc = mdb_env_stat(store->env, &st);
    assert(rc == 0); /* fails only for a NULL environment */
    *ret_stat = (struct ktg_store_stat){
        .map_size = info.me_mapsize,
        .used_bytes = (uint64_t)(info.me_last_pgno + 1) * st.ms_psize,
        .page_size = st.ms_psize,
        .last_txn = info.me_last_txnid,
        .readers = info.me_numreaders,
        .max_readers = info.me_maxreaders,
    };
}

int ktg_store_grow(struct ktg_store *store, uint64_t map_size, struct ktg_err *err)
{
    struct ktg_store_stat stat;
    if (atomic_load(&store->open_txns) != 0) /* LMDB would not notice and readers would crash */
        return ktg_err_set(err, KTG_EAGAIN, "%s: transactions are open", store->path);
    ktg_store_stat(store, &stat);
    map_size = round_to_pages(map_size);
    if (map_size < stat.used_bytes)
        return ktg_err_set(err, KTG_EINVALID, "%s: %llu bytes are in use", store->path,
                           (unsigned long long)stat.used_bytes);
    return ktg_env_fail(store, mdb_env_set_mapsize(store->env, map_size), err);
}

int ktg_store_reopen(struct ktg_store *store, struct ktg_err *err)
{
    if (atomic_load(&store->open_txns) != 0)
        return ktg_err_set(err, KTG_EAGAIN, "%s: transactions are open", store->path);
    if (atomic_load(&store->failed))
        return ktg_env_fail(store, EIO, err);
    MDB_envinfo info;
    if (!mdb_env_info(store->env, &info))
        store->options.map_size = info.me_mapsize; /* it may have grown */
    mdb_env_close(store->env);
    store->env = NULL;
    return ktg_env_fail(store, open_env(store, &store->options, !store->lock), err);
}

int ktg_store_check_readers(struct ktg_store *store)
{
    int dead = 0;
    return mdb_reader_check(store->env, &dead) ? 0 : dead;
}

int ktg_store_copy(struct ktg_store *store, const char *path, bool compact, struct ktg_err *err)
{
    char file[PATH_MAX];
    int r = ktg_rundir_prepare(path, 0700, err);
    if (r)
        return r;
    if (snprintf(file, sizeof file, "%s/data.mdb", path) >= (int)sizeof file)
        return ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", path);
    if (access(file, F_OK) == 0)
        return ktg_err_fault(err, &faults[FAULT_COPY_EXISTS], path, NULL, NULL);
    int rc = mdb_env_copy2(store->env, path, compact ? MDB_CP_COMPACT : 0);
    if (!rc)
        rc = sync_path(path, "data.mdb");
    if (!rc)
        rc = sync_folder_and_parent(path);
    if (rc) {               /* the copy's disk, not ours: the store goes on */
        (void)unlink(file); /* half a copy is none */
        bool full = rc == ENOSPC || rc == EDQUOT || rc == EFBIG;
        return ktg_err_set(err, full ? KTG_EFULL : KTG_EIO, "%s: cannot copy the store to %s: %s",
                           store->path, path, mdb_strerror(rc));
    }
    return KTG_OK;
}
