/* cmd/centre.h - one installation of the centre, as its stations see it: settings, agencies, keys, texts, folders.
 *
 *     kentongan.yaml ─> settings ─┬─> DATA/{journal,findings,state,casebook}
 *     agencies, keys ─> members ──┼─> who is this? what may it send?
 *     texts ──────────> bundle ───┘
 *
 * (1) Agencies and keys are read again when they changed (members.h); whoever asks sees the newest that were right.
 * (2) SYSTEM.ALERTS is the alerts station: it needs no key, for it comes by ipc; it may send alert.* for SYSTEM.*.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_CENTRE_H
#define KTG_CMD_CENTRE_H

#include "brokers/alerts/alerts.h"
#include "brokers/correlation/correlation.h"
#include "brokers/gateway/gateway.h"
#include "brokers/ingest/ingest.h"
#include "cmd/members.h"
#include "cmd/source_words.h"

struct ktg_centre {
    struct ktg_settings *settings;
    struct ktg_members members;     /* agencies and keys */
    struct ktg_source_look sources; /* what operators said of sources */
    struct ktg_clock clock;
    struct ktg_clockfile *clock_file; /* what it may stand on */
    struct ktg_call *call;
    char journal[256], findings[256], state[256], casebook[256], endpoint[256];
};

/* Load everything and make the folders.  The centre must be zeroed; ktg_centre_done() after failure too. */
KTG_MUST_CHECK int ktg_centre_open(struct ktg_centre *c, struct ktg_call *call);
/* What every station would stumble over, before one is started: settings, agencies, keys, folders that cannot be made, addresses
 * in use.  Writes nothing. */
KTG_MUST_CHECK int ktg_centre_check(struct ktg_call *call);
void ktg_centre_done(struct ktg_centre *c);

/* The stations' options, filled from the settings. */
KTG_MUST_CHECK int ktg_centre_gateway(struct ktg_centre *c, struct ktg_gateway_options *ret_o);
void ktg_centre_ingest(struct ktg_centre *c, struct ktg_ingest_options *ret_o);
void ktg_centre_correlation(struct ktg_centre *c, struct ktg_correlation_options *ret_o);
void ktg_centre_alerts(struct ktg_centre *c, struct ktg_alerts_options *ret_o);

#endif
