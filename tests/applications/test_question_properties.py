"""Whatever a notice defines and whatever is sent: a form renders, answers come back as they were, and
nothing but a sentence is ever said."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applications import questions
from applications.actions.answering import read
from applications.fields import MoneyField
from core import money
from desk.packs.questions import faults as definition_faults
from grants.models import Dictionary
from grants.models import QuestionKind as K
from seeds import dictionaries
from seeds.codes import make_credit_code, make_id_number

usual = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lists")]

words = st.text(min_size=1, max_size=12).filter(str.strip)
codes = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
rows = {"min_rows": st.integers(0, 2), "max_rows": st.integers(2, 6)}
choices = st.lists(words, min_size=1, max_size=9, unique_by=str)
of_kind = {
    K.LINE: {"max_length": st.integers(1, 300)},
    K.TEXT: {"max_length": st.integers(1, 3000), "max_words": st.integers(1, 500)},
    K.NUMBER: {
        "unit": words,
        "min": st.integers(-9, 0),
        "max": st.integers(1, 99),
        "decimals": st.integers(0, 6),
    },
    K.MONEY: {"min": st.integers(0, 5), "max": st.integers(6, 1000)},
    K.CHOICE: {"choices": choices},
    K.CHOICES: {"choices": choices},
    K.DICTIONARY: {
        "dictionary": st.sampled_from(["trl", "tech_fields", "industries", "regions", "none"]),
        "level": st.integers(1, 3),
        "multiple": st.booleans(),
    },
    K.LIST: {"max_length": st.integers(1, 50), **rows},
    K.INDICATORS: {"years": st.lists(st.integers(2020, 2040), unique=True, max_size=4), **rows},
    K.SUBPROJECTS: rows,
    K.ATTACHMENT: {"max_count": st.integers(1, 5), "max_pages": st.integers(1, 9)},
    K.COMPUTED: {"expression": st.sampled_from(["1", "answers.a * 2.0", "(", "'x'"]), "unit": words},
}
NEEDED = {"choices", "dictionary", "expression"}


@st.composite
def configs(draw, kind):
    options = of_kind.get(kind, {})
    kept = {key: draw(value) for key, value in options.items() if key in NEEDED or draw(st.booleans())}
    if kind == K.TABLE:
        cells = st.sampled_from([K.LINE, K.TEXT, K.NUMBER, K.MONEY, K.DATE, K.MONTH, K.YES_NO, K.CHOICE])
        kept = {
            "columns": [
                draw(columns(cells, code))
                for code in draw(st.lists(codes, min_size=1, max_size=4, unique=True))
            ]
        }
        kept |= {key: draw(value) for key, value in rows.items()}
    return kept


@st.composite
def columns(draw, cells, code):
    kind = draw(cells)
    column = {"code": code, "label": draw(words), "kind": kind, "required": draw(st.booleans())}
    if kind in (K.NUMBER, K.MONEY):
        column["total"] = draw(st.booleans())
    return column | draw(configs(kind))


@st.composite
def definitions(draw):
    kind = draw(st.sampled_from(K.values))
    config = draw(configs(kind))
    assert list(definition_faults((), kind, config)) == []
    return SimpleNamespace(
        code="q",
        kind=kind,
        config=config,
        label=draw(words),
        label_en="",
        help="",
        is_required=draw(st.booleans()),
    )


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["1", "12.5", "2026-03", "2026-03-01", "true", "甲", "370202", make_id_number(1), "１２"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
CELL = st.sampled_from(["", "1", "12.5", "2026-03", "2026-03-01", "true", "甲", "1e5", "x" * 400]) | words


@st.composite
def plausible(draw, question):
    """What a person could have typed into the fields of a question."""
    kind, config = question.kind, question.config
    if kind == K.PERSON:
        number = st.sampled_from(["", make_id_number(1), "123"])
        return {"name": draw(words), "id_number": draw(number), "title": draw(CELL)}
    if kind == K.ORGANISATION:
        return {"name": draw(words), "credit_code": draw(st.sampled_from(["", make_credit_code(1), "9"]))}
    if questions.is_rows(question):
        names = [column.code for column in questions.columns_of(question)]
        return draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, CELL)), max_size=4))
    if kind in (K.LIST, K.CHOICES) or config.get("multiple"):
        return draw(st.lists(CELL | st.sampled_from(config.get("choices", ["1"])), max_size=4))
    if kind == K.CHOICE:
        return draw(CELL | st.sampled_from(config["choices"]))
    return draw(CELL)


@pytest.fixture(scope="module")
def lists(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        for file in dictionaries.shipped():
            dictionaries.load(file)
        yield
        Dictionary.objects.all().delete()


def check(question, raw):
    """Everything that can be done with an answer; only ValidationError may be raised, and only by clean."""
    field = questions.field_of(question)
    stored, sentences = read(question, raw)
    assert all(isinstance(sentence, str) and sentence for sentence in sentences)
    assert json.loads(json.dumps(stored, allow_nan=False)) == stored
    shown = questions.to_input(question, stored)
    assert field.widget.render("a-q", shown, {"id": "a-q"})
    assert isinstance(questions.text(question, stored), str)
    assert all(isinstance(sentence, str) for sentence in questions.faults(question, stored))
    questions.for_rules(question, stored)
    questions.cells(question, stored)
    questions.masked(question.kind, stored)
    assert isinstance(questions.judged(question, stored, {"answers": {}}), list)
    if not questions.is_typed(stored):
        assert questions.clean(question, shown) == stored


@usual
@given(data=st.data())
def test_what_a_person_types_comes_back_as_it_was(data):
    question = data.draw(definitions())
    check(question, data.draw(plausible(question)))


@usual
@given(question=definitions(), raw=anything)
def test_anything_at_all_is_read_or_refused_in_a_sentence(question, raw):
    check(question, raw)


@usual
@given(text=st.text() | st.from_regex(r"-?\d{1,14}(\.\d{0,8})?([eE]\d{1,9})?", fullmatch=True))
def test_money_is_read_exactly_or_refused(text):
    field = MoneyField(required=False)
    try:
        amount = field.clean(text)
    except ValidationError:
        return
    assert amount is None or field.clean(money.wan_number(amount)) == amount
    assert amount is None or amount == amount.quantize(Decimal("0.01"))
