/* schema/protocol.c - see protocol.h.  The tables come first; encoder and decoder only walk them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/protocol.h"

#include <stdio.h>

enum { NAME = 64, WORDS = 256, STORY = 1024, FILTER = 4096 };

static const char *const nack_words[] = {"retry",        "reject", "fenced", "seq-gap",
                                         "seq-conflict", "denied", NULL};
static const char *const from_words[] = {"cursor", "earliest", "now", NULL};
static const char *const what_words[] = {"alerts", "alert", "status", "why-not", "rules", NULL};
static const char *const action_words[] = {"ack", "close", NULL};

#define F(s, key, kind, required, most)                                         \
    {                                                                           \
#key, KTG_M_##kind, required, most, offsetof(struct s, key), NULL, NULL \
    }
#define W(s, key, member, words)                                           \
    {                                                                      \
#key, KTG_M_WORD, true, 0, offsetof(struct s, member), words, NULL \
    }
#define G(s, key, group)                                                 \
    {                                                                    \
#key, KTG_M_GROUP, true, 0, offsetof(struct s, key), NULL, group \
    }
#define END                                       \
    {                                             \
        NULL, KTG_M_UINT, false, 0, 0, NULL, NULL \
    }

static const struct ktg_msg_field credit[] = {F(ktg_credit, bytes, UINT, false, 0),
                                              F(ktg_credit, events, UINT, false, 0), END};
static const struct ktg_msg_field limits[] = {F(ktg_frame_limits, events, UINT, false, 0),
                                              F(ktg_frame_limits, frame, UINT, false, 0), END};
static const struct ktg_msg_field hello[] = {F(ktg_msg_hello, caps, STRS, false, 16),
                                             F(ktg_msg_hello, client, STR, false, NAME),
                                             F(ktg_msg_hello, epoch, UINT, false, 0),
                                             F(ktg_msg_hello, next_seq, UINT, false, 0),
                                             F(ktg_msg_hello, producer, STR, true, NAME),
                                             F(ktg_msg_hello, proto_max, UINT, true, 0),
                                             F(ktg_msg_hello, proto_min, UINT, true, 0),
                                             F(ktg_msg_hello, sources, STRS, false, 256),
                                             END};
static const struct ktg_msg_field welcome[] = {F(ktg_msg_welcome, acked_seq, UINT, true, 0),
                                               F(ktg_msg_welcome, boot, BIN, true, KTG_BOOT_SIZE),
                                               G(ktg_msg_welcome, credit, credit),
                                               G(ktg_msg_welcome, limits, limits),
                                               F(ktg_msg_welcome, proto, UINT, true, 0),
                                               F(ktg_msg_welcome, server_time, TIME, true, 0),
                                               F(ktg_msg_welcome, session, UINT, true, 0),
                                               END};
static const struct ktg_msg_field publish[] = {
    F(ktg_msg_publish, events, BINS, true, KTG_PUBLISH_EVENTS),
    F(ktg_msg_publish, first_seq, UINT, true, 0), END};
static const struct ktg_msg_field ack[] = {F(ktg_msg_ack, runs, RUNS, true, 1024),
                                           F(ktg_msg_ack, seq, UINT, true, 0), END};
static const struct ktg_msg_field nack[] = {
    W(ktg_msg_nack, class, nack_class, nack_words), F(ktg_msg_nack, code, STR, true, NAME),
    F(ktg_msg_nack, expected, UINT, false, 0),      F(ktg_msg_nack, got, STR, false, WORDS),
    F(ktg_msg_nack, retry_after, UINT, false, 0),   F(ktg_msg_nack, seq, UINT, false, 0),
    F(ktg_msg_nack, text, STR, false, STORY),       F(ktg_msg_nack, want, STR, false, WORDS),
    F(ktg_msg_nack, where, STR, false, WORDS),      END};
static const struct ktg_msg_field subscribe[] = {
    F(ktg_msg_subscribe, filter, STR, false, FILTER), W(ktg_msg_subscribe, from, from, from_words),
    F(ktg_msg_subscribe, sub, STR, true, NAME), F(ktg_msg_subscribe, window, UINT, true, 0), END};
static const struct ktg_msg_field deliver[] = {F(ktg_msg_deliver, items, ITEMS, true, 1024),
                                               F(ktg_msg_deliver, sub, STR, true, NAME), END};
static const struct ktg_msg_field confirm[] = {F(ktg_msg_confirm, cursor, UINT, true, 0),
                                               F(ktg_msg_confirm, sub, STR, true, NAME), END};
static const struct ktg_msg_field replay[] = {
    F(ktg_msg_replay, from, UINT, true, 0),  F(ktg_msg_replay, rate, UINT, false, 0),
    F(ktg_msg_replay, sub, STR, true, NAME), F(ktg_msg_replay, tag, STR, true, NAME),
    F(ktg_msg_replay, to, UINT, true, 0),    END};
static const struct ktg_msg_field ping[] = {F(ktg_msg_ping, boot, BIN, false, KTG_BOOT_SIZE),
                                            F(ktg_msg_ping, durable, UINT, false, 0),
                                            F(ktg_msg_ping, t, TIME, true, 0), END};
static const struct ktg_msg_field bye[] = {F(ktg_msg_bye, code, STR, true, NAME),
                                           F(ktg_msg_bye, text, STR, false, STORY), END};
static const struct ktg_msg_field heartbeat[] = {
    F(ktg_msg_heartbeat, at, TIME, true, 0),
    F(ktg_msg_heartbeat, complete_until, TIME, true, 0),
    F(ktg_msg_heartbeat, period, UINT, true, 0),
    F(ktg_msg_heartbeat, queued, UINT, false, 0),
    F(ktg_msg_heartbeat, source, STR, true, NAME),
    F(ktg_msg_heartbeat, types, STRS, false, 256),
    END};
static const struct ktg_msg_field query[] = {F(ktg_msg_query, after, STR, false, WORDS),
                                             F(ktg_msg_query, filter, MAP, false, 0),
                                             F(ktg_msg_query, id, STR, false, WORDS),
                                             F(ktg_msg_query, limit, UINT, false, 0),
                                             F(ktg_msg_query, ref, UINT, true, 0),
                                             W(ktg_msg_query, what, what, what_words),
                                             END};
static const struct ktg_msg_field answer[] = {
    F(ktg_msg_answer, code, STR, false, NAME),  F(ktg_msg_answer, items, MAPS, true, 1024),
    F(ktg_msg_answer, more, BOOL, false, 0),    F(ktg_msg_answer, ref, UINT, true, 0),
    F(ktg_msg_answer, text, STR, false, STORY), END};
static const struct ktg_msg_field action[] = {W(ktg_msg_action, action, action, action_words),
                                              F(ktg_msg_action, alert, STR, true, WORDS),
                                              F(ktg_msg_action, disposition, STR, false, NAME),
                                              F(ktg_msg_action, id, BIN, false, 16),
                                              F(ktg_msg_action, note, STR, false, STORY),
                                              F(ktg_msg_action, officer, STR, true, WORDS),
                                              F(ktg_msg_action, reason, STR, false, STORY),
                                              F(ktg_msg_action, ref, UINT, true, 0),
                                              END};
static const struct ktg_msg_field result[] = {
    F(ktg_msg_result, position, UINT, false, 0), F(ktg_msg_result, ref, UINT, true, 0),
    F(ktg_msg_result, status, STR, true, NAME), F(ktg_msg_result, text, STR, false, STORY), END};

#define ROW(name, type, sender, fields)      \
    {                                        \
        name, sender, KTG_MSG_##type, fields \
    }
const struct ktg_msg_row ktg_protocol_messages[KTG_MSG_LAST] = {
    ROW("HELLO", HELLO, "C", hello),
    ROW("WELCOME", WELCOME, "S", welcome),
    ROW("PUBLISH", PUBLISH, "C", publish),
    ROW("ACK", ACK, "S", ack),
    ROW("NACK", NACK, "S", nack),
    ROW("CREDIT", CREDIT, "S", credit),
    ROW("SUBSCRIBE", SUBSCRIBE, "C", subscribe),
    ROW("DELIVER", DELIVER, "S", deliver),
    ROW("CONFIRM", CONFIRM, "C", confirm),
    ROW("REPLAY", REPLAY, "C", replay),
    ROW("PING", PING, "CS", ping),
    ROW("PONG", PONG, "CS", ping),
    ROW("BYE", BYE, "CS", bye),
    ROW("HEARTBEAT", HEARTBEAT, "C", heartbeat),
    ROW("QUERY", QUERY, "C", query),
    ROW("ANSWER", ANSWER, "S", answer),
    ROW("ACTION", ACTION, "C", action),
    ROW("RESULT", RESULT, "S", result),
};

const struct ktg_msg_row *ktg_protocol_row(enum ktg_msg_type type)
{
    return type >= 1 && type <= KTG_MSG_LAST ? &ktg_protocol_messages[type - 1] : NULL;
}

const char *ktg_msg_kind_name(enum ktg_msg_kind kind)
{
    static const char *const names[] = {
        "uint",        "time",        "bool",        "str",          "bin",         "word", "map",
        "list of str", "list of bin", "list of run", "list of item", "list of map", "map"};
    return (size_t)kind < KTG_COUNT(names) ? names[kind] : "?";
}

/* --- frames --- */

enum { AT_VERSION = 2, AT_TYPE = 3, AT_SESSION = 8 };

int ktg_frame_read(struct ktg_bytes frame, enum ktg_msg_type *ret_type, uint64_t *ret_session,
                   struct ktg_err *err)
{
    char got[32];
    if (frame.size < 2 || frame.data[0] != 'K' || frame.data[1] != 'T')
        return ktg_fault_set(err, KTG_FAULT_BAD_FRAME, "magic", "'KT'", "byte 0");
    if (frame.size < KTG_FRAME_HEAD)
        return ktg_fault_set(err, KTG_FAULT_BAD_FRAME, "a short head", "16 bytes", "byte %zu",
                             frame.size);
    if (frame.data[AT_VERSION] != KTG_PROTO_VERSION) {
        snprintf(got, sizeof got, "version %u", frame.data[AT_VERSION]);
        return ktg_fault_set(err, KTG_FAULT_WRONG_VERSION, got, "version 1", "byte 2");
    }
    if (frame.size > KTG_FRAME_MAX)
        return ktg_fault_set(err, KTG_FAULT_OVERSIZE, "a larger frame", "at most 1048576 bytes",
                             "frame");
    if (!ktg_protocol_row(frame.data[AT_TYPE])) {
        snprintf(got, sizeof got, "message %u", frame.data[AT_TYPE]);
        return ktg_fault_set(err, KTG_FAULT_BAD_FRAME, got, "a message of KTG/1", "byte 3");
    }
    *ret_type = frame.data[AT_TYPE];
    *ret_session = ktg_get_be64(frame.data + AT_SESSION);
    return KTG_OK;
}

void ktg_frame_set_session(uint8_t frame[static KTG_FRAME_HEAD], uint64_t session)
{
    ktg_put_be64(frame + AT_SESSION, session);
}

/* --- decoding --- */

struct decoding {
    const char *message;
    struct ktg_err *err;
};

static int fail(const struct decoding *d, const char *key, const char *got, const char *want)
{
    return ktg_fault_set(d->err, KTG_FAULT_BAD_MESSAGE, got, want, "%s.%s", d->message, key);
}

static enum ktg_wire_kind wire_kind(enum ktg_msg_kind kind)
{
    switch (kind) {
    case KTG_M_UINT:
    case KTG_M_TIME:
        return KTG_WIRE_INT;
    case KTG_M_BOOL:
        return KTG_WIRE_BOOL;
    case KTG_M_STR:
    case KTG_M_WORD:
        return KTG_WIRE_STR;
    case KTG_M_BIN:
        return KTG_WIRE_BIN;
    case KTG_M_MAP:
    case KTG_M_GROUP:
        return KTG_WIRE_MAP;
    default:
        return KTG_WIRE_ARRAY;
    }
}

static bool element_is_good(enum ktg_msg_kind kind, const struct ktg_wire_value *v)
{
    struct ktg_wire w = ktg_wire_open(v->raw);
    struct ktg_run run;
    struct ktg_item item;
    switch (kind) {
    case KTG_M_STRS:
        return v->kind == KTG_WIRE_STR && v->bytes.size <= WORDS;
    case KTG_M_BINS:
        return v->kind == KTG_WIRE_BIN;
    case KTG_M_RUNS:
        return ktg_run_next(&w, &run) == KTG_OK;
    case KTG_M_ITEMS:
        return ktg_item_next(&w, &item) == KTG_OK;
    default:
        return v->kind == KTG_WIRE_MAP;
    }
}

static int check_list(const struct decoding *d, const struct ktg_msg_field *f,
                      const struct ktg_wire_value *v)
{
    struct ktg_wire w = ktg_wire_inside(v);
    struct ktg_wire_value item;
    if (v->count > f->most)
        return fail(d, f->key, "too many elements", NULL);
    for (uint32_t i = 0; i < v->count; i++)
        if (ktg_wire_next(&w, &item) || !element_is_good(f->kind, &item))
            return fail(d, f->key, "another element", ktg_msg_kind_name(f->kind));
    return KTG_OK;
}

static int word_no(const struct ktg_msg_field *f, struct ktg_bytes text)
{
    for (int i = 0; f->words[i]; i++)
        if (ktg_bytes_is(text, f->words[i]))
            return i;
    return -1;
}

static int decode_map(const struct decoding *d, const struct ktg_msg_field *f, struct ktg_bytes map,
                      uint8_t *to);

static int decode_field(const struct decoding *d, const struct ktg_msg_field *f,
                        const struct ktg_wire_value *v, uint8_t *to)
{
    int word;
    if (v->kind != wire_kind(f->kind))
        return fail(d, f->key, "another type", ktg_msg_kind_name(f->kind));
    switch (f->kind) {
    case KTG_M_UINT:
        if (v->integer < 0)
            return fail(d, f->key, "a negative number", "uint");
        *(uint64_t *)(void *)to = (uint64_t)v->integer;
        return KTG_OK;
    case KTG_M_TIME:
        *(ktg_time *)(void *)to = v->integer;
        return KTG_OK;
    case KTG_M_BOOL:
        *(bool *)to = v->integer != 0;
        return KTG_OK;
    case KTG_M_STR:
    case KTG_M_BIN:
        if (v->bytes.size > f->most)
            return fail(d, f->key, "a longer one", NULL);
        *(struct ktg_bytes *)(void *)to = v->bytes;
        return KTG_OK;
    case KTG_M_WORD:
        word = word_no(f, v->bytes);
        if (word < 0)
            return fail(d, f->key, "another word", f->words[0]);
        *(int *)(void *)to = word;
        return KTG_OK;
    case KTG_M_MAP:
        *(struct ktg_bytes *)(void *)to = v->raw;
        return KTG_OK;
    case KTG_M_GROUP:
        return decode_map(d, f->group, v->raw, to);
    default:
        *(struct ktg_bytes *)(void *)to = v->raw;
        return check_list(d, f, v);
    }
}

/* Fields up to (not including) `key`, or all for an empty one, are not there. */
static int pass_by(const struct decoding *d, const struct ktg_msg_field **f, struct ktg_bytes key)
{
    for (; (*f)->key && (!key.size || ktg_bytes_cmp_str(key, (*f)->key) > 0); (*f)++)
        if ((*f)->required)
            return fail(d, (*f)->key, "nothing", ktg_msg_kind_name((*f)->kind));
    return KTG_OK;
}

/* Keys and fields are both sorted: one walk along both. */
static int decode_map(const struct decoding *d, const struct ktg_msg_field *f, struct ktg_bytes map,
                      uint8_t *to)
{
    struct ktg_wire w = ktg_wire_open(map);
    struct ktg_wire_value head, key, v;
    int rc = ktg_wire_enter(&w, &head) || head.kind != KTG_WIRE_MAP
                 ? fail(d, f->key, "another value", "a map")
                 : KTG_OK;
    for (uint32_t i = 0; !rc && i < head.count; i++) {
        if (ktg_wire_next(&w, &key) || ktg_wire_next(&w, &v))
            return fail(d, "", "the end of the bytes", NULL); /* not in checked bytes */
        rc = pass_by(d, &f, key.bytes);
        if (!rc && f->key && ktg_bytes_is(key.bytes, f->key)) {
            rc = decode_field(d, f, &v, to + f->offset);
            f++;
        }
    }
    return rc ? rc : pass_by(d, &f, KTG_BYTES_NONE);
}

int ktg_protocol_decode(struct ktg_bytes frame, struct ktg_msg *ret_m, struct ktg_err *err)
{
    struct ktg_msg m = {0};
    struct decoding d = {.err = err};
    struct ktg_wire_value v;
    int rc = ktg_frame_read(frame, &m.type, &m.session, err);
    if (rc)
        return rc;
    struct ktg_bytes body = ktg_bytes(frame.data + KTG_FRAME_HEAD, frame.size - KTG_FRAME_HEAD);
    rc = ktg_wire_check(body, &KTG_FRAME_LIMITS, err);
    if (rc)
        return rc;
    const struct ktg_msg_row *row = ktg_protocol_row(m.type);
    struct ktg_wire w = ktg_wire_open(body);
    d.message = row->name;
    if (ktg_wire_enter(&w, &v) || v.kind != KTG_WIRE_MAP)
        return ktg_fault_set(err, KTG_FAULT_BAD_MESSAGE, "another value", "a map", "%s", row->name);
    rc = decode_map(&d, row->fields, body, (uint8_t *)&m.hello);
    if (!rc)
        *ret_m = m;
    return rc;
}

/* --- encoding --- */

static bool is_absent(const struct ktg_msg_field *f, const uint8_t *from)
{
    if (f->required)
        return false;
    switch (f->kind) {
    case KTG_M_UINT:
    case KTG_M_TIME:
        return *(const uint64_t *)(const void *)from == 0;
    case KTG_M_BOOL:
        return !*(const bool *)from;
    case KTG_M_WORD:
    case KTG_M_GROUP:
        return false;
    default:
        return ((const struct ktg_bytes *)(const void *)from)->size == 0;
    }
}

static void encode_map(const struct ktg_msg_field *f, const uint8_t *from, struct ktg_buf *to);

static void encode_field(const struct ktg_msg_field *f, const uint8_t *from, struct ktg_buf *to)
{
    const struct ktg_bytes *bytes = (const void *)from;
    switch (f->kind) {
    case KTG_M_UINT:
    case KTG_M_TIME:
        ktg_wire_put_int(to, *(const int64_t *)(const void *)from);
        break;
    case KTG_M_BOOL:
        ktg_wire_put_bool(to, *(const bool *)from);
        break;
    case KTG_M_STR:
        ktg_wire_put_str(to, *bytes);
        break;
    case KTG_M_BIN:
        ktg_wire_put_bin(to, *bytes);
        break;
    case KTG_M_WORD:
        ktg_wire_put_text(to, f->words[*(const int *)(const void *)from]);
        break;
    case KTG_M_GROUP:
        encode_map(f->group, from, to);
        break;
    case KTG_M_MAP:
        if (bytes->size)
            ktg_buf_put_bytes(to, *bytes);
        else
            ktg_wire_put_map(to, 0);
        break;
    default:
        if (bytes->size)
            ktg_buf_put_bytes(to, *bytes);
        else
            ktg_wire_put_array(to, 0);
    }
}

static void encode_map(const struct ktg_msg_field *fields, const uint8_t *from, struct ktg_buf *to)
{
    uint32_t pairs = 0;
    for (const struct ktg_msg_field *f = fields; f->key; f++)
        pairs += !is_absent(f, from + f->offset);
    ktg_wire_put_map(to, pairs);
    for (const struct ktg_msg_field *f = fields; f->key; f++) {
        if (is_absent(f, from + f->offset))
            continue;
        ktg_wire_put_text(to, f->key);
        encode_field(f, from + f->offset, to);
    }
}

int ktg_protocol_encode(const struct ktg_msg *m, struct ktg_buf *to, struct ktg_err *err)
{
    size_t before = to->size;
    uint8_t head[KTG_FRAME_HEAD] = {'K', 'T', KTG_PROTO_VERSION, (uint8_t)m->type};
    ktg_frame_set_session(head, m->session);
    ktg_buf_put(to, head, sizeof head);
    encode_map(ktg_protocol_row(m->type)->fields, (const uint8_t *)&m->hello, to);
    int rc = ktg_buf_check(to);
    if (rc)
        ktg_err_set(err, rc, "protocol: out of memory");
    else if (to->size - before > KTG_FRAME_MAX)
        rc = ktg_err_set(err, KTG_EFULL, "protocol: a frame of %zu bytes is more than %u",
                         to->size - before, KTG_FRAME_MAX);
    if (rc && to->size > before)
        to->size = before;
    return rc;
}

/* --- lists --- */

struct ktg_wire ktg_list_open(struct ktg_bytes raw_array)
{
    struct ktg_wire w = ktg_wire_open(raw_array);
    struct ktg_wire_value v;
    if (ktg_wire_next(&w, &v) || v.kind != KTG_WIRE_ARRAY)
        return (struct ktg_wire){NULL, NULL};
    return ktg_wire_inside(&v);
}

uint32_t ktg_list_count(struct ktg_bytes raw_array)
{
    struct ktg_wire w = ktg_wire_open(raw_array);
    struct ktg_wire_value v;
    return ktg_wire_next(&w, &v) || v.kind != KTG_WIRE_ARRAY ? 0 : v.count;
}

bool ktg_list_has(struct ktg_bytes raw_array, const char *word)
{
    struct ktg_wire w = ktg_list_open(raw_array);
    struct ktg_wire_value v;
    while (!ktg_wire_next(&w, &v))
        if (ktg_bytes_is(v.bytes, word))
            return true;
    return false;
}

int ktg_run_next(struct ktg_wire *w, struct ktg_run *ret_run)
{
    struct ktg_wire_value array, v;
    uint64_t parts[4];
    if (ktg_wire_next(w, &array) || array.kind != KTG_WIRE_ARRAY || array.count != KTG_COUNT(parts))
        return KTG_EINVALID;
    struct ktg_wire in = ktg_wire_inside(&array);
    for (size_t i = 0; i < KTG_COUNT(parts); i++) {
        if (ktg_wire_next(&in, &v) || v.kind != KTG_WIRE_INT || v.integer < 0)
            return KTG_EINVALID;
        parts[i] = (uint64_t)v.integer;
    }
    if (parts[3] > KTG_RUN_REJECTED)
        return KTG_EINVALID;
    *ret_run = (struct ktg_run){parts[0], parts[1], parts[2], (int)parts[3]};
    return KTG_OK;
}

void ktg_run_put(struct ktg_buf *b, const struct ktg_run *run)
{
    ktg_wire_put_array(b, 4);
    ktg_wire_put_int(b, (int64_t)run->first_seq);
    ktg_wire_put_int(b, (int64_t)run->count);
    ktg_wire_put_int(b, (int64_t)run->first_position);
    ktg_wire_put_int(b, run->status);
}

static const struct ktg_msg_field item_fields[] = {
    F(ktg_item, alert, STR, true, WORDS), F(ktg_item, body, MAP, true, 0),
    F(ktg_item, cursor, UINT, true, 0), F(ktg_item, rev, UINT, true, 0), END};

int ktg_item_next(struct ktg_wire *w, struct ktg_item *ret_item)
{
    struct decoding d = {.message = "item"};
    struct ktg_wire_value map;
    struct ktg_item item = {0};
    if (ktg_wire_next(w, &map) || map.kind != KTG_WIRE_MAP ||
        decode_map(&d, item_fields, map.raw, (uint8_t *)&item))
        return KTG_EINVALID;
    *ret_item = item;
    return KTG_OK;
}

void ktg_item_put(struct ktg_buf *b, const struct ktg_item *item)
{
    encode_map(item_fields, (const uint8_t *)item, b);
}
