"""What an application still lacks, part by part: each fault as (field, clause, sentence, section, name)."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from accounts.identity import clean_credit_code, validate_credit_code, validate_id_number
from applications import queries, questions
from applications.models import Application, ParticipantRole
from core import expressions
from grants.models import Sourcing

HUNDRED = Decimal(100)
FIXED_SECTIONS = ("basics", "participants", "budget", "milestones")


def faults_of(application: Application) -> list[tuple]:
    """Everything that is missing or wrong, in the order of the sections."""
    return [
        *basics(application),
        *answers(application),
        *participants(application),
        *budget(application),
        *milestones(application),
    ]


def _unsaved(application, section):
    """A part whose typed text could not be stored yet is not finished."""
    if application.typed.get(section):
        yield (_("未保存的内容"), "", _("有内容填写有误，还没有生效，请改正后保存。"), section, section)


def basics(application):
    yield from _unsaved(application, "basics")
    for name in ("title", "starts_date", "ends_date"):
        if not getattr(application, name):
            label = str(Application._meta.get_field(name).verbose_name)
            yield (label, "", _("必填。"), "basics", name)
    if application.topic_id is None and application.call.sourcing == Sourcing.DEMAND:
        yield (_("榜单任务"), "", _("必填。"), "basics", "topic")
    if not _has_budget(application) and application.requested_amount <= 0:
        yield (_("申请财政资金"), application.call.cap_clause, _("必填。"), "basics", "requested_amount")


def _has_budget(application) -> bool:
    return application.call.funding_sources.exists()


# ---- answers ----


def visible_codes(application, all_questions, context) -> set[str]:
    """Questions that are shown: those without a condition and those whose condition holds.

    A condition on something not answered yet does not hold; one that is broken hides nothing.
    """
    shown = set()
    for question in all_questions:
        if not question.visible_when.strip():
            shown.add(question.code)
            continue
        try:
            holds = expressions.compile(question.visible_when).holds(context, rule=question.code)
        except expressions.MissingData:
            holds = False
        except expressions.ExpressionError:
            holds = True
        if holds:
            shown.add(question.code)
    return shown


def answers(application):
    all_questions = queries.questions_of(application)
    stored = queries.stored_answers(application)
    conditional = any(question.visible_when.strip() for question in all_questions)
    context = queries.context(application) if conditional else {}
    shown = visible_codes(application, all_questions, context)
    for question in all_questions:
        if question.code not in shown:
            continue
        for sentence in questions.faults(question, stored.get(question.code)):
            label = questions.localised(question, "label")
            yield (label, question.clause, sentence, question.section.code, question.code)


# ---- people ----


def person_faults(person: dict, *, strict=True) -> list[tuple[str, str]]:
    """(field, sentence) about one person; not strict: only what is wrong, not what is missing."""
    found = []
    if strict:
        needed = {"name": _("姓名"), "organisation_name": _("单位名称"), "credit_code": _("统一社会信用代码")}
        found += [
            (name, _("请填写%(label)s。") % {"label": label})
            for name, label in needed.items()
            if not person.get(name)
        ]
    for name, check in (("credit_code", validate_credit_code), ("id_number", validate_id_number)):
        if person.get(name):
            try:
                check(person[name])
            except ValidationError as error:
                found.append((name, error.messages[0]))
    months = person.get("months_per_year")
    if months is not None and not 0 < months <= 12:
        found.append(("months_per_year", _("每年投入应在 0 到 12 个月之间。")))
    number, born = person.get("id_number"), person.get("birth_date")
    if number and born and "id_number" not in dict(found) and ric.get_birth_date(number) != born:
        found.append(("birth_date", _("出生日期与身份证号不一致。")))
    return found


def written_person(person: dict) -> dict:
    """Codes in their written form; the birth date follows from the ID number when it was left out."""
    person = dict(person)
    for name in ("credit_code", "id_number"):
        person[name] = clean_credit_code(person.get(name) or "")
    if len(person["id_number"]) == 18 and not person.get("birth_date"):
        try:
            person["birth_date"] = ric.get_birth_date(person["id_number"])
        except InvalidComponent:
            person["birth_date"] = None
    return person


PERSON_FIELDS = (
    "role",
    "name",
    "id_number",
    "birth_date",
    "title",
    "organisation_name",
    "credit_code",
    "months_per_year",
    "task",
)


def participants(application):
    yield from _unsaved(application, "participants")
    people = list(application.participants.values(*PERSON_FIELDS))
    if not any(person["role"] == ParticipantRole.PI for person in people):
        yield (_("项目负责人"), "", _("请填写一名项目负责人。"), "participants", "participants")
    for index, person in enumerate(people):
        for name, sentence in person_faults(person):
            who = person["name"] or _("第 %(number)s 人") % {"number": index + 1}
            yield (who, "", sentence, "participants", f"people-{index}-{name}")


# ---- money ----


def budget(application):
    yield from _unsaved(application, "budget")
    if _has_budget(application) and application.requested_amount + application.own_amount <= 0:
        yield (_("经费预算"), "", _("请填写经费预算。"), "budget", "budget")


# ---- milestones ----


def milestone_faults(milestone: dict, starts, ends) -> list[tuple[str, str]]:
    """(field, sentence) about one proposed milestone."""
    found = []
    if not milestone.get("name"):
        found.append(("name", _("请填写里程碑名称。")))
    if not milestone.get("deliverable"):
        found.append(("deliverable", _("请填写交付物。")))
    due = milestone.get("due_date")
    if due and starts and ends and not starts <= due <= ends:
        found.append(
            (
                "due_date",
                _("计划日期应在执行期 %(starts)s 至 %(ends)s 之内。") % {"starts": starts, "ends": ends},
            )
        )
    return found


def milestones(application):
    yield from _unsaved(application, "milestones")
    planned = list(application.proposed_milestones.values("name", "deliverable", "due_date", "share"))
    for index, milestone in enumerate(planned):
        for name, sentence in milestone_faults(milestone, application.starts_date, application.ends_date):
            label = milestone["name"] or _("第 %(number)s 个里程碑") % {"number": index + 1}
            yield (label, "", sentence, "milestones", f"milestones-{index}-{name}")
    total = sum((milestone["share"] for milestone in planned), Decimal(0))
    if planned and total != HUNDRED:
        yield (
            _("拨款比例"),
            "",
            _("各里程碑的拨款比例合计应为 100 %%，现在是 %(total)s %%。")
            % {"total": f"{total.normalize():f}"},
            "milestones",
            "milestones",
        )
