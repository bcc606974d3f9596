#!/usr/bin/env python3
"""Simulated API access logs with ONLY INNOCENT STRUCTURES (no hidden operator anywhere).

    python author_innocent.py list
    python author_innocent.py SCENARIO SEED OUTDIR [--level text|hashes|metadata] [--no-accounts]
"""
import argparse, csv, gzip, heapq, io, json, math, os, random, sys  # noqa: E401
from collections import deque
from datetime import datetime, timedelta, timezone
from hashlib import blake2b

H, D, MIN = 3600.0, 86400.0, 60.0

# ------------------------------------------------------------------ words and texts
DOMAINS = {
    'retail': 'order return parcel invoice stock shelf voucher customer delivery catalogue refund supplier basket discount',
    'health': 'patient ward discharge scan dose referral allergy triage note nurse clinic procedure symptom follow-up',
    'law': 'clause contract tenant hearing appeal witness statute filing deposit dispute notice annex liability settlement',
    'school': 'lesson pupil worksheet exam chapter grammar essay quiz rubric vocabulary reading homework timetable term',
    'code': 'function module test stack build branch exception parser cache query endpoint commit interface pipeline',
    'food': 'recipe menu oven supplier kitchen table allergen dough special portion waiter delivery fridge soup',
    'travel': 'booking flight hotel itinerary visa seat transfer guide beach museum ticket luggage delay route',
    'finance': 'ledger balance loan payment forecast budget margin interest tax receipt quarter account audit reserve',
    'games': 'quest dungeon weapon npc faction spell tavern map dialogue loot village dragon companion rumour',
    'news': 'headline source interview council election budget flood minister report quote correction column editor wire',
    'science': 'sample protein assay dataset figure hypothesis reactor spectrum enzyme cohort variance method model lattice',
    'garden': 'soil sensor moisture leaf pump light temperature seedling humidity pot fertiliser schedule valve greenhouse',
    'music': 'chord verse melody tempo bridge rhythm lyric mix drum setlist harmony album vocal bass',
    'estate': 'flat listing rent viewing mortgage landlord garden kitchen survey heating lease garage balcony notary',
    'sport': 'match training coach injury league fixture goal season sprint drill ticket referee team physio',
    'support': 'ticket customer refund password login warranty router outage complaint callback plan bill device agent',
    'energy': 'meter tariff turbine grid panel inverter outage forecast storage load substation contract peak sensor',
    'hr': 'candidate interview role salary contract holiday onboarding review policy training team leave manager payroll',
    'design': 'poster palette layout logo typeface mockup brief banner grid icon sketch client revision margin',
    'logistics': 'truck pallet route dock customs manifest driver warehouse container delay slot forklift carrier load',
    'psych': 'habit mood journal goal sleep worry routine friend exercise reflection boundary anger focus breath',
    'data': 'column table record label outlier schema join row metric dashboard duplicate field export segment',
    'crafts': 'yarn pattern needle glue bead frame stitch lamp wood varnish pottery kiln paper ribbon',
    'faith': 'sermon parish choir hymn volunteer festival donation hall candle prayer newsletter rota charity bell',
}
DOMAINS = {k: v.split() for k, v in DOMAINS.items()}; DK = list(DOMAINS)
ADJ = ('late short difficult new broken cheap local urgent second old quiet unusual missing weekly final simple red large odd partial useful main '
       'hidden public early wrong double heavy modern careful plain seasonal recent official bright spare narrow blue regional').split()
VERB = ('summarise explain rewrite compare draft check outline list improve shorten review describe plan estimate simplify classify correct expand').split()
PAST = 'changed arrived failed moved stopped increased dropped returned opened closed expired started broke improved vanished doubled'.split()
PLACE = 'Monday|last week|the north side|the second floor|this morning|the spring|the office|page 3|the workshop|the coast|our town|the archive'.split('|')
SYL = 'ba ke lo mi ra ten sol vi dor ka nu pel ri sa tu mo fen gar hal jo ley min or pra qui ros sta ul ver wen yor zel bri cor dan'.split()
TAIL = 'son ova er ez ini sky ton mann ura ali ard eau is andez'.split()
LANG = {
    'es': 'el cliente necesita una respuesta clara sobre la factura porque ayer no llegó el pedido y queremos saber cuándo puede venir a la tienda'.split(),
    'de': 'der Kunde braucht eine klare Antwort zur Rechnung weil gestern die Lieferung nicht ankam und wir wissen wollen wann sie im Laden ist'.split(),
    'fr': 'le client attend une réponse claire sur la facture car hier la livraison est restée au dépôt et nous voulons savoir quand elle arrive'.split(),
    'id': 'pelanggan butuh jawaban jelas tentang tagihan karena kemarin pesanan belum sampai dan kami ingin tahu kapan bisa datang ke toko'.split(),
    'pt': 'o cliente precisa de uma resposta clara sobre a fatura porque ontem o pedido não chegou e queremos saber quando pode vir à loja'.split(),
    'pl': 'klient czeka na jasną odpowiedź w sprawie faktury bo wczoraj paczka nie dotarła i chcemy wiedzieć kiedy będzie w sklepie'.split(),
}
CC = [('US', -5, 14), ('US', -8, 8), ('GB', 0, 8), ('DE', 1, 8), ('FR', 1, 6), ('ES', 1, 4), ('PL', 1, 4), ('BR', -3, 7), ('MX', -6, 3), ('IN', 5.5, 12),
      ('ID', 7, 5), ('JP', 9, 6), ('KR', 9, 4), ('SG', 8, 3), ('PH', 8, 4), ('AU', 10, 3), ('ZA', 2, 2), ('NG', 1, 3), ('KE', 3, 2), ('TR', 3, 3),
              ('CA', -5, 4),
      ('NL', 1, 3), ('SE', 1, 2), ('VN', 7, 3), ('AR', -3, 2), ('EG', 2, 2), ('IT', 1, 4), ('UA', 2, 2), ('AE', 4, 2), ('TW', 8, 2)]
def bl(s, n=8): return blake2b(s.encode(), digest_size=n).hexdigest()
def name(r, k=2): return ''.join(r.choice(SYL) for _ in range(k)).capitalize()
def person(r): return name(r, r.randint(1, 2)) + ' ' + name(r, r.randint(1, 2)) + r.choice(TAIL)
def noun(r, d): return r.choice(DOMAINS[d])
def np_(r, d): return r.choice(ADJ) + ' ' + noun(r, d) if r.random() < .6 else noun(r, d)
def sent(r, d):
    k = r.randrange(20)
    if k >= 14:
        return (f'{r.randint(2, 90)} {noun(r, d)}s {r.choice(PAST)}, {name(r)} counted.', f'Who {r.choice(PAST)} the {np_(r, d)}? {person(r)}, I suppose.',
                f'{noun(r, d).capitalize()} {r.choice(ADJ)}, {noun(r, d)} {r.choice(ADJ)}, rest fine.',
                        f'From {name(r)} to {name(r)} the {np_(r, d)} took {r.randint(2, 50)} hours.',
                        f'My {np_(r, d)} is {r.choice(ADJ)} again since {r.choice(PLACE)}.',
                        f'{name(r, 3)} wants a {np_(r, d)}; {name(r)} prefers the {noun(r, d)}.')[k - 14]
    if k == 0: return f'The {np_(r, d)} {r.choice(PAST)} after {r.choice(PLACE)}.'
    if k == 1: return f'{name(r)} said the {np_(r, d)} and the {noun(r, d)} were {r.choice(ADJ)}.'
    if k == 2: return f'We have {r.randint(2, 400)} {noun(r, d)} items from {name(r)} and one {np_(r, d)}.'
    if k == 3: return f'It {r.choice(PAST)} on the {r.randint(1, 28)}th, near {name(r, 3)}.'
    if k == 4: return f'{person(r)} asked about a {np_(r, d)} with a {np_(r, d)}.'
    if k == 5: return f'Because the {noun(r, d)} {r.choice(PAST)}, the {np_(r, d)} is {r.choice(ADJ)} now.'
    if k == 6: return f'Reference {name(r, 1).upper()}-{r.randint(100, 99999)}: {np_(r, d)}, {np_(r, d)}.'
    if k == 7: return f'Nobody knows why the {np_(r, d)} {r.choice(PAST)} in {r.choice(PLACE)}.'
    if k == 8: return f'Please keep the {noun(r, d)} {r.choice(ADJ)} and the {noun(r, d)} {r.choice(ADJ)}.'
    if k == 9: return f'Compared with {name(r)}, our {np_(r, d)} costs {r.randint(3, 900)}.{r.randint(0, 99):02d} more.'
    if k == 10: return f'I think the {np_(r, d)} from {r.choice(PLACE)} {r.choice(PAST)} twice.'
    if k == 11: return f'Two {noun(r, d)}s, one {np_(r, d)}, and {person(r)} on {r.choice(PLACE)}.'
    if k == 12: return f'If the {noun(r, d)} {r.choice(PAST)}, call {name(r)} before the {np_(r, d)} {r.choice(PAST)}.'
    return f'{name(r, 3)} {r.choice(PAST)}; the {noun(r, d)} did not.'
def doc(r, d, lo=2, hi=5): return ' '.join(sent(r, d) for _ in range(r.randint(lo, hi)))
def human(r, d):
    """A question as a person types it."""
    k = r.randrange(9); n1, n2 = np_(r, d), np_(r, d)
    if k == 0: s = f'can you {r.choice(VERB)} the {n1} for me? {sent(r, d)}'
    elif k == 1: s = f'how do i {r.choice(VERB)} a {n1} when the {n2} {r.choice(PAST)}'
    elif k == 2: s = f'{sent(r, d)} {sent(r, d)} What should I do about the {n1}?'
    elif k == 3: s = f'{r.choice(VERB).capitalize()} this: {doc(r, d, 1, 4)}'
    elif k == 4: s = f'why is my {n1} {r.choice(ADJ)}?? i already tried the {n2}'
    elif k == 5: s = f'Write {r.randint(2, 9)} ideas for a {n1} that {name(r)} would like, without any {n2}.'
    elif k == 6: s = f'ok but what about the {n2}'
    elif k == 7: s = f"hi, {person(r)} here. {doc(r, d, 1, 3)} thanks"
    else: s = f'{n1} vs {n2}, which one for {r.choice(PLACE)}?'
    return s
def foreign(r, lang, k=18): w = LANG[lang]; return ' '.join(r.choice(w) if r.random() < .9 else name(r) for _ in range(r.randint(k // 2, k * 2))) + '.'
def code(r, d='code'):
    f, a, b = noun(r, d).replace('-', '_'), noun(r, 'code'), noun(r, d).replace('-', '_')
    ls = [f'def {r.choice(VERB)}_{f}({a}, {b}_{r.randint(1, 40)}=None):']
    for _ in range(r.randint(2, 6)):
        ls.append(r.choice([f'    {name(r, 2).lower()} = {a}.get("{noun(r, d)}", {r.randint(0, 99)})',
                f'    if {a} is None or len({b}) > {r.randint(1, 50)}:', f'        raise ValueError("{noun(r, d)} {r.choice(PAST)}")',
                        f'    for {noun(r, "data")} in {name(r).lower()}_{noun(r, "data")}s:',
                        f'        {name(r, 2).lower()}.append({noun(r, "data")}["{noun(r, d)}"] * {r.randint(1, 9)})']))
    return '\n'.join(ls + [f'    return {name(r, 2).lower()}'])
ROLE = ['You are {a} {d} assistant for {n}.', 'You help the {d} team of {n}.', 'Act as {a} {d} specialist at {n}.', '{n} assistant. Topic: {d}.',
        'You work for {n}, which deals with {d} questions.', 'This is the {n} service for {d}.']
RULE = ['Only {o} and {p} matter here; skip the {j} parts.', 'A {o} is never a {p}.', 'Numbers stay as digits, {o} names in capitals.',
        'Our readers know the {o} but not the {p}.',
        'Check the {p} twice before you name a {o}.', 'No lists, no headings, just the {o}.', 'Bullets please, {k} or fewer, one per {o}.',
                'End with a question about the {p}.',
        'Treat every {j} {o} as confidential.', 'Round {o} figures to {k} places.', 'Say so when the {p} looks {j}.', 'Quote at most {k} words from the {o}.',
        '{o}: mandatory. {p}: optional. Everything {j}: ignore.', 'The {p} comes from an older system and may be {j}.', 'Think about the {o} before the {p}.',
        'Answer in {k} sentences at most.', 'Never mention the {o} unless asked.', 'Return JSON with the keys {o}, {p} and note.', 'Use a {j} tone.',
        'If the {o} is missing, ask for it.', 'Write in the language of the customer.', 'Do not invent any {o} or {p}.',
                'Prefer {j} wording over {q} wording.',
        'Give the {o} first and the {p} second.', 'When unsure, answer UNKNOWN.', 'Explain every step that led to the {o}.', 'Mark each {o} with its {p}.',
        'Quote the {o} number exactly.', 'Keep {p} names unchanged.', 'Today the {o} policy is {j}.']
def rule(r, d): return r.choice(RULE).format(k=r.randint(1, 9), o=noun(r, d), p=noun(r, d), j=r.choice(ADJ), q=r.choice(ADJ))
SYN = {k.split()[0]: k.split() for k in ('Decide Choose Determine Pick', 'Read Study Scan Take', 'Give State Put Show', 'Return Output Produce Emit',
        'Keep Leave Preserve',
       'Write Compose Make Prepare', 'Explain Justify Describe', 'Grade Score Judge Rate Mark', 'Draft Compose Write', 'Summarise Condense Shorten Digest',
               'below here following',
       'missing absent unknown unclear', 'answer reply response output', 'Never Don\'t', 'Prefer Favour Choose', 'Use Keep Adopt', 'first initially',
               'for to', 'groups labels classes bins',
       'Mark Tag Flag', 'exactly verbatim unchanged', 'step stage part', 'team people staff', 'final closing last', 'other none misc',
               'needed required asked')}
def vary(r, s):
    """Each writer has own words: a text's words are exchanged for others, the same way all through the text."""
    m = {k: r.choice(v) for k, v in SYN.items()}; return ' '.join(m.get(x, x) if '\n' not in x else x for x in s.split(' '))
def mksys(r, d, n=None, lo=2, hi=6):
    return vary(r, ' '.join([r.choice(ROLE).format(a='a ' + r.choice(ADJ), d=d, n=n or name(r, 3))] + [rule(r, d) for _ in range(r.randint(lo, hi))]))
ASK = {'classify': 'Decide which of these groups fits the {a}: {b}, {c}, {e}, other.', 'extract': 'Read the {a} and pull out {b}, {c} and {e}.',
       'summary': 'Summarise the {a} below for the {b} team, with the {c} at the top.',
               'draft': 'Draft a reply about the {a}. Mention the {b} and offer a {c}.',
       'rubric': 'Grade the answer about the {a} from 1 to {k} for {b}, {c} and {e}. Explain the grade for each step of the reasoning.',
       'explain': 'Explain step by step why the {a} leads to the {b}, then state the {c}.',
               'rewrite': 'Rewrite the {a} so that the {b} is clear and the {c} stays.',
       'generate': 'Write a new {a} task with a {b}, a worked solution showing each step, and a final {c}.',
               'translate': 'Translate the {a} and keep {b} and {c} terms.'}
def mktpl(r, d, style=None, slots=('x',)):
    style = style or r.choice(list(ASK)); ns = r.sample(DOMAINS[d], 4)
    s = (sent(r, d) + ' ' if r.random() < .3 else '') + ASK[style].format(a=ns[0], b=ns[1], c=ns[2], e=ns[3], k=r.choice([4, 5, 7, 10, 100]))
    s += ' ' + ' '.join(rule(r, d).replace('{', '') for _ in range(r.randint(0, 3)))
    mark = r.choice(['\n\n', '\n---\n', '\n### ' + ns[0].capitalize() + '\n', '\n<' + ns[0] + '>\n', ' >> '])
    return vary(r, s.strip()).replace('{', '') + ''.join(mark + (sl + ': ' if i else '') + '{' + sl + '}' for i, sl in enumerate(slots))

# ------------------------------------------------------------------ nets, clients, accounts, programs
class Net:
    """An address as seen by the provider at time t."""
    def __init__(s, ips, asn, cc, period=None, phase=0.0, mode='static', r=None):
        s.ips, s.asn, s.cc, s.period, s.phase, s.mode, s.r = ips, asn, cc, period, phase, mode, r
    def at(s, t):
        if s.mode == 'static': i = 0
        elif s.mode == 'dhcp': i = int((t + s.phase) / s.period) % len(s.ips)
        else: i = s.r.randrange(len(s.ips))
        return s.ips[i], s.asn, s.cc

class Roam:
    """At the office in working hours, elsewhere at home (or on the phone)."""
    def __init__(s, office, home, tz, r, lo=9, hi=18, p=.9, wk=True): s.o, s.h, s.tz, s.r, s.lo, s.hi, s.p, s.wk = office, home, tz, r, lo, hi, p, wk
    def at(s, t):
        loc = t + s.tz * H; h, wd = loc % D / H, (int(loc // D) + 3) % 7; inside = s.lo <= h < s.hi and (wd < 5 or not s.wk)
        return (s.o if inside and s.r.random() < s.p else s.h).at(t)

class Tool:
    """A published program; its versions come out on dates and each user takes them up with a lag."""
    def __init__(s, nm, stack, vers, tools=None, temp=None, mt=None, ep=None, stream=True, suffix=''):
        s.nm, s.stack, s.vers, s.tools, s.temp, s.mt, s.ep, s.stream, s.suffix = nm, stack, vers, tools, temp, mt, ep, stream, suffix
    def ver(s, t, lag):
        b = s.vers[0]
        for v in s.vers:
            if v[0] + lag <= t: b = v
        return b

class Client:
    __slots__ = ('ua', 'ja4', 'net', 'dev', 'plat', 'tool', 'lag')
    def __init__(s, ua, ja4, net, dev=None, plat='direct', tool=None, lag=0.0):
        s.ua, s.ja4, s.net, s.dev, s.plat, s.tool, s.lag = ua, ja4, net, dev, plat, tool, lag
    def uaat(s, t): return f'{s.tool.nm}/{s.tool.ver(t, s.lag)[1]}{s.tool.suffix}' if s.tool else s.ua

class Prog:
    __slots__ = ('sys', 'm1', 'm2', 'sw', 'mt', 'temp', 'topp', 'ep', 'stream', 'tools', 'out', 'retry', 'tool', 'lag', 'env', 'think', 'mix')
    def __init__(s, **k):
        for a in s.__slots__: setattr(s, a, k.get(a))
    def sysat(s, t): b = s.tool.ver(t, s.lag)[2] if s.tool else s.sys; return (b or '') + (s.env or '') or None

class Acct:
    __slots__ = ('id', 'created', 'banned', 'closed', 'org', 'parent', 'plan', 'cc', 'dom', 'pay', 'saddr', 'dev', 'res', 'ref', 'rpm', 'rpd', 'sid',
            'kind', 'keys', 'win', 'day', 'nday', 'dead_n', 'tz')

class Ev:
    __slots__ = ('acct', 'cl', 'prog', 'text', 'tpl', 'msgs', 'sess', 'eu', 'key', 'out', 'router', 'tries', 'rout', 'rin', 'model', 'sys', 'first')

class Router:
    """A gateway in front of a company's own keys."""
    def __init__(s, accts, mode, cool, r): s.a, s.mode, s.cool, s.r, s.until, s.i, s.stick = accts, mode, cool, r, {}, 0, {}
    def live(s, t):
        return [a for a in s.a if s.until.get(a.id, 0) <= t and a.created <= t and not (a.banned and a.banned <= t) and not (a.closed and a.closed <= t)]
    def pick(s, t, e):
        lv = s.live(t)
        if not lv: lv = [a for a in s.a if a.created <= t] or s.a; return min(lv, key=lambda a: s.until.get(a.id, 0))
        if s.mode == 'priority': return lv[0]
        if s.mode == 'random': return s.r.choice(lv)
        if e.sess and s.mode == 'sticky':
            a = s.stick.get(e.sess)
            if a in lv: return a
        s.i += 1; a = lv[s.i % len(lv)]
        if e.sess: s.stick[e.sess] = a
        return a
    def fail(s, t, a): s.until[a.id] = t + s.cool

STACKS = {'py': ['provider-python/0.{m}.{p} httpx/0.27', 'python-httpx/0.2{q}.{q}', 'python-requests/2.3{q}.0', 'aiohttp/3.{q}'],
          'node': ['provider-node/0.{m}.{p}', 'node-fetch/2.{q}', 'undici', 'axios/1.{q}.{p}'], 'go': ['Go-http-client/2.0', 'provider-go/0.{q}.{p}'],
          'java': ['okhttp/4.{q}.0', 'Java-http-client/17.0.{q}', 'Apache-HttpClient/5.{q}'], 'curl': ['curl/8.{q}.0', 'curl/7.8{q}.1'],
          'web': ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/{c}.0.0.0 Safari/537.36',
                  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/{c}.0.0.0',
                  'Mozilla/5.0 (X11; Linux x86_64; rv:{c}.0) Gecko/20100101 Firefox/{c}.0'],
          'mob': ['Mozilla/5.0 (Linux; Android 1{q}; Mobile) Chrome/{c}.0.0.0', 'Mozilla/5.0 (iPhone; CPU iPhone OS 1{q}_{q} like Mac OS X) Safari/604.1'],
          'rust': ['reqwest/0.1{q}'], 'php': ['GuzzleHttp/7', 'php-client/1.{q}'], 'net': ['dotnet-client/8.{q}'], 'emb': ['ESPHTTP/1.{q}']}
HEAD = ['account_id', 'created_at', 'banned_at', 'closed_at', 'organization_id', 'parent_id', 'plan', 'country', 'email_domain', 'payment_id',
        'signup_address', 'device_id', 'reseller_id', 'referrer', 'limit_per_minute', 'limit_per_day']

class World:
    def __init__(s, scen, seed, level):
        s.scen, s.seed, s.level = scen, seed, level; s.r = r = random.Random(int(bl(f'{scen}/{seed}'), 16))
        s.t0 = datetime(2025, 10, 1, tzinfo=timezone.utc).timestamp() + r.randint(0, 380) * D; s.days = r.randint(17, 40); s.t1 = s.t0 + s.days * D
        s.bg = .5 * min(1.2, 25 / s.days); s.accts, s.ev, s.nsid, s.seq = [], [], {}, 0; fam = [name(r, 2).lower() for _ in range(2)]
        s.models = [f'{fam[0]}-{v}-{z}' for v, z in [(2, 'base'), (3, 'mini'), (3, 'base'), (3, 'large')]] + [f'{fam[1]}-1']
        s.rel = s.t0 + r.uniform(.25, .8) * s.days * D if r.random() < .75 else None; s.newm = f'{fam[0]}-4-large'
        s.eps = r.choice([['/v1/messages'], ['/v1/chat/completions', '/v1/responses'], ['/v1/messages', '/v1/complete'], ['/v1/generate']])
        s.free = [f'{name(r, 2).lower()}mail.example' for _ in range(7)]; s.freew = [40, 20, 12, 8, 6, 4, 3]
        s.aid = r.choice(['acct_{:012x}', 'a-{:09x}', 'user-{:010x}', '{:014x}'])
        s.rpm = r.choice([dict(free=5, build=50, pro=60, scale=300, contract=1500, education=30, family=20), dict(free=10, build=60, pro=120, scale=400,
                contract=2000, education=40, family=30), dict(free=3, build=20, pro=40, scale=200, contract=1000, education=20, family=10)])
        s.rpd = {k: v * r.choice([30, 60, 100]) for k, v in s.rpm.items()}; s.ver = dict(m=r.randint(20, 60), c=r.randint(126, 140))
        s.ja4 = {k: f't13d{r.randint(10, 31)}{r.randint(8, 17):02d}h{r.choice("12")}_{bl(f"{seed}{k}", 6)}_{bl(f"x{seed}{k}", 6)}' for k in STACKS}
        s.ja4b = {k: v[:-12] + bl(f'y{seed}{k}', 6) for k, v in s.ja4.items()}; s.asn_used = set(); s.isp = {}
        for cc, tz, _ in CC:
            s.isp.setdefault(cc, dict(res=[s.asblk(cc) for _ in range(r.randint(2, 4))], mob=[s.asblk(cc) for _ in range(r.randint(1, 3))],
                    biz=[s.asblk(cc) for _ in range(2)]))
        s.host = [s.asblk(r.choice(['US', 'DE', 'NL', 'SG', 'US', 'FR', 'JP'])) for _ in range(9)]; s.hostw = [30, 20, 14, 10, 6, 5, 4, 3, 2]; s.cg = {}
        s.outs, s.devcov, s.round = [], r.random() < .75, r.random() < .12
        for _ in range(r.randint(0, 3)): a = s.t0 + r.random() * s.days * D; s.outs.append([a, a + r.uniform(6, 40) * MIN, r.uniform(.3, .9)])
        s.tools = {}; s.mktools()
    def asblk(s, cc):
        while True:
            n = s.r.randint(4200000000, 4294967000) if s.r.random() < .5 else s.r.randint(64512, 65534)
            if n not in s.asn_used: break
        s.asn_used.add(n)
        bad = (10, 127, 169, 172, 192, 198, 203, 100); oct_ = [o for o in range(11, 223) if o not in bad]
        return n, cc, [f'{s.r.choice(oct_)}.{s.r.randint(0, 255)}' for _ in range(s.r.randint(2, 7))]
    def ip(s, blk, v6=.0):
        r = s.r
        if r.random() < v6: return f'2001:db8:{r.randint(1, 65535):x}:{r.randint(1, 65535):x}::{r.randint(1, 65535):x}'
        return f'{r.choice(blk[2])}.{r.randint(0, 255)}.{r.randint(1, 254)}'
    def home(s, cc):
        r = s.r; b = r.choice(s.isp[cc]['res'])
        if r.random() < .45: return Net([s.ip(b, .15)], b[0], cc)
        per = r.choice([1, 1, 3, 7, 14]) * D; return Net([s.ip(b, .1) for _ in range(int(s.days * D / per) + 3)], b[0], cc, per, r.random() * per, 'dhcp')
    def biz(s, cc, n=1):
        b = s.r.choice(s.isp[cc]['biz']); base = s.ip(b).rsplit('.', 1)[0]
        return Net([f'{base}.{x}' for x in s.r.sample(range(1, 254), n)], b[0], cc, mode='static' if n == 1 else 'pool', r=s.r)
    def hosting(s, n=1, near=True, i=None):
        r = s.r; b = s.host[i] if i is not None else r.choices(s.host, s.hostw)[0]; base = s.ip(b).rsplit('.', 1)[0]
        ips = [f'{base}.{x}' for x in r.sample(range(1, 254), min(n, 200))] if near else [s.ip(b) for _ in range(n)]
        return Net(ips, b[0], b[1], mode='static' if n == 1 else 'pool', r=r)
    def campus(s, cc, n=2):
        b = s.asblk(cc); base = s.ip(b).rsplit('.', 1)[0]; return Net([f'{base}.{x}' for x in s.r.sample(range(1, 254), n)], b[0], cc, mode='pool', r=s.r)
    def mobile(s, cc):
        if cc not in s.cg:
            s.cg[cc] = []
            for b in s.isp[cc]['mob']:
                base = s.ip(b).rsplit('.', 1)[0]
                s.cg[cc].append(Net([f'{base}.{x}' for x in s.r.sample(range(1, 254), s.r.randint(3, 12))], b[0], cc, mode='pool', r=s.r))
        return s.r.choice(s.cg[cc])
    def pick_cc(s, only=None):
        c = [x for x in CC if not only or x[0] in only]; x = s.r.choices(c, [y[2] for y in c])[0]; return x[0], x[1]
    def ua(s, stack):
        r = s.r; q = r.randint(1, 9)
        return r.choice(STACKS[stack]).format(m=s.ver['m'] - r.choice([0, 0, 0, 1, 2, 5, 9]), p=r.randint(0, 3), q=q, c=s.ver['c'] - r.choice([0, 0, 1, 2]))
    def cl(s, net, stack='py', dev=False, plat='direct', ua=None):
        j = s.ja4[stack] if s.r.random() < .8 else s.ja4b[stack]
        return Client(ua or s.ua(stack), j, net, f'dev-{s.r.getrandbits(48):012x}' if dev else None, plat)
    def tcl(s, tool, net, lag=None, dev=True, plat='direct'):
        lag = s.r.expovariate(1 / (2.5 * D)) if lag is None else lag
        return Client(None, s.ja4[tool.stack], net, f'{s.r.getrandbits(64):016x}' if dev else None, plat, tool, lag)
    def model_plan(s, m1=None, p=.35, lag=4.0):
        r = s.r; m1 = m1 or r.choices(s.models, [1, 3, 6, 4, 1.5])[0]
        sw = s.rel + (r.lognormvariate(0, 1.2) * lag * D if r.random() < .75 else r.uniform(0, 8) * H) if s.rel and r.random() < p else None
        return m1, (s.newm if sw else None), sw
    def prog(s, sysm=None, m1=None, p=.35, **k):
        r = s.r; m1, m2, sw = s.model_plan(m1, p)
        d = dict(sys=sysm, m1=m1, m2=m2, sw=sw, mt=r.choice([256, 300, 500, 512, 800, 1000, 1024, 2000, 2048, 4096, None]), temp=r.choice([None, None, 0, 0,
                .2, .3, .5, .7, .7, 1.0]), topp=r.choice([None] * 5 + [.9, .95]), ep=r.choice(s.eps), stream=r.random() < .3, out=r.choice([60, 120, 200,
                        350, 600]), retry=r.choices(['none', 'sdk', 'exp'], [2, 5, 1])[0])
        d.update(k)
        return Prog(**d)
    def tprog(s, tool, lag, env='', **k):
        m1, m2, sw = s.model_plan(k.pop('m1', None), k.pop('p', .35))
        d = dict(m1=m1, m2=m2, sw=sw, mt=tool.mt, temp=tool.temp, ep=tool.ep or s.eps[0], stream=tool.stream, tools=tool.tools, tool=tool, lag=lag, env=env,
                out=300, retry='sdk')
        d.update(k)
        return Prog(**d)
    def mktool(s, key, stack, d, nver=None, tools=None, lo=3, hi=7, **k):
        r = s.r; nm, base = name(r, 2).lower() + r.choice(['', '-' + key.split('_')[0]]), mksys(r, d, None, lo, hi)
        vers, maj = [(s.t0 - 400 * D, f'{r.randint(0, 3)}.{r.randint(1, 20)}.0', base)], r.randint(1, 9)
        for i in range(nver if nver is not None else r.randint(0, 3)):
            if r.random() < .4: base = base + ' ' + rule(r, d)
            vers.append((s.t0 + r.random() * s.days * D, f'{maj}.{i + 1}.{r.randint(0, 9)}', base))
        vers.sort(key=lambda v: v[0])
        s.tools[key] = Tool(nm, stack, vers, tools, k.get('temp'), k.get('mt'), k.get('ep'), k.get('stream', True), k.get('suffix', ''))
        return s.tools[key]
    def mktools(s):
        r = s.r; verbs = 'read_file write_file edit_file run_shell grep glob list_dir web_fetch todo apply_patch search ask_user'.split()
        for i in range(2):
            s.mktool(f'cli{i}', ['node', 'rust'][i], 'code', tools=r.sample(verbs, r.randint(5, 9)), lo=6, hi=12, mt=r.choice([8192, 16000, 32000]), temp=1.0)
            s.mktool(f'chat{i}', ['web', 'node'][i], r.choice(DK), lo=2, hi=4, mt=r.choice([1024, 2048, 4096]), temp=r.choice([.7, .8, 1.0]))
            s.mktool(f'fw{i}', 'py', r.choice(['data', 'code', 'support']), tools=r.sample(verbs, r.randint(2, 4)), lo=4, hi=9, temp=[0, .7][i], stream=False)
        s.mktool('plug', 'node', 'code', lo=2, hi=4, temp=.2, mt=512)
        s.mktool('mobapp', 'mob', r.choice(DK), lo=1, hi=3, mt=800)
    def sid(s, kind): s.nsid[kind] = s.nsid.get(kind, 0) + 1; return f'{kind}_{s.nsid[kind]}_{name(s.r, 2).lower()}'
    def fmail(s): return s.r.choices(s.free, s.freew)[0]
    def dom(s, n=None):
        r = s.r
        return (n or name(r, r.randint(2, 3))).lower().replace(' ', '') + r.choice(['', '', '-' + noun(r, r.choice(DK))]) + r.choice(['.example', '.test',
                '.example'])
    def pay(s): return f'pm_{s.r.getrandbits(40):010x}'
    def old(s, lo=5, hi=700): return s.t0 - (lo + (hi - lo) * s.r.random() ** 1.8) * D
    def born(s, p=.25): return s.t0 + s.r.random() * s.days * D if s.r.random() < p else s.old()
    def mk(s, sid, kind, net=None, **k):
        a, r = Acct(), s.r; a.id = s.aid.format(r.getrandbits(4 * int(s.aid.split(':0')[1].split('x')[0]))); a.created = k.get('created') or s.old()
        a.banned, a.closed, a.org, a.parent, a.plan = k.get('banned'), k.get('closed'), k.get('org'), k.get('parent'), k.get('plan', 'build')
        a.cc, a.dom, a.pay, a.res, a.ref = k.get('cc'), k.get('dom') or s.fmail(), k.get('pay', ''), k.get('res'), k.get('ref')
        a.dev = (k['dev'] if 'dev' in k else f'dev-{r.getrandbits(48):012x}' if r.random() < .7 else None) if s.devcov else None
        a.saddr = k.get('saddr') or (net.at(a.created)[0] if net else ''); a.rpm = k.get('rpm') or s.rpm[a.plan]
        a.rpd = k.get('rpd') or (a.rpm * 200 if k.get('rpm') else s.rpd[a.plan])
        if a.banned and a.banned <= a.created: a.banned = None
        a.sid, a.kind, a.keys = sid, kind, [f'key_{r.getrandbits(48):012x}']; a.win, a.day, a.nday, a.dead_n = deque(), -1, 0, 0; s.accts.append(a)
        return a
    def company(s, cc=None, tz=None, declared=True, plan='scale', n=None):
        r = s.r
        if cc is None: cc, tz = s.pick_cc()
        n = n or name(r, r.randint(2, 3))
        c = dict(n=n, cc=cc, tz=tz, dom=s.dom(n), pay=f'inv_{r.getrandbits(32):08x}' if r.random() < .5 else s.pay(), d=r.choice(DK), plan=plan,
                org=f'org_{bl(n + str(r.random()), 5)}' if declared else None, office=s.biz(cc), srv=s.hosting(r.choice([1, 1, 2, 3])),
                        dev=f'dev-{r.getrandbits(48):012x}' if r.random() < .7 else None)
        return c
    def cacct(s, c, sid, kind, **k):
        d = dict(org=c['org'], plan=c['plan'], cc=c['cc'], dom=c['dom'], pay=c['pay'], saddr=c['office'].at(0)[0], dev=c['dev']); d.update(k)
        return s.mk(sid, kind, **d)
    def day0(s, tz): return s.t0 - tz * H
    def workdays(s, tz, p=.9, weekend=.0, a=None, b=None):
        d0, out = math.floor((s.t0 + tz * H) / D) * D - tz * H, []
        for i in range(s.days + 1):
            t = d0 + i * D; wd = (int((t + tz * H + 1) // D) + 3) % 7
            if (a is None or t >= a - D) and (b is None or t < b) and s.r.random() < (p if wd < 5 else weekend): out.append(t)
        return out
    def hum(s, tz, perday, lo=9, hi=18, p=.7, weekend=.1, slen=4, gap=70, a=None, b=None):
        """Sessions of a person: list of lists of times."""
        r, out = s.r, []
        for t in s.workdays(tz, p, weekend, a, b):
            n = int(r.expovariate(1 / max(perday / slen, .05)) + r.random())
            for _ in range(n):
                h = r.triangular(lo, hi, r.choice([lo + (hi - lo) * .25, lo + (hi - lo) * .65])); x, ss = t + h * H, []
                for _ in range(max(1, int(r.expovariate(1 / slen) + .5))): ss.append(x); x += r.lognormvariate(math.log(gap), .9)
                if (a is None or ss[0] >= a) and (b is None or ss[-1] < b): out.append(ss)
        return out
    def pois(s, tz, perday, lo=8, hi=20, night=.15, weekend=.6, a=None, b=None):
        """Diurnal Poisson arrivals of a program that serves people."""
        r, out = s.r, []; a, b = max(a or s.t0, s.t0), min(b or s.t1, s.t1); mean = (hi - lo + night * (24 - hi + lo)) / 24; rate, t = perday / D / mean, a
        while rate > 0:
            t += r.expovariate(rate)
            if t >= b: return out
            loc = t + tz * H; w = 1.0 if lo <= loc % D / H < hi else night
            if (int(loc // D) + 3) % 7 >= 5: w *= weekend
            if r.random() < w: out.append(t)
        return out
    def cron(s, period, phase, jit=.5, a=None, b=None):
        a, b = max(a or s.t0, s.t0), min(b or s.t1, s.t1); t = math.floor(a / period) * period + phase; out = []
        while t < b:
            if t >= a: out.append(t + abs(s.r.gauss(0, jit)))
            t += period
        return out
    def run(s, t, n, conc=1, each=4.0):
        """Batch: n requests by conc workers, one after the other."""
        w, r = [t + r_ * .05 for r_ in range(conc)], s.r; heapq.heapify(w)
        out = []
        for _ in range(n):
            x = heapq.heappop(w); out.append(x)
            heapq.heappush(w, x + each * r.lognormvariate(0, .35))
        return out
    def emit(s, t, a, cl, pg, text, tpl=None, msgs=None, sess=None, eu=None, key=None, out=None, router=None, rin=None, model=None, sysm=None, think=False):
        if not s.t0 <= t < s.t1: return None
        if a is not None and (t < a.created or (a.closed and t >= a.closed)): return None
        e = Ev(); e.acct, e.cl, e.prog, e.text, e.tpl, e.msgs, e.sess, e.eu, e.key, e.router = a, cl, pg, text, tpl, msgs, sess, eu, key, router
        e.out, e.rin, e.model, e.sys, e.tries, e.first = out or pg.out, rin, model, sysm or pg.sysat(t), 0, t
        e.rout = f'{s.r.getrandbits(64):016x}' if think or pg.think else None; s.seq += 1; s.ev.append((t, s.seq, e))
        return e
    def ask(s, t, a, cl, pg, tpl, **kw):
        vals = {k: kw.pop(k) for k in list(kw) if k in ('x', 'y', 'z')}; return s.emit(t, a, cl, pg, tpl.format(**vals), tpl=tpl, **kw)
    def chat(s, a, cl, pg, times, d, first=None, gen=None, router=None, eu=None, sess=True, keep=5):
        r = s.r; sess = f'{r.getrandbits(64):016x}' if sess is True else (sess or None); msgs, rin = [], None
        for i, t in enumerate(times):
            q = first if (i == 0 and first) else (gen or human)(r, d); msgs.append({'role': 'user', 'content': q})
            e = s.emit(t, a, cl, pg, q, msgs=list(msgs[-keep:]), sess=sess, eu=eu, rin=rin, router=router); rin = e.rout if e else None
            msgs.append({'role': 'assistant', 'content': sent(r, d)})
    def lone(s, kind=None, sid='', lab='lone', **k):
        r = s.r
        kind = kind or r.choices(['cli', 'chat', 'cron', 'app', 'batch', 'fw', 'note', 'bot', 'mob', 'regress', 'aggr', 'trial', 'always', 'dorm', 'plug'],
                [14, 18, 8, 12, 4, 8, 7, 5, 7, 3, 1.5, 12, 1.5, 2, 5])[0]
        cc, tz = (k['cc'], k['tz']) if 'cc' in k else s.pick_cc(); d = k.get('d') or r.choice(DK); home = k.get('net') or s.home(cc)
        biz = kind in ('app', 'cron', 'batch', 'aggr', 'always', 'regress') or r.random() < .15
        base = dict(created=k.get('created') or s.born(.2 if kind != 'trial' else .9), cc=cc, dom=s.dom() if biz and r.random() < .75 else s.fmail(),
                pay=s.pay() if kind not in ('trial',) and r.random() < .93 else '', plan=r.choices(['free', 'build', 'pro', 'scale'], [0, 5, 3, 2] if biz
                        else ([3, 4, 3, 0] if kind != 'trial' else [1, 0, 0, 0]))[0])
        if biz and r.random() < .12: base['org'] = f'org_{r.getrandbits(40):010x}'
        if r.random() < .06: base['ref'] = r.choice(['podcast', 'newsletter', 'spring', 'docs', 'friend'])
        if r.random() < .025: base['banned'] = s.t0 + r.random() * s.days * D
        elif r.random() < .03: base['closed'] = max(base['created'] + D, s.t0 + r.random() * s.days * D)
        base.update({x: y for x, y in k.items() if x in ('dom', 'pay', 'plan', 'org', 'ref', 'res', 'saddr', 'closed', 'banned', 'parent')})
        a = s.mk(sid, lab, home, **base); st, plat = a.created, r.choices(['direct', 'gateway', 'bedrock', 'vertex', 'azure'], [90, 3, 3, 2, 2])[0]
        srv = k.get('srv') or (s.hosting(r.choice([1, 1, 1, 2, 4])) if r.random() < .8 else home); vol = r.lognormvariate(0, .8) * k.get('vol', 1.0) * s.bg
        stack = r.choices(['py', 'node', 'go', 'java', 'curl', 'php', 'net', 'rust'], [9, 6, 2, 2, 1, 1, 1, 1])[0]; lag = r.expovariate(1 / (3 * D))
        if kind == 'cli':
            tl = s.tools[f'cli{r.randrange(2)}']
            env = f'\nWorking directory: /home/{name(r).lower()}/{name(r, 3).lower()}\nPlatform: {r.choice(["linux", "darwin", "win32"])}'
            pg, cl = s.tprog(tl, lag, env, think=r.random() < .6), s.tcl(tl, home, lag); lo = r.uniform(7, 15)
            for ss in s.hum(tz, 14 * vol, lo, lo + r.uniform(6, 10), r.uniform(.2, .8), r.uniform(0, .5), 9, 18, a=st):
                s.chat(a, cl, pg, ss, 'code', gen=lambda q, dd: human(q, dd) if q.random() < .5 else sent(q, dd) + '\n' + code(q, d), keep=3)
        elif kind in ('chat', 'mob', 'plug'):
            tl = s.tools['mobapp' if kind == 'mob' else 'plug' if kind == 'plug' else f'chat{r.randrange(2)}']
            net = home if kind != 'mob' else s.mobile(cc)
            if r.random() < .3 and kind == 'chat': net = Roam(s.biz(cc), home, tz, r)
            custom = r.random() < .5 and kind == 'chat'
            pg = s.prog(mksys(r, d, None, 0, 3) if r.random() < .7 else None, temp=tl.temp, mt=tl.mt, stream=True) if custom else s.tprog(tl, lag)
            cl = s.tcl(tl, net, lag, dev=r.random() < .7); lo = r.uniform(6, 18)
            for ss in s.hum(tz, 6 * vol, lo, min(lo + r.uniform(4, 9), 25), r.uniform(.15, .7), r.uniform(.1, .7), 4, 80, a=st):
                g = (lambda q, dd: 'Complete:\n' + code(q, d)) if kind == 'plug' else None; s.chat(a, cl, pg, ss, r.choice([d, d, r.choice(DK)]), gen=g)
        elif kind in ('cron', 'regress'):
            per = r.choice([5 * MIN, 15 * MIN, 30 * MIN, H, H, 2 * H, 6 * H, D, D]) if kind == 'cron' else D
            cl, pg, tpl = s.cl(srv, stack, plat=plat), s.prog(mksys(r, d) if r.random() < .6 else None), mktpl(r, d)
            n = max(1, int(r.expovariate(1 / (1 + per / (2 * H))))); fixed = [doc(r, d) for _ in range(n)] if kind == 'regress' else None
            for t in s.cron(per, r.choice([0, 0, 0, r.random() * per]), r.choice([.3, 2, 20]), a=st):
                if r.random() < .04 and per < D or (per < H and r.random() < .6): continue
                for i, x in enumerate(s.run(t, n, 1, 3)): s.ask(x, a, cl, pg, tpl, x=fixed[i] if fixed else doc(r, d, 1, 4))
        elif kind in ('app', 'aggr', 'always'):
            cl, pgs = s.cl(srv, stack, plat=plat), [(s.prog(mksys(r, d)), mktpl(r, d)) for _ in range(r.randint(1, 4) if kind != 'aggr' else 9)]
            users = [f'u{r.getrandbits(32):08x}' for _ in range(r.randint(5, 60) if kind == 'app' else 400)] if r.random() < .5 or kind == 'aggr' else [None]
            rate = {'app': 7, 'aggr': 25, 'always': 30}[kind] * vol
            for t in s.pois(tz, rate, a=st, night=1 if kind == 'always' else r.choice([.05, .2, .5]), weekend=1 if kind == 'always' else r.uniform(.2, 1)):
                pg, tpl = r.choice(pgs)
                if kind == 'aggr': s.emit(t, a, cl, pg, human(r, r.choice(DK)), eu=r.choice(users))
                else: s.ask(t, a, cl, pg, tpl, x=doc(r, d), eu=r.choice(users))
        elif kind == 'batch':
            cl, pg, tpl = s.cl(srv, stack, plat=plat), s.prog(mksys(r, d) if r.random() < .5 else None), mktpl(r, d)
            for _ in range(r.randint(1, 3)):
                t = max(st, s.t0) + r.random() * max(D, s.t1 - max(st, s.t0))
                for x in s.run(t, int(120 * vol) + 10, r.choice([1, 2, 4, 8]), r.choice([2, 4, 9])): s.ask(x, a, cl, pg, tpl, x=doc(r, d))
        elif kind == 'fw':
            tl = s.tools[f'fw{r.randrange(2)}']
            pg, cl = s.tprog(tl, lag, '\nGoal: ' + mksys(r, d, None, 0, 2)), s.tcl(tl, srv if r.random() < .5 else home, lag, dev=False)
            for t in s.pois(tz, 1.4 * vol, a=st, night=.2): s.chat(a, cl, pg, s.run(t, r.randint(2, 9), 1, 5), d, keep=4)
        elif kind == 'note':
            cl = s.cl(home, 'py', plat=plat)
            for ss in s.hum(tz, 10 * vol, 9, 23, .15, .2, 12, 25, a=st):
                pg = s.prog(mksys(r, d, None, 0, 2) if r.random() < .3 else None); tpl = mktpl(r, d)
                for t in ss: s.ask(t, a, cl, pg, tpl, x=doc(r, d, 1, 2))
        elif kind == 'bot':
            cl, pg = s.cl(srv, r.choice(['node', 'py'])), s.prog(mksys(r, d), temp=1.0); users = [f'{r.getrandbits(56)}' for _ in range(r.randint(5, 40))]
            for t in s.pois(tz, 5 * vol, 15, 24, .1, 1.3, a=st): s.emit(t, a, cl, pg, human(r, d), eu=r.choice(users))
        elif kind == 'trial':
            cl, pg = s.cl(home, r.choice(['py', 'curl', 'node', 'web'])), s.prog(None, temp=None); t = max(st, s.t0) + r.random() * H
            for _ in range(r.randint(1, 6)):
                s.emit(t, a, cl, pg, r.choice(['Hello', 'hi', 'Say this is a test', 'Hello, world!', 'test', human(r, d), human(r, d)]))
                t += r.lognormvariate(4, 1.5)
        elif kind == 'dorm':
            cl, pg, tpl = s.cl(home, stack), s.prog(mksys(r, d)), mktpl(r, d)
            for t in s.pois(tz, 14 * vol, a=s.t0 + r.uniform(.2, .8) * s.days * D): s.ask(t, a, cl, pg, tpl, x=doc(r, d))
        if r.random() < .08:  # key renewed at some time
            a.keys.append((s.t0 + r.random() * s.days * D, f'key_{r.getrandbits(48):012x}'))
        return a
    def background(s):
        r = s.r
        for _ in range(r.randint(270, 380)): s.lone()
        for _ in range(r.randint(6, 14)):  # one person, two accounts: work and home
            cc, tz = s.pick_cc(); sd, net, py = s.sid('two_accounts'), s.home(cc), s.pay()
            for i in range(2):
                s.lone(r.choice(['chat', 'cli', 'note', 'plug']), sd, 'two_accounts', cc=cc, tz=tz, net=net, pay=py if r.random() < .6 else s.pay(), vol=.6)

        for _ in range(r.randint(2, 6)):  # barred (rightly or not), then back under a new account
            cc, tz = s.pick_cc()
            sd, net, t, kd, d, py = s.sid('came_back'), s.home(cc), s.t0 + r.uniform(.1, .8) * s.days * D, r.choice(['chat', 'cli', 'cron', 'bot',
                    'app']), r.choice(DK), s.pay()
            s.lone(kd, sd, 'came_back', cc=cc, tz=tz, net=net, d=d, pay=py, banned=t, created=s.old(), srv=net)
            s.lone(kd, sd, 'came_back', cc=cc, tz=tz, net=net, d=d, pay=py if r.random() < .5 else s.pay(), created=t + r.expovariate(1 / (8 * H)),
                    banned=s.t1 + D, srv=net)
        if r.random() < .5:  # an offer brings a wave of triers
            t, ref = s.t0 + r.uniform(.1, .9) * s.days * D, r.choice(['SPRING', 'TRYIT', 'PODCAST']) + str(r.randint(1, 99))
            for _ in range(r.randint(15, 50)):
                s.lone(r.choice(['trial', 'trial', 'chat', 'note']), created=min(t + r.expovariate(1 / (.8 * D)), s.t1 - H), ref=ref)
    def sweep(s):
        """A provider's sweep bars innocent accounts in one hour: scattered ones, and sometimes a part of a group that looked odd."""
        r = s.r
        for _ in range(r.choice([0, 1, 1, 2])):
            t, ok = s.t0 + r.uniform(.15, .9) * s.days * D, [a for a in s.accts if a.plan in ('free', 'build', 'pro') and not a.banned]
            hit = r.sample(ok, min(len(ok), r.randint(4, 14)))
            kinds = sorted({a.sid for a in ok if a.kind in ('cgnat_crowd', 'byok_app', 'firmware_kit', 'modding', 'raters', 'dorm', 'course', 'ci_farm',
                    'nocode_nightly')})
            if kinds and r.random() < .6: g = r.choice(kinds); hit += [a for a in ok if a.sid == g and r.random() < r.choice([.03, .1, .2])]
            for a in hit:
                b = t + r.random() * H
                if a.created < b: a.banned = b
    def thin(s, most=112000):
        """Keep the size in bounds: the busiest lone customers of an oversized world are left out."""
        cnt = {}
        for x in s.ev:
            if x[2].acct is not None and x[2].acct.kind == 'lone': cnt[id(x[2].acct)] = cnt.get(id(x[2].acct), 0) + 1
        tot, out = len(s.ev), set()
        for k in sorted(cnt, key=lambda z: -cnt[z])[:max(0, len(cnt) - 255)]:
            if tot > most: tot -= cnt[k]; out.add(k)
        s.ev, s.accts = [x for x in s.ev if id(x[2].acct) not in out], [a for a in s.accts if id(a) not in out]

    # --- play the log forward: limits, outages, dead keys, retries, gateways
    def play(s):
        r, rows = s.r, []; h = [(t, q, e) for t, q, e in s.ev]; heapq.heapify(h)
        nseq = s.seq
        while h:
            t, q, e = heapq.heappop(h)
            if t >= s.t1: continue
            a = e.router.pick(t, e) if e.router else e.acct
            if t < a.created or (a.closed and t >= a.closed): continue
            st, why = 200, None
            if a.banned and t >= a.banned:
                a.dead_n += 1
                if a.dead_n > 25 and r.random() < .9 or a.dead_n > 60: continue
                st = 401 if a.dead_n % 7 else 403
            else:
                for o in s.outs:
                    if o[0] <= t < o[1] and r.random() < o[2]: st, why = r.choice([529, 529, 503, 500, 504]), o
                if st == 200:
                    w = a.win
                    while w and w[0] < t - 60: w.popleft()
                    dd = int(t // D)
                    if dd != a.day: a.day, a.nday = dd, 0
                    if len(w) >= a.rpm or a.nday >= a.rpd: st = 429
                    else:
                        w.append(t)
                        a.nday += 1; u = r.random(); st = 400 if u < .003 else 500 if u < .005 else 200
            rows.append((t, e, a, st))
            if st in (200, 400): continue
            e.tries += 1
            if e.router:
                if st in (429, 401, 403) or r.random() < .5: e.router.fail(t, a)
                if e.tries <= 4: nseq += 1; heapq.heappush(h, (t + r.choice([.05, .2, .5, 1, 3]) * r.uniform(.9, 1.3), nseq, e))
                continue
            if st in (401, 403): continue
            k, nt = e.prog.retry, None
            if k == 'sdk' and e.tries <= 2: nt = t + min(8, .5 * 2 ** e.tries) * r.uniform(.75, 1)
            elif k == 'exp' and e.tries <= 6: nt = t + 2 ** e.tries * r.uniform(.5, 1.5)
            elif k == 'queue' and e.tries <= 12:  # parks the job; resumes when the status page says so
                nt = why[1] + abs(r.gauss(0, 25)) + 2 if why and e.tries >= 3 else t + min(60, 2 ** e.tries) * r.uniform(.9, 1.1)
            if nt: nseq += 1; heapq.heappush(h, (nt, nseq, e))
        rows.sort(key=lambda x: x[0])
        return rows
    def write(s, outdir, accounts=True):
        r = s.r; rows = s.play(); used = {id(x[2]) for x in rows}; s.accts = [a for a in s.accts if id(a) in used or (a.created < s.t1 and r.random() < .5)]
        drop = set()
        for f, p in (('tls_ja4', .15), ('device_id', .12), ('session_id', .12), ('end_user_id', .1), ('client_asn', .1), ('top_p', .2), ('reasoning', .3)):
            if r.random() < p: drop.add(f)
        ld = os.path.join(outdir, 'logs'); os.makedirs(ld, exist_ok=True)
        how, gz = r.choice(['one', 'daily', 'weekly', 'shards']), r.random() < .5; files, cache = {}, {}

        def hx(x):
            if x is None: return None
            v = cache.get(x)
            if v is None:
                v = bl(x)
                if len(x) > 40 and len(cache) < 50000: cache[x] = v
            return v

        for i, (t, e, a, st) in enumerate(rows):
            p, c = e.prog, e.cl; ip, asn, cc = c.net.at(t)
            if s.round: t = float(int(t))
            mod = e.model or (p.m2 if p.sw and t >= p.sw else p.m1); ok = st == 200; out = max(1, int(r.gammavariate(2.2, e.out / 2.2))) if ok else 0
            if p.mt: out = min(out, p.mt)
            chars = len(e.sys or '') + (sum(len(m['content']) for m in e.msgs) if e.msgs else len(e.text)); key = e.key or a.keys[0]
            for kk in a.keys[1:]:
                if not e.key and isinstance(kk, tuple) and t >= kk[0]: key = kk[1]
            o = dict(started_at=(datetime.fromtimestamp(0,
                    timezone.utc) + timedelta(milliseconds=round(t * 1000))).strftime('%Y-%m-%dT%H:%M:%S.') + f'{round(t * 1000) % 1000:03d}Z',
                        account_id=a.id)
            if a.org: o['organization_id'] = a.org
            o['api_key_id'] = key
            if e.eu: o['end_user_id'] = e.eu
            if a.res: o['reseller_id'] = a.res
            o.update(client_address=ip, client_asn=asn, client_country=cc, user_agent=c.uaat(t), tls_ja4=c.ja4, platform=c.plat, endpoint=p.ep,
                    method='POST', request_model=mod, status_code=st, input_tokens=int(chars / 4.1) + 8 if ok else 0, output_tokens=out,
                        latency_ms=int((280 + out * r.uniform(9, 19)) * r.lognormvariate(0, .2)) if ok else r.randint(20, 400), stream=bool(p.stream))
            if p.mt: o['max_tokens'] = p.mt
            if p.temp is not None: o['temperature'] = p.temp
            if p.topp is not None: o['top_p'] = p.topp
            o['request_id'] = f'req_{r.getrandbits(80):020x}'
            if e.sess: o['session_id'] = e.sess
            if c.dev: o['device_id'] = c.dev
            if s.level == 'text':
                if e.sys: o['system'] = e.sys
                if e.msgs: o['messages'] = e.msgs
                else: o['prompt'] = e.text
                if p.tools: o['tools'] = p.tools
            elif s.level == 'hashes':
                if e.sys: o['system_hash'] = hx(e.sys)
                full = '\x1f'.join(m['content'] for m in e.msgs) if e.msgs else e.text
                o.update(prompt_hash=bl(full), template_hash=hx(e.tpl or ''.join('#' if ch.isdigit() else ch for ch in e.text)), prompt_chars=chars,
                         message_count=len(e.msgs) if e.msgs else 1)
                if p.tools: o['tools_hash'] = hx(','.join(p.tools))
            if 'reasoning' not in drop:
                if e.rout and ok: o['reasoning_hash_out'] = e.rout
                if e.rin: o['reasoning_hash_in'] = e.rin
            for f in drop: o.pop(f, None)
            fn = {'one': 'requests', 'daily': 'requests-' + o['started_at'][:10], 'weekly': f'requests-w{int((t - s.t0) // (7 * D)):02d}',
                    'shards': f'part-{int(bl(a.id, 4), 16) % 4}'}[how]
            files.setdefault(fn, []).append(json.dumps(o, ensure_ascii=False, separators=(',', ':')))
        for fn, ls in sorted(files.items()):
            data = ('\n'.join(ls) + '\n').encode()
            if gz:
                b = io.BytesIO()
                with gzip.GzipFile(fileobj=b, mode='wb', mtime=0, compresslevel=3) as g: g.write(data)
                data = b.getvalue()
            with open(os.path.join(ld, fn + ('.jsonl.gz' if gz else '.jsonl')), 'wb') as f: f.write(data)

        def iso(t): return datetime.fromtimestamp(int(t), timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ') if t else ''
        order = sorted(s.accts, key=lambda a: a.created)
        if accounts:
            with open(os.path.join(outdir, 'accounts.csv'), 'w', newline='') as f:
                w = csv.writer(f, lineterminator='\n'); w.writerow(HEAD)
                for a in order:
                    fin = [x if x and x < s.t1 and x > a.created else None for x in (a.banned, a.closed)]
                    w.writerow([a.id, iso(a.created), iso(fin[0]), iso(fin[1]), a.org or '', a.parent or '', a.plan, a.cc or '', a.dom, a.pay or '',
                        a.saddr, a.dev or '', a.res or '', a.ref or '', a.rpm, a.rpd])
        with open(os.path.join(outdir, 'labels.csv'), 'w', newline='') as f:
            w = csv.writer(f, lineterminator='\n'); w.writerow(['account_id', 'structure', 'kind', 'role', 'campaign', 'detectable'])
            for a in order: w.writerow([a.id, a.sid, a.kind, 'innocent', '', 'false'])
        return len(rows), len(order)

# ------------------------------------------------------------------ innocent structures
def hospital_chain(w):
    """One domain, one invoice, many sites; interface engines day and night; central template, rolled out in waves, changed in a change window."""
    r, sd = w.r, w.sid('hospital_chain'); c = w.company(plan='contract'); c['d'] = 'health'
    eg, sysm, depts = w.biz(c['cc'], 2), mksys(r, 'health', c['n'] + ' Hospitals', 4, 7), ['discharge', 'radiology', 'triage', 'coding', 'pharmacy']
    waves = [w.old(20, 400) for _ in range(3)] + [w.t0 + r.random() * w.days * D for _ in range(r.randint(0, 2))]
    tp = {x: (mktpl(r, 'health', slots=('y', 'x')), mktpl(r, 'health', slots=('y', 'x'))) for x in depts}
    change, ja, sites = w.t0 + r.uniform(.2, .9) * w.days * D, w.cl(eg, 'java'), r.randint(14, 34)
    for i in range(sites):
        site, wave, own = f'{name(r, 2)} {r.choice(["General", "Clinic", "Memorial", "West", "Park"])}', r.choice(waves), w.biz(c['cc'])
        for dp in r.sample(depts, r.randint(1, 3)):
            a = w.cacct(c, sd, 'hospital_chain', created=wave + r.random() * 3 * H, parent=c['org'], closed=w.t0 + r.random() * w.days * D
                    if r.random() < .02 else None)
            cl, pg = Client(ja.ua, ja.ja4, eg if r.random() < .75 else own), w.prog(sysm, m1=w.models[3], p=0, temp=0, mt=1024, retry='exp')
            for t in w.pois(c['tz'], 180 / sites / 2 * r.lognormvariate(0, .5), 7, 19, .35, .8, a=a.created):
                w.ask(t, a, cl, pg, tp[dp][t > change], y=site, x=doc(r, 'health'), eu=f'ward{r.randint(1, 12)}' if r.random() < .3 else None)

def franchise_chain(w):
    """Each franchisee pays itself; the same till software everywhere; closing report after shutting; software update in one night."""
    r, sd, d = w.r, w.sid('franchise_chain'), w.r.choice(['food', 'retail', 'sport']); cc, tz = w.pick_cc()
    upd, brand = w.t0 + r.uniform(.2, .9) * w.days * D, name(r, 3); s1 = mksys(r, d, brand)
    tl = Tool('till-' + name(r).lower(), 'net', [(0, '7.1', s1), (upd, '7.2', s1 + ' ' + rule(r, d))], temp=.3, mt=600, stream=False)
    rep, rev, n = mktpl(r, d, 'summary', ('y', 'x')), mktpl(r, d, 'draft', ('y', 'x')), r.randint(40, 120)
    for i in range(n):
        town, net, lag = name(r, 3), w.home(cc) if r.random() < .5 else w.biz(cc), abs(r.gauss(0, 4 * H))
        a = w.mk(sd, 'franchise_chain', net, created=w.born(.15), cc=cc, dom=w.dom() if r.random() < .3 else w.fmail(), pay=w.pay(), ref='till'
                if r.random() < .3 else None, plan=r.choice(['build', 'build', 'pro']))
        cl, pg, shut = w.tcl(tl, net, lag), w.tprog(tl, lag, m1=w.models[1], p=0), r.choice([20, 21, 21.5, 22, 23])
        for t in w.workdays(tz, .95, r.choice([.9, .9, .0]), a=a.created):
            w.ask(t + shut * H + r.gauss(8, 6) * MIN, a, cl, pg, rep, y=f'{brand} {town}', x=doc(r, d, 3, 6))
        for t in w.pois(tz, 120 / n * r.lognormvariate(0, .6), 10, 22, 0, 1.2, a=a.created): w.ask(t, a, cl, pg, rev, y=f'{brand} {town}', x=doc(r, d, 1, 3))

def firmware_kit(w):
    """Hobby devices with one published firmware: identical client, prompts and ticks; each its own account and address; burst after an article."""
    r, sd, d = w.r, w.sid('firmware_kit'), w.r.choice(['garden', 'energy', 'music', 'travel'])
    art, ota, s1 = w.t0 + r.uniform(.1, .6) * w.days * D, w.t0 + r.uniform(.3, .9) * w.days * D, mksys(r, d, lo=1, hi=3)
    tl = Tool(name(r).lower() + 'kit', 'emb', [(0, '1.3.0', s1), (ota, '1.4.0', s1 + ' ' + rule(r, d))], temp=.7, mt=120, stream=False, suffix=' ESP32')
    tpl, tpl2, n, ntp = mktpl(r, d), mktpl(r, d), r.randint(90, 220), r.random() < .5
    for i in range(n):
        cc, tz = w.pick_cc(); net, lag, per = w.home(cc), r.choice([r.random() * D, r.expovariate(1 / (5 * D))]), r.choice([H, H, 3 * H, 6 * H, 12 * H, D])
        cr = art + r.expovariate(1 / (3 * D)) if r.random() < .5 else w.born(.2)
        a = w.mk(sd, 'firmware_kit', net, created=min(cr, w.t1 - D), cc=cc, pay=w.pay() if r.random() < .7 else '', plan='free' if r.random() < .4
                else 'build', ref='kit' if r.random() < .1 else None)
        cl, pg = w.tcl(tl, net, lag), w.tprog(tl, lag, m1=w.models[1], p=0, out=60, retry='none')
        a1 = a.created + r.expovariate(1 / (1.5 * D))  # some switch it off after a while
        ph, end = (0 if ntp and per < D else r.random() * per), a1 + r.expovariate(1 / (30 * D))
        for t in w.cron(per, ph, .4 if ntp else 3, a=a1, b=end):
            if r.random() < min(1, per / (5 * H)):
                w.ask(t, a, cl, pg, tpl2 if ota + lag < t else tpl, x=f'{noun(r, d)}={r.randint(0, 99)} {noun(r, d)}={r.uniform(0, 40):.1f} {r.choice(ADJ)}')

def editor_plugin(w):
    """A published editor plugin: fixed instruction, own keys; people in working hours of their zone; a release in the middle."""
    r, sd = w.r, w.sid('editor_plugin'); tl = w.mktool('xplugin', r.choice(['node', 'rust']), 'code', 2, lo=3, hi=6, temp=.1, mt=r.choice([256, 512, 1024]))
    for i in range(r.randint(80, 190)):
        cc, tz = w.pick_cc(); home, lag = w.home(cc), r.expovariate(1 / (1.5 * D)); net = Roam(w.biz(cc), home, tz, r) if r.random() < .5 else home
        a = w.mk(sd, 'editor_plugin', home, created=w.born(.25), cc=cc, dom=w.dom() if r.random() < .3 else None, pay=w.pay(),
                plan=r.choice(['build', 'build', 'pro']))
        cl, pg, lo = w.tcl(tl, net, lag), w.tprog(tl, lag, retry='none'), r.uniform(7, 14)
        d, pre = r.choice(DK), r.choice(['Explain:\n', 'Fix:\n', 'Add tests:\n'])
        for ss in w.hum(tz, 5, lo, lo + 8, r.uniform(.2, .6), .15, 5, 50, a=a.created):
            for t in ss: w.emit(t, a, cl, pg, pre + code(r, d), tpl=pre + '<code>')

def byok_app(w):
    """Bring-your-own-key app: users' accounts all send the app's prompts, some through its egress; key check on entry; a release moves the default model."""
    r, sd, d = w.r, w.sid('byok_app'), w.r.choice(DK); brand, eg, s1 = name(r, 3), w.hosting(r.randint(3, 8)), mksys(r, d, lo=4, hi=8)
    rel = w.rel or w.t0 + .5 * w.days * D; rel = max(rel + r.uniform(4, 20) * H, w.t0 + 2 * D)
    tl = Tool(brand.lower() + '-app', 'node', [(0, '3.4.1', s1), (rel, '3.5.0', s1 + ' ' + rule(r, d))], temp=r.choice([.4, .6, 1.0]), mt=1500)
    feats, sync, n = [mktpl(r, d) for _ in range(r.randint(3, 6))], mktpl(r, d, 'summary', ('y', 'x')), r.randint(90, 230)
    launch = w.t0 + r.uniform(.1, .7) * w.days * D
    for i in range(n):
        cc, tz = w.pick_cc(); home, cloud = w.home(cc), r.random() < r.choice([.4, .7])
        born = launch + r.expovariate(1 / (2 * D)) if r.random() < .3 else w.born(.25)
        a = w.mk(sd, 'byok_app', home, created=min(born, w.t1 - H), cc=cc, pay=w.pay() if r.random() < .9 else '', plan=r.choice(['free', 'build', 'build',
                'pro']), banned=w.t0 + r.random() * w.days * D if r.random() < .02 else None)
        lag = 0 if cloud else r.expovariate(1 / D); cl = w.tcl(tl, eg if cloud else home, lag, dev=not cloud); pg = w.tprog(tl, lag, p=0, retry='sdk')
        pg.m1, pg.m2, pg.sw = w.models[3], w.newm if w.rel else w.models[2], rel + lag if r.random() < .8 else None
        add = max(a.created + r.uniform(2, 40) * MIN, w.t0 - D); w.emit(add, a, w.tcl(tl, eg, 0, dev=False), pg, 'ping', out=2)
        note = [doc(r, d, 2, 4) for _ in range(r.randint(2, 12))]  # a user's own notes come back again and again
        lo = r.uniform(6, 17)
        for ss in w.hum(tz, 4 * r.lognormvariate(0, .6), lo, lo + 7, r.uniform(.2, .6), .4, 4, 60, a=add):
            for t in ss: w.ask(t, a, cl, pg, r.choice(feats), x=r.choice(note) if r.random() < .4 else doc(r, d, 1, 4))
        if cloud and r.random() < .6:
            for t in w.cron(D, 2 * H + r.random() * 300, 20, a=add):
                if r.random() < .5: w.ask(t, a, cl, pg, sync, y=r.choice(note), x=doc(r, d, 1, 2))

def bootcamp(w):
    """Cohorts sign up in the class room on their first day, do the same project, stop at the end; the next cohort starts the next Monday."""
    r, sd, c = w.r, w.sid('bootcamp'), w.company(declared=False)
    room, start, ref = w.biz(c['cc']), w.t0 - ((int(w.t0 // D) + 3) % 7 + 7 * r.randint(0, 2)) * D, r.choice([name(r).upper() + 'CAMP', None])
    for k in range(3):
        ln = r.randint(12, 30); brief = [mksys(r, 'code', lo=1, hi=3) for _ in range(4)]
        for i in range(r.randint(18, 32)):
            home, cr = w.home(c['cc']), start + (9 - c['tz']) * H + r.random() * 3 * H
            a = w.mk(sd, 'bootcamp', room, created=cr, cc=c['cc'], ref=ref, plan=r.choice(['free', 'free', 'education']), pay='',
                    closed=start + ln * D + r.random() * 4 * D if r.random() < .2 else None, dom=c['dom'] if ref and r.random() < .3 else None)
            net = Roam(room, home, c['tz'], r)
            cl, wk = w.cl(net, r.choice(['py', 'py', 'node']), dev=True), w.prog(None, m1=w.models[2], p=0, temp=r.choice([None, .7]))
            for ss in w.hum(c['tz'], 9, 9.2, r.choice([17.5, 22]), .8, .2, 5, 90, a=cr, b=start + ln * D):
                w.chat(a, cl, wk, ss, 'code', first='Project: ' + brief[int((ss[0] - start) // (7 * D)) % 4] + '\n' + human(r, 'code'), gen=lambda q,
                        dd: human(q, dd) if q.random() < .6 else 'error here:\n' + code(q, r.choice(DK)), sess=False, keep=3)
        start += math.ceil(ln / 7) * 7 * D

def university_cluster(w):
    """Shared egress of a cluster; many students; array jobs start together when a partition frees up, day and night."""
    r, sd, cc = w.r, w.sid('university_cluster'), None; cc, tz = w.pick_cc(); eg, uni = w.campus(cc, r.randint(1, 4)), name(r, 3).lower()
    org, slots = f'org_{bl(uni, 5)}', sorted(w.t0 + r.random() * w.days * D for _ in range(w.days * 3))
    groups = [(mksys(r, r.choice(['science', 'data']), lo=1, hi=4), mktpl(r, 'science')) for _ in range(r.randint(5, 9))]
    for i in range(r.randint(45, 110)):
        g = r.choice(groups) if r.random() < .5 else (mksys(r, 'science', lo=0, hi=3) if r.random() < .6 else None, mktpl(r, r.choice(DK)))
        a = w.mk(sd, 'university_cluster', eg, created=w.born(.2), cc=cc, dom=f'{r.choice(["cs", "bio", "phys", "ling", "stat"])}.{uni}.example'
                if r.random() < .8 else None, org=org if r.random() < .35 else None, pay=w.pay() if r.random() < .6 else '', plan=r.choice(['education',
                        'education', 'build', 'pro']))
        cl, pg = w.cl(eg, 'py'), w.prog(g[0], retry=r.choice(['sdk', 'exp']))
        for t in r.sample(slots, min(len(slots), r.randint(1, 4))):
            for x in w.run(t + r.expovariate(1 / 40), int(r.lognormvariate(2.6, .7)), r.choice([1, 2, 4, 8]), r.choice([3, 6])):
                w.ask(x, a, cl, pg, g[1], x=doc(r, 'science', 1, 3))

def raters(w):
    """A labelling firm's home workers; accounts the firm pays; grading rubrics per project, disjoint items, the firm's hours; leavers and Monday starters."""
    r, sd = w.r, w.sid('raters'); cards, hub, decl = [w.pay() for _ in range(r.randint(1, 3))], w.pick_cc(), r.random() < .4
    org, fdom, ccs = f'org_{r.getrandbits(40):010x}' if decl else None, w.dom(), r.sample(['PH', 'KE', 'IN', 'NG', 'VN', 'EG', 'MX', 'PL'], r.randint(1, 3))
    hr, own_dom, seats = w.biz(hub[0]), r.random() < .5, r.randint(50, 120)
    proj = [dict(d=r.choice(DK), sw=w.t0 + r.random() * w.days * D) for _ in range(r.randint(2, 4))]
    for p in proj: p['s'], p['t'] = mksys(r, p['d'], lo=3, hi=6), [mktpl(r, p['d'], 'rubric', ('x', 'y')) for _ in range(2)]
    batches, shift = [w.old(10, 200) for _ in range(4)], r.choice([8, 9, 13])
    for i in range(seats):
        cr, p = r.choice(batches) + r.random() * 5 * H, r.choice(proj)
        while True:
            cc, tz = w.pick_cc(ccs); home, leave = w.home(cc), w.t0 + r.random() * w.days * D if r.random() < .18 else None
            a = w.mk(sd, 'raters', hr if decl else home, created=cr, closed=leave, cc=cc, org=org, pay=r.choice(cards), plan='build', dom=fdom if own_dom
                    else None)
            cl, pg = w.cl(home, 'web', dev=True), w.prog(p['s'], m1=w.models[3], p=.1, temp=0, mt=800, topp=None, stream=True, retry='none')
            z = hub[1] if r.random() < .6 else tz
            for ss in w.hum(z, 7, shift, shift + 8, .85, .08, 7, 150, a=max(cr, w.t0 - D), b=leave):
                for t in ss: w.ask(t, a, cl, pg, p['t'][t > p['sw']], x=human(r, p['d']), y=doc(r, p['d']))
            if not leave: break
            cr = leave + (7 - (int(leave // D) + 3) % 7) * D + r.random() * 4 * H
            if cr > w.t1 - 2 * D: break

def benchmark_lab(w):
    """A lab runs a public benchmark over all models, and other groups run the same items with the same harness when a model comes out."""
    r, sd = w.r, w.sid('benchmark_lab'); items = [doc(r, r.choice(['science', 'law', 'code', 'data']), 2, 4) for _ in range(r.randint(60, 140))]
    tpl, ua, c = mktpl(r, 'science', 'explain'), f'{name(r).lower()}-eval/0.{r.randint(3, 9)}', w.company(plan='scale')
    rel, ms = w.rel or w.t0 + r.uniform(.2, .8) * w.days * D, w.models + ([w.newm] if w.rel else [])
    for i in range(r.randint(14, 34)):
        lab = i < r.randint(3, 6); cc, tz = (c['cc'], c['tz']) if lab else w.pick_cc()
        net = c['srv'] if lab else (w.hosting() if r.random() < .6 else w.campus(cc, 1))
        a = w.cacct(c, sd, 'benchmark_lab') if lab else w.mk(sd, 'benchmark_user', net, created=min(w.born(.3), rel), cc=cc, pay=w.pay(),
                plan=r.choice(['build', 'pro', 'pro', 'scale']), dom=w.dom() if r.random() < .7 else None)
        cl, pg = w.cl(net, 'py', ua=ua), w.prog(None, temp=0, mt=2048, p=0, out=500, topp=None, stream=False, retry='exp')
        for m in r.sample(ms, len(ms) if lab else r.randint(1, 2)):
            t = rel + abs(r.gauss(0, 1.5)) * D if m == w.newm or r.random() < .3 else w.t0 + r.random() * w.days * D
            sub = items if r.random() < .3 else r.sample(items, r.randint(15, len(items) // 2))
            for x, it in zip(w.run(t, len(sub), r.choice([1, 2, 4, 6]), 6), sub): w.ask(x, a, cl, pg, tpl, x=it, model=m)

def course(w):
    """A course with dated assignments: sign-up at the first lab, starter code, bursts before deadlines, lab server by day and homes by night."""
    r, sd = w.r, w.sid('course'); cc, tz = w.pick_cc(); uni, hub = name(r, 3).lower() + '.example', w.campus(cc, r.randint(1, 2))
    lab1 = w.t0 + (r.randint(-10, 4) + (r.choice([9, 10, 14, 16]) - tz) / 24) * D; gapd = r.choice([5, 7, 7, 10])
    dl = [math.floor((lab1 + tz * H) / D + (k + 1) * gapd) * D + r.choice([12 * H, D - 1]) - tz * H for k in range(7)]
    hw = [(mksys(r, 'data', 'course ' + name(r), 1, 3), mktpl(r, r.choice(['data', 'code', 'science']), slots=('x',)), [doc(r, 'data', 1, 2)
            for _ in range(14)]) for _ in dl]
    for i in range(r.randint(50, 130)):
        cr, home = lab1 + r.choice([r.random() * 2 * H, r.random() * 2 * H, r.expovariate(1 / (4 * D))]), w.home(cc)
        a = w.mk(sd, 'course', hub, created=cr, cc=cc, dom=uni if r.random() < .75 else None, pay='' if r.random() < .85 else w.pay(), plan='education',
                ref=r.choice(['EDU', None]))
        cl = [w.cl(hub, 'py', ua='python-httpx/0.27.0'), w.cl(home, r.choice(['py', 'py', 'web']), dev=True)]
        for k, t_dl in enumerate(dl):
            if r.random() < .12: continue
            pg = w.prog(hw[k][0], m1=w.models[1], p=0, temp=0, mt=500)
            for _ in range(r.randint(1, 3)):
                t = t_dl - r.expovariate(1 / (14 * H)) - .2 * H
                if 2 < (t + tz * H) % D / H < 8 and r.random() < .85: t -= r.uniform(6, 12) * H
                me = cl[0] if r.random() < .4 else cl[1]
                for x in w.run(t, r.randint(2, 10), 1, 60):
                    w.ask(x, a, me, pg, hw[k][1] if r.random() < .8 else hw[k][1] + ' ' + human(r, 'data').replace('{', ''), x=r.choice(hw[k][2])
                        if r.random() < .7 else human(r, 'data'))

def studio_ci(w):
    """One studio, 20 to 60 keys, one domain, one egress: build jobs take a key by job name or at random; day and night."""
    r, sd, c = w.r, w.sid('studio_ci'), w.company(plan='scale'); n, wide, d = r.randint(20, 60), r.random() < .7, r.choice(['games', 'code', 'design'])
    t_reg = w.old(30, 300)
    ac = [w.cacct(c, sd, 'studio_ci', created=t_reg + i * r.uniform(5, 40) if r.random() < .7 else w.born(.2), parent=c['org']) for i in range(n if wide
            else r.randint(2, 5))]
    keys = [f'key_{r.getrandbits(48):012x}' for _ in range(n)]
    jobs = [(w.prog(mksys(r, d, c['n'], 2, 5), p=.5, temp=0), mktpl(r, d, slots=('y', 'x'))) for _ in range(r.randint(4, 9))]
    cl, mode = w.cl(c['srv'], r.choice(['go', 'py', 'node'])), r.choice(['random', 'hash', 'rr'])
    rt = Router(ac, 'random' if mode == 'random' else 'rr', 120, r)
    for t in w.pois(c['tz'], 34, 9, 20, .3, .3):
        j, b = r.randrange(len(jobs)), f'build-{r.randint(1000, 99999)}'
        for x in w.run(t, r.randint(2, 10), r.choice([1, 4]), 5):
            k = r.randrange(n)
            w.ask(x, ac[(j * 7 + k % 3) % len(ac)] if mode == 'hash' else None, cl, jobs[j][0], jobs[j][1], y=b, x=code(r, d), router=None
                    if mode == 'hash' else rt, key=None if wide else keys[k])
    for t in w.cron(D, (2 - c['tz']) % 24 * H, 10):
        for i, x in enumerate(w.run(t, n, 8, 5)):
            w.ask(x, ac[i % len(ac)], cl, jobs[0][0], jobs[0][1], y='nightly', x=code(r, d), key=None if wide else keys[i])

def ci_farm(w):
    """A CI vendor's runners: hundreds of customers' jobs leave from the same addresses; one popular review step; nightly crons at round hours."""
    r, sd, eg = w.r, w.sid('ci_farm'), w.hosting(w.r.randint(4, 14))
    step = w.mktool('review', 'node', 'code', 2, lo=4, hi=7, temp=0, mt=2000, stream=False)
    for i in range(r.randint(110, 230)):
        cc, tz = w.pick_cc()
        a = w.mk(sd, 'ci_farm', w.home(cc), created=w.born(.2), cc=cc, pay=w.pay(), plan=r.choice(['build', 'pro', 'scale']), dom=w.dom()
                if r.random() < .8 else None, org=f'org_{r.getrandbits(40):010x}' if r.random() < .2 else None)
        pop, d = r.random() < .6, r.choice(DK)
        cl = w.tcl(step, eg, r.choice([0, r.expovariate(1 / (4 * D))]), dev=False) if pop else w.cl(eg, r.choice(['curl', 'py', 'node', 'go']))
        pg, tpl = w.tprog(step, cl.lag, p=.3) if pop else w.prog(mksys(r, d), temp=0), 'Repository {y}\n{x}' if pop else mktpl(r, 'code', slots=('y', 'x'))
        repo, rate = f'{name(r).lower()}/{name(r, 3).lower()}', r.lognormvariate(-.7, .8)
        for t in w.pois(tz, rate, 9, 19, .1, .2, a=a.created):
            for x in w.run(t, r.randint(1, 4), 1, 6): w.ask(x, a, cl, pg, tpl, y=repo, x=code(r, d))
        if r.random() < .35:
            for t in w.cron(D, r.choice([0, 0, 0, 2, 3, 4, 6]) * H, 15, a=a.created): w.ask(t, a, cl, pg, tpl, y=repo, x=code(r, d))

def _gateway(w, c, sd, kind, n, perday, mode, cool, sysm=None, ua=None, health=None, night=.3, think=False, ja4=None, created=None, jobs=3):
    r = w.r; t_reg = created or w.old(20, 300)
    ac = [w.cacct(c, sd, kind, created=t_reg + i * r.uniform(60, 900) if r.random() < .8 else w.old(), plan=c['plan'], rpm=c.get('rpm')) for i in range(n)]
    rt, cl = Router(ac, mode, cool, r), w.cl(c['srv'], 'go', ua=ua); cl.ja4 = ja4 or cl.ja4
    pgs = [(w.prog(sysm or mksys(r, c['d'], c['n']), p=.6, retry='sdk', think=think), mktpl(r, r.choice([c['d'], r.choice(DK)]))) for _ in range(jobs)]
    users, k = [f'{r.getrandbits(40):010x}' for _ in range(30)] if r.random() < .4 else [None], 0
    for t in w.pois(c['tz'], perday / 3, 8, 19, night, .4):
        pg, tpl = r.choice(pgs); k += 1; ns, s0 = r.choice([1, 1, 2, 4, 12]), f'{r.getrandbits(64):016x}'
        if r.random() < .35: w.chat(None, cl, pg, w.run(t, ns, 1, 8), c['d'], router=rt, eu=r.choice(users), sess=s0, keep=4)
        else:
            for x in w.run(t, ns, r.choice([1, 3]), 4): w.ask(x, None, cl, pg, tpl, x=doc(r, c['d']), router=rt, eu=r.choice(users))
    if health:
        hp = w.prog(None, m1=w.models[1], p=0, mt=16, temp=1, out=8, retry='none')
        for t in w.cron(health[1], (health[2] - c['tz']) % 24 * H, .2):
            for a in ac: w.emit(t + r.random(), a, cl, hp, health[0])
    return ac

def failover_gateway(w):
    """One company, own keys, a gateway that goes to the next key on 429; conversations continue on another key; daily health check of every key."""
    r, sd = w.r, w.sid('failover_gateway'); c = w.company(declared=r.random() < .7, plan='pro'); c['rpm'] = r.choice([2, 3, 4, 6])
    _gateway(w, c, sd, 'failover_gateway', r.randint(3, 10), r.randint(90, 190), r.choice(['priority', 'priority', 'sticky']), r.choice([60, 300, 600]),
            health=(r.choice(['hi', 'ping', 'health check']), r.choice([D, H * 6]), r.choice([0, 6, 8])) if r.random() < .7 else None, think=r.random() < .6)

def key_leak_migration(w):
    """Keys got into a public repository: the provider revokes all within the hour, the company makes new ones the same day and everything resumes."""
    r, sd = w.r, w.sid('key_leak_migration'); c, n = w.company(declared=r.random() < .7, plan=r.choice(['pro', 'scale'])), r.randint(8, 28)
    leak = w.t0 + r.uniform(.3, .75) * w.days * D; fix, eg = leak + r.uniform(1.5, 8) * H, [c['srv'], w.hosting(2)]
    for i in range(n):
        svc = (w.prog(mksys(r, c['d'], c['n']), p=.3, retry='sdk'), mktpl(r, c['d']))
        kind, t_mig = 'key_leak_migration', fix + r.expovariate(1 / (2 * H)) if r.random() < .85 else fix + r.uniform(10, 40) * H
        old = w.cacct(c, sd, kind, banned=leak + r.random() * 50 * MIN, created=w.old(20, 500))
        new = w.cacct(c, sd, kind, created=fix - r.random() * H * .8) if r.random() < .92 else None
        cl, users = w.cl(r.choice(eg), r.choice(['py', 'node', 'go'])), [doc(r, c['d']) for _ in range(20)]
        cronlike, rate = r.random() < .3, 150 / n * r.lognormvariate(0, .6)
        times = w.cron(D / max(1, rate // 1), r.random() * H, 2) if cronlike else w.pois(c['tz'], rate, night=.3)
        for t in times:
            a = old if t < t_mig else new
            if a: w.ask(t, a, cl, svc[0], svc[1], x=r.choice(users) if r.random() < .3 else doc(r, c['d']))

def same_gateway_companies(w):
    """Six to ten declared companies, own invoices, domains and exits; all run the same gateway program with the same system prompt and health check."""
    r = w.r
    base, ua, hc, ja = mksys(r, 'support', 'the gateway', 3, 6), f'{name(r).lower()}-gateway/1.{r.randint(2, 9)}.0', r.choice(['hi', 'ping',
            'Say OK']), w.ja4['go']
    for i in range(r.randint(6, 10)):
        c = w.company(plan=r.choice(['pro', 'scale', 'contract'])); c['rpm'] = r.choice([None, None, 4, 8]); sd = w.sid('same_gateway_company')
        _gateway(w, c, sd, 'same_gateway_company', r.randint(3, 10), r.randint(18, 40), r.choice(['rr', 'random', 'sticky', 'priority']),
                r.choice([60, 600]), sysm=base, ua=ua, health=(hc, D, 8), ja4=ja, jobs=r.randint(2, 4))

def agency(w):
    """An agency runs its clients' accounts and pays for some; weekly reports for all from its own egress; the clients also log in."""
    r, sd, c = w.r, w.sid('agency'), w.company(declared=w.r.random() < .5)
    tpls, tools = [mktpl(r, d, slots=('y', 'x')) for d in ('retail', 'design', 'news', 'finance')], w.cl(c['srv'], 'py')
    for i in range(r.randint(18, 45)):
        cc, tz = (c['cc'], c['tz']) if r.random() < .8 else w.pick_cc(); brand, d, pays = name(r, 3), r.choice(DK), r.random() < .5; own = w.home(cc)
        a = w.mk(sd, 'agency', None, created=w.born(.15), cc=cc, dom=w.dom(brand) if r.random() < .7 else c['dom'], pay=c['pay'] if pays else w.pay(),
                plan='build', saddr=c['office'].at(0)[0] if r.random() < .7 else own.at(w.t0)[0], org=c['org'] if pays else None)
        pg = w.prog(mksys(r, 'design', brand, 1, 2), p=.2)
        for t in w.cron(7 * D, (4 * 24 + 7 - c['tz']) * H, 1, a=a.created):  # epoch day 4 is a Monday
            for x in w.run(t + i * 20, r.randint(4, 10), 1, 5): w.ask(x, a, tools, pg, r.choice(tpls), y=brand, x=doc(r, d))
        staff = Roam(c['office'], w.home(c['cc']), c['tz'], r)
        for me, z, rate in ((w.cl(staff, 'web', dev=True), c['tz'], 3), (w.cl(own, 'web', dev=True), tz, 1.2)):
            for ss in w.hum(z, rate, 9, 18, .45, .02, 4, 90, a=a.created): w.chat(a, me, pg, ss, d, keep=3)

def reseller(w):
    """An honest reseller's customers: reseller_id on each, the reseller is billed, own programs, own addresses."""
    r, sd, res, py = w.r, w.sid('reseller'), f'res_{w.r.getrandbits(24):06x}', w.pay(); ccs = [w.pick_cc() for _ in range(2)]
    for i in range(r.randint(50, 130)):
        cc, tz = r.choice(ccs)
        w.lone(r.choice(['cli', 'chat', 'chat', 'app', 'cron', 'note', 'plug', 'fw', 'bot']), sd, 'reseller_customer', cc=cc, tz=tz, pay=py,
                plan=r.choice(['build', 'pro']), res=res, ref='partner', vol=.7)

def family_plan(w):
    """Families of three to five on one card and one home line."""
    r = w.r
    for i in range(r.randint(9, 22)):
        cc, tz = w.pick_cc(); sd, net, py, dm, cr = w.sid('family_plan'), w.home(cc), w.pay(), w.fmail(), w.old()
        for k in range(r.randint(3, 5)):
            w.lone(r.choice(['chat', 'chat', 'mob', 'cli']), sd, 'family_plan', cc=cc, tz=tz, pay=py, plan='family', net=net, dom=dm if r.random() < .6
                    else w.fmail(), created=cr + r.expovariate(1 / (3 * D)), vol=.6)

def hackathon(w):
    """Sign-up burst with an event code; venue network and phones; starter kit; accounts at their limits at once; nearly all over after two days."""
    r, sd = w.r, w.sid('hackathon'); cc, tz = w.pick_cc()
    t, hall, code_ = w.t0 + (int(r.uniform(.2, .7) * w.days) // 7 * 7 + (4 - int(w.t0 // D) - 3) % 7) * D + (17 - tz) % 24 * H, w.biz(cc,
            2), name(r).upper() + str(r.randint(10, 99))
    kit, ln = mksys(r, r.choice(DK), 'hack ' + name(r), 1, 3), r.uniform(24, 46) * H
    for team in range(r.randint(22, 55)):
        d, own = r.choice(DK), mksys(r, r.choice(DK), name(r, 3), 0, 4); tpl, srv = mktpl(r, d), w.hosting()
        for k in range(r.randint(1, 5)):
            cr = t + r.triangular(-1.5, 3, .3) * H
            a = w.mk(sd, 'hackathon', hall, created=cr, cc=cc, ref=code_, plan='free', pay='', dom=None if r.random() < .8 else w.dom(), rpm=w.rpm['build'])
            net = hall if r.random() < .7 else w.mobile(cc)
            cl, pg = w.cl(net, r.choice(['py', 'node', 'py', 'web'])), w.prog(kit if r.random() < .5 else own, p=0, retry=r.choice(['none', 'sdk'])); x = cr
            while x < t + ln:
                if not 1 < (x + tz * H) % D / H < 7 or r.random() < .3:
                    for y in w.run(x, r.randint(1, 9), r.choice([1, 1, 3]), 5):
                        w.ask(y, a, cl, pg, tpl, x=doc(r, d, 1, 2)) if r.random() < .7 else w.emit(y, a, cl, pg, human(r, d))
                x += r.lognormvariate(math.log(3 * H), .8)
            if r.random() < .12:  # the demo goes on
                s2 = w.cl(srv, 'node')
                for y in w.pois(tz, 3, a=t + ln): w.ask(y, a, s2, pg, tpl, x=doc(r, d, 1, 2))

def tenant_platform(w):
    """A SaaS with one key (account) per tenant, one payer, one egress; tenants come from sales; the template changes for all at a deploy."""
    r, sd, c = w.r, w.sid('tenant_platform'), w.company(plan='scale')
    d, eg, n, decl = c['d'], w.hosting(r.randint(2, 6)), r.randint(60, 170), r.random() < .85
    dep, s1 = w.t0 + r.uniform(.2, .85) * w.days * D, mksys(r, d, '{y}', 4, 7)
    s2, feats = s1 + ' ' + rule(r, d), [mktpl(r, d) for _ in range(r.randint(3, 6))]
    job, rows = w.cl(eg, r.choice(['node', 'java', 'net', 'py'])), r.random() < .5
    for i in range(n):
        cc, tz = (c['cc'], c['tz']) if r.random() < .6 else w.pick_cc()
        ten, churn = name(r, 3), w.t0 + r.random() * w.days * D if r.random() < .04 else None
        a = w.cacct(c, sd, 'tenant_platform', created=w.born(.2), closed=churn, parent=c['org'] if decl else None, org=c['org'] if decl else None,
                saddr=eg.at(0)[0], dom=c['dom'], rpm=r.choice([None, 20]))
        pg, u = w.prog(None, m1=w.models[2], p=0, temp=.2, mt=700, retry='exp'), [f'{r.getrandbits(40):010x}' for _ in range(r.randint(2, 15))]
        own = [doc(r, d, 1, 3) for _ in range(r.randint(4, 20))]
        for t in w.pois(tz, 200 / n * r.lognormvariate(0, .9), r.randint(6, 9), r.randint(17, 22), .04, r.choice([.1, .6]), a=a.created):
            w.ask(t, a, job, pg, r.choice(feats), x=r.choice(own) if r.random() < .35 else doc(r, d), eu=r.choice(u), sysm=(s2 if t > dep
                    else s1).replace('{y}', ten))
        if rows:
            for t in w.cron(D, 3 * H + r.random() * 20 * MIN, 5, a=a.created):
                w.ask(t, a, job, pg, feats[0], x=r.choice(own), sysm=(s2 if t > dep else s1).replace('{y}', ten))

def agent_framework(w):
    """A popular agent framework: its release changes prompts, client version and default model of many independent users in one day."""
    r, sd = w.r, w.sid('agent_framework'); rel, s1 = (w.rel + 3 * H if w.rel else w.t0 + r.uniform(.3, .8) * w.days * D), mksys(r, 'code', lo=6, hi=10)
    s2 = mksys(r, 'code', lo=7, hi=11)
    tl = Tool(name(r, 2).lower() + '-agents', 'py', [(0, '0.14.3', s1), (rel, '0.15.0', s2)], tools=['search', 'browse', 'python', 'finish'],
            temp=r.choice([0, .7]), mt=4096, stream=False)
    for i in range(r.randint(120, 260)):
        cc, tz = w.pick_cc(); lag = r.random() * 14 * H if r.random() < .6 else r.expovariate(1 / (5 * D))
        net = w.hosting() if r.random() < .6 else w.home(cc)
        a = w.mk(sd, 'agent_framework', net, created=w.born(.15), cc=cc, pay=w.pay(), dom=w.dom() if r.random() < .5 else None,
                plan=r.choice(['build', 'pro', 'scale']), org=f'org_{r.getrandbits(40):010x}' if r.random() < .15 else None)
        d = r.choice(DK); cl, pg = w.tcl(tl, net, lag, dev=False), w.tprog(tl, lag, '\n# Goal\n' + mksys(r, d, None, 0, 2), p=0)
        pg.m1, pg.m2, pg.sw = w.models[3], w.newm if w.rel else None, rel + lag if w.rel and r.random() < .7 else None
        for t in w.pois(tz, .5 * r.lognormvariate(0, .7), 8, 20, .3, .6, a=a.created): w.chat(a, cl, pg, w.run(t, r.randint(1, 6), 1, 5), d, keep=4)

def translation_coop(w):
    """Freelance translators: shared glossary prompt, one big document cut in pieces among them (disjoint), dated deliveries; some on the co-op's card."""
    r, sd = w.r, w.sid('translation_coop'); dm, card, ua = w.dom(), w.pay(), f'{name(r)}CAT/11.{r.randint(0, 5)}'
    books = [dict(l=r.choice(list(LANG)), d=r.choice(DK), due=w.t0 + r.uniform(.15, 1) * w.days * D, t=mktpl(r, 'law', 'translate'), s=mksys(r, 'law', lo=4,
            hi=7)) for _ in range(5)]
    for i in range(r.randint(25, 60)):
        cc, tz = w.pick_cc(); home = w.home(cc)
        a = w.mk(sd, 'translation_coop', home, created=w.born(.1), cc=cc, dom=dm if r.random() < .5 else None, pay=card if r.random() < .3 else w.pay(),
                plan=r.choice(['build', 'pro']))
        cl, wd = w.cl(home, 'net', ua=ua, dev=True), r.uniform(6, 12)
        for b in r.sample(books, r.randint(1, 3)):
            pg = w.prog(b['s'], m1=w.models[2], p=.1, temp=.1, mt=1200)
            for ss in w.hum(tz, 10, wd, wd + 8, .7, .2, 9, 110, a=max(a.created, b['due'] - 9 * D), b=b['due']):
                for t in ss: w.ask(t, a, cl, pg, b['t'], x=foreign(r, b['l'], 30))

def newsroom(w):
    """One declared news house: desks summarise the same wire copy, rush together at breaking news, work in three shifts, from office and home."""
    r, sd, c = w.r, w.sid('newsroom'), w.company(plan='scale'); n = r.randint(18, 45)
    desks = [(w.prog(mksys(r, 'news', c['n'] + ' ' + x, 2, 4), m1=w.models[2], temp=.3), mktpl(r, 'news')) for x in ('world', 'sport', 'local', 'web',
            'money')]
    seats = []
    for i in range(n):
        a = w.cacct(c, sd, 'newsroom', created=w.born(.05), parent=c['org'])
        seats.append((a, w.cl(Roam(c['office'], w.home(c['cc']), c['tz'], r, 6, 23, .8, False), 'web', dev=True), r.choice(desks),
                r.choice([6, 9, 9, 14, 21])))
    for i in range(w.days * 3):
        t, wire = w.t0 + r.random() * w.days * D, doc(r, 'news', 3, 6); big = r.random() < .12
        for a, cl, (pg, tpl), sh in seats:
            if ((t + c['tz'] * H) % D / H - sh) % 24 < 8.5 and r.random() < (.9 if big else .25):
                w.ask(t + r.expovariate(1 / (90 if big else 900)), a, cl, pg, tpl, x=wire)
    for a, cl, (pg, tpl), sh in seats:
        for ss in w.hum(c['tz'], 5, sh, sh + 8, .7, .5, 3, 90, a=a.created): w.chat(a, cl, pg, ss, 'news', keep=3)

def language_schools(w):
    """A chain of schools: class-room accounts, the same lesson of the week at the full hour; head office pays some schools; declared or not."""
    r, sd, c = w.r, w.sid('language_schools'), w.company(declared=w.r.random() < .5); pays, lang = [c['pay'], w.pay()], r.sample(list(LANG), 3)
    les = [(mksys(r, 'school', c['n'], 3, 5), mktpl(r, 'school')) for _ in range(w.days // 7 + 3)]; ua = f'{c["n"]}Teach/2.{r.randint(0, 9)}'
    for k in range(r.randint(9, 24)):
        cc, tz = (c['cc'], c['tz']) if r.random() < .7 else w.pick_cc(); line, head, lg = w.biz(cc), r.random() < .6, r.choice(lang)
        own, cr = w.pay(), w.born(.1)
        for room in range(r.randint(3, 7)):
            a = w.mk(sd, 'language_schools', line, created=cr + r.random() * 2 * H, cc=cc, dom=c['dom'] if r.random() < .7 else None, pay=r.choice(pays)
                    if head else own, org=c['org'] if head else None, plan='build')
            cl = w.cl(line, 'net', ua=ua, dev=True)
            for day in w.workdays(tz, .9, .3, a=a.created):
                wk = max(0, int((day - w.t0) // (7 * D)) + 1); pg = w.prog(les[wk][0], m1=w.models[1], p=0, temp=.7, mt=400)
                for h in r.sample(range(9, 21), r.randint(0, 2)):
                    for j in range(r.randint(1, 3)):
                        w.ask(day + h * H + j * r.uniform(60, 600) + r.random() * 120, a, cl, pg, les[wk][1], x=foreign(r, lg, 10) if r.random() < .6
                        else human(r, 'school'))

def cgnat_crowd(w):
    """A mobile carrier: hundreds of unrelated customers behind a few addresses."""
    r, sd = w.r, w.sid('cgnat_crowd'); cc, tz = w.pick_cc(['ID', 'IN', 'NG', 'BR', 'PH', 'VN', 'KE', 'EG', 'MX']); b = w.asblk(cc)
    base = w.ip(b).rsplit('.', 1)[0]; net = Net([f'{base}.{x}' for x in r.sample(range(1, 254), r.randint(4, 12))], b[0], cc, mode='pool', r=r)
    for i in range(r.randint(130, 280)):
        w.lone(r.choice(['chat', 'chat', 'chat', 'note', 'trial', 'cli', 'plug', 'trial']), sd, 'cgnat_crowd', cc=cc, tz=tz, net=net, vol=.6)

def modding(w):
    """Gamers share prompts on a forum: copies change hand by hand, posts make waves, evenings and weekends; a shared saved chat is imported by many."""
    r, sd = w.r, w.sid('modding'); pool, post = [mksys(r, 'games', name(r), 4, 7)], [w.t0 + r.random() * w.days * D for _ in range(r.randint(3, 6))]
    save = [{'role': 'user', 'content': doc(r, 'games', 2, 3)}, {'role': 'assistant', 'content': doc(r, 'games', 2, 3)}]
    blob, ua, made = f'{r.getrandbits(64):016x}', f'{name(r).lower()}-bridge/0.{r.randint(4, 20)}', False; save_at = r.choice(post)
    for p in post: pool.append(' '.join(x for x in pool[-1].split('. ') if r.random() < .9).replace('..', '.') + ' ' + rule(r, 'games'))
    for i in range(r.randint(70, 170)):
        cc, tz = w.pick_cc(); home, p = w.home(cc), r.randrange(len(post)); cr = post[p] + r.expovariate(1 / (2 * D)) if r.random() < .45 else w.old()
        a = w.mk(sd, 'modding', home, created=min(cr, w.t1 - H), cc=cc, pay=w.pay() if r.random() < .75 else '', plan=r.choice(['free', 'build', 'build']),
                ref='forum' if r.random() < .15 else None)
        cl = w.cl(home, r.choice(['node', 'node', 'py', 'net']), ua=ua if r.random() < .6 else None)
        npc, mine = person(r), pool[p + 1] if r.random() < .7 else pool[0] + ' ' + rule(r, 'games')
        pg, imp = w.prog(mine, temp=r.choice([.9, 1.0, 1.1]), mt=r.choice([200, 300, 400]), p=.2, think=r.random() < .4), r.random() < .15
        for ss in w.hum(tz, 6 * r.lognormvariate(0, .5), 17, 25, r.uniform(.15, .45), .7, 7, 45, a=max(a.created, post[p] - (0 if r.random() < .6 else 9e9))):
            if not made and ss[0] < save_at:  # the author of the saved chat
                e = w.emit(ss[0], a, cl, pg, save[0]['content'], msgs=save[:1], think=True); blob, made = (e.rout, True) if e else (blob, made)
            if imp and made and ss[0] > save_at:
                for t in ss: q = human(r, 'games'); w.emit(t, a, cl, pg, q, msgs=save + [{'role': 'user', 'content': q}], rin=blob)
                imp = r.random() < .3
            else: w.chat(a, cl, pg, ss, 'games', first=f'[{npc}] ' + sent(r, 'games'), keep=4)

def call_centre(w):
    """An outsourcer: agents' seats, three brands, rotating shifts, hot desks (one device, several accounts), few exits; leavers and new classes."""
    r, sd, c = w.r, w.sid('call_centre'), w.company(*w.pick_cc(['PH', 'IN', 'ZA', 'EG', 'PL', 'MX']), declared=w.r.random() < .7, plan='pro')
    eg, brands = w.biz(c['cc'], r.randint(1, 3)), [name(r, 3) for _ in range(3)]
    pt = [(w.prog(mksys(r, 'support', b, 3, 6), m1=w.models[1], p=.1, temp=.2, mt=500), mktpl(r, 'support', r.choice(['draft', 'summary']))) for b in brands]
    desks = [w.cl(eg, 'web', dev=True) for _ in range(r.randint(18, 45))]
    cls, home_tz = [w.old(10, 400) for _ in range(4)], r.choice([c['tz'], c['tz'], -5])
    for i in range(int(len(desks) * 2.3)):
        leave = w.t0 + r.random() * w.days * D if r.random() < .1 else None
        cr = r.choice(cls) + r.random() * 2 * H if r.random() < .88 else w.t0 + r.randrange(w.days) * D + 10 * H
        a = w.cacct(c, sd, 'call_centre', created=cr, closed=leave, plan='build', saddr=eg.at(0)[0]); b, rot = r.randrange(3), r.randrange(3)
        for k, day in enumerate(w.workdays(home_tz, .72, .6, a=cr)):
            sh, desk = (6, 14, 22)[(rot + int((day - w.t0) // (7 * D))) % 3], r.choice(desks); x = day + sh * H + r.random() * 40 * MIN
            for _ in range(r.randint(1, 6)):
                pg, tpl = pt[b]; w.ask(x, a, desk, pg, tpl, x=human(r, 'support') + ' ' + doc(r, 'support', 1, 2))
                x += r.expovariate(1 / (70 * MIN))

def synthetic_data(w):
    """One contract customer makes training data for its own product: one template, disjoint items, 24/7, a few keys, all openly one organisation."""
    r, sd, c = w.r, w.sid('synthetic_data'), w.company(plan='contract'); d, n = c['d'], r.randint(4, 12)
    ac = [w.cacct(c, sd, 'synthetic_data', parent=c['org'], created=w.old(20, 300) if r.random() < .8 else w.born(.9)) for _ in range(n)]
    cl = w.cl(w.hosting(r.choice([1, 4, 12])), 'py'); rt = Router(ac, r.choice(['rr', 'random']), 60, r)
    jobs = [(w.prog(mksys(r, d, lo=2, hi=5), m1=w.models[3], p=.8, temp=1.0, mt=4096, out=900, retry='exp'), mktpl(r, d, st))
            for st in r.sample(['generate', 'rubric', 'explain', 'rewrite'], 2)]
    t = w.t0 + r.uniform(0, .3) * w.days * D; end, step = t + r.uniform(8, 20) * D, 20 * D / r.randint(4500, 9000)
    while t < min(end, w.t1):
        pg, tpl = jobs[r.random() < .25]; w.ask(t, None, cl, pg, tpl, x=f'{r.choice(DK)}, {noun(r, d)}, {person(r)}: ' + doc(r, d, 1, 3), router=rt)
        t += step * r.lognormvariate(0, .5)

def outage_recovery(w):
    """A long outage; afterwards everybody tries again at once. The users of one job-queue library resume together when the status page turns green."""
    r, sd = w.r, w.sid('queue_users'); a = w.t0 + r.uniform(.3, .8) * w.days * D; w.outs.append([a, a + r.uniform(1.5, 5) * H, r.uniform(.96, 1)])
    if r.random() < .5: w.outs.append([w.outs[-1][1] + 1 * H, w.outs[-1][1] + 1.6 * H, .8])
    ua = f'{name(r).lower()}-queue/5.{r.randint(0, 9)}'
    for i in range(r.randint(60, 130)):
        cc, tz = w.pick_cc(); net, d = w.hosting(r.choice([1, 2])), r.choice(DK)
        ac = w.mk(sd, 'queue_user', net, created=w.born(.05), cc=cc, dom=w.dom(), pay=w.pay(), plan=r.choice(['build', 'pro', 'scale']))
        cl, pg, tpl = w.cl(net, 'node', ua=ua), w.prog(mksys(r, d), retry='queue'), mktpl(r, d)
        for t in w.pois(tz, 3.5 * r.lognormvariate(0, .6), night=.5, a=ac.created): w.ask(t, ac, cl, pg, tpl, x=doc(r, d, 1, 3))

def dorm(w):
    """A students' house: many rooms behind a few addresses, evenings and nights, unlike interests."""
    r, sd = w.r, w.sid('dorm'); cc, tz = w.pick_cc(); net, uni = w.campus(cc, r.randint(1, 4)), name(r, 3).lower() + '.example'
    for i in range(r.randint(50, 120)):
        w.lone(r.choice(['chat', 'chat', 'cli', 'note', 'trial', 'bot', 'plug']), sd, 'dorm', cc=cc, tz=tz + 3, net=net, dom=uni if r.random() < .4
                else w.fmail(), vol=.8)

def coworking(w):
    """A coworking space: members of unlike firms behind one address in office hours."""
    r, sd = w.r, w.sid('coworking'); cc, tz = w.pick_cc(); net, ev = w.biz(cc), w.t0 + r.random() * w.days * D
    for i in range(r.randint(35, 80)):
        w.lone(r.choice(['cli', 'chat', 'note', 'plug', 'cron', 'fw', 'trial']), sd, 'coworking', cc=cc, tz=tz, net=Roam(net, w.home(cc), tz, r), srv=net
                if r.random() < .4 else None, dom=w.dom(), created=ev + r.random() * 4 * H if r.random() < .1 else w.born(.1), vol=.8)

def nocode_nightly(w):
    """A no-code automation product: customers' own accounts, the product's exits and client, gallery templates, schedules at popular hours."""
    r, sd, eg = w.r, w.sid('nocode_nightly'), w.hosting(w.r.randint(5, 14))
    gal = [(mksys(r, d, 'workflow', 0, 2), mktpl(r, d), d) for d in r.choices(DK, k=r.randint(6, 12))]
    ua, top = f'{name(r)}Flow/1.0 (+workflow)', [0, 0, 1, 6, 8, 9]
    for i in range(r.randint(110, 240)):
        cc, tz = w.pick_cc()
        a = w.mk(sd, 'nocode_nightly', w.home(cc), created=w.born(.25), cc=cc, dom=w.dom() if r.random() < .45 else None, pay=w.pay(),
                plan=r.choice(['build', 'build', 'pro']))
        cl = w.cl(eg, 'node', ua=ua); cl.ja4 = w.ja4['node']
        for _ in range(r.choice([1, 1, 2])):
            s_, t_, d = r.choice(gal) if r.random() < .65 else (mksys(r, 'data', None, 0, 3), None, r.choice(DK))
            pg, tpl = w.prog(s_, m1=w.models[1] if r.random() < .6 else None, p=.1, temp=.7, mt=500, retry='none'), t_ or mktpl(r, d)
            hr = (r.choice(top) - (tz if r.random() < .6 else 0)) % 24 * H
            for t in w.cron(r.choice([D, D, D, 7 * D]), hr + r.choice([0, 0, 0, 15 * MIN, 30 * MIN]), 12, a=a.created):
                for x in w.run(t, max(1, int(r.expovariate(1 / 1.6))), 1, 4): w.ask(x, a, cl, pg, tpl, x=doc(r, d, 1, 3))

SCENARIOS = {
    'health_and_calls': (hospital_chain, call_centre, cgnat_crowd, failover_gateway, family_plan),
    'main_street': (franchise_chain, agency, coworking, reseller, family_plan),
    'makers': (firmware_kit, editor_plugin, modding, hackathon),
    'campus': (university_cluster, course, dorm, bootcamp, benchmark_lab),
    'builders': (studio_ci, ci_farm, agent_framework, key_leak_migration),
    'data_work': (raters, synthetic_data, benchmark_lab, translation_coop),
    'gateways': (same_gateway_companies, failover_gateway, key_leak_migration, tenant_platform),
    'platforms': (tenant_platform, nocode_nightly, byok_app, reseller),
    'words': (newsroom, translation_coop, language_schools, raters, agency),
    'outage': (outage_recovery, nocode_nightly, call_centre, language_schools, studio_ci),
    'launch_day': (agent_framework, byok_app, hackathon, benchmark_lab, editor_plugin),
    'shared_lines': (cgnat_crowd, dorm, coworking, hospital_chain, university_cluster, bootcamp),
    'hard_byok': (byok_app,), 'hard_tenants': (tenant_platform,), 'hard_raters': (raters,), 'hard_leak': (key_leak_migration, key_leak_migration),
    'hard_gateways': (same_gateway_companies, failover_gateway), 'hard_synthetic': (synthetic_data, synthetic_data), 'hard_ci': (ci_farm, studio_ci),
    'hard_cohorts': (bootcamp, course, raters),
    'quiet': (),
}

def main():
    if len(sys.argv) > 1 and sys.argv[1] == 'list': print('\n'.join(SCENARIOS)); return
    p = argparse.ArgumentParser(); p.add_argument('scenario', choices=list(SCENARIOS))
    p.add_argument('seed', type=int)
    p.add_argument('outdir')
    p.add_argument('--level', choices=['text', 'hashes', 'metadata'], default='text')
    p.add_argument('--no-accounts', action='store_true')
    o = p.parse_args(); w = World(o.scenario, o.seed, o.level); w.background()
    for f in SCENARIOS[o.scenario]:
        n = len(w.ev); f(w)
        if os.environ.get('AUTHOR_VERBOSE'): print(f'{f.__name__:24s} {len(w.ev) - n}', file=sys.stderr)
    w.sweep()
    w.thin()
    n, m = w.write(o.outdir, not o.no_accounts); print(f'{o.scenario} seed {o.seed}: {n} requests, {m} accounts, {w.days} days', file=sys.stderr)

if __name__ == '__main__': main()
