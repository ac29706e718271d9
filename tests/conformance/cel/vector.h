/* tests/conformance/cel/vector.h - one test of CEL's public conformance suite, put to our compiler and evaluator.
 *
 *     {expr, bindings, value | evalError | typedResult} ──translated──> scope, env, text ──compile──eval──> outcome
 *
 * Translated are the values and types that the subset has; `dyn(x)`, which gives x and forgets its type, becomes
 * `{'v': x}.v`, which does the same here.  What has no translation counts as refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_CEL_VECTOR_H
#define KTG_TESTS_CEL_VECTOR_H

#include <jansson.h>

#include "rules/cel/cel.h"

enum outcome {
    SAME,  /* the value (or the type) that is wanted; an error is wanted and the value is ABSENT */
    EARLY, /* an error is wanted and the text is refused when it is loaded */
    REFUSED, /* a value is wanted and the text is refused when it is loaded */
    OTHER,   /* another value, or none, or a value where an error is wanted */
};

/* `say` (300 bytes) takes what came of it, for people. */
enum outcome vector_run(const json_t *test, char say[static 300]);

#endif
