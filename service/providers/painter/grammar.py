"""The small words, as data: colours, numbers, sizes, clothes and the words that join nouns or take them back."""

COLOURS = {
    "red": "red, reddish, ruby red, blood red",
    "gold": "gold, golden",
    "grey": "grey, gray, slate",
    "blue": "blue, bluish, cobalt, deep blue, sky blue, royal blue",
    "navy": "navy, dark blue, navy blue, midnight blue",
    "azure": "azure, light blue, baby blue, cerulean",
    "green": "green, greenish, grass green, dark green, leafy",
    "mint": "mint, pale green, light green",
    "pink": "pink, pale pink, hot pink, rosy",
    "black": "black, jet black, ebony",
    "white": "white, snow white, pure white",
    "turquoise": "turquoise, cyan blue",
    "orange": "ginger, tangerine coloured",
    "brown": "brown, wooden, mahogany, walnut",
    "silver": "silver, chrome, metallic, steel",
    "yellow": "yellow, yellowish, mustard, lemon yellow",
}  # and every name in `colours.NAMED` says itself

GARMENTS = (
    "dress, coat, jacket, shirt, suit, gown, cloak, robe, sweater, jumper, clothes, clothing, t shirt, tshirt, cape, "
    "skirt, raincoat, uniform, spacesuit, tutu, scarf, hoodie, kimono"
)
HAIR = "hair, haired, beard, bearded, blonde, blond, brunette"

NUMBERS = {
    1: "a, an, one, single, lone",
    2: "two, twin, both, pair of, couple of",
    3: "three, trio of, few, some, pod of",
    4: "four, several, multiple, various, pack of",
    5: "five, group of, bunch of, fleet of, row of",
    6: "six, herd of",
    7: "seven, many",
    8: "eight, flock of, lots of",
    9: "nine, school of, swarm of",
    10: "ten, flocks of",
    11: "eleven",
    12: "twelve, dozen",
    14: "hundred, hundreds of, thousands of, countless",
}

SIZES = {
    "1.45": "giant, huge, enormous, gigantic, colossal, massive, towering, big, large, great, close up, closeup, macro",
    "0.6": "tiny, small, little, miniature, mini, distant, far away, faraway, far",
}

STOPS = (
    "with, in, on, at, under, over, by, and, near, of, from, behind, beside, above, below, through, into, against, "
    "along, during, while, next, between, across, around, beneath, inside, or, to, for"
)
NEGATIONS = "no, without, not, never, avoid, except, minus, excluding, nor"
RIDING = "riding, rides, ride, astride, riding on, rides on, mounted on, driving, on a, on an, on top of, sitting on"
POSES = {
    "run": "running, galloping, jumping, leaping, racing, chasing",
    "sleep": "sleeping, asleep, napping, curled up",
}
