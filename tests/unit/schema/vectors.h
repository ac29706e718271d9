/* tests/unit/schema/vectors.h - the shipped catalogue and the vector files, for tests.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_SCHEMA_VECTORS_H
#define KTG_TESTS_UNIT_SCHEMA_VECTORS_H

#include <jansson.h>

#include "schema/catalogue.h"
#include "schema/files.h"

/* The shipped catalogue; ends the test when it does not load. */
struct ktg_catalogue *vectors_catalogue(void);
json_t *vectors_load(const char *name); /* tests/vectors/NAME */
const char *vectors_text(json_t *row, const char *key);

#endif
