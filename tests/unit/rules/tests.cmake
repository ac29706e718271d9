# SPDX-License-Identifier: Apache-2.0
add_library(rules_story STATIC ${CMAKE_CURRENT_LIST_DIR}/story.c)
target_link_libraries(rules_story PUBLIC ktg_rules cmocka PRIVATE ktg_warnings)
foreach(what sequence deadline state wake)
  ktg_test(rules_${what} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${what}.c USES rules_story ktg_rules)
endforeach()
ktg_test(rules_ruleset SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_ruleset.c USES rules_story ktg_testing ktg_rules)
