"""Django permissions out of `roles.py`: nothing is granted in the database."""

from django.contrib.auth.backends import ModelBackend

from accounts import roles


class RolesBackend(ModelBackend):
    """Authenticates nobody; answers `has_perm` from the roles a person holds."""

    def authenticate(self, request, **credentials):
        return None

    def has_perm(self, user_obj, perm, obj=None):
        if not user_obj.is_active:
            return False
        app_label, codename = perm.split(".", 1)
        action = codename.split("_", 1)[0]
        return any(roles.allows(role, app_label, action) for role in user_obj.scope.roles)

    def has_module_perms(self, user_obj, app_label):
        return user_obj.is_active and any(
            roles.allows(role, app_label, "view") for role in user_obj.scope.roles
        )
