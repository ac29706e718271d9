/* tests/fuzz/rules/made.h - events of every type of the shipped catalogue, made from its fields.
 *
 * Few different values for each kind of field, so that keys meet: the same documents, places, codes and days come again.
 * Always the same ones.  Their values are synthetic (issuer UTO, numbers that begin with P).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_FUZZ_RULES_MADE_H
#define KTG_TESTS_FUZZ_RULES_MADE_H

#include "schema/catalogue.h"

#define MADE_PER_TYPE 8

/* Canonical blobs, MADE_PER_TYPE for each type, in order of types; kept until the end.  Aborts where one does not decode. */
const struct ktg_bytes *made_events(const struct ktg_catalogue *c);

#endif
