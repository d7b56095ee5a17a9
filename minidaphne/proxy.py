"""Who the client is, when the request came through proxies.

Each proxy appends the address it saw, so only the right end of ``X-Forwarded-For`` is
written by someone we know.  We walk it from the right, and the first address that is
not one of our proxies is the client (Daphne takes the left-most, from anyone).
"""

from ipaddress import ip_address, ip_network

from .errors import OperatorError
from .scope import header_list
from .types import Address, Headers, Settings


class Proxies:
    """Which proxies are trusted, and the headers they write.

    Args:
        settings: the settings; ``*`` among the trusted ones trusts everyone.

    Raises:
        OperatorError: if a trusted one is no address, network or ``*``.
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
        return self.trust_all or any(address in network for network in self.networks)

    def parse_x_forwarded_for(
        self, headers: Headers, client: Address, scheme: str
    ) -> tuple[Address, str]:
        """Say who the client is and which scheme it used.

        Args:
            headers: the request's headers, names in lower case.
            client: host and port of the peer; None on a unix socket, which is trusted.
            scheme: the scheme of the connection we have.
        """
        settings = self.settings
        hops = header_list(headers, settings.proxy_forwarded_address_header)
        if not hops or (client is not None and not self.trusts(client[0])):
            return client, scheme
        host = next((hop for hop in reversed(hops) if not self.trusts(hop)), hops[0])
        ports = header_list(headers, settings.proxy_forwarded_port_header)[-1:]
        port = int(ports[0]) if ports and ports[0].isdecimal() else 0
        for proto in header_list(headers, settings.proxy_forwarded_proto_header)[-1:]:
            if proto.lower() in ("http", "https", "ws", "wss"):
                scheme = proto.lower()
        return [host, min(port, 65535)], scheme
