/* tests/unit/rules/cel/id.c - stands in for schema/id.c where that is not there yet.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "schema/event.h"

void ktg_id_format(const uint8_t id[static KTG_ID_SIZE], char to[static KTG_ID_TEXT])
{
    snprintf(to, KTG_ID_TEXT, "%02x%02x%02x00-0000-0000-0000-000000000000", id[0], id[1], id[2]);
}
