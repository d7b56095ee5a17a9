"""The laboratory: a server, its application and its client in one Python, without sockets.

It runs in the reader's browser, where there are no sockets and no threads, and in any
other Python in a process of its own (`python -m walkthroughs.laboratory`).  The servers
are the real ones, on asyncio's own selector loop; `network` stands in for the kernel.
"""
