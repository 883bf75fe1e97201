"""Offices join a recommendation (会同推荐): asked when it comes to be recommended, each agrees for itself."""

from datetime import datetime

from django.utils.translation import gettext as _

from applications import joint_clocks, queries, rules
from applications.models import Application, JointOpinion
from applications.states import ApplicationState, JointState
from core import workflow
from documents.actions import store

ENDINGS = ("pdf", "jpg", "jpeg", "png")


def follow_joint(*, application: Application, old: str, by, at: datetime) -> None:
    """Called behind every move from `old`: offices owe their word exactly while it is to be recommended."""
    if application.state == ApplicationState.RECOMMENDATION:
        _ask(application, at=at)
    elif old == ApplicationState.RECOMMENDATION:
        for joint in application.joint_opinions.filter(state=JointState.ASKED):
            joint_clocks.dropped(joint, by=by, at=at)


def _ask(application: Application, *, at: datetime) -> None:
    """Whom the notice names for the unit's region; whoever agreed to an earlier version is asked again."""
    wanted = queries.joint_offices(application)
    application.joint_opinions.exclude(line__in=wanted).delete()
    known = {joint.line: joint for joint in application.joint_opinions.all()}
    for line, (row, office) in wanted.items():
        joint = known.get(line) or JointOpinion(application=application, line=line, asked_at=at)
        if joint.pk and joint.state == JointState.AGREED:
            if joint.version == application.version and joint.organisation_id == office.pk:
                continue
            nothing = {"version": None, "agreed_at": None, "agreed_by": None}
            workflow.move(joint, JointState.ASKED, by=None, at=at, **nothing)
        joint.application, joint.organisation = application, office
        joint.clause, joint.asked_at = row.clause, at
        joint.save()
        joint_clocks.opened(joint, at=at)
        joint_clocks.told(joint, at=at)


def renew_joint(*, application: Application, by, at: datetime) -> None:
    """The notice closes the recommendation at another moment."""
    for joint in application.joint_opinions.waiting().select_related("organisation"):
        joint.application = application
        joint_clocks.dropped(joint, by=by, at=at)
        joint_clocks.opened(joint, at=joint.asked_at)


def agree(*, joint: JointOpinion, opinion: str, signed: rules.Signed | None = None, by, at: datetime) -> None:
    """The office agrees with its opinion, and a stamped paper if it gives one. Raises Refused, Lost."""
    application = joint.application
    rules.check_can_pass_on(by, application, at=at)
    rules.check_reason(opinion, field="opinion")
    if signed is not None and signed.file is not None:
        store(
            subject=application,
            kind=queries.signed_kind(f"joint_{joint.pk}", application.version),
            file=signed.file,
            name=signed.file.name,
            by=by,
            at=at,
            endings=ENDINGS,
            field="file",
        )
    workflow.move(
        joint,
        JointState.AGREED,
        by=by,
        at=at,
        opinion=opinion.replace("\0", "").strip(),
        version=application.version,
        agreed_by=by,
        agreed_at=at,
    )
    joint_clocks.done(joint, by=by, at=at)
    note = _("%(line)s（%(office)s）") % {"line": joint.line, "office": joint.organisation}
    workflow.record(application, "joint_agreed", by=by, at=at, note=note)
