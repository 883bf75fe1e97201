"""Which offices join the recommendation of an application (会同推荐), and what they have said."""

from accounts.models import Organisation
from applications.models import Application, JointOpinion
from applications.queries.recommending import office_for
from applications.queries.records import of_the_bureau
from applications.states import ApplicationState
from grants.models import ListedRecommender
from grants.queries import way_of_recommending


def joint_offices(application: Application) -> dict[str, tuple[ListedRecommender, Organisation]]:
    """Line → the notice's row and its office: of each line the narrowest region that holds the unit's."""
    region = application.organisation.region
    rows = application.call.recommenders.exclude(line="")
    found: dict[str, ListedRecommender] = {}
    for row in sorted(rows, key=lambda row: (len(row.region), row.pk)):
        if region.startswith(row.region):
            found[row.line] = row
    codes = [row.credit_code for row in found.values()]
    units = {unit.credit_code: unit for unit in Organisation.objects.filter(credit_code__in=codes)}
    return {line: (row, units[row.credit_code]) for line, row in found.items() if row.credit_code in units}


def joint_for(user, application: Application) -> JointOpinion | None:
    """What the application waits for from an office of the person."""
    if application.state != ApplicationState.RECOMMENDATION or not user.scope.recommender_organisations:
        return None
    return application.joint_opinions.waiting().of_offices(user).first()


def joint_awaited(application: Application) -> list[JointOpinion]:
    """Offices that have not agreed yet."""
    return list(application.joint_opinions.waiting().select_related("organisation"))


def joint_opinions(application: Application, user) -> list[JointOpinion]:
    """Every office asked. With which words it agreed stays between the offices and the bureau: `told`.

    No query where nobody recommends.
    """
    if not way_of_recommending(application.call):
        return []
    rows = list(application.joint_opinions.select_related("organisation", "agreed_by"))
    told = bool(rows) and (
        of_the_bureau(user)
        or office_for(user, application) is not None
        or any(row.organisation_id in user.scope.recommender_organisations for row in rows)
    )
    for row in rows:
        row.told = row.opinion if told else ""
    return rows
