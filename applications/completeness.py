"""What an application still lacks, part by part: each fault as (field, clause, sentence, section, name)."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from accounts.countries import HOME, validate_country
from accounts.identity import clean_credit_code, validate_credit_code, validate_id_number, validate_passport
from applications import queries, questions
from applications.models import Application, IdKind, ParticipantRole
from applications.questions.shown import visible_codes
from grants import person_roles
from grants.models import QuestionKind, RecommendedBy, Sourcing, StageKind
from grants.queries import stages_of, way_of_recommending

HUNDRED = Decimal(100)
MEGABYTE = 1_048_576
EARLIEST_BIRTH = date(1900, 1, 1)
FIXED_SECTIONS = ("basics", "participants", "budget", "milestones")


def faults_of(application: Application, seen: Mapping | None = None) -> list[tuple]:
    """Everything that is missing or wrong, in the order of the sections.

    `seen`: what conditions read (`eligibility.seen_of`), where the caller has it already.
    """
    return [
        *basics(application),
        *answers(application, seen),
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
    if application.project_type_id is None and queries.has_types(application):
        yield (_("项目类别"), "", _("必填。"), "basics", "project_type")
    if application.topic_id is None and application.call.sourcing == Sourcing.DEMAND:
        yield (_("榜单任务"), "", _("必填。"), "basics", "topic")
    elif application.topic_id is None and application.call.asks_topic:
        yield (_("指南方向"), application.call.number, _("请选择一个指南方向。"), "basics", "topic")
    yield from _recommender(application)
    if not queries.gives_money(application) or queries.has_budget(application.call):
        return
    if queries.amounts_by_grade(application.call):
        return
    if application.requested_amount <= 0:
        yield (_("申请财政资金"), application.call.cap_clause, _("必填。"), "basics", "requested_amount")


def _recommender(application):
    """Whoever recommends by name must be known before it is handed in."""
    way = way_of_recommending(application.call)
    if way not in (RecommendedBy.AUTHORITY, RecommendedBy.CHOSEN) or queries.is_recommended(application):
        return
    if queries.replaces_office(queries.ways_of(application)):
        # People nominate it: no office does.
        return
    stage = next(row for row in stages_of(application.call) if row.kind == StageKind.RECOMMENDATION)
    found = (_("推荐单位"), stage.clause)
    if way == RecommendedBy.AUTHORITY:
        if application.organisation.authority_id is None:
            sentence = _("由上级主管部门推荐，请单位管理员先在单位资料中登记。")
            yield (*found, sentence, "basics", "recommender")
        elif stage.authority_confirmed and (unsure := queries.unconfirmed_authority(application)):
            sentence = _("“%(unit)s”还没有确认是本单位的上级主管部门，确认后才能提交。") % {
                "unit": unsure.name
            }
            yield (*found, sentence, "basics", "recommender")
    elif application.recommender_id is None:
        yield (*found, _("必填。"), "basics", "recommender")
    elif not queries.recommenders_for(application).filter(pk=application.recommender_id).exists():
        yield (*found, _("不在本通知的推荐单位名单内，请重新选择。"), "basics", "recommender")


# ---- answers ----


def answers(application, seen=None):
    asked = queries.questions_of(application)
    stored = queries.stored_answers(application)
    conditional = any(questions.is_conditional(q) for q in asked)
    context = {}
    if conditional:
        wanted = queries.counted_in(questions.expressions_of(asked))
        context = seen or queries.context(application, wanted=wanted)
    for question, sentence in answer_faults(asked, stored, context):
        label = questions.localised(question, "label")
        yield (label, question.clause, sentence, question.section.code, question.code)
    yield from _too_much(application, asked, stored, context)
    yield from _named(application, asked, stored, context)


def _too_much(application, asked, stored, context):
    """All files together, where the notice limits them."""
    most = application.call.max_megabytes
    if most is None:
        return
    shown = visible_codes(asked, context)
    files = [q for q in asked if q.kind == QuestionKind.ATTACHMENT and q.code in shown and q.code in stored]
    used = sum(
        file.get("size") or 0 for question in files for file in questions.files_of(stored[question.code])
    )
    if used > most * MEGABYTE:
        sentence = _("一份申报书的附件合计不超过 %(most)s MB，现在是 %(used)s MB。") % {
            "most": most,
            "used": f"{used / MEGABYTE:.1f}",
        }
        last = files[-1]
        yield (_("附件总量"), application.call.number, sentence, last.section.code, last.code)


def _named(application, asked, stored, context):
    """Blind parts that say whose they are."""
    blind = [question for question in asked if question.section.is_blind and question.code in stored]
    if not blind:
        return
    shown, words = visible_codes(asked, context), queries.names_of(application)
    for question in blind:
        texts = queries.texts_of(question, stored[question.code])
        names = queries.named_in(texts, words) if question.code in shown else []
        if names:
            sentence = _("匿名部分不得出现人员和单位的名称：%(names)s。") % {"names": "、".join(names)}
            label = questions.localised(question, "label")
            yield (label, question.clause, sentence, question.section.code, question.code)


def answer_faults(asked, stored: dict, context: dict):
    """(question, sentence) for every question of a form that is shown: what is missing, unreadable, or
    against a condition of the notice. Serves applications and reports alike."""
    shown = visible_codes(asked, context)
    for question in asked:
        if question.code not in shown:
            continue
        answer = stored.get(question.code)
        sentences = questions.faults(question, answer) or questions.missing(question, answer, context)
        sentences = sentences or questions.judged(question, answer, context)
        for sentence in sentences:
            yield question, sentence


# ---- people ----


def person_faults(person: dict, *, strict=True, team: str = "") -> list[tuple[str, str]]:
    """(field, sentence) about one person; not strict: only what is wrong, not what is missing.

    `team`: the name of the team that leads, whose people have no credit code.
    """
    found = []
    country, is_passport = person.get("country") or HOME, person.get("id_kind") == IdKind.PASSPORT
    if strict:
        needed = {"name": _("姓名"), "organisation_name": _("单位名称")}
        if country == HOME and not (team and person.get("organisation_name") == team):
            needed["credit_code"] = _("统一社会信用代码")
        found += [
            (name, _("请填写%(label)s。") % {"label": label})
            for name, label in needed.items()
            if not person.get(name)
        ]
        if is_passport and person.get("id_number") and not person.get("id_country"):
            found.append(("id_country", _("请选择护照或通行证的签发国家或地区。")))
    if country != HOME and person.get("credit_code"):
        found.append(("credit_code", _("境外单位没有统一社会信用代码，请留空，或改选中国内地。")))
    checks = {
        "country": validate_country,
        "credit_code": validate_credit_code,
        "id_number": validate_passport if is_passport else validate_id_number,
        "id_country": validate_country,
    }
    for name, check in checks.items():
        if name not in dict(found) and person.get(name):
            try:
                check(person[name])
            except ValidationError as error:
                found.append((name, error.messages[0]))
    months = person.get("months_per_year")
    if months is not None and not 0 < months <= 12:
        found.append(("months_per_year", _("每年投入应在 0 到 12 个月之间。")))
    number, born = person.get("id_number"), person.get("birth_date")
    told = number and not is_passport and "id_number" not in dict(found)
    if told and born and ric.get_birth_date(number) != born:
        found.append(("birth_date", _("出生日期与身份证号不一致。")))
    elif born and not EARLIEST_BIRTH <= born < timezone.localdate():
        found.append(("birth_date", _("出生日期应在 1900 年以后、今天以前。")))
    return found


def written_person(person: dict) -> dict:
    """Codes in their written form; the birth date follows from the ID number when it was left out.

    Who says nothing of a country or a kind of paper means the mainland and its ID card; a passport of which
    nobody says who issued it is one of the country of the unit abroad.
    """
    person = dict(person)
    for name in ("credit_code", "id_number"):
        person[name] = clean_credit_code(person.get(name) or "")
    person["country"] = person.get("country") or HOME
    person["id_kind"] = person.get("id_kind") or IdKind.ID_CARD
    is_passport = person["id_kind"] == IdKind.PASSPORT and person["id_number"]
    of_unit = person["country"] if person["country"] != HOME else ""
    person["id_country"] = (person.get("id_country") or of_unit) if is_passport else ""
    is_card = person["id_kind"] == IdKind.ID_CARD and len(person["id_number"]) == 18
    if is_card and not person.get("birth_date"):
        try:
            person["birth_date"] = ric.get_birth_date(person["id_number"])
        except InvalidComponent:
            person["birth_date"] = None
    return person


PERSON_FIELDS = (
    "role",
    "position",
    "name",
    "id_kind",
    "id_number",
    "id_country",
    "birth_date",
    "title",
    "organisation_name",
    "country",
    "credit_code",
    "months_per_year",
    "task",
)


def participants(application):
    if not application.call.asks_participants:
        return
    yield from _unsaved(application, "participants")
    people = list(application.participants.values(*PERSON_FIELDS))
    if not any(person["role"] == ParticipantRole.PI for person in people):
        yield (_("项目负责人"), "", _("请填写一名项目负责人。"), "participants", "participants")
    lead = application.organisation
    for index, person in enumerate(people):
        for name, sentence in person_faults(person, team=lead.name if lead.is_team else ""):
            who = person["name"] or _("第 %(number)s 人") % {"number": index + 1}
            yield (who, "", sentence, "participants", f"participants-{index}-{name}")
    yield from role_faults(application, people)


def role_faults(application, people):
    """Everybody has a role of the notice's own, and there are as many of each as it says."""
    roles = person_roles.roles_of(application.call)
    counts = Counter(person["position"] for person in people)
    for index, person in enumerate(people if roles else ()):
        if not person["position"]:
            who = person["name"] or _("第 %(number)s 人") % {"number": index + 1}
            yield (who, "", _("请选择角色。"), "participants", f"participants-{index}-role")
    for role in roles:
        has = counts[role.code]
        if has < role.least or (role.most is not None and has > role.most):
            sentence = _("应有%(number)s，现在是 %(has)s 人。") % {"number": role.number, "has": has}
            yield (role.label, role.clause, sentence, "participants", "participants")


# ---- money ----


def budget(application):
    if not queries.has_budget(application.call):
        return
    yield from _unsaved(application, "budget")
    if application.requested_amount + application.own_amount <= 0:
        yield (_("经费预算"), "", _("请填写经费预算。"), "budget", "budget")
    call = application.call
    lines = queries.budget_lines(application) if call.is_budget_by_year or call.is_budget_by_unit else []
    if call.is_budget_by_year:
        period = queries.years_of_period(application)
        for year in sorted({line.year for line in lines} - set(period)):
            sentence = _("%(year)s 年不在执行期内，请调整该年度的预算或起止日期。") % {"year": year}
            yield (_("经费预算"), "", sentence, "budget", "budget")
    if call.is_budget_by_unit:
        units = queries.partner_units(application)
        for code in sorted({line.unit for line in lines} - set(units)):
            sentence = _("单位 %(code)s 不在参与人员的单位中，请调整该单位的预算。") % {"code": code}
            yield (_("经费预算"), "", sentence, "budget", "budget")


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
    if not application.call.asks_milestones:
        return
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
