"""
The words the painter knows, as data: for each noun it can draw, the ways people say it.

Singular forms are enough; `reading` undoes plurals and simple endings. Several words are one entry ("hot air balloon").
"""

FIGURES = {
    # animals
    "cat": "cat, kitten, kitty, feline, tabby, tomcat",
    "dog": "dog, puppy, hound, retriever, golden retriever, labrador, corgi, terrier, husky, poodle, pup, doggy, "
    "dachshund",
    "fox": "fox, vixen, fox cub",
    "wolf": "wolf, coyote, jackal, werewolf",
    "bear": "bear, grizzly, bear cub, teddy bear, teddy",
    "polar bear": "polar bear",
    "panda": "panda, panda bear, giant panda",
    "rabbit": "rabbit, bunny, hare",
    "mouse": "mouse, mice, rat, hamster, guinea pig",
    "squirrel": "squirrel, chipmunk, red squirrel",
    "otter": "otter, sea otter, baby sea otter, seal, beaver, sea lion, walrus",
    "lion": "lion, lioness",
    "tiger": "tiger, tigress, leopard, cheetah, jaguar, panther",
    "monkey": "monkey, chimp, chimpanzee, gorilla, ape, orangutan",
    "raccoon": "raccoon, red panda, badger, skunk, hedgehog",
    "koala": "koala",
    "horse": "horse, pony, stallion, mare, foal, donkey, mule",
    "unicorn": "unicorn, pegasus",
    "zebra": "zebra",
    "deer": "deer, stag, fawn, doe, elk, moose, reindeer, antelope, gazelle, buck, caribou",
    "cow": "cow, bull, ox, calf, cattle, bison, buffalo, yak",
    "sheep": "sheep, lamb, ram, goat, ewe, llama, alpaca",
    "pig": "pig, piglet, hog, boar, swine",
    "elephant": "elephant, mammoth",
    "giraffe": "giraffe",
    "camel": "camel, dromedary, caravan of camels",
    "dragon": "dragon, wyvern",
    "dinosaur": "dinosaur, t rex, trex, tyrannosaurus, brontosaurus, sauropod",
    "bird": "bird, seagull, gull, swallow, sparrow, eagle, hawk, falcon, crow, raven, dove, pigeon, flock, goose, "
    "geese, crane",
    "robin": "robin, finch, songbird, parrot, hummingbird, kingfisher, canary, bluebird, cardinal, magpie, wren, "
    "toucan",
    "owl": "owl, owlet",
    "penguin": "penguin, puffin",
    "duck": "duck, duckling, mallard, swan, rubber duck",
    "chicken": "chicken, hen, rooster, cockerel, chick, turkey",
    "flamingo": "flamingo, heron, stork",
    "peacock": "peacock",
    "butterfly": "butterfly, moth",
    "bee": "bee, bumblebee, wasp, honeybee",
    "ladybird": "ladybird, ladybug, beetle, bug",
    "snail": "snail",
    "fish": "fish, goldfish, salmon fish, trout, koi, tuna, clownfish, angelfish, carp",
    "whale": "whale, humpback, orca",
    "dolphin": "dolphin, porpoise",
    "shark": "shark",
    "octopus": "octopus, squid, kraken",
    "jellyfish": "jellyfish",
    "turtle": "turtle, tortoise",
    "frog": "frog, toad",
    "snake": "snake, serpent, python, cobra",
    "crab": "crab, lobster",
    # people
    "woman": "woman, lady, mother, girlfriend, wife, queenly, grandmother, bride, ballgown, actress, nurse, mermaid",
    "man": "man, guy, gentleman, father, husband, grandfather, businessman, groom, fisherman, farmer, sailor, "
    "chef, boyfriend",
    "person": "person, human, figure, someone, traveller, traveler, wanderer, hiker, tourist, pedestrian, "
    "teacher, doctor, "
    "artist, painter, photographer, runner, walker, scientist, cyclist, surfer, skier, worker, student, musician, "
    "monk",
    "child": "child, kid, boy, girl, toddler, baby, son, daughter, schoolgirl, schoolboy",
    "couple": "couple, lovers, newlyweds, pair of lovers",
    "family": "family, parents",
    "crowd": "crowd, audience, mob, people, spectators, passengers, commuters, villagers",
    "dancer": "dancer, ballerina, ballet dancer, gymnast, figure skater",
    "astronaut": "astronaut, cosmonaut, spaceman",
    "king": "king, emperor, monarch, prince",
    "queen": "queen, princess, empress, fairy",
    "knight": "knight, warrior, samurai, viking, soldier, gladiator",
    "wizard": "wizard, witch, sorcerer, mage, druid, warlock",
    "robot": "robot, android, cyborg, droid, mech",
    "ghost": "ghost, spirit, phantom, spectre",
    "portrait": "portrait, face, selfie, headshot, bust, head, self portrait, mona lisa",
    # vehicles
    "car": "car, automobile, sedan, convertible, sports car, taxi, cab, vintage car, jeep, racing car, race car",
    "bus": "bus, minibus, camper, camper van, van, school bus, double decker",
    "truck": "truck, lorry, pickup, tractor, fire engine",
    "train": "train, locomotive, steam train, tram, railway, subway, metro, steam engine",
    "bicycle": "bicycle, bike, motorbike, motorcycle, scooter, tricycle",
    "plane": "plane, airplane, aeroplane, aircraft, jet, biplane, airliner",
    "helicopter": "helicopter, chopper, drone",
    "rocket": "rocket, spaceship, spacecraft, space shuttle, starship, missile",
    "ufo": "ufo, flying saucer, alien ship, alien",
    "balloon": "hot air balloon, airship, zeppelin, blimp",
    "party balloon": "balloon, party balloon",
    "sailboat": "sailboat, sailing boat, sail boat, yacht, dinghy, catamaran, sail, regatta, sailing ship, "
    "tall ship, galleon, "
    "pirate ship, schooner",
    "rowboat": "boat, rowboat, rowing boat, canoe, kayak, gondola, fishing boat, raft",
    "ship": "ship, steamer, ferry, cruise ship, liner, vessel, tanker, tugboat, submarine, freighter",
    # buildings
    "lighthouse": "lighthouse, beacon",
    "castle": "castle, fortress, fort, citadel, palace, chateau",
    "church": "church, cathedral, chapel, abbey, monastery, mosque, basilica",
    "house": "house, home, cottage, cabin, hut, farmhouse, bungalow, villa, mansion, barn, shed, log cabin, farm, "
    "chalet",
    "tower": "tower, clock tower, bell tower, minaret, big ben, belfry",
    "eiffel tower": "eiffel tower, radio tower",
    "windmill": "windmill, mill, wind turbine, turbine",
    "pagoda": "pagoda, temple, shrine, torii",
    "pyramid": "pyramid",
    "bridge": "bridge, viaduct, aqueduct, golden gate",
    "ferris wheel": "ferris wheel, carousel, london eye",
    "tent": "tent, camp, campsite, tepee, teepee, yurt",
    # plants
    "tree": "tree, oak, elm, maple, linden, willow, beech, apple tree, lone tree, lonely tree",
    "pine": "pine, fir, conifer, spruce, cedar, christmas tree, pine tree, fir tree, sequoia, redwood",
    "palm": "palm, palm tree, coconut tree, coconut palm",
    "blossom tree": "cherry tree, cherry blossom, sakura, blossoming tree, cherry blossom tree, magnolia",
    "birch": "birch, aspen, birch tree, bare tree, dead tree",
    "bonsai": "bonsai, potted plant, houseplant, plant, fern, pot plant",
    "cactus": "cactus, cacti, saguaro, succulent",
    "mushroom": "mushroom, toadstool, fungus, fungi",
    "rose": "rose",
    "sunflower": "sunflower",
    "tulip": "tulip",
    "lotus": "lotus, water lily, waterlily, lily pad",
    "flower": "flower, daisy, poppy, lily, orchid, daffodil, bloom, wildflower, blossom, peony, iris, dahlia, marigold",
    "bouquet": "bouquet, bunch of flowers, vase of flowers, flowers in a vase, vase with flowers, ikebana",
    "pumpkin": "pumpkin, jack o lantern, squash, gourd",
    # things
    "cup": "cup, mug, coffee, tea, latte, cappuccino, espresso, cup of coffee, cup of tea, teacup, cocoa, coffee cup",
    "teapot": "teapot, kettle, coffee pot, pitcher, jug",
    "glass": "glass, wine, wine glass, cocktail, goblet, glass of wine, beer, juice, chalice",
    "bottle": "bottle, flask, potion, perfume, wine bottle",
    "book": "book, novel, tome, notebook, diary, stack of books, pile of books",
    "open book": "open book, spellbook, reading book",
    "table": "table, desk, dinner table, workbench",
    "chair": "chair, armchair, stool, throne, bench, sofa, couch, rocking chair",
    "lamp": "lamp, desk lamp, reading lamp, street lamp, lamp post, streetlight, lamppost",
    "lantern": "lantern, paper lantern, sky lantern",
    "candle": "candle, candlelight, candlestick, chandelier",
    "cake": "cake, birthday cake, cupcake, muffin, pie, dessert, wedding cake, pancake",
    "ice cream": "ice cream, gelato, ice cream cone, sundae, popsicle",
    "pizza": "pizza",
    "bread": "bread, loaf, baguette, croissant, toast",
    "burger": "burger, hamburger, sandwich, cheeseburger",
    "donut": "donut, doughnut, bagel",
    "apple": "apple",
    "pear": "pear, avocado, fig",
    "orange": "tangerine, mandarin, clementine, grapefruit, peach fruit, apricot",
    "lemon": "lemon",
    "banana": "banana",
    "cherry": "cherry, berry, cherries",
    "strawberry": "strawberry, raspberry",
    "watermelon": "watermelon, melon",
    "fruit bowl": "fruit, bowl of fruit, fruit bowl, still life, fruit basket, basket of fruit, fruit basket",
    "snowman": "snowman",
    "kite": "kite",
    "umbrella": "umbrella, parasol",
    "campfire": "campfire, bonfire, fire, fireplace, flame, fireside",
    "fireworks": "fireworks, firework",
    "clock": "clock, watch, wristwatch, alarm clock, pocket watch",
    "guitar": "guitar, ukulele, violin, cello, banjo, lute",
    "piano": "piano, grand piano, keyboard",
    "camera": "camera",
    "phone": "phone, smartphone, cellphone, mobile phone, tablet",
    "computer": "computer, laptop, monitor, screen, television, tv, pc",
    "gift": "gift, present, parcel, gift box, box, crate, package",
    "ball": "beach ball, football, soccer ball, tennis ball, basketball",
    "heart": "heart, love, valentine",
    "star": "star shape, gold star, starfish, sea star",
    "crown": "crown, tiara",
    "key": "key",
    "gem": "diamond, gem, jewel, gemstone, crystal, ruby",
    "hat": "hat, top hat, cap",
    "shoe": "shoe, boot, sneaker, trainer",
    "hourglass": "hourglass",
    "anchor": "anchor",
    "skull": "skull, skeleton",
    "planet": "planet, globe, earth, saturn, jupiter, mars, world",
    "treasure": "treasure, treasure chest, chest",
    "sword": "sword, katana, dagger",
    "telescope": "telescope",
    # solids
    "cube": "cube, block, dice, die, square",
    "sphere": "sphere, orb, ball, marble, pearl, bubble, circle",
    "cone": "cone, traffic cone, triangle",
    "cylinder": "cylinder, pillar, column, tube",
    "prism": "tetrahedron, prism, obelisk, monolith",
    "torus": "torus, ring",
    "vase": "vase, urn, amphora, pot, pottery, jar",
    "bowl": "bowl, dish, basin",
}

SCENERY = {
    "mountains": "mountain, peak, alps, alpine, summit, mount fuji, fuji, himalaya, everest, range, sierra, "
    "rocky mountains, "
    "mountain range, mountainous, volcano, matterhorn, dolomites, andes, fjord, mountainside",
    "hills": "hill, hillside, rolling hills, valley, countryside, highland, dale, tuscany, landscape, moor, glen, "
    "knoll, scenery, nature",
    "forest": "forest, wood, woodland, jungle, rainforest, grove, thicket, taiga, redwood forest, pine forest, trees",
    "desert": "desert, dune, sahara, sand dune, arid, oasis, mars surface, savanna, savannah",
    "field": "field, farmland, wheat, wheat field, cornfield, lavender field, plantation, crop, vineyard, barley, "
    "prairie, rice field",
    "meadow": "meadow, grass, pasture, lawn, garden, park, grassland, yard, flower field, field of flowers, "
    "flower meadow, "
    "sunflower field, field of sunflowers, tulip field, poppy field, flowerbed, playground, backyard, orchard",
    "lake": "lake, pond, lagoon, lakeside, reservoir, tarn, loch",
    "river": "river, stream, creek, brook, canal, riverside, riverbank",
    "waterfall": "waterfall, cascade, falls, niagara",
    "sea": "sea, ocean, wave, seascape, water, bay, tide, atlantic, pacific, surf, horizon, marine, nautical, "
    "seaside view, tsunami, swell",
    "beach": "beach, shore, seaside, coast, seashore, coastline, sand, tropical beach, tropics, tropical",
    "harbour": "harbour, harbor, port, marina, dock, pier, quay, jetty, wharf",
    "island": "island, isle, atoll, archipelago",
    "cliffs": "cliff, canyon, crag, gorge, headland, grand canyon, rocky coast, rock, sea cliff",
    "underwater": "underwater, coral reef, reef, seabed, ocean floor, under the sea, deep sea, undersea, "
    "aquarium, atlantis, "
    "bottom of the sea, beneath the waves, kelp, under water",
    "city": "city, skyline, cityscape, downtown, metropolis, skyscraper, urban, megacity, new york, manhattan, "
    "tokyo, london, "
    "hong kong, paris, chicago, cyberpunk city, cyberpunk, building, high rise, shanghai, singapore, dubai, "
    "dystopian",
    "street": "street, road, alley, avenue, boulevard, sidewalk, crosswalk, traffic, lane, market, cafe, shop, "
    "alleyway, highway",
    "village": "village, town, hamlet, houses, rooftop, venice, old town, santorini, suburb, settlement, cottages",
    "space": "space, outer space, cosmos, galaxy, universe, nebula, cosmic, orbit, interstellar, solar system, "
    "deep space, "
    "black hole, asteroid, supernova",
    "moonscape": "moon surface, lunar, on the moon, surface of the moon, surface of mars, on mars, alien planet, "
    "moon landing",
    "room": "room, indoors, interior, kitchen, bedroom, window, windowsill, library, living room, fireplace room, "
    "office, cafe interior, "
    "sill, cosy, cozy, hygge, desk setup, bookshop, workshop, attic",
    "path": "path, trail, footpath, winding road, country road, road trip, pathway",
    "flowers": "flowers, wildflowers, flowery, floral meadow, blooming",
    "reeds": "reeds, marsh, swamp, wetland, bog",
    "studio": "studio, backdrop, product shot, product photo, icon, logo, sticker, emblem, render",
}

SKY = {
    "moon": "moon, moonlight, moonlit, full moon, crescent, crescent moon, moonrise, lunar light",
    "stars": "star, starry, stars, starlight, starlit, constellation, starry night, night sky, shooting star, "
    "meteor, comet",
    "milky way": "milky way",
    "aurora": "aurora, northern lights, aurora borealis, southern lights, polar lights",
    "sun": "sun, sunlight, sunshine, sunny, sunlit, sunbeam, sun rays",
    "rainbow": "rainbow",
    "planets": "planets, two moons, ringed planet, giant planet, moons",
    "sky": "sky, heaven, heavens",
}

WEATHER = {
    "rain": "rain, rainy, raining, drizzle, downpour, shower, wet, puddle, monsoon",
    "storm": "storm, stormy, thunder, thunderstorm, tempest, hurricane, tornado, typhoon",
    "lightning": "lightning, thunderbolt, lightning bolt, lightning strike",
    "fog": "fog, foggy, mist, misty, haze, hazy, smog, smoky",
    "snow": "snow, snowy, snowfall, snowing, blizzard, snowflake, snowstorm, snow covered",
    "clouds": "cloud, cloudy, overcast, cumulus, cloudscape, puffy clouds, fluffy clouds, cloudless sky with clouds",
    "wind": "wind, windy, breeze, breezy, gust",
    "clear": "clear, cloudless, clear sky, blue sky, clear skies",
}

TIMES = {
    "dawn": "dawn, sunrise, daybreak, early morning, first light, morning",
    "day": "noon, day, daytime, midday, daylight, afternoon",
    "golden": "golden hour, late afternoon, golden light, warm light",
    "dusk": "dusk, sunset, twilight, evening, nightfall, blue hour, sundown, gloaming",
    "night": "night, midnight, nighttime, nocturnal, dark night, at night",
}

SEASONS = {
    "spring": "spring, springtime, april, may morning, vernal",
    "summer": "summer, summertime, july, august, midsummer",
    "autumn": "autumn, autumnal, fall colours, fall colors, october, november, fall foliage, fallen leaves, "
    "autumn leaves, indian summer",
    "winter": "winter, wintry, wintertime, december, january, frozen, icy, ice, frost, frosty, arctic, "
    "antarctica, antarctic, "
    "christmas, iceberg, glacier, polar, tundra, snow capped, snowcapped",
}

MOODS = {
    "calm": "calm, serene, peaceful, quiet, tranquil, still, zen, relaxing, gentle, meditative, soothing, silent",
    "dramatic": "dramatic, epic, wild, fierce, intense, rough, powerful, majestic, raging, furious, cinematic, "
    "turbulent",
    "mysterious": "mysterious, spooky, eerie, haunted, enigmatic, mystical, dark, gloomy, gothic, ominous, "
    "creepy, horror, scary, secret",
    "joyful": "joyful, happy, cheerful, bright, colorful, colourful, playful, fun, festive, vibrant, lively, "
    "cute, whimsical",
    "melancholic": "melancholic, sad, lonely, melancholy, sombre, somber, wistful, nostalgic, abandoned, "
    "forgotten, solitary",
    "dreamy": "dreamy, surreal, magical, fantasy, ethereal, enchanted, dream, fairytale, fairy tale, dreamlike, "
    "magic, pastel, romantic",
}

MEDIA = {
    "watercolour": "watercolor, watercolour, aquarelle, gouache, ink wash, sumi e, water color",
    "oil": "oil painting, oil, impressionist, impressionism, impressionistic, expressionist, van gogh, monet, "
    "acrylic, "
    "brush strokes, brushstrokes, oil on canvas, impasto, post impressionist, painterly",
    "pencil": "pencil, sketch, pencil sketch, charcoal, pencil drawing, ink drawing, line art, line drawing, "
    "etching, "
    "engraving, black and white drawing, doodle, graphite, hand drawn",
    "pixel": "pixel art, pixel, 8 bit, 16 bit, 8bit, 16bit, retro game, pixelated, voxel",
    "poster": "poster, minimalist, minimal, flat design, vector, vector art, flat illustration, vintage poster, "
    "travel poster, "
    "woodblock, ukiyo e, screen print, screenprint, linocut, minimalistic, art deco, graphic design, simple, bauhaus",
    "neon": "neon, synthwave, vaporwave, retrowave, glowing lines, outrun, neon lights, tron",
    "monochrome": "black and white, monochrome, grayscale, greyscale, noir, film noir, black white",
    "sepia": "sepia, old photograph, vintage photo, daguerreotype, old photo",
}

ABSTRACT = (
    "abstract, pattern, geometric, mandala, fractal, texture, wallpaper, kaleidoscope, mosaic, gradient, "
    "generative, ornament, "
    "shapes, spiral, swirl, seamless, cubist, cubism, kandinsky, mondrian, suprematism, psychedelic, test, hello"
)

GROUPS = {
    "people": "woman, man, person, child, couple, family, crowd, dancer, astronaut, king, queen, knight, wizard, "
    "portrait",
    "animals": "cat, dog, fox, wolf, bear, polar bear, panda, rabbit, mouse, squirrel, otter, lion, tiger, "
    "monkey, raccoon, koala, "
    "horse, unicorn, zebra, deer, cow, sheep, pig, elephant, giraffe, camel, bird, robin, owl, penguin, duck, "
    "chicken, flamingo, "
    "butterfly, bee, fish, whale, dolphin, shark, turtle, frog, snake, crab, dragon, dinosaur, octopus, jellyfish",
    "birds": "bird, robin, owl, penguin, duck, chicken, flamingo, peacock",
    "buildings": "house, church, castle, tower, lighthouse, city, village, windmill, pagoda, eiffel tower",
    "boats": "sailboat, rowboat, ship",
    "vehicles": "car, bus, truck, train, bicycle, plane, helicopter",
    "trees": "tree, pine, palm, blossom tree, birch, forest, trees",
    "flowers": "flower, rose, sunflower, tulip, flowers, bouquet",
    "water": "sea, lake, river, waterfall",
}  # words that name many things at once, used to leave things out

WHOLE = {
    "crowd": "people",
    "person": "people",
    "animals": "animals",
    "bird": "birds",
    "city": "buildings",
    "house": "buildings",
    "rowboat": "boats",
    "car": "vehicles",
    "forest": "trees",
    "tree": "trees",
    "trees": "trees",
    "flower": "flowers",
    "flowers": "flowers",
    "sea": "water",
}  # the noun whose ban bans the whole group

COATS = {
    "goldfish": "orange",
    "clownfish": "orange",
    "koi": "orange",
    "trout": "silver",
    "crow": "black",
    "raven": "black",
    "dove": "white",
    "swan": "white",
    "seagull": "white",
    "gull": "white",
    "eagle": "brown",
    "hawk": "brown",
    "bluebird": "blue",
    "cardinal": "red",
    "canary": "yellow",
    "parrot": "emerald",
    "panther": "black",
    "bride": "white",
    "lime": "lime",
    "ruby": "red",
    "diamond": "cyan",
    "taxi": "yellow",
    "fire engine": "red",
    "school bus": "yellow",
    "aubergine": "purple",
}  # names that say a colour too

GENERIC = {"creature": "dragon", "monster": "dragon", "pet": "dog", "vehicle": "car", "insect": "bee"}
