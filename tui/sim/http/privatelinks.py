"""Private links: connections from agents to a customer's own network (PROTOCOL.md, Private links)."""

from __future__ import annotations

from livekit.protocol import cloud_agent as pb

from tui.sim.http.twirp import Answer, TwirpError
from tui.sim.world.ids import timestamp
from tui.sim.world.world import World

APPROVE_SECONDS = 20.0
HEALTHY_SECONDS = 30.0


class Links:
    """The four methods for private links."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def create(self, request: pb.CreatePrivateLinkRequest) -> Answer:
        """A new link; it is approved after a while."""
        if not request.name or not request.endpoint or not 0 < request.port < 65536:
            raise TwirpError("invalid_argument", "a private link needs a name, a port and an endpoint")
        link = pb.PrivateLink(
            private_link_id=self._world.guid("CAPL_"),
            name=request.name,
            region=request.region,
            port=request.port,
            endpoint=request.endpoint,
            connection_endpoint=f"pl-{len(self._world.links) + 1}.gw.internal",
            cloud_region=request.cloud_region,
        )
        self._world.links[link.private_link_id] = link
        self._note(link.private_link_id, pb.PrivateLinkStatus.PRIVATE_LINK_STATUS_PROVISIONING, "")
        self._world.after(
            APPROVE_SECONDS,
            lambda: self._note(
                link.private_link_id,
                pb.PrivateLinkStatus.PRIVATE_LINK_STATUS_PENDING_APPROVAL,
                "waiting for the owner of the endpoint",
            ),
        )
        self._world.after(
            HEALTHY_SECONDS,
            lambda: self._note(link.private_link_id, pb.PrivateLinkStatus.PRIVATE_LINK_STATUS_HEALTHY, ""),
        )
        self._world.effect("CreatePrivateLink", id=link.private_link_id, name=link.name)
        return pb.CreatePrivateLinkResponse(private_link=link)

    async def destroy(self, request: pb.DestroyPrivateLinkRequest) -> Answer:
        """Delete a link."""
        self._known(request.private_link_id)
        del self._world.links[request.private_link_id]
        del self._world.link_status[request.private_link_id]
        self._world.effect("DestroyPrivateLink", id=request.private_link_id)
        return pb.DestroyPrivateLinkResponse()

    async def list(self, request: pb.ListPrivateLinksRequest) -> Answer:
        """Every link."""
        return pb.ListPrivateLinksResponse(items=self._world.links.values())

    async def status(self, request: pb.GetPrivateLinkStatusRequest) -> Answer:
        """The status of a link."""
        self._known(request.private_link_id)
        return pb.GetPrivateLinkStatusResponse(value=self._world.link_status[request.private_link_id])

    def _known(self, link_id: str) -> None:
        if link_id not in self._world.links:
            raise TwirpError("not_found", "private link not found")

    def _note(self, link_id: str, status: pb.PrivateLinkStatus.Status, reason: str) -> None:
        if link_id in self._world.links:
            self._world.link_status[link_id] = pb.PrivateLinkStatus(
                status=status, updated_at=timestamp(self._world.now), reason=reason
            )
