"""Connectors: operators' systems as a TOML file declares them, pushed to us or asked by us."""
