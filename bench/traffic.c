/* bench/traffic.c - see traffic.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/traffic.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/civil.h"
#include "schema/json.h"

enum {
    DIGITS = 9,
    PLACES = 8,
    MOST = 512,
    ZONE = 420,
    MILLION = 1000000,
    FIRST_OVERDUE = 500000000
};

/* Where digits and letters go: nine of them each, so that they are found again in the encoded template. */
#define PERSON   "700000007"
#define SPONSOR  "800000008"
#define PROPERTY "900000009"
#define SOURCE   "600000006"
#define POST     "500000005"
#define NAME     "ZZZZXZZZZ" /* letters, by the person: biodata differ */
#define DOC      "\"doc\":{\"issuer\":\"UTO\",\"kind\":\"P\",\"number\":\"" PERSON "\"}"
#define WHO      DOC ",\"surname\":\"" NAME "\",\"given\":\"UTOPIA\",\"dob\":\"1974-08-12\""
#define HEAD                                                                                     \
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000001\",\"occurred_at\":\"2026-03-01T09:00:00+07:" \
    "00\","

/* %s: a day some weeks ahead */
static const char *const texts[KTG_TRAFFIC_KINDS] = {
    [KTG_TRAFFIC_ENTRY] = HEAD
    "\"type\":\"border.crossing\",\"source\":\"IMI.BENCH." SOURCE "\",\"data\":{" WHO
    ",\"direction\":\"entry\",\"mode\":\"land\",\"post\":\"P" POST "\",\"visa_index\":\"B1\","
    "\"permitted_until\":\"%s\",\"days_granted\":30}}",
    [KTG_TRAFFIC_EXIT] =
        HEAD "\"type\":\"border.crossing\",\"source\":\"IMI.BENCH." SOURCE "\",\"data\":{" WHO
             ",\"direction\":\"exit\",\"mode\":\"land\",\"post\":\"P" POST "\",\"capture\":\"mrz\","
             "\"mrz_check\":\"ok\",\"lane\":\"manual\"}}",
    [KTG_TRAFFIC_CHECKIN] =
        HEAD "\"type\":\"lodging.checkin\",\"source\":\"IMI.BENCH." SOURCE "\",\"data\":{" WHO
             ",\"property\":\"" PROPERTY "\",\"room\":\"214\",\"planned_out\":\"%s\","
             "\"receipt_no\":\"STT-000001\"}}",
    [KTG_TRAFFIC_PERMIT] =
        HEAD "\"type\":\"permit.status\",\"source\":\"IMI.BENCH." SOURCE "\",\"data\":{" WHO
             ",\"action\":\"extended\",\"class\":\"ITK\",\"until\":\"%s\","
             "\"sponsor\":{\"kind\":\"person\",\"id\":\"0000000" SPONSOR "\"}}}",
    [KTG_TRAFFIC_SPONSOR] =
        HEAD "\"type\":\"sponsor.link\",\"source\":\"IMI.BENCH." SOURCE "\",\"data\":{" WHO
             ",\"action\":\"add\",\"relation\":\"friend\","
             "\"sponsor\":{\"kind\":\"person\",\"id\":\"0000000" SPONSOR "\"}}}",
    [KTG_TRAFFIC_REFUSED] = HEAD
    "\"type\":\"border.crossing\",\"source\":\"IMI.BENCH." SOURCE "\",\"data\":{" WHO
    ",\"direction\":\"refused\",\"mode\":\"land\",\"post\":\"P" POST "\",\"capture\":\"mrz\","
    "\"mrz_check\":\"ok\"}}",
    [KTG_TRAFFIC_OVERDUE] = HEAD
    "\"type\":\"border.crossing\",\"source\":\"IMI.BENCH." SOURCE "\",\"data\":{" WHO
    ",\"direction\":\"entry\",\"mode\":\"sea\",\"post\":\"P" POST "\",\"visa_index\":\"B1\","
    "\"permitted_until\":\"%s\",\"days_granted\":30}}",
};

/* In 65536ths; the two last kinds are given by the caller. */
static const uint32_t shares[KTG_TRAFFIC_REFUSED] = {18000, 15000, 18000, 7536, 7000};

struct template
{
    uint8_t bytes[MOST];
    size_t size, id, at;
    size_t places[PLACES], place_count; /* of digits */
    char what[PLACES];                  /* the mark's first character */
};

struct ktg_traffic {
    struct template templates[KTG_TRAFFIC_KINDS];
    uint64_t state, persons, properties, number;
    uint64_t overdue; /* persons of their own, so that nothing excuses them */
};

static uint64_t draw(struct ktg_traffic *t) /* SplitMix64 */
{
    uint64_t z = t->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void find_places(struct template *m)
{
    static const char *const marks[] = {PERSON, SPONSOR, PROPERTY, SOURCE, POST, NAME};
    for (size_t i = 0; i + DIGITS <= m->size; i++)
        for (size_t k = 0; k < KTG_COUNT(marks); k++)
            if (memcmp(m->bytes + i, marks[k], DIGITS) == 0 && m->place_count < PLACES) {
                m->what[m->place_count] = marks[k][0];
                m->places[m->place_count++] = i;
            }
}

static int prepare(const struct ktg_catalogue *c, struct template *m, const char *text,
                   const char *day, struct ktg_err *err)
{
    char line[1024];
    struct ktg_buf blob = KTG_BUF_INIT;
    struct ktg_event e;
    struct ktg_wire_value at;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* our own texts */
    snprintf(line, sizeof line, text, day);
#pragma GCC diagnostic pop
    int rc = ktg_json_decode(c, ktg_bytes_str(line), &blob, NULL, err);
    if (!rc)
        rc = ktg_event_read(c, ktg_buf_view(&blob), &e, err);
    if (!rc)
        rc = ktg_event_check(c, &e, err);
    if (!rc && (blob.size > MOST || !ktg_wire_get(ktg_buf_view(&blob), "occurred_at", &at)))
        rc = KTG_EINVALID;
    if (!rc) {
        m->size = blob.size;
        m->id = (size_t)(e.id - blob.data);
        m->at = (size_t)(at.raw.data - blob.data) + 2; /* array head, head of a 64-bit integer */
        memcpy(m->bytes, blob.data, blob.size);
        find_places(m);
        if (!m->place_count || m->bytes[m->at - 1] != 0xcf)
            rc = ktg_err_set(err, KTG_EINVALID, "a template lies otherwise than expected");
    }
    ktg_buf_done(&blob);
    return rc;
}

int ktg_traffic_new(const struct ktg_catalogue *c, uint64_t seed, uint64_t persons, ktg_time now,
                    struct ktg_traffic **ret_t, struct ktg_err *err)
{
    struct ktg_traffic *t = ktg_zalloc(sizeof *t);
    char day[KTG_DATE_TEXT];
    if (!t)
        return KTG_ENOMEM;
    t->state = seed;
    t->persons = persons < 1 ? 1 : persons;
    t->properties = 3000;
    ktg_date_format(ktg_date_of(now, ZONE) + 45, day);
    int rc = KTG_OK;
    for (int k = 0; !rc && k < KTG_TRAFFIC_KINDS; k++)
        rc = prepare(c, &t->templates[k], texts[k], day, err);
    if (rc) {
        ktg_free(t);
        return rc;
    }
    *ret_t = t;
    return KTG_OK;
}

struct ktg_traffic *ktg_traffic_free(struct ktg_traffic *t)
{
    ktg_free(t);
    return NULL;
}

void ktg_traffic_properties(struct ktg_traffic *t, uint64_t count)
{
    t->properties = count < 1 ? 1 : count;
}

enum ktg_traffic_kind ktg_traffic_kind(struct ktg_traffic *t, uint32_t refused, uint32_t overdue)
{
    uint32_t r = (uint32_t)(draw(t) >> 48);
    if (r < refused)
        return KTG_TRAFFIC_REFUSED;
    if (r < refused + overdue)
        return KTG_TRAFFIC_OVERDUE;
    r = (uint32_t)(draw(t) >> 48);
    int k = 0;
    while (k < KTG_TRAFFIC_REFUSED - 1 && r >= shares[k])
        r -= shares[k++];
    return (enum ktg_traffic_kind)k;
}

static void put_digits(uint8_t *to, uint64_t n)
{
    for (int i = DIGITS - 1; i >= 0; i--, n /= 10)
        to[i] = (uint8_t)('0' + n % 10);
}

static void put_letters(uint8_t *to, uint64_t n)
{
    for (int i = DIGITS - 1; i >= 0; i--, n /= 26)
        to[i] = (uint8_t)('A' + n % 26);
}

/* 300 sources, 60 posts, a sponsor for four persons. */
static void put_place(const struct ktg_traffic *t, uint8_t *to, char what, uint64_t person,
                      uint64_t r)
{
    switch (what) {
    case '5':
        put_digits(to, (r >> 50) % 60);
        break;
    case '6':
        put_digits(to, (r >> 30) % 300);
        break;
    case '7':
        put_digits(to, person);
        break;
    case '8':
        put_digits(to, (r >> 20) % (t->persons / 4 + 1));
        break;
    case '9':
        put_digits(to, (r >> 40) % t->properties);
        break;
    default:
        put_letters(to, person);
    }
}

static void put_id(uint8_t *id, int64_t due_ns, uint64_t number)
{
    uint64_t ms = (uint64_t)due_ns / MILLION, rest = (uint64_t)due_ns % MILLION;
    uint64_t part = (rest << 20) / MILLION; /* 20 bits of a ms */
    ktg_put_be64(id, ms << 16 | 0x7000 | part >> 8);
    ktg_put_be64(id + 8,
                 UINT64_C(2) << 62 | (part & 0xff) << 54 | (number & ((UINT64_C(1) << 54) - 1)));
}

int64_t ktg_traffic_due(const uint8_t id[static 16])
{
    uint64_t high = ktg_get_be64(id), low = ktg_get_be64(id + 8);
    uint64_t part = (high & 0xfff) << 8 | (low >> 54 & 0xff);
    return (int64_t)((high >> 16) * MILLION + (part * MILLION >> 20));
}

static struct ktg_bytes fill(struct ktg_traffic *t, enum ktg_traffic_kind kind, uint64_t person,
                             uint64_t r, int64_t due_ns, ktg_time occurred_at)
{
    struct template *m = &t->templates[kind];
    put_id(m->bytes + m->id, due_ns, ++t->number);
    ktg_put_be64(m->bytes + m->at, (uint64_t)occurred_at);
    for (size_t i = 0; i < m->place_count; i++)
        put_place(t, m->bytes + m->places[i], m->what[i], person, r);
    return ktg_bytes(m->bytes, m->size);
}

struct ktg_bytes ktg_traffic_next(struct ktg_traffic *t, enum ktg_traffic_kind kind, int64_t due_ns,
                                  ktg_time occurred_at)
{
    uint64_t r = draw(t);
    uint64_t person = kind == KTG_TRAFFIC_OVERDUE ? FIRST_OVERDUE + t->overdue++ : r % t->persons;
    return fill(t, kind, person, r, due_ns, occurred_at);
}

struct ktg_bytes ktg_traffic_of(struct ktg_traffic *t, enum ktg_traffic_kind kind, uint64_t person,
                                int64_t due_ns, ktg_time occurred_at)
{
    return fill(t, kind, person, draw(t), due_ns, occurred_at);
}
