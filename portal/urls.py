from django.urls import path

from portal import projects, views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("language/", views.language, name="language"),
    path("calls/", views.calls, name="calls"),
    path("calls/<int:pk>/", views.call, name="call"),
    path("calls/<int:pk>/could-we-apply/", views.selfcheck, name="selfcheck"),
    path("board/", views.board, name="board"),
    path("board/<int:pk>/", views.topic, name="topic"),
    path("publicity/", views.publicity, name="publicity"),
    path("publicity/<int:pk>/", views.publicity_notice, name="publicity_notice"),
    path("todo/", views.todo, name="todo"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<int:pk>/", views.message, name="message"),
    path("projects/", projects.projects, name="projects"),
    path("projects/<int:pk>/", projects.project, name="project"),
]
