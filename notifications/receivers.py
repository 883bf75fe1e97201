"""A new installation reminds people without anybody having set up how."""

from notifications import actions


def install_policies(sender, **kwargs) -> None:
    """After every migrate: kinds of deadlines that are new get their default reminders."""
    project = kwargs.get("apps")
    if project is not None and ("notifications", "reminderpolicy") not in _models(project):
        return
    actions.install_default_policies()


def _models(project) -> set[tuple[str, str]]:
    return {(model._meta.app_label, model._meta.model_name) for model in project.get_models()}
