"""Formats of operators' systems, one a file: pure decoders from bytes to events.

Whatever bytes come, a decoder gives `Decoded` or raises `NotDecodable`. The reasons that it gives
name places and rules, never what stands there: they are kept, and a message may hold a plate.
"""
