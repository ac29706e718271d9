/* producers/agent/local.c - see local.h.
 *
 * Keys: at code events fault got id index kind position ref status text want watch where; each kind has its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/agent/local.h"

#include "schema/faults.h"
#include "schema/wire.h"

static const char *const kinds[] = {"submit", "stored", "refused", "receipt"};

#define LIMITS ((struct ktg_wire_limits){KTG_LOCAL_BYTES, KTG_LOCAL_EVENTS + 64, 4, 64u << 10})

static int bad(struct ktg_err *err, const char *key)
{
    return ktg_fault_set(err, KTG_FAULT_BAD_MESSAGE, NULL, NULL, "agent.ipc: %s", key);
}

static int get_uint(struct ktg_bytes map, const char *key, uint64_t *ret_n, struct ktg_err *err)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_INT || v.integer < 0)
        return bad(err, key);
    *ret_n = (uint64_t)v.integer;
    return KTG_OK;
}

static struct ktg_bytes get_text(struct ktg_bytes map, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_STR ? v.bytes : KTG_BYTES_NONE;
}

static int get_events(struct ktg_bytes map, struct ktg_local *m, struct ktg_err *err)
{
    struct ktg_wire_value v, item;
    if (!ktg_wire_get(map, "events", &v) || v.kind != KTG_WIRE_ARRAY || v.count == 0 ||
        v.count > KTG_LOCAL_EVENTS)
        return bad(err, "events");
    struct ktg_wire w = ktg_wire_inside(&v);
    for (uint32_t i = 0; i < v.count; i++)
        if (ktg_wire_next(&w, &item) || item.kind != KTG_WIRE_BIN)
            return bad(err, "events");
    m->events = v.raw;
    return KTG_OK;
}

static int get_receipt(struct ktg_bytes map, struct ktg_local *m, struct ktg_err *err)
{
    struct ktg_wire_value v;
    uint64_t status = 0;
    if (!ktg_wire_get(map, "id", &v) || v.kind != KTG_WIRE_BIN ||
        v.bytes.size != sizeof m->receipt.id)
        return bad(err, "id");
    memcpy(m->receipt.id, v.bytes.data, sizeof m->receipt.id);
    int r = get_uint(map, "status", &status, err);
    if (!r && status > KTG_RECEIPT_STORED)
        r = bad(err, "status");
    m->receipt.status = (enum ktg_receipt_status)status;
    if (!r)
        r = get_uint(map, "position", &m->receipt.position, err);
    if (!r && (!ktg_wire_get(map, "at", &v) || v.kind != KTG_WIRE_INT))
        r = bad(err, "at");
    if (!r)
        m->receipt.at = v.integer;
    return r;
}

int ktg_local_decode(struct ktg_bytes frame, struct ktg_local *ret_m, struct ktg_err *err)
{
    struct ktg_local m = {.kind = KTG_LOCAL_SUBMIT};
    struct ktg_wire_value v;
    int r = ktg_wire_check(frame, &LIMITS, err);
    if (r)
        return r;
    struct ktg_bytes kind = get_text(frame, "kind");
    size_t k = 0;
    while (k < KTG_COUNT(kinds) && !ktg_bytes_is(kind, kinds[k]))
        k++;
    if (k == KTG_COUNT(kinds))
        return bad(err, "kind");
    m.kind = (enum ktg_local_kind)k;
    if (m.kind == KTG_LOCAL_RECEIPT)
        r = get_receipt(frame, &m, err);
    else
        r = get_uint(frame, "ref", &m.ref, err);
    if (!r && m.kind == KTG_LOCAL_SUBMIT) {
        r = get_events(frame, &m, err);
        m.watch = ktg_wire_get(frame, "watch", &v) && v.kind == KTG_WIRE_BOOL && v.integer;
    }
    if (!r && m.kind == KTG_LOCAL_REFUSED)
        r = get_uint(frame, "index", &m.index, err);
    if (r)
        return r;
    m.fault = (struct ktg_outbox_fault){.code = get_text(frame, "code"),
                                        .where = get_text(frame, "where"),
                                        .got = get_text(frame, "got"),
                                        .want = get_text(frame, "want"),
                                        .text = get_text(frame, "text")};
    *ret_m = m;
    return KTG_OK;
}

static void put_uint(struct ktg_buf *to, const char *key, uint64_t n)
{
    ktg_wire_put_text(to, key);
    ktg_wire_put_int(to, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

/* Keys in ascending order, whatever the kind. */
int ktg_local_encode(const struct ktg_local *m, struct ktg_buf *to, struct ktg_err *err)
{
    bool submit = m->kind == KTG_LOCAL_SUBMIT, receipt = m->kind == KTG_LOCAL_RECEIPT;
    bool refused = m->kind == KTG_LOCAL_REFUSED;
    bool fault = refused || (receipt && m->fault.code.size);
    uint32_t pairs = 1 + (submit ? 2 : 0) + (receipt ? 4 : 1) + (refused ? 1 : 0) + (fault ? 5 : 0);
    size_t before = to->size;
    ktg_wire_put_map(to, pairs);
    if (receipt) {
        ktg_wire_put_text(to, "at");
        ktg_wire_put_int(to, m->receipt.at);
    }
    if (fault)
        ktg_wire_put_str_pair(to, "code", m->fault.code);
    if (submit) {
        ktg_wire_put_text(to, "events");
        ktg_buf_put_bytes(to, m->events);
    }
    if (fault)
        ktg_wire_put_str_pair(to, "got", m->fault.got);
    if (receipt) {
        ktg_wire_put_text(to, "id");
        ktg_wire_put_bin(to, ktg_bytes(m->receipt.id, sizeof m->receipt.id));
    }
    if (refused)
        put_uint(to, "index", m->index);
    ktg_wire_put_str_pair(to, "kind", ktg_bytes_str(kinds[m->kind]));
    if (receipt)
        put_uint(to, "position", m->receipt.position);
    else
        put_uint(to, "ref", m->ref);
    if (receipt)
        put_uint(to, "status", (uint64_t)m->receipt.status);
    if (fault) {
        ktg_wire_put_str_pair(to, "text", m->fault.text);
        ktg_wire_put_str_pair(to, "want", m->fault.want);
    }
    if (submit) {
        ktg_wire_put_text(to, "watch");
        ktg_wire_put_bool(to, m->watch);
    }
    if (fault)
        ktg_wire_put_str_pair(to, "where", m->fault.where);
    if (ktg_buf_check(to) == KTG_OK)
        return KTG_OK;
    to->size = before;
    return ktg_err_set(err, KTG_ENOMEM, "agent.ipc: no memory");
}
