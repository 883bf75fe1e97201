"""What was sent is read without trusting it."""

import io

import pytest
from rest_framework.exceptions import ParseError

from core.parsers import SoundJSONParser
from core.sent import number, numbers, read_json

TOO_DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("text", "key"),
    [("7", 7), ("", 0), (None, 0), ("x", 0), ("-1", 0), ("²", 0), ("9" * 5000, 0)],
)
def test_a_key_is_a_number_that_the_database_can_hold(text, key):
    assert number(text) == key


def test_what_is_no_key_is_left_out():
    assert numbers(["3", "x", "9" * 5000, "1"]) == [3, 1]


@pytest.mark.parametrize("text", [TOO_DEEP, '{"a":' * 50_000, "9" * 5000, "{", b"\xff"])
def test_json_that_cannot_be_read_is_a_fault_of_the_value(text):
    with pytest.raises(ValueError):
        read_json(text)


@pytest.mark.parametrize("text", [TOO_DEEP, r'{"note": "\ud800"}', r'{"\udfff": 1}', "9" * 5000])
def test_the_api_refuses_what_no_answer_could_repeat(text):
    with pytest.raises(ParseError):
        SoundJSONParser().parse(io.BytesIO(text.encode()))


def test_the_api_reads_json():
    assert SoundJSONParser().parse(io.BytesIO('{"note": "好"}'.encode())) == {"note": "好"}
