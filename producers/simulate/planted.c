/* producers/simulate/planted.c - the cases that the rules are for, and some that only look like one.
 *
 * Days are counted from the Monday on which the live week begins; the truth is written beside the
 * deed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "producers/simulate/country.h"

#define SEED_PLANTED 1000

static struct ktg_random_stream stream(const struct country *c, int n)
{
    return ktg_random_split(c->seed, SEED_PLANTED, (uint64_t)n);
}

struct stay {
    int day, hour; /* of entry */
    int granted;   /* days, the day of entry counted */
    enum place post;
    const char *visa;
    bool lodges;
};

static ktg_date enter(struct country *c, struct ktg_random_stream *r, const struct person *p,
                      struct stay s)
{
    ktg_time in = moment(c, s.day, s.hour, (int)ktg_random_between(r, 0, 59));
    ktg_date until = date_at(in) + s.granted - 1;
    cross(c, p,
          (struct crossing){.entry = true,
                            .post = s.post,
                            .at = in,
                            .visa = s.visa ? s.visa : "B1",
                            .until = until});
    if (s.lodges)
        check_in(
            c, p,
            (struct lodging){.hotel = hotel_near(r, s.post), .at = in + 4 * HOUR, .nights = 5});
    return until;
}

static void leave(struct country *c, const struct person *p, enum place post, int day, int hour)
{
    cross(c, p, (struct crossing){.post = post, .at = moment(c, day, hour, 20)});
}

/* ---- past the permitted stay ---- */

static void overstays(struct country *c)
{
    static const struct {
        int last_day;     /* the last day permitted */
        int exit_day;     /* 0: does not leave */
        int extended_day; /* 0: no extension */
        int night_day;    /* a hotel night after the date; 0: none */
        const char *story;
    } cases[] = {
        {-1, 0, 0, 0, "stays on, first day of the week"},
        {0, 0, 0, 4, "stays on, and takes a room after the date"},
        {1, 0, 0, 0, "stays on"},
        {2, 5, 0, 0, "leaves three days late"},
        {3, 0, 0, 5, "stays on, and takes a room after the date"},
        {4, 0, 0, 0, "stays on"},
        {-20, 0, 0, 0, "stays on for weeks"},
        {-17, 0, 0, 2, "stays on for weeks, and takes a room"},
        {-12, 0, 0, 0, "stays on for weeks"},
        {-30, -21, 0, 0, "left nine days late"},
        {-25, -24, 0, 0, "left a day late"},
        {-26, 6, -22, 0, "extended four days late"},
    };
    for (size_t i = 0; i < KTG_COUNT(cases); i++) {
        struct ktg_random_stream r = stream(c, 100 + (int)i);
        struct person p = person_new(c, &r);
        enum place post = i % 3 ? ENTIKONG : BADAU;
        ktg_date until =
            enter(c, &r, &p, (struct stay){cases[i].last_day - 29, 10, 30, post, "B1", true});
        bool ends = cases[i].exit_day || cases[i].extended_day;
        expect(c, "overstay-fee", person_subject(c, &p),
               ends ? KTG_SIMULATE_CLOSED : KTG_SIMULATE_OPEN, cases[i].story);
        if (cases[i].extended_day)
            permit(c, &p, "IMI.SANGGAU", "extended", "ITK", moment(c, cases[i].extended_day, 10, 0),
                   until + 60);
        if (cases[i].night_day) {
            check_in(c, &p,
                     (struct lodging){.hotel = hotel_near(&r, post),
                                      .at = moment(c, cases[i].night_day, 20, 10),
                                      .nights = 2});
            expect(c, "lodging-no-valid-stay", person_subject(c, &p), KTG_SIMULATE_OPEN,
                   cases[i].story);
        }
        if (cases[i].exit_day)
            leave(c, &p, post, cases[i].exit_day, 11);
    }
}

/* Day 61 falls into the week (or just before it). */
static void removal_band(struct country *c)
{
    static const struct {
        int day_61, exit_day;
    } cases[] = {{-1, 0}, {1, 0}, {2, 4}, {4, 0}};
    for (size_t i = 0; i < KTG_COUNT(cases); i++) {
        struct ktg_random_stream r = stream(c, 200 + (int)i);
        struct person p = person_new(c, &r);
        enter(c, &r, &p, (struct stay){cases[i].day_61 - 61 - 29, 9, 30, ENTIKONG, "B1", true});
        expect(c, "overstay-fee", person_subject(c, &p), KTG_SIMULATE_CLOSED,
               "sixty days over, then the removal band");
        expect(c, "overstay-deport", person_subject(c, &p),
               cases[i].exit_day ? KTG_SIMULATE_CLOSED : KTG_SIMULATE_OPEN,
               "more than sixty days over");
        expect(c, "days-in-window", person_subject(c, &p),
               cases[i].exit_day ? KTG_SIMULATE_CLOSED : KTG_SIMULATE_OPEN,
               "ninety days in a row on a visit");
        if (cases[i].exit_day)
            leave(c, &p, ENTIKONG, cases[i].exit_day, 14);
    }
}

/* A clerk types the wrong month and puts it right within the hour. */
static void typing_errors(struct country *c)
{
    for (int i = 0; i < 3; i++) {
        struct ktg_random_stream r = stream(c, 250 + i);
        struct person p = person_new(c, &r);
        ktg_time in = moment(c, i, 9, 10 + i);
        struct crossing x = {
            .entry = true, .post = ENTIKONG, .at = in, .visa = "B1", .until = date_at(in) - 10};
        x.corrects = cross(c, &p, x);
        x.until = date_at(in) + 29;
        x.made = in + 40 * MINUTE;
        cross(c, &p, x);
        check_in(
            c, &p,
            (struct lodging){.hotel = hotel_near(&r, ENTIKONG), .at = in + 5 * HOUR, .nights = 3});
        expect(c, "overstay-fee", person_subject(c, &p), KTG_SIMULATE_WITHDRAWN,
               "the date was mistyped and corrected");
    }
}

/* ---- lodging ---- */

static void not_registered(struct country *c)
{
    static const int days[] = {-60, -41, -30, -15, -9, 0, 1, 3};
    for (size_t i = 0; i < KTG_COUNT(days); i++) {
        struct ktg_random_stream r = stream(c, 300 + (int)i);
        struct person p = person_new(c, &r);
        enum place post = i % 2 ? ENTIKONG : JAGOI;
        enter(c, &r, &p, (struct stay){days[i], 10, 30, post, "B1", false});
        bool leaves = days[i] + 6 < 6;
        if (leaves)
            leave(c, &p, post, days[i] + 6, 12);
        expect(c, "lodging-missing-24h", person_subject(c, &p),
               leaves ? KTG_SIMULATE_CLOSED : KTG_SIMULATE_OPEN, "no lodging reported");
    }
    for (int i = 0; i < 2; i++) { /* the hotel reports the next night what happened the first */
        struct ktg_random_stream r = stream(c, 330 + i);
        struct person p = person_new(c, &r);
        ktg_time in = moment(c, i, 9, 0);
        enter(c, &r, &p, (struct stay){i, 9, 30, ENTIKONG, "B1", false});
        check_in(
            c, &p,
            (struct lodging){
                .hotel = &hotels[7], .at = in + 6 * HOUR, .nights = 4, .reported = in + 49 * HOUR});
        expect(c, "lodging-missing-24h", person_subject(c, &p), KTG_SIMULATE_WITHDRAWN,
               "the hotel reported two days late");
    }
}

/* Guests of whom no post has ever heard. */
static void never_entered(struct country *c)
{
    static const struct {
        int day, hour, hotel;
    } cases[] = {{0, 0, 3}, {1, 21, 9}, {3, 19, 16}, {5, 22, 1}, {-11, 20, 6}};
    for (size_t i = 0; i < KTG_COUNT(cases); i++) {
        struct ktg_random_stream r = stream(c, 400 + (int)i);
        struct person p = person_new(c, &r);
        ktg_time at = moment(c, cases[i].day, cases[i].hour, 7);
        check_in(c, &p,
                 (struct lodging){.hotel = &hotels[cases[i].hotel],
                                  .at = at,
                                  .nights = 2,
                                  .reported = at + 3 * MINUTE});
        check_out(c, &p, &hotels[cases[i].hotel], at + 34 * HOUR);
        expect(c, "lodging-no-valid-stay", person_subject(c, &p), KTG_SIMULATE_OPEN,
               "never entered");
    }
}

/* A camera reads O for 0; the hotel corrects the guest's number the next morning. */
static void misread(struct country *c)
{
    for (int i = 0; i < 12; i++) {
        struct ktg_random_stream r = stream(c, 450 + i);
        struct person p = person_new(c, &r);
        int day = i < 9 ? -70 + i * 8 : i - 8;
        enter(c, &r, &p, (struct stay){day, 9, 30, ENTIKONG, "B1", false});
        struct person other = p; /* whom the device saw */
        other.number[1] = 'O';
        struct lodging l = {
            .hotel = hotel_near(&r, ENTIKONG), .at = moment(c, day, 15, i), .nights = 5};
        l.misread = other.number;
        l.corrects = check_in(c, &p, l);
        l.misread = NULL;
        l.reported = l.at + 16 * HOUR;
        check_in(c, &p, l);
        if (day + 5 < 6)
            leave(c, &p, ENTIKONG, day + 5, 12);
        expect(c, "lodging-no-valid-stay", person_subject(c, &other), KTG_SIMULATE_WITHDRAWN,
               "a misread number, corrected");
    }
}

/* ---- twice in, never out ---- */

static void ghosts(struct country *c)
{
    static const struct {
        int first, again, exit;
    } cases[] = {{-34, -24, -20}, {-18, -6, 3}, {-9, 1, 0}, {-7, 3, 0}};
    for (size_t i = 0; i < KTG_COUNT(cases); i++) {
        struct ktg_random_stream r = stream(c, 500 + (int)i);
        struct person p = person_new(c, &r);
        enter(c, &r, &p, (struct stay){cases[i].first, 10, 30, ENTIKONG, "B1", true});
        enter(c, &r, &p, (struct stay){cases[i].again, 11, 30, BADAU, "B1", true});
        if (cases[i].exit)
            leave(c, &p, BADAU, cases[i].exit, 13);
        expect(c, "entry-without-exit", person_subject(c, &p), KTG_SIMULATE_OPEN, "entered twice");
    }
}

/* ---- while a post could not send ---- */

static void offline_post(struct country *c)
{
    for (int i = 0; i < 3;
         i++) { /* came in through the silent post, slept in a hotel that could send */
        struct ktg_random_stream r = stream(c, 600 + i);
        struct person p = person_new(c, &r);
        ktg_time in = moment(c, 2 + i % 2, 9 + i, 25);
        cross(c, &p,
              (struct crossing){
                  .entry = true, .post = ARUK, .at = in, .visa = "B1", .until = date_at(in) + 29});
        check_in(c, &p,
                 (struct lodging){.hotel = &hotels[9 + i],
                                  .at = in + 4 * HOUR,
                                  .nights = 6,
                                  .reported = in + 5 * HOUR});
        expect(c, "lodging-no-valid-stay", person_subject(c, &p), KTG_SIMULATE_WITHDRAWN,
               "entered through the post that was offline");
    }
    for (int i = 0; i < 2; i++) { /* left on the last day, through the silent post */
        struct ktg_random_stream r = stream(c, 620 + i);
        struct person p = person_new(c, &r);
        enter(c, &r, &p, (struct stay){2 + i - 29, 10, 30, ENTIKONG, "B1", true});
        leave(c, &p, ARUK, 2 + i, 14);
        expect(c, "overstay-fee", person_subject(c, &p), KTG_SIMULATE_WITHDRAWN,
               "left through the post that was offline");
    }
    struct ktg_random_stream r =
        stream(c, 640); /* out through the silent post, in again elsewhere */
    struct person p = person_new(c, &r);
    enter(c, &r, &p, (struct stay){-3, 10, 30, ENTIKONG, "D2", true});
    leave(c, &p, ARUK, 2, 11);
    enter(c, &r, &p, (struct stay){3, 10, 30, ENTIKONG, "D2", true});
    expect(c, "entry-without-exit", person_subject(c, &p), KTG_SIMULATE_WITHDRAWN,
           "left through the post that was offline");
}

/* ---- sponsors ---- */

static const char *keep(struct country *c, const char *text)
{
    const char *s = ktg_arena_strndup(&c->arena, text, strlen(text));
    c->bad |= !s;
    return s ? s : "";
}

static void private_sponsors(struct country *c)
{
    static const struct {
        const char *nik;
        int people, first_day, step;
        bool found;
        const char *story;
    } cases[] = {
        {"0000010000000001", 6, -50, 9, true, "six foreigners in seven weeks"},
        {"0000010000000002", 5, -28, 7, true, "the fifth in the live week"},
        {"0000010000000003", 4, -40, 9, false, "four, and one of them twice"},
    };
    for (size_t i = 0; i < KTG_COUNT(cases); i++) {
        struct ktg_random_stream r = stream(c, 700 + (int)i);
        for (int k = 0; k < cases[i].people; k++) {
            struct person p = person_new(c, &r);
            int day = cases[i].first_day + k * cases[i].step;
            enter(c, &r, &p, (struct stay){day, 10, 60, ENTIKONG, "C1", true});
            sponsor(c, &p, "IMI.SANGGAU", "add", false, cases[i].nik, "friend",
                    moment(c, day, 15, 30));
            if (!cases[i].found && k == 0)
                sponsor(c, &p, "IMI.SANGGAU", "add", false, cases[i].nik, "other",
                        moment(c, day + 5, 15, 30));
            if (day + 55 < 6)
                leave(c, &p, ENTIKONG, day + 55, 12);
        }
        if (cases[i].found)
            expect(c, "sponsor-repeat", cases[i].nik, KTG_SIMULATE_OPEN, cases[i].story);
    }
}

/* DOMAIN: 267 companies lose their licence on one morning; 74 of them still vouch for 126 people.
 */
static void revoked_licences(struct country *c)
{
    enum { REVOKED = 267, THREE = 10, TWO = 32, ONE = 32, REMOVED = 24, LEFT = 30 };
    for (int i = 0; i < REVOKED; i++) {
        struct ktg_random_stream r = stream(c, 2000 + i);
        char nib[16];
        snprintf(nib, sizeof nib, "000002%07d", i);
        int people = i < THREE ? 3 : i < THREE + TWO ? 2 : i < THREE + TWO + ONE ? 1 : 0;
        bool active = people > 0;
        bool removed = !active && i < THREE + TWO + ONE + REMOVED;
        bool left = !active && !removed && i < THREE + TWO + ONE + REMOVED + LEFT;
        write_down(c, i % 2 ? "PTSP.SAMBAS" : "PTSP.SANGGAU", "licence.status",
                   moment(c, -90, 10, 0) + i * MINUTE, NULL,
                   "\"nib\":\"%s\",\"kind\":\"PMA\",\"status\":\"active\"", nib);
        for (int k = 0; k < (active ? people : removed || left ? 1 : 0); k++) {
            struct person p = person_new(c, &r);
            int day = (int)ktg_random_between(&r, -80, -25);
            ktg_time in = moment(c, day, (int)ktg_random_between(&r, 8, 15),
                                 (int)ktg_random_between(&r, 0, 59));
            enum place gate = i % 3 ? ENTIKONG : BADAU;
            cross(c, &p,
                  (struct crossing){.entry = true,
                                    .post = gate,
                                    .at = in,
                                    .visa = "E28A",
                                    .until = date_at(in) + 29});
            sponsor(c, &p, office_near(gate), "add", true, nib, "employer", in + 26 * HOUR);
            ktg_time issued = in + ktg_random_between(&r, 3, 9) * DAY;
            permit(c, &p, office_near(gate), "issued", "ITAS", issued, date_at(in) + 365);
            register_resident(c, &p, gate, issued);
            if (removed)
                sponsor(c, &p, office_near(gate), "remove", true, nib, "employer",
                        moment(c, -12, 11, i % 60));
            if (left)
                leave(c, &p, gate, -10, 12);
        }
        write_down(c, "PTSP.PUSAT", "licence.status", moment(c, 1, 9, 0) + i * 2200, NULL,
                   "\"nib\":\"%s\",\"kind\":\"PMA\",\"status\":\"revoked\"", nib);
        if (active)
            expect(c, "sponsor-nib-revoked", keep(c, nib), KTG_SIMULATE_OPEN,
                   "licence revoked, people still sponsored");
    }
}

/* ---- watch lists ---- */

static void list_person(struct country *c, const struct person *p, const char *op, int entry,
                        ktg_time at, const char *until)
{
    write_down(c, "IMI.PUSAT", "watchlist.entry", at, NULL,
               "\"op\":\"%s\",\"entry\":\"W-9%04d\",\"list\":\"tangkal\",\"docs\":[{\"kind\":\"P\","
               "\"issuer\":\"UTO\","
               "\"number\":\"%s\"}],\"owner\":\"POL\",\"until\":\"%s\",\"action\":\"refer\"",
               op, entry, p->number, until);
}

static void watched(struct country *c)
{
    for (int i = 0; i < 6; i++) {
        struct ktg_random_stream r = stream(c, 800 + i);
        struct person p = person_new(c, &r);
        switch (i) {
        case 0: /* listed, then comes */
        case 1:
            list_person(c, &p, "add", i, moment(c, -20, 9, i), "2027-12-31");
            enter(c, &r, &p, (struct stay){1 + 2 * i, 13, 30, ENTIKONG, "B1", true});
            expect(c, "watchlist-exact", person_subject(c, &p), KTG_SIMULATE_OPEN,
                   "listed, then entered");
            break;
        case 2: /* is here, then listed */
        case 3:
            enter(c, &r, &p, (struct stay){-5, 13, 30, BADAU, "B1", true});
            list_person(c, &p, "add", i, moment(c, i, 8, 30), "2027-12-31");
            expect(c, "watchlist-exact", person_subject(c, &p), KTG_SIMULATE_OPEN,
                   "entered, then listed");
            break;
        case 4: /* the entry was taken off before */
            list_person(c, &p, "add", i, moment(c, -40, 9, i), "2027-12-31");
            list_person(c, &p, "remove", i, moment(c, -9, 9, i), "2027-12-31");
            enter(c, &r, &p, (struct stay){2, 13, 30, ENTIKONG, "B1", true});
            break;
        default: /* the entry had run out */
            list_person(c, &p, "add", i, moment(c, -60, 9, i), "2026-02-15");
            enter(c, &r, &p, (struct stay){4, 13, 30, ENTIKONG, "B1", true});
        }
    }
}

void plant_cases(struct country *c)
{
    overstays(c);
    removal_band(c);
    typing_errors(c);
    not_registered(c);
    never_entered(c);
    misread(c);
    ghosts(c);
    offline_post(c);
    private_sponsors(c);
    revoked_licences(c);
    watched(c);
}
