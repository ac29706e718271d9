/* runtime/clockfile.c - see clockfile.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/clockfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/mem.h"

#define MAGIC UINT64_C(0x314b4c434754484b)

enum { START0, ANCHOR0, SCALE0, START, ANCHOR, SCALE, WORDS };

struct
    page { /* as it lies in the file; the machine's own byte order: it never leaves the machine */
    uint64_t magic;
    _Atomic uint64_t turn; /* odd: being written */
    _Atomic int64_t words[WORDS];
};

struct ktg_clockfile {
    struct page *page;
};

static int map(int fd, int rights, struct ktg_clockfile **ret_f)
{
    struct ktg_clockfile *f = ktg_zalloc(sizeof *f);
    if (!f)
        return KTG_ENOMEM;
    f->page = mmap(NULL, sizeof *f->page, rights, MAP_SHARED, fd, 0);
    if (f->page == MAP_FAILED) {
        ktg_free(f);
        return KTG_EIO;
    }
    *ret_f = f;
    return KTG_OK;
}

static void put(struct page *p, const int64_t words[WORDS])
{
    uint64_t turn = atomic_load_explicit(&p->turn, memory_order_relaxed);
    atomic_store_explicit(&p->turn, turn + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (int i = 0; i < WORDS; i++)
        atomic_store_explicit(&p->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&p->turn, turn + 2, memory_order_release);
}

static void get(const struct page *p, int64_t words[WORDS])
{
    uint64_t turn;
    do {
        turn = atomic_load_explicit(&p->turn, memory_order_acquire);
        for (int i = 0; i < WORDS; i++)
            words[i] = atomic_load_explicit(&p->words[i], memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
    } while (turn & 1 || turn != atomic_load_explicit(&p->turn, memory_order_relaxed));
}

int ktg_clockfile_create(const char *path, ktg_time start, int32_t scale,
                         struct ktg_clockfile **ret_f, struct ktg_err *err)
{
    assert(scale >= 1);
    const ktg_time now = ktg_clock_now(&KTG_CLOCK_REAL);
    const int64_t words[WORDS] = {start, now, scale, start, now, scale};
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    int rc = fd < 0 || ftruncate(fd, sizeof(struct page)) ? KTG_EIO
                                                          : map(fd, PROT_READ | PROT_WRITE, ret_f);
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (rc)
        return ktg_err_set(err, rc, "the clock %s cannot be made: %s", path, strerror(why));
    put((*ret_f)->page, words);
    atomic_thread_fence(memory_order_release);
    (*ret_f)->page->magic = MAGIC;
    return KTG_OK;
}

int ktg_clockfile_open(const char *path, struct ktg_clockfile **ret_f, struct ktg_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ktg_err_set(err, errno == ENOENT ? KTG_ENOTFOUND : KTG_EDENIED, "clock.file: %s: %s",
                           path, strerror(errno));
    int rc = fstat(fd, &st) || st.st_size < (off_t)sizeof(struct page) ? KTG_EINVALID
                                                                       : map(fd, PROT_READ, ret_f);
    close(fd);
    if (!rc && (*ret_f)->page->magic != MAGIC) {
        *ret_f = ktg_clockfile_close(*ret_f);
        rc = KTG_EINVALID;
    }
    return rc ? ktg_err_set(err, rc, "clock.file: %s is no clock", path) : KTG_OK;
}

struct ktg_clockfile *ktg_clockfile_close(struct ktg_clockfile *f)
{
    if (f)
        munmap(f->page, sizeof *f->page);
    ktg_free(f);
    return NULL;
}

static ktg_time at(const int64_t words[WORDS], ktg_time real)
{
    const int64_t *line = real < words[ANCHOR] ? words + START0 : words + START;
    return line[0] + (real - line[1]) * line[2];
}

void ktg_clockfile_set(struct ktg_clockfile *f, ktg_time at_least, int32_t scale)
{
    int64_t words[WORDS];
    assert(scale >= 1);
    get(f->page, words);
    ktg_time now = ktg_clock_now(&KTG_CLOCK_REAL);
    bool ahead =
        now < words[ANCHOR]; /* the change before this one has not come yet: this one replaces it */
    if (!ahead)
        memmove(words, words + START, 3 * sizeof *words);
    words[ANCHOR] = now + (ahead || scale < words[SCALE0] ? KTG_CLOCKFILE_LEAD : 0);
    ktg_time start = words[START0] + (words[ANCHOR] - words[ANCHOR0]) * words[SCALE0];
    words[START] = start < at_least ? at_least : start;
    words[SCALE] = scale;
    put(f->page, words);
}

ktg_time ktg_clockfile_at(const struct ktg_clockfile *f, ktg_time real)
{
    int64_t words[WORDS];
    get(f->page, words);
    return at(words, real);
}

int32_t ktg_clockfile_scale(const struct ktg_clockfile *f)
{
    int64_t words[WORDS];
    get(f->page, words);
    return (int32_t)words[SCALE];
}
