"""What somebody looks at on a gateway: histories and subscriptions, for as long as they look."""

from cc_desktop.gateway.views.registry import GatewayViews

__all__ = ["GatewayViews"]
