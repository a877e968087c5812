"""The printable report of a month's usage: data in, one HTML document out, and nothing else.

`render` is pure. The document stands by itself: no script, no picture, no font from elsewhere.
"""
