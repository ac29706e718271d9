/* schema/protocol.h - the messages of KTG/1 (PROTOCOL.md): frames in, structs out, and back.
 *
 *     frame = magic:2 ver:1 type:1 flags:2 rsv:2 session:8 | canonical msgpack map
 *
 * (1) One table (ktg_protocol_messages) says which keys a message has, of what type, required or not; encoder,
 *     decoder and the parity test of the page read it.
 * (2) A frame is bounded by KTG_FRAME_MAX and KTG_FRAME_LIMITS and checked whole before a field is read.
 * (3) Decoded structs hold views into the frame and live as long as it does.  Unknown keys are ignored.
 * (4) An absent optional field reads as 0, empty or false, and such a value is not written.
 * Lists and maps stand in the structs as one encoded value (raw); cursors below walk through them.
 *
 * Pure.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_PROTOCOL_H
#define KTG_SCHEMA_PROTOCOL_H

#include <stddef.h>

#include "runtime/clock.h"
#include "schema/wire.h"

#define KTG_PROTO_VERSION 1
#define KTG_FRAME_HEAD    16
#define KTG_FRAME_MAX     (1u << 20)
/* An event may fill the frame: one over its own limit (KTG_WIRE_LIMITS) is the business of who keeps it in quarantine. */
#define KTG_FRAME_LIMITS   ((struct ktg_wire_limits){KTG_FRAME_MAX, 8192, 16, KTG_FRAME_MAX})
#define KTG_PUBLISH_EVENTS 1024 /* most events in one PUBLISH */
#define KTG_BOOT_SIZE      16

/* name, number, who sends it: C client, S centre */
/* clang-format off */
#define KTG_MSG_MAP(X)                                                                          \
    X(HELLO, 1, "C") X(WELCOME, 2, "S") X(PUBLISH, 3, "C") X(ACK, 4, "S") X(NACK, 5, "S")       \
    X(CREDIT, 6, "S") X(SUBSCRIBE, 7, "C") X(DELIVER, 8, "S") X(CONFIRM, 9, "C")                \
    X(REPLAY, 10, "C") X(PING, 11, "CS") X(PONG, 12, "CS") X(BYE, 13, "CS")                     \
    X(HEARTBEAT, 14, "C") X(QUERY, 15, "C") X(ANSWER, 16, "S") X(ACTION, 17, "C")               \
    X(RESULT, 18, "S")
/* clang-format on */

enum ktg_msg_type {
#define X(name, number, sender) KTG_MSG_##name = number,
    KTG_MSG_MAP(X)
#undef X
        KTG_MSG_LAST = KTG_MSG_RESULT
};

enum ktg_nack_class {
    KTG_NACK_RETRY,
    KTG_NACK_REJECT,
    KTG_NACK_FENCED,
    KTG_NACK_SEQ_GAP,
    KTG_NACK_SEQ_CONFLICT,
    KTG_NACK_DENIED
};
enum ktg_sub_from { KTG_FROM_CURSOR, KTG_FROM_EARLIEST, KTG_FROM_NOW };
enum ktg_query_what {
    KTG_QUERY_ALERTS,
    KTG_QUERY_ALERT,
    KTG_QUERY_STATUS,
    KTG_QUERY_WHY_NOT,
    KTG_QUERY_RULES
};
enum ktg_action_kind { KTG_ACTION_ACK, KTG_ACTION_CLOSE };
enum ktg_run_status { KTG_RUN_ACCEPTED, KTG_RUN_DUPLICATE, KTG_RUN_REJECTED };

struct ktg_credit {
    uint64_t events, bytes;
};
struct ktg_frame_limits {
    uint64_t frame, events;
};

struct ktg_msg_hello {
    uint64_t proto_min, proto_max, epoch, next_seq;
    struct ktg_bytes producer, client;
    struct ktg_bytes caps, sources; /* raw arrays of str; empty when absent */
};
struct ktg_msg_welcome {
    uint64_t proto, session, acked_seq;
    struct ktg_credit credit;
    struct ktg_frame_limits limits;
    ktg_time server_time;
    struct ktg_bytes boot; /* KTG_BOOT_SIZE bytes */
};
struct ktg_msg_publish {
    uint64_t first_seq;
    struct ktg_bytes events; /* raw array of bin */
};
struct ktg_msg_ack {
    uint64_t seq;
    struct ktg_bytes runs; /* raw array: ktg_run_next() */
};
struct ktg_msg_nack {
    uint64_t seq, retry_after, expected;
    int nack_class; /* enum ktg_nack_class */
    struct ktg_bytes code, text, where, got, want;
};
struct ktg_msg_subscribe {
    struct ktg_bytes sub, filter;
    int from; /* enum ktg_sub_from */
    uint64_t window;
};
struct ktg_msg_deliver {
    struct ktg_bytes sub;
    struct ktg_bytes items; /* raw array: ktg_item_next() */
};
struct ktg_msg_confirm {
    struct ktg_bytes sub;
    uint64_t cursor;
};
struct ktg_msg_replay {
    struct ktg_bytes sub, tag;
    uint64_t from, to, rate;
};
struct ktg_msg_ping { /* PONG too */
    ktg_time t;
    uint64_t durable;
    struct ktg_bytes boot;
};
struct ktg_msg_bye {
    struct ktg_bytes code, text;
};
struct ktg_msg_heartbeat {
    struct ktg_bytes source;
    ktg_time at, complete_until;
    uint64_t queued, period;
    struct ktg_bytes types; /* raw array of str; empty when absent */
};
struct ktg_msg_query {
    uint64_t ref, limit;
    int what; /* enum ktg_query_what */
    struct ktg_bytes id, after;
    struct ktg_bytes filter; /* raw map; empty when absent */
};
struct ktg_msg_answer {
    uint64_t ref;
    bool more;
    struct ktg_bytes items; /* raw array of maps */
    struct ktg_bytes code, text;
};
struct ktg_msg_action {
    uint64_t ref;
    int action; /* enum ktg_action_kind */
    struct ktg_bytes alert, officer, disposition, reason, note;
    struct ktg_bytes id; /* of the event that it becomes; empty: the centre gives it one */
};
struct ktg_msg_result {
    uint64_t ref, position;
    struct ktg_bytes status, text;
};

struct ktg_msg {
    enum ktg_msg_type type;
    uint64_t session;
    union {
        struct ktg_msg_hello hello;
        struct ktg_msg_welcome welcome;
        struct ktg_msg_publish publish;
        struct ktg_msg_ack ack;
        struct ktg_msg_nack nack;
        struct ktg_credit credit;
        struct ktg_msg_subscribe subscribe;
        struct ktg_msg_deliver deliver;
        struct ktg_msg_confirm confirm;
        struct ktg_msg_replay replay;
        struct ktg_msg_ping ping, pong;
        struct ktg_msg_bye bye;
        struct ktg_msg_heartbeat heartbeat;
        struct ktg_msg_query query;
        struct ktg_msg_answer answer;
        struct ktg_msg_action action;
        struct ktg_msg_result result;
    };
};

/* Type and session from the head alone, for those who only pass frames on.  KTG_EINVALID with bad-frame (`got` is
 * "magic" when the first two bytes are not ours: then no answer is sent), wrong-version or oversize. */
KTG_MUST_CHECK int ktg_frame_read(struct ktg_bytes frame, enum ktg_msg_type *ret_type,
                                  uint64_t *ret_session, struct ktg_err *err);
void ktg_frame_set_session(uint8_t frame[static KTG_FRAME_HEAD], uint64_t session);

/* The whole message.  Faults: those of ktg_frame_read() and ktg_wire_check(), and bad-message with the key. */
KTG_MUST_CHECK int ktg_protocol_decode(struct ktg_bytes frame, struct ktg_msg *ret_m,
                                       struct ktg_err *err);
/* Append the frame.  Required fields are always written.  KTG_ENOMEM, or KTG_EFULL when the frame would be larger than
 * KTG_FRAME_MAX; `to` is then as it was. */
KTG_MUST_CHECK int ktg_protocol_encode(const struct ktg_msg *m, struct ktg_buf *to,
                                       struct ktg_err *err);

/* Walking raw arrays: open with ktg_list_open() (an empty view gives an empty list), then next until KTG_EINVALID. */
struct ktg_wire ktg_list_open(struct ktg_bytes raw_array);
uint32_t ktg_list_count(struct ktg_bytes raw_array);
bool ktg_list_has(struct ktg_bytes raw_array, const char *word); /* of texts */

struct ktg_run {
    uint64_t first_seq, count, first_position;
    int status; /* enum ktg_run_status */
};
KTG_MUST_CHECK int ktg_run_next(struct ktg_wire *w, struct ktg_run *ret_run);
void ktg_run_put(struct ktg_buf *b, const struct ktg_run *run); /* after ktg_wire_put_array() */

struct ktg_item {
    uint64_t cursor, rev;
    struct ktg_bytes alert; /* text */
    struct ktg_bytes body;  /* raw map */
};
KTG_MUST_CHECK int ktg_item_next(struct ktg_wire *w, struct ktg_item *ret_item);
void ktg_item_put(struct ktg_buf *b, const struct ktg_item *item);

/* The table, for documents and tests. */
enum ktg_msg_kind {
    KTG_M_UINT,
    KTG_M_TIME,
    KTG_M_BOOL,
    KTG_M_STR,
    KTG_M_BIN,
    KTG_M_WORD,
    KTG_M_MAP,
    KTG_M_STRS,
    KTG_M_BINS,
    KTG_M_RUNS,
    KTG_M_ITEMS,
    KTG_M_MAPS,
    KTG_M_GROUP /* a map with fields of its own */
};
struct ktg_msg_field {
    const char *key;
    enum ktg_msg_kind kind;
    bool required;
    uint32_t most;                     /* STR, BIN: bytes; lists: elements */
    size_t offset;                     /* in its struct */
    const char *const *words;          /* WORD */
    const struct ktg_msg_field *group; /* GROUP */
};
struct ktg_msg_row {
    const char *name, *sender;
    enum ktg_msg_type type;
    const struct ktg_msg_field *fields; /* sorted by key, ended by a NULL key */
};
extern const struct ktg_msg_row ktg_protocol_messages[KTG_MSG_LAST];
const struct ktg_msg_row *ktg_protocol_row(enum ktg_msg_type type); /* NULL: no such message */
const char *ktg_msg_kind_name(enum ktg_msg_kind kind); /* as the page writes it: "list of str" */

#endif
