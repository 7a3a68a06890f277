"""The tab Usage: context, tokens and cost."""
