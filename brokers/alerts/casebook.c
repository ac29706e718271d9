/* brokers/alerts/casebook.c - the tables and the numbered invariants are in casebook.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/casebook.h"

#include <assert.h>
#include <stdio.h>

#include "brokers/alerts/handed.h"
#include "brokers/alerts/router.h"
#include "brokers/alerts/track.h"
#include "runtime/hash.h"
#include "runtime/store/cursor.h"
#include "runtime/store/key.h"
#include "runtime/store/store.h"

enum table { META, ALERT, ORDER, AUDIENCE, SUB, OUTBOX, TABLES };
static const char *const table_names[TABLES] = {"meta",     "alert", "order",
                                                "audience", "sub",   "outbox"};

enum number { EVENT, FINDINGS, EPOCH, NEWEST, ACKED, NUMBERS };
static const char *const number_names[NUMBERS] = {"event", "findings", "epoch", "newest", "acked"};

struct ktg_casebook {
    struct ktg_store *store;
    ktg_db db[TABLES];
    struct ktg_txn *write, *read; /* read: renewed after each commit */
    uint64_t number[NUMBERS], before[NUMBERS],
        stored[NUMBERS]; /* before: to go back to when a transaction is aborted; stored: on disk */
    bool changed;        /* something was written in this transaction, beside the numbers */
    size_t held;         /* bytes of what it wrote, about, with the pages that take it */
    struct ktg_agencies *table, *table_before; /* before: of the transaction; equal: not changed */
    struct ktg_casebook_missed missed[KTG_CASEBOOK_MISSED];
    size_t missed_count;
    struct ktg_buf out;
    struct ktg_arena arena;
};

static struct ktg_txn *txn_of(struct ktg_casebook *c)
{
    return c->write ? c->write : c->read;
}

static struct ktg_bytes key_of(uint64_t n, uint8_t to[static 8])
{
    ktg_put_be64(to, n);
    return ktg_bytes(to, 8);
}

/* The agencies as the store has them; none in a casebook that has not met any. */
static int read_table(struct ktg_casebook *c, struct ktg_err *err)
{
    struct ktg_bytes text;
    int rc = ktg_txn_get(c->read, c->db[META], KTG_LIT("agencies"), &text, err);
    if (!rc)
        rc = ktg_agencies_parse(text, "agencies.yaml", &c->table, err);
    c->table_before = c->table;
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

int ktg_casebook_open(const char *path, uint64_t map_size, struct ktg_casebook **ret_c,
                      struct ktg_err *err)
{
    struct ktg_store_options options = {.map_size = map_size};
    struct ktg_casebook *c = ktg_zalloc(sizeof *c);
    if (!c)
        return ktg_err_set(err, KTG_ENOMEM, "casebook: out of memory");
    int rc = ktg_store_open(path, &options, &c->store, err);
    for (int i = 0; !rc && i < TABLES; i++)
        rc = ktg_store_db(c->store, table_names[i], &c->db[i], err);
    if (!rc)
        rc = ktg_txn_read(c->store, &c->read, err);
    for (int i = 0; !rc && i < NUMBERS; i++) {
        struct ktg_bytes v;
        rc = ktg_txn_get(c->read, c->db[META], ktg_bytes_str(number_names[i]), &v, err);
        if (!rc && v.size == 8)
            c->number[i] = ktg_get_be64(v.data);
        else if (!rc)
            rc = ktg_err_set(err, KTG_ECORRUPT, "casebook: %s is no number", number_names[i]);
        if (rc == KTG_ENOTFOUND)
            rc = KTG_OK;
    }
    memcpy(c->stored, c->number, sizeof c->stored);
    if (!rc)
        rc = read_table(c, err);
    if (rc) {
        ktg_casebook_close(c);
        return rc;
    }
    *ret_c = c;
    return KTG_OK;
}

struct ktg_casebook *ktg_casebook_close(struct ktg_casebook *c)
{
    if (!c)
        return NULL;
    ktg_txn_abort(c->write);
    ktg_txn_abort(c->read);
    ktg_store_close(c->store);
    if (c->table_before != c->table)
        ktg_agencies_free(c->table_before);
    ktg_agencies_free(c->table);
    ktg_buf_done(&c->out);
    ktg_arena_done(&c->arena);
    ktg_free(c);
    return NULL;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

/* Keys of alerts lie anywhere: each may cost a page of its own. */
static void count(struct ktg_casebook *c, enum table to, size_t key, size_t value)
{
    c->changed = true;
    c->held += key + value + (to == ALERT ? 4096 : 64);
}

static int put(struct ktg_casebook *c, enum table to, struct ktg_bytes key, struct ktg_bytes value,
               struct ktg_err *err)
{
    count(c, to, key.size, value.size);
    return ktg_txn_put(c->write, c->db[to], key, value, err);
}

static int del(struct ktg_casebook *c, enum table from, struct ktg_bytes key, struct ktg_err *err)
{
    count(c, from, key.size, 0);
    return ktg_txn_del(c->write, c->db[from], key, err);
}

static int clear(struct ktg_casebook *c, enum table which, struct ktg_err *err)
{
    c->changed = true;
    return ktg_txn_clear(c->write, c->db[which], err);
}

/* ---- transactions ------------------------------------------------------------------------------------------------------- */

/* Take this table, or go back to the one before the transaction. */
static void use_table(struct ktg_casebook *c, struct ktg_agencies *table)
{
    if (c->table != c->table_before && c->table != table)
        ktg_agencies_free(c->table);
    c->table = table;
}

static void keep_table(struct ktg_casebook *c)
{
    if (c->table != c->table_before)
        ktg_agencies_free(c->table_before);
    c->table_before = c->table;
}

int ktg_casebook_begin(struct ktg_casebook *c, struct ktg_err *err)
{
    c->missed_count = 0;
    c->changed = false;
    c->held = 0;
    memcpy(c->before, c->number, sizeof c->before);
    return ktg_txn_write(c->store, &c->write, err);
}

void ktg_casebook_abort(struct ktg_casebook *c)
{
    c->write = ktg_txn_abort(c->write);
    c->missed_count = 0;
    use_table(c, c->table_before);
    memcpy(c->number, c->before, sizeof c->number);
}

int ktg_casebook_commit(struct ktg_casebook *c, struct ktg_err *err)
{
    int rc = KTG_OK;
    for (int i = 0; !rc && i < NUMBERS; i++) {
        uint8_t v[8];
        if (c->number[i] != c->stored[i])
            rc = put(c, META, ktg_bytes_str(number_names[i]), key_of(c->number[i], v), err);
    }
    if (rc) {
        ktg_casebook_abort(c);
        return rc;
    }
    rc = ktg_txn_commit(&c->write, err);
    c->write = NULL;
    if (rc) {
        c->missed_count = 0;
        use_table(c, c->table_before);
        memcpy(c->number, c->before, sizeof c->number);
        return rc;
    }
    memcpy(c->stored, c->number, sizeof c->stored);
    keep_table(c);
    ktg_txn_reset(c->read);
    return ktg_txn_renew(c->read, err);
}

bool ktg_casebook_changed(const struct ktg_casebook *c)
{
    return c->changed;
}

size_t ktg_casebook_held(const struct ktg_casebook *c)
{
    return c->held;
}

uint64_t ktg_casebook_used(const struct ktg_casebook *c)
{
    struct ktg_store_stat stat;
    ktg_store_stat(c->store, &stat);
    return stat.used_bytes;
}

int ktg_casebook_widen(struct ktg_casebook *c, uint64_t bytes, struct ktg_err *err)
{
    struct ktg_store_stat stat;
    ktg_store_stat(c->store, &stat);
    c->read = ktg_txn_abort(c->read);
    int rc = ktg_store_grow(c->store, stat.map_size + bytes, err);
    int again = ktg_txn_read(c->store, &c->read, rc ? NULL : err);
    return rc ? rc : again;
}

bool ktg_casebook_owes(const struct ktg_casebook *c)
{
    return memcmp(c->number, c->stored, sizeof c->stored) != 0;
}

void ktg_casebook_end(struct ktg_casebook *c)
{
    assert(!c->changed);
    c->write = ktg_txn_abort(c->write);
    c->missed_count = 0;
}

struct ktg_casebook_place ktg_casebook_place(const struct ktg_casebook *c)
{
    return (struct ktg_casebook_place){c->number[EVENT], c->number[FINDINGS], c->number[EPOCH],
                                       c->number[NEWEST], c->number[ACKED]};
}

int ktg_casebook_belongs(struct ktg_casebook *c, const uint8_t journals[static 32])
{
    struct ktg_bytes v;
    int rc = ktg_txn_get(txn_of(c), c->db[META], KTG_LIT("journals"), &v, NULL);
    return rc ? rc : v.size == 32 && memcmp(v.data, journals, 32) == 0 ? KTG_OK : KTG_ENOTFOUND;
}

int ktg_casebook_renew(struct ktg_casebook *c, const uint8_t journals[static 32],
                       struct ktg_err *err)
{
    int rc = KTG_OK;
    for (int i = 0; !rc && i < TABLES; i++)
        rc = clear(c, (enum table)i, err);
    memset(c->number, 0, sizeof c->number);
    use_table(c, NULL);
    return rc ? rc : put(c, META, KTG_LIT("journals"), ktg_bytes(journals, 32), err);
}

int ktg_casebook_moved(struct ktg_casebook *c, uint64_t event_position, uint64_t findings_position,
                       struct ktg_err *err)
{
    (void)err;
    c->number[EVENT] = event_position;
    c->number[FINDINGS] = findings_position;
    return KTG_OK;
}

/* ---- alerts ---------------------------------------------------------------------------------------------------------------- */

/* A copy: what the store shows is gone with the next change of the transaction. */
static int read_alert(struct ktg_casebook *c, const uint8_t finding[static 16],
                      struct ktg_alert *ret_a)
{
    struct ktg_bytes v;
    int rc = ktg_txn_get(txn_of(c), c->db[ALERT], ktg_bytes(finding, 16), &v, NULL);
    if (rc)
        return rc;
    ktg_arena_reset(&c->arena);
    char *copy = ktg_arena_strndup(&c->arena, (const char *)v.data, v.size);
    if (!copy)
        return KTG_ENOMEM;
    memcpy(ret_a->finding, finding, 16);
    return ktg_alert_decode(ktg_bytes(copy, v.size), ret_a);
}

static int write_alert(struct ktg_casebook *c, const struct ktg_alert *a, struct ktg_err *err)
{
    ktg_buf_clear(&c->out);
    ktg_alert_encode(a, &c->out);
    if (ktg_buf_check(&c->out))
        return KTG_ENOMEM;
    return put(c, ALERT, ktg_bytes(a->finding, 16), ktg_buf_view(&c->out), err);
}

static struct ktg_bytes text_of(struct ktg_bytes map, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_STR ? v.bytes : KTG_BYTES_NONE;
}

/* An officer's action, as it stands in the event journal. */
int ktg_casebook_fold_event(struct ktg_casebook *c, struct ktg_bytes blob, bool *ret_took,
                            struct ktg_err *err)
{
    *ret_took = false;
    struct ktg_wire_value data, when, at;
    uint8_t finding[16];
    struct ktg_alert a = {0};
    struct ktg_bytes type = text_of(blob, "type");
    bool ack = ktg_bytes_is(type, "alert.ack");
    if (!ack && !ktg_bytes_is(type, "alert.closed"))
        return KTG_OK;
    if (!ktg_wire_get(blob, "data", &data) || !ktg_wire_get(blob, "occurred_at", &when))
        return KTG_OK;
    struct ktg_wire w = ktg_wire_inside(&when);
    struct ktg_bytes alert = text_of(data.raw, "alert");
    if (ktg_wire_next(&w, &at) || alert.size != 32 ||
        ktg_unhex((const char *)alert.data, 32, finding))
        return KTG_OK; /* it speaks of no alert of ours */
    int rc = read_alert(c, finding, &a);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    struct ktg_bytes agency = text_of(data.raw, "agency_code");
    struct ktg_track *t = ktg_alert_find(&a, agency);
    if (!t || ktg_alert_may(&a, agency, !ack))
        return KTG_OK; /* two officers at once: the one whose event stands first in the journal */
    t->state = ack ? KTG_TRACK_ACKNOWLEDGED : KTG_TRACK_CLOSED;
    t->at = at.integer;
    t->officer = text_of(data.raw, "officer");
    t->disposition = text_of(data.raw, "disposition");
    *ret_took = true;
    return write_alert(c, &a, err);
}

static int write_audience(struct ktg_casebook *c, uint64_t position, const struct ktg_alert *a,
                          struct ktg_err *err)
{
    uint8_t key[8];
    ktg_buf_clear(&c->out);
    ktg_wire_put_array(&c->out, (uint32_t)a->track_count);
    for (size_t i = 0; i < a->track_count; i++)
        ktg_wire_put_str(&c->out, a->tracks[i].agency);
    ktg_wire_put_str(&c->out, a->rule);
    ktg_alert_put_seen(a, &c->out);
    if (ktg_buf_check(&c->out))
        return KTG_ENOMEM;
    return put(c, AUDIENCE, key_of(position, key), ktg_buf_view(&c->out), err);
}

/* One event for each agency that is told: alert.raised the first time, then alert.amended or alert.withdrawn. */
static int hand_out(struct ktg_casebook *c, const struct ktg_alert *a, const struct ktg_handed *h,
                    struct ktg_err *err)
{
    for (size_t i = 0; i < a->track_count; i++) {
        uint64_t seq;
        ktg_buf_clear(&c->out);
        ktg_handed_event(h, a, &a->tracks[i], &c->out);
        if (ktg_buf_check(&c->out))
            return KTG_ENOMEM;
        int rc = ktg_casebook_queue(c, ktg_buf_view(&c->out), &seq, err);
        if (rc)
            return rc;
    }
    return KTG_OK;
}

int ktg_casebook_agencies(struct ktg_casebook *c, struct ktg_bytes text, struct ktg_err *err)
{
    struct ktg_agencies *table = NULL;
    int rc = ktg_agencies_parse(text, "agencies.yaml", &table, err);
    if (!rc)
        rc = put(c, META, KTG_LIT("agencies"), text, err);
    if (rc)
        ktg_agencies_free(table);
    else
        use_table(c, table);
    return rc;
}

static void copy_word(char *to, size_t room, struct ktg_bytes word)
{
    snprintf(to, room, "%.*s", (int)(word.size < room ? word.size : room - 1),
             word.size ? (const char *)word.data : "");
}

static void remember_missed(struct ktg_casebook *c, const struct ktg_handed *h,
                            const struct ktg_routed *routed)
{
    for (size_t i = 0; i < routed->missed_count && i < KTG_MISSED; i++) {
        if (c->missed_count + i >= KTG_CASEBOOK_MISSED)
            break;
        struct ktg_casebook_missed *m = &c->missed[c->missed_count + i];
        copy_word(m->rule, sizeof m->rule, h->rule);
        copy_word(m->word, sizeof m->word, routed->missed[i].word);
        copy_word(m->code, sizeof m->code, routed->missed[i].code);
        m->why = ktg_miss_name(routed->missed[i].why);
    }
    c->missed_count += routed->missed_count;
}

size_t ktg_casebook_missed(const struct ktg_casebook *c,
                           const struct ktg_casebook_missed **ret_list)
{
    *ret_list = c->missed;
    return c->missed_count;
}

int ktg_casebook_fold_finding(struct ktg_casebook *c, const struct ktg_difference *d,
                              struct ktg_err *err)
{
    struct ktg_handed h;
    struct ktg_alert a = {0};
    uint8_t key[8];
    if (ktg_handed_read(d->payload, &h))
        return ktg_err_set(err, KTG_ECORRUPT, "casebook: findings position %llu cannot be read",
                           (unsigned long long)d->position);
    int rc = read_alert(c, h.finding, &a);
    if (rc && rc != KTG_ENOTFOUND)
        return rc;
    if (rc == KTG_ENOTFOUND && ktg_bytes_is(h.op, "withdraw"))
        return KTG_OK; /* said while the rule was in shadow: nobody was told */
    if (!h.live && ktg_bytes_is(a.state, "withdrawn"))
        return KTG_OK; /* taken back already */
    if (rc == KTG_ENOTFOUND) {
        memcpy(a.finding, h.finding, sizeof a.finding);
        a.first = d->position;
        rc = put(c, ORDER, key_of(a.first, key), ktg_bytes(a.finding, 16), err);
        if (rc)
            return rc;
    }
    if (ktg_bytes_is(a.state, "withdrawn") && !ktg_bytes_is(h.state, "withdrawn"))
        ktg_alert_anew(&a, h.at);
    if (!ktg_bytes_eq(a.level, h.level))
        a.was = a.level; /* of a new one: empty */
    a.rule = h.rule;
    a.state = h.state;
    a.level = h.level;
    a.district = h.district;
    a.at = h.at;
    a.offset_min = h.offset_min;
    a.position = d->position;
    a.rev = h.rev;
    ktg_alert_saw(&a);
    struct ktg_routed routed = {.told_count = 0};
    if (h.live) /* else those who were told, and nobody else */
        ktg_route(c->table, &h, &routed);
    for (size_t i = 0; i < routed.told_count; i++)
        if (ktg_alert_tell(&a, routed.told[i], h.at))
            ktg_route_miss(&routed, routed.told[i], routed.told[i], KTG_MISS_TOO_MANY);
    remember_missed(c, &h, &routed);
    rc = write_audience(c, d->position, &a, err);
    if (!rc)
        rc = hand_out(c, &a, &h, err);
    return rc ? rc : write_alert(c, &a, err);
}

int ktg_casebook_forget(struct ktg_casebook *c, const uint8_t finding[static 16],
                        struct ktg_err *err)
{
    struct ktg_alert a = {0};
    uint8_t key[8];
    int rc = read_alert(c, finding, &a);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK
                                   : rc; /* it was in shadow, or its records are gone too */
    rc = del(c, ORDER, key_of(a.first, key), err);
    return rc ? rc : del(c, ALERT, ktg_bytes(finding, 16), err);
}

/* Other agencies' alerts are as if they were not there: they make no id ambiguous. */
static int is_told(struct ktg_bytes agency, struct ktg_bytes value, bool *ret_is)
{
    struct ktg_alert a = {0};
    int rc = agency.size ? ktg_alert_decode(value, &a) : KTG_OK;
    *ret_is = !rc && (!agency.size || ktg_alert_track(&a, agency));
    return rc;
}

int ktg_casebook_alert(struct ktg_casebook *c, struct ktg_bytes agency, struct ktg_bytes hex,
                       struct ktg_alert *ret_a)
{
    uint8_t low[16] = {0};
    char digits[33];
    struct ktg_cursor *cursor = NULL;
    struct ktg_bytes key, value;
    bool found = false;
    if (hex.size < 4 || hex.size > 32)
        return KTG_ENOTFOUND;
    memset(digits, '0', 32);
    memcpy(digits, hex.data, hex.size);
    if (ktg_unhex(digits, 32, low))
        return KTG_ENOTFOUND;
    struct ktg_range range = {ktg_bytes(low, 16), ktg_bytes(low, hex.size / 2), KTG_CURSOR_UP};
    int rc = ktg_cursor_open(txn_of(c), c->db[ALERT], &range, &cursor, NULL);
    while (!rc && !(rc = ktg_cursor_next(cursor, &key, &value, NULL))) {
        char text[33];
        ktg_hex(key.data, 16, text);
        if (memcmp(text, hex.data, hex.size) != 0)
            break;
        bool told;
        if ((rc = is_told(agency, value, &told)) || !told)
            continue;
        if (found) {
            rc = KTG_ECONFLICT;
            break;
        }
        found = true;
        memcpy(low, key.data, 16);
    }
    ktg_cursor_close(cursor);
    if (rc == KTG_ECONFLICT || (rc && rc != KTG_ENOTFOUND))
        return rc;
    return found ? read_alert(c, low, ret_a) : KTG_ENOTFOUND;
}

int ktg_casebook_alerts(struct ktg_casebook *c, uint64_t before,
                        int (*each)(void *arg, const struct ktg_alert *a), void *arg)
{
    uint8_t from[8];
    struct ktg_range range = {before ? key_of(before - 1, from) : KTG_BYTES_NONE, KTG_BYTES_NONE,
                              KTG_CURSOR_DOWN};
    struct ktg_cursor *cursor = NULL;
    struct ktg_bytes key, value;
    int rc = ktg_cursor_open(txn_of(c), c->db[ORDER], &range, &cursor, NULL);
    while (!rc && !(rc = ktg_cursor_next(cursor, &key, &value, NULL))) {
        struct ktg_alert a = {0};
        rc = value.size == 16 ? read_alert(c, value.data, &a) : KTG_ECORRUPT;
        if (!rc)
            rc = each(arg, &a);
    }
    ktg_cursor_close(cursor);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

/* ---- subscribers ------------------------------------------------------------------------------------------------------------- */

static void sub_key(struct ktg_bytes user, struct ktg_bytes sub, struct ktg_key *k)
{
    ktg_key_init(k);
    ktg_key_put_text(k, user);
    ktg_key_put_text(k, sub);
}

int ktg_casebook_confirm(struct ktg_casebook *c, struct ktg_bytes user, struct ktg_bytes sub,
                         uint64_t position, struct ktg_err *err)
{
    struct ktg_key k;
    uint8_t v[8];
    sub_key(user, sub, &k);
    return put(c, SUB, ktg_key_view(&k), key_of(position, v), err);
}

int ktg_casebook_confirmed(struct ktg_casebook *c, struct ktg_bytes user, struct ktg_bytes sub,
                           uint64_t *ret_position)
{
    struct ktg_key k;
    struct ktg_bytes v;
    sub_key(user, sub, &k);
    int rc = ktg_txn_get(txn_of(c), c->db[SUB], ktg_key_view(&k), &v, NULL);
    if (!rc && v.size != 8)
        return KTG_ECORRUPT;
    if (!rc)
        *ret_position = ktg_get_be64(v.data);
    return rc;
}

int ktg_casebook_subs(struct ktg_casebook *c, struct ktg_bytes user,
                      void (*each)(void *arg, struct ktg_bytes sub, uint64_t position), void *arg,
                      size_t *ret_count)
{
    struct ktg_key k;
    struct ktg_cursor *cursor = NULL;
    struct ktg_bytes key, value;
    *ret_count = 0;
    ktg_key_init(&k);
    ktg_key_put_text(&k, user);
    struct ktg_range range = {KTG_BYTES_NONE, ktg_key_view(&k), KTG_CURSOR_UP};
    int rc = ktg_cursor_open(txn_of(c), c->db[SUB], &range, &cursor, NULL);
    for (; !rc && !(rc = ktg_cursor_next(cursor, &key, &value, NULL)); ++*ret_count)
        if (each && key.size > k.size && value.size == 8)
            each(arg, ktg_bytes(key.data + k.size, key.size - k.size - 1),
                 ktg_get_be64(value.data));
    ktg_cursor_close(cursor);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

static bool is_for(struct ktg_bytes row, struct ktg_bytes agency, struct ktg_filter *filter)
{
    struct ktg_wire w = ktg_wire_open(row), in;
    struct ktg_wire_value list, rule, v;
    struct ktg_seen seen[KTG_SEEN];
    size_t count;
    bool is = false;
    if (ktg_wire_next(&w, &list) || list.kind != KTG_WIRE_ARRAY)
        return false;
    for (in = ktg_wire_inside(&list); !is && !ktg_wire_next(&in, &v);)
        is = ktg_bytes_eq(v.bytes, agency);
    if (!is || !filter)
        return is;
    if (ktg_wire_next(&w, &rule) || ktg_wire_next(&w, &v) || !ktg_seen_read(&v, seen, &count))
        return true; /* written before there were filters: an alert too many */
    return ktg_filter_passes(filter, rule.bytes, seen, count);
}

int ktg_casebook_next_for(struct ktg_casebook *c, struct ktg_bytes agency,
                          struct ktg_filter *filter, uint64_t after, uint64_t *ret_position)
{
    uint8_t from[8];
    struct ktg_range range = {key_of(after + 1, from), KTG_BYTES_NONE, KTG_CURSOR_UP};
    struct ktg_cursor *cursor = NULL;
    struct ktg_bytes key, value;
    *ret_position = after;
    int rc = ktg_cursor_open(txn_of(c), c->db[AUDIENCE], &range, &cursor, NULL);
    while (!rc && !(rc = ktg_cursor_next(cursor, &key, &value, NULL))) {
        *ret_position = ktg_get_be64(key.data);
        if (is_for(value, agency, filter))
            break;
    }
    ktg_cursor_close(cursor);
    return rc;
}

int ktg_casebook_pending(struct ktg_casebook *c, struct ktg_bytes agency, struct ktg_filter *filter,
                         uint64_t after, uint64_t *rows, uint64_t *ret_count)
{
    uint8_t from[8];
    struct ktg_range range = {key_of(after + 1, from), KTG_BYTES_NONE, KTG_CURSOR_UP};
    struct ktg_cursor *cursor = NULL;
    struct ktg_bytes key, value;
    *ret_count = 0;
    int rc = ktg_cursor_open(txn_of(c), c->db[AUDIENCE], &range, &cursor, NULL);
    while (!rc && !(rc = ktg_cursor_next(cursor, &key, &value, NULL))) {
        if (*rows == 0) {
            rc = KTG_EAGAIN;
            break;
        }
        --*rows;
        *ret_count += is_for(value, agency, filter);
    }
    ktg_cursor_close(cursor);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

/* ---- outbox -------------------------------------------------------------------------------------------------------------------- */

int ktg_casebook_queue(struct ktg_casebook *c, struct ktg_bytes blob, uint64_t *ret_seq,
                       struct ktg_err *err)
{
    uint8_t key[8];
    uint64_t seq = c->number[NEWEST] + 1;
    count(c, OUTBOX, sizeof key, blob.size);
    int rc = ktg_txn_append(c->write, c->db[OUTBOX], key_of(seq, key), blob, err);
    if (rc)
        return rc;
    c->number[NEWEST] = *ret_seq = seq;
    return KTG_OK;
}

int ktg_casebook_sent(struct ktg_casebook *c, uint64_t acked, struct ktg_err *err)
{
    for (uint64_t seq = c->number[ACKED] + 1; seq <= acked; seq++) {
        uint8_t key[8];
        int rc = del(c, OUTBOX, key_of(seq, key), err);
        if (rc && rc != KTG_ENOTFOUND)
            return rc;
    }
    c->number[ACKED] = acked;
    return KTG_OK;
}

/* What still waits is numbered anew from 1. */
int ktg_casebook_new_epoch(struct ktg_casebook *c, uint64_t epoch, struct ktg_err *err)
{
    uint64_t from = c->number[ACKED] + 1, to = c->number[NEWEST], n = 0;
    ktg_arena_reset(&c->arena);
    struct ktg_bytes *kept =
        ktg_arena_alloc(&c->arena, (size_t)(to >= from ? to - from + 1 : 1) * sizeof *kept);
    if (!kept)
        return KTG_ENOMEM;
    for (uint64_t seq = from; seq <= to; seq++) {
        struct ktg_bytes v;
        int rc = ktg_casebook_outbox(c, seq, &v);
        if (rc)
            return rc;
        uint8_t *copy = ktg_arena_alloc(&c->arena, v.size);
        if (!copy)
            return KTG_ENOMEM;
        memcpy(copy, v.data, v.size);
        kept[n++] = ktg_bytes(copy, v.size);
    }
    int rc = clear(c, OUTBOX, err);
    c->number[NEWEST] = c->number[ACKED] = 0;
    c->number[EPOCH] = epoch;
    for (uint64_t i = 0; !rc && i < n; i++) {
        uint64_t seq;
        rc = ktg_casebook_queue(c, kept[i], &seq, err);
    }
    return rc;
}

int ktg_casebook_outbox(struct ktg_casebook *c, uint64_t seq, struct ktg_bytes *ret_blob)
{
    uint8_t key[8];
    return ktg_txn_get(txn_of(c), c->db[OUTBOX], key_of(seq, key), ret_blob, NULL);
}

int ktg_casebook_copy(struct ktg_casebook *c, const char *path, struct ktg_err *err)
{
    return ktg_store_copy(c->store, path, true, err);
}
