"""Who may review, recommend, examine and decide, and when; rows of claims."""

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from applications import queries, quotas
from applications.models import Application, RuleResult, RuleStatus, SimilarityReport, StepOutcome
from applications.questions import localised
from applications.rules.comparing import check_similarity
from applications.rules.managing import check_manages
from applications.states import OFFICE, ApplicationState
from core.calendar import local_date
from core.workflow import Lost, Refused
from grants.models import EligibilityRule, PaperSender, Severity
from grants.queries import moments_of

MOST_COPIES = 999
LONGEST = 40
"""Characters of a clause that a refusal quotes."""
MARKS = (RuleStatus.PASSED, RuleStatus.FAILED, RuleStatus.NOT_APPLICABLE)
"""What an officer can make of a line."""


def _in_state(application, state):
    if application.state != state:
        raise Lost(
            _("申报书现在是“%(now)s”，不在“%(wanted)s”环节。")
            % {"now": application.get_state_display(), "wanted": ApplicationState(state).label},
            code="state",
        )


def check_can_review_for_unit(by, application: Application, *, at=None) -> None:
    if by is not None and application.organisation_id not in by.scope.admin_units:
        raise Refused(_("只有本单位的管理员可以审核。"))
    _in_state(application, ApplicationState.UNIT_REVIEW)


def _in_time(application, until, what: str, *, at) -> None:
    if until is not None and at > until and application.version == 1:
        raise Refused(
            _("%(what)s已于 %(time)s 截止，逾期不予受理。")
            % {"what": what, "time": queries.local_moment(until)},
            clause=application.call.number,
            code="late",
        )


def check_can_approve(by, application: Application, *, at) -> None:
    """Units pass on until their own closing moment; what was returned later has its own clock."""
    check_can_review_for_unit(by, application)
    now = moments_of(application.call, application.intake)
    _in_time(application, now.unit_closes_at, _("单位审核"), at=at)


def check_can_recommend(by, application: Application) -> None:
    """Its recommender, and an office whose word on it is waited for (会同)."""
    if by is None or queries.joint_for(by, application) is None:
        check_decides_recommendation(by, application)
    _in_state(application, ApplicationState.RECOMMENDATION)


def check_decides_recommendation(by, application: Application) -> None:
    """The recommender itself: offices that join it send back or agree, and nothing else. Raises Refused."""
    if by is not None and queries.office_for(by, application) is None:
        if application.recommender_id:
            raise Refused(_("只有“%(unit)s”的人员可以处理。") % {"unit": application.recommender.name})
        raise Refused(_("只有申报单位所在区域的推荐单位可以处理。"))


def check_can_choose_recommender(application: Application, recommender) -> None:
    """One of those the notice names, until one has recommended. Raises Refused."""
    if recommender == application.recommender:
        return
    if recommender is not None and recommender not in queries.recommenders_for(application):
        raise Refused(
            _("“%(unit)s”不在本通知的推荐单位名单内。") % {"unit": recommender}, field="recommender"
        )
    if queries.is_recommended(application):
        raise Refused(
            _("“%(unit)s”已经推荐，不能再换推荐单位。") % {"unit": application.recommender},
            field="recommender",
        )


def check_can_send_back(by, application: Application, *, at) -> None:
    """After their own closing moment recommenders change nothing any more."""
    check_can_recommend(by, application)
    now = moments_of(application.call, application.intake)
    _in_time(application, now.recommender_closes_at, _("推荐"), at=at)


def check_can_pass_on(by, application: Application, *, at, ahead=()) -> None:
    """Recommenders pass applications on until their own closing moment and within their quota.

    `ahead`: those that would be passed on before this one.
    """
    check_can_send_back(by, application, at=at)
    if by is not None and queries.joint_for(by, application):
        return
    if awaited := queries.joint_awaited(application):
        raise Refused(
            _("还在等待会同部门：%(lines)s。")
            % {"lines": _("、").join(f"{row.line}（{row.organisation}）" for row in awaited)},
            clause=awaited[0].clause,
            code="joint",
        )
    quotas.check_recommender(application, ahead=ahead)


def check_can_receive_papers(by, application: Application) -> None:
    """Where the notice wants copies on paper: the bureau, or the office to which they go. Raises Refused."""
    call = application.call
    if call.paper_copies is None:
        raise Refused(_("本通知不要求报送纸质材料。"), code="not_asked")
    if not (call.paper_at_recommender and by is not None and queries.office_for(by, application)):
        check_manages(by, application)
    if application.state in queries.NO_PAPERS_IN:
        raise Refused(
            _("申报书现在是“%(state)s”，提交之后才能登记纸质材料。")
            % {"state": application.get_state_display()},
            code="state",
        )
    check_papers_asked(application)
    if call.paper_sender == PaperSender.RECOMMENDER and not queries.is_sent_by_recommender(application):
        raise Refused(
            _("纸质材料由推荐单位报送，推荐单位还没有推荐这一项，不能登记。"),
            clause=call.paper_clause,
            code="not_yet",
        )


def check_papers_asked(application: Application) -> None:
    """They are wanted of this one, by now. Raises Refused."""
    call = application.call
    if queries.papers_let_off(application):
        raise Refused(_("本项不属于须报送纸质材料的范围。"), clause=call.paper_clause, code="not_asked")
    if not queries.papers_asked_yet(application):
        raise Refused(
            _("本通知的纸质材料在%(after)s报送，现在还不用登记。")
            % {"after": call.get_paper_after_display()},
            clause=call.paper_clause,
            code="not_yet",
        )


def check_can_excuse_papers(by, application: Application) -> None:
    """Copies that are wanted by now and have not all come; in the check its own line is marked."""
    check_manages(by, application)
    if application.call.paper_copies is None or application.state in queries.NO_PAPERS_IN:
        raise Refused(_("这一项没有等待报送的纸质材料。"), code="not_asked")
    check_papers_asked(application)
    if queries.papers_settled(application):
        raise Refused(_("这一项没有等待报送的纸质材料。"), code="not_asked")


def check_papers_came(application: Application, after: str) -> None:
    """What is wanted on paper behind the check, or the award, keeps the next act waiting. Raises Refused."""
    call = application.call
    if call.paper_copies is None or call.paper_after != after or call.paper_warns:
        return
    if queries.papers_settled(application):
        return
    papers = queries.papers_of(application)
    raise Refused(
        _("纸质材料应在%(after)s报送 %(asked)s 份，按时收到 %(copies)s 份，还不能继续。")
        % {"after": call.get_paper_after_display(), "asked": papers.asked, "copies": papers.in_time},
        field="papers",
        clause=call.paper_clause,
        code="papers",
    )


def check_paper_kind(application: Application, kind) -> None:
    """Where kinds are counted apart every receipt names one of them. Raises Refused."""
    kinds = list(application.call.paper_kinds.all())
    if kind is None and kinds:
        raise Refused(_("请选择收到的是哪种材料。"), field="kind", clause=application.call.paper_clause)
    if kind is not None and kind not in kinds:
        raise Refused(_("通知没有要求这种材料。"), field="kind")


def check_papers(application: Application, copies: int, received_date, posted_date, *, at) -> None:
    """Raises Refused naming the field: how many, which days."""
    if not 1 <= copies <= MOST_COPIES:
        raise Refused(_("份数应为 1 至 %(most)s。") % {"most": MOST_COPIES}, field="copies")
    if received_date > local_date(at):
        raise Refused(_("收到日期不能在今天之后。"), field="received_date")
    if posted_date and posted_date > received_date:
        raise Refused(_("寄出日期不能在收到日期之后。"), field="posted_date")
    if application.call.paper_by_postmark and posted_date is None:
        raise Refused(
            _("本通知以寄出邮戳为准，请填写寄出日期；当面送达的填写收到日期。"),
            field="posted_date",
            clause=application.call.paper_clause,
        )


def check_can_examine(by, application: Application) -> None:
    check_manages(by, application)
    _in_state(application, ApplicationState.FORMAL_CHECK)


def check_can_pass(
    by,
    application: Application,
    *,
    lines: list[RuleResult] | None = None,
    reports: dict[int, SimilarityReport] | None = None,
) -> None:
    """Every line must be settled; the sentence names those that are not.

    `lines`, and `reports` on duplicates by application: read already, for many.
    """
    check_can_examine(by, application)
    open_lines = queries.unresolved(application, lines)
    failed = [line.rule for line in open_lines if line.final_status == RuleStatus.FAILED]
    if failed:
        raise Refused(
            _("%(lines)s不符合，不能通过形式审查。") % {"lines": _named(failed)},
            field="rules",
        )
    if open_lines:
        rules = [line.rule for line in open_lines]
        raise Refused(_("%(lines)s还没有审查结论。") % {"lines": _named(rules)}, field="rules")
    reports = queries.reports_of([application]) if reports is None else reports
    check_similarity(application, reports.get(application.pk))


def _named(rules: list[EligibilityRule]) -> str:
    """The clause and the beginning of the text of each."""
    return _("、").join(
        _("“%(text)s”（%(clause)s）")
        % {"text": Truncator(localised(rule, "text")).chars(LONGEST), "clause": rule.clause}
        for rule in rules
    )


def check_can_conclude(by, application: Application, outcome: str, opinion: str) -> None:
    """A step of the bureau (现场考察, 论证会 …): a manager records its one conclusion, with reasons."""
    check_manages(by, application)
    if application.state not in OFFICE:
        raise Lost(
            _("申报书现在是“%(state)s”，没有要记录的结论。") % {"state": application.get_state_display()},
            code="state",
        )
    if outcome not in StepOutcome.values:
        raise Refused(_("结论只能是通过或不通过。"), field="outcome")
    if not opinion.strip():
        raise Refused(_("请写明意见。"), field="opinion")
    if application.state == ApplicationState.CREDIT_CHECK and outcome == StepOutcome.PASS:
        check_similarity(application, queries.report_of(application))


def check_can_reject(by, application: Application) -> None:
    check_manages(by, application)
    if not application.machine.allows(application.state, ApplicationState.REJECTED):
        raise Refused(_("申报书现在是“%(state)s”，不能退出。") % {"state": application.get_state_display()})


def check_reason(reason: str, *, field="reason") -> None:
    if not reason.strip():
        asked = _("请写明意见，申请人会看到。") if field == "opinion" else _("请写明理由，申请人会看到。")
        raise Refused(asked, field=field)


def check_mark(result, status: str, note: str) -> None:
    if status not in MARKS:
        raise Refused(_("审查结论只能是符合、不符合或不适用。"), field="status", clause=result.rule.clause)
    if status == RuleStatus.FAILED and not note.strip():
        raise Refused(_("认定不符合时须写明理由。"), field="note", clause=result.rule.clause)
    if status == RuleStatus.FAILED and result.rule.severity == Severity.PREFERENCE:
        raise Refused(
            _("优先条件没有“不符合”：不具备的记为不适用。"), field="status", clause=result.rule.clause
        )
    overrides = status != result.status and result.status in (RuleStatus.PASSED, RuleStatus.FAILED)
    if overrides and not note.strip():
        raise Refused(_("推翻机器判断时须写明理由。"), field="note", clause=result.rule.clause)


JUDGING = frozenset({ApplicationState.FORMAL_CHECK, ApplicationState.DECISION}) | OFFICE
"""Steps in which the rows of a claim are decided: all that the bureau does up to the decision."""


def check_can_judge_claim(user, application: Application) -> None:
    """Officers of the department, until it is decided. Raises Refused."""
    check_manages(user, application)
    scheme = queries.claim_scheme(application.call)
    if scheme is None or queries.claim_question(application, scheme) is None:
        raise Refused(_("这个通知没有逐笔核定。"), code="not_allowed")
    if application.state not in JUDGING:
        raise Refused(
            _("申报书现在是“%(state)s”，不能核定。") % {"state": application.get_state_display()},
            code="not_allowed",
        )
    claim = queries.claim_of(application)
    if claim is not None and claim.settled_at:
        raise Lost(_("这个项目已经作出决定，请刷新后再看。"), code="lost")
