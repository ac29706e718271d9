/* runtime/mem.h - the allocator, with a fault hook, and arenas.
 *
 * (1) Every heap allocation of the project goes through here, so a test can make the n-th one fail.
 * (2) An arena hands out memory that is freed all at once; nothing in it is freed alone.
 *
 * Arenas are owned by one thread.  The fault hook is per process and for tests only.
 * Floor 0, depends on nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_MEM_H
#define KTG_RUNTIME_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/err.h"

void *ktg_alloc(size_t size);  /* NULL: no memory.  Size 0 gives a pointer that can be freed. */
void *ktg_zalloc(size_t size); /* zeroed */
void *ktg_calloc(size_t count, size_t size); /* zeroed; NULL also when count * size overflows */
void *ktg_realloc(void *p, size_t size);     /* NULL leaves p as it was */
void ktg_free(void *p);                      /* NULL is fine */
char *ktg_strdup(const char *s);
char *ktg_strndup(const char *s, size_t n); /* always terminated */

/* Grow *array (elements of `size` bytes) so that it holds at least `want`; doubles. 0 or KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_grow(void *array, size_t *cap, size_t want, size_t size);

/* Tests: let `n` more allocations succeed, fail the one after, then succeed again.  -1 switches off. */
void ktg_mem_fail_after(int64_t n);
int64_t ktg_mem_failed(void); /* how many allocations were failed since the hook was last set */
/* Tests: watch from now on how many bytes are held beyond those of now; the most that were at once. */
void ktg_mem_count(void);
int64_t ktg_mem_most(void);

struct ktg_arena {
    struct ktg_arena_block *blocks; /* newest first */
    uint8_t *next, *end;
    size_t used; /* bytes handed out since the last reset, for budgets */
};
#define KTG_ARENA_INIT \
    {                  \
        0              \
    }

void *ktg_arena_alloc(struct ktg_arena *a,
                      size_t size); /* aligned to 16, not zeroed; NULL: no memory */
void *ktg_arena_zalloc(struct ktg_arena *a, size_t size);
char *ktg_arena_strndup(struct ktg_arena *a, const char *s, size_t n);
void ktg_arena_reset(struct ktg_arena *a); /* keeps the largest block */
void ktg_arena_done(struct ktg_arena *a);  /* frees all; the arena may be used again */

#endif
