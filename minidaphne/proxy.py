"""Who the client is, when the request came through proxies.

Each proxy appends the address it saw, so only the right end of ``X-Forwarded-For`` is
written by someone we know.  We walk it from the right, and the first address that is
not one of our proxies is the client (Daphne takes the left-most, from anyone).
"""

import re
from ipaddress import ip_address, ip_network

from .errors import OperatorError
from .scope import Request, header_list
from .settings import Settings
from .types import Address

#: As many digits as a port may have.
is_port = re.compile("[0-9]{1,5}").fullmatch


class Proxies:
    """Which proxies are trusted, and the headers they write.

    Args:
        settings: the settings; ``*`` among the trusted ones trusts everyone.

    Raises:
        OperatorError: if an entry is not an address, a network or ``*``.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        entries = [entry.strip() for entry in settings.trusted_proxies.split(",")]
        self.trust_all = "*" in entries
        try:
            self.networks = [ip_network(each, False) for each in entries if each != "*"]
        except ValueError as error:
            raise OperatorError(f"bad trusted proxies: {error}") from None

    def trusts(self, host: str) -> bool:
        """Whether an address is one of our proxies."""
        try:
            address = ip_address(host)
        except ValueError:
            return self.trust_all
        # an IPv6 socket reports 10.0.0.1 as ::ffff:10.0.0.1
        both = {address, getattr(address, "ipv4_mapped", None) or address}
        return self.trust_all or any(ip in net for net in self.networks for ip in both)

    def trusts_peer(self, client: Address) -> bool:
        """Whether to believe the headers that come from this end of a connection.

        Args:
            client: its host and port; None on a unix socket, which is trusted.
        """
        return client is None or self.trusts(client[0])

    def parse_x_forwarded_for(self, request: Request) -> None:
        """Note in a request who the client is, and which scheme it used.

        Args:
            request: the head of a request that a trusted proxy has sent.
        """
        settings, headers = self.settings, request.headers
        hops = header_list(headers, settings.proxy_forwarded_address_header)
        if not hops:
            return
        host = next((hop for hop in reversed(hops) if not self.trusts(hop)), hops[0])
        ports = header_list(headers, settings.proxy_forwarded_port_header)[-1:]
        port = int(ports[0]) if ports and is_port(ports[0]) else 0
        request.client = [host, port if port < 65536 else 0]
        for proto in header_list(headers, settings.proxy_forwarded_proto_header)[-1:]:
            if proto.lower() in ("http", "https", "ws", "wss"):
                request.scheme = proto.lower()
