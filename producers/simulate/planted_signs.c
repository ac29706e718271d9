/* producers/simulate/planted_signs.c - one or two people for each of the other signs that rules know.
 *
 * Each does one thing wrong and the rest as everybody does, so that one rule speaks, or those that are named.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "producers/simulate/country.h"

#define SEED_SIGNS 3000

static struct ktg_random_stream stream(const struct country *c, int n)
{
    return ktg_random_split(c->seed, SEED_SIGNS, (uint64_t)n);
}

/* In on a visit and at once in a hotel, with leave to stay for so many days. */
static void arrive(struct country *c, struct ktg_random_stream *r, const struct person *p,
                   enum place post, int day, int granted)
{
    ktg_time in = moment(c, day, (int)ktg_random_between(r, 8, 15), 10);
    cross(c, p,
          (struct crossing){.entry = true,
                            .post = post,
                            .at = in,
                            .visa = "C1",
                            .until = date_at(in) + granted - 1});
    check_in(c, p,
             (struct lodging){.hotel = hotel_near(r, post), .at = in + 4 * HOUR, .nights = 3});
}

static void leave(struct country *c, const struct person *p, enum place post, int day, int hour)
{
    cross(c, p, (struct crossing){.post = post, .at = moment(c, day, hour, 40)});
}

/* ---- documents ---- */

static void documents(struct country *c)
{
    struct ktg_random_stream r = stream(c, 1);
    struct person lost = person_new(c, &r), lent = person_new(c, &r), other = person_new(c, &r);
    write_down(
        c, "POL.SANGGAU", "document.status", moment(c, -20, 14, 0), NULL,
        "\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"%s\"},\"status\":\"stolen\","
        "\"register\":\"police\"",
        lost.number);
    cross(c, &lost,
          (struct crossing){.entry = true,
                            .post = BADAU,
                            .at = moment(c, 3, 10, 5),
                            .visa = "E35",
                            .until = date_at(moment(c, 60, 0, 0))});
    expect(c, "lost-doc-used", person_subject(c, &lost), KTG_SIMULATE_OPEN,
           "entered on a stolen passport");

    arrive(c, &r, &lent, ENTIKONG, -6, 30); /* goes home on a passport that another carries out */
    snprintf(other.number, sizeof other.number, "%s", lent.number);
    other.expiry = lent.expiry;
    other.sex = lent.sex;
    other.dob = lent.dob > ktg_date_from_civil(1980, 1, 1) ? ktg_date_from_civil(1960, 5, 5)
                                                           : ktg_date_from_civil(1999, 5, 5);
    leave(c, &other, ENTIKONG, 1, 16);
    expect(c, "doc-shared", person_subject(c, &lent), KTG_SIMULATE_OPEN,
           "in with one holder, out with another");
    expect(c, "identity-cluster-conflict", person_subject(c, &lent), KTG_SIMULATE_OPEN,
           "two birth dates on one passport");
}

static void banned_and_refused(struct country *c)
{
    struct ktg_random_stream r = stream(c, 2);
    struct person banned = person_new(c, &r), refused = person_new(c, &r);
    write_down(c, "IMI.SANGGAU", "removal", moment(c, -80, 11, 0), &banned,
               "\"kind\":\"banned\",\"until\":\"2027-06-30\"");
    snprintf(banned.before, sizeof banned.before, "%s", banned.number);
    struct person renewed = person_new(c, &r);
    snprintf(banned.number, sizeof banned.number, "%s", renewed.number);
    arrive(c, &r, &banned, ENTIKONG, 4, 30);
    expect(c, "ban-return", person_subject(c, &banned), KTG_SIMULATE_OPEN,
           "banned, back on a new passport");

    write_down(c, "IMI.BADAU.1", "border.crossing", moment(c, 0, 9, 0), &refused,
               "\"direction\":\"refused\",\"mode\":\"land\",\"post\":\"BADAU\","
               "\"refusal_reason\":\"no-funds\"");
    arrive(c, &r, &refused, ENTIKONG, 1, 30);
    expect(c, "refused-retry", person_subject(c, &refused), KTG_SIMULATE_OPEN,
           "refused at Badau, in at Entikong the next day");
}

/* ---- movement ---- */

static void movement(struct country *c)
{
    struct ktg_random_stream r = stream(c, 3);
    struct person ghost = person_new(c, &r), twice = person_new(c, &r), hopper = person_new(c, &r);
    leave(c, &ghost, BADAU, 0, 10);
    expect(c, "exit-without-entry", person_subject(c, &ghost), KTG_SIMULATE_OPEN,
           "left, and no post had seen the arrival");

    arrive(c, &r, &twice, ENTIKONG, -2, 30);
    static const size_t far[] = {0, 15}; /* Sanggau and Putussibau, 260 km */
    for (size_t i = 0; i < KTG_COUNT(far); i++)
        check_in(c, &twice,
                 (struct lodging){.hotel = &hotels[far[i]],
                                  .at = moment(c, 2, 20, 10 + 2 * (int)i),
                                  .nights = 1});
    expect(c, "impossible-travel", person_subject(c, &twice), KTG_SIMULATE_OPEN,
           "two hotels 260 km apart within two minutes");

    cross(c, &hopper,
          (struct crossing){.entry = true,
                            .post = ENTIKONG,
                            .at = moment(c, -21, 8, 0),
                            .visa = "E35",
                            .until = date_at(moment(c, 60, 0, 0))});
    for (int i = 0; i < 8; i++) {
        leave(c, &hopper, ENTIKONG, -19 + 3 * i, 8);
        cross(c, &hopper,
              (struct crossing){.entry = true,
                                .post = ENTIKONG,
                                .at = moment(c, -19 + 3 * i, 15, 30),
                                .visa = "E35",
                                .until = date_at(moment(c, 60, 0, 0))});
    }
    expect(c, "short-exit-landpost", person_subject(c, &hopper), KTG_SIMULATE_OPEN,
           "over the border and back, eight times in three weeks");
}

static void border_pass(struct country *c)
{
    struct ktg_random_stream r = stream(c, 4);
    struct person p = person_resident(c, &r);
    ktg_time in = moment(c, 1, 8, 0);
    cross(c, &p,
          (struct crossing){.entry = true,
                            .post = ENTIKONG,
                            .at = in,
                            .traveller = "border-resident",
                            .until = date_at(in) + 13});
    check_in(c, &p, (struct lodging){.hotel = &hotels[6], .at = in + 9 * HOUR, .nights = 1});
    expect(c, "plb-overreach", person_subject(c, &p), KTG_SIMULATE_OPEN,
           "a border pass in a hotel of Sekadau");
}

/* ---- permits ---- */

static void permits(struct country *c)
{
    struct ktg_random_stream r = stream(c, 5);
    char until[KTG_DATE_TEXT];
    for (int i = 0; i < 3; i++) {
        struct person p = person_new(c, &r);
        ktg_time in = moment(c, i == 2 ? -28 : -60, 10, 30 + i);
        cross(c, &p,
              (struct crossing){.entry = true,
                                .post = ENTIKONG,
                                .at = in,
                                .visa = "E30A",
                                .until = date_at(in) + 89});
        if (i < 2) {
            permit(c, &p, "IMI.SANGGAU", "issued", "ITAS", in + 5 * DAY, date_at(in) + 365);
            if (i == 0)
                register_resident(c, &p, ENTIKONG, in + 5 * DAY);
        }
        if (i == 0) {
            permit(c, &p, "IMI.SANGGAU", "revoked", "ITAS", moment(c, -4, 10, 0), 0);
            expect(c, "permit-cancelled-not-left", person_subject(c, &p), KTG_SIMULATE_OPEN,
                   "permit revoked, still here after a week");
        } else {
            expect(c, i == 1 ? "sktt-missing" : "itas-not-reported", person_subject(c, &p),
                   KTG_SIMULATE_OPEN,
                   i == 1 ? "never registered as a resident" : "no permit a month after arrival");
        }
    }
    struct person due = person_new(c, &r);
    arrive(c, &r, &due, BADAU, -45, 30);
    expect(c, "overstay-fee", person_subject(c, &due), KTG_SIMULATE_OPEN, "fee due, not paid");
    ktg_date_format(date_at(moment(c, -9, 0, 0)), until);
    write_down(c, "IMI.PUTUSSIBAU", "removal", moment(c, -7, 9, 0), &due,
               "\"kind\":\"fee-due\",\"bill\":\"BB-0001\",\"amount\":8000000,\"days\":8,"
               "\"until\":\"%s\"",
               until);
    expect(c, "overstay-unpaid", person_subject(c, &due), KTG_SIMULATE_OPEN,
           "the bill is a week old");
}

/* ---- sponsors and addresses ---- */

static void shared_telephone(struct country *c)
{
    struct ktg_random_stream r = stream(c, 6);
    for (int i = 0; i < 3; i++) {
        struct person p = person_new(c, &r);
        arrive(c, &r, &p, ENTIKONG, -9 + 4 * i, 60);
        write_down(
            c, "IMI.SANGGAU", "sponsor.link", moment(c, -8 + 4 * i, 11, 0), &p,
            "\"action\":\"add\",\"sponsor\":{\"kind\":\"person\",\"id\":\"000001000000002%d\","
            "\"phone\":\"+62000555001\"},\"relation\":\"friend\"",
            i);
    }
    expect(c, "sponsor-shared-contact", "+62000555001", KTG_SIMULATE_OPEN,
           "three sponsors, one telephone");
}

static void vanished(struct country *c)
{
    struct ktg_random_stream r = stream(c, 7);
    for (int i = 0; i < 3; i++) {
        struct person p = person_new(c, &r);
        arrive(c, &r, &p, BADAU, -58 - i, 30);
        sponsor(c, &p, "IMI.PUTUSSIBAU", "add", false, "0000010000000030", "other",
                moment(c, -57 - i, 11, 0));
        expect(c, "overstay-fee", person_subject(c, &p), KTG_SIMULATE_OPEN,
               "one of three whom one sponsor brought");
    }
    expect(c, "sponsor-abscond-rate", "0000010000000030", KTG_SIMULATE_OPEN,
           "all three past their permit for a month");
}

static void shell_company(struct country *c)
{
    struct ktg_random_stream r = stream(c, 8);
    write_down(c, "PTSP.SANGGAU", "licence.status", moment(c, -70, 10, 0), NULL,
               "\"nib\":\"0000030000001\",\"kind\":\"PMA\",\"status\":\"active\","
               "\"address_verified\":false,\"capital_realised\":250000000");
    for (int i = 0; i < 5; i++) {
        struct person p = person_new(c, &r);
        arrive(c, &r, &p, ENTIKONG, -20 + 5 * i, 60);
        sponsor(c, &p, "IMI.SANGGAU", "add", true, "0000030000001", "employer",
                moment(c, -19 + 5 * i, 11, 0));
    }
    expect(c, "sponsor-shell", "0000030000001", KTG_SIMULATE_OPEN,
           "five people, no address, no staff, little capital");
}

static void crowded_house(struct country *c)
{
    struct ktg_random_stream r = stream(c, 9);
    char nik[20];
    for (int i = 0; i < 8; i++) {
        struct person p = person_new(c, &r);
        int day = -12 + 2 * i;
        ktg_time in = moment(c, day, 9, 15);
        cross(c, &p,
              (struct crossing){.entry = true,
                                .post = ENTIKONG,
                                .at = in,
                                .visa = "C6",
                                .until = date_at(in) + 59});
        snprintf(nik, sizeof nik, "000001000000004%d", i % 3);
        sponsor(c, &p, "IMI.SANGGAU", "add", false, nik, "friend", in + 3 * HOUR);
        write_down(c, "PEM.SANGGAU", "address.report", in + 6 * HOUR, &p,
                   "\"kind\":\"kost\",\"address\":\"SANGGAU-KOST-07\"");
    }
    expect(c, "address-crowding", "SANGGAU KOST 07", KTG_SIMULATE_OPEN,
           "eight people of three sponsors in one house");
}

static void one_booker(struct country *c)
{
    struct ktg_random_stream r = stream(c, 10);
    for (int i = 0; i < 5; i++) {
        struct person p = person_new(c, &r);
        ktg_time in = moment(c, i, 8, 20 + i);
        cross(c, &p,
              (struct crossing){.entry = true,
                                .post = ENTIKONG,
                                .at = in,
                                .visa = "B1",
                                .until = date_at(in) + 29});
        write_down(c, hotels[4].source, "lodging.checkin", in + 5 * HOUR, &p,
                   "\"property\":\"%s\",\"booker_phone\":\"+62000555009\"", hotels[4].property);
    }
    expect(c, "one-booker-many-guests", "+62000555009", KTG_SIMULATE_OPEN,
           "five guests who share no name, one telephone");
}

void plant_signs(struct country *c)
{
    documents(c);
    banned_and_refused(c);
    movement(c);
    border_pass(c);
    permits(c);
    shared_telephone(c);
    vanished(c);
    shell_company(c);
    crowded_house(c);
    one_booker(c);
}
