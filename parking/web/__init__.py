"""The HTTP edge: routes, models, problem documents."""
