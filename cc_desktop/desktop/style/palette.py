"""The colour tokens of both themes.

Contrast against every background they stand on: text 4.5:1, shapes and borders of controls 3:1.
`contrast.py` declares what stands on what; `high_contrast.py` has the themes with more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtGui import QColor, QPalette

from cc_desktop.fleet.model import Status

_QUIET = (Status.IDLE, Status.OFFLINE, Status.UNKNOWN)
TINT_ALPHA = 26  # of 255: a banner's colour over the surface


@dataclass(frozen=True)
class Theme:
    """The tokens of one theme."""

    dark: bool
    bg: str  # the window
    surface: str  # header, details, status bar
    raised: str  # cards, popups, menus
    line: str  # rules between areas
    track: str  # of bars that fill
    border: str  # of fields, buttons and chips
    text: str
    muted: str  # second lines
    accent: str  # focus, primary buttons
    link: str  # legible on the tint of a banner, too
    selection: str
    error: str
    waiting: str
    stuck: str
    active: str
    thinking: str
    idle: str
    live: str
    waiting_strong: str  # on a selection or a tint
    active_strong: str  # on a selection or a tint
    on_shape: str  # what is cut into a status shape, or written on the accent
    high_contrast: bool = False
    _colours: dict[Status, QColor] = field(init=False, repr=False, compare=False)
    _texts: dict[tuple[Status, bool], QColor] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {
            Status.ERROR: self.error,
            Status.WAITING: self.waiting,
            Status.STUCK: self.stuck,
            Status.ACTIVE: self.active,
            Status.THINKING: self.thinking,
            Status.IDLE: self.idle,
            Status.OFFLINE: self.idle,
            Status.UNKNOWN: self.idle,
        }
        strong = {Status.WAITING: self.waiting_strong, Status.ACTIVE: self.active_strong}
        texts = {}
        for status, name in names.items():
            quiet = status in _QUIET
            texts[status, False] = QColor(self.muted if quiet else name)
            texts[status, True] = QColor(self.muted if quiet else strong.get(status, name))
        object.__setattr__(self, "_colours", {key: QColor(name) for key, name in names.items()})
        object.__setattr__(self, "_texts", texts)

    def status(self, status: Status) -> QColor:
        """The colour of the shape of a status."""
        return self._colours[status]

    def status_text(self, status: Status, *, selected: bool = False) -> QColor:
        """The colour of the word of a status; darker on a selected row where that is needed."""
        return self._texts[status, selected]


DARK = Theme(
    dark=True,
    bg="#12151a",
    surface="#191d24",
    raised="#212731",
    line="#2b323d",
    track="#2b323d",
    border="#6f7b8c",
    text="#e8ecf2",
    muted="#9aa6b6",
    accent="#5aa9ff",
    link="#5aa9ff",
    selection="#1f3350",
    error="#ff6b6b",
    waiting="#ffb340",
    stuck="#d59bff",
    active="#4db2ff",
    thinking="#9aa4ff",
    idle="#7c8898",
    live="#4cc38a",
    waiting_strong="#ffb340",
    active_strong="#4db2ff",
    on_shape="#12151a",
)
LIGHT = Theme(
    dark=False,
    bg="#f4f6f9",
    surface="#ffffff",
    raised="#f7f9fc",
    line="#dfe4eb",
    track="#dfe4eb",
    border="#7b8797",
    text="#17202c",
    muted="#566273",
    accent="#0b6bd3",
    link="#0957ad",
    selection="#e3effd",
    error="#c62828",
    waiting="#a85b00",
    stuck="#7b3fb5",
    active="#0b6bd3",
    thinking="#4c51bf",
    idle="#6a7686",
    live="#1d7f4f",
    waiting_strong="#945000",
    active_strong="#0a5fbd",
    on_shape="#ffffff",
)


def qt_palette(theme: Theme) -> QPalette:
    """What the style draws plain widgets with."""
    result = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.bg,
        role.WindowText: theme.text,
        role.Base: theme.bg,
        role.AlternateBase: theme.raised,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.surface,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Light: theme.raised,
        role.Midlight: theme.raised,
        role.Mid: theme.border,
        role.Dark: theme.line,
        role.Shadow: theme.line,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_shape,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Accent: theme.accent,
    }
    for key, colour in colours.items():
        result.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.muted))
    return result
