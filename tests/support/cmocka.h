/* tests/support/cmocka.h - cmocka with the headers that it wants, in its order.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_SUPPORT_CMOCKA_H
#define KTG_TESTS_SUPPORT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

#endif
