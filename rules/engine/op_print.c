/* rules/engine/op_print.c - the findings object as JSON, keys in the order of DECISIONS 23.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/op.h"
#include "rules/engine/replay.h"
#include "schema/json.h"

enum shape { AS_IT_IS, INSTANT, ID, IDS, LABEL, UNKNOWN };
static const struct {
    const char *name;
    enum shape shape;
} keys[] = {
    {"at", INSTANT},
    {"op", AS_IT_IS},
    {"rule", AS_IT_IS},
    {"subject", AS_IT_IS},
    {"key", AS_IT_IS},
    {"finding", LABEL},
    {"rev", AS_IT_IS},
    {"state", AS_IT_IS},
    {"from", INSTANT},
    {"until", INSTANT},
    {"anchor", ID},
    {"evidence", IDS},
    {"evidence_total", AS_IT_IS},
    {"values", AS_IT_IS},
    {"level", AS_IT_IS},
    {"unknown", UNKNOWN},
    {"reason", AS_IT_IS},
};

static int put_instant(const struct ktg_wire_value *v, struct ktg_buf *to)
{
    struct ktg_wire w = ktg_wire_inside(v);
    struct ktg_wire_value ms, offset;
    char text[KTG_INSTANT_TEXT];
    if (v->kind != KTG_WIRE_ARRAY || ktg_wire_next(&w, &ms) || ktg_wire_next(&w, &offset))
        return KTG_EINVALID;
    ktg_instant_format(ms.integer, (int)offset.integer, text);
    ktg_json_put_text(to, ktg_bytes_str(text));
    return KTG_OK;
}

static int put_id(const struct ktg_wire_value *v, struct ktg_buf *to)
{
    char text[KTG_ID_TEXT];
    if (v->kind != KTG_WIRE_BIN || v->bytes.size != KTG_ID_SIZE)
        return KTG_EINVALID;
    ktg_id_format(v->bytes.data, text);
    ktg_json_put_text(to, ktg_bytes_str(text));
    return KTG_OK;
}

static int put_ids(const struct ktg_wire_value *v, struct ktg_buf *to)
{
    struct ktg_wire w = ktg_wire_inside(v);
    struct ktg_wire_value one;
    int rc = v->kind == KTG_WIRE_ARRAY ? KTG_OK : KTG_EINVALID;
    ktg_buf_put_str(to, "[");
    for (uint32_t i = 0; !rc && i < v->count; i++) {
        if (i)
            ktg_buf_put_str(to, ",");
        if (!(rc = ktg_wire_next(&w, &one)))
            rc = put_id(&one, to);
    }
    ktg_buf_put_str(to, "]");
    return rc;
}

static int put_unknown(const struct ktg_wire_value *v, struct ktg_buf *to)
{
    struct ktg_wire_value source, since;
    if (!ktg_wire_get(v->raw, "source", &source) || !ktg_wire_get(v->raw, "since", &since))
        return KTG_EINVALID;
    ktg_buf_put_str(to, "{\"source\":");
    ktg_json_put_text(to, source.bytes);
    ktg_buf_put_str(to, ",\"since\":");
    int rc = put_instant(&since, to);
    ktg_buf_put_str(to, "}");
    return rc;
}

int ktg_op_print_payload(struct ktg_bytes payload, struct ktg_buf *to)
{
    int rc = KTG_OK;
    const char *before = "{";
    for (size_t i = 0; !rc && i < KTG_COUNT(keys); i++) {
        struct ktg_wire_value v;
        char hex[33];
        if (!ktg_wire_get(payload, keys[i].name, &v))
            continue; /* until, unknown */
        ktg_buf_printf(to, "%s\"%s\":", before, keys[i].name);
        before = ",";
        switch (keys[i].shape) {
        case AS_IT_IS:
            rc = ktg_json_format(v.raw, NULL, to);
            break;
        case INSTANT:
            rc = put_instant(&v, to);
            break;
        case ID:
            rc = put_id(&v, to);
            break;
        case IDS:
            rc = put_ids(&v, to);
            break;
        case LABEL:
            if (v.kind != KTG_WIRE_BIN || v.bytes.size != 16)
                return KTG_EINVALID;
            ktg_hex(v.bytes.data, 16, hex);
            ktg_json_put_text(to, ktg_bytes_str(hex));
            break;
        case UNKNOWN:
            rc = put_unknown(&v, to);
            break;
        }
    }
    ktg_buf_put_str(to, "}");
    return rc ? rc : ktg_buf_check(to);
}

int ktg_op_print(const struct ktg_op *op, struct ktg_buf *to)
{
    return ktg_op_print_payload(op->payload, to);
}
