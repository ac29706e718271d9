/* producers/simulate/people.c - ordinary lives: most events, and nothing that a rule should say.
 *
 * Everybody here registers within a day, leaves in time or may still stay, and crosses at a post
 * that can be heard.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "producers/simulate/country.h"

enum kind {
    VISITOR = 1,
    TOUR,
    FAMILY,
    RETURNER,
    RESIDENT,
    CREW,
    WORKER,
    SPOUSE,
    EXTENDER,
    RENEWER,
    TWIN,
    LISTED,
    LOST,
    SEEN,
    SLIP
};

/* How many at 100 percent. */
enum {
    VISITORS = 620,
    TOURS = 29,
    FAMILIES = 96,
    RETURNERS = 110,
    RESIDENTS = 250,
    CREWS = 70,
    WORKERS = 190,
    COMPANIES = 60,
    SPOUSES = 60,
    EXTENDERS = 130,
    RENEWERS = 40,
    TWINS = 12,
    LISTINGS = 60,
    LOST_DOCUMENTS = 60,
    INSPECTED = 70,
};

static int scaled(const struct country *c, int n)
{
    return n * c->percent / 100;
}

static int days_before(const struct country *c)
{
    return (int)((c->live - c->start) / DAY);
}

/* A day of the play; a third of the people come in the live week and the one before it. */
static int some_day(const struct country *c, struct ktg_random_stream *r, int before_end)
{
    int last = (int)((c->end - c->live) / DAY) - 1 - before_end;
    int first = ktg_random_chance(r, 33) ? -7 : 1 - days_before(c);
    return (int)ktg_random_between(r, first, last > first ? last : first);
}

/* The post is not the one that nobody can hear at that time. */
static enum place post_for(const struct country *c, struct ktg_random_stream *r, ktg_time at)
{
    static const enum place busy[] = {ENTIKONG, ENTIKONG, ENTIKONG, ENTIKONG, ENTIKONG,
                                      ARUK,     ARUK,     BADAU,    BADAU,    JAGOI};
    enum place p = busy[ktg_random_between(r, 0, (int64_t)KTG_COUNT(busy) - 1)];
    bool silent = at >= c->outage.from - 12 * HOUR && at < c->outage.until + HOUR;
    return p == ARUK && silent ? JAGOI : p;
}

struct visit {
    int day, nights;  /* nights: until the person leaves */
    int hotel_nights; /* the most in one hotel */
    const char *visa;
    int granted; /* days, the day of entry counted */
    const char *group;
    const struct person *with; /* companions that the person declares */
    int with_count;
    enum place post;
    ktg_time in;
};

static void decide_visit(struct country *c, struct ktg_random_stream *r, struct visit *v)
{
    v->in =
        moment(c, v->day, (int)ktg_random_between(r, 7, 16), (int)ktg_random_between(r, 0, 59)) +
        ktg_random_between(r, 0, 59) * 1000;
    v->post = post_for(c, r, v->in);
}

/* One reading in two hundred has O for 0.  The hotel sees it the next morning; in the second hotel and later one in four is
 * never seen, and what is then said of the number is a mistake that no rule can know of. */
static void take_room(struct country *c, const struct person *p, struct lodging l, bool is_first)
{
    struct ktg_random_stream r = ktg_random_split(c->seed, SLIP, c->count);
    if (ktg_random_between(&r, 1, 200) > 1 || l.at + DAY >= c->end) {
        check_in(c, p, l);
        return;
    }
    struct person other = *p; /* whom the device saw */
    other.number[1] = 'O';
    l.misread = other.number;
    l.corrects = check_in(c, p, l);
    bool is_seen = is_first || ktg_random_chance(&r, 75);
    if (is_seen) {
        l.misread = NULL;
        l.reported = l.at + 16 * HOUR;
        check_in(c, p, l);
        expect(c, "lodging-no-valid-stay", person_subject(c, &other), KTG_SIMULATE_WITHDRAWN,
               "a misread number, corrected");
    } else {
        expect_mistake(c, "lodging-no-valid-stay", person_subject(c, &other), KTG_SIMULATE_OPEN,
                       "a misread number, never corrected");
    }
}

/* Entry, hotels one after the other, exit. */
static void make_visit(struct country *c, struct ktg_random_stream *r, const struct person *p,
                       const struct visit *v)
{
    cross(c, p,
          (struct crossing){.entry = true,
                            .post = v->post,
                            .at = v->in,
                            .visa = v->visa,
                            .group = v->group,
                            .with = v->with,
                            .with_count = v->with_count,
                            .until = date_at(v->in) + v->granted - 1});
    ktg_time at = v->in + ktg_random_between(r, 150, 330) * MINUTE;
    for (int night = 0; night < v->nights;) {
        int n = (int)ktg_random_between(r, 1, v->hotel_nights);
        n = night + n > v->nights ? v->nights - night : n;
        const struct hotel *h = hotel_near(r, v->post);
        take_room(c, p, (struct lodging){.hotel = h, .at = at, .nights = n, .group = v->group},
                  night == 0);
        night += n;
        ktg_time out = moment(c, v->day + night, (int)ktg_random_between(r, 6, 9),
                              (int)ktg_random_between(r, 0, 59));
        if (!ktg_random_chance(r, 15)) /* some properties never send the check-out */
            check_out(c, p, h, out);
        at = out + ktg_random_between(r, 120, 480) * MINUTE;
    }
    ktg_time out = moment(c, v->day + v->nights, (int)ktg_random_between(r, 11, 16),
                          (int)ktg_random_between(r, 0, 59)) +
                   ktg_random_between(r, 0, 59) * 1000;
    enum place home = ktg_random_chance(r, 80) ? v->post : post_for(c, r, out);
    if (home == ARUK)
        home = post_for(c, &(struct ktg_random_stream){ktg_random_next(r)}, out);
    cross(c, p,
          (struct crossing){.post = home,
                            .at = out,
                            .group = v->group,
                            .with = v->with,
                            .with_count = v->with_count});
}

static void visitors(struct country *c)
{
    static const struct {
        const char *visa;
        int granted;
    } visas[] = {{"B1", 30}, {"B1", 30}, {"A1", 30}, {"C1", 60}, {"C2", 60}};
    for (int i = 0; i < scaled(c, VISITORS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, VISITOR, (uint64_t)i);
        struct person p = person_new(c, &r);
        size_t k = (size_t)ktg_random_between(&r, 0, (int64_t)KTG_COUNT(visas) - 1);
        struct visit v = {.day = some_day(c, &r, 0),
                          .nights = (int)ktg_random_between(&r, 1, 9),
                          .hotel_nights = 4,
                          .visa = visas[k].visa,
                          .granted = visas[k].granted};
        decide_visit(c, &r, &v);
        make_visit(c, &r, &p, &v);
    }
}

/* A bus of people, one name in the book of the tour office. */
static void tours(struct country *c)
{
    for (int i = 0; i < scaled(c, TOURS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, TOUR, (uint64_t)i);
        char group[24];
        snprintf(group, sizeof group, "TOUR-%04d", i + 1);
        struct visit v = {.day = some_day(c, &r, 0),
                          .nights = (int)ktg_random_between(&r, 2, 4),
                          .hotel_nights = 2,
                          .visa = "A1",
                          .granted = 30,
                          .group = group};
        decide_visit(c, &r, &v);
        int size = (int)ktg_random_between(&r, 8, 18);
        const struct ktg_random_stream plan =
            ktg_random_split(c->seed, TOUR, 1000000 + (uint64_t)i);
        for (int k = 0; k < size; k++) {
            struct person p = person_new(c, &r);
            struct ktg_random_stream same = plan; /* they do the same */
            struct visit mine = v;
            mine.in += k * 20000;
            make_visit(c, &same, &p, &mine);
        }
    }
}

static void families(struct country *c)
{
    for (int i = 0; i < scaled(c, FAMILIES); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, FAMILY, (uint64_t)i);
        struct visit v = {.day = some_day(c, &r, 0),
                          .nights = (int)ktg_random_between(&r, 2, 12),
                          .hotel_nights = 5,
                          .visa = "B1",
                          .granted = 30};
        decide_visit(c, &r, &v);
        enum { MOST = 5 };
        struct person family[MOST];
        int size = (int)ktg_random_between(&r, 2, MOST);
        const struct ktg_random_stream plan =
            ktg_random_split(c->seed, FAMILY, 1000000 + (uint64_t)i);
        for (int k = 0; k < size; k++) {
            family[k] = person_new(c, &r);
            snprintf(family[k].surname, sizeof family[k].surname, "%s", family[0].surname);
            if (k > 1) /* children */
                family[k].dob =
                    ktg_date_from_civil(2010, 1, 1) + (ktg_date)ktg_random_between(&r, 0, 365 * 12);
        }
        for (int k = 0; k < size; k++) {
            struct ktg_random_stream same = plan;
            struct visit mine = v;
            mine.in += k * 15000;
            if (k == 0 && size > 2) { /* the first adult speaks for the children */
                mine.with = family + 2;
                mine.with_count = size - 2;
            }
            make_visit(c, &same, &family[k], &mine);
        }
    }
}

/* Business people who come again and again, and always leave in between. */
static void returners(struct country *c)
{
    for (int i = 0; i < scaled(c, RETURNERS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, RETURNER, (uint64_t)i);
        struct person p = person_new(c, &r);
        int visits = (int)ktg_random_between(&r, 2, 4);
        int day = (int)ktg_random_between(&r, -80, -60);
        for (int k = 0; k < visits; k++) {
            struct visit v = {.day = day,
                              .nights = (int)ktg_random_between(&r, 1, 4),
                              .hotel_nights = 3,
                              .visa = "D2",
                              .granted = 60};
            decide_visit(c, &r, &v);
            make_visit(c, &r, &p, &v);
            day += v.nights + (int)ktg_random_between(&r, 8, 22);
        }
    }
}

/* People of the border: over in the morning, back the same day or the next, on a border pass. */
static void residents(struct country *c)
{
    for (int i = 0; i < scaled(c, RESIDENTS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, RESIDENT, (uint64_t)i);
        struct person p = person_resident(c, &r);
        enum place home = (enum place)ktg_random_between(&r, 0, LAND_POSTS - 1);
        int trips = (int)ktg_random_between(&r, 4, 12);
        int day = 1 - days_before(c) + (int)ktg_random_between(&r, 0, 20);
        for (int k = 0; k < trips; k++) {
            int stay = ktg_random_chance(&r, 15) ? 1 : 0;
            ktg_time in = moment(c, day, (int)ktg_random_between(&r, 6, 9),
                                 (int)ktg_random_between(&r, 0, 59));
            cross(c, &p,
                  (struct crossing){.entry = true,
                                    .post = home,
                                    .at = in,
                                    .traveller = "border-resident",
                                    .until = date_at(in) + 13});
            cross(c, &p,
                  (struct crossing){.post = home,
                                    .traveller = "border-resident",
                                    .at = moment(c, day + stay, (int)ktg_random_between(&r, 13, 16),
                                                 (int)ktg_random_between(&r, 0, 59))});
            day += stay + (int)ktg_random_between(&r, 3, 14);
        }
    }
}

/* Drivers of lorries and of the bus line. */
static void crews(struct country *c)
{
    for (int i = 0; i < scaled(c, CREWS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, CREW, (uint64_t)i);
        struct person p = person_new(c, &r);
        enum place home = ktg_random_chance(&r, 70) ? ENTIKONG : ARUK;
        char plate[16];
        snprintf(plate, sizeof plate, "UTO%04d", 1000 + i);
        for (int day = 1 - days_before(c) + (int)ktg_random_between(&r, 0, 9); day < 7;
             day += (int)ktg_random_between(&r, 6, 12)) {
            ktg_time in = moment(c, day, (int)ktg_random_between(&r, 6, 11),
                                 (int)ktg_random_between(&r, 0, 59));
            ktg_time out = moment(c, day + (int)ktg_random_between(&r, 0, 2), 16,
                                  (int)ktg_random_between(&r, 0, 59));
            cross(c, &p,
                  (struct crossing){.entry = true,
                                    .post = home,
                                    .at = in,
                                    .traveller = "crew",
                                    .flight = plate,
                                    .until = date_at(in) + 6});
            cross(c, &p,
                  (struct crossing){.post = home, .at = out, .traveller = "crew", .flight = plate});
        }
    }
}

/* Visa, arrival, permit, sponsor, address, post: five offices for one worker. */
static void workers(struct country *c)
{
    static const char *const places[] = {"SANGGAU", "SAMBAS", "PUTUSSIBAU"};
    static const enum place gates[] = {ENTIKONG, ARUK, BADAU};
    static const char *const nak[] = {"NAK.SANGGAU", "NAK.SAMBAS", "NAK.PUTUSSIBAU"};
    static const char *const duk[] = {"DUK.SANGGAU", "DUK.SAMBAS", "DUK.PUTUSSIBAU"};
    static const char *const districts[] = {"6105", "6101", "6108"};
    char until[KTG_DATE_TEXT];
    ktg_date_format(date_at(c->end) + 300, until);
    for (int i = 0; i < COMPANIES; i++) {
        ktg_time at = moment(c, 1 - days_before(c), 8, i);
        write_down(c, i % 2 ? "PTSP.SAMBAS" : "PTSP.SANGGAU", "licence.status", at, NULL,
                   "\"nib\":\"000001%07d\",\"kind\":\"PMA\",\"status\":\"active\"", i);
        write_down(c, nak[i % 3], "rptka.status", at + HOUR, NULL,
                   "\"rptka_no\":\"RPTKA-%04d\",\"nib\":\"000001%07d\",\"status\":\"approved\","
                   "\"until\":\"%s\",\"headcount\":%d,\"companion_niks\":[\"00000300%08d\"]",
                   i, i, until, c->percent > 100 ? 12 * c->percent / 100 : 12, i);
    }
    for (int i = 0; i < scaled(c, WORKERS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, WORKER, (uint64_t)i);
        struct person p = person_new(c, &r);
        int company = (int)ktg_random_between(&r, 0, COMPANIES - 1), town = company % 3;
        char nib[16];
        snprintf(nib, sizeof nib, "000001%07d", company);
        int day = some_day(c, &r, 0);
        day = day < 12 - days_before(c) ? 12 - days_before(c) : day;
        ktg_time in =
            moment(c, day, (int)ktg_random_between(&r, 8, 15), (int)ktg_random_between(&r, 0, 59));
        enum place gate = gates[town] == ARUK ? JAGOI : gates[town];
        ktg_date end = date_at(in) + 365;
        ktg_date_format(end, until);
        write_down(c, "KLN.KUCHING", "visa.application", in - 8 * DAY, &p,
                   "\"app_no\":\"V-%05d\",\"status\":\"approved\",\"visa_index\":\"E23\","
                   "\"employer\":\"%s\"",
                   i, nib);
        cross(c, &p,
              (struct crossing){
                  .entry = true, .post = gate, .at = in, .visa = "E23", .until = date_at(in) + 29});
        const char *office = office_near(gate);
        sponsor(c, &p, office, "add", true, nib, "employer", in + DAY);
        ktg_time issued = in + ktg_random_between(&r, 2, 9) * DAY;
        permit(c, &p, office, "issued", "ITAS", issued, end);
        register_resident(c, &p, gate, issued);
        write_down(c, duk[town], "address.report", in + 26 * HOUR, &p,
                   "\"kind\":\"mess\",\"address\":\"%s-MESS-%02d\",\"nib\":\"%s\"", places[town],
                   company, nib);
        write_down(c, nak[town], "tka.employment", in + 3 * DAY, &p,
                   "\"action\":\"start\",\"nib\":\"%s\",\"rptka_no\":\"RPTKA-%04d\",\"position\":"
                   "\"technician\",\"location\":\"%s\"",
                   nib, company, districts[town]);
    }
}

/* Husbands and wives of citizens; some bring a child, for whom the same citizen vouches. */
static void spouses(struct country *c)
{
    for (int i = 0; i < scaled(c, SPOUSES); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, SPOUSE, (uint64_t)i);
        int people = ktg_random_chance(&r, 30) ? 2 : 1;
        int day = some_day(c, &r, 0);
        char nik[20];
        snprintf(nik, sizeof nik, "00000200%08d", i);
        for (int k = 0; k < people; k++) {
            struct person p = person_new(c, &r);
            ktg_time in = moment(c, day, 10, 5 * k + 7);
            enum place gate = i % 2 ? JAGOI : ENTIKONG;
            cross(c, &p,
                  (struct crossing){.entry = true,
                                    .post = gate,
                                    .at = in,
                                    .visa = "E31A",
                                    .until = date_at(in) + 29});
            sponsor(c, &p, office_near(gate), "add", false, nik, k ? "parent" : "spouse",
                    in + 30 * HOUR);
            ktg_time issued = in + ktg_random_between(&r, 3, 12) * DAY;
            permit(c, &p, office_near(gate), "issued", "ITAS", issued, date_at(in) + 365);
            register_resident(c, &p, gate, issued);
            write_down(c, "DUK.SAMBAS", "address.report", in + 20 * HOUR, &p,
                       "\"kind\":\"residence\",\"address\":\"SAMBAS-HOME-%03d\"", i);
        }
    }
}

/* Visitors who stay longer with leave: asked in time, granted in time or while the request was
 * pending. */
static void extenders(struct country *c)
{
    for (int i = 0; i < scaled(c, EXTENDERS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, EXTENDER, (uint64_t)i);
        struct person p = person_new(c, &r);
        int day = (int)ktg_random_between(&r, -85, -30);
        ktg_time in =
            moment(c, day, (int)ktg_random_between(&r, 7, 16), (int)ktg_random_between(&r, 0, 59));
        enum place post = post_for(c, &r, in);
        const struct hotel *h = hotel_near(&r, post);
        int granted =
            ktg_random_chance(&r, 50) ? 27 : 33; /* days after entry; the stay ends on day 29 */
        cross(c, &p,
              (struct crossing){
                  .entry = true, .post = post, .at = in, .visa = "B1", .until = date_at(in) + 29});
        check_in(c, &p, (struct lodging){.hotel = h, .at = in + 4 * HOUR, .nights = 14});
        check_out(c, &p, h, moment(c, day + 14, 9, 0));
        check_in(c, &p,
                 (struct lodging){.hotel = hotel_near(&r, post),
                                  .at = moment(c, day + 14, 14, 0),
                                  .nights = 30});
        permit(c, &p, office_near(post), "applied", "ITK", moment(c, day + 22, 10, 0), 0);
        permit(c, &p, office_near(post), "extended", "ITK", moment(c, day + granted, 10, 0),
               date_at(in) + 59);
        ktg_time out = moment(c, day + (int)ktg_random_between(&r, 40, 56), 13, 0);
        cross(c, &p, (struct crossing){.post = post_for(c, &r, out), .at = out});
    }
}

/* In on one passport, out on its successor. */
static void renewers(struct country *c)
{
    for (int i = 0; i < scaled(c, RENEWERS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, RENEWER, (uint64_t)i);
        struct person p = person_new(c, &r), spare = person_new(c, &r);
        int day = (int)ktg_random_between(&r, -80, -16);
        ktg_time in = moment(c, day, 11, (int)ktg_random_between(&r, 0, 59));
        enum place post = post_for(c, &r, in);
        cross(c, &p,
              (struct crossing){
                  .entry = true, .post = post, .at = in, .visa = "C1", .until = date_at(in) + 59});
        check_in(
            c, &p,
            (struct lodging){.hotel = hotel_near(&r, post), .at = in + 4 * HOUR, .nights = 12});
        write_down(
            c, "KLN.KUCHING", "document.status", moment(c, day + 7, 9, 0), NULL,
            "\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"%s\"},\"status\":\"renewed\","
            "\"replaced_by\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"%s\"},\"register\":"
            "\"consulate\"",
            p.number, spare.number);
        snprintf(p.before, sizeof p.before, "%s", p.number);
        snprintf(p.number, sizeof p.number, "%s", spare.number);
        ktg_time out = moment(c, day + 14, 12, (int)ktg_random_between(&r, 0, 59));
        cross(c, &p, (struct crossing){.post = post_for(c, &r, out), .at = out});
    }
}

/* Same surname, same day of birth, two people. */
static void twins(struct country *c)
{
    for (int i = 0; i < scaled(c, TWINS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, TWIN, (uint64_t)i);
        struct person a = person_new(c, &r), b = person_new(c, &r);
        snprintf(b.surname, sizeof b.surname, "%s", a.surname);
        b.dob = a.dob;
        b.sex = a.sex;
        for (int k = 0; k < 2; k++) {
            struct visit v = {.day = some_day(c, &r, 0),
                              .nights = 4,
                              .hotel_nights = 4,
                              .visa = "B1",
                              .granted = 30};
            decide_visit(c, &r, &v);
            make_visit(c, &r, k ? &b : &a, &v);
        }
    }
}

/* People on lists who never come, documents that were lost and are not used. */
static void paperwork(struct country *c)
{
    static const char *const lists[] = {"tangkal", "SLTD", "interest", "red-notice"};
    for (int i = 0; i < scaled(c, LISTINGS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, LISTED, (uint64_t)i);
        struct person p = person_new(c, &r);
        write_down(
            c, "IMI.PUSAT", "watchlist.entry",
            moment(c, (int)ktg_random_between(&r, -90, 6), 9, i % 60), NULL,
            "\"op\":\"add\",\"entry\":\"W-%05d\",\"list\":\"%s\",\"docs\":[{\"kind\":\"P\","
            "\"issuer\":\"UTO\","
            "\"number\":\"%s\"}],\"owner\":\"IMI\",\"until\":\"2027-12-31\",\"action\":\"refer\"",
            i, lists[i % 4], p.number);
    }
    for (int i = 0; i < scaled(c, LOST_DOCUMENTS); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, LOST, (uint64_t)i);
        struct person p = person_new(c, &r);
        write_down(c, i % 2 ? "POL.SAMBAS" : "POL.SANGGAU", "document.status",
                   moment(c, (int)ktg_random_between(&r, -90, 6), 14, i % 60), NULL,
                   "\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"%s\"},\"status\":"
                   "\"lost\",\"register\":\"police\"",
                   p.number);
    }
    for (int i = 0; i < scaled(c, INSPECTED); i++) {
        struct ktg_random_stream r = ktg_random_split(c->seed, SEEN, (uint64_t)i);
        struct visit v = {.day = (int)ktg_random_between(&r, -80, 3),
                          .nights = 3,
                          .hotel_nights = 3,
                          .visa = "B1",
                          .granted = 30};
        struct person p = person_new(c, &r);
        decide_visit(c, &r, &v);
        make_visit(c, &r, &p, &v);
        write_down(c, "IMI.SANGGAU", "inspection.result", moment(c, v.day + 1, 15, i % 60), &p,
                   "\"operation\":\"OP-%03d\",\"outcome\":\"found\",\"finding\":\"idle\"", i / 10);
        if (i % 2)
            write_down(c, "PEM.SANGGAU", "community.report", moment(c, v.day + 1, 18, i % 60), NULL,
                       "\"channel\":\"rt\",\"category\":\"other\",\"text\":\"Tamu baru di kampung, "
                       "tidak ada masalah.\"");
    }
}

void live_ordinary_lives(struct country *c)
{
    visitors(c);
    tours(c);
    families(c);
    returners(c);
    residents(c);
    crews(c);
    workers(c);
    spouses(c);
    extenders(c);
    renewers(c);
    twins(c);
    paperwork(c);
    live_unlike_lives(c);
    live_on_the_move(c);
    live_at_one_place(c);
}
