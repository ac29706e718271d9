/* producers/simulate/country.c - see country.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/country.h"

#include <stdio.h>
#include <string.h>

/* BPS districts: Sambas 6101, Bengkayang 6102, Sanggau 6105, Kapuas Hulu 6108, Sekadau 6109, Kubu Raya 6112. */
const struct post posts[POSTS] = {
    [ENTIKONG] =
        {"ENTIKONG", "land", "6105", "0.9972", "110.3436", {"IMI.ENTIKONG.1", "IMI.ENTIKONG.2"}},
    [ARUK] = {"ARUK", "land", "6101", "1.6128", "109.6781", {"IMI.ARUK.1", NULL}},
    [BADAU] = {"BADAU", "land", "6108", "0.9503", "111.8797", {"IMI.BADAU.1", NULL}},
    [JAGOI] = {"JAGOI", "land", "6102", "1.3425", "109.9239", {"IMI.JAGOI.1", NULL}},
    [SUPADIO] = {"SUPADIO", "air", "6112", "-0.1507", "109.4039", {"IMI.SUPADIO.1", NULL}},
    [SINTETE] = {"SINTETE", "sea", "6101", "1.0600", "108.9900", {"IMI.SINTETE.1", NULL}},
};

#define HOTEL(town, n, district, lat, lon, near)                        \
    {                                                                   \
        "H-" town "-" #n, "APOA." town "." #n, district, lat, lon, near \
    }
const struct hotel hotels[] = {
    HOTEL("SANGGAU", 1, "6105", "0.1194", "110.6003", ENTIKONG),
    HOTEL("SANGGAU", 2, "6105", "0.1211", "110.5987", ENTIKONG),
    HOTEL("SANGGAU", 3, "6105", "0.1240", "110.5912", ENTIKONG),
    HOTEL("SANGGAU", 4, "6105", "0.1176", "110.6051", ENTIKONG),
    HOTEL("SANGGAU", 5, "6105", "0.9801", "110.3502", ENTIKONG),
    HOTEL("SANGGAU", 6, "6105", "0.9756", "110.3533", ENTIKONG),
    HOTEL("SEKADAU", 1, "6109", "0.0318", "110.9502", ENTIKONG),
    HOTEL("SEKADAU", 2, "6109", "0.0291", "110.9477", ENTIKONG),
    HOTEL("SEKADAU", 3, "6109", "0.0344", "110.9561", ENTIKONG),
    HOTEL("SAMBAS", 1, "6101", "1.3620", "109.3018", ARUK),
    HOTEL("SAMBAS", 2, "6101", "1.3655", "109.3069", ARUK),
    HOTEL("SAMBAS", 3, "6101", "1.3597", "109.2990", ARUK),
    HOTEL("SAMBAS", 4, "6101", "1.5880", "109.6602", ARUK),
    HOTEL("SAMBAS", 5, "6101", "1.3702", "109.3110", JAGOI),
    HOTEL("SAMBAS", 6, "6101", "1.3011", "109.8120", JAGOI),
    HOTEL("PUTUSSIBAU", 1, "6108", "0.8622", "112.9301", BADAU),
    HOTEL("PUTUSSIBAU", 2, "6108", "0.8651", "112.9345", BADAU),
    HOTEL("PUTUSSIBAU", 3, "6108", "0.8590", "112.9288", BADAU),
    HOTEL("PUTUSSIBAU", 4, "6108", "0.9440", "111.9012", BADAU),
};
const size_t hotel_count = KTG_COUNT(hotels);

const char *const other_sources[] = {
    "IMI.PUSAT",      "IMI.SANGGAU", "IMI.SAMBAS",     "IMI.PUTUSSIBAU", "KLN.KUCHING",
    "NAK.SANGGAU",    "NAK.SAMBAS",  "NAK.PUTUSSIBAU", "DUK.SANGGAU",    "DUK.SAMBAS",
    "DUK.PUTUSSIBAU", "PTSP.PUSAT",  "PTSP.SANGGAU",   "PTSP.SAMBAS",    "POL.SANGGAU",
    "POL.SAMBAS",     "PEM.SANGGAU", "KUA.SANGGAU",    "PA.SANGGAU",     NULL,
};

const char *office_near(enum place post)
{
    static const char *const offices[POSTS] = {
        [ENTIKONG] = "IMI.SANGGAU", [ARUK] = "IMI.SAMBAS",     [BADAU] = "IMI.PUTUSSIBAU",
        [JAGOI] = "IMI.SAMBAS",     [SUPADIO] = "IMI.SANGGAU", [SINTETE] = "IMI.SAMBAS"};
    return offices[post];
}

const struct hotel *hotel_near(struct ktg_random_stream *r, enum place post)
{
    size_t first = 0, count = 0;
    for (size_t i = 0; i < hotel_count; i++)
        if (hotels[i].near == post && count++ == 0)
            first = i;
    return &hotels[first + (size_t)ktg_random_between(r, 0, (int64_t)count - 1)];
}

ktg_time moment(const struct country *c, int day, int hour, int minute)
{
    return c->live + day * DAY + hour * HOUR + minute * MINUTE;
}

ktg_date date_at(ktg_time t)
{
    return ktg_date_of(t, WIB);
}

/* ---- people ---- */

static const char *const syllables[] = {"BA", "DE", "FI",  "GO",  "HU",  "JA",  "KE",  "LI",
                                        "MO", "NU", "PA",  "RE",  "SI",  "TO",  "VU",  "WA",
                                        "YE", "ZI", "LAN", "MER", "NIS", "ROL", "TAN", "VEK"};

static void put_name(struct ktg_random_stream *r, int count, char *to, size_t size)
{
    size_t n = 0;
    to[0] = 0;
    for (int i = 0; i < count && n < size; i++)
        n += (size_t)snprintf(
            to + n, size - n, "%s",
            syllables[ktg_random_between(r, 0, (int64_t)KTG_COUNT(syllables) - 1)]);
}

static struct person make_person(struct country *c, struct ktg_random_stream *r, const char *kind,
                                 char letter)
{
    struct person p = {.sex = ktg_random_chance(r, 50) ? 'F' : 'M', .issuer = "UTO"};
    snprintf(p.kind, sizeof p.kind, "%s", kind);
    snprintf(p.number, sizeof p.number, "%c%07u", letter, (unsigned)++c->people % 10000000u);
    put_name(r, (int)ktg_random_between(r, 2, 4), p.surname, sizeof p.surname);
    if (!ktg_random_chance(r, 6)) /* the others have one name */
        put_name(r, (int)ktg_random_between(r, 2, 3), p.given, sizeof p.given);
    p.dob = ktg_date_from_civil(1950, 1, 1) + (ktg_date)ktg_random_between(r, 0, 365 * 57);
    p.expiry = date_at(c->end) + (ktg_date)ktg_random_between(r, 200, 2500);
    return p;
}

struct person person_new(struct country *c, struct ktg_random_stream *r)
{
    return make_person(c, r, "P", 'U');
}
struct person person_resident(struct country *c, struct ktg_random_stream *r)
{
    return make_person(c, r, "PLB", 'B');
}

const char *person_subject(struct country *c, const struct person *p)
{
    const char *least = p->before[0] && strcmp(p->before, p->number) < 0 ? p->before : p->number;
    char text[32];
    int n = snprintf(text, sizeof text, "doc:%s:%s", p->issuer, least);
    const char *s = ktg_arena_strndup(&c->arena, text, (size_t)n);
    c->bad |= !s;
    return s ? s : "";
}

/* ---- drafting ---- */

static bool is_post(const char *source)
{
    for (size_t i = 0; i < POSTS; i++)
        for (size_t k = 0; k < 2; k++)
            if (posts[i].sources[k] && strcmp(posts[i].sources[k], source) == 0)
                return true;
    return false;
}

uint32_t draft_plainly(struct country *c, const char *source, const char *type, ktg_time at,
                       ktg_time made, uint32_t corrects)
{
    struct ktg_random_stream r = ktg_random_split(c->seed, 99, c->count);
    if (at >= c->end || ktg_grow(&c->drafts, &c->cap, c->count + 1, sizeof *c->drafts)) {
        c->bad |= at < c->end;
        return 0;
    }
    char *data = c->scratch.bad
                     ? NULL
                     : ktg_arena_strndup(&c->arena, (const char *)c->scratch.data, c->scratch.size);
    if (!data) {
        c->bad = true;
        return 0;
    }
    made = made ? made : at;
    c->drafts[c->count] = (struct draft){
        .source = source,
        .type = type,
        .occurred = at,
        .made = made,
        .arrives = made + ktg_random_between(&r, 400, is_post(source) ? 9000 : 45000),
        .serial = (uint32_t)c->count,
        .corrects = corrects,
        .data = ktg_bytes(data, c->scratch.size),
    };
    return (uint32_t)++c->count;
}

static void begin(struct country *c)
{
    ktg_buf_clear(&c->scratch);
}
static void put(struct country *c, const char *text)
{
    ktg_buf_put_str(&c->scratch, text);
}

static void put_text(struct country *c, const char *key, const char *text)
{
    if (text && text[0])
        ktg_buf_printf(&c->scratch, ",\"%s\":\"%s\"", key, text);
}

static void put_extra(struct country *c, const char *members)
{
    if (members && members[0])
        ktg_buf_printf(&c->scratch, ",%s", members);
}

static void put_date(struct country *c, const char *key, ktg_date d)
{
    char text[KTG_DATE_TEXT];
    ktg_date_format(d, text);
    put_text(c, key, text);
}

static void put_place(struct country *c, const char *district, const char *lat, const char *lon)
{
    ktg_buf_printf(&c->scratch, ",\"place\":{\"district\":\"%s\",\"lat\":\"%s\",\"lon\":\"%s\"}",
                   district, lat, lon);
}

void put_document(struct ktg_buf *to, const struct person *p)
{
    ktg_buf_printf(to, "{\"kind\":\"%s\",\"issuer\":\"%s\",\"number\":\"%s\"}", p->kind, p->issuer,
                   p->number);
}

static void put_doc(struct country *c, const struct person *p, const char *number, bool whole)
{
    char expiry[KTG_DATE_TEXT];
    ktg_buf_printf(&c->scratch, "\"doc\":{\"kind\":\"%s\",\"issuer\":\"%s\",\"number\":\"%s\"",
                   p->kind, p->issuer, number);
    if (whole) {
        ktg_date_format(p->expiry, expiry);
        put_text(c, "expiry", expiry);
    }
    put(c, "}");
    if (p->before[0]) /* always one of their own state */
        ktg_buf_printf(&c->scratch,
                       ",\"prev_doc\":{\"kind\":\"%s\",\"issuer\":\"UTO\",\"number\":\"%s\"}",
                       p->kind, p->before);
}

/* The holder block, without a comma before it. */
static void put_person(struct country *c, const struct person *p, const char *number, bool whole)
{
    put_doc(c, p, number, whole);
    put_text(c, "surname", p->surname);
    put_text(c, "given", p->given);
    if (!whole)
        return;
    put_date(c, "dob", p->dob);
    ktg_buf_printf(&c->scratch, ",\"sex\":\"%c\",\"nationality\":\"UTO\"", p->sex);
}

void put_holder(struct ktg_buf *to, const struct person *p)
{
    char dob[KTG_DATE_TEXT];
    ktg_date_format(p->dob, dob);
    ktg_buf_put_str(to, "{\"doc\":");
    put_document(to, p);
    ktg_buf_printf(to, ",\"surname\":\"%s\",\"given\":\"%s\",\"dob\":\"%s\"}", p->surname, p->given,
                   dob);
}

static void put_companions(struct country *c, const struct person *with, int count)
{
    if (count)
        put(c, ",\"companions\":[");
    for (int i = 0; i < count; i++) {
        put(c, i ? "," : "");
        put_document(&c->scratch, &with[i]);
    }
    if (count)
        put(c, "]");
}

uint32_t cross(struct country *c, const struct person *p, struct crossing x)
{
    const struct post *post = &posts[x.post];
    struct ktg_random_stream r = ktg_random_split(c->seed, 7, c->count);
    const char *source = post->sources[post->sources[1] ? ktg_random_between(&r, 0, 1) : 0];
    if (x.corrects)
        source = c->drafts[x.corrects - 1].source;
    begin(c);
    ktg_buf_printf(&c->scratch, "{\"direction\":\"%s\",\"mode\":\"%s\",\"post\":\"%s\"",
                   x.entry ? "entry" : "exit", post->mode, post->name);
    put_place(c, post->district, post->lat, post->lon);
    put(c, ",");
    put_person(c, p, p->number, true);
    put_text(c, "traveller", x.traveller);
    put_text(c, "flight", x.flight);
    put_text(c, "group_ref", x.group);
    put_companions(c, x.with, x.with_count);
    put_text(c, "visa_index", x.visa);
    if (x.entry) {
        put_date(c, "permitted_until", x.until);
        ktg_buf_printf(&c->scratch, ",\"days_granted\":%d", (int)(x.until - date_at(x.at) + 1));
    }
    put_extra(c, x.extra);
    ktg_buf_printf(&c->scratch, ",\"capture\":\"mrz\",\"mrz_check\":\"%s\",\"confidence\":%d}",
                   x.misread ? "fail" : "ok", (int)ktg_random_between(&r, 93, 100));
    return draft(c, source, "border.crossing", x.at, x.made, x.corrects);
}

uint32_t check_in(struct country *c, const struct person *p, struct lodging l)
{
    struct ktg_random_stream r = ktg_random_split(c->seed, 8, c->count);
    ktg_time made = l.reported ? l.reported : l.at + ktg_random_between(&r, 5, 170) * MINUTE;
    char text[KTG_INSTANT_TEXT];
    ktg_instant_format(made, WIB, text);
    begin(c);
    ktg_buf_printf(&c->scratch, "{\"property\":\"%s\"", l.hotel->property);
    put_place(c, l.hotel->district, l.hotel->lat, l.hotel->lon);
    ktg_buf_printf(&c->scratch, ",\"room\":\"%d\",", (int)ktg_random_between(&r, 101, 420));
    put_person(c, p, l.misread ? l.misread : p->number, false);
    put_date(c, "planned_out", date_at(l.at) + l.nights);
    put_text(c, "group_ref", l.group);
    put_text(c, "reported_at", text);
    put_extra(c, l.extra);
    put(c, "}");
    return draft(c, l.hotel->source, "lodging.checkin", l.at, made, l.corrects);
}

void check_out(struct country *c, const struct person *p, const struct hotel *h, ktg_time at)
{
    begin(c);
    ktg_buf_printf(&c->scratch, "{\"property\":\"%s\",", h->property);
    put_person(c, p, p->number, false);
    put(c, "}");
    draft(c, h->source, "lodging.checkout", at, 0, 0);
}

void permit(struct country *c, const struct person *p, const char *source, const char *action,
            const char *kind, ktg_time at, ktg_date until)
{
    begin(c);
    ktg_buf_printf(&c->scratch, "{\"action\":\"%s\",\"class\":\"%s\",", action, kind);
    put_person(c, p, p->number, false);
    ktg_buf_printf(&c->scratch, ",\"permit_no\":\"2C11%s\"", p->number);
    if (until)
        put_date(c, "until", until);
    put(c, "}");
    draft(c, source, "permit.status", at, 0, 0);
}

void sponsor(struct country *c, const struct person *p, const char *source, const char *action,
             bool company, const char *id, const char *relation, ktg_time at)
{
    begin(c);
    ktg_buf_printf(
        &c->scratch,
        "{\"action\":\"%s\",\"sponsor\":{\"kind\":\"%s\",\"id\":\"%s\"},\"relation\":\"%s\",",
        action, company ? "company" : "person", id, relation);
    put_person(c, p, p->number, false);
    put(c, "}");
    draft(c, source, "sponsor.link", at, 0, 0);
}

void register_resident(struct country *c, const struct person *p, enum place gate, ktg_time issued)
{
    static const char *const registries[POSTS] = {
        [ENTIKONG] = "DUK.SANGGAU", [ARUK] = "DUK.SAMBAS",     [BADAU] = "DUK.PUTUSSIBAU",
        [JAGOI] = "DUK.SAMBAS",     [SUPADIO] = "DUK.SANGGAU", [SINTETE] = "DUK.SAMBAS"};
    struct ktg_random_stream r = ktg_random_split(c->seed, 9, c->count);
    ktg_time at =
        issued + ktg_random_between(&r, 2, 12) * DAY + ktg_random_between(&r, 0, 5) * HOUR;
    write_down(c, registries[gate], "address.report", at, p,
               "\"kind\":\"SKTT\",\"address\":\"%s SKTT %s\"", posts[gate].name, p->number);
}

uint32_t write_down(struct country *c, const char *source, const char *type, ktg_time at,
                    const struct person *p, const char *format, ...)
{
    begin(c);
    put(c, "{");
    if (p) {
        put_person(c, p, p->number, false);
        put(c, ",");
    }
    va_list ap;
    va_start(ap, format);
    ktg_buf_vprintf(&c->scratch, format, ap);
    va_end(ap);
    put(c, "}");
    return draft(c, source, type, at, 0, 0);
}

static void add_truth(struct country *c, struct ktg_simulate_truth t)
{
    if (ktg_grow(&c->truth, &c->truth_cap, c->truth_count + 1, sizeof *c->truth))
        c->bad = true;
    else
        c->truth[c->truth_count++] = t;
}

void expect(struct country *c, const char *rule, const char *subject, enum ktg_simulate_state state,
            const char *story)
{
    add_truth(c, (struct ktg_simulate_truth){rule, subject, state, false, story});
}

void expect_mistake(struct country *c, const char *rule, const char *subject,
                    enum ktg_simulate_state state, const char *story)
{
    add_truth(c, (struct ktg_simulate_truth){rule, subject, state, true, story});
}
