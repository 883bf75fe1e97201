"""The public objection form and a unit's agreements in the portal."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from awards import actions
from awards.models import Agreement, Objection, Publicity
from awards.states import AgreementState
from documents.evidence import Evidence
from documents.models import Document, Upload
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.awards import agreement_of, budget, decide, publicised, to_decide, unit_admin_of
from tests.factories.reviews import ApplicationFactory, manager_of, panel_call

pytestmark = pytest.mark.django_db
FORM = {
    "name": "李建国",
    "phone": "13812345678",
    "text": "该项目与已立项项目内容重复，附证据目录。",
    "item": "",
}


@pytest.fixture(autouse=True)
def _own_rates(settings):
    """Rates are counted in a cache of the test's own: no other test or process counts or clears with it."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": str(uuid.uuid4()),
        }
    }


def object_url(notice):
    return reverse("awards:object", args=[notice.pk])


# ---- objections ----


def test_anybody_objects_without_signing_in(client):
    notice = publicised(2)
    item = notice.items.first()

    page = client.get(object_url(notice))
    answer = client.post(object_url(notice), FORM | {"item": item.pk})

    assert page.status_code == 200
    assert answer["Location"] == reverse("portal:publicity_notice", args=[notice.pk])
    objection = Objection.objects.get()
    assert (objection.item, objection.name) == (item, "李建国")


def test_an_objection_takes_files_that_only_those_read_who_deal_with_it(client, monkeypatch):
    notice = publicised(2)
    good = SimpleUploadedFile("证据.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64)
    wrong = SimpleUploadedFile("证据.pdf", b"no pdf")

    refused = client.post(object_url(notice), FORM | {"files": [wrong]})
    many = client.post(object_url(notice), FORM | {"files": [SimpleUploadedFile("a.png", b"x")] * 6})
    assert (refused.status_code, many.status_code) == (422, 422)
    assert not Objection.objects.exists()
    # Kept for the session of this visitor, whoever that is; another one's key brings nothing.
    monkeypatch.setattr(Evidence, "most_bytes", 100)
    large = SimpleUploadedFile("大图.png", b"\x89PNG\r\n\x1a\n" + b"0" * 100)
    kept = client.post(object_url(notice), FORM | {"phone": "", "files": [good, wrong, large]})
    assert kept.status_code == 422
    # What is too large to be kept is said beside the field before, and by name after.
    assert "超过 100 字节 的文件" in " ".join(kept.content.decode().split())
    assert "文件“大图.png”有 108 字节，超过 100 字节，没有替您保留，请重新选择。" in str(
        kept.context["form"].errors
    ).replace("\xa0", " ")
    (upload,) = Upload.objects.all()
    assert (upload.by, upload.name) == (None, "证据.png")
    assert Client().get(object_url(notice)).context["evidence"].held == []
    stranger = Client().post(object_url(notice), FORM | {"phone": "", "held": [str(upload.key)]})
    assert stranger.context["evidence"].held == []
    assert client.get(object_url(notice)).context["evidence"].held == [upload]
    for wrong in ({"by": None, "form": ""}, {"by": None, "form": "x", "received": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Upload.objects.filter(pk=upload.pk).update(**wrong)
    assert client.post(object_url(notice), FORM | {"held": [str(upload.key)]}).status_code == 302
    assert not Upload.objects.exists()

    document = Document.objects.about(Objection.objects.get()).get()
    readers = {officer(Role.SUPERVISION): True, officer(Role.FINANCE): False, UserFactory(): False}
    for user, reads in readers.items():
        assert Document.objects.visible_to(user).filter(pk=document.pk).exists() is reads
    client.force_login(officer(Role.SUPERVISION))
    page = client.get(reverse("admin:awards_objection_change", args=[Objection.objects.get().pk]))
    assert "证据.png" in page.content.decode()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "匿名群众"}, "name"),
        ({"phone": "abc"}, "phone"),
        ({"text": "不公平"}, "text"),
        ({"item": "999999"}, "item"),
        ({"text": "字" * 4001}, "text"),
    ],
)
def test_a_fault_is_a_sentence_at_its_field_and_nothing_typed_is_lost(client, changed, field):
    notice = publicised()
    typed = FORM | changed

    answer = client.post(object_url(notice), typed)

    form = answer.context["form"]
    assert answer.status_code == 422
    assert list(form.errors) == [field]
    assert {name: form[name].value() for name in ("name", "phone", "text")} == {
        name: typed[name] for name in ("name", "phone", "text")
    }
    assert not Objection.objects.exists()


def test_a_line_of_another_notice_is_no_choice(client):
    notice, other = publicised(), publicised()

    answer = client.post(object_url(notice), FORM | {"item": other.items.get().pk})

    assert list(answer.context["form"].errors) == ["item"]


def test_after_the_period_there_is_no_form_and_a_late_post_stores_nothing(client):
    notice = publicised(at=timezone.now() - timedelta(days=40))

    page = client.get(object_url(notice))
    late = client.post(object_url(notice), FORM)

    assert "<form" not in page.content.decode().split("<main")[1].split("</main>")[0]
    assert "逾期提出的异议不予受理" in page.content.decode()
    assert late.status_code == 422
    assert not Objection.objects.exists()


def test_too_many_from_one_address_are_refused_with_what_was_typed(client):
    notice = publicised()
    for _number in range(5):
        assert client.post(object_url(notice), FORM).status_code == 302

    answer = client.post(object_url(notice), FORM)
    elsewhere = client.post(object_url(notice), FORM, REMOTE_ADDR="10.1.2.3")

    assert answer.status_code == 429
    assert "提交得太频繁" in answer.content.decode()
    assert FORM["text"] in answer.content.decode()
    assert elsewhere.status_code == 302
    assert Objection.objects.count() == 6


def test_faults_do_not_count_against_the_rate(client):
    notice = publicised()

    for _number in range(8):
        assert client.post(object_url(notice), FORM | {"name": ""}).status_code == 422
    assert client.post(object_url(notice), FORM).status_code == 302


def test_the_name_of_an_objector_is_on_no_public_page(client):
    notice = publicised()
    client.post(object_url(notice), FORM)

    pages = [
        client.get(reverse("portal:publicity_notice", args=[notice.pk])).content.decode(),
        client.get(object_url(notice)).content.decode(),
        client.get(f"/api/v1/publicity/{notice.pk}/").content.decode(),
    ]

    assert [word for word in ("李建国", "13812345678", FORM["text"]) for page in pages if word in page] == []


# ---- agreements ----


def prepared():
    notice = publicised(at=timezone.now() - timedelta(days=40))
    actions.close_publicity(publicity=notice, by=manager_of(notice.call), at=timezone.now())
    agreement = agreement_of(notice.items.get().application)
    return agreement, unit_admin_of(agreement.award.application)


def url(name, agreement):
    return reverse(f"awards:{name}", args=[agreement.pk])


def test_the_units_administrator_signs_on_the_page_of_the_terms(client):
    agreement, admin = prepared()
    client.force_login(admin)

    page = client.get(url("agreement", agreement))
    unticked = client.post(url("sign", agreement), {})
    signed = client.post(url("sign", agreement), {"agree": "on"})
    again = client.post(url("sign", agreement), {"agree": "on"})

    assert "伍拾万元整" in page.content.decode()
    assert unticked.status_code == 422
    assert signed["Location"] == url("agreement", agreement)
    assert again.status_code == 422
    assert Agreement.objects.get().unit_signed_by == admin


def test_an_award_is_given_up_with_a_reason(client):
    agreement, admin = prepared()
    client.force_login(admin)

    empty = client.post(url("forgo", agreement), {"reason": ""})
    assert (empty.status_code, Agreement.objects.get().state) == (422, AgreementState.DRAFT)
    client.post(url("forgo", agreement), {"reason": "团队变动"})

    assert Agreement.objects.get().state == AgreementState.FORGONE


def test_who_sees_but_may_not_sign_is_refused_and_strangers_find_nothing(client):
    agreement, _admin = prepared()
    application = agreement.award.application

    for reader in (application.created_by, member_of(application.organisation, role=UnitRole.FINANCE)):
        client.force_login(reader)
        page = client.get(url("agreement", agreement))
        assert (page.status_code, page.context["can_sign"]) == (200, False)
        assert client.post(url("sign", agreement), {"agree": "on"}).status_code == 403
        assert client.post(url("forgo", agreement), {"reason": "放弃"}).status_code == 403
    for stranger in (UserFactory(), member_of(OrganisationFactory(), role=UnitRole.ADMIN)):
        client.force_login(stranger)
        assert client.get(url("agreement", agreement)).status_code == 404
        assert client.post(url("sign", agreement), {"agree": "on"}).status_code == 404
    assert Agreement.objects.get().state == AgreementState.DRAFT


def test_the_list_of_agreements_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries):
    call = panel_call()
    budget(call)
    unit = OrganisationFactory()
    user = member_of(unit, role=UnitRole.ADMIN)
    before, now = timezone.now() - timedelta(days=40), timezone.now()
    manager = manager_of(call)
    client.force_login(user)

    def award(count):
        chosen = [
            ApplicationFactory(call=call, organisation=unit, created_by=user, reached="decision")
            for _number in range(count)
        ]
        for application in chosen:
            decide(application, by=manager, at=before)
        notice = actions.publicise(call=call, applications=chosen, by=manager, at=before)
        actions.close_publicity(publicity=notice, by=manager, at=now)

    award(1)
    client.get(reverse("awards:agreements"))
    for more, count in ((0, 1), (29, 30)):
        if more:
            award(more)
        with django_assert_num_queries(7):
            client.get(reverse("awards:agreements"))
        assert Agreement.objects.count() == count


# ---- the API ----


def test_notices_are_read_by_everybody_and_written_by_nobody(client):
    notice = publicised(2)

    row = client.get("/api/v1/publicity/").json()["results"][0]

    assert (row["id"], row["title"], row["ends_date"]) == (notice.pk, notice.title, str(notice.ends_date))
    assert sorted(row["items"][0]) == ["amount", "grade", "id", "organisation_name", "title"]
    assert client.post("/api/v1/publicity/", {}).status_code in (401, 403, 405)
    assert Publicity.objects.count() == 1


def test_awards_are_for_their_parties(client):
    agreement, admin = prepared()

    assert client.get("/api/v1/awards/").status_code in (401, 403)
    client.force_login(admin)
    rows = client.get("/api/v1/awards/").json()["results"]
    assert [(row["number"], row["amount"]) for row in rows] == [(agreement.award.number, "500000.00")]
    client.force_login(UserFactory())
    assert client.get("/api/v1/awards/").json()["results"] == []


@pytest.mark.parametrize("count", [1, 30])
def test_the_public_list_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries, count):
    call = panel_call()
    budget(call)
    for _number in range(count):
        application = to_decide(call=call)
        decide(application)
        actions.publicise(call=call, applications=[application], by=manager_of(call), at=timezone.now())

    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/publicity/").json()["results"]) == count
