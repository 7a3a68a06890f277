"""Where an order goes: to the app that runs, or to gateways over a connection of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cc_desktop.about import APP_ID, ExitCode
from cc_desktop.orders.order import Outcome
from cc_desktop.text.i18n import tr
from cc_desktop.text.settings import describe_slip

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.config.paths import Paths
    from cc_desktop.config.settings import Settings
    from cc_desktop.orders.order import Order

log = logging.getLogger(__name__)


class Reach:
    """Carries out the orders of one command."""

    def __init__(
        self, paths: Paths, settings: Callable[[], Settings], *, demo: bool, timeout_s: float
    ) -> None:
        """Args: `settings` reads them, where they are needed; `timeout_s` is for connecting."""
        self._paths = paths
        self._settings = settings
        self._demo = demo
        self._timeout_s = timeout_s

    def run(self, order: Order) -> Outcome:
        """Carry out an order: in the app where it runs, else alone."""
        found = self._ask_app(order)
        return self.alone(order) if found is None else found

    def alone(self, order: Order) -> Outcome:
        """Carry out an order without the app."""
        from cc_desktop import headless

        settings = self._settings()
        if settings.usage_errors:
            lines = tuple(describe_slip(slip) for slip in settings.usage_errors)
            return Outcome(code=ExitCode.USAGE, err=lines)
        return headless.order(
            settings, self._paths, order, demo=self._demo, timeout_s=self._timeout_s
        )

    def _ask_app(self, order: Order) -> Outcome | None:
        """The outcome in the app that runs; None: there is none."""
        try:
            from cc_desktop.desktop.instance import order_client
        except ImportError as error:  # a machine without what Qt needs has no app that runs
            log.info("no app can run here: %s", error)
            return None
        found = order_client.ask_app(self._paths, order)
        if found is order_client.NoAnswer.NOBODY:
            return None
        if isinstance(found, Outcome):
            return found
        if found is order_client.NoAnswer.SILENT:
            said = tr("{app} runs already but does not answer", app=APP_ID)
        else:
            said = tr("{app} runs already in another version: start it again", app=APP_ID)
        return Outcome(code=ExitCode.UNREACHED, err=(said,))
