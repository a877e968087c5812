"""Data quality: what is wrong with sensors and zones, told from how their values move.

`sheets` hold a lot's day as few numbers, `reading` makes them of events, `reports` judges the day
by the sheets of the weeks before it. All of it is a function of the set of events: neither their
order nor how the day was cut into pieces matters. What is looked for, and from where on it counts:
docs/quality.md.
"""
