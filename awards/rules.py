"""Who may decide, publish, object, resolve and sign, and within which limits."""

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.identity import validate_phone
from accounts.models import Organisation
from accounts.roles import Role
from applications import eligibility, quotas
from applications.models import Application, RuleStatus
from applications.rules import allowed, check_papers_came, check_team_registered
from applications.states import ApplicationState
from awards import limits, queries
from awards.models import Agreement, Objection, Publicity
from awards.states import AgreementState, ObjectionState, PublicityState
from core import calendar
from core.workflow import Lost, Refused
from grants.models import AwardGrade, Call, PaperAfter, StageKind
from grants.rules import check_manages
from notifications.models import Deadline, DeadlineKind
from reviews import queries as reviews

MIN_TEXT = 10
"""Characters: an objection must say what is wrong."""

ANONYMOUS = ("匿名", "无名", "佚名", "anonymous", "群众", "某某")


def check_reason(text: str, *, field: str) -> None:
    if not text.strip():
        raise Refused(_("请写明理由。"), field=field)


# ---- the decision ----


def check_decides(by, call: Call) -> None:
    """Leaders decide for every department, managers for their own."""
    if by is not None and by.has_role(Role.LEADER):
        return
    check_manages(by, call)


def check_can_decide(by, application: Application) -> None:
    check_decides(by, application.call)
    if queries.final_decision(application):
        raise Lost(_("这个项目已经作出决定，请刷新后再看。"), code="lost")
    if application.state not in (ApplicationState.DECISION, ApplicationState.RESERVED):
        raise Refused(
            _("申报书现在是“%(state)s”，还不能决定。") % {"state": application.get_state_display()},
            code="not_allowed",
        )


def can_decide(by, application: Application) -> bool:
    return allowed(check_can_decide, by, application)


def check_fundable(application: Application, amount: Decimal, *, grade: AwardGrade | None = None) -> None:
    """Score, choice of the demand side, and every limit of the amount. Raises Refused with the clause."""
    if queries.has_stage(application.call, StageKind.EXPERT_REVIEW):
        result = reviews.result(application)
        if result.is_below_threshold:
            raise Refused(
                _("评审得分 %(total)s，低于入围分数 %(threshold)s，不能立项。")
                % {"total": result.total, "threshold": result.threshold},
                field="outcome",
                clause=reviews.scheme_of(application.call).clause,
            )
    check_papers_came(application, PaperAfter.CHECK)
    check_choice(application)
    limits.check_amount(application, amount, is_fixed=grade is not None and grade.amount is not None)


def check_conditions(application: Application) -> None:
    """Clauses that others' awards may have changed since it was handed in. Raises Refused with the clause.

    Two decisions about one person or unit come one after the other where the notice counts.
    """
    if any(rule.at_decision for rule in application.call.rules.all()):
        quotas.hold_counted(application)
    for line in eligibility.at_decision(application):
        if line.status == RuleStatus.FAILED:
            raise Refused(line.hint or line.text, field="outcome", clause=line.clause, code="rule")


def check_choice(application: Application) -> None:
    """The demand side's choice is a veto: no other bid is funded, unless the one chosen has fallen away."""
    choice = queries.choices_of([application]).get(application.topic_id)
    if choice is None or choice.application_id == application.pk:
        return
    fell_away = (ApplicationState.REJECTED, ApplicationState.WITHDRAWN)
    if choice.application is None or choice.application.state not in fell_away:
        raise Refused(_("发榜方没有选定这份揭榜书，不能立项。"), field="outcome", code="not_chosen")


# ---- the notice ----


def check_can_publicise(by, call: Call, applications: list[Application], *, starts: date, at) -> None:
    check_manages(by, call)
    if not applications:
        raise Refused(_("请至少选择一个拟立项的项目。"), field="applications")
    if starts < calendar.local_date(at):
        raise Refused(_("公示不能从过去的日期开始。"), field="starts_date")
    ready = set(queries.publishable(call).values_list("pk", flat=True))
    for application in applications:
        if application.pk not in ready:
            raise Refused(
                _("“%(title)s”没有拟立项决定，或已经公示。") % {"title": application},
                field="applications",
                code="not_allowed",
            )


def can_manage_call(by, call: Call) -> bool:
    return allowed(check_manages, by, call)


def can_manage(by, publicity: Publicity) -> bool:
    return can_manage_call(by, publicity.call)


def check_can_close(by, publicity: Publicity, *, at: datetime) -> None:
    check_manages(by, publicity.call)
    if queries.open_objections(publicity).exists():
        raise Refused(_("还有异议没有处理，公示不能结束。"), code="objections")
    if at <= calendar.end_of_day(publicity.ends_date):
        raise Refused(
            _("公示到 %(date)s（含）为止，期满后才能结束。") % {"date": publicity.ends_date},
            field="ends_date",
        )


def can_close(by, publicity: Publicity) -> bool:
    return publicity.state == PublicityState.RUNNING and can_manage(by, publicity)


# ---- objections ----


def check_in_period(publicity: Publicity, *, at: datetime) -> None:
    """Objections are heard from the first to the last moment of the notice. Raises Refused."""
    if publicity.state == PublicityState.CLOSED:
        raise Refused(_("公示已经结束，不再受理异议。"), code="late")
    if calendar.local_date(at) < publicity.starts_date:
        raise Refused(_("公示 %(date)s 才开始。") % {"date": publicity.starts_date}, code="early")
    if at > calendar.end_of_day(publicity.ends_date):
        raise Refused(
            _("公示已于 %(date)s 期满，逾期提出的异议不予受理。") % {"date": publicity.ends_date}, code="late"
        )


def accepts_objections(publicity: Publicity, *, at: datetime) -> bool:
    return allowed(check_in_period, publicity, at=at)


def check_objector(name: str, phone: str, text: str) -> None:
    """A real name, a number to call back, facts. Raises Refused naming the field."""
    written = "".join(name.split()).lower()
    letters = [letter for letter in written if unicodedata.category(letter).startswith("L")]
    if len(letters) < 2 or any(word in written for word in ANONYMOUS):
        raise Refused(_("异议应实名提出：请写真实姓名或单位名称，匿名异议不予受理。"), field="name")
    try:
        validate_phone(phone)
    except ValidationError as error:
        raise Refused(error.messages[0], field="phone") from None
    if len("".join(text.split())) < MIN_TEXT:
        raise Refused(_("请写明事实与理由，不少于 %(n)s 个字。") % {"n": MIN_TEXT}, field="text")


def check_resolves(by, objection: Objection) -> None:
    if by is not None and by.has_role(Role.SUPERVISION):
        return
    check_manages(by, objection.publicity.call)


def check_can_resolve(by, objection: Objection) -> None:
    check_resolves(by, objection)
    if objection.state != ObjectionState.FILED:
        raise Lost(_("这条异议已经处理。"), code="lost")


def can_resolve(by, objection: Objection) -> bool:
    return allowed(check_can_resolve, by, objection)


def check_items(objection: Objection, items: Iterable) -> None:
    """An objection that is upheld names lines of its own notice."""
    items = list(items)
    if not items:
        raise Refused(_("异议成立的，请选择撤下的项目。"), field="items")
    if any(item.publicity_id != objection.publicity_id for item in items):
        raise Refused(_("所选项目不在这份公示中。"), field="items")


# ---- agreements ----


def signs_for_unit(user, agreement: Agreement) -> bool:
    return user is not None and agreement.award.application.organisation_id in user.scope.admin_units


def check_signs_for_unit(by, agreement: Agreement) -> None:
    if not signs_for_unit(by, agreement):
        unit: Organisation = agreement.award.application.organisation
        raise Refused(_("只有“%(unit)s”的单位管理员可以这样做。") % {"unit": unit.name})


def _check_state(agreement: Agreement, to: str) -> None:
    if not Agreement.machine.allows(agreement.state, to):
        raise Refused(
            _("任务书现在是“%(state)s”，不能这样做。") % {"state": agreement.get_state_display()},
            code="not_allowed",
        )


def check_can_sign_for_unit(by, agreement: Agreement) -> None:
    check_signs_for_unit(by, agreement)
    _check_state(agreement, AgreementState.UNIT_SIGNED)
    check_team_registered(agreement.award.application)


def can_sign_for_unit(by, agreement: Agreement) -> bool:
    return allowed(check_can_sign_for_unit, by, agreement)


def check_can_forgo(by, agreement: Agreement) -> None:
    check_signs_for_unit(by, agreement)
    _check_state(agreement, AgreementState.FORGONE)


def can_forgo(by, agreement: Agreement) -> bool:
    return allowed(check_can_forgo, by, agreement)


def check_can_sign_for_bureau(by, agreement: Agreement) -> None:
    check_manages(by, agreement.award.application.call)
    _check_state(agreement, AgreementState.IN_FORCE)
    if agreement.state != AgreementState.UNIT_SIGNED:
        raise Refused(_("承担单位还没有签订。"), code="not_allowed")
    check_papers_came(agreement.award.application, PaperAfter.AWARD)


def can_sign_for_bureau(by, agreement: Agreement) -> bool:
    return allowed(check_can_sign_for_bureau, by, agreement)


def check_can_correct(by, agreement: Agreement) -> None:
    """Dates and own money may be set right until the unit signs."""
    check_manages(by, agreement.award.application.call)
    if agreement.state != AgreementState.DRAFT:
        raise Refused(_("任务书已经签订，条款不能再改。"), code="not_allowed")


def can_correct(by, agreement: Agreement) -> bool:
    return allowed(check_can_correct, by, agreement)


def check_can_send_back(by, agreement: Agreement) -> None:
    check_manages(by, agreement.award.application.call)
    if agreement.state != AgreementState.UNIT_SIGNED:
        raise Refused(_("承担单位还没有签订。"), code="not_allowed")


def can_send_back(by, agreement: Agreement) -> bool:
    return allowed(check_can_send_back, by, agreement)


def signing_due(agreement: Agreement) -> datetime:
    """The last moment for the unit's signature: as its deadline says, else as the call does."""
    clock = Deadline.objects.open().filter(
        content_type=ContentType.objects.get_for_model(Agreement),
        object_id=agreement.pk,
        kind=DeadlineKind.AGREEMENT_SIGNING,
    )
    if due_at := clock.values_list("due_at", flat=True).first():
        return due_at
    return queries.signing_until(agreement.award.application.call, agreement.award.awarded_at)


def check_can_lapse(by, agreement: Agreement, *, at: datetime) -> None:
    """Once the time to sign is over a manager may take the award as given up."""
    check_can_withdraw(by, agreement)
    call = agreement.award.application.call
    due = signing_due(agreement)
    if at <= due:
        raise Refused(
            _("签订期限到 %(date)s 为止，期满未签订的才视为放弃。") % {"date": calendar.local_date(due)},
            clause=call.signing_clause,
        )


def check_can_withdraw(by, agreement: Agreement) -> None:
    """A manager may end an award that nobody has signed."""
    check_manages(by, agreement.award.application.call)
    _check_state(agreement, AgreementState.FORGONE)


def can_manage_agreement(by, agreement: Agreement) -> bool:
    """Whether a manager has anything to do before the unit signs."""
    return agreement.state == AgreementState.DRAFT and allowed(
        check_manages, by, agreement.award.application.call
    )


def check_agreement_ended(application: Application) -> None:
    """An application with an agreement ends by way of the agreement, never beside it."""
    live = Agreement.objects.filter(award__application=application).exclude(state=AgreementState.FORGONE)
    if live.exists():
        raise Refused(_("这个项目已有任务书：请在任务书上办理放弃。"), code="not_allowed")
