"""Speakable names of networks: two words from fixed lists, chosen by the network's identity, so that a name lasts as long as the id."""

from __future__ import annotations

import hashlib

# Birds and plants, then stones, colours and places: words that accuse nobody. Never reorder or extend: names of old cases would change.
FIRST = (  # noqa: SIM905 - a page of quotes and commas would not read better
    "alder almond anise apple aspen aster avocet balsam basil bay beech birch bittern borage bracken briar bunting burdock camellia canary "
    "caraway cardoon catalpa cedar celery chamomile chervil chestnut chicory cicely citron clover condor coot coriander cormorant cornel cowslip "
    "crane cress crocus cumin curlew cypress dahlia daisy damson dill dipper dogwood dotterel dove duck dunlin eagle egret eider elder elm endive "
    "falcon fennel fig finch flamingo flax foxglove freesia fulmar gale gannet garganey garlic gentian ginger godwit goldeneye goose gorse "
    "goshawk grebe grouse guillemot gull harrier hawk hawthorn hazel heather hellebore heron hobby holly hoopoe hornbeam hyssop ibis iris ivy "
    "jackdaw jasmine jay juniper kestrel kingfisher kite kittiwake lapwing larch lark laurel lavender lemon lilac lily linden linnet loosestrife "
    "lory lotus lovage lupin magpie mallard martin merlin nightjar nuthatch oriole osprey ouzel owl parrot partridge pelican petrel phoebe pigeon "
    "pintail pipit plover puffin quail quetzal raven redstart robin roller rook ruff sanderling scaup scoter shearwater shelduck shoveler shrike "
    "siskin skua skylark smew snipe sparrow spoonbill starling stilt stint stork swallow swan swift tanager teal tern thrush toucan treecreeper "
    "turnstone turtledove vireo wagtail warbler waxwing weaver wheatear whimbrel whinchat wigeon woodcock woodlark wren wryneck "
).split()
SECOND = (  # noqa: SIM905 - as above
    "agate alabaster amber amethyst anchor andesite apatite arch argon ash azure barite barn basalt bell bend beryl bismuth blue bluff brass "
    "bridge bronze brook calcite canal cape carbon carmine carnelian cave cerise chalk chert chrome cinder clay cliff cobalt copper cork corundum "
    "cove cream creek crimson crystal cyan dale delta dolomite dun dune ebony ecru emerald enamel estuary feldspar felsite field fjord flint "
    "fluorite ford forest galena garden garnet gate gilt glacier glass glen gneiss gold granite graphite gravel green grey grit grove gulf gypsum "
    "harbour haven heath heliodor hematite hill hollow indigo inlet iolite iron island isle ivory jade jasper jet khaki kyanite lagoon lake lane "
    "lapis lead ledge lime limestone linen loam magenta magnet malachite marble marl maroon marsh mauve meadow mere mesa mica mill mint moor moss "
    "mound mustard nacre navy neon nickel oasis obsidian ochre olive olivine onyx opal orange orchard orchid paper peak pearl peat peridot pewter "
    "pier pine pink plaster plum point pond porcelain porphyry port pumice purple pyrite quartz quay range reach red reef resin rhyolite ridge "
    "river rock rose ruby rust sable saffron salmon sand sandstone sapphire sardonyx scarlet schist sepia serpentine shale sienna silica silk "
    "silver slate sodalite spinel steel stone sulphur tan tawny terracotta topaz travertine tuff turquoise ultramarine umber velvet verdigris "
    "vermilion violet viridian walnut wax white willow wool xenon yellow zinc zircon "
).split()


def name_network(network_id: str) -> str:
    """`net_7122a524378a` → two words. Two networks of one case share a name about once in a hundred cases of 30 networks; ids never."""
    digest = int.from_bytes(hashlib.blake2b(network_id.encode(), digest_size=8).digest(), "big")
    return f"{FIRST[digest % len(FIRST)]}-{SECOND[digest // len(FIRST) % len(SECOND)]}"
