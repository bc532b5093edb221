"""A conference in a FastAPI app: register, verify, sign in, contribute with files, cancel; calendars.

pip install . fastapi python-multipart uvicorn
python examples/embed_fastapi.py            # then open http://127.0.0.1:8000/register
python examples/embed_fastapi.py deliver    # sends the mails that are owed; in production every minute, from cron
"""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping

import uvicorn
from fastapi import FastAPI, Request, Response

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


def make_app(secretariat: Secretariat) -> FastAPI:
    app = FastAPI()

    def route(path: str, act: Callable[..., Answer]) -> None:
        async def view(request: Request) -> Response:
            pages = Pages(secretariat, locale=request.headers.get("Accept-Language"))
            posts = request.method == "POST"
            if posts and int(request.headers.get("Content-Length", sys.maxsize)) > pages.max_bytes:
                return Response(status_code=413)
            async with request.form() as form:  # it holds the files too
                posted = form if posts else None
                answer = await asyncio.to_thread(act, pages, posted=posted, **request.path_params)
            return Response(answer.body, answer.status, answer.headers)

        app.add_api_route(path, view, methods=["GET", "HEAD", "POST"])

    route("/register", Pages.register)
    route("/sign-in", Pages.sign_in)
    route("/verify/{token}", Pages.verify)
    route("/registration/{token}", Pages.manage)
    route("/contribute/{token}", Pages.contribute)

    @app.api_route("/calendar.ics", methods=["GET", "HEAD"])
    @app.api_route("/calendar/{token}.ics", methods=["GET", "HEAD"])
    def calendar(request: Request) -> Response:
        answer = secretariat.calendar.serve(request.headers, **request.path_params)
        return Response(answer.body, answer.status, answer.headers)

    return app


if __name__ == "__main__" and sys.argv[1:] == ["deliver"]:
    print(make_secretariat().deliver())
elif __name__ == "__main__":
    uvicorn.run(make_app(make_secretariat()), port=int(os.getenv("PORT", "8000")))
