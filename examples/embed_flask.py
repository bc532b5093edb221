"""A conference in a Flask app: register, verify, sign in, contribute with files, cancel; calendars.

pip install . flask
python examples/embed_flask.py            # then open http://127.0.0.1:8000/register
python examples/embed_flask.py deliver    # sends the mails that are owed; in production every minute, from cron
"""

import os
import sys
from collections.abc import Callable, Mapping

from flask import Flask, Response, request

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


def make_app(secretariat: Secretariat) -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = Pages(secretariat).max_bytes

    def route(rule: str, act: Callable[..., Answer]) -> None:
        def view(**token: str) -> Response:
            pages = Pages(secretariat, locale=request.headers.get("Accept-Language"))
            answer = act(pages, posted=request.form if request.method == "POST" else None, **token)
            return Response(answer.body, answer.status, answer.headers)

        app.add_url_rule(rule, rule, view, methods=["GET", "POST"])

    route("/register", Pages.register)
    route("/sign-in", Pages.sign_in)
    route("/verify/<token>", Pages.verify)
    route("/registration/<token>", Pages.manage)
    route("/contribute/<token>", lambda pages, **given: pages.contribute(**given, files=request.files))

    def calendar(**token: str) -> Response:
        answer = secretariat.calendar.serve(request.headers, **token)
        return Response(answer.body, answer.status, answer.headers)

    app.add_url_rule("/calendar.ics", "calendar", calendar)
    app.add_url_rule("/calendar/<token>.ics", "calendar", calendar)
    return app


if __name__ == "__main__" and sys.argv[1:] == ["deliver"]:
    print(make_secretariat().deliver())
elif __name__ == "__main__":
    make_app(make_secretariat()).run(port=int(os.getenv("PORT", "8000")))
