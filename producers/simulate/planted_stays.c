/* producers/simulate/planted_stays.c - stories on stay and movement.  Tables as story.h says.
 *
 * What took years began before the history does.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_STAYS 6000

/* On the manifest of a flight, at no counter; and one of a ferry's crew who stays ashore. */
static const struct step never_landed[] = {
    {SAYS, 0, 7, 1, .from = "IMI.SUPADIO.1", .type = "api.passenger",
     .text = "'kind':'passenger','status':'boarded','flight':'UT701','destination_id':true,"
             "'departs_at':'$@0;','arrives_at':'$@150;'"},
    {FOUND, .who = 1, .rule = "api-not-landed", .text = "on the manifest, never at the counter"},
};

static const struct step left_behind[] = {
    {SAYS, -1, 8, 1, .from = "IMI.SUPADIO.1", .type = "api.passenger",
     .text = "'kind':'crew','flight':'UT702','destination_id':true,'departs_at':'$@1440;','arrives_"
             "at':'$@60;'"},
    {IN, -1, 10, 1, .post = SUPADIO, .text = "'traveller':'crew','flight':'UT702'"},
    {FOUND, .who = 1, .rule = "crew-not-departed",
     .text = "the aircraft left, one of its crew did not"},
};

static const struct step a_year_abroad[] = {
    {IN, -430, 10, 1, .visa = "E33"},
    {SAYS, -420, 10, 1, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'issued','class':'ITAP','permit_no':'2D11-$r;','until':'$+1825;'"},
    {OUT, -380, 14, 1, .post = ENTIKONG},
    {FOUND, .who = 1, .rule = "itap-absent-1y", .text = "a permanent permit, a year abroad"},
};

/* Forty days, two days across the border, forty days again. */
static const struct step again_and_again[] = {
    {IN, -132, 9, 1, .visa = "D1", .days = 60},
    {BED, -132, 15, 1, .hotel = 1, .nights = 5},
    {OUT, -93, 9, 1, .post = ENTIKONG},
    {IN, -91, 9, 1, .visa = "D1", .days = 60},
    {BED, -91, 15, 1, .hotel = 1, .nights = 5},
    {OUT, -50, 9, 1, .post = ENTIKONG},
    {IN, -48, 9, 1, .visa = "D1", .days = 60},
    {BED, -48, 15, 1, .hotel = 1, .nights = 5},
    {OUT, -8, 9, 1, .post = ENTIKONG},
    {IN, -6, 9, 1, .visa = "D1", .days = 60},
    {BED, -6, 15, 1, .hotel = 1, .nights = 5},
    {FOUND, .who = 1, .rule = "visa-run", .text = "out for two days and in again, three times"},
    {FOUND, .who = 1, .rule = "days-in-window", .state = KTG_SIMULATE_CLOSED,
     .text = "ninety days of visits, then two days away"},
    {FOUND, .who = 1, .rule = "days-in-window", .text = "and back at once"},
};

/* The permit runs out next week; it ran out next week and they have left; leave to stay on until next week. */
static const struct step reminded[] = {
    {IN, -20, 9, 1, .last = 3, .visa = "B1"},
    {BED, -20, 15, 1, .last = 3, .hotel = 6, .nights = 9},
    {OUT, 2, 12, 2, .post = ENTIKONG},
    {SAYS, -11, 10, 3, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'extended','class':'ITK','until':'$+24;'"},
    {FOUND, .who = 1, .rule = "permit-near-expiry", .text = "reminded a fortnight before"},
    {FOUND, .who = 2, .rule = "permit-near-expiry", .state = KTG_SIMULATE_CLOSED,
     .text = "reminded, then left"},
    {FOUND, .who = 3, .rule = "permit-near-expiry", .text = "reminded of the date extended to"},
};

/* Three agencies, three things, one person; the village's word agrees with what is known. */
static const struct step from_all_sides[] = {
    {IN, -34, 9, 1, .visa = "B1", .days = 30},
    {BED, -34, 15, 1, .hotel = 2, .nights = 5},
    {SAYS, -9, 20, 1, .from = "POL.SANGGAU", .type = "inspection.result",
     .text = "'operation':'OP-951','lead':'POL','outcome':'not-found'"},
    {BED, -6, 19, 1, .hotel = 6, .nights = 2},
    {SAYS, 5, 16, 1, .from = "PEM.SANGGAU", .type = "community.report", .aside = true,
     .text = "'channel':'rt','category':'work','credibility':70,'named':[$D1;]"},
    {FOUND, .who = 1, .rule = "overstay-fee", .text = "stays on"},
    {FOUND, .who = 1, .rule = "operation-target-seen",
     .text = "not found by the police, then in a hotel"},
    {FOUND, .who = 1, .rule = "work-on-visit", .text = "works, the village says"},
    {FOUND, .who = 1, .rule = "community-report-corroborated",
     .text = "the village and the calendar agree"},
    {FOUND, .who = 1, .rule = "convergence",
     .text = "immigration, police, a hotel and the village"},
};

void plant_stays(struct country *c)
{
    static const struct story stories[] = {
        STORY(never_landed),    STORY(left_behind), STORY(a_year_abroad),
        STORY(again_and_again), STORY(reminded),    STORY(from_all_sides),
    };
    tell_stories(c, SEED_STAYS, stories, KTG_COUNT(stories));
}
