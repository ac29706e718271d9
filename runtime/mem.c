/* runtime/mem.c - see mem.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static _Atomic int64_t fail_countdown = -1;
static _Atomic int64_t failed;
static _Atomic bool counts;
static _Atomic int64_t held, most;

static void *taken(void *p)
{
    if (!p || !atomic_load_explicit(&counts, memory_order_relaxed))
        return p;
    int64_t now =
        atomic_fetch_add(&held, (int64_t)malloc_usable_size(p)) + (int64_t)malloc_usable_size(p);
    for (int64_t was = most; now > was && !atomic_compare_exchange_weak(&most, &was, now);)
        ;
    return p;
}

static void *given_back(void *p)
{
    if (p && atomic_load_explicit(&counts, memory_order_relaxed))
        atomic_fetch_sub(&held, (int64_t)malloc_usable_size(p));
    return p;
}

/* Put a breakpoint here to stand where the fault was injected. */
static void *injected_failure(void)
{
    failed++;
    return NULL;
}

static int must_fail(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) < 0)
        return 0;
    return atomic_fetch_sub(&fail_countdown, 1) == 0;
}

void ktg_mem_fail_after(int64_t n)
{
    failed = 0;
    fail_countdown = n;
}

int64_t ktg_mem_failed(void)
{
    return failed;
}

void ktg_mem_count(void)
{
    held = most = 0;
    counts = true;
}

int64_t ktg_mem_most(void)
{
    return most;
}

void *ktg_alloc(size_t size)
{
    if (must_fail())
        return injected_failure();
    return taken(malloc(size ? size : 1));
}

void *ktg_calloc(size_t count, size_t size)
{
    if (must_fail())
        return injected_failure();
    return taken(calloc(count ? count : 1, size ? size : 1));
}

void *ktg_zalloc(size_t size)
{
    return ktg_calloc(1, size);
}

void *ktg_realloc(void *p, size_t size)
{
    if (must_fail())
        return injected_failure();
    size_t had = p && counts ? malloc_usable_size(p) : 0;
    void *grown = taken(realloc(p, size ? size : 1));
    if (grown)
        held -= (int64_t)had;
    return grown;
}

void ktg_free(void *p)
{
    free(given_back(p));
}

char *ktg_strndup(const char *s, size_t n)
{
    char *copy = ktg_alloc(n + 1);
    if (!copy)
        return NULL;
    memcpy(copy, s, n);
    copy[n] = 0;
    return copy;
}

char *ktg_strdup(const char *s)
{
    return ktg_strndup(s, strlen(s));
}

int ktg_grow(void *array, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap)
        return KTG_OK;
    size_t n = *cap ? *cap : 8;
    while (n < want) {
        if (n > SIZE_MAX / 2)
            return KTG_ENOMEM;
        n *= 2;
    }
    if (n > SIZE_MAX / size)
        return KTG_ENOMEM;
    void **at = array;
    void *grown = ktg_realloc(*at, n * size);
    if (!grown)
        return KTG_ENOMEM;
    *at = grown;
    *cap = n;
    return KTG_OK;
}

struct ktg_arena_block {
    struct ktg_arena_block *older;
    size_t size; /* bytes after this header */
};

enum { ALIGN = 16, FIRST_BLOCK = 4096 };

static uint8_t *block_bytes(struct ktg_arena_block *b)
{
    return (uint8_t *)b + ((sizeof *b + ALIGN - 1) & ~(size_t)(ALIGN - 1));
}

void *ktg_arena_alloc(struct ktg_arena *a, size_t size)
{
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (size == 0)
        size = ALIGN;
    if ((size_t)(a->end - a->next) < size) {
        size_t want = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
        while (want < size) {
            if (want > SIZE_MAX / 4)
                return NULL;
            want *= 2;
        }
        struct ktg_arena_block *b = ktg_alloc(sizeof *b + ALIGN + want);
        if (!b)
            return NULL;
        b->older = a->blocks;
        b->size = want;
        a->blocks = b;
        a->next = block_bytes(b);
        a->end = a->next + want;
    }
    void *p = a->next;
    a->next += size;
    a->used += size;
    return p;
}

void *ktg_arena_zalloc(struct ktg_arena *a, size_t size)
{
    void *p = ktg_arena_alloc(a, size);
    if (p)
        memset(p, 0, size);
    return p;
}

char *ktg_arena_strndup(struct ktg_arena *a, const char *s, size_t n)
{
    char *copy = ktg_arena_alloc(a, n + 1);
    if (!copy)
        return NULL;
    if (n) /* an empty view may have no bytes at all */
        memcpy(copy, s, n);
    copy[n] = 0;
    return copy;
}

static void free_blocks(struct ktg_arena_block *b)
{
    while (b) {
        struct ktg_arena_block *older = b->older;
        ktg_free(b);
        b = older;
    }
}

void ktg_arena_reset(struct ktg_arena *a)
{
    a->used = 0;
    if (!a->blocks)
        return;
    free_blocks(a->blocks->older); /* the newest block is the largest */
    a->blocks->older = NULL;
    a->next = block_bytes(a->blocks);
    a->end = a->next + a->blocks->size;
}

void ktg_arena_done(struct ktg_arena *a)
{
    free_blocks(a->blocks);
    *a = (struct ktg_arena)KTG_ARENA_INIT;
}
