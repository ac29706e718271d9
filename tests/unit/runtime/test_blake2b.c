/* tests/unit/runtime/test_blake2b.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "runtime/blake2b.h"
#include "tests/support/cmocka.h"

enum { MOST = 600 };

static void compare(const struct ktg_bytes *messages, size_t count)
{
    static struct ktg_hash many[MOST];
    for (unsigned lanes = 1; lanes <= 8;
         lanes *= 2) { /* a width that the processor lacks becomes a smaller one */
        memset(many, 0, sizeof many);
        ktg_blake2b_lanes(messages, count, lanes, many);
        for (size_t i = 0; i < count; i++) {
            struct ktg_hash one = ktg_blake2b(&messages[i], 1);
            assert_memory_equal(&many[i], &one, sizeof one);
        }
    }
}

static void test_blake2b__many_at_once_are_what_each_is_alone(void **unused)
{
    (void)unused;
    static uint8_t bytes[MOST];
    struct ktg_bytes messages[MOST];
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t count = 0; count < 20;
         count++) { /* every number of lanes, all sizes around the blocks */
        for (size_t size = 0; size + count < MOST; size += size < 300 ? 1 : 13) {
            for (size_t i = 0; i < count; i++) /* sizes differ within one call */
                messages[i] =
                    ktg_bytes(bytes + i, i % 3 ? size : (size * 5 + i * 131) % (MOST - 20));
            compare(messages, count);
        }
    }
    for (size_t i = 0; i < MOST; i++) /* exact memory, so that a read past the end is seen */
        messages[i] = ktg_bytes(i ? memcpy(malloc(i), bytes, i) : NULL, i);
    compare(messages, MOST);
    for (size_t i = 0; i < MOST; i++)
        free((void *)messages[i].data);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blake2b__many_at_once_are_what_each_is_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
