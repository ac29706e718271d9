/* producers/simulate/planted_together.c - cases that take several agencies: work, children, operations, reports.
 *
 * As planted.c: days are counted from the Monday on which the live week begins, the truth is written beside the deed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/country.h"

#define SEED_TOGETHER 4000

static struct ktg_random_stream stream(const struct country *c, int n)
{
    return ktg_random_split(c->seed, SEED_TOGETHER, (uint64_t)n);
}

/* Comes in at Entikong for thirty days and takes a room. */
static void visit(struct country *c, struct ktg_random_stream *r, const struct person *p, int day,
                  const char *visa)
{
    ktg_time in = moment(c, day, 10, (int)ktg_random_between(r, 0, 59));
    cross(c, p,
          (struct crossing){
              .entry = true, .post = ENTIKONG, .at = in, .visa = visa, .until = date_at(in) + 29});
    check_in(c, p,
             (struct lodging){.hotel = hotel_near(r, ENTIKONG), .at = in + 4 * HOUR, .nights = 5});
}

static void inspected(struct country *c, const struct person *p, int operation, ktg_time at,
                      const char *what)
{
    write_down(c, "IMI.SANGGAU", "inspection.result", at, p,
               "\"operation\":\"OP-9%02d\",\"lead\":\"POL\",%s", operation, what);
}

/* Found at work on a visit; the third serves a machine, as its index allows. */
static void work_on_visit(struct country *c)
{
    static const struct {
        const char *visa, *finding;
        int exit_day; /* 0: stays */
        bool found;
    } cases[] = {{"B1", "working", 0, true},
                 {"C1", "supervising", 5, true},
                 {"C2", "after-sales", 0, false}};
    for (size_t i = 0; i < KTG_COUNT(cases); i++) {
        struct ktg_random_stream r = stream(c, (int)i);
        struct person p = person_new(c, &r);
        visit(c, &r, &p, -4, cases[i].visa);
        write_down(
            c, "IMI.SANGGAU", "inspection.result", moment(c, 1 + (int)i, 14, 20), &p,
            "\"operation\":\"OP-901\",\"lead\":\"IMI\",\"outcome\":\"found\",\"finding\":\"%s\","
            "\"nib\":\"0000019000001\"",
            cases[i].finding);
        if (cases[i].exit_day)
            cross(c, &p,
                  (struct crossing){.post = ENTIKONG, .at = moment(c, cases[i].exit_day, 12, 5)});
        if (cases[i].found)
            expect(c, "work-on-visit", person_subject(c, &p),
                   cases[i].exit_day ? KTG_SIMULATE_CLOSED : KTG_SIMULATE_OPEN,
                   "at work on a visit permit");
    }
}

/* A firm whose plan names no companion, and one worker for six weeks. */
static void no_companion(struct country *c)
{
    static const char nib[] = "0000019000002";
    struct ktg_random_stream r = stream(c, 20);
    struct person p = person_new(c, &r);
    ktg_time in = moment(c, -45, 10, 30);
    char until[KTG_DATE_TEXT];
    ktg_date_format(date_at(in) + 365, until);
    write_down(c, "PTSP.SANGGAU", "licence.status", in - 20 * DAY, NULL,
               "\"nib\":\"%s\",\"kind\":\"PMA\",\"status\":\"active\"", nib);
    write_down(
        c, "NAK.SANGGAU", "rptka.status", in - 15 * DAY, NULL,
        "\"rptka_no\":\"RPTKA-9001\",\"nib\":\"%s\",\"status\":\"approved\",\"until\":\"%s\","
        "\"headcount\":2",
        nib, until);
    cross(c, &p,
          (struct crossing){
              .entry = true, .post = ENTIKONG, .at = in, .visa = "E23", .until = date_at(in) + 29});
    sponsor(c, &p, "IMI.SANGGAU", "add", true, nib, "employer", in + DAY);
    permit(c, &p, "IMI.SANGGAU", "issued", "ITAS", in + 4 * DAY, date_at(in) + 365);
    register_resident(c, &p, ENTIKONG, in + 4 * DAY);
    write_down(
        c, "NAK.SANGGAU", "tka.employment", in + 3 * DAY, &p,
        "\"action\":\"start\",\"nib\":\"%s\",\"rptka_no\":\"RPTKA-9001\",\"position\":\"welder\","
        "\"location\":\"6105\"",
        nib);
    expect(c, "tka-no-companion", nib, KTG_SIMULATE_OPEN, "nobody learns from the worker");
}

/* Children who cross with nobody of their family; the third is of a school. */
static void children_alone(struct country *c)
{
    for (int i = 0; i < 3; i++) {
        struct ktg_random_stream r = stream(c, 40 + i);
        struct person p = person_new(c, &r);
        ktg_time in = moment(c, 1 + i, 11, 15);
        p.dob = ktg_date_from_civil(2012, 5, 1 + i);
        struct crossing x = {.entry = true,
                             .post = ENTIKONG,
                             .at = in,
                             .visa = "A1",
                             .until = date_at(in) + 29,
                             .group = i == 2 ? "SCHOOL-0001" : NULL};
        cross(c, &p, x);
        check_in(
            c, &p,
            (struct lodging){.hotel = hotel_near(&r, ENTIKONG), .at = in + 4 * HOUR, .nights = 4});
        if (i == 1)
            cross(c, &p, (struct crossing){.post = ENTIKONG, .at = in + 2 * DAY});
        if (i < 2)
            expect(c, "minor-unrelated-adult", person_subject(c, &p),
                   i ? KTG_SIMULATE_CLOSED : KTG_SIMULATE_OPEN,
                   "a child with no adult of the family");
    }
}

/* Not at home when the team came, in a hotel three days later. */
static void not_found(struct country *c)
{
    struct ktg_random_stream r = stream(c, 60);
    struct person p = person_new(c, &r);
    visit(c, &r, &p, -6, "B1");
    inspected(c, &p, 2, moment(c, -1, 20, 40), "\"outcome\":\"not-found\"");
    check_in(c, &p, (struct lodging){.hotel = &hotels[6], .at = moment(c, 2, 19, 12), .nights = 3});
    expect(c, "operation-target-seen", person_subject(c, &p), KTG_SIMULATE_OPEN,
           "not found at the operation, then in a hotel");
}

/* The police have a pointer to somebody who is here, and to somebody who has left. */
static void case_pointers(struct country *c)
{
    for (int i = 0; i < 2; i++) {
        struct ktg_random_stream r = stream(c, 70 + i);
        struct person p = person_new(c, &r);
        visit(c, &r, &p, -9, "B1");
        if (i)
            cross(c, &p, (struct crossing){.post = ENTIKONG, .at = moment(c, -4, 11, 50)});
        write_down(c, "POL.SANGGAU", "case.reference", moment(c, 2, 9, 10 + i), &p,
                   "\"case_no\":\"LP-00%d\",\"kind\":\"criminal\",\"stage\":\"open\",\"hit\":true,"
                   "\"desk\":\"RESKRIM\"",
                   i);
        if (!i)
            expect(c, "case-linked", person_subject(c, &p), KTG_SIMULATE_OPEN,
                   "a case pointer to somebody who is here");
    }
}

/* The neighbours name somebody whose permit ended on Monday. */
static void neighbours(struct country *c)
{
    struct ktg_random_stream r = stream(c, 80);
    struct person p = person_new(c, &r);
    visit(c, &r, &p, -29, "B1");
    write_down(
        c, "PEM.SANGGAU", "community.report", moment(c, 5, 17, 25), NULL,
        "\"channel\":\"rt\",\"category\":\"lodging\",\"credibility\":70,\"named\":[{\"kind\":\"P\","
        "\"issuer\":\"UTO\",\"number\":\"%s\"}]",
        p.number);
    expect(c, "overstay-fee", person_subject(c, &p), KTG_SIMULATE_OPEN, "stays on");
    expect(c, "community-report-corroborated", person_subject(c, &p), KTG_SIMULATE_OPEN,
           "the neighbours and the calendar agree");
}

/* Three who come and go within minutes of each other, again and again; and three of a registered tour. */
static void convoys(struct country *c)
{
    static const int days[] = {-20, -10, 1};
    for (int tour = 0; tour < 2; tour++) {
        struct ktg_random_stream r = stream(c, 90 + tour);
        for (int k = 0; k < 3; k++) {
            struct person p = person_new(c, &r);
            for (size_t i = 0; i < KTG_COUNT(days); i++) {
                struct crossing x = {.entry = true,
                                     .post = BADAU,
                                     .at = moment(c, days[i] + tour, 8, 10 + 4 * k),
                                     .visa = "D2",
                                     .group = tour ? "TOUR-9001" : NULL};
                x.until = date_at(x.at) + 59;
                cross(c, &p, x);
                x.entry = false;
                x.visa = NULL;
                x.at += 8 * HOUR;
                cross(c, &p, x);
            }
            if (!tour)
                expect(c, "convoy", person_subject(c, &p), KTG_SIMULATE_OPEN,
                       "three who always cross together");
        }
    }
}

void plant_cases_together(struct country *c)
{
    work_on_visit(c);
    no_companion(c);
    children_alone(c);
    not_found(c);
    case_pointers(c);
    neighbours(c);
    convoys(c);
}
