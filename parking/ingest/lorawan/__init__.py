"""LoRaWAN: from a network server's webhook to events.

`chirpstack` and `tts` read what the two network servers post, into a `frames.Frame`; the files of
models read a frame's payload, into a `readings.Reading`; `translation` makes events of both, by the
registry's word on where the device is. All of these are pure: the same message makes the same
events, whatever came before it. `deliveries` is the shell around them.
"""
