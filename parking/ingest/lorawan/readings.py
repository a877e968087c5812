"""What a payload says, whatever the model."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One payload read; None stands for what it does not tell.

    `battery_pct` in percent, `temperature_c` in degrees Celsius; `unread` says what of the payload
    was not understood, where what came before it was.
    """

    occupied: bool | None = None
    battery_pct: float | None = None
    temperature_c: float | None = None
    unread: str | None = None
