/* bench/tape.c - see tape.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/tape.h"

#include <sys/mman.h>

#include "runtime/mem.h"

enum { LARGEST = 512 };

struct ktg_tape {
    uint8_t *bytes;
    uint64_t *starts; /* one more than there are events */
    uint64_t count, most;
};

static void *pages(uint64_t size)
{
    void *p =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

int ktg_tape_new(uint64_t most, struct ktg_tape **ret_t)
{
    struct ktg_tape *t = ktg_zalloc(sizeof *t);
    if (!t)
        return KTG_ENOMEM;
    t->most = most;
    t->bytes = pages((most + 1) * LARGEST);
    t->starts = pages((most + 1) * sizeof *t->starts);
    if (!t->bytes || !t->starts) {
        ktg_tape_free(t);
        return KTG_ENOMEM;
    }
    *ret_t = t;
    return KTG_OK;
}

struct ktg_tape *ktg_tape_free(struct ktg_tape *t)
{
    if (t && t->bytes)
        munmap(t->bytes, (t->most + 1) * LARGEST);
    if (t && t->starts)
        munmap(t->starts, (t->most + 1) * sizeof *t->starts);
    ktg_free(t);
    return NULL;
}

int ktg_tape_add(struct ktg_tape *t, struct ktg_bytes event)
{
    if (t->count == t->most || event.size > LARGEST)
        return KTG_EFULL;
    memcpy(t->bytes + t->starts[t->count], event.data, event.size);
    t->starts[t->count + 1] = t->starts[t->count] + event.size;
    t->count++;
    return KTG_OK;
}

uint64_t ktg_tape_count(const struct ktg_tape *t)
{
    return t->count;
}

struct ktg_bytes ktg_tape_at(const struct ktg_tape *t, uint64_t i)
{
    return ktg_bytes(t->bytes + t->starts[i], t->starts[i + 1] - t->starts[i]);
}
