/* runtime/link/port.h - who listens on a port, for an error message.
 *
 * Best effort, from /proc: another user's process is seen only by root.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_PORT_H
#define KTG_RUNTIME_LINK_PORT_H

#include <stddef.h>
#include <stdint.h>

/* "pid 812 (kentongan)", or "an unknown process". */
void ktg_port_holder(uint16_t port, char *to, size_t size);

#endif
