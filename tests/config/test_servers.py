"""The fixtures that start real servers."""

import pytest
from django.core.mail import send_mail


@pytest.mark.servers
def test_mail_arrives_at_the_smtp_server(smtp_server):
    send_mail("主题", "正文", "noreply@jiebang.example", ["li@jiebang.example"])
    (message,) = smtp_server.wait_for(1)
    assert message["Subject"] == "主题"
    assert message.get_content().strip() == "正文"


@pytest.mark.browser
@pytest.mark.django_db
def test_the_browser_reads_a_chinese_page(page, live_server):
    page.goto("/healthz")
    assert page.locator("body").inner_text() == "ok"
    assert page.evaluate("navigator.language") == "zh-CN"
