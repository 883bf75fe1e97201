"""Every pack of `seeds/programmes` from loading to a passed formal check, and every rule of it broken once.

A pack `seeds/programmes/<slug>.yaml` needs one module `cases/<slug with underscores>.py` with a list `CASES`.
A case (`world.Case`) says what the generator cannot know and how each rule is broken:

    from tests.desk.packs.breaks import answer, budget, fact, lasts, lead, record, team, unit
    from tests.desk.packs.world import Case, Person

    CASES = [
        Case(
            unit={"registered_date": date(2012, 4, 1)},    # fields of Organisation
            facts={"high_tech": True, "park": "蓝湾", "rd_spend": 9_000_000, "revenue": {2025: 3_000_000}},
            people=[Person(months=8), Person(unit={"kind": "university"})],   # the first leads the project
            answers={"trl_end": "8"},                        # as typed (money in 万元)
            money={"fiscal": 300, "own": 400},               # 万元 per source, over all categories
            months=24,
            breaks={
                "registered": unit(registered_date=date(2099, 1, 2)),
                "certificate": fact("high_tech", None),
                "indirect": budget({("indirect", "fiscal"): 100, ("operations", "own"): 200}),
                "call-cap": budget(fiscal="500.000001", own=600),
            },
            holds=[budget(fiscal=500, own=500)],             # at the limit: still every rule is kept
        )
    ]

A value may be a function of the call (`unit`, fields of a person's unit) or of the world (`answers`):
`lambda call: date(call.year - 2, 12, 31)`. Figures by year
count from the call's: `{"revenue": {-1: 3_000_000}}`.
`generate` answers every question by its kind and limits; where that fails, name the answer in `answers`.
A pack with project types gets one case per type (`type="key"`); with topics the first one is taken unless
`topic="number"` says otherwise. `amount=50` (万元) stands in for `money` where the call asks for no budget.

`test_packs` asks, for every pack:
- it reads, checks, loads, publishes, and writes out what it read;
- each case is handed in without a rule saying no, and passes every step up to and including the formal check;
- **no rule is forgotten**: every automatic rule, every money rule, the cap ("call-cap"), the ratio
  ("own-ratio"), the topic's amount ("topic-amount") and each category closed to public money
  ("no-fiscal-<code>") is in `breaks` of a case; a rule of a project type in a case of that type;
- a break makes exactly that line say no and **changes no other line**. Where another line moves too and
  rightly so (one more partner also asks for an agreement), say so: `also("cooperation", team(…))`.

- each quota lets in as many as it says, and no more.

`test_packs_to_award` takes each case on through every step of its call to a signed agreement.

The names for breaks are in `breaks`; any function that takes a `World` will do. The demand side of a call for
demands stands in `demander`, `demander_facts` and `demand_breaks` ({rule code: changes of
those, or of what the `demand` says}).
"""
