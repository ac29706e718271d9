/* runtime/journal/segment.c - see segment.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/mem.h"

static const struct ktg_fault faults[] = {
#define X(id, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "runtime/journal/faults.def"
#undef X
};

const struct ktg_fault *ktg_journal_fault(enum ktg_journal_fault f)
{
    return &faults[f];
}

void ktg_segment_name(ktg_position base, const char *suffix, char to[static KTG_SEGMENT_NAME])
{
    snprintf(to, KTG_SEGMENT_NAME, "%020" PRIu64 "%s", base, suffix);
}

const char *ktg_segment_where(ktg_position base, uint64_t offset, char to[static 64])
{
    snprintf(to, 64, "%020" PRIu64 ".log at %" PRIu64, base, offset);
    return to;
}

struct ktg_hash ktg_segment_genesis(const uint8_t journal[static 16], uint32_t flags)
{
    uint8_t f[4];
    ktg_put_le32(f, flags);
    struct ktg_bytes parts[] = {KTG_LIT("kentongan journal 1"), ktg_bytes(journal, 16),
                                ktg_bytes(f, 4)};
    return ktg_blake2b(parts, 3);
}

void ktg_segment_head_encode(const struct ktg_segment_head *h,
                             uint8_t to[static KTG_SEGMENT_HEADER])
{
    memset(to, 0, KTG_SEGMENT_HEADER);
    memcpy(to, "KTGJRNL\n", 8);
    ktg_put_le32(to + 8, 1);
    ktg_put_le32(to + 12, h->flags);
    memcpy(to + 16, h->journal, 16);
    ktg_put_le64(to + 32, h->base);
    ktg_put_le64(to + 40, h->size);
    ktg_put_le64(to + 48, h->generation);
    memcpy(to + 64, h->prev.b, sizeof h->prev.b);
    ktg_put_le32(to + 96, ktg_crc32c(0, to, 96));
}

bool ktg_segment_head_decode(const uint8_t *p, struct ktg_segment_head *ret_h)
{
    struct ktg_segment_head h = {
        .flags = ktg_get_le32(p + 12),
        .base = ktg_get_le64(p + 32),
        .size = ktg_get_le64(p + 40),
        .generation = ktg_get_le64(p + 48),
    };
    memcpy(h.journal, p + 16, 16);
    memcpy(h.prev.b, p + 64, sizeof h.prev.b);
    if (h.base == 0 || h.base > UINT64_MAX / 2 || h.size < KTG_SEGMENT_MIN ||
        h.size > KTG_SEGMENT_MAX || h.size % 4096)
        return false;
    uint8_t again[KTG_SEGMENT_HEADER]; /* one header has one form: CRC, version and zeros in one
                                          comparison */
    ktg_segment_head_encode(&h, again);
    if ((h.flags & ~(uint32_t)KTG_SEGMENT_SALTED) || memcmp(again, p, sizeof again) != 0)
        return false;
    *ret_h = h;
    return true;
}

int ktg_segment_open(int dir, ktg_position base, struct ktg_segment *ret_s, struct ktg_err *err)
{
    char name[KTG_SEGMENT_NAME], where[64];
    uint8_t head[KTG_SEGMENT_HEADER];
    struct ktg_segment s = {.fd = -1};
    int rc = KTG_EIO;
    ktg_segment_name(base, ".log", name);
    s.fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (s.fd < 0) {
        rc = errno == ENOENT ? KTG_ENOTFOUND : KTG_EIO;
        return ktg_err_set(err, rc, "%s: %s", name, strerror(errno));
    }
    ssize_t n = pread(s.fd, head, sizeof head, 0);
    if (n < 0) {
        rc = ktg_err_set(err, KTG_EIO, "%s: %s", name, strerror(errno));
        goto out;
    }
    if (n != (ssize_t)sizeof head || !ktg_segment_head_decode(head, &s.head) ||
        s.head.base != base) {
        rc = ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_SEGMENT_HEADER),
                           ktg_segment_where(base, 0, where), NULL, NULL);
        goto out;
    }
    void *map = mmap(NULL, s.head.size, PROT_READ, MAP_SHARED, s.fd, 0);
    if (map == MAP_FAILED) {
        rc = ktg_err_set(err, KTG_ENOMEM, "%s: cannot map: %s", name, strerror(errno));
        goto out;
    }
    s.map = map;
    ktg_segment_look(&s);
    *ret_s = s;
    return KTG_OK;
out:
    close(s.fd);
    return rc;
}

void ktg_segment_close(struct ktg_segment *s)
{
    if (s->map) {
        munmap((void *)s->map, s->head.size);
        if (s->fd >= 0)
            close(s->fd);
    }
    *s = (struct ktg_segment){.fd = -1};
}

void ktg_segment_look(struct ktg_segment *s)
{
    struct stat st;
    if (s->fd < 0 || fstat(s->fd, &st) != 0)
        return;
    uint64_t size = st.st_size < 0 ? 0 : (uint64_t)st.st_size;
    s->seen = size < s->head.size ? size : s->head.size;
}

bool ktg_segment_frame(const struct ktg_segment *s, uint64_t offset, struct ktg_frame *ret_f)
{
    if (offset >= s->seen)
        return false;
    struct ktg_frame_place place = {.segment_base = s->head.base, .offset = offset};
    memcpy(place.journal, s->head.journal, 16);
    return ktg_frame_check(&place, s->map + offset, s->seen - offset, ret_f);
}

uint64_t ktg_segment_used(const struct ktg_segment *s, uint64_t from)
{
    uint64_t at = from;
    for (; at < s->seen && at % 8; at++)
        if (s->map[at])
            return at;
    for (; at + 8 <= s->seen && ktg_get_le64(s->map + at) == 0; at += 8)
        ;
    for (; at < s->seen && s->map[at] == 0; at++)
        ;
    return at;
}

uint64_t ktg_segment_search(const struct ktg_segment *s, uint64_t from)
{
    struct ktg_frame f;
    for (uint64_t at = (from & ~(uint64_t)7) + 8; at + KTG_FRAME_HEADER <= s->seen; at += 8)
        if (memcmp(s->map + at, "KTGF", 4) == 0 && ktg_segment_frame(s, at, &f))
            return at;
    return 0;
}

static int compare_positions(const void *a, const void *b)
{
    ktg_position x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* "12345678901234567890.log" */
static bool parse_name(const char *name, ktg_position *ret_base)
{
    ktg_position base = 0;
    for (int i = 0; i < 20; i++) {
        if (name[i] < '0' || name[i] > '9' || base > (UINT64_MAX - 9) / 10)
            return false;
        base = base * 10 + (ktg_position)(name[i] - '0');
    }
    if (strcmp(name + 20, ".log") != 0)
        return false;
    *ret_base = base;
    return true;
}

int ktg_segment_list(int dir, ktg_position **ret_bases, size_t *ret_count, struct ktg_err *err)
{
    ktg_position *bases = NULL;
    size_t count = 0, cap = 0;
    int rc = KTG_OK;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0)
            close(fd);
        return ktg_err_set(err, KTG_EIO, "cannot list the folder: %s", strerror(errno));
    }
    for (struct dirent *e; (e = readdir(d));) {
        ktg_position base;
        if (strlen(e->d_name) != 24 || !parse_name(e->d_name, &base))
            continue;
        if (ktg_grow(&bases, &cap, count + 1, sizeof *bases)) {
            rc = ktg_err_set(err, KTG_ENOMEM, "out of memory");
            break;
        }
        bases[count++] = base;
    }
    closedir(d);
    if (rc) {
        ktg_free(bases);
        return rc;
    }
    if (count)
        qsort(bases, count, sizeof *bases, compare_positions);
    *ret_bases = bases;
    *ret_count = count;
    return KTG_OK;
}
