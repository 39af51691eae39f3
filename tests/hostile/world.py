"""What is true: agents, rooms, secrets and links, how requests change them, and what an honest server says.

Everything is JSON as on the wire. Knows neither sockets nor lies.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

Json = dict[str, object]
Row = dict[str, object]

OURS, OTHER = "CA_ours22222222", "CA_other2222222"
TAGS = ("20260803000000", "20260802000000", "20260801000000")
"""Versions of the agent, newest first; the first one is in production, the second one in staging."""
LOBBY, DESK, NEW_ROOM = "lobby", "desk", "brand-new"
DISPATCH, LINK = "AD_standing", "PL_standing"
BUILT = "20260804000000"
"""The version that the next build makes."""


class TwirpError(Exception):
    """The server says no: code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class World:
    """One project. `clock` gives Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.done: list[str] = []
        """Methods that changed something, in order, whoever asked."""
        self.mine: set[str] = set()
        """Ids of what was made for the operator under test."""
        self._made = 0
        self.agents = {
            OURS: _agent(OURS, "concierge", TAGS),
            OTHER: _agent(OTHER, "other", ("20250101000000",)),
        }
        self.versions = {
            OURS: [_version(tag, current=tag == TAGS[0]) for tag in TAGS],
            OTHER: [_version("20250101000000", current=True)],
        }
        long_ago = "2026-08-01T00:00:00Z"
        self.secrets = {
            OURS: {name: _secret(name, long_ago) for name in ("DB_URL", "OLD_TOKEN")},
            OTHER: {"THEIRS": _secret("THEIRS", long_ago)},
        }
        self.rooms: dict[str, dict[str, Row]] = {
            LOBBY: {DISPATCH: _dispatch(DISPATCH, LOBBY, "concierge", {"metadata": "{}"})},
            DESK: {"AD_desk": _dispatch("AD_desk", DESK, "somebody", {})},
        }
        self.links = {
            LINK: _link(LINK, "db", "db.internal"),
            "PL_other": _link("PL_other", "x", "x.internal"),
        }

    def copy(self) -> World:
        """The world as it is, to be compared or to be lied with."""
        other = copy.copy(self)
        for name in ("done", "mine", "agents", "versions", "secrets", "rooms", "links"):
            setattr(other, name, copy.deepcopy(getattr(self, name)))
        return other

    def execute(self, method: str, request: Mapping[str, object], *, mine: bool = True) -> Json:
        """Do it; the honest answer. Raises `TwirpError` and then changes nothing."""
        before = self._made
        answer: Json = CHANGES[method](self, request)
        self.done.append(method)
        if mine and self._made > before:
            self.mine.add(self._latest)
        return answer

    def read(self, method: str, request: Mapping[str, object]) -> Json:
        """The honest answer to a read. Raises `TwirpError`."""
        return READS[method](self, request)

    # ---- changes --------------------------------------------------------------------------------------

    def _new_id(self, prefix: str) -> str:
        self._made += 1
        self._latest = f"{prefix}_made{self._made}"
        return self._latest

    def _agent_of(self, request: Mapping[str, object]) -> str:
        agent_id = str(request["agent_id"])
        if agent_id not in self.agents:
            raise TwirpError("not_found", "agent not found")
        return agent_id

    def create_dispatch(self, request: Mapping[str, object]) -> Json:
        room, new = str(request["room"]), self._new_id("AD")
        made = _dispatch(new, room, str(request["agent_name"]), request)
        self.rooms.setdefault(room, {})[new] = made
        return made

    def delete_dispatch(self, request: Mapping[str, object]) -> Json:
        room, gone = str(request["room"]), str(request["dispatch_id"])
        if gone not in self.rooms.get(room, {}):
            raise TwirpError("not_found", "dispatch ID not found")
        return self.rooms[room].pop(gone)

    def restart(self, request: Mapping[str, object]) -> Json:
        return _success(self._agent_of(request))

    def rollback(self, request: Mapping[str, object]) -> Json:
        return self._run(self._agent_of(request), str(request["version"]))

    def promote(self, request: Mapping[str, object]) -> Json:
        agent_id = self._agent_of(request)
        rows = self._rows(agent_id)
        source = [row for row in rows if row["deployment"] == request["src_deployment"]]
        return self._run(agent_id, str(source[0]["version"]))

    def _run(self, agent_id: str, tag: str) -> Json:
        if all(version["version"] != tag for version in self.versions[agent_id]):
            raise TwirpError("not_found", "version not found")
        for version in self.versions[agent_id]:
            version["current"] = version["active"] = version["version"] == tag
        self.agents[agent_id]["version"] = tag
        for row in self._rows(agent_id):
            row["version"] = row["version"] if row["deployment"] else tag
        return _success(agent_id, tag)

    def _rows(self, agent_id: str) -> list[Row]:
        rows = self.agents[agent_id]["agent_deployments"]
        assert isinstance(rows, list)
        return rows

    def update_secrets(self, request: Mapping[str, object]) -> Json:
        agent_id, now = self._agent_of(request), _time(self._clock())
        given = request["secrets"]
        assert isinstance(given, list)
        kept = {} if request.get("overwrite") else self.secrets[agent_id]
        new = {item["name"]: _secret(item["name"], now, item["kind"]) for item in given}
        removed = request.get("remove") or []
        assert isinstance(removed, list)
        both = {**kept, **new}
        self.secrets[agent_id] = {name: row for name, row in both.items() if name not in removed}
        return _success(agent_id)

    def delete_agent(self, request: Mapping[str, object]) -> Json:
        agent_id, deployment = self._agent_of(request), str(request["deployment"])
        if deployment:
            kept = [row for row in self._rows(agent_id) if row["deployment"] != deployment]
            self.agents[agent_id]["agent_deployments"] = kept
        else:
            for part in (self.agents, self.versions, self.secrets):
                part.pop(agent_id)
        return _success(agent_id)

    def create_link(self, request: Mapping[str, object]) -> Json:
        new = self._new_id("PL")
        self.links[new] = _link(new, str(request["name"]), str(request["endpoint"]))
        return {"private_link": self.links[new]}

    def destroy_link(self, request: Mapping[str, object]) -> Json:
        if request["private_link_id"] not in self.links:
            raise TwirpError("not_found", "private link not found")
        self.links.pop(str(request["private_link_id"]))
        return {}

    # ---- deploys --------------------------------------------------------------------------------------

    def create_agent(self, request: Mapping[str, object]) -> Json:
        new = self._new_id("CA")
        self.agents[new] = _agent(new, "", ())
        self.versions[new], self.secrets[new] = [], {}
        self.update_secrets({**request, "agent_id": new})
        return {"agent_id": new, "agent_name": "", "status": "Setting Up", "tag": BUILT, "server_regions": []}

    def deploy_agent(self, request: Mapping[str, object]) -> Json:
        agent_id = self._agent_of(request)
        if request["secrets"]:
            self.update_secrets(request)
        return {**_success(agent_id), "tag": BUILT, "deployment": request["deployment"]}

    def build(self, agent_id: str) -> None:
        """What was uploaded is built and serves production."""
        self.versions[agent_id].append(_version(BUILT))
        self._run(agent_id, BUILT)
        self.done.append("build")

    # ---- reads ----------------------------------------------------------------------------------------

    def list_agents(self, request: Mapping[str, object]) -> Json:
        wanted = request.get("agent_id")
        return {"agents": [row for key, row in self.agents.items() if wanted in (None, "", key)]}

    def list_versions(self, request: Mapping[str, object]) -> Json:
        return {"versions": self.versions[self._agent_of(request)]}

    def list_secrets(self, request: Mapping[str, object]) -> Json:
        return {"secrets": list(self.secrets[self._agent_of(request)].values())}

    def list_rooms(self, request: Mapping[str, object]) -> Json:
        names = request.get("names") or list(self.rooms)
        assert isinstance(names, list)
        return {"rooms": [{"name": name, "sid": f"RM_{name}"} for name in self.rooms if name in names]}

    def list_dispatch(self, request: Mapping[str, object]) -> Json:
        here = self.rooms.get(str(request["room"]))
        if here is None:
            raise TwirpError("not_found", "requested room does not exist")
        wanted = request.get("dispatch_id")
        return {"agent_dispatches": [row for key, row in here.items() if wanted in (None, "", key)]}

    def list_participants(self, request: Mapping[str, object]) -> Json:
        return {"participants": []}

    def list_links(self, request: Mapping[str, object]) -> Json:
        return {"items": list(self.links.values())}

    def link_status(self, request: Mapping[str, object]) -> Json:
        return {"value": {"status": "PRIVATE_LINK_STATUS_HEALTHY"}}

    def settings(self, request: Mapping[str, object]) -> Json:
        return {"params": [{"name": "available_regions", "value": "us-east"}]}


CHANGES = {
    "CreateDispatch": World.create_dispatch,
    "DeleteDispatch": World.delete_dispatch,
    "RestartAgent": World.restart,
    "RollbackAgent": World.rollback,
    "PromoteAgent": World.promote,
    "UpdateAgent": World.update_secrets,
    "UpdateAgentSecrets": World.update_secrets,
    "DeleteAgent": World.delete_agent,
    "CreatePrivateLink": World.create_link,
    "DestroyPrivateLink": World.destroy_link,
    "CreateAgent": World.create_agent,
    "DeployAgentV2": World.deploy_agent,
}
READS = {
    "ListAgents": World.list_agents,
    "ListAgentVersions": World.list_versions,
    "ListAgentSecrets": World.list_secrets,
    "ListRooms": World.list_rooms,
    "ListDispatch": World.list_dispatch,
    "ListParticipants": World.list_participants,
    "ListPrivateLinks": World.list_links,
    "GetPrivateLinkStatus": World.link_status,
    "GetClientSettings": World.settings,
}


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _success(agent_id: str, tag: str = "") -> Json:
    return {"success": True, "message": "", "agent_id": agent_id, "version_tag": tag}


def _agent(agent_id: str, name: str, tags: tuple[str, ...]) -> Row:
    places = [("", tags[0])] if tags else []
    places += [("staging", tags[1])] if len(tags) > 1 else []
    rows = [_deployment(agent_id, name, deployment, tag) for deployment, tag in places]
    return {
        "agent_id": agent_id,
        "agent_name": name,
        "version": tags[0] if tags else "--",
        "agent_deployments": rows,
    }


def _deployment(agent_id: str, name: str, deployment: str, tag: str) -> Row:
    return {
        "region": "us-east",
        "agent_id": agent_id,
        "status": "Running",
        "deployment": deployment,
        "version": tag,
        "agent_name": name,
        "deployment_enabled": True,
    }


def _version(tag: str, *, current: bool = False) -> Row:
    made = f"{tag[:4]}-{tag[4:6]}-{tag[6:8]}T00:00:00Z"
    return {
        "version": tag,
        "current": current,
        "active": current,
        "status": "Running",
        "created_at": made,
        "deployed_at": made,
    }


def _secret(name: str, at: str, kind: object = "AGENT_SECRET_KIND_ENVIRONMENT") -> Row:
    return {"name": name, "created_at": at, "updated_at": at, "kind": kind}


def _dispatch(dispatch_id: str, room: str, agent_name: str, given: Mapping[str, object]) -> Row:
    return {
        "id": dispatch_id,
        "agent_name": agent_name,
        "room": room,
        "metadata": given.get("metadata", ""),
        "state": {"jobs": [], "created_at": "1786000000000000000", "deleted_at": "0"},
        "restart_policy": given.get("restart_policy", "JRP_ON_FAILURE"),
        "deployment": given.get("deployment", ""),
        "attributes": given.get("attributes", {}),
    }


def _link(link_id: str, name: str, endpoint: str) -> Row:
    return {"private_link_id": link_id, "name": name, "region": "us-east", "port": 5432, "endpoint": endpoint}
