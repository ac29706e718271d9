/* tests/unit/producers/agent/fake_gateway.h - a centre in a few lines: it takes events as ingest does, and goes wrong as told.
 *
 * It remembers across connections what a real centre has on disk: epoch, last number, ids.  What it "loses" with a
 * connection are only words: welcomes, acknowledgements.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_PRODUCERS_AGENT_FAKE_GATEWAY_H
#define KTG_TESTS_UNIT_PRODUCERS_AGENT_FAKE_GATEWAY_H

#include "producers/agent/agent.h"
#include "schema/protocol.h"

enum { CENTRE_MOST = 20000 };

struct taken {
    uint8_t id[16];
    uint64_t number; /* of the test's event, out of its bytes */
    bool rejected;
};

struct centre {
    struct ktg_link *link;
    ktg_peer peer;
    /* on its disk */
    uint64_t epoch, last;
    struct taken journal[CENTRE_MOST]; /* position = index + 1 */
    size_t count;
    struct taken last_of_seq[CENTRE_MOST]; /* this epoch: seq - 1 */
    /* the session */
    uint64_t session, sessions;
    /* what goes wrong */
    int cut_after;         /* kick the peer after so many messages of a connection; 0: never */
    bool cut_before_take;  /* the message that is the last is not taken */
    uint64_t reject_every; /* events whose number is a multiple; 0: none */
    bool reason_first;     /* NACK before ACK */
    bool echo_acks;        /* every ACK twice, and an old one in between */
    bool mute;             /* takes, but says nothing */
    int retries;           /* answer so many PUBLISH with NACK retry */
    bool deny;             /* answer HELLO with BYE denied */
    uint64_t credit;       /* events; 0: 1000 */
    /* what it saw */
    size_t messages, publishes, hellos, heartbeats, byes, duplicates, biggest, gaps, fenced, pings;
    uint64_t in_flight_most;
    ktg_time last_until;
    char last_source[64];
    char sources[256];
    int messages_here; /* of this connection */
    bool welcomed;     /* this connection has said HELLO */
    size_t early;      /* messages before that */
};

int centre_open(struct centre *c, struct ktg_context *context, const char *endpoint);
void centre_close(struct centre *c);
/* How often event `number` is in the journal. */
int centre_holds(const struct centre *c, uint64_t number);

/* A canonical event: UTO specimen number `n`, of `source`, at n * 1000 ms. */
void make_event(uint64_t n, const char *source, struct ktg_buf *to);

#endif
