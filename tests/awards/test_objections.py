"""Objections to a notice: who may raise one, what becomes of the lines."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from applications.states import ApplicationState
from awards import actions
from awards.models import Objection
from awards.states import PublicityState
from core.workflow import Lost, Refused
from finance.models import Commitment
from notifications.models import Deadline
from tests.factories.accounts import officer
from tests.factories.awards import (
    LATER,
    NOW,
    OBJECTOR,
    beside,
    decide,
    publicised,
    to_decide,
)
from tests.factories.reviews import manager_of
from tests.factories.standing import attempt

pytestmark = pytest.mark.django_db
S = ApplicationState


def test_an_objection_suspends_the_notice_and_opens_its_clock():
    notice = publicised(at=NOW)

    objection = actions.object(publicity=notice, item=notice.items.get(), at=NOW, **OBJECTOR)

    notice.refresh_from_db()
    assert (objection.state, notice.state) == ("filed", PublicityState.SUSPENDED)
    deadline = Deadline.objects.get(kind="objection")
    assert deadline.explanation == "自 2026-05-11 收到起 10 个工作日内处理"
    assert list(Deadline.objects.open().owed_by(officer(Role.SUPERVISION))) == [deadline]


def test_an_objection_needs_a_real_name_a_number_and_facts(subtests):
    notice = publicised(at=NOW)
    wrong = [("name", "匿名"), ("name", "匿 名 群众"), ("name", "李"), ("name", "123")]
    wrong += [("phone", ""), ("phone", "12345"), ("text", "不 公 平。")]
    for field, typed in wrong:
        with subtests.test(typed):
            with pytest.raises(Refused) as refused:
                actions.object(publicity=notice, item=None, at=NOW, **(OBJECTOR | {field: typed}))
            assert refused.value.field == field
    assert not Objection.objects.exists()


def test_an_objection_is_heard_to_the_last_moment_and_not_after():
    notice = publicised(at=NOW)
    last = datetime(2026, 5, 15, 23, 59, 59, 999999, tzinfo=timezone.get_default_timezone())
    assert notice.ends_date == last.date()

    actions.object(publicity=notice, item=None, at=last, **OBJECTOR)
    with pytest.raises(Refused) as refused:
        actions.object(publicity=notice, item=None, at=last + timedelta(microseconds=1), **OBJECTOR)

    assert refused.value.code == "late"
    assert Objection.objects.count() == 1


def test_an_objection_before_the_first_day_is_early():
    application = to_decide()
    decide(application)
    notice = actions.publicise(
        call=application.call,
        applications=[application],
        starts_date=date(2026, 5, 18),
        by=manager_of(application.call),
        at=NOW,
    )

    with pytest.raises(Refused) as refused:
        actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)

    assert refused.value.code == "early"


def test_an_objection_dismissed_lets_the_notice_run_on(subtests):
    notice = publicised(at=NOW)
    key = actions.object(publicity=notice, item=notice.items.get(), at=NOW, **OBJECTOR).pk
    for by in (manager_of(notice.call), officer(Role.SUPERVISION)):
        with attempt(subtests, str(by)):
            found = Objection.objects.get(pk=key)
            actions.resolve_objection(objection=found, upheld=False, finding="经查不属实", by=by, at=LATER)
            notice.refresh_from_db()
            assert (found.state, found.resolved_by, notice.state) == ("dismissed", by, PublicityState.RUNNING)
            assert Deadline.objects.get(kind="objection").state == "met"
            assert Application.objects.get().state == S.PUBLICITY


def test_an_objection_upheld_takes_its_line_out_and_frees_the_money():
    notice = publicised(2, at=NOW)
    first, second = notice.items.all()
    objection = actions.object(publicity=notice, item=first, at=NOW, **OBJECTOR)

    actions.resolve_objection(
        objection=objection, upheld=True, finding="内容重复", by=officer(Role.SUPERVISION), at=LATER
    )

    states = {a.pk: a.state for a in Application.objects.all()}
    assert states == {first.application_id: S.REJECTED, second.application_id: S.PUBLICITY}
    assert Commitment.objects.get(application=first.application_id).released_at == LATER
    assert Commitment.objects.get(application=second.application_id).released_at is None


def test_an_objection_to_the_whole_notice_names_its_lines_when_upheld():
    notice = publicised(2, at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)

    with pytest.raises(Refused) as refused:
        actions.resolve_objection(objection=objection, upheld=True, finding="重复", by=by, at=LATER)
    with pytest.raises(Refused):
        actions.resolve_objection(
            objection=objection,
            upheld=True,
            finding="重复",
            items=[publicised(at=NOW).items.get()],
            by=by,
            at=LATER,
        )
    actions.resolve_objection(
        objection=objection, upheld=True, finding="重复", items=notice.items.all(), by=by, at=LATER
    )

    assert refused.value.field == "items"
    assert {item.application.state for item in notice.items.all()} == {S.REJECTED}


def test_the_notice_waits_for_every_objection():
    notice = publicised(at=NOW)
    first = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)

    actions.resolve_objection(objection=first, upheld=False, finding="不属实", by=by, at=LATER)

    notice.refresh_from_db()
    assert notice.state == PublicityState.SUSPENDED
    with pytest.raises(Refused) as refused:
        actions.close_publicity(publicity=notice, by=by, at=LATER)
    assert refused.value.code == "objections"


def test_nobody_else_resolves(subtests):
    notice = publicised(at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    application = notice.items.get().application
    for name, by in beside(application, "other_manager", "leader", "finance", "expert", "stranger").items():
        with subtests.test(name), pytest.raises(Refused):
            actions.resolve_objection(objection=objection, upheld=False, finding="不属实", by=by, at=LATER)
    assert Objection.objects.get().state == "filed"


def test_an_objection_is_resolved_once():
    notice = publicised(at=NOW)
    objection = actions.object(publicity=notice, item=None, at=NOW, **OBJECTOR)
    by = manager_of(notice.call)
    actions.resolve_objection(objection=objection, upheld=False, finding="不属实", by=by, at=LATER)

    with pytest.raises(Lost):
        actions.resolve_objection(
            objection=Objection.objects.get(), upheld=True, finding="属实", by=by, at=LATER
        )
