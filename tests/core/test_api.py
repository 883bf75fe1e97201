"""One shape of error, whatever went wrong."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions

from core.api import exception_handler
from core.workflow import Lost, Refused


def answer(fault):
    response = exception_handler(fault, {})
    return response.status_code, response.data["error"]


def shape(code, message, field="", clause=""):
    return {"code": code, "message": message, "field": field, "clause": clause}


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        (
            Refused("自筹不足。", field="own", clause="第五条", code="ratio"),
            422,
            shape("ratio", "自筹不足。", "own", "第五条"),
        ),
        (Refused("现在不能提交。", code="not_allowed"), 409, shape("not_allowed", "现在不能提交。")),
        (Lost("别人刚刚处理了。"), 409, shape("refused", "别人刚刚处理了。")),
        (
            exceptions.ValidationError({"budget": [{"amount": []}, {"amount": ["请填数字。"]}]}),
            400,
            shape("invalid", "请填数字。", "budget.1.amount"),
        ),
        (exceptions.ValidationError({"non_field_errors": ["太早。"]}), 400, shape("invalid", "太早。")),
        (exceptions.ValidationError("坏。"), 400, shape("invalid", "坏。")),
        (ValidationError({"name": ["必填。"]}), 400, shape("invalid", "必填。", "name")),
        (ValidationError("不行。"), 400, shape("invalid", "不行。")),
        (Http404(), 404, shape("not_found", "没有找到，或者您无权查看。")),
        (exceptions.NotFound(), 404, shape("not_found", "没有找到，或者您无权查看。")),
        (PermissionDenied(), 403, shape("permission_denied", "您没有权限做这件事。")),
    ],
)
def test_faults_of_the_caller(fault, status, error):
    assert answer(fault) == (status, error)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.MethodNotAllowed("POST"), 405, "method_not_allowed"),
        (exceptions.Throttled(wait=30), 429, "throttled"),
        (exceptions.ParseError(), 400, "parse_error"),
    ],
)
def test_faults_the_framework_words(fault, status, code):
    found, error = answer(fault)
    assert (found, error["code"], bool(error["message"])) == (status, code, True)
    assert set(error) == {"code", "message", "field", "clause"}


def test_waiting_time_stays_in_the_header():
    assert exception_handler(exceptions.Throttled(wait=30), {})["Retry-After"] == "30"


def test_a_fault_of_ours_stays_a_500():
    assert exception_handler(RuntimeError("x"), {}) is None
