"""Connections to the hosts of a project: which way a request goes, and where it arrived. Knows no method.

A client of httpx would keep cookies and send them back, and it logs addresses. Here nothing is kept between
two requests but idle connections.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import httpx

from tui.api.errors import BadTarget
from tui.api.hosts import is_here, is_loopback
from tui.api.sockets import KEEPALIVE
from tui.api.trust import trust

LOCALHOST: Final = ("127.0.0.1", "::1")
"""What `localhost` means, whatever a resolver says: tokens go there in clear."""
CONNECTIONS: Final = 10
"""Connections of one pool at a time."""
IDLE: Final = 5.0
"""Seconds for which a connection stays open without a request."""


class Pool:
    """Connections of one kind; `aclose` when done."""

    def __init__(
        self,
        ca_file: str | None,
        proxy: str | None,
        unused_proxy: str = "",
        *,
        keep: int,
        peers: dict[str, str] | None = None,
    ) -> None:
        """`keep` idle connections stay open. `peers` takes the address of each host that answers.

        `unused_proxy` is the variable of the environment that names a proxy and is not used.
        """
        self._peers = peers
        self._unused_proxy = unused_proxy
        self._ca_file = ca_file
        self._proxy = proxy
        self._limits = httpx.Limits(
            max_connections=CONNECTIONS, max_keepalive_connections=keep, keepalive_expiry=IDLE
        )
        self._is_closed = False
        self._wires: dict[tuple[bool, bool], httpx.AsyncHTTPTransport] = {}
        """By whether it is for TLS and whether it uses the proxy; made when it is needed."""

    async def send(
        self,
        verb: str,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: httpx.Timeout,
        content: bytes = b"",
    ) -> httpx.Response:
        """Send a request; the caller closes the answer.

        Raises `BadTarget` where a token would leave this machine in clear, `RuntimeError` when closed, and
        what httpx raises.
        """
        if self._is_closed:
            raise RuntimeError("the connections of this project are closed")
        target = httpx.URL(url)
        plain = target.scheme == "http"
        if plain and "Authorization" in headers and not is_loopback(target.host):
            raise BadTarget(f"{target.host}: only https, or http to this machine, may be sent a token")
        wire = self._wire(target)
        places = LOCALHOST if plain and target.host == "localhost" else (target.host,)
        for place in places:
            request = httpx.Request(
                verb,
                target.copy_with(host=place),
                headers={"Host": target.netloc.decode(), **headers},
                content=content,
                extensions={"timeout": timeout.as_dict()},
            )
            try:
                response = await wire.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if place == places[-1]:
                    self._add_note(error)
                    raise
                continue
            self._note_peer(target, response)
            return response
        raise AssertionError("unreachable")

    def _add_note(self, error: httpx.TransportError) -> None:
        if self._unused_proxy:
            error.add_note(f"{self._unused_proxy} is set and not used")

    def _note_peer(self, url: httpx.URL, response: httpx.Response) -> None:
        if self._peers is None or self._proxy_for(url) is not None:
            return
        if found := response.extensions["network_stream"].get_extra_info("server_addr"):
            self._peers[url.netloc.decode()] = str(found[0])

    def _proxy_for(self, url: httpx.URL) -> str | None:
        """A proxy is never asked for this machine."""
        return None if is_here(url.host) else self._proxy

    async def aclose(self) -> None:
        """Close every connection, for good."""
        self._is_closed = True
        for wire in self._wires.values():
            await wire.aclose()

    def _wire(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        """The connections for an address."""
        secure, proxy = url.scheme == "https", self._proxy_for(url)
        way = (secure, proxy is not None)
        if way not in self._wires:
            self._wires[way] = httpx.AsyncHTTPTransport(
                verify=trust(self._ca_file) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                proxy=proxy,
                limits=self._limits,
                socket_options=KEEPALIVE,
                trust_env=False,
            )
        return self._wires[way]
