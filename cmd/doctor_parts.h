/* cmd/doctor_parts.h - what the files of doctor share; nobody else includes it.
 *
 *     doctor.c           the command; settings, keys, rules, journals
 *     doctor_disks.c     the disk of each store
 *     doctor_running.c   stations: alive, started again, behind, without room, held; from the metrics that they write each second
 *
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DOCTOR_PARTS_H
#define KTG_CMD_DOCTOR_PARTS_H

#include "cmd/installation.h"

enum ktg_verdict { KTG_VERDICT_OK, KTG_VERDICT_WARNING, KTG_VERDICT_WRONG };

struct ktg_doctor {
    struct ktg_call *call;
    struct ktg_settings *settings;
    bool wrong;
};

/* One row; `next` is said of what is not ok. */
void ktg_doctor_say(struct ktg_doctor *d, const char *what, enum ktg_verdict v, const char *next,
                    const char *format, ...) KTG_PRINTF(5, 6);

void ktg_doctor_disks(struct ktg_doctor *d);
void ktg_doctor_running(struct ktg_doctor *d);

#endif
