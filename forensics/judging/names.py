"""Speakable names for networks: two words, drawn from the identity, so that a name stays as long as its network does.

The words are plants and animals, then stones, colours, land and weather: nothing that could be taken for an
organisation, a person or a place. Never reorder or extend: names of old cases would change.
"""

from __future__ import annotations

import hashlib

FIRST = tuple(
    """
    acacia acorn adder agave alder alfalfa aloe alpaca anchovy anemone angelica anise antelope aphid apple apricot
    arnica artichoke ash asp aspen aster
    auk avens avocet axolotl azalea badger balsa bamboo banana barley barnacle basil bass bat bay bean bear beaver bee
    beech beet begonia bellbird
    bilberry birch bison bittern blackbird blenny bluebell boar bobcat borage bracken bramble bream brill broom bryony
    buckthorn budgie bulbul bulrush
    bunting burbot burdock bustard buttercup butterfly buzzard cactus caiman calendula camel camellia campion canary
    caper capybara caracal caraway
    cardamom caribou carnation carp carrot cashew cassava catalpa catfish catkin cedar celandine celery centaury
    chaffinch chamois char cherry chervil
    chestnut chicory chiffchaff chinchilla chipmunk chive chough cicada cicely civet clam clematis clover coati cobia
    cobra cockle cod coltsfoot columbine
    comfrey condor coot coral coriander cormorant cornflower cowrie cowslip coyote coypu crab crane crayfish cress
    cricket crocus crow cuckoo cumin curlew
    currant cypress dab dace daffodil dahlia daisy damson dandelion daphne darter date deer dill dingo dipper dock
    dogwood dolphin dormouse dory dotterel
    dove dragonfly drake duck dunlin dunnock eagle earwig ebony echidna eel egret eider eland elder elk elm emu endive
    ermine falcon fennel fern ferret
    fig finch firefly flamingo flax flounder fox foxglove frog fulmar gadwall gannet gardenia garlic gazelle gecko
    gentian gerbil gibbon ginger ginkgo gnu
    goby godwit goldfinch goose gopher gorse goshawk grape grayling grebe grosbeak grouse grunion guava gudgeon
    guillemot gull gurnard haddock hake
    halibut hare harebell harrier hawk hawthorn hazel heather hedgehog hemlock hemp heron herring hibiscus hobby holly
    hollyhock honeybee hoopoe hop
    hornbeam hornet hyacinth hyrax hyssop ibex ibis iguana impala iris ivy jacana jackal jackdaw jaguar jasmine jay
    jerboa juniper kale kelp kestrel
    kingfisher kite kiwi knapweed knot koala krill kudu lacewing ladybird lamprey lapwing larch lark larkspur laurel
    lavender leek lemming lemon lemur
    lentil leopard lettuce lichen lilac lily lime limpet linden ling linnet lion lizard llama lobelia lobster locust
    loon lotus lovage lupin lynx macaw
    mackerel magnolia magpie mahogany mallard mallow manatee mango mantis maple marigold marjoram marlin marmot marten
    martin mayfly meadowlark medlar
    meerkat melon merganser merlin millet mink minnow mint mole mongoose moorhen moose moss moth mulberry mullein mullet
    muskrat mussel mustard myrtle
    narwhal newt nightjar nutmeg oak oat ocelot octopus okra oleander olive onion orange orchid oregano oriole oryx
    osprey
    """.split()  # noqa: SIM905 - a list of six hundred quoted words would hide the words
)

SECOND = tuple(
    """
    agate alabaster amber amethyst andesite anthracite apatite aqua arch ash atoll aurora autumn azure azurite barite
    basalt basin bay bayou beach beacon
    beige beryl bight bismuth blizzard bloom bluff bog boulder bourn brass breeze brick bridge brine bronze brook
    bronzite buff burgundy burn butte cairn
    calcite calm canyon cape carbon carmine carnelian cascade causeway cavern celadon celestite cerise cerulean
    chalcedony chalk channel charcoal cinder
    cinnabar citrine clay cliff cloud cloudburst coast cobalt cobble coomb copper copse coralstone cove crag crater
    cream creek crest crimson croft
    crystal current cyan dale dawn dell delta denim desert dew diabase diamond diorite dolerite dolomite downpour drift
    drizzle drumlin dune dusk dust ebb
    ecru embankment ember emerald epidote equinox escarpment estuary evening fallow fawn feldspar fell fen ferry field
    firn firth fjord flats flint flood
    floe flow fluorite foam fog ford forest foreland frost fuchsia gabbro gale galena gap garnet geode geyser glacier
    glade glass glen gloaming gneiss
    gold gorge granite graphite grassland gravel green grey grit grotto grove gulch gulf gully gust gypsum hail halite
    harbour haze headland heath
    hematite hill hoar hollow horizon hornfels hummock ice iceberg indigo inlet iron island isle isthmus ivory jade
    jasper jet jungle kaolin karst khaki
    knoll kyanite lagoon lake lapis lava lawn lazurite lead ledge levee light lightning limestone limonite loam loch
    lodestone loess magenta magma
    magnetite malachite mangrove marble maroon marsh mauve meadow mere mesa mica midnight mire mist moat monsoon moon
    moonstone moor moraine morning mound
    mountain mud mudstone nebula nickel nightfall noon notch oasis obsidian ochre olivine onyx opal orchard outcrop
    oxbow pampas pass pasture path peak
    pearl peat pebble peridot pewter pier pine pinnacle plain plateau platinum plum pond pool porcelain porphyry prairie
    pumice purple pyrite quarry
    quartz quartzite quicksand rain rainbow rapids ravine red reed reef rhodonite rhyolite ridge rill rime river rock
    rose rosewood ruby russet rust
    rutile saffron salt sand sandstone sapphire savanna scarlet schist scree sea seafoam sepia serpentine shade shale
    shallows shelf shingle shoal shore
    siderite sienna silt silver skarn sky slate sleet slope snow snowdrift soapstone sodalite solstice sound spar spinel
    spring squall starlight steppe
    stone storm strait strand stream sulphur summer summit sunrise sunset surf swale swamp syenite talc tarn taupe teal
    terrace thaw thicket thunder tide
    tin titanium topaz torrent tourmaline trail travertine tuff tundra turquoise twilight ultramarine umber upland vale
    valley veld verdigris vermilion
    violet viridian volcano wadi water waterfall wave weir wetland wharf whirlpool white wind winter wold woodland
    yellow zenith zeolite zinc zircon
    """.split()  # noqa: SIM905 - as above
)


def name_network(network_id: str) -> str:
    """Two speakable words for a network's identity: `tern-quartz`."""
    number = int.from_bytes(hashlib.blake2b(network_id.encode(), digest_size=8).digest(), "big")
    return f"{FIRST[number % len(FIRST)]}-{SECOND[number // len(FIRST) % len(SECOND)]}"
