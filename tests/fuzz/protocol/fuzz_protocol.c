/* tests/fuzz/protocol/fuzz_protocol.c - strangers' frames.
 *
 * A frame that is taken can be written again, and what is written reads back as the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "schema/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void walk_lists(const struct ktg_msg *m)
{
    struct ktg_run run;
    struct ktg_item item;
    if (m->type == KTG_MSG_ACK)
        for (struct ktg_wire w = ktg_list_open(m->ack.runs); ktg_run_next(&w, &run) == KTG_OK;)
            must(run.status >= 0 && run.status <= KTG_RUN_REJECTED);
    if (m->type == KTG_MSG_DELIVER)
        for (struct ktg_wire w = ktg_list_open(m->deliver.items);
             ktg_item_next(&w, &item) == KTG_OK;)
            must(item.body.size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_msg m, back;
    if (ktg_protocol_decode(ktg_bytes(data, size), &m, &err)) {
        must(err.fault != NULL);
        return 0;
    }
    struct ktg_buf once = KTG_BUF_INIT, twice = KTG_BUF_INIT;
    walk_lists(&m);
    must(ktg_protocol_encode(&m, &once, &err) == KTG_OK);
    must(ktg_protocol_decode(ktg_buf_view(&once), &back, &err) == KTG_OK);
    must(ktg_protocol_encode(&back, &twice, &err) == KTG_OK);
    must(ktg_bytes_eq(ktg_buf_view(&once), ktg_buf_view(&twice)));
    ktg_buf_done(&once);
    ktg_buf_done(&twice);
    return 0;
}
