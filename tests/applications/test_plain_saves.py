"""Autosave by the short way: what it stores, and that every no is the view's."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions, queries, rules
from applications.actions.plainly import VERSION
from applications.middleware import PlainSaves
from applications.models import Answer, Application, TeamMember
from applications.states import EDITABLE, ApplicationState
from core import workflow
from grants.models import QuestionKind
from tests.factories.accounts import (
    PASSWORD,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    member_of,
    officer,
)
from tests.factories.applications import ApplicationFactory, submitted
from tests.factories.grants import QUESTIONS, CallFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def application(client):
    application = ApplicationFactory()
    client.force_login(application.created_by)
    return application


@pytest.fixture
def views(monkeypatch):
    """How often the long way was gone."""
    asked = []
    store = actions.save_over

    def save_over(**kwargs):
        asked.append(kwargs["answers"])
        return store(**kwargs)

    monkeypatch.setattr(actions, "save_over", save_over)
    return asked


def save(client, application, values, *, questions=None, versions=None, **headers):
    body = {"values": {f"a-{code}": text for code, text in values.items()}, "versions": versions or {}}
    body["questions"] = list(values) if questions is None else questions
    address = reverse("applications:section", args=[application.pk, "solution"])
    return client.patch(address, json.dumps(body), content_type="application/json", headers=headers)


def stored(application):
    return queries.stored_answers(application)


@pytest.mark.parametrize("count", [1, 2])
def test_answers_are_stored_by_one_statement_once_the_seat_is_known(
    client, application, views, django_assert_num_queries, count
):
    values = dict([("route", "先仿真"), ("trl", "4")][:count])
    save(client, application, values)
    seen = {code: queries.version_of(value) for code, value in stored(application).items()}
    values |= {"trl": "5"} if count == 2 else {}
    with django_assert_num_queries(1):
        response = save(client, application, values | {"route": "后试制"}, versions=seen)
    assert response.json()["versions"]["route"] == queries.version_of("后试制")
    assert stored(application) == {"route": "后试制"} | ({"trl": 5} if count == 2 else {})
    assert views == []
    answer = Answer.objects.get(application=application, question__code="route")
    application.refresh_from_db()
    assert answer.saved_by == application.created_by
    assert answer.saved_at == application.saved_at


def test_the_answer_is_as_guarded_as_a_page(client, application):
    response = save(client, application, {"route": "x"})
    page = client.get(reverse("applications:section", args=[application.pk, "solution"]))
    for name in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"):
        assert response[name] == page[name], name
    assert client.post(reverse("applications:section", args=[application.pk, "solution"])).status_code == 302
    assert response["Content-Length"] == str(len(response.content))


def test_what_cannot_be_read_is_kept_and_named_in_the_language_of_the_person(client, application, views):
    chinese = save(client, application, {"trl": "十"}).json()["faults"]["a-trl"]
    application.created_by.language = "en"
    application.created_by.save()
    english = save(client, application, {"trl": "十"}).json()["faults"]["a-trl"]
    client.cookies["django_language"] = "zh-hans"
    assert save(client, application, {"trl": "十"}).json()["faults"]["a-trl"] == chinese != english
    assert stored(application) == {"trl": {"typed": "十"}}
    assert views == []


def test_nothing_is_stored_as_nothing(client, application, views):
    save(client, application, {"route": "x"})
    save(client, application, {"route": ""})
    assert Answer.objects.filter(application=application, value=None).count() == 1
    assert views == []


# ---- who is refused, and by whom ----


def _around(application) -> dict:
    """Everybody of whom a rule might speak, each with a session of their own."""
    unit, call = application.organisation, application.call
    mate, gone, away = (UserFactory() for _n in range(3))
    for person in (mate, gone, away):
        TeamMember.objects.create(application=application, user=person)
    away.is_active = False
    away.save()
    TeamMember.objects.get(application=application, user=gone).delete()
    return {
        "author": application.created_by,
        "mate": mate,
        "gone": gone,
        "away": away,
        "unit_admin": member_of(unit, UnitRole.ADMIN),
        "partner": member_of(OrganisationFactory(), UnitRole.ADMIN),
        "manager": officer(Role.PROGRAMME_MANAGER, call.programme.department),
        "sysadmin": officer(Role.SYSADMIN),
        "stranger": UserFactory(),
    }


def test_the_short_way_stores_for_nobody_else_and_in_no_other_state_than_the_rule(settings):
    """A new rule about who may write has to stand in the two statements as well (docs/adr/0022)."""
    application = submitted()
    short, requests = PlainSaves(lambda _request: None), {}
    address = reverse("applications:section", args=[application.pk, "solution"])
    people = _around(application)
    for name, person in people.items():
        browser = Client()
        browser.force_login(person)
        body = {"values": {"a-route": name}, "questions": ["route"], "versions": {}}
        requests[name] = RequestFactory().patch(address, json.dumps(body), content_type="application/json")
        key = browser.cookies[settings.SESSION_COOKIE_NAME].value
        requests[name].COOKIES = {settings.SESSION_COOKIE_NAME: key}
        requests[name]._dont_enforce_csrf_checks = True
    for state in ApplicationState.values:
        Application.objects.filter(pk=application.pk).update(state=state)
        application.state = state
        may = {
            name: person.is_active and rules.allowed(rules.check_can_edit, person, application)
            for name, person in people.items()
        }
        assert {name: short(request) is not None for name, request in requests.items()} == may, state
        writing = [name for name, allowed in may.items() if allowed]
        assert writing == (["author", "mate"] if state in EDITABLE else []), state


def test_a_forged_request_is_refused(application):
    client = Client(enforce_csrf_checks=True)
    client.force_login(application.created_by)
    assert save(client, application, {"route": "x"}).status_code == 403
    client.cookies["csrftoken"] = "c" * 32
    assert save(client, application, {"route": "x"}, X_CSRFToken="d" * 32).status_code == 403
    assert save(client, application, {"route": "x"}, Origin="https://evil.example").status_code == 403
    assert stored(application) == {}
    assert save(client, application, {"route": "x"}, X_CSRFToken="c" * 32).status_code == 200
    assert stored(application) == {"route": "x"}


def test_strangers_learn_nothing_and_the_signed_out_are_told(client, application):
    stranger, colleague = UserFactory(), UserFactory()
    MembershipFactory(user=colleague, organisation=application.organisation, role=UnitRole.ADMIN)
    for user, status in ((stranger, 404), (colleague, 409)):
        other = Client()
        other.force_login(user)
        assert save(other, application, {"route": "x"}).status_code == status
    assert save(Client(), application, {"route": "x"}).status_code == 401
    assert stored(application) == {}


@pytest.mark.parametrize("seat", ["known", "new"])
@pytest.mark.parametrize("end", ["password", "inactive", "expired", "backend", "forged"])
def test_a_session_that_ended_stores_nothing(client, application, end, seat):
    user, session = application.created_by, client.session
    if seat == "known":
        save(client, application, {"trl": "3"})
    before = stored(application)
    if end == "password":
        user.set_password(f"{PASSWORD}-new")
    user.is_active = end != "inactive"
    user.save()
    if end == "expired":
        session.set_expiry(-1)
    if end == "backend":
        session["_auth_user_backend"] = "gone.Backend"
    session.save()
    if end == "forged":
        type(session).get_model_class().objects.update(session_data="eyJ9:forged")
    assert save(client, application, {"route": "x"}).status_code == 401
    assert stored(application) == before


def test_what_was_handed_in_stays(client, application):
    workflow.move(
        application,
        "unit_review",
        by=None,
        at=timezone.now(),
        submitted_by=application.created_by,
        submitted_at=timezone.now(),
    )
    assert save(client, application, {"route": "x"}).json()["error"] == "sealed"
    assert stored(application) == {}


# ---- what goes the long way ----


def test_an_answer_that_others_follow_from_goes_the_long_way(client, views):
    asked = [
        *QUESTIONS,
        {"code": "wide", "kind": QuestionKind.YES_NO, "label": "宽"},
        {"code": "why", "kind": QuestionKind.TEXT, "label": "为何", "visible_when": "answers.wide"},
    ]
    application = ApplicationFactory(call=CallFactory(parts__questions=asked))
    client.force_login(application.created_by)
    assert save(client, application, {"wide": "true"}).json()["shown"]["why"] is True
    assert "shown" not in save(client, application, {"why": "因为", "route": "x"}).json()
    assert [list(answers) for answers in views] == [["wide"]]


@pytest.mark.parametrize("source", ["answers.size() > 1", "answers['wide'] == true", "this is no CEL"])
def test_where_an_expression_reads_all_answers_all_go_the_long_way(client, views, source):
    asked = [*QUESTIONS, {"code": "w", "kind": QuestionKind.TEXT, "label": "宽", "visible_when": source}]
    application = ApplicationFactory(call=CallFactory(parts__questions=asked))
    client.force_login(application.created_by)
    save(client, application, {"route": "x"})
    assert (stored(application), len(views)) == ({"route": "x"}, 1)


@pytest.mark.parametrize("codes", [["plan"], ["nowhere"], [], None])
def test_other_codes_are_the_views(client, application, codes):
    address = reverse("applications:section", args=[application.pk, "solution"])
    body = {"values": {"a-plan": "x"}} | ({} if codes is None else {"questions": codes})
    assert client.patch(address, json.dumps(body), content_type="application/json").status_code == 200
    assert client.patch(address, "[", content_type="application/json").status_code == 400


# ---- races ----


@pytest.fixture
def meanwhile(monkeypatch):
    """Runs something just before the writing of the next save."""

    def install(change):
        store = actions.save_plainly

        def save_plainly(**kwargs):
            monkeypatch.setattr(actions, "save_plainly", store)
            change()
            return store(**kwargs)

        monkeypatch.setattr(actions, "save_plainly", save_plainly)

    return install


@pytest.mark.parametrize("before", ["", "先前"])
def test_what_a_colleague_stores_meanwhile_is_not_written_over(client, application, meanwhile, views, before):
    colleague = UserFactory(name="陈同事")
    TeamMember.objects.create(application=application, user=colleague)
    if before:
        save(client, application, {"route": before})
    theirs = "陈同事的"

    def change():
        actions.save_answers(
            application=application, answers={"route": theirs}, by=colleague, at=timezone.now()
        )

    meanwhile(change)
    versions = {"route": queries.version_of(before)}
    answer = save(client, application, {"route": "我的", "trl": "3"}, versions=versions).json()
    assert (answer["conflicts"]["route"]["text"], answer["conflicts"]["route"]["by"]) == (theirs, "陈同事")
    assert stored(application) == {"route": theirs, "trl": 3}
    assert len(views) == 1


def test_a_submission_meanwhile_seals(client, application, meanwhile):
    moment = timezone.now() - timedelta(minutes=1)

    def hand_in():
        workflow.move(
            application,
            "unit_review",
            by=None,
            at=moment,
            submitted_by=application.created_by,
            submitted_at=moment,
        )

    meanwhile(hand_in)
    assert save(client, application, {"route": "x"}).json()["error"] == "sealed"
    assert stored(application) == {}


def test_the_database_works_out_the_version_of_an_answer():
    values = ["", '两行\n与“引号”"\\\t\u0001', "😀", 3, 2.5, True, ["a", "b"], [], {}, {"typed": "x"}]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {VERSION} FROM unnest(%s::text[]) WITH ORDINALITY x(v, n), "  # noqa: S608
            "LATERAL (SELECT v::jsonb AS value) stands ORDER BY n",
            [[json.dumps(value) for value in values]],
        )
        assert [version for (version,) in cursor] == [queries.version_of(value) for value in values]


def test_leaving_the_team_meanwhile_ends_writing(client, application, meanwhile):
    TeamMember.objects.create(application=application, user=UserFactory())
    meanwhile(lambda: TeamMember.objects.filter(user=application.created_by).delete())
    assert save(client, application, {"route": "x"}).status_code == 404
    assert stored(application) == {}


def test_a_lost_connection_is_the_views_matter(client, application, views, monkeypatch):
    def fail(**kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(queries, "workplace", fail)
    assert save(client, application, {"route": "x"}).status_code == 200
    assert len(views) == 1
