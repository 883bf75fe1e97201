"""The manager's panel and the expert's desk, by the buttons people press."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from applications.states import ApplicationState
from reviews import actions
from reviews.models import Assignment, Conflict, Criterion, Expert, Review
from reviews.states import AssignmentState
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.reviews import (
    ApplicationFactory,
    ExpertFactory,
    manager_of,
    panel_call,
    sealed,
    task_for,
)

pytestmark = pytest.mark.django_db


def panel(name, *args):
    return reverse(f"admin:reviews_panel_{name}", args=args)


def desk(name, *args):
    return reverse(f"admin:reviews_assignment_{name}", args=args)


def sheet(task, *values, **changed) -> dict:
    criteria = Criterion.objects.filter(call=task.application.call).order_by("order")
    data = {f"score_{c.pk}": str(value) for c, value in zip(criteria, values, strict=False)}
    return data | {"comment": "路线可行", "recommendation": "fund"} | changed


# ---- the panel ----


def test_the_candidates_say_why_one_cannot_be_chosen(client):
    application = ApplicationFactory()
    fine = ExpertFactory()
    conflicted = ExpertFactory(organisation=application.organisation)
    tired = ExpertFactory(max_per_year=0)
    asked = task_for(application).expert
    ExpertFactory(is_active=False)
    client.force_login(manager_of(application.call))

    page = client.get(panel("assign", application.pk))

    found = {c.expert.pk: c.obstacle for c in page.context["candidates"]}
    assert found == {
        fine.pk: "",
        conflicted.pk: f"同一单位（{application.organisation.name}）",
        tired.pk: "今年已达 0 次上限",
        asked.pk: "评审中",
    }
    assert len(re.findall(r'name="expert"[^>]*disabled', page.content.decode())) == 3


def test_chosen_experts_are_invited_and_a_smuggled_conflict_invites_nobody(client):
    application = ApplicationFactory()
    fine, conflicted = ExpertFactory(), ExpertFactory(organisation=application.organisation)
    client.force_login(manager_of(application.call))
    url = panel("assign", application.pk)

    smuggled = client.post(url, {"expert": [fine.pk, conflicted.pk]})
    assert smuggled.status_code == 422
    assert "须回避：同一单位" in smuggled.content.decode()
    assert not Assignment.objects.exists()

    done = client.post(url, {"expert": [fine.pk]})
    assert done["Location"] == panel("change", application.pk)
    assert Assignment.objects.get().expert == fine


@pytest.mark.parametrize("chosen", [[], ["nonsense"], ["999999"]])
def test_nobody_chosen_is_a_sentence(client, chosen):
    application = ApplicationFactory()
    client.force_login(manager_of(application.call))

    answer = client.post(panel("assign", application.pk), {"expert": chosen})

    assert answer.status_code == 422
    assert answer.context["errors"] == ["请选择专家。"]


def test_the_round_ends_by_its_button_once_everything_is_in(client):
    application = ApplicationFactory(call=panel_call(scheme={"panel_size": 1}))
    manager = manager_of(application.call)
    task = task_for(application)
    client.force_login(manager)
    assert client.post(panel("finish", application.pk)).status_code == 403

    client.force_login(task.expert.user)
    client.post(desk("change", task.pk), sheet(task, 90, 80, 70, do="submit"))
    client.force_login(manager)
    page = client.get(panel("change", application.pk))
    done = client.post(panel("finish", application.pk))

    assert page.context["result"].total == Decimal("81.50")
    assert done.status_code == 302
    assert Application.objects.get().state == ApplicationState.DECISION


def test_a_conflict_is_recorded_and_an_expert_replaced_by_buttons(client):
    application = ApplicationFactory()
    task = task_for(application)
    client.force_login(manager_of(application.call))

    noted = client.post(
        panel("note_conflict", application.pk),
        {"expert": ExpertFactory().pk, "kind": "avoid", "note": "申请人要求"},
    )
    replaced = client.post(desk("replace", task.pk), {"reason": "未按期"})

    assert (noted.status_code, replaced.status_code) == (302, 302)
    assert Conflict.objects.get().kind == "avoid"
    assert Assignment.objects.get().state == AssignmentState.REPLACED


@pytest.mark.parametrize("name", ["change", "assign", "finish", "note_conflict"])
@pytest.mark.parametrize("who", ["expert", "other_manager", "finance", "applicant", "stranger"])
def test_nobody_else_reaches_the_panel(client, name, who):
    application = ApplicationFactory()
    task = task_for(application)
    user = {
        "expert": lambda: task.expert.user,
        "other_manager": lambda: officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "finance": lambda: officer(Role.FINANCE),
        "applicant": lambda: application.created_by,
        "stranger": UserFactory,
    }[who]()
    client.force_login(user)

    answer = client.post(panel(name, application.pk), {"expert": ExpertFactory().pk})

    assert answer.status_code in (302, 403, 404)
    assert Assignment.objects.count() == 1
    assert not Conflict.objects.exists()


def test_an_expert_who_applies_elsewhere_does_not_see_its_panel(client):
    expert = ExpertFactory()
    application = ApplicationFactory(created_by=expert.user)
    client.force_login(expert.user)

    assert client.get(panel("change", application.pk)).status_code == 403


def test_the_panel_costs_the_same_for_one_candidate_and_for_thirty(client, django_assert_num_queries):
    application = ApplicationFactory()
    client.force_login(manager_of(application.call))
    url = panel("assign", application.pk)
    ExpertFactory()
    client.get(url)

    for count in (1, 30):
        while Expert.objects.count() < count:
            ExpertFactory()
        with django_assert_num_queries(21):
            assert len(client.get(url).context["candidates"]) == count


# ---- the desk ----


def test_an_expert_accepts_saves_and_submits_on_the_own_desk(client):
    application = ApplicationFactory()
    sealed(application)
    task = task_for(application, accepted=False)
    client.force_login(task.expert.user)
    url = desk("change", task.pk)

    assert client.post(url, sheet(task, 90)).status_code == 422
    assert client.post(desk("accept", task.pk), {}).status_code == 422
    assert client.post(desk("accept", task.pk), {"pledge": "on"}).status_code == 302
    saved = client.post(url, sheet(task, 90, comment="", recommendation="", do="save"))
    assert (saved.status_code, Review.objects.get().total) == (302, None)
    done = client.post(url, sheet(task, 90, 80, 70, suggested_amount="50", do="submit"))

    review = Review.objects.get()
    assert done["Location"] == desk("changelist")
    assert (review.total, review.suggested_amount) == (Decimal("81.50"), Decimal(500_000))
    assert "81.50" in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ((90, 80, 170), {}),
        ((90, 80, "abc"), {}),
        ((90, 80, 70), {"comment": ""}),
        ((90, 80, 70), {"suggested_amount": "61"}),
        ((90, 80, 70), {"recommendation": "nonsense"}),
    ],
)
def test_a_faulty_sheet_comes_back_with_everything_typed(client, values, changed):
    task = task_for(ApplicationFactory())
    client.force_login(task.expert.user)
    typed = sheet(task, *values, **({"comment": "写了很久的意见"} | changed), do="submit")

    answer = client.post(desk("change", task.pk), typed)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert all(f'value="{value}"' in text for value in values)
    assert changed.get("comment", "写了很久的意见") in text
    assert Assignment.objects.get().state == AssignmentState.ACCEPTED


def test_autosave_keeps_what_can_be_read_and_counts_the_total(client):
    task = task_for(ApplicationFactory())
    client.force_login(task.expert.user)
    url = desk("change", task.pk)

    first = client.post(url, sheet(task, 90, 80, 70, do="autosave"))
    faulty = client.post(url, sheet(task, 90, 80, "abc", do="autosave"))

    assert (first.json()["total"], first.json()["faults"]) == ("81.50", [])
    assert (faulty.json()["total"], faulty.json()["faults"]) == (None, ["指标3：输入一个数字。"])
    assert Review.objects.get().comment == "路线可行"
    assert Review.objects.get().submitted_at is None


def test_a_second_click_on_submit_changes_nothing(client):
    task = task_for(ApplicationFactory())
    client.force_login(task.expert.user)
    url = desk("change", task.pk)

    client.post(url, sheet(task, 90, 80, 70, do="submit"))
    again = client.post(url, sheet(task, 10, 10, 10, do="submit"))

    assert again.status_code == 422
    assert Review.objects.get().total == Decimal("81.50")


@pytest.mark.parametrize(("name", "data"), [("decline", {"reason": "出差"}), ("declare", {"note": "师生"})])
def test_an_expert_leaves_a_task_by_a_button_with_a_reason(client, name, data):
    task = task_for(ApplicationFactory())
    client.force_login(task.expert.user)

    empty = client.post(desk(name, task.pk), {})
    done = client.post(desk(name, task.pk), data)

    assert (empty.status_code, done.status_code) == (422, 302)
    assert Assignment.objects.get().state == AssignmentState.DECLINED


def test_a_manager_reads_a_task_but_scores_nothing(client):
    task = task_for(ApplicationFactory())
    client.force_login(manager_of(task.application.call))

    page = client.get(desk("change", task.pk))
    answer = client.post(desk("change", task.pk), sheet(task, 1, 1, 1, do="submit"))

    assert page.status_code == 200
    assert "score-sheet" not in page.content.decode()
    assert answer.status_code in (302, 403)
    assert not Review.objects.exists()


def test_an_expert_does_not_change_the_own_entry_in_the_library(client):
    expert = ExpertFactory()
    client.force_login(expert.user)

    answer = client.post(
        reverse("admin:reviews_expert_change", args=[expert.pk]), {"max_per_year": "99", "field": "全部"}
    )

    assert answer.status_code == 403
    assert Expert.objects.get().max_per_year == 10


def test_the_list_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries):
    expert = ExpertFactory(max_per_year=99)
    call = panel_call()
    client.force_login(expert.user)
    manager = manager_of(call)
    unit = OrganisationFactory()
    writer = member_of(unit)

    def ask():
        application = ApplicationFactory(call=call, organisation=unit, created_by=writer)
        actions.invite(application=application, expert=expert, by=manager, at=timezone.now())

    ask()
    client.get(desk("changelist"))
    for count in (1, 30):
        while Assignment.objects.count() < count:
            ask()
        with django_assert_num_queries(6):
            client.get(desk("changelist"))
