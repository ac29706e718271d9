/* tests/unit/runtime/link/test_peers.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/peers.h"

#include "runtime/mem.h"
#include "tests/support/cmocka.h"

static void test_peers__come_and_go_up_to_the_limit(void **unused)
{
    (void)unused;
    struct ktg_peers p;
    struct ktg_peer_entry *e = NULL;
    assert_int_equal(ktg_peers_init(&p, 40), KTG_OK);
    for (ktg_peer id = 1; id <= 40; id++) {
        assert_null(ktg_peers_get(&p, id * 16)); /* they share few buckets */
        assert_int_equal(ktg_peers_open_fd(&p, (int)id), KTG_OK);
        assert_int_equal(ktg_peers_add(&p, id * 16, (int)id, "u", &e), KTG_OK);
        assert_ptr_equal(ktg_peers_get(&p, id * 16), e);
    }
    assert_int_equal(ktg_peers_add(&p, 1, 99, "u", &e), KTG_EFULL);
    size_t at = 0, n = 0;
    for (e = NULL; (e = ktg_peers_next(&p, &at, e));)
        n++;
    assert_int_equal(n, 40);
    assert_null(ktg_peers_take_gone(&p));
    ktg_peers_close_fd(&p, 7);
    ktg_peers_close_fd(&p, 7); /* again: nobody has it any more */
    ktg_peers_close_fd(&p, -1);
    ktg_peers_close_fd(&p, 1000);
    assert_int_equal(p.gone, 1);
    e = ktg_peers_take_gone(&p);
    assert_int_equal(e->id, 7 * 16);
    assert_int_equal(e->fd, -1);
    ktg_free(e);
    assert_null(ktg_peers_take_gone(&p));
    assert_null(ktg_peers_get(&p, 7 * 16));
    assert_int_equal(p.count, 39);
    /* a descriptor used again: whoever had it is gone */
    assert_int_equal(ktg_peers_add(&p, 1, 8, "v", &e), KTG_OK);
    assert_string_equal(e->user, "v");
    assert_true(ktg_peers_get(&p, 8 * 16)->gone);
    assert_false(ktg_peers_get(&p, 1)->gone);
    ktg_free(ktg_peers_take_gone(&p));
    /* its word came after its end: it is heard, and gone */
    assert_int_equal(ktg_peers_add(&p, 3, 7, "late", &e), KTG_OK);
    assert_true(e->gone);
    assert_int_equal(ktg_peers_take_gone(&p)->id, 3);
    ktg_free(e);
    ktg_mem_fail_after(0);
    assert_int_equal(ktg_peers_open_fd(&p, 5000), KTG_ENOMEM);
    ktg_mem_fail_after(0);
    assert_int_equal(ktg_peers_add(&p, 2, 50, "v", &e), KTG_ENOMEM);
    ktg_mem_fail_after(-1);
    ktg_peers_done(&p);
    ktg_mem_fail_after(0);
    assert_int_equal(ktg_peers_init(&p, 40), KTG_ENOMEM);
    ktg_mem_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_peers__come_and_go_up_to_the_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
