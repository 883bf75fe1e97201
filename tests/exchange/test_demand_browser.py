"""The form of a demand in a real browser: files go up when they are chosen, a colleague's text is named."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from exchange import actions
from exchange.models import Demand
from grants.models import FormKind, Question, QuestionKind, Section
from tests.applications.test_autosave_browser import sign_in
from tests.factories.accounts import member_of
from tests.factories.exchange import DemandFactory
from tests.factories.milestones import evidence
from tests.factories.reviews import CallFactory, publish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_files_go_up_by_themselves_and_of_two_writers_the_colleague_is_named(page):
    call = CallFactory(sourcing="demand", closes_at=None, bid_days=20)
    section = Section.objects.create(call=call, code="more", title="更多", order=1, form=FormKind.DEMAND)
    kind = {"kind": QuestionKind.ATTACHMENT, "config": {"endings": ["pdf"]}, "label": "图纸", "order": 1}
    Question.objects.create(call=call, section=section, code="drawing", **kind)
    demand = DemandFactory(call=publish(call))
    sign_in(page, demand.created_by)
    page.goto(reverse("exchange:edit", args=[demand.pk]))
    field, state = page.locator("#id_a-drawing"), page.locator("#question-drawing [data-upload-state]")

    field.set_input_files({"name": "图.pdf", "mimeType": "application/pdf", "buffer": b"MZ"})
    expect(state).to_contain_text("内容不是 pdf 格式")
    content = evidence("图.pdf").read()
    field.set_input_files({"name": "图.pdf", "mimeType": "application/pdf", "buffer": content})
    expect(page.locator("#file-drawing")).to_contain_text("图.pdf")
    expect(state).to_have_text("")

    colleague = member_of(demand.organisation, name="陈同事")
    values = {"problem": "同事写的"}
    actions.save(demand=demand, values=values, by=colleague, at=timezone.now())
    page.fill("[name=problem]", "我写的")
    expect(page.locator("#together")).to_contain_text("陈同事保存的：同事写的")
    assert page.input_value("[name=problem]") == "我写的"
    kept = Demand.objects.get()
    assert (kept.problem, kept.answers["drawing"]["name"]) == ("同事写的", "图.pdf")
