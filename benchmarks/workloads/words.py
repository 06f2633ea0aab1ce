"""Frozen words and sentence frames of the synthetic workload. A change makes every older result incomparable."""

from typing import NamedTuple


class Domain(NamedTuple):
    """A subject that sessions can be about: its name, its things, and what is done with them."""

    name: str
    things: tuple[str, ...]
    actions: tuple[str, ...]


def _split(listing: str) -> tuple[str, ...]:
    return tuple(listing.split(", "))


def _domain(name: str, things: str, actions: str) -> Domain:
    return Domain(name, _split(things), _split(actions))


DOMAINS = (
    _domain(
        "gardening",
        "seedlings, compost heap, trellis, irrigation hose, greenhouse, mulch, tomato bed, pruning shears, "
        "topsoil, hedge, orchard, watering can",
        "water, prune, fertilise, repot, weed, harvest, transplant, mulch",
    ),
    _domain(
        "databases",
        "replica, index, transaction log, query planner, lock table, backup, schema, connection pool, cache, "
        "shard, checkpoint, foreign key",
        "migrate, vacuum, replicate, restore, index, shard, tune, roll back",
    ),
    _domain(
        "astronomy",
        "telescope, eyepiece, star chart, nebula photograph, comet log, observatory dome, spectrograph, "
        "meteor count, eclipse plan, tripod, galaxy catalogue, mirror",
        "observe, align, photograph, calibrate, track, catalogue, polish, focus",
    ),
    _domain(
        "cooking",
        "sourdough starter, oven, soup stock, spice rack, menu, knife set, pastry dough, marinade, pantry, "
        "recipe card, cheese board, pressure cooker",
        "bake, simmer, season, knead, roast, chop, whisk, garnish",
    ),
    _domain(
        "railways",
        "locomotive, timetable, signal box, level crossing, freight wagon, platform, switch, dining car, "
        "tunnel, conductor roster, ticket gate, depot",
        "couple, dispatch, inspect, reroute, electrify, signal, shunt, delay",
    ),
    _domain(
        "sailing",
        "mainsail, rudder, anchor chain, tide table, harbour berth, spinnaker, keel, life raft, compass, jib, "
        "mooring line, bilge pump",
        "hoist, tack, moor, reef, caulk, steer, provision, anchor",
    ),
    _domain(
        "payroll",
        "salary slip, tax bracket, overtime sheet, pension fund, bank transfer, leave balance, bonus letter, "
        "expense claim, ledger, contract, allowance, audit trail",
        "reconcile, approve, deduct, reimburse, audit, pay out, backdate, withhold",
    ),
    _domain(
        "beekeeping",
        "hive, queen bee, honey extractor, smoker, brood frame, swarm trap, wax foundation, pollen patty, "
        "veil, nectar flow, mite count, super",
        "inspect, feed, requeen, split, smoke, extract, overwinter, mark",
    ),
    _domain(
        "chess",
        "opening book, rook endgame, tournament clock, pawn structure, rating list, bishop pair, blunder "
        "check, scoresheet, knight outpost, sacrifice, pairing table, puzzle set",
        "castle, analyse, sacrifice, defend, exchange, calculate, annotate, resign",
    ),
    _domain(
        "carpentry",
        "workbench, dovetail joint, table saw, oak plank, sandpaper, bookshelf, wood glue, chisel, varnish, "
        "drawer, plywood sheet, clamp",
        "saw, sand, glue, varnish, drill, plane, clamp, assemble",
    ),
    _domain(
        "meteorology",
        "rain gauge, barometer, wind map, storm warning, weather balloon, snow depth, thermometer, forecast "
        "model, cloud camera, humidity sensor, frost alert, radar image",
        "forecast, measure, warn, model, average, launch, record, verify",
    ),
    _domain(
        "choir",
        "soprano section, sheet music, rehearsal hall, conductor stand, concert programme, alto solo, tuning "
        "fork, hymn, microphone, applause, accompanist, encore",
        "rehearse, sing, transpose, conduct, record, memorise, harmonise, perform",
    ),
    _domain(
        "cycling",
        "derailleur, inner tube, helmet, mountain pass, brake pad, training plan, peloton, pannier, crank, "
        "heart rate strap, saddle, chain",
        "pedal, climb, sprint, repair, inflate, coast, overtake, train",
    ),
    _domain(
        "translation",
        "glossary, style guide, subtitle file, proofreader, source text, interpreter booth, dialect note, "
        "contract annex, term base, footnote, idiom list, deadline",
        "translate, proofread, localise, interpret, revise, annotate, transcribe, deliver",
    ),
    _domain(
        "cartography",
        "contour line, trail map, compass rose, legend, survey marker, projection, atlas page, elevation "
        "grid, aerial photograph, border, scale bar, hillshade",
        "survey, project, digitise, label, georeference, print, generalise, shade",
    ),
    _domain(
        "clinic",
        "vaccine fridge, patient chart, blood sample, waiting room, prescription, stethoscope, ward round, "
        "x-ray, ambulance bay, bandage, triage desk, discharge letter",
        "vaccinate, diagnose, triage, prescribe, discharge, bandage, refer, sterilise",
    ),
    _domain(
        "pottery",
        "kiln, glaze, clay body, potter's wheel, bisque firing, teapot, cone, slip, porcelain bowl, studio "
        "shelf, trimming tool, cobalt wash",
        "throw, glaze, fire, trim, wedge, carve, cool, sell",
    ),
    _domain(
        "aviation",
        "runway, flight plan, altimeter, propeller, hangar, crosswind, black box, fuel tank, landing gear, "
        "control tower, glider, logbook",
        "take off, land, refuel, taxi, inspect, divert, climb, log",
    ),
    _domain(
        "museum",
        "exhibit case, loan agreement, audio guide, restoration lab, portrait, visitor count, donor plaque, "
        "archive box, fresco, gift shop, school tour, catalogue number",
        "curate, restore, exhibit, insure, catalogue, lend, light, digitise",
    ),
    _domain(
        "radio",
        "antenna, transmitter, playlist, jingle, studio booth, call sign, listener survey, frequency, tape "
        "archive, news bulletin, mixing desk, interview",
        "broadcast, tune, record, edit, schedule, interview, mix, announce",
    ),
)

FIRST_NAMES = _split(
    "Amber, Brisk, Cedar, Dusky, Eager, Fabled, Gentle, Hidden, Ivory, Jade, Keen, Lunar, Mellow, Noble, "
    "Olive, Proud, Quiet, Rapid, Silver, Tidal, Umber, Velvet, Woven, Young, Zesty, Arctic, Bold, Copper, "
    "Distant, Early, Frosted, Golden, Hollow, Indigo, Jolly, Kindled, Lofty, Misty, Northern, Open"
)
SECOND_NAMES = _split(
    "Anvil, Badger, Canyon, Dune, Ember, Falcon, Grove, Harbor, Island, Juniper, Kestrel, Lantern, Meadow, "
    "Nettle, Orchid, Pebble, Quarry, Raven, Summit, Thistle, Upland, Valley, Willow, Yarrow, Zephyr, Acorn, "
    "Beacon, Cinder, Dolphin, Elm, Fjord, Gable, Heron, Iris, Jackdaw, Knoll, Lagoon, Marsh, Needle, Otter"
)


class Attribute(NamedTuple):
    """Something a planted fact tells: how it is stated, and how it is asked for in quite other words."""

    name: str
    paraphrase: str
    values: tuple[str, ...]


ATTRIBUTES = (
    Attribute("replacement cost", "How much money would it take to buy a new {thing}?", ("euros",)),
    Attribute("service interval", "How often must somebody look after the {thing}?", ("days", "weeks")),
    Attribute("spare count", "How many more of the {thing} are kept in reserve?", ("pieces",)),
    Attribute("storage shelf", "In which place do we put away the {thing}?", ("north", "south", "upper", "lower")),
    Attribute("total weight", "How heavy is the {thing}?", ("kilograms",)),
    Attribute("failure rate", "How frequently does the {thing} break down?", ("percent",)),
    Attribute("warranty period", "For how long is the {thing} guaranteed?", ("months", "years")),
    Attribute("delivery date", "When will the {thing} arrive?", ("spring", "summer", "autumn", "winter")),
    Attribute("supplier code", "Who sells the {thing} to us?", ("red", "green", "blue", "black")),
    Attribute("safety rating", "How dangerous is the {thing}?", ("points",)),
    Attribute("preferred colour", "What should the {thing} look like?", ("teal", "ochre", "maroon", "ivory")),
    Attribute("opening hour", "At what time can people first use the {thing}?", ("o'clock",)),
)

STATEMENTS = (
    "For the record: the {attribute} of the {thing} for {project} is {value}.",
    "Please note that {project} now has a {attribute} of {value} for the {thing}.",
    "We settled it today, the {thing} in {project} gets a {attribute} of {value}.",
    "After some discussion the {attribute} was fixed: {value} for the {thing} of {project}.",
)
ASKED = (
    "One more thing about {project}: what {attribute} should we write down for the {thing}?",
    "And the {attribute} of the {thing} in {project}, has anybody settled that?",
    "I forgot the {attribute} for the {thing} of {project}, can you remind me?",
)
ANSWERED = (
    "Yes, it is {value}, I checked it this morning.",
    "That would be {value}, as agreed.",
    "We said {value} and nobody has objected since.",
)
DISTRACTORS = (
    "Nobody has told me the {attribute} of the {thing} for {project} yet, I will ask again.",
    "Before we order anything we should look up the {attribute} of each {thing} in {project}.",
)
LITERAL_QUESTIONS = (
    "What is the {attribute} of the {thing} for {project}?",
    "What {attribute} does the {thing} have in {project}?",
    "Which {attribute} did we choose for the {thing} of {project}?",
    "Tell me the {attribute} that {project} has for its {thing}",
    "What did we say about the {attribute} of the {thing} in {project}?",
    "Do we know the {attribute} for the {project} {thing}?",
    "What was the {attribute} of the {thing} again, in {project}?",
)

OCCASIONS = ("safety inspection", "dress rehearsal", "budget review", "site handover", "open day", "stress test")
OUTCOMES = (
    "went well, with {n} small remarks",
    "had to be stopped after {n} minutes",
    "was attended by {n} people",
    "ended with {n} open questions",
    "passed at the attempt number {n}",
)
REPORT = "Report: the {occasion} of {project} took place and {outcome}."

REQUESTS = (
    "Could you {action} the {thing} for {project} before the {other} is needed?",
    "I want to {action} the {thing} today, what does {project} need from me?",
    "We still have to {action} the {thing}; the {other} can wait until later.",
    "Help me decide whether to {action} the {thing} or the {other} first.",
    "The {thing} in {project} looks worse than last time, should we {action} it?",
    "Who is going to {action} the {other} once the {thing} is done?",
)
REPLIES = (
    "I would {action} the {thing} first and keep the {other} for the end.",
    "The {thing} of {project} is in good order, there is no need to {action} it now.",
    "It is usual in {domain} to {action} the {thing} and check the {other} the day after.",
    "I have written a short plan for the {thing}: {action} it, wait, then compare it with the {other}.",
    "If the {other} causes trouble, {action} the {thing} again and tell me what you see.",
    "There are two ways to {action} the {thing}, and {project} has always used the slower one.",
)
TOOL_LINES = (
    "checked {thing} status=ok count={n}",
    "warning {thing} differs from {other} by {n}",
    "{n} entries of {other} read for {project}",
    "action '{action}' on {thing} took {n} seconds",
)
AGENTS = ("ada", "bruno", "chandra")
