"""The shapes of data that modules share."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Loop = asyncio.AbstractEventLoop
Address = list[Any] | None
Scope = dict[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Callable[[], Awaitable[Any]], Send], Awaitable[None]]

#: On the loop's clock, later than the end of any connection.
FOREVER = 1e9
