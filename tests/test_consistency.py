"""Conventions of the whole project: what reviewers would otherwise have to look for."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks
from django.db import models

from config.celery import app as celery
from core.workflow import Machine
from notifications import defaults, obligations
from notifications.models import DeadlineKind

PROJECT = Path(__file__).resolve().parents[1]
CODE = ["config", *settings.APPS]
LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in settings.APPS]


def machines() -> dict[type[models.Model], Machine]:
    return {model: model.machine for model in own_models() if hasattr(model, "machine")}


DATED_WITHOUT_DEADLINE = {
    "what was done, and when": (
        "accounts.BankAccount.checked_at accounts.JoinRequest.decided_at accounts.Subordination.decided_at "
        "accounts.OrganisationFact.recorded_at accounts.OrganisationFact.confirmed_at "
        "accounts.OrganisationFact.warned_at accounts.PersonRecord.updated_at "
        "accounts.Shareholder.recorded_at portal.Subscription.agreed_at "
        "accounts.User.last_login accounts.User.date_joined accounts.User.phone_verified_at "
        "applications.Answer.saved_at applications.Application.created_at "
        "applications.Consent.at "
        "applications.Nominator.answered_at applications.JointOpinion.agreed_at "
        "applications.Comment.at applications.Comment.resolved_at applications.Partner.confirmed_at "
        "applications.Nomination.recommended_at applications.RecommendationLetter.at "
        "applications.RecommendationLetter.dated applications.RecommendationLetter.voided_at "
        "applications.PastProject.uploaded_at documents.Upload.at "
        "applications.Application.saved_at applications.Application.submitted_at "
        "applications.Application.ended_at applications.RuleResult.checked_at "
        "applications.RuleResult.officer_at applications.StepConclusion.at "
        "applications.StepConclusion.held_date applications.Submission.at awards.Decision.at "
        "applications.Claim.settled_at applications.ClaimLine.at "
        "awards.Objection.resolved_at awards.Agreement.unit_signed_at awards.Agreement.bureau_signed_at "
        "awards.ConditionCheck.certified_at awards.ConditionCheck.officer_at "
        "awards.ConditionCheck.settled_at awards.Agreement.signed_ends_date "
        "awards.Publicity.published_at documents.Document.created_at exchange.Demand.argued_at "
        "exchange.Demand.created_at exchange.Demand.saved_at finance.Commitment.committed_at "
        "finance.Refund.demanded_at finance.Refund.ended_at finance.Settlement.settled_at "
        "applications.PaperReceipt.received_date applications.PaperReceipt.posted_date "
        "applications.SignOff.shown_from_date applications.SignOff.shown_to_date applications.SignOff.at "
        "applications.PaperReceipt.at applications.PaperReceipt.void_at "
        "finance.RefundReceipt.received_date finance.RefundReceipt.recorded_at "
        "finance.Commitment.released_at finance.Payment.paid_date finance.Payment.recorded_at "
        "grants.Amendment.published_at grants.Call.published_at grants.Topic.listed_at "
        "milestones.Acceptance.at milestones.DemanderOpinion.at milestones.Milestone.accepted_at "
        "milestones.Hearing.held_date milestones.Hearing.booked_at "
        "milestones.Extension.old_ends_date milestones.Extension.decided_at milestones.Shift.from_date "
        "milestones.Change.decided_at milestones.ChangeConsent.at applications.Participant.joined_date "
        "applications.Sanction.from_date applications.Sanction.to_date "
        "applications.Sanction.decided_at "
        "applications.Participant.left_date "
        "milestones.Termination.decided_at "
        "milestones.ReportDraft.saved_at duties.Duty.saved_at duties.HandIn.submitted_at "
        "duties.HandIn.decided_at reviews.Assignment.pledged_at reviews.Conflict.recorded_at "
        "reviews.DemanderChoice.at reviews.Review.saved_at reviews.Review.submitted_at "
        "applications.Appeal.filed_at applications.Appeal.decided_at applications.CheckDecision.at "
        "equity.Deal.opened_at equity.Deal.ended_at equity.Distribution.recorded_at equity.Exit.proposed_at "
        "equity.Exit.received_date equity.Holding.recorded_at equity.PeriodicReport.submitted_at "
        "equity.CapTable.as_of_date equity.CapTable.recorded_at "
        "equity.Trigger.met_date equity.Valuation.as_of_date equity.Valuation.recorded_at "
        "applications.SimilarityReport.compared_at applications.SimilarityReport.concluded_at "
        "applications.TakenBack.at core.Event.at desk.Rehearsal.started_at desk.Rehearsal.claimed_at "
        "desk.Rehearsal.finished_at facilities.Facility.filed_date facilities.Facility.ended_at "
        "facilities.ServiceCase.served_date facilities.ServiceCase.created_at "
        "facilities.AnnualEvaluation.saved_at facilities.AnnualEvaluation.checked_at "
        "facilities.AnnualEvaluation.scored_at facilities.AnnualEvaluation.paid_date"
    ),
    "a beginning: nothing is owed by it": (
        "facilities.AnnualEvaluation.report_opens_at "
        "equity.BuyBackWindow.from_date equity.Holding.registered_date "
        "grants.Call.opens_at grants.Intake.opens_at "
        "awards.Publicity.starts_date awards.Agreement.starts_date "
        "accounts.BankAccount.valid_from accounts.OrganisationFact.valid_from "
        "accounts.IntegrityRecord.valid_from "
        "accounts.Organisation.registered_date grants.Dictionary.valid_from"
    ),
    "a fact that rules test, owed by nobody": (
        "accounts.Shareholder.as_of_date applications.Participant.birth_date grants.EligibilityRule.as_of "
        "accounts.IntegrityRecord.valid_to grants.Dictionary.valid_to core.CalendarDay.date "
        "applications.PastProject.starts_date applications.PastProject.ends_date grants.Call.registers_by_at "
        "applications.Application.finish_date "
        "facilities.AnnualEvaluation.data_from_date facilities.AnnualEvaluation.data_to_date"
    ),
    "a proposal: owed once the agreement says so": (
        "applications.Application.starts_date applications.Application.ends_date "
        "milestones.Extension.ends_date milestones.Shift.to_date "
        "milestones.MilestoneTemplate.by_date milestones.MilestoneTemplate.check_by_date "
        "applications.ProposedMilestone.due_date "
        "exchange.Demand.deadline_date"
    ),
}


def test_every_date_has_a_deadline_or_a_reason():
    """A model with a date that nobody is reminded of must say why."""
    dated = {
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        if model._meta.app_label != "notifications"
        and not model._meta.proxy
        and not hasattr(model, "pgh_tracked_model")
        for field in model._meta.local_fields
        if isinstance(field, models.DateField)
    }
    covered = {
        name
        for obligation in obligations.REGISTRY.values()
        for name in obligation.dates
        if not name.startswith("notifications.")
    }
    excused = {name for names in DATED_WITHOUT_DEADLINE.values() for name in names.split()}
    assert dated - covered - excused == set()
    assert excused & covered == set()
    assert (excused | covered) - dated == set(), "these exist no more"


def test_every_kind_of_deadline_has_an_obligation_and_a_default_rule():
    assert set(DeadlineKind.values) == set(obligations.REGISTRY) == set(defaults.STEPS)


@pytest.mark.parametrize("app", settings.APPS)
def test_one_first_migration_per_app(app):
    found = [path.name for path in (PROJECT / app / "migrations").glob("0*.py")]
    assert found in ([], ["0001_initial.py"])


def test_models_match_migrations_and_checks_pass():
    assert run_checks() == []


def test_actions_take_keywords_only():
    """`actions.submit(application, user)` could swap its arguments in silence."""
    wrong = []
    for path in python_files(*settings.APPS):
        if path.name != "actions.py" and path.parent.name != "actions":
            continue
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
                if positional and {"by", "at"} & {argument.arg for argument in node.args.kwonlyargs}:
                    wrong.append(f"{path.relative_to(PROJECT)}: {node.name}({', '.join(positional)}, …)")
                if {"by", "at"} & set(positional):
                    wrong.append(f"{path.relative_to(PROJECT)}: {node.name} takes by or at by position")
    assert wrong == []


def test_the_clock_is_read_outside_the_rules():
    """Models, queries, rules and actions get the time from their caller, so that a test can choose it."""
    names = {"models.py", "rules.py", "actions.py", "states.py"}
    reads = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in python_files(*settings.APPS)
        if path.name in names or path.parent.name in ("actions", "rules")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("timezone.now", "timezone.localdate", "datetime.now")
    ]
    assert reads == []


@pytest.mark.parametrize("model", machines(), ids=lambda model: model.__name__)
def test_every_state_is_described(model):
    machine = model.machine
    states = set(machine.states.values)
    assert machine.initial in states
    assert set(machine.transitions) <= states
    assert set().union(*machine.transitions.values()) <= states
    assert set(machine.owners) == states, "each state says who may write in it"
    assert set(machine.public_labels) <= states
    reachable, waiting = {machine.initial}, [machine.initial]
    while waiting:
        for state in machine.transitions.get(waiting.pop(), frozenset()) - reachable:
            reachable.add(state)
            waiting.append(state)
    assert reachable == states, "no state that nothing leads to"


def test_every_scheduled_task_exists():
    celery.loader.import_default_modules()
    scheduled = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert scheduled - set(celery.tasks) == set()


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_nothing_is_left_for_later(folder):
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    assert [
        path.name for path in python_files(folder) if marks.search(path.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_pin_hashes_and_name_no_registry(lock):
    text = lock.read_text()
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|file:", text) == []
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9.-]+(\[[a-z,-]+\])?==\S+ ", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_every_dependency_is_in_the_locks():
    def pinned(name: str) -> set[str]:
        return set(
            re.findall(r"^([a-z0-9.-]+)(?:\[|==)", (PROJECT / "requirements" / name).read_text(), re.M)
        )

    text = (PROJECT / "pyproject.toml").read_text()
    runtime = text[text.index("dependencies = [") : text.index("[dependency-groups]")]
    groups = text[text.index("[dependency-groups]") : text.index("dev = [")]
    groups = re.sub(r"^\w+ = ", "", groups, flags=re.M)
    quoted = re.compile(r'"([A-Za-z][A-Za-z0-9-]+)[\[<>=~"]')
    assert {name.lower() for name in quoted.findall(runtime)} - pinned("runtime.txt") == set()
    assert {name.lower() for name in quoted.findall(groups)} - pinned("dev.txt") == set()
    assert pinned("runtime.txt") <= pinned("dev.txt")


def test_every_dependency_has_its_reason():
    reasons = (PROJECT / "docs" / "adr" / "0002-dependencies.md").read_text().lower()
    text = (PROJECT / "pyproject.toml").read_text()
    listed = text[text.index("dependencies = [") : text.index("[tool.")]
    names = {name.lower() for name in re.findall(r'"([A-Za-z][A-Za-z0-9-]+)[\[<>=~"]', listed)}
    plugins = {name for name in names if name.startswith("pytest-")}
    assert {name for name in names - plugins if name not in reasons} == set()


def test_every_environment_variable_is_explained():
    guide = (PROJECT / "docs" / "operators.md").read_text()
    read = set()
    for path in python_files("config/settings"):
        if path.name not in ("dev.py", "test.py"):
            read |= set(
                re.findall(r"(?:env\.\w+|secret|address)\(\s*\"([A-Z_]+)\"", path.read_text(encoding="utf-8"))
            )
    assert {name for name in read if f"`{name}`" not in guide} == set()
    assert {"SECRET_KEY", "DATABASE_URL", "SITE_URL"} <= read


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.name[:4]) for path in sorted((PROJECT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_files_stay_short():
    """A long file is two files. Tables of data may be longer."""
    long = {
        str(path.relative_to(PROJECT)): count
        for path in python_files(*CODE)
        if "migrations" not in path.parts
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}
