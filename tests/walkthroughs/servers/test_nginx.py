"""A real nginx, with the file of a site."""

from pathlib import Path

import pytest

from walkthroughs.clients import http, request
from walkthroughs.errors import RecordingError
from walkthroughs.servers.nginx import nginx

SITE = """
server {
    listen 80;
    location / { root /srv/mysite/files; }
}
"""


def test_the_ports_and_the_folder_of_the_site_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.css").write_text("found")
    with nginx(SITE, tmp_path) as [port]:
        assert http(port, request("GET", "/a.css")).endswith(b"found")
        other = http(port, request("GET", "/b.css"))
    assert other.startswith(b"HTTP/1.1 404 ")
    with pytest.raises(ConnectionRefusedError):
        http(port, request("GET", "/a.css"))


def test_a_file_that_nginx_refuses_is_an_error_with_its_words(tmp_path: Path) -> None:
    broken = SITE.replace("root", "rot")
    message = r'unknown directive "rot"'
    with pytest.raises(RecordingError, match=message), nginx(broken, tmp_path):
        pass


def test_a_machine_without_nginx_hears_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("walkthroughs.servers.nginx.SBIN", str(tmp_path))
    message = "apt-get install nginx"
    with pytest.raises(RecordingError, match=message) as raised, nginx(SITE, tmp_path):
        pass
    assert "\n" not in str(raised.value)
