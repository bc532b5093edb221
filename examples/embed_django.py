"""A conference in a Django app: register, verify, sign in, contribute with files, cancel; calendars.

pip install . django
python examples/embed_django.py            # then open http://127.0.0.1:8000/register
python examples/embed_django.py deliver    # sends the mails that are owed; in production every minute, from cron
"""

# mypy: disable-error-code="import-untyped,untyped-decorator"

import os
import sys
from collections.abc import Callable, Mapping
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import WSGIHandler, get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators import csrf, http

from conferencekit import Secretariat, load_conference
from conferencekit.secretariat.pages import Answer, Pages


def make_secretariat(env: Mapping[str, str] = os.environ) -> Secretariat:
    return Secretariat(
        load_conference(env.get("CONFERENCE", "examples/tryout.toml")),
        store=env.get("STORE", "sqlite:///tryout.db"),
        mailer=env.get("MAILER", "maildir:tryout.outbox"),
        site=env.get("SITE", "http://127.0.0.1:8000"),  # the public address, for the links in mails
        secret=env.get("SECRET", "only for trying it out").encode(),
    )


def make_app(secretariat: Secretariat) -> WSGIHandler:
    @csrf.csrf_exempt  # there is nothing to forge: pages act on a password or a token in their address, not a cookie
    def view(request: HttpRequest, act: Callable[..., Answer], **token: str) -> HttpResponse:
        pages = Pages(secretariat, locale=request.headers.get("Accept-Language"))
        if int(request.headers.get("Content-Length") or 0) > pages.max_bytes:
            return HttpResponse(status=413)
        files = {"files": request.FILES} if act is Pages.contribute else {}
        answer = act(pages, posted=request.POST if request.method == "POST" else None, **token, **files)
        return HttpResponse(answer.body, status=answer.status, headers=answer.headers)

    @http.require_safe
    def calendar(request: HttpRequest, **token: str) -> HttpResponse:
        answer = secretariat.calendar.serve(request.headers, **token)
        return HttpResponse(answer.body, status=answer.status, headers=answer.headers)

    urls = (
        path("register", view, {"act": Pages.register}),
        path("sign-in", view, {"act": Pages.sign_in}),
        path("verify/<token>", view, {"act": Pages.verify}),
        path("registration/<token>", view, {"act": Pages.manage}),
        path("contribute/<token>", view, {"act": Pages.contribute}),
        *(path(each, calendar) for each in ("calendar.ics", "calendar/<token>.ics")),
    )
    settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=urls)
    return get_wsgi_application()


if __name__ == "__main__" and sys.argv[1:] == ["deliver"]:
    print(make_secretariat().deliver())
elif __name__ == "__main__":
    make_server("127.0.0.1", int(os.getenv("PORT", "8000")), make_app(make_secretariat())).serve_forever()
