"""The colour tokens for those who ask their system for more contrast.

Text has 7:1 against every background it stands on, shapes and all borders 4.5:1; rules between
areas can be seen, too.
"""

from __future__ import annotations

from cc_desktop.desktop.style.palette import Theme

HIGH_DARK = Theme(
    dark=True,
    high_contrast=True,
    bg="#000000",
    surface="#000000",
    raised="#12161c",
    line="#8a95a5",
    track="#2a313b",
    border="#d3dae4",
    text="#ffffff",
    muted="#d9e0e9",
    accent="#7cc4ff",
    link="#9bd2ff",
    selection="#06325f",
    error="#ffa8a8",
    waiting="#ffcb70",
    stuck="#e8c8ff",
    active="#9bd2ff",
    thinking="#ccd2ff",
    idle="#c3ccd8",
    live="#7be0ac",
    waiting_strong="#ffcb70",
    active_strong="#9bd2ff",
    on_shape="#000000",
)
HIGH_LIGHT = Theme(
    dark=False,
    high_contrast=True,
    bg="#ffffff",
    surface="#ffffff",
    raised="#f3f6fa",
    line="#5a6675",
    track="#dbe2eb",
    border="#27313f",
    text="#000000",
    muted="#2f3946",
    accent="#00459e",
    link="#003c8a",
    selection="#d9e9ff",
    error="#8c0d0d",
    waiting="#643600",
    stuck="#55198d",
    active="#00459e",
    thinking="#2e3294",
    idle="#434e5c",
    live="#0a5430",
    waiting_strong="#5c3200",
    active_strong="#003c8a",
    on_shape="#ffffff",
)
