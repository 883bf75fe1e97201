"""The demo's 备案平台: one that must be evaluated again, one before its district, one that does well."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.roles import UnitRole
from core import calendar
from facilities import actions, queries
from facilities.models import AnnualEvaluation, Facility, Window
from facilities.states import EvaluationState
from grants.actions import close_call
from grants.models import Call
from seeds.demo.cast import read
from seeds.demo.stage import Stage
from seeds.demo.steps import WAN

TOLD = timedelta(days=20)
"""Between the end of the newest window's publicity and today: then there is time for what follows."""
LATEST = timedelta(days=300)
"""A grade took effect at most so long ago, so that the time to rectify is not over."""
REPORT = {
    "value_converted": "2",
    "value_contracts": "320",
    "value_satisfied": "95",
    "value_staff": "14",
    "summary": "平台全年对外开放，设备共享机时较上年增加两成；建立了成果遴选例会和中试排期制度。",
    "problems": "中试环节排队较长，下一年增加一条中试线。",
    "green": "yes",
}

OPINIONS = {True: "服务规范，转化成效好。", False: "数据期内案例过少，中试和转化没有实绩。"}


class Platforms(Stage):
    def earlier(self, call: Call) -> None:
        """Filed by an earlier notice; their last years are told from its windows."""
        close_call(call=call, by=self.cast.people["manager"], at=self.clock(-900))
        for row in read("platforms.yaml")["platforms"]:
            self.tell(row, self.file(row, call))

    def file(self, row: dict, call: Call) -> Facility:
        at = self.clock(row["filed"])
        services = [service["code"] for service in queries.scheme_of(call).services]
        return actions.file_facility(
            call=call,
            organisation=self.cast.units[row["unit"]],
            name=row["name"],
            number=row["number"],
            services=services,
            by=None,
            at=at,
        )

    def tell(self, row: dict, facility: Facility) -> None:
        newest, count = self.newest_year(facility), len(row["scores"])
        for back, score in zip(range(count, 0, -1), row["scores"], strict=True):
            window = queries.scheme_of(facility.call).window(newest - back + 1)
            served = [case for case in row["cases"] if case.get("window") == back]
            self.serve(facility, served, first=window.data_to - timedelta(days=60 + 20 * len(served)))
            self.evaluate(facility, newest - back + 1, window, Decimal(str(score)), is_newest=back == 1)
        for case in row["cases"]:
            if "days" in case:
                self.serve(facility, [case], first=self.clock.day(-case["days"]))
        if row["again"]:
            self.ask_again(facility, row["again"])

    def newest_year(self, facility: Facility) -> int:
        """The latest year whose publicity is over since TOLD."""
        scheme = queries.scheme_of(facility.call)
        year = self.clock.today.year
        while self.over(scheme.window(year)) > self.clock.now - TOLD:
            year -= 1
        return year

    def over(self, window: Window) -> datetime:
        """Ten working days leave room for a holiday behind the window."""
        return calendar.end_of_day(calendar.add_days(calendar.local_date(window.closes_at), 12))

    def member(self, facility: Facility):
        rows = facility.organisation.memberships.filter(is_active=True)
        found = rows.filter(role=UnitRole.MEMBER).first() or rows.first()
        return found.user if found else None

    def district(self, facility: Facility):
        region = facility.organisation.region
        return next(
            (
                user
                for user in self.cast.people.values()
                if any(region.startswith(own) for own in user.scope.regions)
            ),
            None,
        )

    def serve(self, facility: Facility, cases: list[dict], *, first) -> None:
        for number, case in enumerate(cases):
            day = first + timedelta(days=20 * number)
            actions.add_case(
                facility=facility,
                client=case["client"],
                result=case["result"],
                service=case["service"],
                trl_before=case["trl"][0],
                trl_after=case["trl"][1],
                served_date=day,
                fee=Decimal(str(case["fee"])) * WAN,
                follow_on=case["then"],
                by=self.member(facility),
                at=min(calendar.end_of_day(day), self.clock.now),
            )

    def evaluate(self, facility, year: int, window: Window, score: Decimal, *, is_newest: bool) -> None:
        by, closes = self.cast.people["manager"], window.closes_at
        actions.open_year(call=facility.call, year=year, by=by, at=window.opens_at - timedelta(days=30))
        evaluation = AnnualEvaluation.objects.get(facility=facility, year=year, round=1)
        self.report(evaluation, at=closes - timedelta(hours=3))
        self.check(evaluation, at=closes + timedelta(days=1))
        opinion = (
            "服务规范，转化成效好。"
            if score >= evaluation.pass_mark
            else "数据期内案例过少，中试和转化没有实绩。"
        )
        at = closes + timedelta(days=2)
        actions.score(evaluation=evaluation, score=score, opinion=opinion, by=by, at=at)
        actions.publish(evaluation=evaluation, by=by, at=at)
        over = self.over(window)
        at = max(over, self.clock.now - LATEST) if is_newest else over
        actions.conclude(evaluation=evaluation, by=by, at=at)
        if evaluation.has_passed:
            paid = calendar.local_date(at)
            actions.mark_paid(evaluation=evaluation, amount=80 * WAN, paid_date=paid, by=by, at=at)

    def report(self, evaluation: AnnualEvaluation, *, at: datetime) -> None:
        by = self.member(evaluation.facility)
        actions.save_report(evaluation=evaluation, report=REPORT, by=by, at=at)
        actions.submit_report(evaluation=evaluation, by=by, at=at)

    def check(self, evaluation: AnnualEvaluation, *, at: datetime) -> None:
        by = self.district(evaluation.facility)
        opinion = "近一年无安全、环保事故，能耗符合要求。"
        actions.check_green(evaluation=evaluation, is_green=True, opinion=opinion, by=by, at=at)

    def ask_again(self, facility: Facility, state: str) -> None:
        by = self.member(facility)
        evaluation = actions.ask_again(facility=facility, by=by, at=self.clock(-5, 9))
        begun = {"value_converted": "1", "summary": "整改情况：新增中试线一条，引入技术经理人 2 名。"}
        if state == EvaluationState.DISTRICT_CHECK:
            self.report(evaluation, at=self.clock(-1, 11))
        else:
            actions.save_report(evaluation=evaluation, report=begun, by=by, at=self.clock(-2, 15))
