/* cmd/stations.c - gateway, ingest, correlation, alerts-station: one station each, in this process.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "cmd/centre.h"
#include "runtime/loop/child.h"

static const struct ktg_parameter options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};

/* Started by `up`, a station ends with it. */
static int follow_supervisor(struct ktg_call *call)
{
    const char *parent = getenv("KTG_SUPERVISOR");
    if (!parent || !ktg_child_die_with((pid_t)strtol(parent, NULL, 10)))
        return KTG_OK;
    return ktg_err_set(&call->err, KTG_EUNREACHABLE,
                       "the supervisor that started this station is gone");
}

static int open_centre(struct ktg_centre *c, struct ktg_call *call)
{
    int rc = follow_supervisor(call);
    return rc ? rc : ktg_centre_open(c, call);
}

static int run_gateway(struct ktg_call *call)
{
    struct ktg_centre c = {0};
    struct ktg_gateway_options o;
    int rc = open_centre(&c, call);
    if (!rc)
        rc = ktg_centre_gateway(&c, &o);
    if (!rc)
        rc = ktg_gateway_run(&o, &call->err);
    ktg_centre_done(&c);
    return rc;
}

static int run_ingest(struct ktg_call *call)
{
    struct ktg_centre c = {0};
    struct ktg_ingest_options o;
    int rc = open_centre(&c, call);
    if (!rc) {
        ktg_centre_ingest(&c, &o);
        rc = ktg_ingest_run(&o, &call->err);
    }
    ktg_centre_done(&c);
    return rc;
}

static int run_correlation(struct ktg_call *call)
{
    struct ktg_centre c = {0};
    struct ktg_correlation_options o;
    int rc = open_centre(&c, call);
    if (!rc) {
        ktg_centre_correlation(&c, &o);
        rc = ktg_correlation_run(&o, &call->err);
    }
    ktg_centre_done(&c);
    return rc;
}

static int run_alerts(struct ktg_call *call)
{
    struct ktg_centre c = {0};
    struct ktg_alerts_options o;
    int rc = open_centre(&c, call);
    if (!rc) {
        ktg_centre_alerts(&c, &o);
        rc = ktg_alerts_run(&o, &call->err);
    }
    ktg_centre_done(&c);
    return rc;
}

static const struct ktg_example gateway_examples[] = {
    {"kentongan gateway", {"with ./kentongan.yaml", "dengan ./kentongan.yaml"}},
    {"kentongan gateway --set gateway.listen=tcp://127.0.0.1:7711",
     {"on another port", "di porta lain"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_gateway = {
    .path = "gateway",
    .summary = {"the station that agencies connect to", "stasiun tempat instansi menyambung"},
    .detail = {"Keys, limits and credit.  Holds nothing; may be killed at any time.",
               "Kunci, batas, dan kredit.  Tidak menyimpan apa pun; boleh dimatikan kapan saja."},
    .options = options,
    .examples = gateway_examples,
    .run = run_gateway,
};

static const struct ktg_example ingest_examples[] = {
    {"kentongan ingest", {"with ./kentongan.yaml", "dengan ./kentongan.yaml"}},
    {"kentongan ingest --set paths.data=/var/lib/kentongan",
     {"data elsewhere", "data di tempat lain"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_ingest = {
    .path = "ingest",
    .summary = {"the station that writes the event journal", "stasiun penulis jurnal kejadian"},
    .detail = {"Checks rights and sequence, appends, syncs, acknowledges.  Goes on with the rules "
               "of its journal;\n"
               "SIGHUP takes those of the folders.",
               "Memeriksa hak dan urutan, menulis, menyelaraskan, menerima.  Berjalan dengan "
               "aturan dalam\n"
               "jurnalnya; SIGHUP mengambil yang di folder."},
    .options = options,
    .examples = ingest_examples,
    .run = run_ingest,
};

static const struct ktg_example correlation_examples[] = {
    {"kentongan correlation", {"with ./kentongan.yaml", "dengan ./kentongan.yaml"}},
    {"kentongan correlation --set state.checkpoint_time=30s",
     {"a checkpoint every half minute", "titik periksa tiap setengah menit"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_correlation = {
    .path = "correlation",
    .summary = {"the station that answers the rules", "stasiun penjawab aturan"},
    .detail = {"Reads the event journal, keeps timelines, writes the findings journal.  Needs the "
               "event journal to be there.",
               "Membaca jurnal kejadian, menyimpan garis waktu, menulis jurnal temuan.  Jurnal "
               "kejadian harus sudah ada."},
    .options = options,
    .examples = correlation_examples,
    .run = run_correlation,
};

static const struct ktg_example alerts_examples[] = {
    {"kentongan alerts-station", {"with ./kentongan.yaml", "dengan ./kentongan.yaml"}},
    {"kentongan alerts-station --set alerts.window=64",
     {"fewer alerts in flight", "lebih sedikit peringatan di perjalanan"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_alerts_station = {
    .path = "alerts-station",
    .summary = {"the station that hands alerts to the agencies",
                "stasiun penyampai peringatan kepada instansi"},
    .detail = {"Cases, deliveries, officers' actions.  Needs both journals to be there.",
               "Kasus, penyampaian, tindakan petugas.  Kedua jurnal harus sudah ada."},
    .options = options,
    .examples = alerts_examples,
    .run = run_alerts,
};
