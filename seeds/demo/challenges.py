"""The demo's 揭榜: demands, the board, bids in every stage."""

from awards.models import Agreement, Outcome, Publicity
from grants.actions import close_call
from grants.models import Call, Topic
from reviews.actions import close_bids
from seeds.demo import outcome, steps
from seeds.demo.stage import Stage

LISTED_AFTER = 6
"""Days from posting a demand to its listing."""
BID_DAYS = 15


class Challenges(Stage):
    """`listed` is always the day on which the demand goes on the list, counted from today."""

    def earlier(self, call: Call) -> None:
        self.finished(call)
        self.instalment_due(call)
        self.overdue(call)
        self.to_sign(call)
        close_call(call=call, by=self.cast.people["manager"], at=self.clock(-50))

    def current(self, call: Call) -> None:
        self.in_publicity(call)
        self.to_choose(call)
        self.in_review(call)
        self.on_the_board(call)
        self.before_the_board(call)

    # ---- from the demand to the formal check ----

    def board(self, call: Call, key: str, *, listed: int) -> Topic:
        """A demand posted, argued and listed."""
        row = self.demands[key]
        demand = steps.write_demand(
            call=call, row=row, cast=self.cast, at=self.clock(listed - LISTED_AFTER, 9, 40)
        )
        steps.submit_demand(demand, at=self.clock(listed - LISTED_AFTER, 16, 5))
        steps.argue(demand, cast=self.cast, at=self.clock(listed - 2, 14))
        return steps.list_demand(demand, cast=self.cast, at=self.clock(listed, 9, 10))

    def bid(self, topic: Topic, key: str, *, written: int, starts: int):
        return steps.write_application(
            call=topic.call,
            topic=topic,
            row=self.bids[key],
            cast=self.cast,
            at=self.clock(written, 11, 20),
            starts=self.clock.day(starts),
        )

    def examined(self, topic: Topic, keys: list[str], *, listed: int, starts: int) -> list:
        """Bids handed in, bidding closed, the formal check passed."""
        bids = [self.bid(topic, key, written=listed + 9, starts=starts) for key in keys]
        for hour, bid in enumerate(bids, start=9):
            steps.submit(bid, at=self.clock(listed + 13, hour, 45))
        close_bids(topic=topic, by=None, at=self.clock(listed + BID_DAYS + 1, 0, 5))
        for bid in bids:
            steps.examine(bid, cast=self.cast, at=self.clock(listed + 18, 15))
        return bids

    # ---- from the experts to the agreement ----

    def judged(self, topic: Topic, keys: list[str], *, listed: int, starts: int) -> list:
        """The experts have scored; the bids wait for the demander's choice, the best first."""
        bids = self.examined(topic, keys, listed=listed, starts=starts)
        for place, bid in enumerate(bids):
            outcome.judge(
                bid,
                86 - 6 * place,
                cast=self.cast,
                invited=self.clock(listed + 19, 9, 30),
                scored=self.clock(listed + 27, 17),
            )
        return bids

    def publicised(self, call: Call, key: str, keys: list[str], *, listed: int, starts: int) -> Publicity:
        """The demander has chosen, the bureau has decided, the notice is out."""
        topic = self.board(call, key, listed=listed)
        bids = self.judged(topic, keys, listed=listed, starts=starts)
        outcome.choose(topic, bids[0], cast=self.cast, at=self.clock(listed + 32, 14))
        for place, bid in enumerate(bids):
            decided = Outcome.REJECT if place else Outcome.FUND
            outcome.decide(bid, cast=self.cast, at=self.clock(listed + 36, 16), outcome=decided)
        return outcome.publicise(call, bids[:1], cast=self.cast, at=self.clock(listed + 38, 9))

    def agreed(self, call: Call, key: str, bid: str, *, listed: int, starts: int, signed: bool) -> Agreement:
        publicity = self.publicised(call, key, [bid], listed=listed, starts=starts)
        over = (publicity.ends_date - self.clock.today).days + 1
        agreement = outcome.close_publicity(publicity, at=self.clock(over, 0, 10))[0]
        if signed:
            unit_at, bureau_at = self.clock(over + 3, 10), self.clock(over + 5, 15)
            outcome.sign(agreement, cast=self.cast, unit_at=unit_at, bureau_at=bureau_at)
        return agreement

    def reached(self, agreement: Agreement, code: str, *, days: int, spent: int) -> None:
        """A milestone handed in `days` from today, the demander's opinion and the acceptance after it."""
        report = outcome.hand_in(outcome.milestone_of(agreement, code), spent=spent, at=self.clock(days, 16))
        outcome.give_opinion(report, cast=self.cast, at=self.clock(days + 4, 11))
        outcome.accept_report(report, cast=self.cast, at=self.clock(days + 10, 15))

    # ---- the stories ----

    def finished(self, call: Call) -> None:
        """Both milestones accepted, both instalments paid."""
        agreement = self.agreed(call, "membrane", "membrane-marine", listed=-444, starts=-390, signed=True)
        self.reached(agreement, "m1", days=-272, spent=110)
        outcome.pay(agreement, 1, cast=self.cast, at=self.clock(-250, 10))
        self.reached(agreement, "m2", days=-92, spent=188)
        outcome.pay(agreement, 2, cast=self.cast, at=self.clock(-70, 10))

    def instalment_due(self, call: Call) -> None:
        """The first milestone is accepted, its instalment waits to be paid."""
        agreement = self.agreed(call, "plastics", "plastics-sensing", listed=-190, starts=-140, signed=True)
        self.reached(agreement, "m1", days=-19, spent=64)

    def overdue(self, call: Call) -> None:
        """Nothing was handed in when the first milestone was due."""
        self.agreed(call, "pump", "pump-instrument", listed=-185, starts=-135, signed=True)

    def to_sign(self, call: Call) -> None:
        """Awarded, the agreement waits for the unit's signature."""
        self.agreed(call, "detector", "detector-poly", listed=-70, starts=12, signed=False)

    def in_publicity(self, call: Call) -> None:
        """The notice is running; the bid that was not chosen is refused."""
        self.publicised(call, "acoustic", ["acoustic-ocean", "acoustic-marine"], listed=-40, starts=30)

    def to_choose(self, call: Call) -> None:
        topic = self.board(call, "vacuum", listed=-31)
        self.judged(topic, ["vacuum-instrument"], listed=-31, starts=30)

    def in_review(self, call: Call) -> None:
        """Experts at work: some have handed in, one has not answered."""
        topic = self.board(call, "nearinfrared", listed=-24)
        bids = self.examined(topic, ["nearinfrared-ocean", "nearinfrared-poly"], listed=-24, starts=45)
        for level, bid in zip((82, 77), bids, strict=True):
            first, second, _third = outcome.invite_panel(bid, cast=self.cast, at=self.clock(-5, 9))
            outcome.accept(first, at=self.clock(-5, 14))
            outcome.accept(second, at=self.clock(-4, 10))
            outcome.score(first, level, at=self.clock(-2, 20))

    def on_the_board(self, call: Call) -> None:
        """Three list items take bids: one with a draft and a bid, one masked, one with nothing yet."""
        ionsource = self.board(call, "ionsource", listed=-6)
        steps.submit(self.bid(ionsource, "ionsource-poly", written=-3, starts=40), at=self.clock(-1, 16))
        self.bid(ionsource, "ionsource-ocean", written=-2, starts=40)
        self.board(call, "pressure", listed=-3)
        self.board(call, "toc", listed=-1)

    def before_the_board(self, call: Call) -> None:
        """Demands waiting for the argumentation, argued, returned, and a draft."""
        brine = self.written(call, "brine", -9)
        steps.submit_demand(brine, at=self.clock(-8))
        steps.argue(brine, cast=self.cast, at=self.clock(-1, 15))
        buoy = self.written(call, "buoy", -6)
        steps.submit_demand(buoy, at=self.clock(-5))
        steps.return_demand(buoy, cast=self.cast, at=self.clock(-2, 11))
        steps.submit_demand(self.written(call, "waiting", -4), at=self.clock(-3))
        self.written(call, "leak", -1)

    def written(self, call: Call, key: str, day: int):
        return steps.write_demand(
            call=call, row=self.demands[key], cast=self.cast, at=self.clock(day, 10, 30)
        )
