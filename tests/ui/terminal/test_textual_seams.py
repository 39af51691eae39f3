"""Every private name of Textual that the package relies on is named here, with the shape that it must have.

A release of Textual that changes one has to be read before it is used. A use that is not listed fails too.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import CodeType, ModuleType

from textual import _compositor, _context, _styles_cache, _xterm_parser, constants
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Event
from textual.message_pump import MessagePump
from textual.reactive import Reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, TextArea

import tui.ui

UI = Path(tui.ui.__file__).parent

METHODS: dict[tuple[type, str], list[str]] = {
    (App, "_broker_event"): ["self", "event_name", "event", "default_namespace"],
    (App, "_display"): ["self", "screen", "renderable"],
    (App, "_fatal_error"): ["self"],
    (App, "_handle_exception"): ["self", "error"],
    (App, "_print_error_renderables"): ["self"],
    (App, "_prune"): ["self", "nodes", "parent"],
    (App, "_set_pointer_shape"): ["self", "shape"],
    (App, "_shutdown"): ["self"],
    (MessagePump, "_close_messages_no_wait"): ["self"],
    (Input, "_on_paste"): ["self", "event"],
    (TextArea, "_on_paste"): ["self", "event"],
    (LinuxDriver, "_enable_mouse_support"): ["self"],
    (LinuxDriver, "_get_terminal_size"): ["self"],
    (LinuxDriver, "_sigcont_application"): ["self", "_"],
    (LinuxDriver, "_sigtstp_application"): ["self", "_"],
    (XTermParser, "_sequence_to_key_events"): ["self", "sequence", "alt"],
    # public, and overridden or called in a way that the documentation does not promise
    (App, "exit"): ["self", "result", "return_code", "message"],
    (App, "on_event"): ["self", "event"],
    (App, "refresh"): ["self", "repaint", "layout", "recompose"],
    (App, "run"): ["self", "headless", "inline", "inline_no_clear", "mouse", "size", "auto_pilot", "loop"],
    (ChopsUpdate, "__init__"): ["self", "chops", "spans", "chop_ends"],
    (CompositorUpdate, "render_segments"): ["self", "console"],
    (Driver, "__init__"): ["self", "app", "debug", "mouse", "size"],
    (LayoutUpdate, "__init__"): ["self", "strips", "region"],
    (Strip, "render_style"): ["style", "text", "color_system"],
    (StylesCache, "get_inner_outer"): ["cls", "base_background", "background"],
    (Widget, "check_consume_key"): ["self", "key", "character"],
    (XTermParser, "parse_mouse_code"): ["self", "code"],
}
"""Method → its parameters."""

ATTRIBUTES: dict[type, set[str]] = {
    App: {
        "_batch_count",
        "_clipboard",
        "_driver",
        "_exception",
        "_exit",
        "_exit_renderables",
        "_return_code",
        "_screen_stack",
    },
    DOMNode: {"_bindings", "_pruning"},
    Driver: {"_app", "_loop", "_mouse"},
    LinuxDriver: {"_must_signal_resume", "_writer_thread", "exit_event", "fileno"},
    MessagePump: {"_parent"},
    Strip: {"_render_cache", "_segments"},
    XTermParser: {"mouse_pixels", "terminal_pixel_size", "terminal_size"},
}
"""Class → attributes that its instances have."""

MODULES: dict[ModuleType, set[str]] = {
    _context: {"active_message_pump"},
    _compositor: {"ChopsUpdate", "CompositorUpdate", "LayoutUpdate"},
    _styles_cache: {"StylesCache"},
    _xterm_parser: {"IS_ITERM", "XTermParser"},
    constants: {"ESCAPE_DELAY", "SMOOTH_SCROLL"},
}
"""Module → names taken from it."""

CALLS: list[tuple[Callable[..., object], set[str]]] = [
    (App._close_all, {"_prune"}),
    (App.__init__, {"get_driver_class", "_exit_renderables", "_exception"}),
    (App._fatal_error, {"_exit_renderables", "_close_messages_no_wait"}),
    (App._handle_exception, {"_return_code", "_exception", "panic", "_fatal_error"}),
    (App._shutdown, {"_print_error_renderables", "disable_input", "close"}),
    (App._prune, {"_pruning", "walk_children"}),
    (App.copy_to_clipboard, {"_clipboard", "_driver"}),
    (App.on_event, {"_check_bindings"}),
    (App.panic, {"_exit_renderables", "_close_messages_no_wait"}),
    (Driver.process_message, {"send_message"}),
    (Driver.resume_application_mode, {"start_application_mode"}),
    (Driver.suspend_application_mode, {"stop_application_mode", "close"}),
    (LinuxDriver.__init__, {"_sigtstp_application", "_sigcont_application", "exit_event", "fileno", "_file"}),
    (LinuxDriver._enable_mouse_support, {"_mouse", "write"}),
    (LinuxDriver._run_input_thread, {"run_input_thread", "panic"}),
    (LinuxDriver.disable_input, {"exit_event", "_key_thread", "join"}),
    (
        LinuxDriver.start_application_mode,
        {"WriterThread", "_writer_thread", "_run_input_thread", "_key_thread", "_get_terminal_size"}
        | {"_must_signal_resume", "write", "attrs_before"},
    ),
    (LinuxDriver.stop_application_mode, {"disable_input", "attrs_before", "write"}),
    (Screen._watch__pointer_shape, {"_set_pointer_shape"}),
    (Strip.render, {"render_style", "_segments", "_render_cache"}),
    (Widget.broker_event, {"_broker_event"}),
    (Widget.remove, {"_prune"}),
]
"""Function of Textual → what it must use for our override or patch to have an effect."""


def is_private(name: str) -> bool:
    """One leading underscore."""
    return name.startswith("_") and not name.startswith("__")


@cache
def bodies(module: str) -> Mapping[str, ast.ClassDef]:
    """The classes of a module by name, parsed once for all of them."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


@cache
def stored(owner: type) -> frozenset[str]:
    """Attributes that the methods of a class assign to `self`."""
    return frozenset(
        node.attr
        for node in ast.walk(bodies(owner.__module__)[owner.__name__])
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def has(owner: type, name: str) -> bool:
    """Whether instances of a class, or of a base of it, have this attribute."""
    bases = [base for base in owner.__mro__ if base.__module__.startswith("textual")]
    return any(name in vars(base) or name in stored(base) for base in bases)


def touched(function: Callable[..., object]) -> set[str]:
    """The attributes and globals that a function and those inside it use."""
    found: set[str] = set()

    def collect(code: CodeType) -> None:
        found.update(code.co_names)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                collect(constant)

    collect(inspect.unwrap(function).__code__)
    return found


def moved() -> Iterator[str]:
    """What is not as the tables say."""
    for (owner, name), takes in METHODS.items():
        found = inspect.getattr_static(owner, name, None)
        function = inspect.unwrap(getattr(found, "__func__", found)) if found is not None else None
        if isinstance(function, property):
            function = function.fget
        if not callable(function):
            yield f"{owner.__name__}.{name} is gone"
        elif [name for name in inspect.signature(function).parameters if name != "cls"] != [
            name for name in takes if name != "cls"
        ]:
            yield f"{owner.__name__}.{name} takes {list(inspect.signature(function).parameters)}"
    for owner, names in ATTRIBUTES.items():
        yield from (f"{owner.__name__}.{name} is gone" for name in names if not has(owner, name))
    for module, names in MODULES.items():
        yield from (f"{module.__name__}.{name} is gone" for name in names if not hasattr(module, name))
    for function, names in CALLS:
        if missing := names - touched(function):
            yield f"{function.__qualname__} does not use {sorted(missing)}"


def test_every_private_name_of_textual_has_the_expected_shape() -> None:
    assert version("textual").startswith("8.2.")
    assert list(moved()) == []
    assert isinstance(inspect.getattr_static(Screen, "focused"), Reactive)


def test_the_time_of_messages_is_monotonic() -> None:
    before = time.monotonic()
    assert before <= Event().time <= time.monotonic()


def classes() -> list[type]:
    """Our classes that extend one of Textual's."""
    modules = [importlib.import_module(info.name) for info in pkgutil.walk_packages([str(UI)], "tui.ui.")]
    return [
        found
        for module in modules
        for found in vars(module).values()
        if inspect.isclass(found)
        and found.__module__ == module.__name__
        and any(base.__module__.startswith("textual") for base in found.__mro__)
    ]


OF_THE_METACLASS = {name for name in vars(type("Empty", (Widget,), {})) if is_private(name)} | {
    "_abc_impl",
    "_default_focused",
}
"""What Textual and Python themselves put into a subclass; the last one comes with the reactive `focused`."""

STANDARD = {"os._exit", "signal._HANDLER"}
"""Private names of the standard library."""


def test_no_other_private_name_of_textual_is_used() -> None:
    known = {name for _, name in METHODS} | set().union(*ATTRIBUTES.values(), *MODULES.values())
    found: set[str] = set()
    for kind in classes():
        bases = [base for base in kind.__mro__ if base.__module__.startswith("textual")]
        theirs = set().union(*(set(vars(base)) | stored(base) for base in bases if base is not object))
        ours = (set(vars(kind)) - OF_THE_METACLASS) | stored(kind)
        found |= {
            f"{kind.__name__}.{name}" for name in ours & theirs if is_private(name) and name not in known
        }
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in UI.parent.rglob("*.py")}
    ours_or_known = known | {
        getattr(node, "name", None) or getattr(node, "attr", None) or getattr(node, "id", "")
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        or (isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Store))
    }
    for path in UI.rglob("*.py"):
        for node in ast.walk(trees[path]):
            if isinstance(node, ast.Attribute) and is_private(node.attr):
                if node.attr not in ours_or_known and ast.unparse(node) not in STANDARD:
                    found.add(f"{path.name}: {ast.unparse(node)}")
            elif isinstance(node, ast.ImportFrom) and "._" in (node.module or ""):
                names = {alias.name for alias in node.names}
                found |= {f"{path.name}: {node.module}.{name}" for name in names - known}
    assert not found
