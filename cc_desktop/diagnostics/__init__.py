"""Checks that tell whether everything the app needs is here."""
