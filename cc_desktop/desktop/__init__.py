"""Qt: tray, fleet window, details. The only room that imports PySide6 or qasync."""
