"""allauth's sign-in form in the product's words. Apart from `forms`, which allauth imports for signing up."""

from allauth.account.forms import LoginForm as AllauthLoginForm
from django.utils.translation import gettext_lazy as _


class LoginForm(AllauthLoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label = _("用户名或邮箱")
        login.widget.attrs["autocomplete"] = "username"
        # Labels stand above the fields; the page itself links to the password reset.
        del login.widget.attrs["placeholder"], password.widget.attrs["placeholder"]
        password.help_text = ""
        self.fields["remember"].label = _("在这台电脑上保持登录")
