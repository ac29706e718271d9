/* runtime/journal/index.c - see index.h; offsets are those of docs/journal-format.md section 10.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/journal/segment.h"
#include "runtime/mem.h"

enum { HEADER = 256, PROBES = 7, BITS_PER_ID = 10, FILTER_MIN = 64 };

/* Sets the bits of an id, or asks whether all are set. */
static bool filter_bits(uint8_t *set, const uint8_t *ask, uint64_t size, const uint8_t *id)
{
    uint64_t a = ktg_mix64(ktg_get_le64(id)), b = ktg_mix64(ktg_get_le64(id + 8)) | 1;
    for (int i = 0; i < PROBES; i++, a += b) {
        uint64_t bit = a & (size * 8 - 1);
        if (set)
            set[bit / 8] |= (uint8_t)(1u << (bit % 8));
        else if (!(ask[bit / 8] & (1u << (bit % 8))))
            return false;
    }
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct ktg_identry *x = a, *y = b;
    int c = memcmp(x->id, y->id, 16);
    uint64_t p = ktg_get_le64(x->pos), q = ktg_get_le64(y->pos);
    return c ? c : (p > q) - (p < q);
}

static void encode_head(uint8_t *p, const struct ktg_index_head *h,
                        const struct ktg_identry *entries, uint64_t count, struct ktg_bytes filter,
                        struct ktg_bytes snapshot)
{
    memset(p, 0, HEADER);
    memcpy(p, "KTGJIDX\n", 8);
    ktg_put_le32(p + 8, 1);
    memcpy(p + 16, h->journal, 16);
    ktg_put_le64(p + 32, h->base);
    ktg_put_le64(p + 40, h->end);
    ktg_put_le64(p + 48, h->end_offset);
    ktg_put_le64(p + 56, count);
    memcpy(p + 64, h->chain.b, 32);
    ktg_put_le64(p + 96, (uint64_t)h->recorded_at);
    ktg_put_le64(p + 104, h->tag);
    ktg_put_le64(p + 112, filter.size);
    ktg_put_le64(p + 120, snapshot.size);
    ktg_put_le64(p + 128, h->snapshot_pos);
    memcpy(p + 136, h->snapshot_chain.b, 32);
    if (count) {
        memcpy(p + 168, entries[0].id, 16);
        memcpy(p + 184, entries[count - 1].id, 16);
    }
    ktg_put_le32(p + 200, ktg_crc32c(0, filter.data, filter.size));
    ktg_put_le32(p + 204, ktg_crc32c(0, entries, count * sizeof *entries));
    ktg_put_le32(p + 208, ktg_crc32c(0, snapshot.data, snapshot.size));
    ktg_put_le32(p + 12, ktg_crc32c(0, p + 16, HEADER - 16));
}

int ktg_index_write(int dir, struct ktg_disk *disk, const struct ktg_index_head *head,
                    const struct ktg_idtable *table, struct ktg_bytes snapshot, struct ktg_err *err)
{
    struct ktg_identry *entries = ktg_alloc((table->count ? table->count : 1) * sizeof *entries);
    uint8_t *filter = NULL;
    int fd = -1, rc = KTG_ENOMEM;
    if (!entries)
        goto out;
    uint64_t count = 0, size = FILTER_MIN;
    for (size_t i = 0; i < table->count; i++) {
        ktg_position pos = ktg_get_le64(ktg_idtable_at(table, i)->pos);
        if (pos >= head->base && pos <= head->end)
            entries[count++] = *ktg_idtable_at(table, i);
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    while (size * 8 < count * BITS_PER_ID)
        size *= 2;
    filter = ktg_zalloc(size);
    if (!filter)
        goto out;
    for (uint64_t i = 0; i < count; i++)
        filter_bits(filter, NULL, size, entries[i].id);
    uint8_t p[HEADER];
    char name[KTG_SEGMENT_NAME];
    encode_head(p, head, entries, count, ktg_bytes(filter, size), snapshot);
    ktg_segment_name(head->base, ".idx", name);
    rc = KTG_EIO;
    fd = ktg_disk_open(disk, dir, "idx.tmp", O_RDWR | O_CREAT | O_TRUNC, 0640);
    if (fd < 0)
        goto out;
    off_t at = HEADER, n = (off_t)(count * sizeof *entries);
    if (ktg_disk_pwrite(disk, fd, p, HEADER, 0) || ktg_disk_pwrite(disk, fd, filter, size, at) ||
        (n && ktg_disk_pwrite(disk, fd, entries, (size_t)n, at + (off_t)size)) ||
        (snapshot.size &&
         ktg_disk_pwrite(disk, fd, snapshot.data, snapshot.size, at + (off_t)size + n)) ||
        ktg_disk_fdatasync(disk, fd) || ktg_disk_rename(disk, dir, "idx.tmp", name))
        goto out;
    rc = KTG_OK;
out:
    if (rc)
        ktg_err_set(err, rc, "index: %s", rc == KTG_ENOMEM ? "out of memory" : strerror(errno));
    if (fd >= 0)
        close(fd);
    ktg_free(filter);
    ktg_free(entries);
    return rc;
}

static bool decode_head(const uint8_t *p, uint64_t file_size, struct ktg_index *x)
{
    if (memcmp(p, "KTGJIDX\n", 8) != 0 || ktg_get_le32(p + 8) != 1 ||
        ktg_get_le32(p + 12) != ktg_crc32c(0, p + 16, HEADER - 16))
        return false;
    struct ktg_index_head *h = &x->head;
    memcpy(h->journal, p + 16, 16);
    h->base = ktg_get_le64(p + 32);
    h->end = ktg_get_le64(p + 40);
    h->end_offset = ktg_get_le64(p + 48);
    x->count = ktg_get_le64(p + 56);
    memcpy(h->chain.b, p + 64, 32);
    h->recorded_at = (ktg_time)ktg_get_le64(p + 96);
    h->tag = ktg_get_le64(p + 104);
    x->bloom_size = ktg_get_le64(p + 112);
    x->snapshot_size = ktg_get_le64(p + 120);
    h->snapshot_pos = ktg_get_le64(p + 128);
    memcpy(h->snapshot_chain.b, p + 136, 32);
    uint64_t limit = (uint64_t)1 << 40; /* far above any segment, far below an overflow */
    if (x->bloom_size < FILTER_MIN || x->bloom_size > limit || x->count > limit / 64 ||
        x->snapshot_size > limit || (x->bloom_size & (x->bloom_size - 1)))
        return false;
    return HEADER + x->bloom_size + x->count * sizeof(struct ktg_identry) + x->snapshot_size ==
           file_size;
}

int ktg_index_open(int dir, const uint8_t journal[static 16], ktg_position base,
                   struct ktg_index *ret_x)
{
    char name[KTG_SEGMENT_NAME];
    struct ktg_index x = {.map = NULL};
    struct stat st;
    ktg_segment_name(base, ".idx", name);
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return KTG_ENOTFOUND;
    void *map = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size >= HEADER) {
        x.map_size = (size_t)st.st_size;
        map = mmap(NULL, x.map_size, PROT_READ, MAP_SHARED, fd, 0);
    }
    close(fd);
    if (map == MAP_FAILED)
        return KTG_ENOTFOUND;
    x.map = map;
    if (!decode_head(x.map, x.map_size, &x) || memcmp(x.head.journal, journal, 16) != 0 ||
        x.head.base != base) {
        ktg_index_close(&x);
        return KTG_ENOTFOUND;
    }
    *ret_x = x;
    return KTG_OK;
}

void ktg_index_close(struct ktg_index *x)
{
    if (x->map)
        munmap((void *)x->map, x->map_size);
    *x = (struct ktg_index){.map = NULL};
}

int ktg_index_find(struct ktg_index *x, const uint8_t id[static 16], struct ktg_identry *ret_e)
{
    const uint8_t *filter = x->map + HEADER;
    if (x->count == 0 || memcmp(id, x->map + 168, 16) < 0 || memcmp(id, x->map + 184, 16) > 0)
        return KTG_ENOTFOUND;
    if (!x->filter_sound) {
        if (ktg_crc32c(0, filter, x->bloom_size) != ktg_get_le32(x->map + 200))
            return KTG_ECORRUPT;
        x->filter_sound = true;
    }
    if (!filter_bits(NULL, filter, x->bloom_size, id))
        return KTG_ENOTFOUND;
    const struct ktg_identry *e = (const struct ktg_identry *)(filter + x->bloom_size);
    if (!x->entries_sound) {
        if (ktg_crc32c(0, e, x->count * sizeof *e) != ktg_get_le32(x->map + 204))
            return KTG_ECORRUPT;
        x->entries_sound = true;
    }
    uint64_t low = 0, high = x->count; /* the first entry that is not below id */
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (memcmp(e[mid].id, id, 16) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == x->count || memcmp(e[low].id, id, 16) != 0)
        return KTG_ENOTFOUND;
    *ret_e = e[low];
    return KTG_OK;
}

int ktg_index_snapshot(const struct ktg_index *x, struct ktg_bytes *ret_bytes)
{
    if (x->head.snapshot_pos == 0)
        return KTG_ENOTFOUND;
    const uint8_t *p = x->map + HEADER + x->bloom_size + x->count * sizeof(struct ktg_identry);
    if (ktg_crc32c(0, p, x->snapshot_size) != ktg_get_le32(x->map + 208))
        return KTG_ENOTFOUND;
    *ret_bytes = ktg_bytes(p, x->snapshot_size);
    return KTG_OK;
}
