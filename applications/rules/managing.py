"""Who acts for the department that issued a call."""

from django.utils.translation import gettext as _

from accounts.roles import Role
from applications.models import Application
from core.workflow import Refused


def check_manages(by, application: Application) -> None:
    """A manager of the call's department. Raises Refused."""
    if by is None or by.has_role(Role.SYSADMIN):
        return
    if application.call.programme.department_id not in by.scope.departments:
        raise Refused(_("只有主管处室的项目主管可以处理。"))
