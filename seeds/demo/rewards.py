"""The demo's 标志性科技成果奖励: claims decided invoice by invoice, last year's and this year's."""

from datetime import date, datetime
from decimal import Decimal

from applications import actions as applications
from applications.actions import Verdict
from applications.models import Application, StepOutcome
from grants.actions import close_call
from grants.models import Call
from seeds.demo import outcome, steps, writing
from seeds.demo.stage import Stage

SLUG = "landmark-reward"
TWICE = "26372000000000118203"
"""An invoice of last year's claim that stands again in one of this year's."""
SHARED = "26372000000000220417"
"""One that two firms claim this year."""
ACCEPTED = Verdict("accepted")
ROWS = {
    "columns": [
        ("26372000000000118201", "琴岛港口环境监测站", 3, 186),
        (TWICE, "济水大学", 6, 142),
        ("26372000000000118215", "东海仪器仪表研究所", 11, 96),
    ],
    "spectrum": [
        ("26372000000000330051", "琴岛海洋大学", 2, 210),
        (TWICE, "济水大学", 6, 142),
        ("26372000000000330077", "琴岛润泽环境监测有限公司", 9, 88),
    ],
    "source": [
        ("26372000000000220409", "琴岛水务集团", 4, 120),
        (SHARED, "山海海洋装备研究院", 7, 154),
    ],
    "sonde": [
        (SHARED, "山海海洋装备研究院", 7, 154),
        ("26372000000000410036", "琴岛水文中心", 10, 66),
    ],
}
"""Invoice, buyer, month, 万元."""
TITLES = {
    "columns": "首台（套）全自动离子色谱流路控制器",
    "spectrum": "首台（套）宽量程痕量气体光谱仪",
    "source": "首台（套）高分辨质谱电喷雾离子源",
    "sonde": "首台（套）多参数剖面观测探头",
}


class Rewards(Stage):
    def earlier(self, call: Call) -> None:
        """One claim, a row reduced and a row refused; the money was decided and published."""
        claim = self.checked(call, "columns", by="shence", day=-405)
        close_call(call=call, by=self.cast.people["manager"], at=self.clock(-378))
        verdicts = [
            ACCEPTED,
            Verdict("reduced", "合同含两年运维服务，服务部分不计入销售额。", Decimal(900_000)),
            Verdict("refused", "发票已经红冲。"),
        ]
        claim = self.judged(claim, verdicts, at=self.clock(-374, 15))
        amount = claim.amount
        self.credit_checked(claim.application, at=self.clock(-373, 10))
        outcome.decide(claim.application, cast=self.cast, at=self.clock(-366, 10), amount=amount)
        publicity = outcome.publicise(call, [claim.application], cast=self.cast, at=self.clock(-363, 9))
        over = (publicity.ends_date - self.clock.today).days + 1
        for agreement in outcome.close_publicity(publicity, at=self.clock(over, 0, 10)):
            outcome.pay(agreement, 1, cast=self.cast, at=self.clock(over + 12, 10))

    def current(self, call: Call) -> None:
        """One claim not looked at yet, one half decided, one whose rows wait for the decision."""
        self.recommended(call, "sonde", by="firm", day=-7)
        begun = self.recommended(call, "spectrum", by="shence", day=-8)
        self.judged(begun, [ACCEPTED], at=self.clock(-1, 16))
        whole = self.checked(call, "source", by="demander", day=-8)
        refused = Verdict("refused", "开票方与申领单位不一致。")
        self.judged(whole, [ACCEPTED, refused], at=self.clock(-1, 17))
        self.credit_checked(whole, at=self.clock(0, 9))

    def recommended(self, call: Call, key: str, *, by: str, day: int) -> Application:
        """Written, approved by the unit and recommended: at the formal check."""
        user, unit = self.cast.people[by], self.cast.units[self.cast.details[by]["unit"]]
        who = {"by": user, "at": self.clock(day, 10)}
        kind = call.types.get(code="first_set")
        application = applications.start(call=call, organisation=unit, project_type=kind, **who)
        sales = sum(amount for *_invoice, amount in ROWS[key])
        applications.update_basics(
            application=application,
            title=TITLES[key],
            summary="首台（套）装备首年销售奖励。",
            starts_date=date(call.year - 1, 1, 1),
            ends_date=date(call.year - 1, 12, 31),
            requested_amount=Decimal(sales) * writing.WAN / 10,
            **who,
        )
        faults = applications.save_answers(
            application=application,
            answers=writing.answers(application, self.given(call, key, unit, by)),
            **who,
        )
        if faults:
            raise AssertionError(f"{key}: {faults}")
        writing.attach(application, optional=False, **who)
        steps.submit(application, at=self.clock(day, 16))
        steps.unit_approves(application, cast=self.cast, at=self.clock(day + 1, 9))
        steps.recommend(application, cast=self.cast, at=self.clock(day + 3, 14))
        return application

    def given(self, call: Call, key: str, unit, by: str) -> dict:
        year, person = call.year - 1, self.cast.person(by, "pi")
        rows = [
            {"invoice": number, "buyer": buyer, "date": f"{year}-{month:02}-18", "amount": str(amount)}
            for number, buyer, month, amount in ROWS[key]
        ]
        return {
            "sales": rows,
            "result_name": TITLES[key],
            "certificate_number": f"SDSTB-{year}-{unit.pk:04}",
            "published": f"{year}-01-15",
            "authority": "省工业和信息化厅",
            "field": "8",
            "contact": {name: person[name] for name in ("name", "id_number", "title")},
            "funded_by": [],
            "link": "https://example.gov.cn/first-sets",
            "people_share": "50",
            "rewarded_elsewhere": False,
        }

    def checked(self, call: Call, key: str, *, by: str, day: int) -> Application:
        application = self.recommended(call, key, by=by, day=day)
        steps.examine(application, cast=self.cast, at=self.clock(day + 5, 11))
        application.refresh_from_db()
        return application

    def judged(self, application: Application, verdicts: list[Verdict], *, at: datetime):
        return applications.judge_claim(
            application=application,
            verdicts=dict(enumerate(verdicts, start=1)),
            by=self.cast.people["manager"],
            at=at,
        )

    def credit_checked(self, application: Application, *, at: datetime) -> None:
        applications.conclude_step(
            application=application,
            outcome=StepOutcome.PASS,
            held_date=at.date(),
            opinion="与公布名录一致，未查到其他财政奖励。",
            by=self.cast.people["manager"],
            at=at,
        )
