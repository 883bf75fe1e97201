"""The demo's 先投后股: a project of last year whose money has become a share, alive today."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from desk import packs
from equity import actions
from equity.models import Deal
from grants.actions import close_call, publish_call
from grants.models import Call
from seeds.demo import outcome, paper, steps
from seeds.demo.stage import Stage

PACK = Path(__file__).with_name("equity.yaml")
BEGAN = -440
ROW = {
    "by": "firm",
    "title": "高通量海水营养盐原位分析模块产业化",
    "summary": "把实验室的微流控分析方法做成可以长期布放的模块，三年内形成批量供货能力。",
    "route": "先完成微流控芯片的一致性工艺，再做长期防污和低功耗，最后在浮标上连续运行一年。",
    "money": {"fiscal": 150, "own": 200},
    "months": 30,
}
TEXT = (
    "模块已小批量交付三家海洋监测单位，签订年度供货合同；完成甲轮融资后新增研发人员九名，启动第二代芯片流片。"
)


class Shares(Stage):
    def tell(self) -> None:
        """Agreed, triggered by a financing round, converted; the next report is due soon."""
        manager, leader = self.cast.people["manager"], self.cast.people["leader"]
        agreement = self._signed(self._call())
        deal = Deal.objects.get(agreement=agreement)
        trustee = self.cast.units["trust"]
        actions.settle(deal=deal, trustee=trustee, by=manager, at=self.clock(-358))
        actions.report_trigger(
            trigger=deal.triggers.get(kind="financing"),
            met_date=self.clock.day(-215),
            evidence="蓝海创投甲轮投资800万元，投资协议和到账凭证见附件。",
            file=_paper("甲轮投资协议.pdf"),
            by=self.cast.people["firm"],
            at=self.clock(-210),
        )
        actions.confirm_trigger(trigger=deal.triggers.get(kind="financing"), by=manager, at=self.clock(-205))
        deal.refresh_from_db()
        self._report(deal, 1, revenue=860, profit=-42, at=self.clock(-182))
        actions.record_valuation(
            deal=deal,
            as_of_date=self.clock.day(-198),
            post_money=Decimal(40_000_000),
            basis="round",
            note="按甲轮投后估值",
            file=_paper("估值报告.pdf"),
            by=self.cast.people["trust"],
            at=self.clock(-192),
        )
        actions.approve_conversion(
            deal=deal, percent=Decimal("3.75"), note="同意按甲轮价格转股。", by=leader, at=self.clock(-186)
        )
        actions.register(
            deal=deal,
            shares=Decimal(375_000),
            others=[
                ("沈知微", Decimal(5_200_000)),
                ("员工持股平台", Decimal(2_425_000)),
                ("蓝海创投", Decimal(2_000_000)),
            ],
            registered_date=self.clock.day(-171),
            file=_paper("变更登记通知书.pdf"),
            by=manager,
            at=self.clock(-170),
        )
        actions.restructure(
            deal=deal,
            shares=Decimal(375_000),
            others=[
                ("沈知微", Decimal(5_200_000)),
                ("员工持股平台", Decimal(2_425_000)),
                ("蓝海创投", Decimal(2_000_000)),
                ("深蓝产业基金", Decimal(1_250_000)),
            ],
            as_of_date=self.clock.day(-45),
            occasion="乙轮增资，深蓝产业基金投资 1500 万元",
            file=_paper("变更登记通知书（乙轮）.pdf"),
            by=self.cast.people["trust"],
            at=self.clock(-40),
        )

    def _call(self) -> Call:
        department = self.cast.units["transfer"]
        call = packs.load(PACK, today=self.clock.day(BEGAN), department=department).call
        publish_call(call=call, by=self.cast.people["manager"], at=call.opens_at - timedelta(hours=1))
        return call

    def _signed(self, call: Call):
        application = steps.write_application(
            call=call, row=ROW, cast=self.cast, at=self.clock(BEGAN + 3), starts=self.clock.day(-365)
        )
        steps.submit(application, at=self.clock(BEGAN + 5))
        close_call(call=call, by=self.cast.people["manager"], at=self.clock(BEGAN + 11))
        outcome.decide(application, cast=self.cast, at=self.clock(BEGAN + 20))
        publicity = outcome.publicise(call, [application], cast=self.cast, at=self.clock(BEGAN + 22, 9))
        over = (publicity.ends_date - self.clock.today).days + 1
        (agreement,) = outcome.close_publicity(publicity, at=self.clock(over, 0, 10))
        outcome.sign(
            agreement, cast=self.cast, unit_at=self.clock(over + 4), bureau_at=self.clock(over + 6, 15)
        )
        outcome.pay(agreement, 1, cast=self.cast, at=self.clock(over + 20))
        return agreement

    def _report(self, deal: Deal, number: int, *, revenue: int, profit: int, at) -> None:
        """`revenue` and `profit` in 万元."""
        report = deal.reports.get(number=number)
        report.deal = deal
        actions.submit_report(
            report=report,
            revenue=Decimal(revenue) * 10_000,
            profit=Decimal(profit) * 10_000,
            staff=44,
            text=TEXT,
            file=_paper("财务报表.pdf"),
            by=self.cast.people["firm"],
            at=at,
        )


def _paper(name: str):
    file = paper.file("Equity paper")
    file.name = name
    return file
