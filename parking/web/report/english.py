"""The report in English."""

from parking.web.report.words import Words

ENGLISH = Words(
    tag="en",
    comma=", ",
    semicolon="; ",
    percent="{number} %",
    hours_minutes="{hours} h {minutes} min",
    hours="{hours} h",
    minutes="{minutes} min",
    month="{name} {year}",
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    day="{weekday} {day}",
    days_of="{days} {month}",
    moment="{day} {month} {year}, {time} ({offset})",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    initials=("M", "T", "W", "T", "F", "S", "S"),
    hour="{first}:00–{last}:00",
    hour_of_week="{weekday} {hour}",
    lot="1 lot",
    lots="{count} lots",
    named="{name}: {told}",
    none="–",
    unknown="unknown",
    at_least="≥ {number}",
    title="Parking usage in {month}",
    all_lots="Lots",
    district="District",
    time_zone="Days and hours are those of",
    made_at="Made",
    running="The month is not over: the report reaches to {date}.",
    ahead="No day of this month has begun: nothing can be told of it yet.",
    no_lots="No lots were asked for.",
    key_figures="Key figures of all lots together",
    key_intro="Of the {lots} of which at least half of the space-time is known.",
    left_out="Left out, because less than half of the space-time is known: {lots}: {names}.",
    none_counted="Of no lot is at least half of the space-time known, so there are no sums.",
    of_lots="{some} of {lots}",
    in_lot="in {lot}",
    rests_on="{share} known",
    capacity="Spaces",
    coverage="Coverage",
    mean="Mean occupancy",
    peak="Peak occupancy",
    peak_hour="Fullest hour",
    saturation="Saturation",
    highest_saturation="Highest saturation",
    full="Time full",
    turned_away="Turned away (est.)",
    arrivals="Arrivals",
    departures="Departures",
    turnover="Turnover",
    turnover_unit="departures per space and day",
    dwell_mean="Mean stay",
    dwell_p50="Median stay",
    dwell_p85="85 % stay up to",
    summed="sum of the lots",
    week="Occupancy by hour of the week",
    week_intro=(
        "All lots together, each weighing as much as is known of it. A number is the mean occupancy"
        " in %; the column 8 is the hour from 8:00 to 9:00."
    ),
    week_desc=(
        "Fullest: {fullest}. Emptiest: {emptiest}. Less than half known: {low} of 168 hours."
        " Nothing known: {unknown}."
    ),
    week_empty="Nothing is known of any hour of the week.",
    cell_desc="{hour}: {mean}, {coverage} known",
    scale="Mean occupancy",
    scale_low="less than half known",
    scale_unknown="nothing known",
    days="Days of the month",
    days_intro=(
        "All lots together. Bars are the mean occupancy, lines the highest peak of any lot; grey"
        " and hatched where less than half is known; Saturdays and Sundays in bold."
    ),
    days_desc="Fullest: {fullest}. Emptiest: {emptiest}. Nothing known: {unknown} days.",
    days_empty="Nothing is known of any day of the month.",
    date="Day",
    busiest="Busiest lots",
    busiest_intro=(
        "By mean occupancy. The line in a bar is the peak. Bars of time full and of cars turned"
        " away are measured by the longest."
    ),
    rank="No.",
    name="Lot",
    unranked="Not ranked, because less than half of the space-time is known",
    stays="How long cars stay",
    stays_intro=(
        "Stays that ended in the month, in lots where each space has a sensor and at least half of"
        " the space-time is known."
    ),
    stays_desc="Shares of the stays. {classes}.",
    stays_empty="No stay was measured.",
    stays_classes=(
        "< 15 min", "15–30 min", "30–60 min", "1–2 h", "2–4 h", "4–8 h", "8–24 h", "> 1 day",
    ),
    stays_counted="{count} stays in {lots}.",
    stays_lines="Half of them were no longer than {median}, 85 % no longer than {p85}.",
    stays_median="median {length}",
    stays_p85="85 % up to {length}",
    stays_unmeasured="Not measured: {names}.",
    stays_left_out="Left out, because less than half of the space-time is known: {names}.",
    each="Each lot",
    each_intro=(
        "Hours of the week from Monday, colours as above, and the days of the month. In brackets:"
        " the share of the time that a figure rests on, where that is less than half."
    ),
    quality="What is known",
    quality_intro=(
        "Coverage by lot and day, in %: the share of the space-time of which it is known whether it"
        " was occupied or free. Dark: 95 % or more; hatched: less than half; framed: nothing;"
        " empty: the day has not begun."
    ),
    month_total="Month",
    gaps="Gaps",
    gap_none="nothing known on {days}",
    gap_low="less than half known on {days}",
    gap_all="nothing known on any day",
    gap_no_days="no day has begun",
    gapless="At least half was known on every day so far: {lots}.",
    definitions="What the figures mean",
    definitions_intro=(
        "Space-time is spaces × time: ten spaces for an hour are 36,000 space-seconds. All figures"
        " are of what was shown from moment to moment, summed over time."
    ),
    term="Figure",
    meaning="Meaning and formula",
    terms={
        "Coverage": (
            "Known space-seconds ÷ all space-seconds. What was not heard of in time is unknown, and"
            " counts neither as occupied nor as free. 50 % means: half of the spaces were known all"
            " the time, or all of them half of the time."
        ),
        "Mean occupancy": (
            "Occupied space-seconds ÷ known space-seconds. It tells nothing of what is not known."
            " Several lots or hours together: all their occupied space-seconds ÷ all their known"
            " ones."
        ),
        "Peak occupancy": (
            "The greatest occupied ÷ capacity at any moment; of several lots the greatest of"
            " theirs. What is unknown counts as not occupied here, so it can be too low."
        ),
        "Arrivals, departures, ≥": (
            "Cars, by sensors of spaces or by gates. ≥ is at least: some zones tell only readings"
            " of a number, so a car that came and one that left between two readings are not seen."
            " Not known where only flags such as “full” are sent."
        ),
        "Turnover": "Departures × 86,400 ÷ all space-seconds: departures per space and day.",
        "Mean stay": (
            "Occupied space-seconds ÷ departures (Little’s law), in the lots where departures are"
            " counted. With low coverage it is too short: departures are all counted, occupied"
            " time is not."
        ),
        "Median stay, 85 % stay up to": (
            "Half, or 85 %, of the stays that ended in the month were no longer; within 5 %. Only"
            " where each space has a sensor."
        ),
        "Time full": (
            "Time in which no space was free and nothing was unknown; of several lots the sum. A"
            " lot with a silent sensor is never full in this sense; where all the others were"
            " occupied, it is not known whether it was."
        ),
        "Saturation": (
            "The share of the opening hours in which nine tenths of the spaces or more were"
            " occupied, of the time in which that is known."
        ),
        "Fullest hour": (
            "The local hour of the day with the greatest occupied ÷ known space-seconds over the"
            " whole month. In brackets: the coverage of the hour of the day that is known least."
        ),
        "Turned away (est.)": (
            "Cars to be expected in the time full: that time × the arrival rate of the same hour of"
            " the week in the four weeks before and after, of such hours only in which it is known"
            " that the lot was never full. An estimate, not a count."
        ),
        "Local time": (
            "Days and hours are of each lot’s own calendar."
            " Where the clock is set forward or back, that day has 23 or 25 hours; the hours of the"
            " week hold less or more time then, and weigh accordingly."
        ),
        "Not known": (
            "“–” or “unknown” stands where nothing is known or the figure cannot be had there. It"
            " never means 0."
        ),
    },
)  # fmt: skip
