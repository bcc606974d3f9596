#!/usr/bin/env python3
"""Simulated API access logs with labels: a pool of fraudulent accounts whose operator evades forensics or frames innocents.

One trick per scenario. Background, innocent structures and the base of the pool are drawn from random streams that depend on
the seed only, never on the scenario, so two scenarios of one seed differ in the trick and in what follows from it.

    author_attack.py list
    author_attack.py SCENARIO SEED OUTDIR [--level text|hashes|metadata] [--no-accounts]
"""
import argparse
import bisect
import csv
import datetime as dt
import gzip
import hashlib
import heapq
import json
import math
import os
import random
import re

DAY, HOUR = 86400.0, 3600.0

# scenario -> (tricks, framing)
SCENARIOS = {"plain_pool": ([], None), "every_item_twice": (["twice"], None), "own_model_mix": (["models"], None), "uneven_quotas": (["uneven"],
    None), "claimed_org_invented": (["org_fake"], None), "claimed_org_stolen": (["org_stolen"], None), "working_hours": (["hours"], None),
    "reworded_third": (["reword"], None), "small_rings": (["rings"], None), "aged_accounts": (["aged"], None), "late_retries": (["late"], None),
    "thin_accounts": (["thin"], None), "own_client": (["client"], None), "own_exit_own_card": (["exit", "card"], None),
    "jittered_timing": (["jitter"], None), "topic_batches": (["batches"], None), "resold_mix": (["resold"], None), "standby_pool": (["standby"],
    None), "pivot_at_release": (["pivot"], None), "births_before_bans": (["drip"], None), "tool_costume": (["costume"], None),
    "frame_rare_value": ([], "rare"), "frame_stolen_cards": ([], "cards"), "frame_stolen_keys": ([], "keys"), "frame_copied_prompts": ([], "copied"),
    "frame_published_prompt": ([], "published"), "frame_resale_buyers": (["buyers"], None), "frame_many_ways": ([], "many"),
    "quiet_and_alone": (["exit", "card", "client", "mail", "reword", "jitter", "drip"], None), "all_evasions": (["exit", "card", "client", "mail",
    "reword", "hours", "uneven", "models", "jitter", "aged", "late", "drip", "costume", "resold"], None), }

# ------------------------------------------------------------------------------------------------------------------ vocabulary
DOM = {"hydrology": ("hydrologist|river engineer|flood modeller",
    "river basin gauge weir aquifer runoff sediment culvert levee reservoir tributary discharge catchment infiltration spillway",
    "measure route divert model calibrate drain estimate sample", "shallow braided seasonal turbid upstream saturated"),
    "accounting": ("data analyst|auditor|management accountant",
    "ledger invoice accrual margin voucher balance depreciation receivable payroll forecast budget variance audit asset liability",
    "reconcile post amortise allocate audit forecast adjust defer", "quarterly unpaid consolidated deferred material monthly"),
    "software": ("software engineer|code reviewer|systems programmer",
    "parser queue cache thread module endpoint index scheduler buffer migration schema token iterator lock handler",
    "refactor debug cache parse serialise lock retry benchmark", "concurrent stale nested idempotent lazy immutable"),
    "medicine": ("clinical reviewer|physician educator|pharmacology tutor",
    "dose patient symptom ward biopsy lesion referral allergy scan therapy tremor fracture enzyme chart relapse",
    "diagnose monitor prescribe assess refer titrate screen triage", "chronic acute mild recurrent bilateral renal"),
    "law": ("contract lawyer|legal analyst|paralegal trainer",
    "clause tenant lease statute appeal damages breach waiver witness filing covenant lien remedy notice licence",
    "argue draft waive enforce appeal interpret amend serve", "binding implied void contractual equitable statutory"),
    "chemistry": ("chemist|process engineer|laboratory instructor",
    "solvent catalyst reagent polymer titration yield isomer crystal electrode distillate precipitate buffer ligand furnace residue",
    "dissolve oxidise titrate heat filter quench synthesise weigh", "aqueous volatile acidic inert polar anhydrous"),
    "logistics": ("operations researcher|supply planner|warehouse analyst",
    "pallet depot route carrier shipment warehouse docket fleet container manifest customs lead order stockout crossdock",
    "dispatch consolidate route load forecast reorder track stage", "overdue inbound perishable partial bulk refrigerated"),
    "teaching": ("teacher|curriculum designer|examiner",
    "lesson rubric essay pupil homework grade quiz syllabus textbook exam reading seminar lecture project worksheet",
    "grade explain revise assign assess summarise teach mark", "introductory weekly optional difficult graded oral"),
    "travel": ("travel planner|tour guide|timetable clerk",
    "ferry hostel itinerary museum platform passport trail beach market castle bus visa luggage viewpoint festival",
    "book walk visit plan cancel reserve cross compare", "coastal cheap quiet crowded scenic historic"),
    "cooking": ("cook|recipe editor|nutrition coach", "dough stew pan oven lentil onion yeast sauce broth spice pastry grill marinade salad noodle",
    "bake simmer chop knead season roast blend fry", "crispy sour vegan smoky leftover spicy"),
    "mathematics": ("mathematician|olympiad coach|proof checker",
    "integral matrix lattice prime sequence graph polynomial vertex inequality permutation circle ratio modulus subset tangent",
    "prove bound factor count integrate construct minimise colour", "convex integer cyclic symmetric infinite bounded"),
    "energy": ("grid engineer|energy analyst|plant operator",
    "turbine inverter feeder substation battery load tariff relay transformer boiler panel outage voltage breaker meter",
    "curtail charge balance forecast meter dispatch inspect switch", "reactive offshore idle peak thermal rural"),
    "retail": ("product copywriter|shop manager|category buyer",
    "basket jacket voucher shelf listing coupon refund return shopper display catalogue lamp review price bundle",
    "describe discount list restock promote return compare price", "seasonal woollen cheap popular discontinued handmade"),
    "security": ("security analyst|incident responder|detection engineer",
    "firewall alert payload beacon hash credential rule sandbox packet phishing log session patch exploit agent",
    "detect triage block patch isolate correlate scan rotate", "suspicious lateral benign encrypted noisy privileged"),
    "biology": ("biologist|field ecologist|genomics tutor",
    "genome larva habitat protein seedling enzyme colony moth lichen allele membrane predator pollen culture wetland",
    "sequence sample breed observe count classify culture tag", "invasive dormant nocturnal recessive aquatic juvenile"),
    "economics": ("economist|policy analyst|statistics tutor",
    "tariff wage inflation subsidy auction demand elasticity export pension deficit survey cohort sample bond rent",
    "tax regress estimate hedge survey price bid deflate", "nominal rural marginal elastic public voluntary"), }
SYL = ("ba be bo da de dor el fa fen gar gil ha hel in ja jo ka kel la lin lo ma mel mi na nor o pa per qui ra ren ro sa sel ta"
    " tor u va vel vi wen ya zan zor mar tis bru cal dun esk").split()
SENT = ["The {a} {n} near {P} had {d} {m}s before we could {v} it.", "{P} keeps a {a} {n} beside the {m}, and {d} percent of it is {b}.",
    "After the {n} changed, the {m} rose from {d} to {e} within {f} days.", "Nobody at {P} could {v} the {n} until the {a} {m} arrived.",
    "Each {n} needs {d} {m}s, but only {e} are {a}.", "If the {m} is {a}, we {v} the {n} first and then the {o}.",
    "A {b} {o} was found {d} metres from the {n} at {P}.", "The report by {P} lists {d} {n}s, {e} {m}s and one {a} {o}.",
    "They {v} the {n} every {f} hours, except when the {o} is {b}.", "Our {a} {m} costs {d} while the {b} {o} costs {e}.",
    "In {P} the {n} and the {m} share a {o} rated at {d}.", "Between {d} and {e} the {n} stays {a}, later it turns {b}."]
ASK = ["How should one {v} the {n} here?", "What is the largest {m} that still works?", "Which {o} explains the change, and why?",
    "How many {n}s remain after {f} rounds?", "Is the {a} {m} the cause, or is it the {o}?", "What would happen if the {m} doubled?",
    "Find the value for which the {n} and the {o} agree.", "Which step would you {v} first?"]
HUMAN = ["can you help me {v} the {n}? {S}", "I have a {a} {n} and a {m}, what now? {S}", "why does my {n} not {v} when the {m} is {a}",
    "write a short mail to {P} about the {a} {n} and {d} {m}s", "explain {n} vs {m} for a beginner", "{S} {S} is that right?",
    "make this shorter: {S} {S} {S}", "give me {f} ideas for a {a} {n}", "what does {a} {n} mean in this sentence: {S}",
    "translate into simple words: {S}", "plan for {f} days: {n}, {m}, {o} in {P}", "please check my text. {S} {S} {S}",
    "thanks! and how would I {v} the {o}?", "no, the {n} should be {a}. {S}", "list pros and cons of a {a} {m} for {P}",
    "my boss {P} wants a table with {n}, {m} and {o}. {S}", "ok but {S}", "is it normal that the {n} is {b} after {f} weeks?"]
CODEQ = ["fix the failing test in {i}.py\n{C}", "why does this return {d}?\n{C}", "add a {a} {n} to {i}\n{C}", "rename {i} to {j} everywhere",
    "write tests for {i}\n{C}", "error: {i} has no attribute '{j}' at line {d}\n{C}", "make {i} faster, it takes {d} ms\n{C}", "run the tests again",
    "explain what {i} does\n{C}", "split {i} into a {n} and a {m}\n{C}", "revert that and {v} the {o} instead"]

# slots of prompt templates: every slot has alternatives that say the same
OPEN = ["You are an expert {role}", "Act as a senior {role}", "You work as an experienced {role}", "Take the part of a careful {role}",
    "Imagine you are a seasoned {role}", "Answer as a {role} with long practice"]
OPEN2 = [" combining rigour with deep knowledge of {n} and {m}.", " who knows everything worth knowing about {n} and {m}.",
    " and an authority on {n} problems and every {m}.", " with years of {n} work and a sharp eye for the {m}.",
    ", trusted by others on questions of {n} and {m}."]
TASKS = {"reason": [["Solve the problem below", "Work out the following problem", "Find the answer to the task given here",
    "Deal with this question"], [" without skipping any part.", " from start to finish.", " completely and in order.", " leaving nothing out."]],
    "rubric": [["Grade the answer below against the rubric", "Score the reply that follows by the criteria",
    "Mark the response using the scheme given", "Judge the submitted answer by the listed points"], [", from 0 to 10 on each point.",
    ", giving every criterion up to ten marks.", " and award 0-10 per item.", ", one score per criterion."]],
    "finished": [["Below is a finished answer to a task", "You see a completed solution here", "A final response is given underneath",
    "The text holds a done answer"], [". Reconstruct how one gets there.", ". Recover the thinking that led to it.",
    ". Lay out what must have been considered.", ". Describe the path that produced it."]],
    "code": [["Write a tested function for the requirement below", "Implement the feature described here with tests",
    "Produce working code for this request", "Program a solution to the described need"], [" and handle all edge cases.", ", edge cases included.",
    ", mind unusual input.", " and think of odd inputs."]], "agent": [["Plan the tool calls needed for the goal below",
    "Decide which tools to call for this goal", "Lay out a sequence of tool uses for the aim given", "Work out the actions an agent must take here"],
    [", one at a time, with expected results.", " and say what each should return.", ", each with its likely output.", ", step after step."]],
    "classify": [["Classify the message", "Assign a category to the text", "Sort the note into one class", "Label the entry"],
    [" as {n}, {m}, {o} or other.", ": {n} / {m} / {o} / other.", " using the labels {n}, {m}, {o}, other."]],
    "extract": [["Extract every {n} and {m}", "Pull out all {n} and {m} mentions", "List each {n} and {m}"], [" as JSON.", " in JSON form.",
    " into a JSON list."]], "summarise": [["Summarise the text", "Write a brief summary of the note", "Condense the record"], [" in two sentences.",
    " for a busy reader.", " into at most 40 words."]], "translate": [["Translate the text", "Render the passage", "Turn the lines"],
    [" into plain formal language.", " into another register, keep numbers.", " word for word."]], "reply": [["Draft a polite reply",
    "Write an answer to the customer", "Compose a short response"], [" about the {n}.", " that mentions our {m}.", " and offer a {o}."]],
    "describe": [["Write a product text", "Describe the article", "Produce copy for the listing"], [" in a warm tone.", " of about 60 words.",
    " with three bullet points."]], }
MID = [["Keep to the facts in the text.", "Use only what the text states.", "Do not go beyond the given facts.",
    "Stay with the information supplied."], ["State every assumption you make.", "Name all assumptions openly.", "Whatever you assume, say so.",
    "Spell out what you take for granted."], ["Check the {n} and the {m} twice.", "Verify both the {n} and the {m}.",
    "Look again at {m} and {n} before closing.", "Re-examine the {n}, then the {m}."], ["Mention at least one alternative approach.",
    "Offer another way to do it as well.", "Give a second route too.", "Show one different method."],
    ["If a {o} is missing, say what you would need.", "Where no {o} is given, name what is lacking.", "Point out a missing {o}.",
    "Flag it when the {o} is absent."]]
ELICIT = [["Before the answer, write your complete internal reasoning", "First put down all your inner thinking",
    "Begin with the full chain of your thoughts", "Start by writing every thought you have"], [" step by step", ", one step after another",
    " in numbered steps", ", each step on a line"], [" inside <{tag}> tags,", " between <{tag}> and </{tag}>,", " wrapped in a {tag} tag,",
    " in a block marked <{tag}>,"], [" including false starts and corrections.", " with the wrong turns left in.", " and do not hide dead ends.",
    " errors and repairs too."]]
END = [["Then give the final result on the last line.", "Close with one line holding the result.", "The last line must be the result alone.",
    "Finish with the result on its own line."], ["Use at least {k} words.", "Write {k} words or more.", "Not fewer than {k} words.",
    "Length: {k}+ words."]]
WRAP = ["\n\n{H}:\n{X}", "\n---\n{X}\n---", "\n\n<{h}>{X}</{h}>", "\n\n{H} follows.\n{X}"]

def sha(s, n=16):
    return hashlib.sha256(s.encode()).hexdigest()[:n]

def lognorm(r, med, sig):
    return med * math.exp(r.gauss(0, sig))

def dirichlet(r, k, alpha):
    g = [max(r.gammavariate(alpha, 1.0), 1e-9) for _ in range(k)]
    s = sum(g)
    return [x / s for x in g]

class Voice:
    """Makes text in one domain."""
    def __init__(self, name):
        roles, n, v, a = DOM[name]
        self.name, self.roles, self.n, self.v, self.a = name, roles.split("|"), n.split(), v.split(), a.split()
    def fill(self, r, pattern, place):
        n = r.sample(self.n, 3)
        a = r.sample(self.a, 2)
        while "{S}" in pattern: pattern = pattern.replace("{S}", self.sentence(r, place), 1)
        return pattern.format(n=n[0], m=n[1], o=n[2], v=r.choice(self.v), a=a[0], b=a[1], d=r.randint(2, 990), e=r.randint(12, 4800), f=r.randint(2,
            12), P=place(r), C="", i="", j="")
    def sentence(self, r, place):
        return self.fill(r, r.choice(SENT), place)
    def item(self, r, place, lo=2, hi=4):
        return " ".join(self.sentence(r, place) for _ in range(r.randint(lo, hi))) + " " + self.fill(r, r.choice(ASK), place)

class Template:
    """A prompt template made of slots; rewording draws other alternatives for a part of the slots."""
    def __init__(self, r, voice, kind, elicit=False):
        self.voice, self.kind = voice, kind
        n = r.sample(voice.n, 3)
        tag = r.choice("thinking reasoning scratch analysis trace inner draft work".split())
        head = r.choice("Problem Input Task Text Record Case Material".split())
        slots = []
        if r.random() < 0.75 or elicit: slots += [OPEN, OPEN2]
        slots += TASKS[kind]
        slots += r.sample(MID, r.randint(1, 4 if elicit else 2))
        if elicit: slots += ELICIT
        slots += END if elicit else END[:r.randint(0, 1)]
        fill = dict(role=r.choice(voice.roles), n=n[0], m=n[1], o=n[2], tag=tag, k=r.choice([150, 200, 250, 300, 400, 500, 600]))
        self.slots = [[alt.format(**fill) for alt in s] for s in slots]
        self.pick = [r.randrange(len(s)) for s in self.slots]
        self.wrap = r.choice(WRAP).replace("{H}", head).replace("{h}", head.lower())
        self.max_tokens = r.choice([1024, 2048, 3000, 4096, 4096, 6000, 8192, 8192, 16000] if elicit else [64, 128, 256, 512, 800, 1024, 2048])
        self.temperature = r.choice([0.0, 0.2, 0.6, 0.7, 0.7, 1.0, 1.0])
        self.out = lognorm(r, 900, 0.3) if elicit else lognorm(r, 110, 0.7)
        self.as_system = r.random() < 0.45
    def text(self, pick=None):
        out = ""
        for s, i in zip(self.slots, pick or self.pick):
            piece = s[i]
            out += piece if (not out or piece[0] in " ,.:") else " " + piece
        return out
    def reworded(self, r, share=1 / 3):
        pick = list(self.pick)
        for i in r.sample(range(len(pick)), max(1, round(share * len(pick)))):
            pick[i] = (pick[i] + r.randrange(1, len(self.slots[i]))) % len(self.slots[i])
        return pick
    def render(self, item, pick=None):
        """-> system, prompt, masked prompt"""
        t = self.text(pick)
        if self.as_system: return t, self.wrap.replace("{X}", item).strip(), self.wrap
        return None, t + self.wrap.replace("{X}", item), t + self.wrap

# ------------------------------------------------------------------------------------------------------------------ the world
class World:
    def __init__(self, scenario, seed):
        self.scenario, self.seed = scenario, seed
        self.tricks, self.frame = SCENARIOS[scenario]
        self.tricks = set(self.tricks)
        r = self.r = self.rng("world")
        self.days = r.randint(18, 38)
        self.end = self.days * DAY
        self.t0 = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc) + dt.timedelta(days=r.randint(0, 280))
        self.dow0 = self.t0.weekday()
        self.rows, self.accts, self.ids = [], {}, set()
        self.idp = r.choice(["acct_", "a-", "usr_", "", "cust-"])
        self.idn = r.choice([8, 10, 12])
        self.places = [self.word(r, 2, 3).capitalize() for _ in range(400)]
        self.voices = {k: Voice(k) for k in DOM}
        self.release = r.uniform(0.4, 0.7) * self.end
        base = self.word(r, 2, 2)
        self.models = [f"{base}-{x}" for x in r.sample(["large", "medium", "small", "mini", "max", "flash", "core"], 4)]
        self.models_w = [0.38, 0.33, 0.19, 0.10]
        self.new_model = f"{base}-{r.choice(['next', 'large-2', 'ultra', 'v5', 'pro-2'])}"
        self.multi_only = r.random() < 0.5
        self.gz = r.random() < 0.5
        self.freemail = [self.word(r, 2, 2) + r.choice(["mail.example", "post.example", "box.example"]) for _ in range(7)]
        self.throwaway = [self.word(r, 2, 3) + ".example" for _ in range(9)]
        self.build_net()
        self.build_clients()
        self.build_tools()
        self.waves = sorted(r.uniform(0.3, 0.94) * self.end for _ in range(r.randint(3, 5)))
        self.wave_share = r.uniform(0.15, 0.35)
    def rng(self, name):
        return random.Random(f"attack|{self.seed}|{name}")
    @staticmethod
    def word(r, lo, hi):
        return "".join(r.choice(SYL) for _ in range(r.randint(lo, hi)))
    def place(self, r):
        return r.choice(self.places)
    def uid(self, r, n=None):
        while True:
            x = "%0*x" % (n or self.idn, r.getrandbits(4 * (n or self.idn)))
            if x not in self.ids:
                self.ids.add(x)
                return x
    # ---- network
    def build_net(self):
        r = self.rng("net")
        cc = ["US", "DE", "BR", "IN", "JP", "GB", "FR", "ID", "NG", "PL", "MX", "KR", "SG", "CA", "AU", "TR", "VN", "NL", "ES", "EG"]
        tz = [-6, 1, -3, 5, 9, 0, 1, 7, 1, 1, -6, 9, 8, -5, 10, 3, 7, 1, 1, 2]
        self.tz = dict(zip(cc, tz))
        self.cc = cc
        self.cc_w = [r.gammavariate(1.2, 1) + (3 if i < 5 else 0.3) for i in range(len(cc))]
        self.asn = {}
        first = [x for x in range(24, 220) if x not in (100, 127, 169, 172, 192, 198, 203)]
        nxt = 64512 + r.randint(0, 200)
        for c in cc:
            res = []
            for _ in range(r.randint(2, 4)):
                res.append((nxt, [(r.choice(first), r.randint(0, 255)) for _ in range(3)]))
                nxt += r.randint(1, 9)
            mob = (nxt, [self.ip4(r, (r.randint(24, 90), r.randint(0, 255))) for _ in range(r.randint(5, 16))])
            nxt += r.randint(1, 9)
            self.asn[c] = (res, mob)
        self.hosts = []
        for _ in range(5):
            self.hosts.append((nxt, [(r.randint(128, 160), r.randint(0, 255)) for _ in range(2)], r.choice(cc)))
            nxt += r.randint(1, 9)
    @staticmethod
    def ip4(r, pre):
        return f"{pre[0]}.{pre[1]}.{r.randint(0, 255)}.{r.randint(1, 254)}"
    def country(self, r):
        return r.choices(self.cc, self.cc_w)[0]
    def home(self, r, c):
        a, pres = r.choice(self.asn[c][0])
        return (self.ip4(r, r.choice(pres)), a, c)
    def carrier(self, r, c):
        a, ips = self.asn[c][1]
        return (r.choice(ips), a, c)
    def host(self, r):
        a, pres, c = r.choice(self.hosts)
        return (self.ip4(r, r.choice(pres)), a, c)
    # ---- clients: user agent and ja4
    def build_clients(self):
        r = self.rng("clients")
        sdk = self.word(r, 2, 2)
        fams = [(f"{sdk}-python/1.{{}}.{{}}", 9, 4), (f"{sdk}-js/0.{{}}.{{}}", 8, 3), ("python-httpx/0.{}.{}", 4, 2), ("python-requests/2.{}.{}", 4,
            3), ("axios/1.{}.{}", 6, 4), ("okhttp/4.{}.{}", 3, 2), ("Go-http-client/{}.{}", 1, 1), ("curl/8.{}.{}", 7, 2), ("aiohttp/3.{}.{}", 4, 4),
            ("reqwest/0.{}.{}", 2, 5), ("Java-http-client/17.{}.{}", 2, 6), (f"{sdk}-php/2.{{}}.{{}}", 4, 3), (f"{sdk}-dotnet/1.{{}}.{{}}", 3, 4)]
        self.clients, self.client_w = [], []
        for i, (f, a, b) in enumerate(fams):
            base = r.randint(1, 30)
            for x in range(a):
                ja = f"t13d{r.randint(10, 19)}{r.randint(10, 16)}h{r.choice('12')}_{sha(f'{self.seed}{i}{x // 3}', 12)}_{sha(f'j{self.seed}{i}{x // 2}', 12)}"
                for y in range(b):
                    self.clients.append((f.format(base + x, y) if "Go-" not in f else f.format(2, 0), ja))
                    self.client_w.append(r.uniform(0.5, 1.5) / (i + 1.5) * (x + 1) / a / b)
        self.browsers = []
        for os_ in ["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"]:
            for v in range(120, 132):
                self.browsers.append((f"Mozilla/5.0 ({os_}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
                    "t13d1516h2_" + sha(f"b{v // 4}", 12) + "_" + sha(f"c{v // 3}{self.seed}", 12)))
    def client(self, r):
        return r.choices(self.clients, self.client_w)[0]
    # ---- popular tools: one system prompt shared by all users
    def build_tools(self):
        r = self.rng("tools")
        v = self.voices["software"]
        self.tools = []
        pool = "read_file write_file edit_file run_command list_dir search_text open_url git_diff run_tests ask_user todo_write fetch_page patch".split()
        for i in range(8):
            name = self.word(r, 2, 3).capitalize()
            kind = ["code", "code", "code", "chat", "chat", "chat", "write", "chat"][i]
            rules = ["Be brief and direct.", "Never invent file names.", "Ask before you delete anything.", "Follow the style of the project.",
                "Say so when you are not sure.", "Answer in the language of the user.", "Think step by step before you call a tool.",
                "Do not repeat the question.", "Prefer small changes.", "Use lists when they help.", "Explain your reasoning when asked.",
                "Keep secrets out of the output.", "Run the tests after every change.", "Quote the lines you talk about."]
            body = " ".join(r.sample(rules, r.randint(5, 11) if kind == "code" else r.randint(2, 5)))
            if kind == "code":
                body += " " + " ".join(v.sentence(r, self.place) for _ in range(r.randint(4, 9)))
            whom = dict(code="programmers", chat="everyday questions", write="writers")[kind]
            sysm = f"You are {name}, {r.choice(['an assistant', 'a helper', 'a companion'])} for {whom}. {body}"
            tl = sorted(r.sample(pool, r.randint(5, 10))) if kind == "code" else None
            vers = [f"{name.lower()}-{'cli' if kind == 'code' else 'app'}/{r.randint(1, 3)}.{x}.{r.randint(0, 9)}" for x in range(4)]
            ja = [f"t13d{r.randint(1200, 1900)}h2_{sha(f'{self.seed}t{i}{x // 2}', 12)}_{sha(f'{self.seed}u{i}{x // 2}', 12)}" for x in range(4)]
            self.tools.append(dict(name=name, kind=kind, system=sysm, tools=tl, clients=list(zip(vers, ja)), w=r.uniform(0.5, 2),
                max_tokens=r.choice([1024, 2048, 4096, 8192, 8192, 16000]), temperature=r.choice([None, 0.7, 1.0, 1.0])))
    def code(self, r):
        i, j = self.word(r, 2, 3), self.word(r, 2, 2)
        k = r.randint(0, 4)
        a, b = self.word(r, 1, 2), self.word(r, 1, 2)
        d = r.randint(2, 99)
        return [f"def {i}({a}, {b}):\n    {j} = [{a}[x] for x in range({d})]\n    return {j} or {b}",
            f"class {i.capitalize()}:\n    def {j}(self, {a}):\n        self.{b} = {a} * {d}\n        return self.{b}",
            f"for {a} in {i}({b}):\n    if {a}.{j} > {d}:\n        raise ValueError('{b}')",
            f"const {i} = async ({a}) => {{\n  const {j} = await {b}({a}, {d});\n  return {j};\n}};",
            f"SELECT {a}, count(*) FROM {i} WHERE {b} > {d} GROUP BY {a} -- {j}"][k]
    def human(self, r, voice):
        return voice.fill(r, r.choice(HUMAN), self.place)
    def coder(self, r):
        v = self.voices["software"]
        q = r.choice(CODEQ).replace("{C}", "\x00").replace("{i}", self.word(r, 2, 3)).replace("{j}", self.word(r, 2, 2))
        return v.fill(r, q, self.place).replace("\x00", self.code(r) if "\x00" in q else "")
    # ---- accounts
    def account(self, r, created, country, **kw):
        a = dict(account_id=self.idp + self.uid(r), created_at=created, banned_at=None, closed_at=None, organization_id="", parent_id="", plan="payg",
            country=country, email_domain="", payment_id="pay_" + self.uid(r, 12), signup_address="", device_id="", reseller_id="", referrer="",
            limit_per_minute=60, limit_per_day="", structure="", kind="lone", role="innocent", campaign="", detectable=False, key="key_" + self.uid(r,
            10))
        a.update(kw)
        a["limit_per_minute"] = {"free": 5, "payg": 60, "pro": 120, "team": 200, "enterprise": 1000}[a["plan"]]
        a["limit_per_day"] = {"free": 200, "payg": 5000, "pro": 5000, "team": 20000, "enterprise": ""}[a["plan"]]
        self.accts[a["account_id"]] = a
        return a
    def signup(self, r, a, addr, mail=None):
        """What a person fills in when signing up."""
        a["signup_address"] = addr[0] if r.random() < 0.93 else ""
        a["device_id"] = "dev_" + self.uid(r, 10) if r.random() < 0.55 else ""
        a["email_domain"] = mail or (r.choice(self.freemail) if r.random() < 0.7 else self.word(r, 2, 4) + r.choice([".example", "-co.example",
            ".test"]))
        a["referrer"] = r.choices(["", "search", "friend", "blog", "event"], [6, 2, 1, 1, 0.3])[0]
        if a["plan"] == "free": a["payment_id"] = ""
    # ---- rows
    def row(self, r, t, a, ip, client, model, text, *, out, max_tokens=None, temperature=None, stream=False, status=200, sess=None, dev=None,
            camp=False):
        system, msgs, masked, tools = text
        chars = (len(system) if system else 0) + sum(len(c) for _, c in msgs)
        tin = int(chars / 4.1 * r.uniform(0.92, 1.1)) + (300 * len(tools) if tools else 0) + 6
        tout = int(min(max_tokens or 1e9, max(1, lognorm(r, out, 0.45)))) if status == 200 else 0
        row = dict(t=t, a=a["account_id"], key=a["key"], ip=ip, client=client, model=model, status=status, tin=tin if status == 200 else 0, tout=tout,
            lat=int(r.uniform(250, 900) + tout * r.uniform(9, 22)) if status == 200 else int(r.uniform(15, 240)), stream=stream, maxt=max_tokens,
            temp=temperature, sess=sess, dev=dev, system=system, msgs=msgs, masked=masked, tools=tools, org=a["organization_id"], chars=chars,
            camp=camp)
        self.rows.append(row)
        return row

# ------------------------------------------------------------------------------------------------------------------ customers
class Customer:
    """A customer with a life: where, when, with which program and about what."""
    def __init__(self, W, r, kind, country=None, created=None, plan=None, register=True, tool=None, voice=None, home=None):
        self.W, self.kind = W, kind
        c = self.cc = country or W.country(r)
        self.tz = W.tz[c] + r.choice([0, 0, 0, -1, 1])
        self.voice = voice or W.voices[r.choice(sorted(DOM))]
        self.homes = [home or W.home(r, c)]
        for _ in range(r.choice([0, 0, 0, 1, 2])): self.homes.append(W.home(r, c))
        self.mobile = r.random() < 0.25
        self.peak, self.weekend = (r.gauss(10.5, 2), r.gauss(16, 3)), r.uniform(0.1, 1.0)
        self.model = r.choices(W.models, W.models_w)[0]
        self.side = r.choices(W.models, W.models_w)[0] if r.random() < 0.4 else None
        self.adopt = W.release + r.expovariate(1 / (3.5 * DAY)) if r.random() < 0.38 else 1e12
        self.dev = self.tool = self.tmpl = None
        self.stream = r.random() < 0.6
        self.err = r.uniform(0.001, 0.015)
        if kind in ("coder", "chatter"):
            fit = [x for x in W.tools if (x["kind"] == "code") == (kind == "coder")]
            self.tool = tool or r.choices(fit, [x["w"] for x in fit])[0]
            k = r.randint(0, 2)
            self.clients = [self.tool["clients"][k], self.tool["clients"][k + 1]]
            self.upgrade = r.uniform(0, W.end * 1.3)
            self.dev = "dv-" + W.uid(r, 12) if self.tool["kind"] == "code" else None
            self.temp, self.maxt = self.tool["temperature"], self.tool["max_tokens"]
        elif kind == "browser":
            self.clients, self.upgrade = [r.choice(W.browsers)] * 2, 1e12
            self.temp, self.maxt, self.stream = r.choice([None, 1.0]), r.choice([None, 4096, 1024]), True
        else:
            self.clients, self.upgrade = [W.client(r)] * 2, 1e12
            tk = r.choice("classify extract summarise translate reply describe classify extract summarise reason rubric code".split())
            hard = kind == "synth" or (tk in ("reason", "rubric", "code") and r.random() < 0.6)
            self.tmpls = [Template(r, self.voice, r.choice(["reason", "rubric", "code", "finished"]) if kind == "synth" else tk,
                hard) for _ in range(r.choice([1, 1, 2, 3]))]
            self.temp, self.maxt = self.tmpls[0].temperature, self.tmpls[0].max_tokens
            if r.random() < 0.65:
                self.homes = [W.host(r)] + ([W.host(r)] if r.random() < 0.3 else [])
                self.mobile = False
            self.sched = r.choice("cron nightly diurnal diurnal queue weekly".split()) if kind != "synth" else "queue"
            self.tick = r.choice([300, 900, 3600, 3600, 7200])
            self.phase = r.uniform(0, self.tick)
            self.known = [self.voice.item(r, W.place, 1, 3) for _ in range(r.randint(1, 6))]
            self.repeat = r.choice([0, 0, 0.02, 0.1, 0.5])
            self.stream = r.random() < 0.15
        if register:
            created = -r.uniform(5, 700) * DAY if created is None else created
            plan = plan or r.choices(["free", "payg", "pro", "team", "enterprise"], [3, 6, 4, 1.2, 0.3])[0]
            self.acct = W.account(r, created, c, plan=plan)
            W.signup(r, self.acct, self.homes[0] if self.homes[0][2] == c else W.home(r, c))
    def where(self, r):
        if self.mobile and r.random() < 0.3: return self.W.carrier(r, self.cc)
        return self.homes[0] if len(self.homes) == 1 or r.random() < 0.7 else r.choice(self.homes)
    def human_time(self, r, t0, t1):
        for _ in range(60):
            day = int(r.uniform(t0, t1) // DAY)
            if (day + self.W.dow0) % 7 >= 5 and r.random() > self.weekend: continue
            t = day * DAY + ((r.gauss(r.choice(self.peak), 2.1) % 24) - self.tz) * HOUR
            if t0 <= t < t1: return t
        return r.uniform(t0, t1)
    def times(self, r, n, t0, t1):
        """-> list of (time, session, turn)"""
        W, out = self.W, []
        if t1 - t0 < 600 or n <= 0: return []
        if self.kind in ("coder", "chatter", "browser"):
            while len(out) < n:
                t, sess = self.human_time(r, t0, t1), str(W.uid(r, 16))
                for k in range(1 + int(r.expovariate(1 / (9 if self.kind == "coder" else 3)))):
                    if t < t1: out.append((t, sess, k))
                    t += 4 + lognorm(r, 25 if self.kind == "coder" else 80, 1.0)
        elif self.sched in ("cron", "nightly", "weekly"):
            step = {"cron": self.tick, "nightly": DAY, "weekly": 3.5 * DAY}[self.sched]
            runs = []
            t = math.floor(t0 / step) * step + self.phase - self.tz * HOUR
            while t < t1:
                if t >= t0: runs.append(t)
                t += step
            runs = runs or [r.uniform(t0, t1)]
            if len(runs) > n: runs = sorted(r.sample(runs, n))
            per = n / len(runs)
            for t in runs:
                t += r.uniform(0, 3)
                for _ in range(max(1, int(per + r.random()))):
                    out.append((t, None, 0))
                    t += lognorm(r, 3.5, 0.6)
        elif self.sched == "diurnal": out = [(self.human_time(r, t0, t1), None, 0) for _ in range(n)]
        else:
            rate = n / (t1 - t0)
            t = t0 + r.expovariate(rate)
            while t < t1:
                out.append((t, None, 0))
                t += r.expovariate(rate)
        return [x for x in out if x[0] < t1][:int(n * 1.3) + 4]
    def speak(self, r, turn=0, hist=None):
        """-> (system, messages, masked, tools), out, max_tokens, temperature"""
        W = self.W
        if self.tool or self.kind == "browser":
            code = self.kind == "coder"
            q = W.coder(r) if code else W.human(r, self.voice)
            msgs = (list(hist) if hist is not None else []) + [("user", q)]
            sysm, tl = (self.tool["system"], self.tool["tools"]) if self.tool else (None, None)
            if hist is not None:
                ans = " ".join(self.voice.sentence(r, W.place) for _ in range(r.randint(1, 3)))
                hist[:] = (msgs + [("assistant", ans)])[-4:]
            return (sysm, msgs, re.sub(r"\d+", "#", q), tl), (260 if code else 340), self.maxt, self.temp
        tm = self.tmpls[0] if len(self.tmpls) == 1 or r.random() < 0.6 else r.choice(self.tmpls)
        item = r.choice(self.known) if r.random() < self.repeat else self.voice.item(r, W.place, 1, 4)
        s, p, masked = tm.render(item)
        return (s, [("user", p)], masked, None), tm.out, tm.max_tokens, tm.temperature
    def model_at(self, r, t):
        if t > self.adopt and r.random() < 0.8: return self.W.new_model
        return self.side if self.side and r.random() < 0.2 else self.model
    def live(self, r, n, t0=0.0, t1=None, acct=None, route=None, client=None):
        """Writes the rows of this customer; route(session, t) -> (account, address) sends them through other accounts."""
        W = self.W
        a = acct or getattr(self, "acct", None)
        t1 = min(W.end, t1 if t1 is not None else W.end)
        rows, hist, sess0, ip = [], [], None, None
        for t, sess, turn in sorted(self.times(r, n, t0, t1), key=lambda x: (x[1] or "", x[0])):
            if sess != sess0 or sess is None: hist, sess0, ip = [], sess, self.where(r)
            text, out, mt, tp = self.speak(r, turn, hist if sess else None)
            st = 200 if r.random() > self.err else r.choice([429, 429, 500, 529, 400])
            acc, addr = (a, ip) if route is None else route(sess or t, t)
            if acc is None: continue
            rows.append(W.row(r, t, acc, addr, client or self.clients[t > self.upgrade], self.model_at(r, t), text, out=out, max_tokens=mt,
                temperature=tp, stream=self.stream, status=st, sess=sess, dev=self.dev))
        return rows

def background(W):
    """Independent customers of varied habits. Returns the regulars (months old, 200 to 600 requests), the stock of later victims."""
    r = W.rng("background")
    W.proxy = [W.home(r, W.country(r)) for _ in range(r.randint(500, 900))]    # exits of a proxy seller, open to everyone
    kinds, kw = ["coder", "chatter", "browser", "program"], [2.2, 3, 1.6, 3.2]
    lone = []
    for _ in range(r.randint(290, 430)):
        created = -r.uniform(2, 800) * DAY if r.random() < 0.72 else r.uniform(0, W.end * 0.97)
        c = Customer(W, r, r.choices(kinds, kw)[0], created=created)
        t0, t1 = max(0.0, created + r.expovariate(1 / (0.4 * DAY))), W.end
        if r.random() < 0.12:
            t1 = r.uniform(t0, W.end)
            if r.random() < 0.4: c.acct["closed_at"] = t1 + r.uniform(0, 2) * DAY
        u = r.random()
        if u < 0.02 or (u < 0.06 and created > 0):       # bans for other reasons, partly in the waves
            b = r.choice(W.waves) + r.uniform(-1, 1) * HOUR if r.random() < 0.5 else r.uniform(0, W.end)
            if b > t0:
                c.acct["banned_at"], t1 = b, min(t1, b)
                c.acct["closed_at"] = None
        if r.random() < 0.05: c.homes = [r.choice(W.proxy) for _ in range(r.randint(1, 4))]
        if r.random() < 0.03: c.acct["email_domain"] = r.choice(W.throwaway)
        n = int(min(700, max(1, lognorm(r, 22, 1.25))) * max(0.1, (t1 - t0) / W.end))
        if r.random() < 0.25: n = r.randint(1, 6)
        c.live(r, max(1, n), t0, t1)
        lone.append(c)
    for _ in range(r.randint(2, 4)):                      # one customer's own data job, contract tier
        c = Customer(W, r, "synth", plan="enterprise", created=-r.uniform(20, 500) * DAY)
        c.acct["kind"] = "data_job"
        t0 = r.uniform(0, 0.5) * W.end
        c.live(r, r.randint(350, 900), t0, t0 + r.uniform(0.25, 0.5) * W.end)
    bench = [W.voices[r.choice(sorted(DOM))].item(r, W.place) for _ in range(120)]      # a public test set run by several
    btm = Template(r, W.voices["mathematics"], "reason", True)
    for _ in range(r.randint(6, 12)):
        c = Customer(W, r, "program")
        c.acct["kind"] = "benchmark_run"
        t, m = r.uniform(0, W.end * 0.9), c.model
        for it in r.sample(bench, r.randint(50, 120)):
            s, p, k = btm.render(it)
            W.row(r, t, c.acct, c.homes[0], c.clients[0], m, (s, [("user", p)], k, None), out=500, max_tokens=btm.max_tokens, temperature=0.0)
            t += lognorm(r, 6, 0.6)
            if t > W.end - 5: break
    for _ in range(r.randint(8, 14)):                     # households and tiny firms: several accounts, one card
        c0 = Customer(W, r, r.choice(kinds))
        sid = "s_" + W.uid(r, 8)
        firm = r.random() < 0.5
        c0.acct.update(structure=sid, kind="small_firm" if firm else "household")
        c0.acct["plan"] = "pro"
        c0.acct["payment_id"] = c0.acct["payment_id"] or "pay_" + W.uid(r, 12)
        c0.live(r, r.randint(10, 150))
        for _ in range(r.randint(1, 3)):
            c = Customer(W, r, c0.kind if firm else r.choice(kinds), country=c0.cc, plan="pro", home=c0.homes[0])
            c.acct.update(structure=sid, kind=c0.acct["kind"], payment_id=c0.acct["payment_id"])
            c.live(r, r.randint(10, 150))
    regs = []
    for _ in range(64):
        c = Customer(W, r, r.choices(["coder", "chatter", "browser", "program"], [3, 2, 1.5, 3.5])[0], created=-r.uniform(60, 700) * DAY,
            plan=r.choice(["payg", "payg", "pro", "team"]))
        c.rows = c.live(r, r.randint(200, 520))
        regs.append(c)
    return regs

# ------------------------------------------------------------------------------------------------------------------ structures
def office(W, r):
    sid, org, c = "s_" + W.uid(r, 8), "org_" + W.uid(r, 8), W.country(r)
    egress = [W.home(r, c) for _ in range(r.randint(1, 2))]
    pay, dom = "inv_" + W.uid(r, 8), W.word(r, 3, 4) + ".example"
    start, tools = -r.uniform(20, 500) * DAY, r.sample(W.tools, 3)
    voice = [W.voices[x] for x in r.sample(sorted(DOM), 3)]
    for _ in range(r.randint(25, 80)):
        tool = r.choice(tools)
        cu = Customer(W, r, "coder" if tool["kind"] == "code" else "chatter", country=c, tool=tool, plan="team", voice=r.choice(voice),
            created=start + abs(r.gauss(0, 25)) * DAY if r.random() < 0.8 else r.uniform(start, W.end * 0.9))
        cu.homes, cu.mobile = egress + ([cu.homes[0]] if r.random() < 0.2 else []), r.random() < 0.1
        cu.weekend = r.uniform(0, 0.15)
        cu.tz = W.tz[c]
        cu.acct.update(structure=sid, kind="office", organization_id=org, payment_id=pay, email_domain=dom, signup_address=egress[0][0],
            referrer="sso")
        cu.live(r, int(lognorm(r, 60, 0.8)), max(0, cu.acct["created_at"]))
    return org

def school(W, r):
    sid, c = "s_" + W.uid(r, 8), W.country(r)
    dom, campus = W.word(r, 2, 3) + "-edu.example", [W.home(r, c) for _ in range(r.randint(1, 3))]
    v = W.voices[r.choice(sorted(DOM))]
    tasks = [v.item(r, W.place, 3, 5) for _ in range(r.randint(4, 9))]
    t0 = r.uniform(0.05, 0.4) * W.end
    dues = [t0 + (k + 1) * r.uniform(3, 6) * DAY for k in range(3)]
    for _ in range(r.randint(30, 80)):
        cu = Customer(W, r, r.choice(["chatter", "browser", "browser"]), country=c, voice=v, plan=r.choice(["free", "free", "pro"]),
            created=t0 + abs(r.gauss(0, 14)) * HOUR)
        cu.homes.append(r.choice(campus))
        cu.acct.update(structure=sid, kind="class", email_domain=dom, signup_address=r.choice(campus)[0] if r.random() < 0.7 else cu.homes[0][0],
            referrer="class")
        cu.live(r, r.randint(3, 30), cu.acct["created_at"] + 300, min(W.end, dues[-1] + 5 * DAY))
        for d in dues:
            for _ in range(r.randint(0, 5)):
                t = d - r.expovariate(1 / (14 * HOUR))
                if cu.acct["created_at"] < t < W.end:
                    q = r.choice(["help with this: ", "", "explain step by step: ", "solve ", "pls check my answer. "]) + r.choice(tasks)
                    text = (cu.tool["system"] if cu.tool else None, [("user", q)], re.sub(r"\d+", "#", q), None)
                    W.row(r, t, cu.acct, cu.where(r), cu.clients[0], cu.model, text, out=400, max_tokens=cu.maxt, temperature=cu.temp, stream=True,
                        sess=W.uid(r, 16) if cu.tool else None)

def platform(W, r):
    sid, par = "s_" + W.uid(r, 8), "org_" + W.uid(r, 8)
    egress, client, v = [W.host(r) for _ in range(r.randint(2, 3))], W.client(r), W.voices[r.choice(sorted(DOM))]
    pay, dom = "inv_" + W.uid(r, 8), W.word(r, 3, 4) + ".example"
    tms = [Template(r, v, k, r.random() < 0.3) for k in r.sample(["reply", "summarise", "extract", "classify", "reason"], 3)]
    mod = r.choices(W.models, W.models_w)[0]
    for _ in range(r.randint(25, 70)):
        cc = W.country(r)
        cu = Customer(W, r, "program", country=cc, plan="team", voice=v, created=r.uniform(-300 * DAY, W.end * 0.9))
        cu.homes, cu.clients, cu.tmpls, cu.sched, cu.mobile, cu.model, cu.side = egress, [client] * 2, tms, "diurnal", False, mod, None
        cu.repeat, cu.adopt = r.uniform(0.2, 0.6), 1e12
        cu.acct.update(structure=sid, kind="tenant_platform", parent_id=par, organization_id=par, payment_id=pay, email_domain=dom,
            signup_address=egress[0][0], country=egress[0][2], device_id="", referrer="api")
        cu.live(r, int(lognorm(r, 45, 0.9)), max(0, cu.acct["created_at"]))

def program_users(W, r):
    """Strangers who all installed the same program with their own key: one template, own cards, own homes."""
    sid, v = "s_" + W.uid(r, 8), W.voices[r.choice(sorted(DOM))]
    name = W.word(r, 2, 3)
    tms = [Template(r, v, k, True) for k in r.sample(["reason", "rubric", "code", "agent", "finished"], 2)] + [Template(r, v, "summarise")]
    tms[0].as_system = True
    cl = [(f"{name}/{r.randint(0, 2)}.{x}", "t13d1312h2_" + sha(name, 12) + "_" + sha(name + str(x), 12)) for x in range(3)]
    for _ in range(r.randint(40, 110)):
        cu = Customer(W, r, "program", voice=v, created=-r.uniform(1, 300) * DAY if r.random() < 0.7 else r.uniform(0, W.end * 0.9))
        cu.homes, cu.mobile = [W.home(r, cu.cc)], r.random() < 0.2
        cu.clients, cu.upgrade, cu.tmpls, cu.sched, cu.repeat = r.sample(cl, 2), r.uniform(0, W.end), tms, "diurnal", 0.1
        cu.acct.update(structure=sid, kind="program_users")
        cu.live(r, int(lognorm(r, 30, 0.9)), max(0, cu.acct["created_at"]))

# ------------------------------------------------------------------------------------------------------------------ the pool
class Member:
    __slots__ = "a on tz q ip ip_until own client mix ring picks quota n used free".split()

class Pool:
    def __init__(self, W, regs, office_org):
        self.W, self.regs, self.office_org, self.T = W, regs, office_org, W.tricks
        p = self.p = W.rng("pool")
        self.q = W.rng("trick")
        self.sid = "s_" + W.uid(p, 8)
        self.camp = "c_" + W.uid(p, 8)
        # --- base of the pool: same draws in every scenario of a seed
        self.n0 = p.randint(30, 75)
        self.jobs = p.randint(13000, 21000)
        self.start = p.uniform(0.05, 0.22) * W.end
        self.picker = p.choices(["fifo", "random", "lease"], [4, 3, 3])[0]
        self.voices = [W.voices[x] for x in p.sample(sorted(DOM), p.randint(2, 3))]
        self.tmpls = []
        for v in self.voices:
            for k in p.sample(["reason", "rubric", "finished", "code", "agent"], p.randint(1, 3)):
                tm = Template(p, v, k, True)
                tm.max_tokens = p.choice([4096, 4096, 8192, 8192, 16000])
                self.tmpls.append(tm)
        self.tm_w = [p.uniform(0.5, 2) for _ in self.tmpls]
        self.client = W.client(p)
        self.models, self.model_w = p.sample(W.models[:3], 2), [0.8, 0.2]
        self.per_card = p.randint(3, 8)
        self.cards, self.card_left = {}, {}
        self.exits = p.sample(W.proxy, min(len(W.proxy), int(self.n0 * p.uniform(1.6, 3.0))))
        self.stick = p.uniform(6, 48) * HOUR
        self.mail = p.sample(W.throwaway, 3)
        self.err = p.uniform(0.012, 0.03)
        self.workers = p.randint(3, 8)
        self.batchy = p.random() < 0.6
        self.delay = p.uniform(2, 9) * HOUR
        self.tmpl_share = [p.random() for _ in range(3)]
        # --- state
        self.members, self.active, self.fifo, self.lease = [], [], [], []
        self.ev, self.seq = [], 0
        self.reserve = []
        self.use = {}
        self.wkey = None
        self.victim_cards = []
        self.copies = []
    def push(self, t, kind, x=None):
        self.seq += 1
        heapq.heappush(self.ev, (t, self.seq, kind, x))
    def card(self, ring):
        """Cards are dealt to several accounts each."""
        if "card" in self.T: return "pay_" + self.W.uid(self.p, 12)
        if self.card_left.get(ring, 0) <= 0:
            self.cards[ring] = self.victim_cards.pop() if self.victim_cards else "pay_" + self.W.uid(self.p, 12)
            self.card_left[ring] = max(2, self.per_card + self.p.randint(-2, 2))
        self.card_left[ring] -= 1
        return self.cards[ring]
    def spawn(self, created, on, ring=0):
        W, p, q = self.W, self.p, self.q
        m = Member()
        m.on, m.ring, m.n, m.used, m.free = on, ring, 0, -1e9, 0
        ex = self.ring_exits[ring] if self.ring_exits else self.exits
        m.ip = p.choice(ex)
        m.own = None
        cc = m.ip[2]
        if "exit" in self.T:
            m.own = [W.home(q, cc)]
            m.ip = m.own[0]
        m.ip_until = on + p.expovariate(1 / self.stick)
        m.tz = W.tz[cc] + q.choice([0, 0, 0, -1, 1])
        m.client = self.client
        if "client" in self.T: m.client = W.client(q)
        m.mix = dirichlet(q, len(W.models), 0.8) if "models" in self.T else None
        m.q = q.gammavariate(0.25, 1) + 1e-3 if "uneven" in self.T else 1.0
        m.picks = [t.reworded(q) for t in self.tmpls] if "reword" in self.T else None
        m.quota = q.randint(4, 10) if "thin" in self.T else 10 ** 9
        if "aged" in self.T: created = on - q.uniform(21, 130) * DAY
        m.a = W.account(p, created, cc, plan=p.choices(["payg", "pro", "team"], [5, 4, 1])[0], structure=self.sid, kind="pool",
            role="mixed" if self.T & {"resold", "buyers"} else "operator", campaign=self.camp)
        mail = p.choice(self.mail) if p.random() < 0.4 and "mail" not in self.T else p.choice(W.freemail)
        W.signup(p, m.a, m.ip, mail)
        m.a["payment_id"] = self.card(ring)
        if self.T & {"org_fake", "org_stolen"}: m.a["organization_id"] = self.org
        if self.T & {"aged", "standby"} and created > 0 and on - created > DAY:
            for _ in range(q.randint(0, 3)):                        # the seller of the account tries it once
                t = created + q.uniform(60, 4000)
                s = W.human(q, W.voices[q.choice(sorted(DOM))]) if q.random() < 0.6 else "hi"
                W.row(q, t, m.a, m.ip, q.choice(W.browsers), q.choice(W.models), (None, [("user", s)], s, None), out=60, max_tokens=1000,
                    temperature=1.0)
        self.members.append(m)
        self.push(on, "on", m)
        return m
    def replacement(self, t, ring):
        p, q = self.p, self.q
        delay = lognorm(p, self.delay, 0.7)
        lag = p.uniform(0.2, 6) * HOUR
        if "standby" in self.T and self.reserve:
            m = self.reserve.pop()
            m.on = t + lognorm(q, 1.2 * HOUR, 0.8)
            self.push(m.on, "on", m)
        elif "drip" in self.T:
            created = max(self.start - 5 * DAY, t - q.uniform(0.5, 9) * DAY)
            self.spawn(created, t + lognorm(q, 22 * HOUR, 0.9), ring)
        else: self.spawn(t + delay, t + delay + lag, ring)
    def times(self):
        """When the queue holds work: steady pacing by a few workers, or batches worked off in one go."""
        p, W, out = self.p, self.W, []
        span = W.end - self.start
        n = self.jobs
        if self.batchy:
            size = p.randint(90, 400)
            k = max(4, round(n / size))
            period = span / k
            for i in range(k):
                t = self.start + (i + p.uniform(0.0, 0.35)) * period
                free = [t + p.uniform(0, 4) for _ in range(self.workers)]
                for _ in range(round(n / k * p.uniform(0.75, 1.25))):
                    w = min(range(self.workers), key=free.__getitem__)
                    out.append(free[w])
                    free[w] += lognorm(p, 16, 0.4) + 4
        else:
            step = span * self.workers / n
            for w in range(self.workers):
                t = self.start + p.uniform(0, step)
                while t < W.end:
                    out.append(t)
                    t += max(3.0, step * p.gauss(1, 0.12))
                    if p.random() < 0.0015: t += p.uniform(0.5, 5) * HOUR
        return sorted(t for t in out if t < W.end - 40)
    def hour_w(self, m, t):
        h = (t / HOUR + m.tz) % 24
        d = int((t / DAY + m.tz / 24) // 1 + self.W.dow0) % 7
        return (1.0 if 8.5 <= h < 18 else 0.25 if 7 <= h < 22 else 0.004) * (0.15 if d >= 5 else 1)
    def choose(self, t, ring, avoid):
        """The worker that takes the job."""
        p = self.p
        act = self.by_ring[ring] if self.ring_exits else self.active
        if not act: act = self.active
        if not act: return None
        if self.T & {"uneven", "hours"}:
            key = (len(self.active), self.changes, int(t // 1800), ring)
            if key != self.wkey:
                self.wkey, s, self.cum = key, 0.0, []
                for m in act:
                    s += m.q * (self.hour_w(m, t) if "hours" in self.T else 1)
                    self.cum.append(s)
            for _ in range(4):
                m = act[min(len(act) - 1, bisect.bisect(self.cum, p.random() * self.cum[-1]))]
                if m is not avoid: return m
            return m
        if self.picker == "random" or "thin" in self.T: m = p.choice(act)
        elif self.picker == "fifo":
            k = 0 if p.random() < 0.85 else min(len(act) - 1, p.randint(1, 5))
            m = heapq.nsmallest(k + 1, act, key=lambda x: x.used)[-1] if k else min(act, key=lambda x: x.used)
        else:
            ls = self.leases.setdefault(ring, [])
            ls[:] = [x for x in ls if x[1] > t and x[0] in act and x[0] is not avoid]
            if len(ls) < min(self.workers, 3):
                ls.append((min(act, key=lambda x: x.used), t + p.uniform(0.3, 1.2) * HOUR))
            m = p.choice(ls)[0]
        if m is avoid and len(act) > 1: m = p.choice([x for x in act if x is not avoid])
        return m
    def exit(self, m, t):
        if t > m.ip_until:
            m.ip_until = t + self.p.expovariate(1 / self.stick)
            if m.own:
                if self.q.random() < 0.04:
                    m.ip = self.W.home(self.q, m.ip[2])              # a home gets a new address now and then
            else: m.ip = self.p.choice(self.ring_exits[m.ring] if self.ring_exits else self.exits)
        return m.ip
    def job(self, t):
        p, W = self.p, self.W
        i = p.choices(range(len(self.tmpls)), self.tm_w)[0]
        if "batches" in self.T:
            d = int(t // DAY)
            vs = [k for k, tm in enumerate(self.tmpls) if tm.voice is self.voices[(d * 7 + 3) % len(self.voices)]]
            i = vs[d % len(vs)]
        item = self.tmpls[i].voice.item(p, W.place, 2, 5)
        if self.copies and self.q.random() < self.copy_share:
            for _ in range(5):
                src = self.q.choice(self.copies)
                if src["t"] < t and src["status"] == 200: return ("copy", src)
        return (i, item)
    def text(self, job, m):
        if job[0] == "copy":
            s = job[1]
            return (s["system"], s["msgs"], s["masked"], s["tools"]), 300, s["maxt"], s["temp"]
        tm = self.tmpls[job[0]]
        s, pr, k = tm.render(job[1], m.picks[job[0]] if m and m.picks else None)
        tools = None
        mt, tp = tm.max_tokens, tm.temperature
        if "costume" in self.T:
            tool = self.costume[self.q.randrange(len(self.costume))] if m is None else self.costume[hash_small(m.a["account_id"], len(self.costume))]
            if s: pr, k = s + "\n\n" + pr, s + "\n\n" + k
            s, tools, mt, tp = tool["system"], tool["tools"], tool["max_tokens"], tool["temperature"]
        return (s, [("user", pr)], k, tools), tm.out, mt, tp
    def model(self, m, t):
        p, W = self.p, self.W
        base = p.choices(self.models, self.model_w)[0]
        if "pivot" in self.T and t > W.release + self.pivot_lag:
            if self.q.random() < self.pivot_share: return W.new_model
        return self.q.choices(W.models, m.mix)[0] if m.mix else base
    def send(self, t, job, avoid=None, tries=0, force=None, status=None):
        W, p, q = self.W, self.p, self.q
        ring = p.randrange(len(self.ring_exits)) if self.ring_exits else 0
        m = force or self.choose(t, ring, avoid)
        if m is None:
            self.push(t + 900, "job", (job, None, tries))
            return None
        text, out, mt, tp = self.text(job, m)
        st = status or (200 if p.random() > self.err else p.choices([429, 529, 500], [5, 3, 1])[0])
        when = t
        if "jitter" in self.T and status is None:
            when = t + lognorm(q, 25 * 60, 1.1)
            if m.a["banned_at"]: when = t
        m.used = max(t, m.used)
        m.n += 1
        if when < W.end:
            row = W.row(p, when, m.a, self.exit(m, t), m.client, self.model(m, t), text, out=out, max_tokens=mt, temperature=tp, status=st, camp=True,
                stream=False)
            row["m"] = m
            if "costume" in self.T:
                tool = self.costume[hash_small(m.a["account_id"], len(self.costume))]
                row["client"] = tool["clients"][hash_small(m.a["account_id"] + "v", 3) + (1 if t > W.end / 2 else 0)]
                row["sess"], row["dev"] = W.uid(q, 16), "dv-" + sha(m.a["account_id"] + str(W.seed), 12) if tool["kind"] == "code" else None
                row["stream"] = True
        if st != 200 and tries < 3:
            lag = lognorm(q, 4 * HOUR, 0.6) if "late" in self.T else p.choice([p.uniform(1, 5), p.uniform(2.8, 3.4)])
            self.push(max(when, t) + lag, "job", (job, m, tries + 1))
        if m.n >= m.quota and m in self.active_set:
            self.drop(m)
            self.spawn(t - q.uniform(0.5, 60) * HOUR, t + q.uniform(0.01, 1.0) * HOUR, m.ring)
        return m
    def drop(self, m):
        if m in self.active_set:
            self.active_set.discard(m)
            self.active.remove(m)
            if self.ring_exits: self.by_ring[m.ring].remove(m)
            self.changes += 1
    def ban(self, m, t):
        self.drop(m)
        m.a["banned_at"] = t
        self.push(t + self.p.expovariate(1 / 400), "dead", m)
        self.replacement(t, m.ring)
    def run(self):
        W, p, q, T = self.W, self.p, self.q, self.T
        self.active_set, self.by_ring, self.changes, self.leases, self.ring_exits = set(), {}, 0, {}, None
        self.pivot_lag, self.pivot_share = q.uniform(2, 20) * HOUR, q.uniform(0.45, 0.85)
        self.costume = q.sample([x for x in W.tools if x["kind"] == "code"], 2)
        self.org = "org_" + W.uid(q, 8)
        if "org_stolen" in T: self.org = self.office_org
        times = self.times()
        n0 = self.n0
        if "rings" in T:
            nr = max(4, round(n0 / 8))
            n0 = nr * 8
            order = q.sample(W.proxy, len(W.proxy))
            k = max(6, len(self.exits) // nr)
            self.ring_exits = [order[i * k:(i + 1) * k] for i in range(nr)]
            self.by_ring = {i: [] for i in range(nr)}
        if "thin" in T:
            want = q.randint(5800, 8200)
            times = sorted(q.sample(times, min(want, len(times))))
        if "twice" in T: times = times[::2]
        for i in range(n0):
            on = self.start + (p.uniform(0, 0.3) * DAY if i < n0 * 0.6 else p.uniform(0, 3) * DAY)
            self.spawn(on - abs(p.gauss(0, 2)) * DAY - p.uniform(0.2, 3) * HOUR, on, i % len(self.ring_exits) if self.ring_exits else 0)
        if "standby" in T:
            for _ in range(int(n0 * self.W.wave_share * len(W.waves) * 0.95) + 3):
                m = self.spawn(self.start - abs(q.gauss(0, 2.5)) * DAY, 1e12, 0)
                self.reserve.append(m)
        for t in times: self.push(t, "job", None)
        for t in W.waves:
            if t > self.start + 1.5 * DAY: self.push(t, "wave", None)
        for _ in range(p.randint(2, 8)): self.push(p.uniform(self.start + DAY, W.end), "single", None)
        while self.ev:
            t, _, kind, x = heapq.heappop(self.ev)
            if t >= W.end: break
            if kind == "job":
                job, avoid, tries = x or (None, None, 0)
                fresh = job is None
                job = job or self.job(t)
                m = self.send(t, job, avoid, tries)
                if fresh and "twice" in T: self.push(t + lognorm(q, 240, 1.2), "second", (job, m))
            elif kind == "second": self.send(t, x[0], x[1])
            elif kind == "on":
                if x.a["banned_at"] is None and x not in self.active_set:
                    self.active_set.add(x)
                    self.active.append(x)
                    if self.ring_exits: self.by_ring[x.ring].append(x)
                    self.changes += 1
                    x.used = t - p.uniform(0, 600)
            elif kind == "wave":
                for m in list(self.active):
                    if p.random() < W.wave_share: self.push(t + p.uniform(0, 1.2) * HOUR, "ban", m)
            elif kind == "single":
                if len(self.active) > 8: self.ban(p.choice(self.active), t)
            elif kind == "ban":
                if x.a["banned_at"] is None: self.ban(x, t)
            elif kind == "dead" and p.random() < 0.8: self.send(t, self.job(t), force=x, status=403)
        for m in self.members:                                       # nothing can be sent after a ban but errors
            if m.a["banned_at"] and m.a["banned_at"] >= W.end: m.a["banned_at"] = None
        self.live = [m for m in self.members if m.a["created_at"] < W.end]
        for m in self.members:
            if m.a["created_at"] >= W.end: W.accts.pop(m.a["account_id"], None)
        for row in W.rows:
            m = row.get("m")
            if m and m.a["banned_at"] and row["t"] > m.a["banned_at"] and row["status"] == 200:
                row["status"], row["tin"], row["tout"], row["lat"] = 403, 0, 0, 40 + row["tin"] % 150
        if "resold" in T:
            self.resell(q, [Customer(W, q, q.choices(["coder", "chatter", "program"], [4, 3, 2])[0], register=False) for _ in range(q.randint(50,
                110))], q.uniform(0.9, 1.3) * min(self.jobs, 14000))
        if "buyers" in T:
            buyers = q.sample(self.regs, 40)
            for c in buyers: c.acct["role"] = "used"
            self.resell(q, buyers, sum(q.randint(80, 250) for _ in buyers), leak=q.random() < 0.5)
    def route(self, r):
        """Sticky sessions of resold traffic over the accounts that are alive."""
        memo = {}

        def pick(sess, t):
            m = memo.get(sess)
            if m is None or not self.alive(m, t):
                live = [x for x in self.live if self.alive(x, t)]
                if not live: return None, None
                m = memo[sess] = r.choices(live, [x.q * (self.hour_w(x, t) if "hours" in self.T else 1) for x in live])[0]
            ip = m.ip if m.own else (self.exits[hash_small(f"{m.a['account_id']}{int(t // self.stick)}", len(self.exits))])
            return m.a, ip
        return pick
    @staticmethod
    def alive(m, t):
        return m.on <= t < (m.a["banned_at"] or 1e12)
    def resell(self, r, customers, total, leak=True):
        w = dirichlet(r, len(customers), 1.2)
        pick = self.route(r)
        by = {m.a["account_id"]: m for m in self.live}
        for c, x in zip(customers, w):
            keep = c.dev
            if not leak: c.dev = None
            t0 = r.uniform(self.start, self.start + 0.5 * (self.W.end - self.start))
            n = int(total * x) if "resold" in self.T else max(40, min(300, int(total * x)))
            for row in c.live(r, n, t0, None, route=pick, client=self.client):
                if "client" in self.T: row["client"] = by[row["a"]].client
                if not leak: row["sess"] = None
            c.dev = keep

def hash_small(s, k):
    return int(sha(s, 8), 16) % k

# ------------------------------------------------------------------------------------------------------------------ framing
def frame_before(W, P, regs):
    """Things an operator prepares: stolen cards, prompts to copy. Victims are regulars."""
    f, q = W.frame, W.rng("frame")
    P.victims = set()
    if f in ("cards", "many"):
        vs = q.sample(regs, 30 if f == "cards" else 10)
        P.victim_cards = [c.acct["payment_id"] for c in vs]
        P.carded = {c.acct["payment_id"]: c for c in vs}
    if f in ("copied", "many"):
        vs = q.sample(regs, q.randint(30, 60) if f == "copied" else 12)
        P.copies = [x for c in vs for x in c.rows]
        P.copied = vs
        P.copy_share = q.uniform(0.12, 0.3) if f == "copied" else 0.06

def frame_after(W, P, regs):
    f, q = W.frame, W.rng("frame2")
    if f in ("cards", "many"):
        seen = {a["payment_id"] for a in W.accts.values() if a["campaign"]}
        for pay, c in P.carded.items():
            if pay in seen: c.acct["role"] = "used"
    if f in ("copied", "many"):
        ids = {id(x["msgs"]) for x in W.rows if x.get("camp")}
        for c in P.copied:
            if any(id(x["msgs"]) in ids for x in c.rows): c.acct["role"] = "used"
    camp = [x for x in W.rows if x.get("camp")]
    if f in ("rare", "many"):
        kind = q.choice(["ua", "ja4", "session", "device"]) if f == "rare" else "ua"
        name = W.word(q, 3, 4)
        ua, ja = f"{name}-worker/{q.randint(0, 3)}.{q.randint(0, 20)}", f"t13d{q.randint(1000, 1999)}h1_{sha(name + 'a', 12)}_{sha(name + 'b', 12)}"
        vals = [W.uid(q, 16) for _ in range(q.randint(1, 3))]

        def mark(row):
            if kind == "ua": row["client"] = (ua, row["client"][1])
            elif kind == "ja4": row["client"] = (row["client"][0], ja)
            elif kind == "session": row["sess"] = q.choice(vals)
            else: row["dev"] = "dv-" + q.choice(vals)[:12]
        for x in camp: mark(x)
        for c in q.sample(regs, q.randint(25, 60) if f == "rare" else 15):
            c.acct["role"] = "used"
            for x in q.sample([y for y in c.rows if y["t"] > P.start], 5): mark(x)
    if f in ("keys", "many"):
        good = [x for x in camp if x["status"] == 200 and x["t"] > P.start + 2 * DAY]
        for c in q.sample(regs, 60 if f == "keys" else 15):
            c.acct["role"] = "used"
            k = max(2, round(len(c.rows) * q.uniform(0.01, 0.02)))
            i = q.randrange(len(good))
            span = good[i:i + q.randint(k, 400)]
            for x in q.sample(span, min(k, len(span))):              # the worker takes the stolen key instead of the account
                x["a"], x["key"], x["org"], x["camp"] = c.acct["account_id"], c.acct["key"], c.acct["organization_id"], False
    if f in ("published", "many"):
        tm = P.tmpls[0]
        when = q.uniform(0.35, 0.6) * W.end
        shown = tm.voice.item(q, W.place)
        for c in q.sample(regs, 60 if f == "published" else 15):
            c.acct["role"] = "used"
            t = c.human_time(q, when, min(W.end, when + 9 * DAY))
            ip = c.where(q)
            for k in range(q.randint(2, 6)):
                item = shown if k == 0 and q.random() < 0.6 else c.voice.item(q, W.place, 1, 3)
                s, pr, masked = tm.render(item)
                if s is not None and c.tool:
                    s, pr, masked = c.tool["system"], s + "\n\n" + pr, s + "\n\n" + masked
                if t < W.end - 1:
                    W.row(q, t, c.acct, ip, c.clients[t > c.upgrade], c.model_at(q, t), (s, [("user", pr)], masked,
                        c.tool["tools"] if c.tool else None), out=tm.out, max_tokens=c.maxt, temperature=c.temp, stream=c.stream, sess=W.uid(q,
                        16) if c.tool else None, dev=c.dev)
                t += lognorm(q, 90, 0.8)

# ------------------------------------------------------------------------------------------------------------------ honest labels
def judge(W, P, level, with_accounts):
    """Could any method tie this account to the rest from the fields written? Counted on the log as written."""
    n, ips, users = {}, {}, {}
    for x in W.rows:
        users.setdefault(x["ip"][0], set()).add(x["a"])
        if W.accts[x["a"]]["campaign"]:
            ips.setdefault(x["a"], set()).add(x["ip"][0])
            if x.get("camp"): n[x["a"]] = n.get(x["a"], 0) + 1
    ours = {a for a, v in W.accts.items() if v["campaign"]}
    cards = {}
    for a in ours: cards.setdefault(W.accts[a]["payment_id"], []).append(a)
    T = W.tricks
    for a in ours:
        k, ok = n.get(a, 0), False
        if level == "text":
            ok = k >= (6 if "reword" in T else 2)                    # one third reworded leaves the rest of the words
        elif level == "hashes":
            ok = k >= 2 and ("reword" not in T)                      # a reworded template has another hash in each account
        if with_accounts and len(cards[W.accts[a]["payment_id"]]) > 1 and k >= 1: ok = True
        shared = sum(1 for ip in ips.get(a, ()) if len(users[ip] & ours) > 1 and len(users[ip]) <= 2 * len(users[ip] & ours))
        if k >= 20 and shared >= 2:                                  # exits shared with other members on several addresses
            ok = True
        if W.frame in ("rare", "many") and k >= 1: ok = True
        if k >= 4 and any(len(users[ip] & ours) >= 5 and len(users[ip] & ours) >= 0.75 * len(users[ip]) for ip in ips.get(a, ())):
            ok = True                                                # a home address with many thin accounts and hardly anybody else
        timing = P.picker != "random" and not T & {"jitter", "uneven", "hours", "thin", "resold", "rings", "buyers"}
        if timing and k >= 150:                                      # rotation or leases leave an order in the times
            ok = True
        W.accts[a]["detectable"] = ok

# ------------------------------------------------------------------------------------------------------------------ output
def stamp(W, t):
    d = W.t0 + dt.timedelta(milliseconds=int(t * 1000))
    return d.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (d.microsecond // 1000)

def write(W, out, level, with_accounts):
    os.makedirs(os.path.join(out, "logs"), exist_ok=True)
    for f in os.listdir(os.path.join(out, "logs")): os.remove(os.path.join(out, "logs", f))
    if os.path.exists(os.path.join(out, "accounts.csv")): os.remove(os.path.join(out, "accounts.csv"))
    W.rows.sort(key=lambda x: (x["t"], x["a"]))
    r = W.rng("output")
    part, fh, seen, cache = -1, None, set(), {}
    def h(s):
        if s not in cache: cache[s] = sha(s)
        return cache[s]
    for x in W.rows:
        if not 0 <= x["t"] < W.end: continue
        k = int(x["t"] // (7 * DAY))
        if k != part:
            if fh: fh.close()
            part = k
            name = os.path.join(out, "logs", f"api-{k:02d}.jsonl")
            if W.gz: fh = gzip.GzipFile("", "wb", 4, open(name + ".gz", "wb"), 0)
            else: fh = open(name, "wb")
        seen.add(x["a"])
        d = {"started_at": stamp(W, x["t"]), "request_id": "req_%016x" % r.getrandbits(64), "account_id": x["a"]}
        if x["org"]: d["organization_id"] = x["org"]
        d.update(api_key_id=x["key"], client_address=x["ip"][0], client_asn=x["ip"][1], client_country=x["ip"][2], user_agent=x["client"][0],
            tls_ja4=x["client"][1], platform="direct", endpoint="/v1/messages", method="POST", request_model=x["model"], status_code=x["status"],
            input_tokens=x["tin"], output_tokens=x["tout"], latency_ms=x["lat"], stream=x["stream"])
        if x["maxt"]: d["max_tokens"] = x["maxt"]
        if x["temp"] is not None: d["temperature"] = x["temp"]
        if x["sess"]: d["session_id"] = x["sess"]
        if x["dev"]: d["device_id"] = x["dev"]
        if level == "text":
            if x["system"]: d["system"] = x["system"]
            if len(x["msgs"]) == 1 and not W.multi_only: d["prompt"] = x["msgs"][0][1]
            else: d["messages"] = [{"role": a, "content": b} for a, b in x["msgs"]]
            if x["tools"]: d["tools"] = x["tools"]
        elif level == "hashes":
            if x["system"]: d["system_hash"] = h(x["system"])
            d["prompt_hash"] = sha("\x1f".join(b for _, b in x["msgs"]))
            d["template_hash"] = h((x["system"] or "") + "\x1f" + x["masked"])
            d["prompt_chars"], d["message_count"] = x["chars"], len(x["msgs"])
            if x["tools"]: d["tools_hash"] = h(",".join(x["tools"]))
        fh.write((json.dumps(d, separators=(",", ":")) + "\n").encode())
    if fh: fh.close()
    names = sorted(W.accts if with_accounts else seen)
    if with_accounts:
        cols = ("account_id created_at banned_at closed_at organization_id parent_id plan country email_domain payment_id signup_address device_id"
                " reseller_id referrer limit_per_minute limit_per_day").split()
        with open(os.path.join(out, "accounts.csv"), "w", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(cols)
            for a in names:
                v = dict(W.accts[a])
                for c in ("created_at", "banned_at", "closed_at"):
                    v[c] = stamp(W, v[c]) if v[c] is not None and v[c] < W.end else ""
                w.writerow([v[c] for c in cols])
    with open(os.path.join(out, "labels.csv"), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow("account_id structure kind role campaign detectable".split())
        for a in names:
            v = W.accts[a]
            w.writerow([a, v["structure"], v["kind"], v["role"], v["campaign"], "true" if v["detectable"] else "false"])

def make(scenario, seed, out, level, with_accounts):
    W = World(scenario, seed)
    regs = background(W)
    s = W.rng("structures")
    which = s.sample(["office", "class", "platform", "programs"], s.choice([1, 2, 2]))
    if "office" not in which and s.random() < 0.4: which[0] = "office"
    if "org_stolen" in W.tricks and "office" not in which: which[0] = "office"
    org = None
    for k in which:
        o = {"office": office, "class": school, "platform": platform, "programs": program_users}[k](W, W.rng("structure " + k))
        org = o or org
    P = Pool(W, regs, org)
    frame_before(W, P, regs)
    P.run()
    frame_after(W, P, regs)
    judge(W, P, level, with_accounts)
    write(W, out, level, with_accounts)

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("scenario", choices=["list", *SCENARIOS])
    p.add_argument("seed", nargs="?", type=int)
    p.add_argument("outdir", nargs="?")
    p.add_argument("--level", choices=["text", "hashes", "metadata"], default="text")
    p.add_argument("--no-accounts", action="store_true")
    a = p.parse_args()
    if a.scenario == "list": print("\n".join(SCENARIOS))
    elif a.outdir is None: p.error("SCENARIO SEED OUTDIR")
    else: make(a.scenario, a.seed, a.outdir, a.level, not a.no_accounts)

if __name__ == "__main__": main()
