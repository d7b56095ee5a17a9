"""The cache of recordings: what is in it holds for as long as nothing has changed."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from walkthroughs import build_memo, environment, recording
from walkthroughs.environment import Environment, here
from walkthroughs.own_sources import texts
from walkthroughs.recording import digest_of, is_recorded, record
from walkthroughs.scenarios import Scenario
from walkthroughs.trace import Trace
from walkthroughs.user_scenarios import scenario
from walkthroughs.value_digest import description, modules_of

FILES = {
    "mysite/__init__.py": "",
    "mysite/asgi.py": (
        "from polls.views import answer\n"
        "async def application(scope, receive, send):\n"
        "    import mysite.late\n"
        "    if scope['type'] == 'http':\n"
        "        await answer(send)\n"
    ),
    "mysite/late.py": "",
    "polls/__init__.py": "",
    "polls/views.py": (
        "import parts.helper, parts.deep.inner, json, sys, dependency\n"
        "try:\n"
        "    from . import local_settings\n"
        "except ImportError:\n"
        "    pass\n"
        "exec(compile(open('script.txt').read(), 'script.txt', 'exec'))\n"
        "async def answer(send):\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body'})\n"
    ),
    "parts/helper.py": "",
    "parts/deep/inner.py": "",
    "script.txt": "",
    "manage.py": "",
    "asking.py": (
        "from walkthroughs import clients\n"
        "def client(port):\n"
        "    from asking_later import path\n"
        "    clients.http(port, clients.request('GET', path))\n"
    ),
    "asking_later.py": "path = '/'\n",
    "paths.py": (
        "from walkthroughs.scenarios import Scenario\n"
        "from asking import client\n"
        "polls = Scenario(name='polls', story='A.', client=client,\n"
        "    application='mysite.asgi:application', focus={'uvicorn': ('polls',)})\n"
    ),
    "unrelated.py": "",
    "elsewhere/dependency.py": "",
}


class Project:
    """Somebody's application, with a scenario; and how often it is recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def is_made(self, name: str = "paths:polls") -> bool:
        """Whether a new process that asks for the recording has to make it."""
        tops = {name.partition("/")[0].removesuffix(".py") for name in FILES}
        for module in [each for each in sys.modules if each.split(".")[0] in tops]:
            del sys.modules[module]
        importlib.invalidate_caches()
        before = self.count
        known = is_recorded(name, "uvicorn")
        record(name, "uvicorn")
        assert known == (self.count == before)
        return self.count > before

    def began(self) -> float:
        """When the latest recording in the cache was begun."""
        paths = self.folder.glob("cache/polls-*.json")
        heads = [json.loads(path.read_text().partition("\n")[0]) for path in paths]
        return max(float(head["began"]) for head in heads)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One project for all, so that its recording is made only once more by each."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WALKTHROUGHS_CACHE", str(folder / "cache"))
        # A page that ran before in this process may have named its settings.
        patch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
        patch.setenv("PYTHONPATH", str(folder / "elsewhere"))
        patch.syspath_prepend(str(folder / "elsewhere"))
        patch.syspath_prepend(str(folder))
        patch.chdir(folder)
        project = Project(folder)

        def counted(*args: Any) -> Any:
            project.count += 1
            return original(*args)

        original = recording._record
        patch.setattr(recording, "_record", counted)
        assert project.is_made()
        yield project


@pytest.fixture
def project(shared: Project) -> Iterator[Project]:
    """The project, which has its recording, and has it again afterwards."""
    assert not shared.is_made()
    yield shared
    for path in shared.folder.rglob("*.py"):
        if str(path.relative_to(shared.folder)) not in FILES:
            path.unlink()
    for name, text in FILES.items():
        shared.write(name, text)
    shared.is_made()


CHANGES = {
    "the application": "mysite/asgi.py",
    "a second package": "polls/views.py",
    "a namespace package": "parts/helper.py",
    "a namespace package in another": "parts/deep/inner.py",
    "what is imported at the first request": "mysite/late.py",
    "what is run without being imported": "script.txt",
    "what says where the settings are": "manage.py",
    "what lies elsewhere, as an editable install does": "elsewhere/dependency.py",
    "the scenario's module": "paths.py",
    "the client": "asking.py",
    "what the client imports at its first request": "asking_later.py",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_makes_a_new_recording_and_only_one(
    what: str, project: Project
) -> None:
    name = CHANGES[what]
    project.write(name, FILES[name] + "# changed\n")
    assert project.is_made()
    assert not project.is_made()


APPEARANCES = {
    "a package in front of a module": "polls/views/__init__.py",
    "a module in front of one of the standard library": "json.py",
    "a file that makes a package of a namespace": "parts/__init__.py",
    "a module that was looked for in vain": "polls/local_settings.py",
    "a module in front of one that lies elsewhere": "dependency.py",
}


@pytest.mark.parametrize("what", APPEARANCES)
def test_a_file_that_appears_makes_a_new_recording(what: str, project: Project) -> None:
    name = APPEARANCES[what]
    is_copy = name == "polls/views/__init__.py"
    project.write(name, FILES["polls/views.py"] if is_copy else "")
    if name == "json.py":
        # Nothing starts with such a file beside it: that it is seen has to do.
        assert not is_recorded("paths:polls", "uvicorn")
        return
    assert project.is_made()
    assert not project.is_made()


def test_what_is_missing_makes_a_new_recording(project: Project) -> None:
    (project.folder / "asking_later.py").unlink()
    assert not is_recorded("paths:polls", "uvicorn")


def test_what_nobody_imports_changes_nothing(project: Project) -> None:
    project.write("unrelated.py", "# changed\n")
    project.write("polls/tests.py", "")
    project.write("new.py", "")
    assert not project.is_made()


def test_a_variable_that_django_reads_makes_a_new_recording(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "mysite.other")
    assert project.is_made()
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert not project.is_made()


def test_the_settings_of_a_reader_change_nothing_in_the_book(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = digest_of("http-get", "minidaphne")
    # As a page does that imports the example site, or a shell.
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "readers.settings")
    assert digest_of("http-get", "minidaphne") == before != ""


def test_another_interpreter_makes_a_new_recording(project: Project) -> None:
    record("paths:polls", "uvicorn", environment=here())
    before = project.count
    now = here()
    for other in (
        Environment(now.python.parent / "python3", now.installed),
        replace(now, installed="another version of something"),
    ):
        record("paths:polls", "uvicorn", environment=other)
    assert project.count == before + 2


def test_what_is_recorded_in_a_build_is_kept_for_what_is_installed_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build asks what is installed as it begins, and may record minutes later."""
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path))
    build_memo.begin()
    try:
        assert not is_recorded("http-get", "minidaphne")
        monkeypatch.setattr(environment, "_installed", lambda _: "another version")
        record("http-get", "minidaphne")
    finally:
        build_memo.end()
    assert is_recorded("http-get", "minidaphne")


def test_a_folder_with_other_code_under_the_same_names_has_recordings_of_its_own(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Project(tmp_path)
    there.write("elsewhere/dependency.py", "# not looked for here\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    # The texts are the same: only where they lie is not.
    assert project.is_made()


def test_code_that_is_changed_while_it_is_recorded_is_not_kept(
    project: Project,
) -> None:
    late = f"open({str(project.folder / 'mysite/late.py')!r}, 'a').write('# more\\n')\n"
    project.write("mysite/late.py", late)
    assert project.is_made()
    assert project.is_made()


def test_a_recording_can_be_wanted_fresh_and_is_made_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_oldest", 0.0)
    recording.record_all_again()
    assert project.is_made()
    assert not project.is_made()


COMMANDS = {
    "check": ["-m", "walkthroughs", "check", "page.md"],
    "run": ["-m", "walkthroughs", "run", "paths:polls"],
    "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider", "page.md"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_be_told_to_record_again(
    command: str, project: Project
) -> None:
    listing = (
        "```callpath scenario=paths:polls server=uvicorn\npolls.views.answer\n```\n"
    )
    project.write("page.md", f"{listing}\n{listing}")
    project.write("pytest.ini", "[pytest]\nwalkthroughs_pages = page.md\n")
    before = project.began()
    words = [sys.executable, *COMMANDS[command]]
    for more, made in (([], False), (["--fresh"], True)):
        done = subprocess.run(
            [*words, *more], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (project.began() != before) == made


def test_to_look_whether_a_recording_holds_reads_none_of_its_events(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_json(text: str) -> Trace:
        raise AssertionError(f"{len(text)} characters of a recording were read")

    monkeypatch.setattr(Trace, "from_json", from_json)
    assert is_recorded("paths:polls", "uvicorn")


def test_an_editable_install_is_told_apart_by_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKTHROUGHS_CACHE", str(tmp_path))
    record("main-loop", "minidaphne")
    [path] = tmp_path.iterdir()
    with path.open() as file:
        text = file.readline()
    for name in ("minidaphne/server.py", "walkthroughs/recorder/recorder.py"):
        assert f"/{name}" in text
    assert "site-packages" not in text
    assert Trace.from_json(path.read_text().partition("\n")[2])


def test_a_reader_never_sees_half_a_recording(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = []

    def replace_whole(source: str, target: Path) -> None:
        assert Trace.from_json(Path(source).read_text().partition("\n")[2])
        whole.append(target)
        rename(source, target)

    rename = os.replace
    monkeypatch.setattr(os, "replace", replace_whole)
    record("paths:polls", "uvicorn", fresh=True)
    [target] = whole
    assert target.suffix == ".json"


def test_of_processes_that_want_one_recording_one_makes_it(project: Project) -> None:
    imported = project.folder / "imported"
    note = f"open({str(imported)!r}, 'a').write('x')\n"
    project.write("polls/views.py", FILES["polls/views.py"] + note)
    words = [sys.executable, "-m", "walkthroughs", "run", "paths:polls"]
    running = [
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert len(said) == 1
    assert {path.suffix for path in project.folder.glob("cache/*")} == {".json"}
    assert imported.read_text() == "x"
    assert not project.is_made()


class Held:
    """An object with a state."""

    def __init__(self, state: object) -> None:
        self.state = state

    def look(self) -> object:
        return self.state


def carries(value: object) -> Callable[[], object]:
    """A function that has a value with it."""
    return lambda: value


POLLS = Scenario("polls", "A.", "a:b", print, {})

SAME: dict[str, Callable[[Any], object]] = {
    "a plain value": lambda x: x,
    "what a list holds": lambda x: [x],
    "what a mapping holds": lambda x: {"key": {x}},
    "what a function carries": carries,
    "what a partial function is called with": lambda x: partial(print, key=x),
    "what an object holds": Held,
    "the object of a method": lambda x: Held(x).look,
    "what a scenario holds": lambda x: replace(POLLS, options={"x": x}),
    "what a scenario asks for": lambda x: scenario("a", "b:c", f"GET /{x}", focus=[]),
    "what a scenario sets in the environment": lambda x: scenario(
        "a", "b:c", "GET /", focus=[], environment={"NAME": f"{x}"}
    ),
    "a pattern": lambda x: re.compile(str(x)),
}


@pytest.mark.parametrize("what", SAME)
def test_values_are_described_the_same_if_and_only_if_they_are_the_same(
    what: str,
) -> None:
    make = SAME[what]
    assert description(make(1)) == description(make(1))
    assert description(make(1)) != description(make(2))
    assert " at 0x" not in description(make(1))


def test_a_function_is_described_by_its_code() -> None:
    one, two = (eval(f"lambda: {number}") for number in (1, 2))
    assert description(one) != description(two)


def test_a_function_is_described_the_same_on_every_python_while_its_file_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a_client.py"
    text = "def client(port):\n    return [each + port for each in (1, 2)]\n"
    file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    client = importlib.import_module("a_client").client
    by_place = description(client)
    assert "b'" not in by_place
    # This process still runs the old one, which is not what the file has.
    file.write_text(text.replace("+", "-"))
    os.utime(file, ns=(1, 1))
    by_bytecode = description(client)
    assert by_bytecode != by_place
    file.unlink()
    assert description(client) == by_bytecode


def test_a_value_that_holds_itself_is_described() -> None:
    held = Held(None)
    held.state = held
    assert description(held) == description(held)
    assert __name__ in modules_of(held)


def test_what_a_module_imports_belongs_to_it() -> None:
    found = texts({"walkthroughs.user_scenarios"})
    assert {
        "walkthroughs.user_scenarios",
        "walkthroughs.clients.session",
        "walkthroughs.errors",
    } <= {*found}
    assert not any(name.startswith(("json", "websockets")) for name in found)
