"""The demo's 园区培育: a finished window with running projects, and one that is open now."""

from django.core.files.base import ContentFile

from applications import actions as applications
from applications.models import Application
from awards.models import Outcome
from grants.actions import close_call
from grants.models import Call
from seeds.demo import outcome, paper, steps
from seeds.demo.stage import Stage


class Parks(Stage):
    def earlier(self, call: Call) -> None:
        """Two projects run, one was refused; the window closed long ago."""
        chromatography, robots, sonar = [
            self.at_formal_check(call, key, day=-400, starts=-320)
            for key in ("chromatography", "robot-platform", "sonar")
        ]
        close_call(call=call, by=self.cast.people["manager"], at=self.clock(-370))
        for application, level in ((chromatography, 88), (robots, 84), (sonar, 55)):
            steps.examine(application, cast=self.cast, at=self.clock(-366, 15))
            outcome.judge(
                application,
                level,
                cast=self.cast,
                invited=self.clock(-364, 9),
                scored=self.clock(-354, 16),
            )
        outcome.decide(sonar, cast=self.cast, at=self.clock(-346, 10), outcome=Outcome.REJECT)
        for application in (chromatography, robots):
            outcome.decide(application, cast=self.cast, at=self.clock(-346, 10))
        publicity = outcome.publicise(call, [chromatography, robots], cast=self.cast, at=self.clock(-343, 9))
        over = (publicity.ends_date - self.clock.today).days + 1
        agreements = outcome.close_publicity(publicity, at=self.clock(over, 0, 10))
        for agreement in agreements:
            unit_at, bureau_at = self.clock(over + 4, 10), self.clock(over + 6, 15)
            outcome.sign(agreement, cast=self.cast, unit_at=unit_at, bureau_at=bureau_at)
            outcome.pay(agreement, 1, cast=self.cast, at=self.clock(over + 20, 10))
        waiting = next(row for row in agreements if row.award.application_id == robots.pk)
        outcome.take_back(
            next(row for row in agreements if row.award.application_id == chromatography.pk),
            cast=self.cast,
            demanded_at=self.clock(-40, 10),
            received_at=self.clock(-12, 15),
            due_date=self.clock.day(20),
        )
        outcome.hand_in(outcome.milestone_of(waiting, "m1"), spent=640, at=self.clock(-3, 17))

    def current(self, call: Call) -> None:
        """The open window: one application at each desk."""
        self.written(call, "observation", day=-12)
        self.written(call, "detector", day=-5)
        self.at_unit(call, "metrology", day=-6)
        self.at_recommender(call, "turbo", day=-8)
        self.returned(call, "array", day=-10)
        self.at_formal_check(call, "manipulator", day=-14)
        self.appealed(call, "spectrometer", day=-14)

    def appealed(self, call: Call, key: str, *, day: int) -> None:
        """Turned down at the formal check; the unit asks for another officer's look (复审)."""
        application = self.at_formal_check(call, key, day=day)
        applications.reject(
            application=application,
            reason="自筹资金承诺函未加盖公章，视为材料不全。",
            clause="第五条",
            by=self.cast.people["manager"],
            at=self.clock(day + 9, 11),
        )
        applications.appeal(
            application=application,
            grounds="承诺函原件第二页盖有公章，扫描时漏了这一页。现补交完整扫描件，请复核。",
            files=[ContentFile(paper.pdf("Letter of commitment"), name="自筹资金承诺函（完整）.pdf")],
            by=application.created_by,
            at=self.clock(day + 11, 9, 40),
        )

    def written(self, call: Call, key: str, *, day: int, starts: int = 90) -> Application:
        return steps.write_application(
            call=call,
            row=self.park[key],
            cast=self.cast,
            at=self.clock(day, 10, 15),
            starts=self.clock.day(starts),
        )

    def at_unit(self, call: Call, key: str, *, day: int, starts: int = 90) -> Application:
        application = self.written(call, key, day=day, starts=starts)
        steps.submit(application, at=self.clock(day + 4, 16, 30))
        return application

    def at_recommender(self, call: Call, key: str, *, day: int, starts: int = 90) -> Application:
        application = self.at_unit(call, key, day=day, starts=starts)
        steps.unit_approves(application, cast=self.cast, at=self.clock(day + 5, 9, 30))
        return application

    def returned(self, call: Call, key: str, *, day: int) -> None:
        application = self.at_recommender(call, key, day=day)
        applications.recommender_return(
            application=application,
            reason="自筹资金来源证明不足，考核指标缺少现有水平。",
            items=["补充自筹资金承诺", "补充指标现有水平"],
            by=steps.recommender_of(application, self.cast),
            at=self.clock(day + 8, 15),
        )

    def at_formal_check(self, call: Call, key: str, *, day: int, starts: int = 90) -> Application:
        application = self.at_recommender(call, key, day=day, starts=starts)
        steps.recommend(application, cast=self.cast, at=self.clock(day + 8, 14, 20))
        return application
