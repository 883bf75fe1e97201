"""Files of a demand's form: who stores, reads and removes them, and which of them the public reads."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from core.workflow import Refused
from exchange import actions
from exchange.models import Demand, DemandScheme
from grants.models import FormKind, Question, QuestionKind, Section
from tests.factories.accounts import UserFactory, member_of
from tests.factories.exchange import DemandFactory
from tests.factories.milestones import evidence
from tests.factories.reviews import CallFactory, manager_of, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def demand():
    """A draft whose form takes one drawing, which the notice makes public, and two papers for the office."""
    call = CallFactory(sourcing="demand", closes_at=None, bid_days=20)
    section = Section.objects.create(call=call, code="more", title="更多", order=1, form=FormKind.DEMAND)
    for code, config in (("drawing", {"endings": ["pdf"]}), ("papers", {"endings": ["pdf"], "max_count": 2})):
        Question.objects.create(
            call=call,
            section=section,
            code=code,
            kind=QuestionKind.ATTACHMENT,
            label=code,
            config=config,
            is_required=code == "drawing",
            order=1 if code == "drawing" else 2,
        )
    DemandScheme.objects.create(call=call, public=["drawing"])
    return DemandFactory(call=publish(call))


def pdf(name="图.pdf", more=b""):
    return SimpleUploadedFile(name, evidence(name).read() + more, "application/pdf")


def attach(demand, code, name="图.pdf", more=b""):
    question = Question.objects.get(code=code)
    now = timezone.now()
    return actions.attach(
        demand=demand, question=question, file=pdf(name, more), name=name, by=demand.created_by, at=now
    )


def edit_of(demand):
    return reverse("exchange:edit", args=[demand.pk])


def status_of(client, user, address):
    client.logout()
    if user is not None:
        client.force_login(user)
    answer = client.get(address)
    assert answer.status_code != 200 or b"".join(answer.streaming_content).startswith(b"%PDF")
    return answer.status_code


def test_a_file_is_kept_when_the_form_comes_back_with_errors(client, demand):
    client.force_login(demand.created_by)
    sent = {"title": "名称", "amount": "两百万", "a-drawing": pdf()}
    sent["a-papers"] = [pdf("一.pdf", b"%1"), SimpleUploadedFile("二.exe", b"MZ")]

    page = client.post(edit_of(demand), sent)

    assert page.status_code == 422
    assert page.context["own"].errors == {"papers": ["文件“二.exe”的类型不能上传：只接受 pdf。"]}
    text = page.content.decode()
    assert "图.pdf" in text
    assert "一.pdf" in text
    demand.refresh_from_db()
    (paper,) = demand.answers["papers"]["documents"]
    client.post(edit_of(demand), {"title": "名称", "detach": f"papers:{paper['document']}"})
    demand.refresh_from_db()
    assert demand.answers["papers"] is None
    assert demand.answers["drawing"]["name"] == "图.pdf"


def test_the_script_stores_a_file_and_says_why_not(client, demand, settings):
    address = reverse("exchange:upload", args=[demand.pk, "papers"])
    assert client.post(address).status_code == 401
    client.force_login(UserFactory())
    assert client.post(address, {"file": pdf()}).status_code == 404
    client.force_login(demand.created_by)

    assert "一.pdf" in client.post(address, {"file": pdf("一.pdf")}).json()["fragments"]["file-papers"]
    assert client.post(address).status_code == 400
    other = reverse("exchange:upload", args=[demand.pk, "title"])
    assert client.post(other, {"file": pdf()}).status_code == 400
    settings.DOCUMENT_QUOTA_BYTES = 1
    refused = client.post(address, {"file": pdf("二.pdf", b"%2")})
    assert refused.status_code == 422
    assert "文件总量超过上限" in refused.json()["message"]


def test_who_reads_the_files_before_and_after_the_demand_is_listed(client, demand):
    drawing, paper = attach(demand, "drawing"), attach(demand, "papers", "内部.pdf", b"%1")
    manager, colleague = manager_of(demand.call), member_of(demand.organisation)
    own = reverse("documents:download", args=[paper.pk])
    assert [status_of(client, who, own) for who in (colleague, manager, UserFactory())] == [200, 404, 404]

    now = timezone.now()
    actions.submit(demand=demand, by=demand.created_by, at=now)
    assert [status_of(client, who, own) for who in (colleague, manager, UserFactory())] == [200, 200, 404]
    with pytest.raises(Refused):
        attach(demand, "papers", "晚.pdf", b"%2")
    client.force_login(manager)
    desk = client.get(reverse("admin:exchange_demand_change", args=[demand.pk])).content.decode()
    assert own in desk

    actions.argue(demand=demand, opinion="可以", accept=True, by=manager, at=now)
    topic = actions.list_demand(demand=demand, by=manager, at=now)
    public, hidden = (
        reverse("exchange:public_file", args=[topic.pk, document.pk]) for document in (drawing, paper)
    )
    client.logout()
    page = client.get(reverse("portal:topic", args=[topic.pk])).content.decode()
    assert public in page
    assert "内部.pdf" not in page
    assert [status_of(client, None, address) for address in (public, hidden)] == [200, 404]
    assert status_of(client, UserFactory(), own) == 404


def test_a_required_file_is_asked_for_before_it_is_handed_in(client, demand):
    client.force_login(demand.created_by)
    page = client.post(edit_of(demand), {"title": "名称", "do": "submit"})
    assert "question-drawing" in [problem["anchor"] for problem in page.context["problems"]]
    assert Demand.objects.get().state == "draft"
