/* producers/simulate/planted_rooms.c - stories on lodging.  Tables as story.h says.
 *
 * Small houses report through the police (STM), so no ordinary guest comes to them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_ROOMS 8000

/* Registered in Sanggau, five weeks of nights in Sekadau. */
static const struct step elsewhere[] = {
    {SETTLES, -80, 9, 1, .visa = "E30A"},
    {SAYS, -70, 10, 1, .from = "DUK.SANGGAU", .type = "address.report",
     .text = "'kind':'residence','address':'SANGGAU-RUMAH-91','place':{'district':'6105','lat':'0."
             "1201','lon':'110.5990'}"},
    {BED, -36, 15, 1, .hotel = 6, .nights = 18},
    {WAKE, -18, 9, 1, .hotel = 6},
    {BED, -18, 14, 1, .hotel = 7, .nights = 17},
    {FOUND, .who = 1, .rule = "address-drift",
     .text = "lives in Sekadau, is registered in Sanggau"},
};

/* Each stays a night in a hotel first; then the house tells what it likes when it likes. */
static const struct step tells_late[] = {
    {IN, -24, 9, 1, .last = 6, .every = 2, .visa = "C1", .days = 60},
    {BED, -24, 15, 1, .last = 6, .every = 2, .hotel = 5, .nights = 1},
    {WAKE, -23, 8, 1, .last = 6, .every = 2, .hotel = 5},
    {SAYS, -23, 13, 1, .last = 6, .every = 2, .from = "POL.SANGGAU", .type = "lodging.checkin",
     .text = "'property':'LOSMEN-SANGGAU-01','planned_out':'$+9;','reported_at':'$@3600;'"},
    {FOUND, .subject = "LOSMEN-SANGGAU-01", .rule = "lodging-late",
     .text = "six guests, each reported two and a half days late"},
};

/* Two hotels 250 km apart, and the first room is kept for another day. */
static const struct step two_rooms[] = {
    {IN, -5, 9, 1, .visa = "B1"},
    {BED, -5, 15, 1, .hotel = 0, .nights = 4},
    {BED, -3, 18, 1, .hotel = 15, .nights = 3},
    {WAKE, -2, 10, 1, .hotel = 0},
    {WAKE, 0, 9, 1, .hotel = 15},
    {FOUND, .who = 1, .rule = "lodging-overlap", .text = "one passport, two rooms"},
};

/* Six traders who take a room every fourth day, until the house falls silent. */
#define WEEKLY(day)                                                                       \
    {SAYS,                                                                                \
     day,                                                                                 \
     17,                                                                                  \
     1,                                                                                   \
     .last = 6,                                                                           \
     .from = "POL.SAMBAS",                                                                \
     .type = "lodging.checkin",                                                           \
     .text = "'property':'LOSMEN-SAMBAS-01','planned_out':'$+2;','reported_at':'$@90;'"}, \
    {                                                                                     \
        SAYS, day + 2, 8, 1, .last = 6, .from = "POL.SAMBAS", .type = "lodging.checkout", \
                             .text = "'property':'LOSMEN-SAMBAS-01'"                      \
    }
static const struct step falls_silent[] = {
    {IN, -36, 9, 1, .last = 6, .post = JAGOI, .visa = "D2", .days = 60},
    WEEKLY(-36),
    WEEKLY(-32),
    WEEKLY(-28),
    WEEKLY(-24),
    WEEKLY(-20),
    WEEKLY(-16),
    WEEKLY(-12),
    {FOUND, .subject = "LOSMEN-SAMBAS-01", .rule = "lodging-silent",
     .text = "ten guests a week, then none for a fortnight"},
};

void plant_rooms(struct country *c)
{
    static const struct story stories[] = {STORY(elsewhere), STORY(tells_late), STORY(two_rooms),
                                           STORY(falls_silent)};
    tell_stories(c, SEED_ROOMS, stories, KTG_COUNT(stories));
}
