"""Simulated sensors and gateways that speak only the public wire."""
