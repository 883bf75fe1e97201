"""Projects for tests: an award with its agreement, milestones and instalments, made by the receivers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import BankAccount
from accounts.roles import Role, UnitRole
from accounts.states import AccountState
from applications.models import Application, ProposedMilestone, TeamMember
from applications.states import ApplicationState
from awards import notifications, signals
from awards.models import Agreement, Award
from awards.states import AgreementState
from finance import money_clocks
from finance.models import Condition, InstalmentTemplate
from grants.models import Replacement, SanctionTerm
from milestones import actions
from milestones.models import Milestone, MilestoneTemplate, Report
from tests.factories.accounts import BankAccountFactory, OrganisationFactory, member_of, officer
from tests.factories.grants import in_order
from tests.factories.reviews import ApplicationFactory, CallFactory, TopicFactory, publish

ACCOUNT = "6222021001123456789"
AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
TEMPLATES = (
    {"code": "prototype", "name": "样机", "offset_months": 6, "clause": "第十一条"},
    {
        "code": "final",
        "name": "验收",
        "offset_months": 18,
        "clause": "第十二条",
        "needs_demander_opinion": True,
    },
)
PLAN = (
    {"name": "首笔", "share": Decimal(60), "condition": Condition.SIGNED, "clause": "第十三条"},
    {
        "name": "尾款",
        "share": Decimal(40),
        "condition": Condition.MILESTONE,
        "milestone_code": "final",
        "clause": "第十四条",
    },
)
ANNUAL = {"code": "annual", "name": "年度报告", "kind": "annual", "month_day": "12-20"}
PROPOSED = (
    {
        "name": "样机",
        "due_date": date(2027, 3, 31),
        "deliverable": "样机一台",
        "indicators": [{"name": "灵敏度", "unit": "dB", "target": "≥ -170"}],
    },
    {"name": "验收", "due_date": date(2028, 3, 31), "deliverable": "验收报告"},
)
PARTIES = {
    "team",
    "unit_admin",
    "unit_finance",
    "demander",
    "manager",
    "leader",
    "finance",
    "auditor",
    "district",
}
"""Of `people_of`, those who see a project."""
PEOPLE = sorted(
    PARTIES | {"colleague", "other_manager", "expert", "other_district", "stranger", "other_admin"}
)
_numbers = iter(range(1, 100_000))


def project_call(*, templates=TEMPLATES, plan=PLAN, sanctions=(), replaced_by=(), **kwargs):
    """A published call with milestone templates and a payment plan."""
    call = CallFactory(**kwargs)
    in_order(SanctionTerm, sanctions, call=call)
    in_order(Replacement, replaced_by, call=call)
    in_order(MilestoneTemplate, templates, call=call, deliverable="按通知")
    in_order(InstalmentTemplate, plan, call=call)
    return publish(call)


def awarded_application(*, call=None, owner=None, proposed=PROPOSED, **kwargs) -> Application:
    """An application in the state 签订任务书 with the milestones it proposed."""
    call = call or project_call()
    topic = TopicFactory(call=call, owner=owner) if owner else None
    application = ApplicationFactory(call=call, topic=topic, reached=ApplicationState.DRAFT, **kwargs)
    ProposedMilestone.objects.filter(application=application).delete()
    in_order(ProposedMilestone, proposed, application=application)
    Application.objects.filter(pk=application.pk).update(
        state=ApplicationState.AGREEMENT,
        version=1,
        number=f"P{application.pk:06d}",
        submitted_by=application.created_by,
        submitted_at=application.created_at,
    )
    application.refresh_from_db()
    return application


def draft_agreement(*, application=None, amount=Decimal(500_000), at=AT, **kwargs) -> Agreement:
    """A draft agreement; its milestones and instalments are there."""
    application = application or awarded_application(**kwargs)
    award = Award.objects.create(
        application=application,
        number=f"青科揭榜-{next(_numbers):05d}",
        amount=amount,
        awarded_by=None,
        awarded_at=at,
    )
    agreement = Agreement.objects.create(
        award=award, starts_date=application.starts_date, ends_date=application.ends_date
    )
    signals.agreement_prepared.send(sender=Agreement, agreement=agreement, by=None, at=at)
    return agreement


def agreement(*, at=AT, **kwargs) -> Agreement:
    """An agreement in force."""
    agreement = draft_agreement(at=at, **kwargs)
    signer = agreement.award.application.created_by
    Agreement.objects.filter(pk=agreement.pk).update(
        state=AgreementState.IN_FORCE,
        unit_signed_by=signer,
        unit_signed_at=at,
        bureau_signed_by=signer,
        bureau_signed_at=at,
    )
    agreement.refresh_from_db()
    notifications.in_force(agreement, by=None, at=at)
    signals.agreement_in_force.send(sender=Agreement, agreement=agreement, by=None, at=at)
    return agreement


def payee(agreement: Agreement, number=ACCOUNT) -> BankAccount:
    """The account of the project's unit, which finance has confirmed."""
    unit = agreement.award.application.organisation
    found = BankAccount.objects.filter(organisation=unit, number=number).first()
    if found is None:
        checked = {"state": AccountState.CONFIRMED, "checked_by": officer(Role.FINANCE), "checked_at": AT}
        found = BankAccountFactory(organisation=unit, number=number, **checked)
        money_clocks.account_followed(unit, by=None, at=AT)
    return found


def milestone_of(agreement: Agreement, code="prototype") -> Milestone:
    return Milestone.objects.get(agreement=agreement, code=code)


class People(dict):
    """Everybody around a project by name; each comes into being when first asked for."""

    def __init__(self, makers):
        super().__init__()
        self.makers = makers

    def __missing__(self, name):
        self[name] = self.makers[name]()
        return self[name]

    def all(self) -> dict:
        """Everybody at once, for tests in which who else is there matters."""
        return {name: self[name] for name in self.makers}


def people_of(agreement: Agreement) -> People:
    """One of everybody around a project, and strangers."""
    application = agreement.award.application
    unit, department = application.organisation, application.call.programme.department
    owner = application.topic.owner if application.topic else None
    other = cache(lambda: OrganisationFactory(region="370203"))
    return People(
        {
            "team": lambda: application.created_by,
            "unit_admin": lambda: member_of(unit, UnitRole.ADMIN),
            "unit_finance": lambda: member_of(unit, UnitRole.FINANCE),
            "colleague": lambda: member_of(unit),
            "demander": lambda: member_of(owner or OrganisationFactory()),
            "manager": lambda: officer(organisation=department),
            "other_manager": lambda: officer(organisation=OrganisationFactory()),
            "leader": lambda: officer(Role.LEADER),
            "finance": lambda: officer(Role.FINANCE),
            "auditor": lambda: officer(Role.AUDITOR),
            "expert": lambda: officer(Role.EXPERT),
            "district": lambda: officer(Role.RECOMMENDER, region=unit.region),
            "other_district": lambda: officer(Role.RECOMMENDER, region="370203"),
            "stranger": lambda: member_of(other()),
            "other_admin": lambda: member_of(other(), UnitRole.ADMIN),
        }
    )


def join_team(application, user):
    TeamMember.objects.create(application=application, user=user)


def evidence(name="报告.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(
        name, b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n", "application/pdf"
    )


def hand_in(milestone: Milestone, *, by=None, at=AT, **kwargs) -> Report:
    values = {str(indicator.pk): "-168" for indicator in milestone.indicators.all()}
    return actions.hand_in(
        milestone=milestone,
        **{
            "text": "样机完成，海试三次。",
            "values": values,
            "spent_amount": Decimal(200_000),
            "files": [evidence()],
            **kwargs,
        },
        by=by or milestone.agreement.award.application.created_by,
        at=at,
    )
