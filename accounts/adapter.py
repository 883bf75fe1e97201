"""Where allauth asks the product: who goes where after signing in, and in what words."""

import logging

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from django.contrib import messages
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)


def display(user) -> str:
    return user.get_full_name() or user.username


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("用户名或密码不正确。"),
        "email_password_mismatch": _("邮箱或密码不正确。"),
        "too_many_login_attempts": _("登录失败次数过多，请五分钟后再试，或重设密码。"),
        "invalid_password_reset": _("重设密码的链接无效或已经用过，请重新申请。"),
        "incorrect_password": _("密码不正确。"),
        "incorrect_code": _("验证码不正确。"),
        "username_taken": _("这个用户名已经有人使用。"),
        "email_taken": _("这个邮箱已经注册过。"),
    }

    def get_login_redirect_url(self, request):
        """People of the bureau start in the admin, everybody else at their to-do list."""
        if request.user.is_staff and not request.user.scope.units:
            return resolve_url("admin:index")
        return super().get_login_redirect_url(request)

    def send_mail(self, template_prefix, email, context):
        """With the mail server away the account is made all the same, and the person knows what to do."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:  # what smtplib raises is one too
            log.exception("mail %s could not be sent", template_prefix)
            if current.request is not None:
                current.request.is_mail_away = True
                words = _("邮件暂时发不出去，其余已经办好：请稍后在“邮箱”页重新发送，或再试一次。")
                messages.error(current.request, words)

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        """Not that a mail was sent, when it was not."""
        unsent = message_template == "account/messages/email_confirmation_sent.txt"
        if not (unsent and getattr(request, "is_mail_away", False)):
            super().add_message(request, level, message_template, *args, **kwargs)
