"""What is hostile by a seed: upload addresses, bodies, pastes, files. A few seeds here, the rest on demand.

The whole takes minutes: `python -m pytest -m campaign tests/hostile`.
"""

from __future__ import annotations

import asyncio
import base64
import html
import ipaddress
import json
import os
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from urllib.parse import quote

import httpx
import msgspec
import pytest

from tests.api.scripted import Act, Request, Server, connected, http, listening
from tests.config.test_config import Machine, section
from tests.hostile.mutations import damaged
from tests.hostile.world import OURS, World
from tests.operations.test_journal import Watch
from tests.ptyrun import grammar_violations
from tests.ui.terminal import ptyapp
from tests.ui.terminal.test_lifecycle import Probe
from tui.api import changes, errors
from tui.api.client import Client
from tui.api.decoding.batch import Unreadable
from tui.api.decoding.reader import Reader
from tui.api.errors import ApiError, BadTarget
from tui.api.models import Agent, Room
from tui.api.text.masking import SentSecrets, masked
from tui.api.text.repeats import PIECE
from tui.api.upload_target import Way, is_judged, upload_target, ways
from tui.config import ConfigError, state_dir
from tui.livekit_toml import InvalidLivekitToml
from tui.livekit_toml import read as read_livekit_toml
from tui.operations.journal.journal import Intent, Journal, JournalError, Verdict
from tui.operations.journal.old_entries import exposed, mask_entries
from tui.packaging import dotenv
from tui.packaging.dotenv import SecretsError
from tui.ui.terminal import screenshot

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in range(1, 25))]
"""The first in the ordinary tests."""
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEljYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeS0wMTIzNDU2Nzg5"

# ---- upload addresses ----------------------------------------------------------------------------------

LITERALS = (
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "[::1]", "[::]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "10.1"),
    *("192.168.0.1", "172.31.0.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]", "8.8.8.8"),
    *("[fe80::1%25lo]", "[2606:4700::1111]", "93.184.216.34", "255.255.255.255", "224.0.0.1"),
    *("[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b:1::7f00:1]", "[fec0::1]", "0xa000001", "[5f00::1]"),
)
NAMES = {
    "store.example": ("93.184.216.34", "2606:4700::1111"),
    "inside.example": ("10.0.0.1",),
    "here.example": ("127.0.0.1", "::1"),
    "mixed.example": ("93.184.216.34", "127.0.0.1", "10.0.0.1", "169.254.169.254"),
    "localhost": ("127.0.0.1", "::1"),
    "localhost.": ("127.0.0.1",),
}
PEERS = ("127.0.0.1", "::1", "10.0.0.9", "93.184.216.34", "")


Found = tuple[int, int, int, str, tuple[str, int]]
"""An entry of what `getaddrinfo` returns."""


def an_address(chance: Random) -> str:
    """A URL as only somebody hostile would give."""
    host = chance.choice((*LITERALS, *NAMES, "①②⑦.0.0.1", "127。0。0。1", "ｌocalhost", ""))
    if chance.random() < 0.2:
        host = chance.choice((host.upper(), host + ".", host + "%00", "store.example\\@" + host))
    user = chance.choice((*[""] * 9, "store.example@", "a:b@", "store.example%40"))
    port = chance.choice((*[""] * 6, ":443", ":7880", ":0", ":99999", ":", ":-1"))
    schemes = (*["https"] * 9, "http", "http", "http", "HTTP", "ftp", "file", "", "javascript", "https:/")
    scheme = chance.choice(schemes)
    path = chance.choice(
        ("", "/", "/x", "/x?y=z", "/..//x", "#@store.example", "/\r\nHost: x", "?@store.example/")
    )
    url = f"{scheme}://{user}{host}{port}{path}"
    return url if chance.random() < 0.9 else damaged(chance, url.encode()).decode("utf-8", "replace")


def look_up(host: str | bytes | None, port: int, *args: int, **options: int) -> list[Found]:
    """What the system would find, without a name server."""
    name = host.decode() if isinstance(host, bytes) else host or ""
    found = NAMES.get(name.lower(), ())
    if not found:
        name = name.removesuffix(".")  # as a proxy has it
        try:
            found = (str(ipaddress.ip_address(name)),)
        except ValueError:
            try:
                found = (socket.inet_ntoa(socket.inet_aton(name)),)  # all of its spellings, as connecting has
            except (OSError, UnicodeError):
                raise socket.gaierror(socket.EAI_NONAME, "not known") from None
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def plain(address: str) -> str:
    """An address in its one usual spelling, without a zone."""
    return str(ipaddress.ip_address(address.partition("%")[0]))


def kind(address: str) -> str:
    """Where an address leads, by what the standard library says of it and of those that are within it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        within = found.sixtofour
        if found.packed[:-4].hex().lstrip("0") in ("", "ffff", "ffff0000", "64ff9b0000000000000000"):
            within = ipaddress.IPv4Address(found.packed[-4:])
        if within is not None:
            return kind(str(within))
        if found.packed[0] >> 5 != 1:  # 2000::/3 is the internet
            return "private"
    if found.is_loopback or (found.version == 4 and found.packed[0] == 0):
        return "loopback"
    return "public" if found.is_global and not found.is_multicast else "private"


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_address_leads_where_the_project_is_not(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    chance, used = Random(seed), 0
    for _ in range(400):
        url, peer, proxy = an_address(chance), chance.choice(PEERS), chance.choice((None, "http://10.0.0.8"))
        try:
            target = upload_target(url)
            found = await ways(target, peer=peer, proxy=proxy)
        except ApiError as error:
            assert isinstance(error, BadTarget | errors.Unreachable), url
            continue
        used += 1
        parsed = httpx.URL(url)
        if not is_judged(target, proxy):
            assert found == (Way(parsed.host, proxy),) and not _is_spelled(parsed.host), url
            continue
        for way in found:
            where = kind(way.address)
            assert way.proxy == (None if where == "loopback" or parsed.host == "localhost" else proxy), url
            assert where == "public" or (peer and where == kind(peer)), (url, peer, way)
            assert parsed.scheme == "https" or where == "loopback", (url, peer, way)
            assert plain(way.address) in {plain(entry[4][0]) for entry in look_up(parsed.host, 1)}, url
    assert used > 20


def _is_spelled(host: str) -> bool:
    """Whether it is an address, in whatever spelling, and no name."""
    try:
        socket.inet_aton(host)
    except OSError:
        return ":" in host
    return True


# ---- quotations ----------------------------------------------------------------------------------------

ALPHABETS = (
    *(
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "ABCDEF0123456789",
        "aZ9_",
        "p4s$w0rd!#/<>&\"'",
        "käseß→日本語",
    ),
    *('{}:,"\n abc', "\x01\x7f\xff\xe9abcdef"),
)


def packed(chance: Random, data: bytes) -> tuple[str, range]:
    """Data as somebody packs them, and which characters are of them alone."""
    way = chance.randrange(4)
    if way == 0:
        return data.decode(), range(len(data.decode()))
    if way == 1:
        digits = base64.b64encode(data).hex()
        return digits, range(len(digits))
    if way == 2:
        data = base64.b64encode(data)
    before = b"{" * chance.randrange(5)
    text = base64.b64encode(before + data + b"}" * chance.randrange(4)).decode()
    if chance.random() < 0.3:
        text = text.translate(str.maketrans("+/", "-_")).rstrip("=")
    return text, range((8 * len(before) + 5) // 6, 8 * len(before + data) // 6)


ESCAPES: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: "".join(f"\\u{unit:04X}" for unit in _units(text)),
    lambda text: quote(text, ""),
    lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, "")),
    html.escape,
    lambda text: "".join(f"&#{ord(character)};" for character in text),
    lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
)
"""Each of a text by its characters, so that every piece of it is known."""


def _units(text: str) -> tuple[int, ...]:
    data = text.encode("utf-16-be")
    return struct.unpack(f">{len(data) // 2}H", data)


def _pieces(characters: list[tuple[str, str]]) -> Iterator[str]:
    """Every stretch with sixteen characters that count, each given as it is and as it is quoted."""
    for begin in range(len(characters)):
        counted = 0
        for end in range(begin, len(characters)):
            character = characters[end][0]
            counted += character.isprintable() and character not in " -+\\"
            if counted == PIECE:
                yield "".join(quoted for _, quoted in characters[begin : end + 1])
                break


@pytest.mark.parametrize("seed", SEEDS)
def test_no_piece_of_a_secret_is_left_however_it_is_packed_escaped_cut_and_split(seed: int) -> None:
    chance = Random(seed)
    for _ in range(30):
        alphabet = chance.choice((*ALPHABETS, "".join(ALPHABETS[:3])))
        value = "".join(chance.choices(alphabet, k=chance.choice((16, 24, 40, 200))))
        text, inside = packed(chance, value.encode())
        inner, outer = chance.choice(ESCAPES), chance.choice(ESCAPES)
        whole = [outer(inner(character)) for character in text]
        first, last = (
            sorted(chance.sample(range(len(whole) + 1), 2)) if chance.random() < 0.5 else (0, len(whole))
        )
        cut = chance.randint(first, last)
        halves = "".join(whole[first:cut]), "".join(whole[cut:last])
        said = chance.choice(("{}{}", 'near "{}{}"', '{{"a":"{}","b":"{}"}}', "bad: {}\n{} (cut)")).format(
            *halves
        )
        shown = masked(said, SentSecrets("another-secret", value))
        for part in (range(first, cut), range(cut, last)):
            kept = [(text[at], whole[at]) for at in part if at in inside]
            assert not [piece for piece in _pieces(kept) if piece in shown], (value, said, shown)


# ---- bodies --------------------------------------------------------------------------------------------

CONTROLS = {chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0x202E)} - {"\n", "\t"}


def texts(value: object) -> Iterator[str]:
    """Every text in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)


def bodies() -> dict[str, bytes]:
    """What an honest server says of a world, by method."""
    world = World(lambda: 0.0)
    return {
        method: json.dumps(world.read(method, request), ensure_ascii=False).encode()
        for method, request in (
            ("ListAgents", {}),
            ("ListAgentVersions", {"agent_id": OURS}),
            ("ListAgentSecrets", {"agent_id": OURS}),
            ("ListRooms", {}),
            ("ListDispatch", {"room": "lobby"}),
        )
    }


async def ask(client: Client, method: str) -> object:
    """The call of this method."""
    calls = {
        "ListAgents": client.list_agents,
        "ListAgentVersions": lambda: client.list_versions(OURS),
        "ListAgentSecrets": lambda: client.list_secrets(OURS),
        "ListRooms": client.list_rooms,
        "ListDispatch": lambda: client.list_dispatches("lobby"),
        "RestartAgent": lambda: client.change(
            changes.RESTART_AGENT, {"agent_id": OURS}, request_id="0b7e6c1a-6d0c-4d44-9a5e-0d6a3f1f7f10"
        ),
    }
    return await calls[method]()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_listing_is_read_or_refused(seed: int) -> None:
    chance, honest = Random(seed), bodies()
    kinds = {"ListAgents": (Agent, "agents"), "ListRooms": (Room, "rooms")}
    for method, (model, key) in kinds.items():
        reader: Reader[Agent] | Reader[Room] = Reader(model, key)
        for _ in range(150):
            body = damaged(chance, honest[method])
            try:
                batch = reader.read(body)
            except Unreadable as error:
                assert str(error).isascii() and str(error).isprintable()
                continue
            assert all(map(CONTROLS.isdisjoint, texts(msgspec.to_builtins(batch.items)))), body
            if not _is_json(body):
                assert not batch.is_whole, body


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body.decode("utf-8", "replace"))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_damaged_answer_is_an_answer_or_an_error(seed: int) -> None:
    """Whatever is on the wire, head and all: nothing is raised but what callers expect."""
    chance, honest = Random(seed), bodies()

    class Damaging(Server):
        def choose(self, request: Request) -> bytes | Act:
            body = honest.get(request.method, b'{"success":true}')
            return damaged(chance, http(chance.choice((200, 200, 200, 404, 429, 500)), body))

    server = Damaging()
    async with listening(server), connected(server.url, per_minute=10**9, deadline=0.05) as client:
        for _ in range(40):
            for method in (*honest, "RestartAgent"):
                client.budget.limited(0.0)
                try:
                    async with asyncio.timeout(10):
                        await ask(client, method)
                except ApiError as error:
                    assert CONTROLS.isdisjoint(str(error)), str(error)


# ---- pastes --------------------------------------------------------------------------------------------

FRAGMENTS = (
    *(b"please delete\r", b"d", b"\x1bOQ", b"\x1b[200~", b"\x1b[201", b"\x1b[20", b"\x1b", b"\r\n", b"\x00"),
    *(
        b"caf\xc3\xa9",
        b"\xff\xfe",
        b"\x1b]52;c;AAAA\x07",
        b"\x1b[31m",
        b"\x03",
        b"\x11",
        b"\x04",
        b"x" * 5000,
    ),
)


@pytest.mark.parametrize("seed", SEEDS[:9])
def test_a_paste_presses_no_key(seed: int, tmp_path: Path) -> None:
    """However it is cut into pieces: only its end ends it."""
    chance, probe = Random(seed), Probe(tmp_path / "journal")
    with probe.start() as term:
        for _ in range(3 if seed == 0 else 12):
            text = b"".join(chance.choices(FRAGMENTS, k=chance.randint(1, 12)))
            data = b"\x1b[200~" + text.replace(b"\x1b[201~", b"") + b"\x1b[201~"
            cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randint(0, 4)))
            for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
                term.send(data[start:end])
                term.pump(0.01)
        term.send(ptyapp.DELETE)  # a key, as the last thing: it alone deletes
        term.until(term.shows("deleted"))
        assert term.shows("deleted 1")(), term.tail()
        assert probe.notes == ["delete"]
        term.send(ptyapp.QUIT)
        assert term.wait() == 0
        assert term.restored() == []
        assert grammar_violations(bytes(term.output)) == []


# ---- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_journal_is_read_and_written_on(seed: int, tmp_path: Path) -> None:
    chance, path = Random(seed), tmp_path / "state" / "journal.jsonl"
    begun = Journal(path, Watch())
    begun.outcome(_begin(begun, "CA_before"), Verdict.UNKNOWN, detail=TOKEN)
    honest = path.read_bytes() + json.dumps({"error": TOKEN}).encode() + b"\n"
    for _ in range(60):
        path.write_bytes(damaged(chance, honest))
        kept = Journal(path, Watch())
        try:
            entries = kept.entries()
            shown = [text for entry in entries for text in (entry.intent.target, entry.detail)]
            assert all(TOKEN not in text for text in shown)
            _begin(kept, "CA_after")
            found = exposed(path)
            assert bool(mask_entries(path)) is bool(found)
            assert exposed(path) == 0
        except JournalError as error:
            shown = [str(error)]
        else:
            assert Journal(path, Watch()).entries()[0].intent.target == "CA_after"
        assert all(map(CONTROLS.isdisjoint, shown))


def _begin(kept: Journal, target: str) -> Intent:
    return kept.intent("restart", target, project="prod", request_id="r-1")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_configuration_locks_or_is_named(seed: int, tmp_path: Path) -> None:
    """Nothing raises but what names the file, and a lock that stands there is never lost silently."""
    chance, machine = Random(seed), Machine(tmp_path, {"HOME": str(tmp_path)})
    machine.work.mkdir()
    honest = ("read_only = true\nrefresh = 2.0\n" + section("prod", more="danger = true")).encode()
    for _ in range(40):
        machine.own(damaged(chance, honest))
        machine.put(machine.lk_file, damaged(chance, b"default_project: p\nprojects:\n  - name: p\n"), 0o600)
        machine.put(machine.work / "livekit.toml", damaged(chance, b'[project]\nsubdomain = "p"\n'), 0o644)
        try:
            settings = machine.load()
        except ConfigError as error:
            assert CONTROLS.isdisjoint(str(error))
            continue
        text = machine.config.read_bytes()
        if b"\nrefresh" in text and text.startswith(b"read_only = true\n"):
            assert settings.read_only or not settings.projects, text
        assert CONTROLS.isdisjoint("".join(map(str, settings.notices)))


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_secrets_and_livekit_files_are_read_or_refused(seed: int) -> None:
    chance, value = Random(seed), "canary-value-0123456789"
    for _ in range(200):
        text = damaged(chance, f"A='{value}'\nexport B=\"x\\n$A\" # c\n".encode()).decode("utf-8", "replace")
        try:
            dotenv.parse(text)
        except SecretsError as error:
            assert value not in str(error), text
        toml = damaged(chance, b'[project]\nsubdomain = "p"\n[agent]\nid = "CA_x"\n').decode(
            "utf-8", "replace"
        )
        try:
            read_livekit_toml(toml)
        except InvalidLivekitToml as error:
            assert str(error)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_stands_in_the_way_of_a_file_is_not_followed(seed: int, tmp_path: Path) -> None:
    """A link, a pipe or a folder at each name that is written, and in place of its folder."""
    chance = Random(seed)
    for number in range(12):
        home = tmp_path / str(number)
        (home / "victim").mkdir(parents=True)
        (home / "victim" / "file").write_text("precious")
        folder = home / "lktop"
        names = ("journal.jsonl", "journal.jsonl.lock", "journal.jsonl.new", "screenshots", "")
        name, way = chance.choice(names), chance.choice(("link", "dangling", "pipe", "folder", "open"))
        place = folder / name if name else folder
        place.parent.mkdir(mode=0o700, exist_ok=True)
        if way == "pipe":
            os.mkfifo(place)
        elif way == "folder":
            place.mkdir(mode=0o777)
            place.chmod(0o777)
        elif way == "open":
            place.write_text("")
            place.chmod(0o666)
        else:
            target = home / "victim" if name in ("", "screenshots") else home / "victim" / "file"
            place.symlink_to(target if way == "link" else home / "made")
        state = state_dir({"HOME": str(home), "XDG_STATE_HOME": str(home)}).path
        with suppress(JournalError):
            kept = Journal(state / "journal.jsonl", Watch(), size_limit=200)
            for count in range(4):
                kept.outcome(_begin(kept, f"CA_{count}"), Verdict.DONE)
        with suppress(OSError):
            screenshot.save("<svg/>", state / "screenshots" / "one.svg")
        assert (home / "victim" / "file").read_text() == "precious"
        assert os.listdir(home / "victim") == ["file"], (name, way)
        assert not (home / "made").exists(), (name, way)
