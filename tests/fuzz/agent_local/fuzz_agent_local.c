/* tests/fuzz/agent_local/fuzz_agent_local.c - what another process says at the agent's door.
 *
 * A message that is taken can be written again and then reads as the same.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "producers/agent/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_local m, again;
    struct ktg_buf frame = KTG_BUF_INIT;
    if (ktg_local_decode(ktg_bytes(data, size), &m, &err)) {
        must(err.fault != NULL);
        return 0;
    }
    must(ktg_local_encode(&m, &frame, &err) == KTG_OK);
    must(ktg_local_decode(ktg_buf_view(&frame), &again, &err) == KTG_OK);
    must(again.kind == m.kind && again.ref == m.ref && again.index == m.index &&
         again.watch == m.watch);
    must(ktg_bytes_eq(again.events, m.events));
    must(m.kind != KTG_LOCAL_REFUSED || ktg_bytes_eq(again.fault.text, m.fault.text));
    ktg_buf_done(&frame);
    return 0;
}
