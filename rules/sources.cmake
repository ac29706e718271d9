# SPDX-License-Identifier: Apache-2.0
# The language: files to rules, rules to answers.
ktg_room(rules SOURCES
         notes.c load.c level.c keys.c aggregate_keys.c phrase.c step.c strata.c scope.c compile.c traits.c traits_met.c judged.c reach.c lacks.c check.c text.c reference.c bundle.c ruleset.c
         answer.c resumed.c glance.c eval.c fields.c evidence.c needs.c explain.c called.c
         forms/form.c forms/sequence.c forms/deadline.c forms/state.c forms/count.c forms/score.c forms/together.c forms/occasion.c
         states/asof.c states/last.c states/first.c states/all.c states/count.c states/sum.c states/distinct.c states/open.c
         states/spans.c states/baseline.c states/match.c
         near.c near_forms.c survives.c recipients.c gravest.c rates.c estimate.c
         USES ktg_names ktg_cel ktg_schema ktg_yaml ktg_base)
