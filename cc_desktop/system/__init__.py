"""The machine: clock, files, autostart, links, updates."""
