"""A LiveKit of one test: Redis, two nodes of livekit-server and workers, on loopback, in a temporary folder.

The programs are `livekit-server` and `redis-server` of the PATH, or `$LIVEKIT_SERVER` and `$REDIS_SERVER`.
Workers and publishers come with the `peers` extra. Requests are made here without the client under test.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import jwt

from tests.peers.processes import Process, free_ports
from tests.peers.recording import Reply, Versions

KEY = "APIpeers"
SECRET = "secret-of-a-server-that-lives-for-one-test"
WRONG_SECRET = "secret-that-this-server-was-never-told-of"
HERE = Path(__file__).parent
# read at once: the tests hide the environment from the program under test
LIVEKIT_SERVER = shutil.which(os.environ.get("LIVEKIT_SERVER") or "livekit-server")
"""The server to start; None where there is none."""
REDIS_SERVER = shutil.which(os.environ.get("REDIS_SERVER") or "redis-server")
"""The Redis to start; None where there is none."""
NOWHERE = "127.0.0.1:9"
"""The STUN server that clients are told of, since they would ask one of the internet otherwise."""


def missing() -> str:
    """What is not on this machine, in words; empty if everything is."""
    absent = [
        words
        for words, found in (
            ("no livekit-server on the PATH or at $LIVEKIT_SERVER", LIVEKIT_SERVER),
            ("no redis-server on the PATH or at $REDIS_SERVER", REDIS_SERVER),
            ("no livekit-agents: install the `peers` extra", importlib.util.find_spec("livekit.agents")),
        )
        if not found
    ]
    return "; ".join(absent)


def versions() -> Versions:
    """The versions of the programs that would be started."""

    def said(program: str | None) -> str:
        return subprocess.run([program or "", "--version"], capture_output=True, text=True, check=True).stdout

    return Versions(
        said(LIVEKIT_SERVER).split()[-1],
        said(REDIS_SERVER).partition("v=")[2].split()[0],
        importlib.metadata.version("livekit-agents"),
    )


def token(secret: str = SECRET, identity: str = "", **video: str | bool) -> str:
    """A token that grants this."""
    now = int(time.time())
    return jwt.encode(
        {"iss": KEY, "sub": identity, "nbf": now - 5, "exp": now + 600, "video": video}, secret, "HS256"
    )


class Site:
    """Everything of one test that runs."""

    def __init__(self, folder: Path, redis_port: int, node_ports: list[int]) -> None:
        self.folder = folder
        self._redis_port = redis_port
        self._node_ports = node_ports
        self._processes: dict[str, Process] = {}
        self.replies: list[Reply] = []
        """Every answer since the last time that somebody emptied it."""

    def url(self, node: int = 0) -> str:
        """The address of a node."""
        return f"http://127.0.0.1:{self._node_ports[node]}"

    # ---- programs -------------------------------------------------------------------------------------

    async def start_redis(self) -> None:
        """An empty Redis, always on the same port."""
        address = ["--bind", "127.0.0.1", "--port", str(self._redis_port)]
        command = [REDIS_SERVER or "", *address, "--save", "", "--dir", str(self.folder)]
        await self._start("redis", command).says("Ready to accept connections")

    async def start_node(self, node: int, *, auto_create: bool = True) -> None:
        """One of the servers."""
        media = free_ports(2)
        config = {
            "port": self._node_ports[node],
            "bind_addresses": ["127.0.0.1"],
            "redis": {"address": f"127.0.0.1:{self._redis_port}"},
            "keys": {KEY: SECRET},
            "room": {"auto_create": auto_create},
            "rtc": {
                "tcp_port": media[0],
                "udp_port": media[1],
                "node_ip": "127.0.0.1",
                "use_external_ip": False,
                "enable_loopback_candidate": True,
                "interfaces": {"includes": ["lo"]},
                "stun_servers": [NOWHERE],
            },
        }
        file = self.folder / f"node-{node}.yaml"
        file.write_text(json.dumps(config), "utf-8")  # JSON is YAML
        command = [LIVEKIT_SERVER or "", "--config", str(file)]
        await self._start(f"node-{node}", command).says("starting LiveKit server")

    async def start_worker(self, agent: str, job_type: str = "ROOM", node: int = 0) -> Process:
        """A worker, registered when this returns."""
        environment = {
            "LIVEKIT_URL": self.url(node),
            "LIVEKIT_API_KEY": KEY,
            "LIVEKIT_API_SECRET": SECRET,
            "AGENT": agent,
            "JOB_TYPE": job_type,
            "HTTP_PORT": str(free_ports(1)[0]),
        }
        command = [sys.executable, str(HERE / "worker.py"), "start"]
        worker = self._start(f"worker-{agent}", command, environment)
        await worker.says('"registered worker"', 60.0)
        return worker

    async def start_publisher(self, room: str, identity: str) -> Process:
        """Somebody who publishes in a room when this returns."""
        pass_ = token(identity=identity, roomJoin=True, room=room)
        command = [sys.executable, str(HERE / "publisher.py"), self.url(), pass_]
        publisher = self._start(f"publisher-{identity}", command)
        await publisher.says("published")
        return publisher

    def kill_redis(self) -> None:
        """SIGKILL."""
        self._processes["redis"].kill()

    def kill_node(self, node: int) -> None:
        """SIGKILL."""
        self._processes[f"node-{node}"].kill()

    def kill_all(self) -> None:
        """SIGKILL whatever runs."""
        for process in self._processes.values():
            process.kill()

    def node_of(self, room: str) -> int:
        """The node that serves a room."""
        with socket.create_connection(("127.0.0.1", self._redis_port)) as redis:
            redis.sendall(f"HGET room_node_map {room}\r\n".encode())
            served = redis.recv(256).decode().split("\r\n")[1]
        logs = (self._processes[f"node-{node}"].log for node in range(len(self._node_ports)))
        return next(node for node, log in enumerate(logs) if f'"nodeID": "{served}"' in log)

    def _start(self, name: str, command: list[str], environment: Mapping[str, str] | None = None) -> Process:
        process = self._processes[name] = Process(name, command, self.folder, environment)
        return process

    # ---- requests -------------------------------------------------------------------------------------

    async def ask(self, method: str, *, secret: str = SECRET, node: int = 0, **request: str | bool) -> Reply:
        """Call a method."""
        service = "AgentDispatchService" if "Dispatch" in method else "RoomService"
        grant = {"roomAdmin": True, "roomList": True, "roomCreate": True, "room": request.get("room", "")}
        headers = {"Authorization": f"Bearer {token(secret, **grant)}"}
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=20.0, trust_env=False) as client:
            answer = await client.post(
                f"{self.url(node)}/twirp/livekit.{service}/{method}", json=request, headers=headers
            )
        took = round(time.monotonic() - began, 2)
        kind = answer.headers.get("content-type", "")
        reply = Reply(method, request, answer.status_code, kind, answer.text, took)
        self.replies.append(reply)
        return reply


@asynccontextmanager
async def site(*, auto_create: bool = True) -> AsyncIterator[Site]:
    """A Redis and two nodes, killed at the end with all that was started beside them."""
    with TemporaryDirectory(prefix="lktop-peers-") as folder:
        redis, *nodes = free_ports(3)
        made = Site(Path(folder), redis, nodes)
        try:
            await made.start_redis()
            for node in range(len(nodes)):
                await made.start_node(node, auto_create=auto_create)
            yield made
        finally:
            made.kill_all()
