"""The order of a recommender (推荐排序) and its letters (推荐函): who, when, and what the database holds."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from applications import actions, letters, queries, quotas
from applications.models import Application, Nomination, RecommendationLetter
from applications.queries import Office
from applications.states import ApplicationState
from applications.views import recommending
from core.workflow import Lost, Refused
from documents.models import Document
from grants.models import Quota, QuotaOf
from tests.factories.accounts import OrganisationFactory, member_of, officer
from tests.factories.applications import ApplicationFactory, in_state
from tests.factories.grants import CallFactory
from tests.factories.reviews import publish

pytestmark = pytest.mark.django_db
S = ApplicationState


@pytest.fixture
def bureau():
    return OrganisationFactory(name="高新区科技创新局")


@pytest.fixture
def office(bureau):
    return Office(bureau.pk, "370212")


@pytest.fixture
def by(bureau):
    return officer(Role.RECOMMENDER, bureau, region="370212")


@pytest.fixture
def stranger():
    return officer(Role.RECOMMENDER, OrganisationFactory(), region="370203")


def waiting(call, number=1, **kwargs):
    """Waiting for the recommender; nothing filled in."""
    unit = kwargs.pop("organisation", None) or OrganisationFactory(region="370212")
    now = timezone.now()
    made = [ApplicationFactory(call=call, organisation=unit, **kwargs) for _n in range(number)]
    for row in made:
        Application.objects.filter(pk=row.pk).update(
            state=S.RECOMMENDATION,
            version=1,
            submitted_at=now,
            submitted_by=row.created_by,
            number=f"T{row.pk}",
        )
        row.refresh_from_db()
    return made


def order(by, call, office):
    return [line.application.pk for line in queries.order_of(by, call, office)]


def recommend(by, *applications):
    for application in applications:
        actions.recommend(application=application, opinion="同意", by=by, at=timezone.now())


def page(call):
    return reverse("applications:ranking", args=[call.pk])


def test_an_order_is_kept_when_some_are_recommended_and_sealed_by_a_letter(by, office):
    call, at = CallFactory(), timezone.now()
    a, b, c = waiting(call, 3)
    assert order(by, call, office) == [a.pk, b.pk, c.pk]
    actions.set_order(call=call, office=office, order=[c.pk, a.pk, b.pk], by=by, at=at)
    actions.move_in_order(call=call, office=office, application=b, to="up", by=by, at=at)
    recommend(by, a, b)
    assert order(by, call, office) == [c.pk, b.pk, a.pk]
    # The officer reads places among what was recommended.
    assert [queries.recommendation_of(row).place for row in (b, a)] == [1, 2]
    letter = actions.issue_letter(call=call, office=office, by=by, at=at)
    assert order(by, call, office) == [b.pk, a.pk, c.pk]
    assert [(line["rank"], line["number"]) for line in letter.content["lines"]] == [
        (1, b.number),
        (2, a.number),
    ]
    with pytest.raises(Lost):
        actions.move_in_order(call=call, office=office, application=a, to="up", by=by, at=at)
    recommend(by, c)
    later = actions.issue_letter(call=call, office=office, by=by, at=at)
    assert [line["rank"] for line in later.content["lines"]] == [3]
    with pytest.raises(Refused):
        actions.issue_letter(call=call, office=office, by=by, at=at)
    actions.void_letter(letter=letter, reason="写错日期", by=by, at=at)
    actions.move_in_order(call=call, office=office, application=a, to="top", by=by, at=at)


def test_what_leaves_the_desk_gives_up_its_place(by, office):
    call, at = CallFactory(), timezone.now()
    a, b = waiting(call, 2)
    actions.set_order(call=call, office=office, order=[b.pk, a.pk], by=by, at=at)
    actions.recommender_return(application=b, reason="补", by=by, at=at)
    assert order(by, call, office) == [a.pk]
    actions.set_order(call=call, office=office, order=[a.pk], by=by, at=at)
    assert list(Nomination.objects.values_list("application_id", "rank")) == [(a.pk, 1)]


def test_nothing_changes_after_the_recommenders_closing_moment_or_by_strangers(by, office, stranger):
    now = timezone.now()
    call = CallFactory(recommender_closes_at=now + timedelta(days=25))
    a, b = waiting(call, 2)
    late = call.recommender_closes_at + timedelta(seconds=1)
    moves = (
        lambda **k: actions.set_order(call=call, office=office, order=[b.pk, a.pk], **k),
        lambda **k: actions.move_in_order(call=call, office=office, application=b, to="up", **k),
        lambda **k: actions.recommender_return(application=a, reason="补", **k),
        lambda **k: actions.recommender_reject(application=a, reason="不符", **k),
        lambda **k: actions.recommend(application=a, opinion="同意", **k),
    )
    for move in moves:
        with pytest.raises(Refused) as refused:
            move(by=by, at=late)
        assert refused.value.code == "late"
        with pytest.raises(Refused):
            move(by=stranger, at=now)
    assert not Nomination.objects.exists()
    with pytest.raises(Refused):
        actions.issue_letter(call=call, office=office, by=stranger, at=now)
    with pytest.raises(Lost):
        actions.set_order(call=call, office=office, order=[a.pk], by=by, at=now)


def test_the_database_holds_ranks_and_letters(by, office):
    call, at = CallFactory(), timezone.now()
    a, b = waiting(call, 2)
    recommend(by, a, b)
    letter = actions.issue_letter(call=call, office=office, by=by, at=at)
    place = Nomination.objects.get(application=a)
    attacks = (
        lambda: Nomination.objects.filter(pk=place.pk).update(rank=9),
        lambda: Nomination.objects.filter(pk=place.pk).delete(),
        lambda: RecommendationLetter.objects.filter(pk=letter.pk).update(content={}),
        lambda: RecommendationLetter.objects.filter(pk=letter.pk).delete(),
        lambda: RecommendationLetter.objects.filter(pk=letter.pk).update(void_reason="半个作废"),
    )
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
    (other,) = waiting(call)
    fields = {"series": call.series, **office.as_fields()}
    for wrong in ({"rank": place.rank}, {"rank": 0}, {"rank": 7, "letter": letter}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Nomination.objects.create(application=other, **fields, **wrong)
    # The same holds for offices without an organisation.
    nobody = {"series": call.series, "recommender": None, "region": "3702", "rank": 1}
    Nomination.objects.create(application=other, **nobody)
    with pytest.raises(IntegrityError), transaction.atomic():
        Nomination.objects.create(application=a, **nobody)


def test_only_the_scan_of_the_same_letter_is_kept(by, office, client, stranger):
    call, at = CallFactory(), timezone.now()
    a, b = waiting(call, 2)
    recommend(by, a)
    first = actions.issue_letter(call=call, office=office, by=by, at=at)
    recommend(by, b)
    second = actions.issue_letter(call=call, office=office, own_number="高科函〔2026〕1号", by=by, at=at)
    paper = letters.paper(first)
    with pytest.raises(Refused) as refused:
        actions.upload_letter_scan(letter=second, file=ContentFile(paper), name="a.pdf", by=by, at=at)
    assert refused.value.code == "other_letter"
    kept = actions.upload_letter_scan(letter=first, file=ContentFile(paper), name="a.pdf", by=by, at=at)
    sheet, sums = openpyxl.load_workbook(io.BytesIO(letters.workbook(second))).worksheets
    assert [row[0].value for row in sheet.rows] == ["推荐排序", 2]
    assert ("发文字号", "高科函〔2026〕1号") in [(row[0].value, row[1].value) for row in sums.rows]
    manager = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    for user, seen in ((by, True), (manager, True), (stranger, False), (a.created_by, False)):
        assert Document.objects.visible_to(user).filter(pk=kept.pk).exists() is seen
        client.force_login(user)
        for name, args in (("letter", []), ("letter_file", ["xlsx"])):
            address = reverse(f"applications:{name}", args=[first.pk, *args])
            assert client.get(address).status_code == (200 if seen else 404)


def test_a_batch_shows_who_can_and_cannot_before_it_is_done(by, office, client):
    call = CallFactory(draft=True, parts__rules=())
    Quota.objects.create(call=call, of=QuotaOf.RECOMMENDER, number=2, clause="第七条", order=1)
    publish(call)
    a, b, c = waiting(call, 3)
    (foreign,) = waiting(call, organisation=OrganisationFactory(region="370203"))
    actions.set_order(call=call, office=office, order=[c.pk, b.pk, a.pk], by=by, at=timezone.now())
    client.force_login(by)
    sent = {"do": "recommend", "pick": [a.pk, b.pk, c.pk, foreign.pk], "back": page(call)}
    shown = client.post(reverse("applications:recommendations_batch"), sent)
    assert [row.pk for row in shown.context["can"]] == [c.pk, b.pk]
    ((left, refused),) = shown.context["cannot"]
    assert (left.pk, refused.clause) == (a.pk, "第七条")
    assert not Application.objects.filter(state=S.FORMAL_CHECK).exists()
    without = client.post(reverse("applications:recommendations_batch"), sent | {"confirm": "yes"})
    assert without.status_code == 422
    done = client.post(
        reverse("applications:recommendations_batch"), sent | {"confirm": "yes", "text": "同意推荐"}
    )
    assert [one.application.pk for one in done.context["tried"] if one.refused] == [a.pk]
    assert set(Application.objects.filter(state=S.FORMAL_CHECK)) == {b, c}
    (standing,) = quotas.standing(call, office)
    assert (standing.used, standing.most, standing.left) == (2, 2, 0)
    assert "剩余 0 项" in client.get(page(call)).content.decode()
    foreign.refresh_from_db()
    assert foreign.state == S.RECOMMENDATION


def test_a_units_administrator_approves_and_returns_several(client):
    call = CallFactory()
    a, b = (in_state(S.UNIT_REVIEW, call=call) for _n in range(2))
    admin = member_of(a.organisation, UnitRole.ADMIN)
    client.force_login(admin)
    address = reverse("applications:unit_reviews_batch")
    sent = {"pick": [a.pk, b.pk], "do": "approve"}
    assert [row.pk for row in client.post(address, sent).context["can"]] == [a.pk]
    assert client.post(address, sent | {"confirm": "yes"}).status_code == 302
    assert Application.objects.get(pk=a.pk).state == S.RECOMMENDATION
    assert Application.objects.get(pk=b.pk).state == S.UNIT_REVIEW
    assert client.post(address, {"do": "approve"}).status_code == 302
    assert client.post(address, {"do": "explode", "pick": a.pk}).status_code == 404


def test_the_order_is_moved_by_buttons_and_by_the_script(by, office, client, stranger):
    call = CallFactory()
    a, b = waiting(call, 2)
    client.force_login(by)
    moved = client.post(page(call), {"move": f"up:{b.pk}"})
    assert moved.url == f"{page(call)}#place-{b.pk}"
    assert order(by, call, office) == [b.pk, a.pk]
    saved = client.post(page(call), {"order": f"{a.pk},{b.pk}"})
    assert (saved.status_code, order(by, call, office)) == (200, [a.pk, b.pk])
    assert client.post(page(call), {"order": f"{a.pk}"}).status_code == 409
    assert client.get(page(call), {"office": "7"}).status_code == 404
    recommend(by, a)
    issue = reverse("applications:issue_letter", args=[call.pk])
    assert client.post(issue, {"dated": "2999-01-01"}).status_code == 422
    assert client.post(issue, {"dated": timezone.localdate().isoformat()}).status_code == 302
    client.force_login(stranger)
    assert client.post(page(call), {"move": f"up:{b.pk}"}).status_code == 404
    assert order(stranger, call, queries.offices_of(stranger)[0]) == []
    client.force_login(a.created_by)
    assert client.get(page(call)).status_code == 404


def test_a_long_order_is_shown_in_pages_and_moved_across_them(by, office, client, monkeypatch):
    monkeypatch.setattr(recommending, "PER_PAGE", 2)
    call, at = CallFactory(), timezone.now()
    a, b, c, d, e = waiting(call, 5)
    recommend(by, a, b)
    actions.issue_letter(call=call, office=office, by=by, at=at)
    recommend(by, c)
    client.force_login(by)

    def shown(number):
        answer = client.get(page(call), {"page": number})
        return [(line.place, line.application.pk) for line in answer.context["order"].lines]

    assert shown(1) == [(1, a.pk), (2, b.pk)]
    assert shown(2) == [(3, c.pk), (4, d.pk)]
    # The last page, also for who asks for one behind it.
    assert shown(3) == shown(9) == [(5, e.pk)]
    found = client.get(page(call), {"page": "x"}).context["order"]
    assert (found.total, found.waiting, found.unsealed, found.movable) == (5, 2, 1, 3)
    # The script sends its page alone; another page's list, or a part of it, is refused.
    assert client.post(f"{page(call)}?page=2", {"order": f"{d.pk},{c.pk}"}).status_code == 200
    assert order(by, call, office) == [a.pk, b.pk, d.pk, c.pk, e.pk]
    for wrong in (f"{e.pk},{c.pk}", f"{c.pk}"):
        assert client.post(f"{page(call)}?page=2", {"order": wrong}).status_code == 409
    moved = client.post(f"{page(call)}?page=3", {"move": f"up:{e.pk}"})
    assert moved.url == f"{page(call)}?page=2#place-{e.pk}"
    client.post(f"{page(call)}?page=2", {"move": f"stay:{e.pk}", f"place-{e.pk}": "1"})
    # A place among what a letter has sealed is not to be had: the first behind it.
    client.post(f"{page(call)}?page=2", {"move": f"place:{c.pk}", f"place-{c.pk}": "1"})
    client.post(f"{page(call)}?page=2", {"move": f"place:{d.pk}", f"place-{d.pk}": "99999"})
    client.post(f"{page(call)}?page=2", {"move": f"place:{d.pk}", f"place-{d.pk}": "zwei"})
    assert order(by, call, office) == [a.pk, b.pk, c.pk, e.pk, d.pk]


@pytest.mark.parametrize("number", [1, 30])
def test_the_order_costs_the_same_whatever_it_holds(by, client, number, django_assert_num_queries):
    call = CallFactory()
    waiting(call, number, organisation=OrganisationFactory(region="370212"))
    client.force_login(by)
    client.get(page(call))
    with django_assert_num_queries(14):
        shown = client.get(page(call))
    assert len(shown.context["order"].lines) == number
    table = client.get(
        reverse("applications:recommendations"), {"format": "xlsx", "sort": "unit", "state": "all"}
    )
    (sheet,) = openpyxl.load_workbook(io.BytesIO(table.content)).worksheets
    assert sheet.max_row == number + 1
