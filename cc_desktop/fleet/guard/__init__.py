"""Tells that a run goes in circles or takes far too much, before the bill does. Pure."""
