"""The routes for uploads: presigned PUT and form, answered like an object store (PROTOCOL.md, Uploads)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive

from tui.sim.http.request_body import BodyReader, TooLarge
from tui.sim.http.uploads import TOO_LARGE, BadUpload, Upload, Uploads

OVERHEAD = 64 * 1024
"""Bytes that a form may need besides its file."""


class UploadRoutes:
    """Takes uploads. There is no LiveKit token here: the address is the secret."""

    def __init__(self, uploads: Uploads, bodies: BodyReader) -> None:
        self._uploads = uploads
        self._bodies = bodies

    def routes(self) -> list[BaseRoute]:
        """The one route, for both methods."""
        return [Route("/_upload/{token}", self._take, methods=["PUT", "POST"])]

    async def _take(self, request: Request) -> Response:
        upload = self._uploads.offered.get(request.path_params["token"])
        if upload is None:
            return _error(403, "AccessDenied", "this address was not handed out")
        try:
            data = await (self._plain(request) if request.method == "PUT" else self._form(request, upload))
            self._uploads.receive(upload, data)
        except BadUpload as error:
            return _error(400, "EntityTooLarge" if str(error) == TOO_LARGE else "InvalidRequest", str(error))
        except ClientDisconnect:
            return Response(status_code=400)
        return Response(status_code=200 if request.method == "PUT" else 204)

    async def _plain(self, request: Request) -> bytes:
        if request.headers.get("content-type") != "application/gzip":
            raise BadUpload("the content type was signed as application/gzip")
        try:
            return await self._bodies.read(request, self._uploads.limit + OVERHEAD)
        except TooLarge:
            raise BadUpload(TOO_LARGE) from None

    async def _form(self, request: Request, upload: Upload) -> bytes:
        """The file of a form, which comes last, as S3 wants it, after fields that are as they were signed."""
        limited = Request(request.scope, self._limited(request.receive))
        try:
            async with limited.form(max_files=1) as form:
                fields = form.multi_items()
                file = fields[-1][1] if fields else None
                if not isinstance(file, UploadFile) or fields[-1][0] != "file":
                    raise BadUpload("the last field of the form must be the file")
                sent = {name: value for name, value in fields[:-1] if isinstance(value, str)}
                if sent != dict(upload.form().values):
                    raise BadUpload("the form's fields are not those that were signed")
                return await file.read()
        except MultiPartException as error:
            raise BadUpload(error.message) from None

    def _limited(self, receive: Receive) -> Receive:
        """Receive a body, and raise BadUpload once it is too large, however it was announced."""
        left = self._uploads.limit + OVERHEAD

        async def receive_some() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise BadUpload(TOO_LARGE)
            return message

        return receive_some


def _error(status: int, code: str, message: str) -> Response:
    """An object store's error."""
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Response(body, status, media_type="application/xml")
