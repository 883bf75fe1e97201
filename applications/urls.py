from django.urls import path

from applications.forms import FIXED_PARTS
from applications.views import desks, handing, importing, listing, papers, recommending, together, workspace

app_name = "applications"

urlpatterns = [
    path("", listing.application_list, name="list"),
    path("start/<int:call_pk>/", listing.start, name="start"),
    path("unit-review/", desks.unit_reviews, name="unit_reviews"),
    path("recommendations/", desks.recommendations, name="recommendations"),
    path("unit-review/batch/", recommending.unit_batch, name="unit_reviews_batch"),
    path("recommendations/batch/", recommending.batch, name="recommendations_batch"),
    path("recommendations/calls/<int:pk>/", recommending.ranking, name="ranking"),
    path("recommendations/calls/<int:pk>/letter/", recommending.issue, name="issue_letter"),
    path("letters/<int:pk>/", recommending.letter, name="letter"),
    path("letters/<int:pk>/letter.<str:form>", recommending.letter_file, name="letter_file"),
    path("letters/<int:pk>/scan/", recommending.letter_scan, name="letter_scan"),
    path("letters/<int:pk>/void/", recommending.letter_void, name="letter_void"),
    path("verify/", papers.verify, name="verify"),
    path("<int:pk>/", listing.detail, name="detail"),
    *[path(f"<int:pk>/{name}/", workspace.part, {"name": name}, name=name) for name in FIXED_PARTS],
    path("<int:pk>/form/<slug:name>/", workspace.part, name="section"),
    path("<int:pk>/comments/<slug:name>/", together.comments, name="comments"),
    path("<int:pk>/partner/", together.partner, name="partner"),
    path("<int:pk>/partners/", together.invite, name="invite"),
    path("<int:pk>/side/<slug:name>/", workspace.side, name="side"),
    path("<int:pk>/files/<slug:code>/", workspace.upload, name="upload"),
    path("codes/<slug:code>/", workspace.codes, name="codes"),
    path("<int:pk>/check/", handing.check, name="check"),
    path("<int:pk>/scan/", papers.scan, name="scan"),
    path("<int:pk>/versions/", papers.versions, name="versions"),
    path("<int:pk>/copy/", listing.copy, name="copy"),
    path("<int:pk>/import/<slug:name>/", importing.spreadsheet, name="import"),
    path(
        "<int:pk>/import/question/<slug:code>/",
        importing.spreadsheet,
        {"name": "question"},
        name="import_question",
    ),
    path("<int:pk>/withdraw/", listing.withdraw, name="withdraw"),
    path("<int:pk>/team/", listing.team, name="team"),
    path("<int:pk>/preview.pdf", listing.preview, name="preview"),
    path("<int:pk>/export.<str:form>", listing.export, name="export"),
    path("<int:pk>/unit-review/", desks.unit_review, name="unit_review"),
    path("<int:pk>/recommendation/", desks.recommendation, name="recommendation"),
]
