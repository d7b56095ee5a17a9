"""Who the client is, when the request came through proxies.

Each proxy appends the address it saw, so only the right end of ``X-Forwarded-For`` is
written by someone we know.  We walk it from the right, and the first address that is
not one of our proxies is the client (Daphne takes the left-most, from anyone).
"""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from .errors import OperatorError
from .types import Address, Headers


class Proxies:
    """Which proxies are trusted, and the headers they write.

    Args:
        trusted: addresses and networks, separated by commas; ``*`` trusts everyone.
        address: the header with the client's address.
        port: the header with the client's port, or None.
        proto: the header with the scheme the client used, or None.

    Raises:
        OperatorError: if an entry of ``trusted`` is no address, network or ``*``.
    """

    def __init__(
        self, trusted: str, address: str, port: str | None, proto: str | None
    ) -> None:
        self.address = address.lower().encode()
        self.port = port.lower().encode() if port else None
        self.proto = proto.lower().encode() if proto else None
        entries = [entry.strip() for entry in trusted.split(",") if entry.strip()]
        self.trust_all = "*" in entries
        self.networks: list[IPv4Network | IPv6Network] = []
        try:
            self.networks = [
                ip_network(entry, False) for entry in entries if entry != "*"
            ]
        except ValueError as error:
            raise OperatorError(f"bad --trusted-proxies: {error}") from None

    def trusts(self, host: str) -> bool:
        """Whether an address is one of our proxies."""
        if self.trust_all:
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)

    def parse_x_forwarded_for(
        self, headers: Headers, client: Address, scheme: str
    ) -> tuple[Address, str]:
        """Say who the client is and which scheme it used.

        Args:
            headers: the request's headers, names in lower case.
            client: host and port of the peer; None on a unix socket, which is trusted.
            scheme: the scheme of the connection we have.
        """
        if client is not None and not self.trusts(client[0]):
            return client, scheme
        hops = header_values(headers, self.address)
        if not hops:
            return client, scheme
        host = next((hop for hop in reversed(hops) if not self.trusts(hop)), hops[0])
        port, proto = self.last(headers, self.port), self.last(headers, self.proto)
        if proto and proto.lower() in ("http", "https", "ws", "wss"):
            scheme = proto.lower()
        return [host, int(port) if port.isdecimal() and len(port) < 6 else 0], scheme

    def last(self, headers: Headers, name: bytes | None) -> str:
        """The right-most value of a header, or an empty string."""
        values = header_values(headers, name) if name else []
        return values[-1] if values else ""


def header_values(headers: Headers, wanted: bytes) -> list[str]:
    """All values of a header that is a list, in order."""
    joined = b",".join(value for name, value in headers if name == wanted)
    return [
        value for item in joined.decode("latin-1").split(",") if (value := item.strip())
    ]
