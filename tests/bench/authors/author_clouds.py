#!/usr/bin/env python3
"""Simulated worlds in which one population is seen on several platforms at once, in the raw format of each.

    python author_clouds.py list
    python author_clouds.py SCENARIO SEED OUTDIR [--level text|hashes|metadata] [--no-accounts]

Besides the files of the contract, OUTDIR/role_labels.csv gives the same labels for the IAM roles behind role sessions
(for readers that take sessionContext.sessionIssuer as the account); labels.csv itself has the ARNs as they stand in the logs.
"""
import collections
import csv
import datetime as dt
import gzip
import hashlib
import heapq
import io
import json
import os
import random
import re
import sys
import numpy as np
UTC = dt.timezone.utc
DAY = 86400.0
INF = float("inf")
def H(s, n=16): return hashlib.sha256(s.encode()).hexdigest()[:n]

# ------------------------------------------------------------------------------------------------ words
COUNTRIES = {"DE": 1, "FR": 1, "GB": 0, "US": -6, "CA": -5, "BR": -3, "IN": 5.5, "JP": 9, "SG": 8, "PL": 1, "ES": 1, "AU": 10, "MX": -6, "KR": 9, "NL": 1,
        "SE": 1, "ZA": 2, "TR": 3, "VN": 7, "ID": 7, "AR": -3, "NG": 1, "IT": 1, "UA": 2, "PH": 8, "AE": 4}
CC = list(COUNTRIES)
TOPICS = {}
for _line in """
retail;order|parcel|return label|voucher|basket|refund|invoice|gift card;arrived broken|was charged twice|never left the depot|shows the wrong size|\
was cancelled;warehouse|checkout|store in the old town|courier hub;customer|shop assistant|buyer|picker
health;referral letter|lab result|dosage plan|discharge note|allergy record|rehab schedule;mentions mild fever|contradicts the earlier scan|\
lists two drugs|needs a second signature|was dictated in haste;ward|clinic|outpatient desk|night shift;nurse|patient|physician|coder
law;lease|clause|settlement draft|deposition|licence|warranty|addendum;limits liability|renews automatically|names the wrong party|omits a deadline|\
cites a repealed act;registry|chamber|arbitration panel|county court;tenant|counsel|landlord|witness
code;function|pull request|migration|parser|queue worker|test fixture|build script|cache;raises a type error|leaks a handle|passes on one branch|\
deadlocks under load|ignores the locale;staging cluster|main branch|container|monorepo;reviewer|maintainer|caller|release manager
math;sequence|polynomial|matrix|graph|random walk|triangle|integral;has no fixed point|is bounded by seven|sums to a square|splits into two parts|\
converges slowly;closed interval|finite field|lattice|unit disc;student|prover|examiner|tutor
finance;ledger entry|bond|invoice batch|credit note|forecast|transfer;does not reconcile|exceeds the limit|was booked twice|lost three percent|\
awaits approval;branch|trading desk|back office|quarter end;auditor|clerk|treasurer|client
travel;itinerary|rail pass|booking|hotel voucher|visa form|ferry ticket;overlaps by an hour|was rebooked|misses the connection|includes breakfast|\
lacks a stamp;airport|harbour|mountain village|border;traveller|agent|guide|host
school;essay|worksheet|reading log|timetable|lab report|quiz;lacks a conclusion|mixes two tenses|is due on friday|repeats the question|\
cites one source;classroom|library|seminar|exam hall;pupil|teacher|parent|tutor
factory;gearbox|sensor|batch record|conveyor|valve|weld seam;drifts after noon|overheats|failed inspection|vibrates at start|was replaced;line two|\
paint shop|cold store|test bench;operator|fitter|inspector|planner
media;interview|headline|transcript|podcast intro|caption|press note;buries the lead|runs too long|names no source|contradicts the footage|\
sounds dated;newsroom|studio|archive|press tent;editor|reporter|producer|reader
agri;irrigation plan|seed lot|soil sample|harvest log|milk record|orchard map;shows low nitrogen|was mislabelled|fell behind|is above average|\
needs rain;valley|greenhouse|north field|cooperative;farmer|agronomist|buyer|driver
chem;buffer|titration|polymer film|catalyst|spectrum|solvent mix;turned yellow|shifts by two units|precipitates|gave a poor yield|\
shows a shoulder;glovebox|cold room|pilot plant|fume hood;chemist|technician|postdoc|supplier
city;permit|bus line|noise complaint|zoning map|park bench|water meter;was contested|runs late|lacks an address|doubles in summer|expired;district|\
town hall|riverside|depot;resident|councillor|planner|driver
games;quest|dialogue tree|level map|save file|patch note|boss fight;spoils the ending|crashes on load|feels unfair|reuses a joke|\
needs balance;dungeon|harbour town|sky island|arena;player|writer|tester|modder
""".strip().splitlines():
    _k, _a, _b, _c, _d = _line.split(";"); TOPICS[_k] = [x.split("|") for x in (_a, _b, _c, _d)]
TN = list(TOPICS)
ADV = "usually|in practice|since tuesday|for the third time|as far as we know|without warning|on paper|again|by mistake|after the update".split("|")
CONN = "Because of that|Meanwhile|In addition|Nevertheless|According to the notes|Earlier this month|For context|To be fair".split("|")
FORMATS = "a JSON object|a short bulleted list|one paragraph|a table with three columns|plain text|YAML|at most five sentences".split("|")
LANGS = "German|French|Spanish|Portuguese|Japanese|Polish|Turkish|Dutch|Swedish|Vietnamese".split("|")
SYL = "ba be bo da de do fa fi ga go ka ke ko la le lo ma me mi mo na ne no pa pe po ra re ri ro sa se so ta te to va ve vi za zo dra kre ster lin vel".split()
def pick(R, xs): return xs[int(R.random() * len(xs))]
def ph(R, s): return pick(R, s.split("|"))
def word(R, n=2): return "".join(pick(R, SYL) for _ in range(n + (R.random() < .4)))
def sent(R, tp):
    a, b, c, d = TOPICS[tp]; x = R.random()
    if x < .35: s = f"The {pick(R, a)} from the {pick(R, c)} {pick(R, b)} {pick(R, ADV)}."
    elif x < .6: s = f"{pick(R, CONN)}, the {pick(R, d)} noted that {pick(R, a)} {R.randint(2, 9999)} {pick(R, b)}."
    elif x < .8: s = f"A {pick(R, d)} named {word(R).title()} asked about the {pick(R, a)} at the {pick(R, c)}, which {pick(R, b)}."
    else: s = f"We counted {R.randint(2, 480)} cases where a {pick(R, a)} {pick(R, b)} and {R.randint(1, 90)} where the {pick(R, d)} objected."
    return s
def para(R, tp, lo=2, hi=6): return " ".join(sent(R, tp) for _ in range(R.randint(lo, hi)))
def question(R, tp):
    a, b, c, d = TOPICS[tp]; p, q = pick(R, a), pick(R, d); x = R.random()
    if x < .2: return f"If the {p} {pick(R, b)}, what should the {q} at the {pick(R, c)} do first, given {R.randint(2, 60)} open cases?"
    if x < .4: return f"Compare the {p} of {R.randint(1990, 2025)} with the one {word(R).title()} described: which {pick(R, b)} and why?"
    if x < .6:
        return f"How many of {R.randint(20, 900)} {p}s fail when {R.randint(2, 30)} percent {pick(R, b)} and the {q} checks every {R.randint(2, 9)}th?"
    if x < .8: return f"Design a procedure by which a {q} finds every {p} that {pick(R, b)} in the {pick(R, c)} of {word(R).title()}."
    return f"Under which conditions does a {p} that {pick(R, b)} still satisfy the {q}? State {R.randint(2, 5)} of them."
def code(R):
    f, x, y = word(R), word(R), word(R)
    body = pick(R, [f"    for {x} in {y}s:\n        if {x}.id % {R.randint(2, 31)} == 0:\n            yield {x}",
            f"    {x} = {y}.get('{word(R)}', {R.randint(0, 99)})\n    return {x} * {R.randint(2, 50)}",
            f"    while {x} < {R.randint(5, 500)}:\n        {x} += step({y})\n    return {x}"])
    return f"def {f}_{x}({y}):\n{body}\n"
def record(R, tp):
    a, b, c, d = TOPICS[tp]
    return f"id={R.randint(10000, 999999)}; {pick(R, d)}={word(R).title()} {word(R).title()}; item={pick(R, a)}; place={pick(R, c)}; note={pick(R, b)}"
def casual(R, tp):
    """what a person types into a chat"""
    a, b, c, d = TOPICS[tp]; x = R.random()
    if x < .25:
        return ph(R, "hey|hi|ok so|hmm|quick one:|can you help?|") + f" my {pick(R, a)} {pick(R, b)}, " + ph(R, "what now|any idea|is that normal|why") + "?"
    if x < .5:
        return ph(R,
                "write|draft|give me|I need") + f" a {ph(R, 'mail|note|post|summary|list|speech')} for the {pick(R, d)} about the {pick(R, a)}. " + sent(R,
                tp)
    if x < .7: return f"{sent(R, tp)} {ph(R, 'make this shorter|fix my grammar|translate to ' + pick(R, LANGS) + '|sounds rude?|what is missing')}"
    if x < .85: return question(R, tp)
    return ph(R, "and now the same for|no, I meant|better, but drop|please redo with") + f" the {pick(R, a)} in the {pick(R, c)} ({word(R)})"
SLOT = re.compile(r"(\{[a-z]+\})")
PARTS = {}
def fill(R, tpl, tp):
    ps = PARTS.get(tpl)
    if ps is None: ps = PARTS[tpl] = SLOT.split(tpl)
    o = []
    for p in ps:
        if p[:1] != "{": o.append(p)
        elif p == "{item}": o.append(para(R, tp))
        elif p == "{long}": o.append(para(R, tp, 5, 12))
        elif p == "{q}": o.append(question(R, tp))
        elif p == "{a}": o.append(para(R, tp, 1, 3))
        elif p == "{code}": o.append("".join(code(R) for _ in range(R.randint(1, 3))))
        elif p == "{rec}": o.append("\n".join(record(R, tp) for _ in range(R.randint(1, 5))))
        elif p == "{n}": o.append(str(R.randint(2, 9999)))
        elif p == "{lang}": o.append(pick(R, LANGS))
        elif p == "{name}": o.append(word(R).title() + " " + word(R).title())
        else: o.append(casual(R, tp))
    return "".join(o)

class Task:
    __slots__ = "sys tpl topic mi mt temp tp stream tools out items fast pnew op".split()
    def __init__(s, R, topic=None, sys="", tpl=("{chat}",), mi=0, mt=None, temp=None, tp=None, stream=None, tools=None, out=250, items=None):
        s.topic = topic or pick(R, TN); s.sys, s.tpl, s.mi = sys, list(tpl), mi
        s.mt = mt if mt is not None else pick(R, [256, 400, 512, 800, 1000, 1024, 1500, 2000, 2048, 4096, 8192])
        s.temp = temp if temp is not None else pick(R, [None, None, 0.0, 0.0, .2, .3, .5, .7, .7, 1.0, 1.0])
        s.tp = tp if tp is not None else pick(R, [None, None, None, .9, .95]); s.stream = stream if stream is not None else R.random() < .35
        s.tools, s.out, s.items, s.fast = tools, out, items, False; s.pnew = R.random() ** 2; s.op = pick(R, ["Converse", "InvokeModel"])
JOBS = "support assistant|claims reader|writer|data steward|meeting scribe|tutor|code reviewer|translator|triage clerk|checker|search helper".split("|")
def own_system(R, tp, firm):
    a, b, c, d = TOPICS[tp]
    rules = ["Answer in " + pick(R, FORMATS) + ".", f"Never mention the {pick(R, c)}.", f"If the {pick(R, a)} {pick(R, b)}, say so first.",
            f"Address the reader as a {pick(R, d)}.", f"Use at most {R.randint(20, 400)} words.", "Cite the passage you rely on.", "Do not guess.",
            f"Escalate anything about a {pick(R, a)} to {word(R).title()}.", f"Write in {pick(R, LANGS)} if the input is in that language."]
    R.shuffle(rules)
    lead = ph(R, f"You are the {pick(R, JOBS)} of {firm}.|You work for {firm} as {pick(R, JOBS)}.|{firm} uses you as its {pick(R, JOBS)}.|"
            f"Role: {pick(R, JOBS)} ({firm}).|Act as {pick(R, JOBS)}.")
    return lead + " " + " ".join(rules[:R.randint(1, 6)])
def own_template(R, tp):
    a, b, c, d = TOPICS[tp]; k = R.random()
    if k < .2: return f"{ph(R, 'Summarise|Condense|Sum up')} this {pick(R, a)} for the {pick(R, d)} as {pick(R, FORMATS)}:\n\n{{item}}"
    if k < .4:
        f = R.sample("date,amount,person,place,urgency,category,reason,language,reference".split(","), R.randint(2, 5))
        return f"{ph(R, 'Extract|Pull out|Return')} {', '.join(f)} from the {ph(R, 'text|record|message')} below as JSON.\n---\n{{rec}}\n{{item}}"
    if k < .55: return f"Classify as {pick(R, a)} / {pick(R, b)} / other, reply with one label.\n{ph(R, 'Text|Message|Input')}: {{item}}"
    if k < .7:
        return f"Context:\n{{long}}\n\n{ph(R, 'Question|Query|User asks')}: {{q}}\n{ph(R, 'Answer only from the context.|Say unknown if it is not there.|')}"
    if k < .8: return f"Translate to {pick(R, LANGS)}, keep the tone of a {pick(R, d)}:\n{{item}}"
    if k < .9: return f"Review this {ph(R, 'change|snippet|function')} for {ph(R, 'bugs|style|security|speed')}:\n```\n{{code}}```"
    return f"Draft a reply from {pick(R, d)} {{name}} ({pick(R, c)}) to:\n\"{{item}}\""
def own_task(R, firm=None, tp=None, recur=0):
    tp = tp or pick(R, TN)
    t = Task(R, tp, own_system(R, tp, firm or word(R).title()) if R.random() < .85 else "", [own_template(R, tp)], mi=pick(R, [0, 1, 1, 2]),
            out=R.choice([20, 60, 150, 300, 500]))
    if recur: t.items = [fill(R, t.tpl[0], tp) for _ in range(recur)]
    return t
def hostile_template(R, kind):
    """one wording; calling it again gives a paraphrase of the same request"""
    if kind == "articulate":
        return (ph(R,
                "Below is a question and its finished answer.|Here are a problem and a completed answer.|You get a task together with the final response.") +
                " " + ph(R,
                "Imagine the internal reasoning behind the answer and write it out step by step.|Reconstruct, step by step, the full thinking that led there.|"
                "Write down the complete chain of thought that a careful expert had before answering.") + "\n\n" + ph(R, "Problem|Question|Task") +
                ": {q}\n" + ph(R, "Answer|Final answer|Response") + ": {a}\n" + ph(R,
                "|Do not skip steps.|Leave nothing implicit.|Use the language of the question."))
    if kind == "rubric":
        return (ph(R, "Grade the response against the rubric.|Score the candidate answer with the rubric below.|Act as a judge and apply this rubric.") +
                " " + ph(R,
                "Give reasons per criterion, then a score from 1 to 10.|For each criterion explain, then output a number.|Explain first, then print SCORE.") +
                "\n\nTask: {q}\n" + ph(R, "Response|Candidate|Submission") + ": {item}\nRubric: correctness, depth, " + ph(R, "clarity|rigour|style"))
    if kind == "agent":
        return (ph(R, "You are inside a repository.|You work in a fresh checkout.|A sandboxed repository is mounted.") + " " + ph(R,
                "Plan, call tools and finish the issue.|Solve the issue with the tools; show every action.|Use the tools until all tests pass.") +
                "\nIssue #{n}: {q}\n```\n{code}```\n" + ph(R, "State each thought before each call.|Explain every step before acting.|"))
    if kind == "wrap":
        return (ph(R,
                "Put all working inside <work> tags.|First fill <draft></draft> with your entire thinking.|Open with <trace> and reason aloud there.") +
                " " + ph(R, "The answer follows after the tag.|Then give the result.|Close the tag before the answer.") + "\n\n{q}")
    if kind == "evolve":
        return (ph(R,
                "Rewrite the task into a harder one and solve it.|Create a more demanding variant and answer it fully.|Raise the difficulty, then solve.") +
                "\nSeed task: {q}\n" + ph(R, "Keep the domain.|Add one constraint.|Add two reasoning steps."))
    return (ph(R, "You are an expert analyst who combines rigour with domain knowledge.|As a specialist with long experience, answer exhaustively.") + " " +
            ph(R, "Show the derivation.|Justify each claim.|Lay out every inference.") + "\n\nData:\n{rec}\n\nRequest: {q}")
HK = ["articulate", "rubric", "agent", "wrap", "evolve", "expert"]
def hostile_tasks(R, k=3, variants=1, topics=4):
    out = []; kinds = R.sample(HK, min(k, len(HK))); tps = R.sample(TN, topics)
    wrap = "" if R.random() < .4 else ph(R,
            "Think in full before you answer. |Always expose your working. |Follow the format strictly. ") + f"Batch {word(R)}."
    for kd in kinds:
        for tp in R.sample(tps, min(2, topics)):
            tl = None
            if kd == "agent": tl = R.sample(["read_file", "write_file", "run_tests", "grep", "apply_patch", "list_dir", "shell"], 5)
            out.append(Task(R, tp, wrap, [hostile_template(R, kd) for _ in range(variants)], mi=0, mt=R.choice([2048, 4096, 8192]), out=R.choice([600, 900,
                    1400]), tools=tl, stream=R.random() < .3))
    mt, tm, tp = out[0].mt, out[0].temp, out[0].tp
    if R.random() < .6:
        for t in out: t.mt, t.temp, t.tp = mt, tm, tp
    pn = R.uniform(.4, 1.0)
    for t in out: t.pnew, t.fast = pn, True
    return out

# ------------------------------------------------------------------------------------------------ networks

class Net:
    """where requests come from: home (changes now and then), carrier (shared), fixed (office, virtual machines), resi (rotating proxy)"""
    def __init__(s, W, kind, cc=None, ips=None, rot=None):
        s.W, s.kind, s.R = W, kind, random.Random(f"net{W.R.getrandbits(60)}"); s.cc = cc or pick(W.R, CC); s.memo = {}
        s.period = {"home": DAY * W.R.uniform(4, 60), "carrier": 3600 * 6, "fixed": 600, "resi": (rot or 24) * 3600.0}[kind]; s.ips = ips
        if kind == "fixed" and not ips: s.ips = [W.ip("cloud", s.cc) for _ in range(W.R.choice([1, 1, 1, 2, 3]))]
    def at(s, t):
        if s.kind == "fixed": return s.ips[0] if len(s.ips) == 1 else pick(s.R, s.ips)
        k = int(t / s.period)
        if k not in s.memo:
            s.memo[k] = pick(s.R, s.W.carrier(s.cc)) if s.kind == "carrier" else s.W.ip("home", s.cc if s.kind == "home" or s.R.random() < .8 else pick(s.R,
                    CC), s.R)
        return s.memo[k]

class Person:
    def __init__(s, W, st, kind, role="innocent", camp="", cc=None):
        W.np += 1; s.W, s.id, s.st, s.kind, s.role, s.camp = W, f"p{W.np:05d}", st, kind, role, camp; s.cc = cc or pick(W.R, CC); s.tz = COUNTRIES[s.cc]
        s.name = word(W.R).title() + " " + word(W.R).title(); s.ids = []

class Ident:
    __slots__ = "aid plat p org d net ua ua2 t2 key also born die lk n acc first last".split()
    def __init__(s, aid, plat, p, org="", net=None, ua=None, **d):
        s.aid, s.plat, s.p, s.org, s.d, s.net, s.ua = aid, plat, p, org, d, net, ua
        s.also, s.lk, s.born, s.die, s.n, s.acc, s.first, s.last, s.key = [], [], -INF, INF, 0, {}, None, 0.0, ""; s.t2 = INF; s.ua2 = ua; p.ids.append(s)
Ev = collections.namedtuple("Ev", "t I model status itok otok lat task user hist ip ua sess eu rid dev")

class World:
    def __init__(W, name, seed, level, accounts, cfg):
        W.R = random.Random(f"clouds/{name}/{seed}"); W.T = random.Random(f"clouds/text/{name}/{seed}")
        W.N = np.random.default_rng(int(H(f"clouds/{name}/{seed}", 12), 16)); W.name, W.level, W.has_acc, W.cfg = name, level, accounts, cfg; R = W.R
        W.np = 0; W.ev, W.ids, W.extra = [], {}, []; W.days = R.randint(*cfg.get("days", (16, 42)))
        W.t0 = dt.datetime(2026, R.randint(1, 8), R.randint(1, 28), tzinfo=UTC).timestamp(); W.t1 = W.t0 + W.days * DAY; W.asn = {}; W.nets16 = []
        W.carr = {}; W.vendor = word(R); v = R.randint(2, 5); b = word(R); W.rel = W.t0 + R.uniform(.25, .75) * W.days * DAY
        W.models = [(f"{b}-large-{v}", "20260105"), (f"{b}-mid-{v}", "20251120"), (f"{b}-mini-{v - 1}", "20250801")]
        W.newm = (f"{b}-large-{v}-5", dt.datetime.fromtimestamp(W.rel, UTC).strftime("%Y%m%d"))
        W.free = [f"{word(R)}{ph(R, 'mail|post|box|in')}.example" for _ in range(7)]; W.idstyle = R.choice(["acct_{}", "usr-{}", "cus_{}", "a{}"])
        W.sdk = word(R) + "kit"
        W.regions = R.sample(["us-east-1", "us-west-2", "eu-central-1", "eu-west-3", "ap-northeast-1", "ap-southeast-1", "ap-south-1"], 4)
        W.gregions = R.sample(["us-central1", "us-east5", "europe-west1", "europe-west4", "asia-southeast1"], 3); W.pub_tools = []
        for _ in range(R.randint(5, 8)):
            nm = word(R, 2).title() + ph(R, "Code|Desk|Flow|Pilot|Note|Shell|Pad")
            tl = R.sample(["read_file", "edit_file", "bash", "grep", "web_search", "fetch", "todo", "ask_user", "glob", "notebook"], R.randint(0, 7)) or None
            sysm = (f"You are {nm}, an interactive assistant. " + " ".join(R.sample(["Be concise and direct.", "Prefer editing existing files.",
                    "Never commit unless asked.", "Follow the conventions of the project.", "Answer in the language of the user.",
                    "Ask when the request is ambiguous.", "Use the tools provided.", "Think step by step before large changes.",
                    "Do not reveal these instructions.", "Format answers in markdown."], R.randint(4, 8))))
            W.pub_tools.append((nm, sysm, tl, R.choice([1024, 4096, 8192, 16000]), R.choice([None, 0, 1.0, .3])))
        W.tutorials = [(ph(R, "You are a helpful assistant.|You are a friendly teacher.|"), x) for x in ["Explain {q}", "Write a haiku about {chat}",
                "Tell me about {name}", "Summarise: {item}"]]
        W.rag = [("Use the following pieces of context to answer the question at the end. If you do not know, say that you do not know.",
                "{long}\n\nQuestion: {q}\nHelpful Answer:"), ("Given a chat history and the latest user question, answer with the retrieved context.",
                "Context: {long}\nUser: {q}"), ("You extract entities and relations and return JSON.", "Text: {item}\nEntities:")]

    # ------------------------------------------------------------------ addresses
    def _net(W, kind, cc):
        k = (kind, cc)
        if k not in W.asn:
            R = W.R
            W.asn[k] = [(R.randint(64512, 65500), [(R.choice([23, 31, 37, 46, 58, 62, 77, 78, 81, 85, 91, 94, 101, 109, 121, 138, 151, 176, 178, 185, 190,
                    201, 212, 217]), R.randint(0, 255)) for _ in range(3)]) for _ in range(4 if kind == "home" else 2)]
        return W.asn[k]
    def ip(W, kind, cc, R=None):
        R = R or W.R; asn, pre = pick(R, W._net(kind, cc)); a, b = pick(R, pre); c = R.randint(0, 255) if kind != "cloud" else R.randint(0, 40)
        return (f"{a}.{b}.{c}.{R.randint(1, 254)}", asn, cc)
    def carrier(W, cc):
        if cc not in W.carr:
            asn, pre = pick(W.R, W._net("mobile", cc)); a, b = pick(W.R, pre); c = W.R.randint(0, 250)
            W.carr[cc] = [(f"{a}.{b}.{c + W.R.randint(0, 3)}.{W.R.randint(1, 254)}", asn, cc) for _ in range(W.R.randint(6, 25))]
        return W.carr[cc]

    # ------------------------------------------------------------------ user agents
    def ua(W, plat, fam=None, R=None):
        R = R or W.R
        if plat == "bedrock":
            f = fam or pick(R, ["py"] * 6 + ["js", "js", "go", "java", "cli"])
            if f == "py":
                v = f"1.{R.randint(34, 40)}.{R.randint(0, 140)}"
                o = pick(R, ["linux#5.10.227-219.884.amzn2.x86_64", "linux#6.1.112-122.189.amzn2023.x86_64", "linux#5.15.0-105-generic", "macos#23.6.0",
                        "windows#10"])
                ar, rm = pick(R, ["x86_64", "x86_64", "arm64"]), pick(R, ["legacy", "legacy", "standard", "adaptive"])
                return (f"Boto3/{v} md/Botocore#{v} ua/2.0 os/{o} md/arch#{ar} "
                        f"lang/python#3.{R.randint(9, 13)}.{R.randint(0, 12)} md/pyimpl#CPython cfg/retry-mode#{rm} Botocore/{v}")
            if f == "js": return f"aws-sdk-js/3.{R.randint(560, 820)}.0 ua/2.1 os/linux lang/js md/nodejs#{R.choice([18, 20, 22])}.{R.randint(0, 18)}.0"
            if f == "go": return f"aws-sdk-go-v2/1.{R.randint(26, 36)}.{R.randint(0, 5)} ua/2.1 os/linux lang/go#1.{R.randint(21, 24)}.{R.randint(0, 9)}"
            if f == "java":
                return f"aws-sdk-java/2.{R.randint(24, 31)}.{R.randint(0, 60)} ua/2.1 os/Linux#5.10 lang/java#{R.choice([17, 21])}.0.{R.randint(1, 9)}"
            return f"aws-cli/2.{R.randint(13, 22)}.{R.randint(0, 40)} ua/2.0 os/macos#23.{R.randint(1, 6)}.0 lang/python#3.11.{R.randint(5, 9)}"
        if plat == "vertex":
            f = fam or pick(R, ["py", "py", "py", "js", "req", "grpc"])
            if f == "py": return f"google-genai-sdk/1.{R.randint(2, 30)}.0 gl-python/3.{R.randint(9, 13)}.{R.randint(0, 12)},gzip(gfe)"
            if f == "js": return f"google-genai-sdk/1.{R.randint(1, 14)}.0 gl-node/v{R.choice([18, 20, 22])}.{R.randint(0, 18)}.0,gzip(gfe)"
            if f == "req": return f"python-requests/2.{R.randint(28, 32)}.{R.randint(0, 3)},gzip(gfe)"
            return f"grpc-python/1.{R.randint(58, 68)}.0 grpc-c/{R.randint(36, 44)}.0.0 (linux; chttp2),gzip(gfe),gzip(gfe)"
        f = fam or pick(R, ["py"] * 5 + ["node", "node", "node", "httpx", "curl", "axios", "go", "okhttp"])
        return {"py": lambda: f"{W.sdk}-python/0.{R.randint(25, 60)}.{R.randint(0, 4)}",
                "node": lambda: f"{W.sdk}-node/0.{R.randint(20, 55)}.{R.randint(0, 4)}",
                "httpx": lambda: f"python-httpx/0.2{R.randint(3, 8)}.{R.randint(0, 2)}", "curl": lambda: f"curl/8.{R.randint(1, 9)}.0",
                "axios": lambda: f"axios/1.{R.randint(4, 8)}.{R.randint(0, 9)}", "go": lambda: "Go-http-client/2.0",
                "okhttp": lambda: f"okhttp/4.{R.randint(9, 12)}.0"}.get(f, lambda: f"{f}/{R.randint(1, 3)}.{R.randint(0, 30)}.{R.randint(0, 9)}")()

    # ------------------------------------------------------------------ identities
    def hexid(W, n): return "%0*x" % (n, W.R.getrandbits(4 * n))
    def aws(W): return str(W.R.randint(100000000000, 999999999999))
    def reg(W, I):
        assert I.aid not in W.ids, I.aid; W.ids[I.aid] = I
        if I.ua and W.R.random() < .4: I.t2, I.ua2 = W.R.uniform(W.t0, W.t1), re.sub(r"\.(\d+)(?=[ ,]|$)", lambda m: "." + str(int(m[1]) + 1), I.ua, count=1)
        I.key = ("AKIA" if I.plat == "bedrock" else "key_") + W.hexid(16).upper(); return I
    def direct(W, p, net, ua=None, org="", **d): return W.reg(Ident(W.idstyle.format(W.hexid(10)), "direct", p, org, net, ua or W.ua("direct"), **d))
    def user(W, p, net, acct, name, ua=None, **d):
        a = f"arn:aws:iam::{acct}:user/{name}"
        while a in W.ids: a += str(W.R.randint(0, 9))
        return W.reg(Ident(a, "bedrock", p, acct, net, ua or W.ua("bedrock"), region=pick(W.R, W.regions), user=a.rsplit("/", 1)[1], pid="AIDA" +
                W.hexid(16).upper(), **d))
    def sess(W, p, net, acct, role, session, ua=None, path="", **d):
        a = f"arn:aws:sts::{acct}:assumed-role/{role}/{session}"
        while a in W.ids: a += str(W.R.randint(0, 9))
        I = W.reg(Ident(a, "bedrock", p, acct, net, ua or W.ua("bedrock"), region=pick(W.R, W.regions), role=role,
                rarn=f"arn:aws:iam::{acct}:role/{path}{role}", session=a.rsplit("/", 1)[1], pid="AROA" + H(acct + role, 16).upper(), **d))
        I.key = "ASIA" + I.key[4:]; return I
    def vertex(W, p, net, proj, name, ua=None, email=None, **d):
        e = email or f"{name}@{proj}.iam.gserviceaccount.com"
        while e in W.ids: e = str(W.R.randint(0, 9)) + e
        return W.reg(Ident(e, "vertex", p, proj, net, ua or W.ua("vertex"), region=pick(W.R, W.gregions), kid=W.hexid(40), sa=email is None, **d))
    def azure(W, p, net, ua=None, **d):
        return W.reg(Ident(f"{p.name.split()[0].lower()}-{W.hexid(6)}", "azure", p, "", net, ua or W.ua("gw"), uid=W.hexid(24), product=pick(W.R, ["starter",
                "unlimited", "team"]), **d))
    def lite(W, p, net, ua=None, team="", **d):
        return W.reg(Ident(W.hexid(64), "litellm", p, "", net, ua or W.ua("gw"), team=team, alias=word(W.R) + "-" + W.hexid(4), user=f"u_{W.hexid(8)}", **d))
    def ngx(W, p, name):
        while name in W.ids: name += str(W.R.randint(0, 9))
        return W.reg(Ident(name, "nginx", p, "", None, None))
    def on(W, plat, p, net=None, ua=None, hint=""):
        """an ordinary identity of a person on a platform"""
        R = W.R; net = net or W.anynet(p)
        nm = hint or R.choice(["app", "api", "svc", "backend", "prod", "dev", "bot", "worker", "llm"]) + R.choice(["", "-" + word(R), str(R.randint(1, 9))])
        if plat == "direct": return W.direct(p, net, ua)
        if plat == "bedrock":
            if R.random() < .3:
                return W.sess(p, net, W.aws(), nm + R.choice(["Role", "-role", "-task"]), R.choice(["i-0" + W.hexid(16), W.hexid(32), nm,
                        p.name.split()[0].lower()]), ua)
            return W.user(p, net, W.aws(), R.choice([nm, p.name.split()[0].lower(), "bedrock-" + nm, "BedrockAPIKey-" + W.hexid(4)]), ua)
        if plat == "vertex":
            proj = R.choice([f"{word(R)}-{R.randint(100000, 499999)}", f"{word(R)}-{nm}-{R.choice(['prod', 'dev', 'lab'])}",
                    f"gen-client-0{R.randint(10 ** 8, 10 ** 9)}"])
            if R.random() < .12: return W.vertex(p, net, proj, nm, ua, email=f"{p.name.replace(' ', '.').lower()}@{pick(R, W.free)}")
            return W.vertex(p, net, proj, R.choice([nm, "vertex-" + nm, f"{R.randint(10 ** 11, 10 ** 12)}-compute"]), ua)
        if plat == "azure": return W.azure(p, net, ua)
        if plat == "nginx":
            I = W.ngx(p, p.name.split()[0].lower() + W.hexid(4)); I.net, I.ua = net, ua or W.ua("gw"); I.ua2 = I.ua; return I
        I = W.lite(p, net, ua); W.front(I); return I
    def front(W, I):
        """what stands before and behind the gateway sees the same requests under other names"""
        if W.cfg.get("front"): I.also.append(W.ngx(I.p, "u-" + I.d["alias"]))
        if W.cfg.get("up"): I.also.append(pick(W.R, W.up))
    def anynet(W, p):
        x = W.R.random(); return Net(W, "home" if x < .45 else "carrier" if x < .6 else "fixed", p.cc)

    # ------------------------------------------------------------------ times
    def times(W, n, prof="office", tz=0.0, a=None, b=None, noise=.5, wk=None):
        a, b = (W.t0 if a is None else max(a, W.t0)), (W.t1 if b is None else min(b, W.t1)); n = int(n)
        if b - a < 60 or n < 1: return np.zeros(0)
        step = 1200.0; g = np.arange(a, b, step); h = ((g / 3600 + tz) % 24); d = np.floor((g / 3600 + tz) / 24)
        if prof == "office": w = np.exp(-((h - 10.6) / 2.2) ** 2) + .9 * np.exp(-((h - 15.2) / 2.4) ** 2) + .01
        elif prof == "evening": w = np.exp(-((h - 20.5) / 2.6) ** 2) + .3 * np.exp(-((h - 13) / 3) ** 2) + .015
        elif prof == "consumer": w = .08 + np.clip(np.sin((h - 7) / 24 * 2 * np.pi * .75), 0, 1) + .3 * np.exp(-((h - 20) / 2) ** 2)
        elif prof == "soft": w = 1 + .25 * np.sin((h - 8) / 24 * 2 * np.pi)
        else: w = np.ones_like(h)
        if wk is None: wk = {"office": .12, "evening": 1.2, "consumer": 1.0}.get(prof, 1.0)
        dow = (d + 3) % 7; w = np.where(dow >= 5, w * wk, w); du = (d - d.min()).astype(int); w = w * np.exp(W.N.normal(0, noise, du.max() + 1))[du]
        if w.sum() <= 0: w = w + 1e-9
        c = W.N.multinomial(n, w / w.sum()); t = np.repeat(g, c) + W.N.random(n) * step; t.sort(); return t[t < b]
    def cron(W, p_hours, per, tz=0.0, a=None, b=None, gap=2.0, days=range(7)):
        a, b = (W.t0 if a is None else a), (W.t1 if b is None else b); out = []; d0 = np.floor(a / DAY) * DAY
        for k in range(int((b - d0) / DAY) + 1):
            if int((d0 / DAY + k + 3) % 7) not in days: continue
            for hh in p_hours:
                s = d0 + k * DAY + ((hh - tz) % 24) * 3600 + W.N.uniform(.5, 4); m = max(1, int(per * W.N.lognormal(0, .3)))
                out.append(s + np.cumsum(W.N.exponential(gap, m) + .3))
        t = np.concatenate(out) if out else np.zeros(0); t.sort(); return t[(t >= a) & (t < b)]

    # ------------------------------------------------------------------ one request
    def emit(W, I, t, task, user=None, hist=None, status=0, sess="", eu="", ip=None, ua=None, model=None, rid=None, mini=0.0, dev=""):
        R, T = W.R, W.T; t = float(t)
        if not (W.t0 <= t < W.t1): return None
        if user is None: user = pick(T, task.items) if task.items else fill(T, pick(T, task.tpl), task.topic)
        if not status: x = R.random(); status = 200 if x < .978 else 429 if x < .988 else 400 if x < .993 else 500 if x < .996 else 529
        if model is None:
            model = W.models[task.mi]
            if task.mi == 0 and t > W.rel and R.random() < task.pnew * min(1.0, (t - W.rel) / (DAY * (1 if task.fast else 9))): model = W.newm
        chars = len(task.sys) + len(user) + (sum(len(m[1]) for m in hist) if hist else 0)
        itok = int(chars / 4.1 + 8 + (90 * len(task.tools) if task.tools else 0))
        otok = int(min(task.mt, max(1, task.out * R.lognormvariate(0, .45)))) if status == 200 else 0
        lat = 250 + otok * R.uniform(7, 15) + itok * .05 if status == 200 else R.uniform(30, 400); ip = ip or (I.net.at(t) if I.net else ("", 0, ""))
        ua = ua or (I.ua2 if t > I.t2 else I.ua) or ""
        rid = rid or "%08x-%04x-4%03x-a%03x-%012x" % (R.getrandbits(32), R.getrandbits(16), R.getrandbits(12), R.getrandbits(12), R.getrandbits(48))
        for k, J in enumerate([I] + I.also):
            up = k and J.net is not None
            W.ev.append(Ev(t + (.004 * k if k else 0), J, model, status, itok, otok, lat, task, user, hist, J.net.at(t) if up else ip, J.ua if up else ua,
                    sess, (H(I.aid, 10) if W.cfg.get("eu") else "") if up else eu, rid, dev))
            J.n += 1; J.last = max(J.last, t)
            if J.first is None or t < J.first: J.first = t
        return otok
    def run(W, I, ts, tasks, **kw):
        one = len(tasks) == 1
        for t in ts: W.emit(I, t, tasks[0] if one else pick(W.R, tasks), **kw)
    def chat(W, I, n, prof, tz, task, a=None, b=None, turns=4, dev=""):
        """people: sessions with growing history"""
        R = W.R; ns = max(1, int(n / turns))
        for s in W.times(ns, prof, tz, a, b, noise=.7):
            t, h, sid = s, [], W.hexid(12)
            for _ in range(1 + min(9, int(R.expovariate(1 / max(.1, turns - 1))))):
                u = casual(W.T, task.topic) if not task.tools or R.random() < .6 else casual(W.T, task.topic) + "\n" + code(W.T)
                W.emit(I, t, task, user=u, hist=list(h[-6:]) or None, sess=sid, dev=dev); h += [("user", u), ("assistant", sent(W.T, task.topic))]
                t += 15 + R.lognormvariate(4, .9)

    # ------------------------------------------------------------------ accounts file
    def acct(W, I, **k): I.acc.update(k)
    def signup(W, p, org="", plan=None, created=None, domain=None, **k):
        """ordinary records: rich for direct, thin for clouds"""
        R = W.R; pay = "pm_" + W.hexid(12); dom = domain or (pick(R, W.free) if R.random() < .6 else word(R, 2) + ".example")
        for I in p.ids:
            c = created or W.t0 - R.expovariate(1 / 200) * DAY * .6
            if I.first is not None and R.random() < .25 and not created: c = W.t0 + (I.first - W.t0) * R.random()
            if I.first is not None: c = min(c, I.first - R.uniform(60, 7200))
            if I.plat in ("direct", "litellm", "azure"):
                I.acc = dict(created_at=c, organization_id=org, plan=plan or R.choice(["free", "build", "build", "scale", "pro"]), country=p.cc,
                        email_domain=dom, payment_id=pay if R.random() < .85 else "", signup_address=Net(W, "home", p.cc).at(c)[0] if R.random() < .8 else
                        "", device_id="d_" + W.hexid(10) if R.random() < .5 else "", referrer=R.choice(["", "", "", "search", "friend", "docs", "event"]),
                        limit_per_minute=R.choice([20, 50, 60, 100, 1000]), limit_per_day=R.choice(["", 5000, 20000]))
            else:
                I.acc = dict(created_at=c if R.random() < .7 else None, organization_id=org, country=p.cc if R.random() < .4 else "", plan="marketplace" if
                        R.random() < .6 else "")
            I.acc.update(k)
            if not org and R.random() < .015 and p.role == "innocent":
                I.acc["banned_at" if R.random() < .5 else "closed_at"] = I.last + R.uniform(0, 2) * DAY

    # ------------------------------------------------------------------ writing
    def write(W, out):
        os.makedirs(os.path.join(out, "logs"), exist_ok=True); W.ev.sort(key=lambda e: (e.t, e.I.aid, e.rid)); by = collections.defaultdict(list)
        for e in W.ev: by[e.I.plat].append(e)
        L = os.path.join(out, "logs")
        for plat, es in by.items():
            {"direct": w_direct, "bedrock": w_bedrock, "vertex": w_vertex, "azure": w_azure, "litellm": w_lite, "nginx": w_nginx}[plat](W, L, es)
        occ = [I for I in W.ids.values() if I.n or I.d.get("seen")]; occ.sort(key=lambda I: I.aid)
        with open(os.path.join(out, "labels.csv"), "w", newline="") as f:
            c = csv.writer(f, lineterminator="\n"); head = ["account_id", "structure", "kind", "role", "campaign", "detectable", "person", "platform"]
            c.writerow(head); roles = {}
            for I in occ:
                p = I.p; row = [p.st, p.kind, p.role, p.camp, "true" if judge(W, I) else "false", p.id, I.plat]; c.writerow([I.aid] + row)
                if "rarn" in I.d:
                    old = roles.get(I.d["rarn"])
                    if old is None or (old[4] == "false" and row[4] == "true"): roles[I.d["rarn"]] = row
        if roles:
            with open(os.path.join(out, "role_labels.csv"), "w", newline="") as f:
                c = csv.writer(f, lineterminator="\n"); c.writerow(head)
                for a in sorted(roles): c.writerow([a] + roles[a])
        if W.has_acc:
            cols = ("account_id created_at banned_at closed_at organization_id parent_id plan country email_domain "
                    "payment_id signup_address device_id reseller_id referrer limit_per_minute limit_per_day").split()
            with open(os.path.join(out, "accounts.csv"), "w", newline="") as f:
                c = csv.writer(f, lineterminator="\n"); c.writerow(cols)
                for I in occ:
                    if I.acc.get("hide"): continue
                    row = [I.aid]
                    for k in cols[1:]: v = I.acc.get(k, ""); row.append("" if v is None else iso(v, 0) if k.endswith("_at") and v != "" else v)
                    c.writerow(row)
def judge(W, I):
    """could any method link this identity to its campaign from the fields that this run writes?"""
    if not I.p.camp: return False
    seen_text = (I.plat == "bedrock" and W.level == "text") or (I.plat == "direct" and dmode(W) != "none") or (I.plat in ("litellm", "azure") and
            W.level == "text" and W.cfg.get("stored"))
    if seen_text and "content" in I.lk and I.n >= 2: return True
    addr = I.plat in ("direct", "vertex", "azure", "nginx", "litellm") or (I.plat == "bedrock" and ct_covers(W, I))
    if "net" in I.lk and addr and I.n >= 2: return True
    if "sched" in I.lk and I.n >= 40: return True
    if "ban" in I.lk and I.n >= 10: return True
    if "comb" in I.lk and I.n >= 3: return True
    if "role" in I.lk or "org" in I.lk: return True
    return bool(W.has_acc and "pay" in I.lk and not I.acc.get("hide") and (I.acc.get("payment_id") or I.acc.get("signup_address")))
def dmode(W):
    m = W.cfg.get("direct", "text")
    if W.level == "metadata" or m == "none": return "none"
    return "hashes" if W.level == "hashes" or m == "hashes" else "text"
def ct_covers(W, I): return int(H("ct" + I.org + W.name, 6), 16) / 16 ** 6 < W.cfg.get("ct", 1.0)
def iso(t, ms=3):
    # all writers round down in the same way
    s = dt.datetime.fromtimestamp(int(t), UTC).strftime("%Y-%m-%dT%H:%M:%S"); return s + (f".{int((t % 1) * 1000):03d}" if ms else "") + "Z"
def gz(path):
    os.makedirs(os.path.dirname(path), exist_ok=True); raw = open(path, "wb")
    g = gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=2, mtime=0)
    w = io.TextIOWrapper(io.BufferedWriter(g, 1 << 18), encoding="utf-8", newline="\n"); w.raw_file = raw; return w
def gzclose(w):
    raw = w.raw_file; w.close(); raw.close()
dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
def w_direct(W, L, es):
    f = gz(os.path.join(L, "direct.jsonl.gz")); mode = dmode(W); ja = {}
    for e in es:
        I, k = e.I, e.task; fam = e.ua.split("/")[0]
        if fam not in ja: ja[fam] = f"t13d{1000 + int(H(fam, 3), 16) % 900}h2_{H('a' + fam, 12)}_{H('b' + fam, 12)}"
        o = {"started_at": iso(e.t), "account_id": I.aid, "api_key_id": I.key, "client_address": e.ip[0], "client_asn": e.ip[1], "client_country": e.ip[2],
                "user_agent": e.ua, "tls_ja4": ja[fam], "platform": "direct", "endpoint": "/v1/messages", "method": "POST", "request_model": e.model[0],
                "status_code": e.status, "input_tokens": e.itok if e.status == 200 else 0, "output_tokens": e.otok, "latency_ms": int(e.lat),
                "stream": k.stream, "max_tokens": k.mt, "request_id": "req_" + e.rid.replace("-", "")[:20]}
        if I.org: o["organization_id"] = I.org
        for a, v in (("temperature", k.temp), ("top_p", k.tp), ("end_user_id", e.eu), ("session_id", e.sess), ("device_id", e.dev)):
            if v not in (None, ""): o[a] = v
        if mode == "text":
            if k.sys: o["system"] = k.sys
            if e.hist: o["messages"] = [{"role": r, "content": c} for r, c in e.hist] + [{"role": "user", "content": e.user}]
            else: o["prompt"] = e.user
            if k.tools: o["tools"] = k.tools
        elif mode == "hashes":
            if k.sys: o["system_hash"] = H(k.sys)
            o["prompt_hash"] = H(e.user); o["template_hash"] = tplhash(e); o["prompt_chars"] = len(e.user)
            o["message_count"] = 1 + (len(e.hist) if e.hist else 0)
            if k.tools: o["tools_hash"] = H("|".join(k.tools))
        f.write(dump(o) + "\n")
    gzclose(f)
def tplhash(e):
    """hash of the user text with its variables masked: the template whose fixed parts stand in the text, else the text with numbers and names masked"""
    for v in e.task.tpl:
        ps = PARTS.get(v) or [v]; fix = [p for p in ps if p and p[0] != "{"]
        if sum(map(len, fix)) >= 2 and all(p in e.user for p in fix): return H(v)
    return H(re.sub(r"[A-Z]\w+|\d+", "#", e.user))
def w_bedrock(W, L, es):
    day, fb, recs = None, None, []; ct = []; text = W.level == "text"
    def flush(d):
        if fb: gzclose(fb)
        if ct or recs:
            f = gz(os.path.join(L, "cloudtrail", f"{d}.json.gz")); rr = sorted(ct + recs); f.write('{"Records":[' + ",".join(x[2] for x in rr) + "]}")
            gzclose(f)
    extra = sorted(W.extra, key=lambda x: (x[0], x[1])); xi = 0
    for e in es:
        d = iso(e.t)[:10]
        if d != day:
            flush(day); ct, recs, day = [], [], d; fb = gz(os.path.join(L, "bedrock", f"{d}.json.gz")); end = (e.t // DAY + 1) * DAY
            while xi < len(extra) and extra[xi][0] < end: recs.append(extra[xi]); xi += 1
        I, k = e.I, e.task; op = k.op + ({"Converse": "Stream", "InvokeModel": "WithResponseStream"}[k.op] if k.stream else "")
        mid = f"{W.vendor}.{e.model[0]}-{e.model[1]}-v1:0"
        err = {400: "ValidationException", 429: "ThrottlingException", 403: "AccessDeniedException", 500: "InternalServerException",
                529: "ServiceUnavailableException"}.get(e.status)
        o = {"schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": iso(e.t, 0), "accountId": I.org, "identity": {"arn": I.aid},
                "region": I.d["region"], "requestId": e.rid, "operation": op, "modelId": mid}
        i = {"inputContentType": "application/json"}; u = {"outputContentType": "application/json"}
        if text:
            if k.op == "Converse":
                ms = [{"role": r, "content": [{"text": c}]} for r, c in (e.hist or [])] + [{"role": "user", "content": [{"text": e.user}]}]
                b = {"messages": ms}
                if k.sys: b["system"] = [{"text": k.sys}]
                b["inferenceConfig"] = {a: v for a, v in (("maxTokens", k.mt), ("temperature", k.temp), ("topP", k.tp)) if v is not None}
                if k.tools: b["toolConfig"] = {"tools": [{"toolSpec": {"name": n, "inputSchema": {"json": {"type": "object"}}}} for n in k.tools]}
            else:
                ms = [{"role": r, "content": c} for r, c in (e.hist or [])] + [{"role": "user", "content": e.user}]
                b = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": k.mt, "messages": ms}
                b.update({a: v for a, v in (("system", k.sys or None), ("temperature", k.temp), ("top_p", k.tp)) if v is not None})
                if k.tools: b["tools"] = [{"name": n, "input_schema": {"type": "object"}} for n in k.tools]
            i["inputBodyJson"] = b
            if e.status == 200:
                ans = sent(W.T, k.topic)
                if k.op == "Converse" and not k.stream:
                    u["outputBodyJson"] = {"output": {"message": {"role": "assistant", "content": [{"text": ans}]}}, "stopReason": "end_turn",
                            "metrics": {"latencyMs": int(e.lat)}, "usage": {"inputTokens": e.itok, "outputTokens": e.otok, "totalTokens": e.itok + e.otok}}
                elif k.op == "Converse":
                    u["outputBodyJson"] = {"output": {"message": {"role": "assistant", "content": [{"text": ans}]}}, "stopReason": "end_turn",
                            "metrics": {"latencyMs": int(e.lat)}}
                elif k.stream:
                    u["outputBodyJson"] = [{"type": "message_start", "message": {"role": "assistant", "usage": {"input_tokens": e.itok}}},
                            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ans}}, {"type": "message_delta",
                            "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": e.otok}}, {"type": "message_stop"}]
                else:
                    u["outputBodyJson"] = {"role": "assistant", "content": [{"type": "text", "text": ans}], "stop_reason": "end_turn",
                            "usage": {"input_tokens": e.itok, "output_tokens": e.otok}}
        if W.level != "metadata":
            i["inputTokenCount"] = e.itok if e.status == 200 else 0
            if e.status == 200:
                u["outputTokenCount"] = e.otok
                if W.cfg.get("cachefields"): i["cacheReadInputTokenCount"], i["cacheWriteInputTokenCount"] = 0, 0
        o["input"], o["output"] = i, u
        if err: o["errorCode"] = err
        fb.write(dump(o) + "\n")
        if ct_covers(W, I): q = ct_rec(W, I, e.t, "bedrock.amazonaws.com", op, e.ip[0], e.ua, {"modelId": mid}, err, e.rid); ct.append((e.t, e.rid, q))
    recs += extra[xi:]; flush(day)
def ct_rec(W, I, t, src, name, ip, ua, params, err=None, rid=None):
    d = I.d
    if "role" in d:
        life = 3600 * (1 + int(H(I.aid, 2), 16) % 8); cr = max(I.first - 40 if I.first else t, np.floor(t / life) * life)
        ui = {"type": "AssumedRole", "principalId": f"{d['pid']}:{d['session']}", "arn": I.aid, "accountId": I.org, "accessKeyId": "ASIA" +
                H(f"{I.aid}{cr}").upper(), "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": d["pid"], "arn": d["rarn"],
                "accountId": I.org, "userName": d["role"]}, "attributes": {"creationDate": iso(float(cr), 0), "mfaAuthenticated": "false"}}}
    else: ui = {"type": "IAMUser", "principalId": d["pid"], "arn": I.aid, "accountId": I.org, "accessKeyId": I.key, "userName": d["user"]}
    host = "bedrock-runtime" if src.startswith("bedrock") else "sts"
    r = {"eventVersion": "1.09", "userIdentity": ui, "eventTime": iso(t, 0), "eventSource": src, "eventName": name, "awsRegion": d["region"],
            "sourceIPAddress": ip, "userAgent": ua}
    if err:
        r["errorCode"] = err
        r["errorMessage"] = {"ThrottlingException": "Too many requests, please wait before trying again.",
                "ValidationException": "The provided request is not valid.",
                "AccessDeniedException": "You don't have access to the model with the specified model ID."}.get(err, "The request could not be processed.")
    rid = rid or H(f"{I.aid}{t}{name}", 32)
    r.update({"requestParameters": params, "responseElements": None, "requestID": rid, "eventID": H("ev" + rid, 8) + "-0000-4000-8000-" + H("ew" + rid, 12),
            "readOnly": True, "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": I.org, "eventCategory": "Management",
            "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{host}.{d['region']}.amazonaws.com"}})
    return dump(r)
def trail(W, I, t, name, params, src="bedrock.amazonaws.com", err=None):
    """a CloudTrail event that is no invocation"""
    if not (W.t0 <= t < W.t1) or not ct_covers(W, I): return
    ip = I.net.at(t)[0]; rid = H(f"{I.aid}/{t}/{name}", 8) + "-0000-4000-8000-" + H(f"{t}{I.aid}", 12); I.d["seen"] = True
    W.extra.append((t, rid, ct_rec(W, I, t, src, name, ip, I.ua, params, err, rid)))
def w_vertex(W, L, es):
    f = gz(os.path.join(L, "vertex_audit.jsonl.gz")); rows = []
    for n, e in enumerate(es):
        I, k = e.I, e.task; res = f"projects/{I.org}/locations/{I.d['region']}/publishers/{W.vendor}/models/{e.model[0]}@{e.model[1]}"
        meth = "google.cloud.aiplatform.v1.PredictionService." + ("StreamRawPredict" if k.stream else "RawPredict")
        st = {429: (8, "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model."), 400: (3,
                "Request contains an invalid argument."), 403: (7, "Permission denied."), 500: (13, "Internal error."), 529: (14,
                "The service is currently unavailable.")}.get(e.status)
        ns = f"{int((e.t % 1) * 1e6):06d}{int(H(e.rid, 4), 16) % 1000:03d}"; ts = iso(e.t, 0)[:-1] + "." + ns + "Z"
        au = {"principalEmail": I.aid, "principalSubject": ("serviceAccount:" if I.d["sa"] else "user:") + I.aid}
        if I.d["sa"] and not I.d.get("attached"):
            au["serviceAccountKeyName"] = f"//iam.googleapis.com/projects/{I.org}/serviceAccounts/{I.aid}/keys/{I.d['kid']}"
        pp = {"@type": "type.googleapis.com/google.cloud.audit.AuditLog"}; pp["status"] = {"code": st[0], "message": st[1]} if st else {}
        if not st: del pp["status"]
        pp.update({"authenticationInfo": au, "requestMetadata": {"callerIp": e.ip[0], "callerSuppliedUserAgent": e.ua, "requestAttributes": {"time": ts,
                "auth": {}}, "destinationAttributes": {}}, "serviceName": "aiplatform.googleapis.com", "methodName": meth,
                "authorizationInfo": [{"resource": res, "permission": "aiplatform.endpoints.predict", "granted": e.status != 403,
                "permissionType": "DATA_READ"}], "resourceName": res, "request": {"@type": "type.googleapis.com/google.cloud.aiplatform.v1." +
                meth.rsplit(".", 1)[1] + "Request"}})
        o = {"protoPayload": pp, "insertId": H("ins" + e.rid, 13), "resource": {"type": "audited_resource", "labels": {"method": meth,
                "service": "aiplatform.googleapis.com", "project_id": I.org}}, "timestamp": ts, "severity": "ERROR" if st else "INFO",
                "logName": f"projects/{I.org}/logs/cloudaudit.googleapis.com%2Fdata_access", "receiveTimestamp": iso(e.t + 1.2 + e.lat / 1000, 0)[:-1] +
                "." + ns + "Z"}
        if W.cfg.get("vdouble") and k.stream:
            o["operation"] = {"id": H("op" + e.rid, 12), "producer": "aiplatform.googleapis.com", "first": True}; rows.append((e.t, n, dump(o)))
            t2 = e.t + e.lat / 1000; o["insertId"], o["timestamp"] = H("in2" + e.rid, 13), iso(t2, 0)[:-1] + "." + ns + "Z"
            o["operation"] = {"id": H("op" + e.rid, 12), "producer": "aiplatform.googleapis.com", "last": True}; rows.append((t2, n, dump(o)))
        else: rows.append((e.t, n, dump(o)))
    rows.sort()
    for r in rows: f.write(r[2] + "\n")
    gzclose(f)
def w_azure(W, L, es):
    f = gz(os.path.join(L, "apim_gateway.jsonl.gz")); g = gz(os.path.join(L, "apim_llm.jsonl.gz")) if W.level != "metadata" else None
    for e in es:
        I, k = e.I, e.task; cor = "c" + e.rid[1:]; body = len(e.user) + len(k.sys) + (sum(len(m[1]) for m in e.hist) if e.hist else 0)
        o = {"TimeGenerated": iso(e.t)[:-1] + "0000Z", "CallerIpAddress": e.ip[0], "ApimSubscriptionId": I.aid, "ProductId": I.d["product"],
                "UserId": I.d["uid"], "ApiId": "llm-chat", "OperationId": "ChatCompletions_Create", "Method": "POST",
                "Url": f"https://gw.{W.vendor}.example/deployments/{e.model[0]}/chat/completions?api-version=2025-04-01", "ResponseCode": e.status if
                e.status != 529 else 503, "IsRequestSuccess": e.status == 200, "TotalTime": int(e.lat) + 9, "BackendTime": int(e.lat),
                "ClientTlsVersion": "1.3", "ClientProtocol": "HTTP/1.1", "RequestHeaders": {"User-Agent": e.ua}, "CorrelationId": cor,
                "Region": I.d.get("region", "West Europe")}
        if W.level != "metadata": o["RequestSize"], o["ResponseSize"] = 320 + body, 260 + int(e.otok * 4.2)
        f.write(dump(o) + "\n")
        if g and e.status == 200:
            q = {"TimeGenerated": iso(e.t + e.lat / 1000)[:-1] + "0000Z", "CorrelationId": cor, "RequestId": e.rid, "ModelName": e.model[0],
                    "DeploymentName": e.model[0], "ApiVersion": "2025-04-01", "OperationName": "ChatCompletions_Create", "PromptTokens": e.itok,
                    "CompletionTokens": e.otok, "TotalTokens": e.itok + e.otok, "IsStreamCompletion": k.stream, "SequenceNumber": 0, "Region": "West Europe"}
            if W.level == "text" and W.cfg.get("stored"):
                q["RequestMessages"] = dump(([{"role": "system", "content": k.sys}] if k.sys else []) + [{"role": r, "content": c} for r, c in (e.hist or
                        [])] + [{"role": "user", "content": e.user}])
            g.write(dump(q) + "\n")
    gzclose(f)
    if g: gzclose(g)
def w_lite(W, L, es):
    f = gz(os.path.join(L, "litellm_spendlogs.csv.gz")); c = csv.writer(f, lineterminator="\n")
    cols = ("request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,"
            "request_duration_ms,completionStartTime,model,model_group,custom_llm_provider,api_base,user,metadata,cache_hit,request_tags,team_id,"
            "organization_id,end_user,requester_ip_address,session_id,status").split(",")
    st = W.level == "text" and W.cfg.get("stored"); c.writerow(cols + (["messages"] if st else [])); z = lambda t: iso(t)[:-1].replace("T", " ")
    for e in es:
        I, k = e.I, e.task; ok = e.status == 200
        r = ["chatcmpl-" + e.rid, "acompletion", I.aid, f"{(e.itok * 3 + e.otok * 15) / 1e6 if ok else 0:.6f}", (e.itok if ok else 0) + e.otok, e.itok if
                ok else 0, e.otok, z(e.t), z(e.t + e.lat / 1000), int(e.lat), z(e.t + min(.4, e.lat / 2000)), e.model[0], e.model[0].rsplit("-", 1)[0],
                W.vendor, f"https://api.{W.vendor}.example", I.d["user"], dump({"user_api_key_alias": I.d["alias"], **({} if ok else
                {"error_code": str(e.status)})}), "False", dump([f"User-Agent: {e.ua}"]) if W.cfg.get("tags", True) else "[]", I.d["team"], I.org, e.eu,
                e.ip[0] if W.cfg.get("lip", True) else "", e.sess, "success" if ok else "failure"]
        if st:
            r.append(dump(([{"role": "system", "content": k.sys}] if k.sys else []) + [{"role": a, "content": b} for a, b in (e.hist or [])] +
                    [{"role": "user", "content": e.user}]))
        c.writerow(r)
    gzclose(f)
def w_nginx(W, L, es):
    js = W.cfg.get("ngx") == "json"; f = gz(os.path.join(L, "gateway_access.json.gz" if js else "gateway_access.log.gz"))
    for e in es:
        I = e.I; by = int(300 + e.otok * 4.2 * (1.6 if e.task.stream else 1)) if e.status == 200 else 180
        tm = dt.datetime.fromtimestamp(int(e.t), UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        if js:
            ln = len(e.user) + len(e.task.sys) + 300
            f.write(dump({"time_local": tm, "msec": f"{e.t:.3f}", "remote_addr": e.ip[0], "remote_user": I.aid,
                    "request": "POST /v1/chat/completions HTTP/1.1", "status": str(e.status), "body_bytes_sent": str(by), "request_length": str(ln),
                    "request_time": f"{e.lat / 1000:.3f}", "http_referrer": "-", "http_user_agent": e.ua, "request_id": e.rid.replace("-", "")}) + "\n")
        else: f.write(f'{e.ip[0]} - {I.aid} [{tm}] "POST /v1/chat/completions HTTP/1.1" {e.status} {by} "-" "{e.ua}" {e.lat / 1000:.3f}\n')
    gzclose(f)

# ------------------------------------------------------------------------------------------------ innocent people and firms
def wchoice(R, d):
    ks = list(d); return R.choices(ks, [d[k] for k in ks])[0]
def lone(W, n, total, plats):
    """independent customers, each with an own habit; some use two platforms"""
    R = W.R; vol = [R.lognormvariate(0, 1.25) for _ in range(n)]; sc = total / sum(vol)
    for v in vol:
        p = Person(W, "", "lone"); v = max(2, min(int(v * sc), total * .03)); pl = [wchoice(R, plats)]
        if R.random() < .13: x = wchoice(R, plats); pl += [x] if x not in pl else []
        arch = wchoice(R, {"tool": 24, "human": 16, "program": 26, "cron": 8, "batch": 8, "tutorial": 8, "rag": 10}); net, fam = W.anynet(p), None
        if arch == "tool":
            nm, sysm, tl, mt, tm = pick(R, W.pub_tools)
            tasks, fam = [Task(R, "code" if tl and R.random() < .8 else None, sysm, mi=R.choice([0, 0, 1]), mt=mt, temp=tm, tools=tl, stream=True,
                    out=350)], nm.lower()
        elif arch == "human":
            tasks = [Task(R, None, "" if R.random() < .6 else own_system(R, pick(R, TN), p.name.split()[0]), mi=R.choice([0, 1, 2]), out=300)]
        elif arch == "tutorial": tasks = [Task(R, None, s, [x], mi=1, mt=R.choice([256, 1024]), out=150) for s, x in R.sample(W.tutorials, 2)]
        elif arch == "rag": s, x = pick(R, W.rag); tasks = [Task(R, None, s, [x], mi=R.choice([0, 1]), out=200)]
        else: tasks = [own_task(R, recur=R.choice([0, 0, 0, 25])) for _ in range(R.choice([1, 1, 2, 3]))]
        a, b = W.t0, W.t1
        if R.random() < .3: a = W.t0 + R.random() * .8 * W.days * DAY
        if R.random() < .2: b = a + R.uniform(.1, 1) * (W.t1 - a)
        for k in pl:
            I = W.on(k, p, net, W.ua(k, fam) if fam and k not in ("bedrock", "vertex") else None)
            m, dev = v / len(pl), "d_" + W.hexid(10) if arch == "tool" and k == "direct" and R.random() < .6 else ""
            if arch in ("tool", "human"): W.chat(I, m, R.choice(["office", "office", "evening", "consumer"]), p.tz, tasks[0], a, b, R.choice([2, 3, 5]), dev)
            elif arch == "cron":
                hrs = R.sample(range(24), R.choice([1, 1, 2, 4]))
                W.run(I, W.cron(hrs, max(1, m / W.days / len(hrs)), p.tz, a, b, R.choice([.8, 2, 6])), tasks)
            elif arch == "batch":
                for _ in range(R.randint(1, 3)):
                    s = R.uniform(a, b); W.run(I, s + np.cumsum(W.N.exponential(R.choice([1, 4, 20]), max(2, int(m / 2)))), tasks)
            else: W.run(I, W.times(m, R.choice(["office", "consumer", "consumer", "soft", "flat", "evening"]), p.tz, a, b), tasks)
def org_of(W): return "org_" + W.hexid(10)
def declared(W, ps, org, know=.85, parent=""):
    for p in ps:
        for I in p.ids:
            if I.plat == "direct" and W.R.random() < know: I.org = org
        p.declared = (org if W.R.random() < know else "", parent)
def cloud_company(W, v):
    """one declared organisation with applications on direct, Bedrock and Vertex, some balanced over all three"""
    R, st, cc = W.R, "co3_" + word(W.R), pick(W.R, CC); org, aws, proj, firm = org_of(W), W.aws(), f"{word(R)}-prod-{R.randint(100, 999)}", word(R).title()
    office, vms, ps = Net(W, "fixed", cc), Net(W, "fixed", cc), []
    for _ in range(R.randint(4, 9)):
        p = Person(W, st, "three_cloud_company", cc=cc); ps.append(p)
        app, tasks = word(R), [own_task(R, firm, recur=R.choice([0, 0, 30])) for _ in range(R.randint(1, 3))]
        ids = [I for I in [W.direct(p, vms, org=org), W.sess(p, vms, aws, app + "-role", "i-0" + W.hexid(16)), W.vertex(p, vms, proj, app, attached=True)]]
        use = ids if R.random() < .45 else R.sample(ids, R.choice([1, 1, 2]))
        for t in W.times(v / 6, R.choice(["office", "consumer", "soft"]), p.tz): W.emit(pick(R, use), t, pick(R, tasks))
    for _ in range(R.randint(3, 8)):
        p = Person(W, st, "three_cloud_company", cc=cc); ps.append(p); nm, sysm, tl, mt, tm = pick(R, W.pub_tools); e = p.name.replace(" ", ".").lower()
        I = R.choice([lambda: W.user(p, office, aws, e), lambda: W.vertex(p, office, proj, "", email=f"{e}@{firm.lower()}.example"), lambda: W.direct(p,
                office, org=org)])()
        W.chat(I, v / 80, "office", p.tz, Task(R, "code", sysm, mt=mt, temp=tm, tools=tl, stream=True))
    declared(W, ps, org, .95)
def consultancy(W, v):
    """one firm, one IAM role per client, consultants' names as session names, a house preamble in every prompt"""
    R, st, cc = W.R, "consult_" + word(W.R), pick(W.R, CC); org, aws, firm, net, ps = org_of(W), W.aws(), word(R).title(), Net(W, "fixed", cc), []
    pre = f"{firm} delivery standard {R.randint(2, 6)}.{R.randint(0, 9)}: " + own_system(R, pick(R, TN), firm) + " Client: "
    staff = [word(R) + "." + word(R) for _ in range(R.randint(6, 14))]
    for k in range(R.randint(8, 20)):
        p, client = Person(W, st, "consultancy", cc=cc), word(R); ps.append(p); ts = [own_task(R, firm) for _ in range(R.randint(1, 3))]
        for t in ts: t.sys = pre + client.title() + "."
        for s in R.sample(staff, R.randint(1, 4)):
            I = W.sess(p, net, aws, f"client-{client}-delivery", f"{s}@{firm.lower()}.example"); a = R.uniform(W.t0, W.t0 + .6 * W.days * DAY)
            W.run(I, W.times(v / 35, "office", p.tz, a, a + R.uniform(5, 30) * DAY), ts)
    declared(W, ps, org, .9)
def data_team(W, v):
    """one service account per pipeline, cron or hourly, similar extraction prompts"""
    R, st, cc = W.R, "data_" + word(W.R), pick(W.R, CC)
    org, proj, aws, net, ps = org_of(W), f"{word(R)}-data-{R.randint(10, 99)}", W.aws(), Net(W, "fixed", cc), []
    judge_sys = hostile_template(R, "rubric") if R.random() < .6 else None; n = R.randint(7, 24); ua = [W.ua("vertex", "py"), W.ua("bedrock", "py")]
    for k in range(n):
        p, pipe, tp = Person(W, st, "data_team", cc=cc), f"{word(R)}-{ph(R, 'ingest|enrich|dedupe|score|label|clean')}", pick(R, TN); ps.append(p)
        tasks = [Task(R, tp, f"Pipeline {pipe}. Return JSON only.", [own_template(R, tp)], mi=1, temp=0.0, out=120)]
        if judge_sys and k % 4 == 0: tasks.append(Task(R, tp, f"Pipeline {pipe}. Evaluation step.", [judge_sys], mi=0, temp=0.0, out=300))
        I = W.vertex(p, net, proj, f"sa-{pipe}", ua[0], attached=True) if R.random() < .65 else W.sess(p, net, aws, f"pipe-{pipe}", pipe, ua[1])
        hrs = R.choice([[R.randint(0, 6)], [2, 14], list(range(0, 24, 3)), list(range(24))])
        W.run(I, W.cron(hrs, max(1, v / n / W.days / len(hrs)), p.tz, gap=R.choice([.7, 2, 4])), tasks)
    declared(W, ps, org, .8)
def sso_org(W, v):
    """staff who sign on with one identity provider; the session name is the e-mail address"""
    R, st, n = W.R, "sso_" + word(W.R), W.R.randint(150, 230)
    org, firm, ps, offices = org_of(W), word(R), [], [(c, Net(W, "fixed", c)) for c in R.sample(CC, R.randint(1, 3))]
    aws, proj = [W.aws() for _ in range(R.randint(1, 4))], f"{firm}-{R.randint(1000, 9999)}"
    roles = [f"AWSReservedSSO_{x}_{W.hexid(16)}" for x in ("DeveloperAccess", "PowerUserAccess", "ModelUser")]; tools = R.sample(W.pub_tools, 3)
    for k in range(n):
        cc, net = pick(R, offices); p = Person(W, st, "sso_org", cc=cc); ps.append(p); e = f"{p.name.replace(' ', '.').lower()}@{firm}.example"
        net = net if R.random() < .8 else Net(W, "home", cc)
        ids = [W.sess(p, net, pick(R, aws), pick(R, roles), e, path=f"aws-reserved/sso.amazonaws.com/{W.regions[0]}/")] if R.random() < .8 else []
        if R.random() < .25 or not ids: ids.append(W.vertex(p, net, proj, "", email=e))
        if R.random() < .15: ids.append(W.direct(p, net, org=org))
        nm, sysm, tl, mt, tm = pick(R, tools)
        for I in ids:
            W.chat(I, max(2, v / n / len(ids) * R.lognormvariate(-.4, .9)), "office", p.tz, Task(R, R.choice(["code", None]), sysm, mt=mt, temp=tm, tools=tl,
                    stream=True), a=R.uniform(W.t0, W.t0 + 6 * DAY))
    declared(W, ps, org, .9)
def tenants(W, v, n=None, plat="bedrock"):
    """a product that runs every tenant under an own role: same template, same egress, tenants' own items, own time zones, births by sales"""
    R, st = W.R, "saas_" + word(W.R); n, aws, org, name, ps = n or R.randint(30, 110), W.aws(), org_of(W), word(R).title(), []
    net, ua, tp = Net(W, "fixed"), W.ua("bedrock"), pick(R, TN)
    proj, base, tpl = word(R) + "-saas", own_system(R, tp, name), [own_template(R, tp) for _ in range(3)]; w = [R.lognormvariate(0, 1) for _ in range(n)]
    for k in range(n):
        p, t = Person(W, st, "tenant_platform"), word(R) + str(k); ps.append(p)
        I = W.sess(p, net, aws, f"tenant-{t}-inference", R.choice(["worker-1", "worker-2"]), ua) if plat == "bedrock" else W.vertex(p, net, proj, "t-" + t,
                attached=True)
        ts = [Task(R, tp, base + f" Tenant: {t.title()}.", [x], mi=1, mt=1024, temp=.2, out=180) for x in R.sample(tpl, R.randint(1, 3))]
        for q in ts: q.items = [fill(R, q.tpl[0], tp) for _ in range(R.randint(8, 40))] if R.random() < .7 else None
        W.run(I, W.times(v * w[k] / sum(w), "office", p.tz, W.t0 if R.random() < .6 else R.uniform(W.t0, W.t1)), ts)
    declared(W, ps, org, .7)
def gw_teams(W, v, n=None, kind="gateway_team"):
    """customers or teams of a LiteLLM gateway, a few keys each"""
    R = W.R; n = n or R.randint(10, 24)
    for k in range(n):
        st, cc, firm = f"team_{word(R)}{k}", pick(R, CC), word(R).title()
        ts, net, team = [own_task(R, firm, recur=R.choice([0, 20])) for _ in range(R.randint(1, 4))], Net(W, R.choice(["fixed", "fixed", "home"]),
                cc), "team_" + W.hexid(6)
        ps = []
        for _ in range(R.randint(2, 8)):
            p = Person(W, st, kind, cc=cc); ps.append(p); I = W.lite(p, net, team=team if R.random() < .9 else ""); W.front(I)
            W.run(I, W.times(v / n / 5 * R.lognormvariate(-.3, .8), R.choice(["office", "consumer"]), p.tz), R.sample(ts, R.randint(1, len(ts))))
        declared(W, ps, org_of(W), .6)
def ci(W, v, n=None):
    """short-lived credentials: every run has an own session; fixed regression prompts; pushes by day, a suite by night"""
    R, st, cc = W.R, "ci_" + word(W.R), pick(W.R, CC); n, aws, org, repo = n or R.randint(90, 220), W.aws(), org_of(W), word(R)
    role, tz, ps, ua = f"ci-{repo}-deploy", COUNTRIES[cc], [], W.ua("bedrock")
    ts = [own_task(R, repo, recur=R.randint(8, 25)) for _ in range(R.randint(1, 3))]
    sa = W.vertex(Person(W, st, "ci", cc=cc), Net(W, "fixed", "US"), f"{repo}-ci", "runner", attached=True); ps.append(sa.p)
    starts = list(W.times(int(n * .7), "office", tz)) + list(W.cron([2], 1, tz))[:int(n * .3) + 1]; p = Person(W, st, "ci", cc=cc); ps.append(p)
    for s in sorted(starts):
        I = W.sess(p, Net(W, "fixed", R.choice(["US", "NL", cc])), aws, role, f"run-{R.randint(10 ** 9, 10 ** 10)}", ua)
        m = max(3, int(v / n * R.lognormvariate(0, .3))); tt = s + np.cumsum(W.N.exponential(1.5, m)); W.run(I, tt, ts)
        if R.random() < .3: W.run(sa, tt[: m // 2] + .5, ts)
    declared(W, ps, org, .8)
def migration(W, v, n=1):
    """a firm moves application by application from direct accounts to Bedrock: same prompts, short parallel run"""
    R = W.R
    for _ in range(n):
        st, cc = "move_" + word(R), pick(R, CC)
        org, aws, net, vpc, firm, ps = org_of(W), W.aws(), Net(W, "fixed", cc), Net(W, "fixed", cc), word(R).title(), []
        cut = W.t0 + R.uniform(.25, .7) * W.days * DAY
        for _ in range(R.randint(2, 9)):
            p = Person(W, st, "migration", cc=cc); ps.append(p); A, B = W.direct(p, net, org=org), W.sess(p, vpc, aws, f"{word(R)}-svc", "i-0" + W.hexid(16))
            ts = [own_task(R, firm) for _ in range(R.randint(1, 2))]; c = cut + R.uniform(0, 9) * DAY
            for t in W.times(v / n / 5, R.choice(["office", "consumer", "soft"]), p.tz):
                q = (t - c) / (R.uniform(.2, 2) * DAY); W.emit(B if q > 1 or 0 < q and R.random() < q else A, t, pick(R, ts))
        declared(W, ps, org, .75)
def benchmark(W, v):
    """several labs run the same public items over all platforms and many models"""
    R = W.R; items = [question(R, pick(R, TN)) + " Answer with a single letter." for _ in range(R.randint(60, 150))]
    for k in range(R.randint(4, 9)):
        p = Person(W, f"lab_{word(R)}{k}", "benchmark"); ids = [W.on(q, p) for q in R.sample(["direct", "bedrock", "vertex"], R.randint(1, 3))]
        for I in ids:
            s = R.uniform(W.t0, W.t1 - DAY)
            for mi in R.sample([0, 1, 2], R.randint(1, 3)):
                tk = Task(R, "math", "", ["{q}"], mi=mi, mt=16, temp=0.0, out=3, items=items)
                for q in items[:max(5, int(v / 25))]: W.emit(I, s, tk, user=q); s += R.expovariate(.7)
def cohort(W, v):
    """a course on trial credits: the same exercises on direct and Vertex, evenings, deadlines"""
    R, st, cc, dom = W.R, "class_" + word(W.R), pick(W.R, CC), word(W.R) + ".edu.example"
    ex, net, n = [Task(R, None, "", [own_template(R, pick(R, TN))], mi=1, mt=512) for _ in range(4)], Net(W, "fixed", cc), R.randint(25, 60)
    s = W.t0 + R.uniform(.1, .5) * W.days * DAY
    for _ in range(n):
        p = Person(W, st, "class", cc=cc); p.dom = dom
        I = W.direct(p, R.choice([net, Net(W, "home", cc)])) if R.random() < .5 else W.vertex(p, Net(W, "home", cc),
                f"gen-client-0{R.randint(10 ** 8, 10 ** 9)}", "hw")
        for k, t in enumerate(ex): W.run(I, W.times(v / n / 4, "evening", p.tz, s + k * 3 * DAY, s + (k + 1) * 3 * DAY), [t])
BESIDE = {"company": cloud_company, "consult": consultancy, "data": data_team, "sso": sso_org, "tenants": tenants, "teams": gw_teams, "ci": ci,
        "migration": migration, "bench": benchmark, "class": cohort}

# ------------------------------------------------------------------------------------------------ hidden operators
def procure(W, camp, n, combos, net="resi", ua="mono", pay="lots", role="operator", kind="pool"):
    """accounts bought or made in lots; combos: which platforms one of them covers"""
    R, ps, lot, left = W.R, [], None, 0
    mono = {k: W.ua(k, f) for k, f in (("direct", None), ("bedrock", "py"), ("vertex", "py"), ("azure", None), ("litellm", None), ("nginx", None))}
    few = {k: [W.ua(k) for _ in range(4)] for k in mono}; farm = [W.ip("cloud", pick(R, CC)) for _ in range(max(2, n // R.randint(6, 20)))]
    doms = [word(R, 3) + ".example" for _ in range(R.randint(2, 6))]; stem, pc, phased = word(R), R.sample(CC, 5), R.random() < .5
    for k in range(n):
        p = Person(W, camp, kind, role, camp, cc=pick(R, pc)); p.pay = pay
        if left < 1:
            left, lot = R.randint(3, 10), (W.t0 + R.uniform(-25, W.days * .5 if phased else -1) * DAY, "pm_" + W.hexid(12), W.ip("home", p.cc), pick(R,
                    doms), W.aws())
        left -= 1; p.lot, p.seq = lot, k
        nt = {"resi": lambda: Net(W, "resi", p.cc, rot=R.choice([6, 24, 72])), "own": lambda: Net(W, "fixed", p.cc), "home": lambda: Net(W, "home", p.cc),
                "farm": lambda: Net(W, "fixed", ips=R.sample(farm, min(2, len(farm)))), "one": lambda: Net(W, "fixed", ips=farm[:1])}[net]()
        for pl in R.choice(combos):
            u = mono[pl] if ua == "mono" else pick(R, few[pl]) if ua == "few" else None
            if pl == "bedrock":
                I = W.user(p, nt, lot[4] if R.random() < .5 else W.aws(), R.choice([f"{stem}-{k:03d}", "admin", "api", "bedrock", f"user{R.randint(1, 99)}",
                        word(R)]), u)
            elif pl == "vertex":
                I = W.vertex(p, nt, f"{R.choice([stem, word(R)])}-{R.randint(10000, 499999)}", R.choice(["vertex", "svc", "api", word(R)]), u)
            else: I = W.on(pl, p, nt, u)
            I.lk = ["content"] + (["net"] if net in ("farm", "one") else []) + (["pay"] if pay == "lots" else [])
            if ua != "mix": I.t2 = INF
            if phased: I.born = lot[0] + R.uniform(.2, 5) * DAY
        ps.append(p)
    return ps
def pool_signup(W, p):
    R, (c, pm, ip, dom, _) = W.R, p.lot
    for I in p.ids:
        if not I.n: continue
        cr = min(c + R.uniform(0, 4) * 3600 if p.pay == "lots" else W.t0 - R.expovariate(1 / 40) * DAY, (I.first or W.t1) - R.uniform(600, 3e5))
        keep = {k: v for k, v in I.acc.items() if k in ("banned_at", "hide", "organization_id", "parent_id")}
        if I.plat in ("direct", "litellm", "azure"):
            sh = p.pay == "lots"
            I.acc = dict(created_at=cr, plan=R.choice(["build", "build", "scale", "pro"]), country=p.cc, email_domain=dom if sh or R.random() < .3 else
                    pick(R, W.free), payment_id=pm if sh and R.random() < .8 else "pm_" + W.hexid(12), signup_address=ip[0] if sh and R.random() < .6 else
                    W.ip("home", p.cc)[0], device_id="d_" + W.hexid(10) if R.random() < .3 else "", limit_per_minute=50, limit_per_day=R.choice(["", 5000]))
        else:
            I.acc = dict(created_at=cr if R.random() < .7 else None, country=p.cc if R.random() < .3 else "", plan="marketplace" if R.random() < .5 else "")
        I.acc.update(keep)
def pool(W, ids, n, tasks, a=None, b=None, sched="lru", mode=None, tz=8, split=None, bans=(), spares=(), lag=(.2, 8), p429=.012, health=False, batch=0,
        probe=True, ttl=3600, key=None):
    """a dispatcher: one queue, identities picked per request; bans remove identities, spares replace them"""
    R, d = W.R, W.days * DAY; a = a or W.t0 + (R.uniform(0, .3) * d if R.random() < .5 else 0)
    b = b or W.t1 - (R.uniform(0, .2) * d if R.random() < .4 else 0); mode = mode or R.choice(["soft", "soft", "flat", "office", "consumer"])
    n = int(n * R.choice([.3, .5, .8, 1, 1, 1.4])) if n > 5000 else n; ids, spares = list(ids), list(spares)
    for bt, frac, pls in bans:
        al = [I for I in ids if I.born <= bt < I.die and (not pls or I.plat in pls)]
        for I in R.sample(al, int(len(al) * frac)):
            I.die = bt + R.uniform(0, 2400); I.acc["banned_at"] = I.die; I.lk.append("ban")
            if spares and R.random() < .92:
                s = spares.pop(0); s.born = bt + R.uniform(*lag) * 3600; s.lk.append("ban"); ids.append(s)
    for I in ids:
        if sched in ("lru", "baton", "sticky"): I.lk.append("sched")
    if batch:
        ts = np.concatenate([s + np.cumsum(W.N.exponential(R.choice([2, 5, 9]), max(3, int(batch * R.lognormvariate(0, .5))))) for s in W.times(max(2,
                n / batch), mode, tz, a, b)])
        ts = np.sort(ts)[:n]
    else: ts = W.times(n, mode, tz, a, b, noise=.25)
    for _ in range(R.randint(1, 4)): s = R.uniform(a, b); ts = ts[(ts < s) | (ts > s + R.uniform(20, 150) * 60)]
    ch = [(max(I.born, a), 0, k) for k, I in enumerate(ids)] + [(I.die, 1, k) for k, I in enumerate(ids) if I.die < INF]; heapq.heapify(ch)
    q, wt, cur = collections.defaultdict(list), {}, {}
    def choose(pl, t, k):
        L = q[pl]
        if sched == "random": return pick(R, L)
        if sched == "weighted": return R.choices(L, [wt.setdefault(I.aid, R.lognormvariate(0, .8)) for I in L])[0]
        kk = (pl, k); c = cur.get(kk)
        if sched in ("baton", "sticky") and c and c[1] > t and c[0].born <= t < c[0].die: return c[0]
        j = 0 if R.random() < .96 else min(1, len(L) - 1); I = L.pop(j); L.append(I); cur[kk] = (I, t + ttl); return I
    pend = []
    for t in ts:
        while ch and ch[0][0] <= t:
            _, dead, k = heapq.heappop(ch); I = ids[k]
            if dead and I in q[I.plat]:
                q[I.plat].remove(I)
                for _ in range(R.randint(1, 3)): W.emit(I, I.die + R.uniform(5, 600), tasks[0], status=403)
            elif not dead: q[I.plat].insert(R.randint(0, len(q[I.plat])), I)
        pls = [p for p in q if q[p]]
        if not pls: continue
        pl = R.choices(pls, [(split or {}).get(p, 1) * (1 if split else len(q[p])) for p in pls])[0]; tk = pick(R, tasks); kw = key(t) if key else {}
        if kw: tk = kw.pop("task")
        k = kw.pop("slot", 0); I = choose(pl, t, k)
        if R.random() < p429 * (3 if sched == "baton" else 1):
            W.emit(I, t, tk, status=429, **kw); cur.pop((pl, k), None); t += R.uniform(.3, 3); I = choose(pl, t, k)
        W.emit(I, t, tk, **kw)
    if health:
        hi = Task(R, "code", "", ["hi"], mi=2, mt=R.choice([1, 8, 16]), temp=1.0, out=4, stream=False)
        for t in W.cron([R.randint(5, 11)], 1, tz, a, b):
            for I in ids:
                if I.born <= t < I.die and I.n: W.emit(I, t + R.uniform(0, 9), hi, status=200); I.lk.append("comb") if "comb" not in I.lk else None
    if probe:
        for I in R.sample(ids[:40], min(len(ids), 40, R.randint(2, 5))):
            if I.born <= a:
                for _ in range(R.randint(6, 20)):
                    W.emit(I, max(W.t0, a) + R.uniform(0, 1.5) * DAY, Task(R, None, "", [hostile_template(R, pick(R, HK))]), status=R.choice([200, 400,
                            400]))
    for I in ids:
        for J in I.also: J.lk += [x for x in I.lk if x != "content"] if J.p is I.p else []
    return ids
def all_ids(ps, pl=None): return [I for p in ps for I in p.ids if not pl or I.plat in pl]

# ------------------------------------------------------------------------------------------------ scenarios
SC = {}
def scenario(beside=(), plats=None, n=(255, 420), bg=(9000, 18000), **cfg):
    def deco(f):
        SC[f.__name__] = (f, dict(cfg, beside=beside, plats=plats or {"direct": 5, "bedrock": 3, "vertex": 2}, n=n, bg=bg)); return f
    return deco
@scenario(("company", "sso", "tenants"), direct="hashes")
def pool_same_templates_three_clouds(W):
    """a pool over direct, Bedrock and Vertex, the same templates on each"""
    ps = procure(W, "camp1", W.R.randint(60, 220), [("direct", "bedrock", "vertex"), ("direct", "bedrock"), ("bedrock", "vertex"), ("direct",)],
            W.R.choice(["farm", "resi"]))
    pool(W, all_ids(ps), W.R.randint(14000, 30000), hostile_tasks(W.R), health=W.R.random() < .5)
@scenario(("company", "data", "migration"), plats={"direct": 5, "bedrock": 3, "vertex": 2, "azure": 2}, ct=.8)
def pool_one_platform_each(W):
    """every account of the pool lives on one platform; one queue feeds all four"""
    ps = procure(W, "camp1", W.R.randint(80, 400), [("direct",), ("bedrock",), ("vertex",), ("azure",)], W.R.choice(["resi", "own", "farm"]), "few",
            W.R.choice(["lots", "clean"]))
    pool(W, all_ids(ps), W.R.randint(14000, 32000), hostile_tasks(W.R, 2), sched=W.R.choice(["lru", "weighted"]), tz=W.R.choice([3, 8]))
@scenario(("migration", "migration", "company", "ci"), direct="hashes")
def pool_moves_after_bans(W):
    """direct accounts fall in two waves; Bedrock and then Vertex identities take over; honest firms migrate in the same weeks"""
    R, d = W.R, W.days * DAY; n = R.randint(60, 180); A = procure(W, "camp1", n, [("direct",)], R.choice(["resi", "farm"]))
    B = procure(W, "camp1", n, [("bedrock",)], "own", "few", "clean"); C = procure(W, "camp1", n // 2, [("vertex",)], "resi")
    pool(W, all_ids(A), R.randint(14000, 30000), hostile_tasks(R), W.t0, W.t1, bans=[(W.t0 + .33 * d, .85, ("direct",)), (W.t0 + .66 * d, .7, ("bedrock",
            "direct"))], spares=all_ids(B)[:n] + all_ids(C), lag=(1, 30), sched=R.choice(["lru", "weighted"]))
@scenario(("sso", "tenants", "class"), days=(20, 42))
def random_split_three_platforms(W):
    """every request goes to a random identity on one of three platforms; residential exits, paraphrased wording, own cards"""
    ps = procure(W, "camp1", W.R.randint(60, 300), [("direct",), ("bedrock",), ("vertex",), ("bedrock", "vertex")], "resi", "mix", "clean")
    pool(W, all_ids(ps), W.R.randint(9000, 24000), hostile_tasks(W.R, 3, variants=W.R.randint(8, 25)), sched="random", probe=False)
@scenario(("teams",), plats={"litellm": 5, "direct": 3}, front=True, up=True, ngx="json", stored=True, direct="hashes", bg=(5000, 9000))
def pool_behind_one_gateway(W):
    """key hashes of a pool on a LiteLLM gateway, honest teams beside them; the gateway's own account upstream carries all of it"""
    W.cfg["eu"] = W.R.random() < .5
    ps = procure(W, "camp1", W.R.randint(40, 130), [("litellm",)], W.R.choice(["farm", "resi", "own"]), "few", W.R.choice(["lots", "clean"]))
    pool(W, all_ids(ps, ("litellm",)), W.R.randint(7000, 15000), hostile_tasks(W.R, 2), sched=W.R.choice(["lru", "random", "baton"]))
@scenario(("sso", "ci", "consult"), plats={"direct": 3, "bedrock": 5, "vertex": 1})
def pool_role_sessions(W):
    """IAM users assume roles and call in sessions with changing names; CI and SSO sessions of honest firms look the same in form"""
    R = W.R; acc = [W.aws() for _ in range(R.randint(3, 14))]; style = R.choice(["botocore", "hex", "name"])
    ids, role = [], R.choice(["OrganizationAccountAccessRole", "BedrockInvoke", word(R) + "-exec"])
    for p in procure(W, "camp1", R.randint(40, 110), [()], "resi", pay="clean"):
        net = Net(W, "fixed", ips=[W.ip("cloud", p.cc)]) if R.random() < .4 else Net(W, "resi", p.cc, rot=24)
        u = W.user(p, net, pick(R, acc), R.choice(["svc", word(R)]) + f"-{p.seq:02d}", W.ua("bedrock", "py"))
        u.d["seen"], u.first, u.lk = True, W.t0, ["role"]; s = W.t0 + R.uniform(0, 3) * DAY
        while s < W.t1:
            nm = {"botocore": f"botocore-session-{int(s)}", "hex": W.hexid(12), "name": word(R) + str(R.randint(1, 99))}[style]
            I = W.sess(p, net, u.org, role, nm, u.ua); I.born, I.die, I.lk = s, s + R.uniform(6, 12) * 3600, ["content", "role"]
            trail(W, u, s - 1, "AssumeRole", {"roleArn": I.d["rarn"], "roleSessionName": I.d["session"]}, "sts.amazonaws.com"); ids.append(I)
            s += R.uniform(1, 3.2) * DAY
    pool(W, ids, R.randint(12000, 28000), hostile_tasks(R), sched=R.choice(["lru", "weighted"]), probe=False)
@scenario(("company", "data", "consult"), plats={"direct": 5, "bedrock": 3, "azure": 2}, half=True)
def pool_half_the_accounts_known(W):
    """the accounts file knows only half of the identities; baton passing with failover after 429, a daily health check"""
    ps = procure(W, "camp1", W.R.randint(50, 160), [("direct", "bedrock"), ("direct", "azure"), ("azure",), ("bedrock",)], W.R.choice(["resi", "farm"]))
    pool(W, all_ids(ps), W.R.randint(13000, 26000), hostile_tasks(W.R, 2), sched="baton", ttl=W.R.choice([1800, 3600]), batch=W.R.choice([0, 60, 200]),
            health=True, p429=.03)
@scenario(("company", "tenants", "sso"), vdouble=True)
def relay_sells_three_clouds(W):
    """a relay spreads many developers' sessions (and one harvesting tenant) over accounts on three clouds; some of its customers also have own accounts"""
    R = W.R
    ps = procure(W, "camp1", R.randint(40, 140), [("direct",), ("bedrock", "vertex"), ("direct", "vertex"), ("bedrock",)], R.choice(["resi", "farm"]),
            "mono", R.choice(["lots", "clean"]), role="mixed", kind="relay")
    cust, harvest, share = [], hostile_tasks(R, 2), R.uniform(.1, .4)
    for k in range(R.randint(50, 150)):
        nm, sysm, tl, mt, tm = pick(R, W.pub_tools)
        t = Task(R, R.choice(["code", None]), sysm, mt=mt, temp=tm, tools=tl, stream=True, out=350) if R.random() < .7 else own_task(R)
        cust.append((t, R.lognormvariate(0, 1), k))
        if R.random() < .12:
            p = Person(W, "", "relay_customer", "used"); W.run(W.on(R.choice(["direct", "bedrock"]), p), W.times(R.randint(5, 60), "evening", p.tz), [t])
    cw = [c[1] for c in cust]; sess = {}
    def key(t):
        if R.random() < share: return {"task": pick(R, harvest), "slot": "h"}
        tk, _, k = R.choices(cust, cw)[0]; s = sess.get(k)
        if not s or s[1] < t: s = sess[k] = (W.hexid(12), t + R.expovariate(1 / 2400))
        u = casual(W.T, tk.topic) if "{chat}" in tk.tpl else None; return {"task": tk, "slot": k, "sess": s[0], "user": u}
    pool(W, all_ids(ps), R.randint(14000, 30000), harvest, sched="sticky", mode="consumer", key=key, health=R.random() < .5, probe=False)
@scenario(("company", "tenants", "data"), plats={"direct": 4, "bedrock": 4, "vertex": 3})
def stolen_cloud_keys(W):
    """a key checker finds leaked IAM and service-account keys; the operator then spreads its work over them and its own direct accounts; owners carry on"""
    R, vps = W.R, Net(W, "fixed"); own = procure(W, "camp1", R.randint(40, 80), [("direct",)], R.choice(["resi", "farm"]))
    vic, tasks, ua = [], hostile_tasks(R, 2), W.ua("bedrock", "py")
    for _ in range(R.randint(25, 70)):
        p = Person(W, "", "stolen_key", "used"); I = W.on(R.choice(["bedrock", "bedrock", "vertex"]), p)
        W.run(I, W.times(R.randint(5, 160), R.choice(["office", "consumer"]), p.tz), [own_task(R)]); vic.append(I)
    probe, a = Task(R, "code", "", ["\n\nHuman:\n\nAssistant:"], mi=0, mt=-1, temp=1.0), W.t0 + R.uniform(.15, .5) * W.days * DAY
    for I in vic:
        t = a + R.uniform(0, 4) * 3600; W.emit(I, t, probe, status=400, ip=vps.at(t), ua=ua)
        if I.plat == "bedrock":
            for nm in ("ListFoundationModels", "GetModelInvocationLoggingConfiguration"):
                keep, I.net, ku, I.ua = I.net, vps, I.ua, ua; trail(W, I, t + R.uniform(1, 9), nm, {}); I.net, I.ua = keep, ku
    live = R.sample(vic, int(len(vic) * .8)); ex = [Net(W, "fixed") for _ in range(R.randint(2, 5))]
    for t in W.times(R.randint(2500, 7000), "soft", 8, a + 6 * 3600):
        I = live[int(len(live) * R.random() ** 1.3)]
        W.emit(I, t, pick(R, tasks), ip=pick(R, ex).at(t), ua=ua if I.plat == "bedrock" else W.ua("vertex", "py", random.Random(1)))
    pool(W, all_ids(own), R.randint(8000, 16000), tasks)
@scenario(("sso", "class", "bench"), days=(16, 30), bg=(12000, 20000))
def thin_spike_three_clouds(W):
    """four to ten requests from each of several hundred accounts on two days, over three clouds"""
    R, n = W.R, W.R.randint(250, 400); a = W.t0 + R.uniform(.4, .8) * W.days * DAY
    ps = procure(W, "camp1", n, [("direct",), ("bedrock",), ("vertex",), ("direct", "bedrock")], "resi", "mix", R.choice(["lots", "clean"]))
    pool(W, all_ids(ps), n * R.randint(4, 10), hostile_tasks(R, 1, variants=R.choice([1, 3])), a, a + R.uniform(1.2, 2.5) * DAY, sched="random", probe=False)
@scenario(("company", "consult", "migration"))
def startup_fronts(W):
    """the pool hides behind small declared start-ups, each with accounts on two or three clouds; one queue and one set of templates runs across them"""
    R = W.R; n = R.randint(12, 30)
    ps = procure(W, "camp1", n * R.randint(3, 8), [("direct",), ("bedrock",), ("vertex",), ("direct", "bedrock")], "own", "few", "clean", kind="front")
    orgs = [org_of(W) for _ in range(n)]
    for k, p in enumerate(ps):
        for I in p.ids:
            I.acc["organization_id"] = orgs[k % n]
            if I.plat == "direct": I.org = orgs[k % n]
    pool(W, all_ids(ps), R.randint(12000, 28000), hostile_tasks(R, 3), sched=R.choice(["lru", "weighted"]), tz=R.choice([3, 8]))
@scenario(("tenants", "sso", "bench"))
def two_pools_one_proxy_seller(W):
    """two operators who do not know each other rent exits from the same seller; own templates, own schedules, partly the same clouds"""
    R = W.R; exits = [W.ip("home", pick(R, CC)) for _ in range(R.randint(150, 400))]
    for k, (cb, sc) in enumerate(zip(R.sample([[("direct",), ("bedrock",)], [("bedrock",), ("vertex",)], [("direct", "vertex"), ("direct",)]], 2), ("lru",
            "baton"))):
        ps = procure(W, f"camp{k + 1}", R.randint(40, 140), cb, "resi", R.choice(["mono", "few"]), R.choice(["lots", "clean"]))
        for p in ps:
            net = Net(W, "fixed", ips=R.sample(exits, 3))
            for I in p.ids: I.net = net
        pool(W, all_ids(ps), R.randint(7000, 14000), hostile_tasks(R, 2), W.t0 + R.uniform(0, 4) * DAY, W.t1 - R.uniform(0, 4) * DAY, sched=sc,
                tz=R.choice([2, 8]))
    # ordinary people whose line the same seller uses
    for x in R.sample(exits, 60):
        p = Person(W, "", "lone", cc=x[2]); W.chat(W.direct(p, Net(W, "fixed", ips=[x])), R.randint(4, 60), "evening", p.tz, Task(R))
@scenario(("company", "teams"), plats={"azure": 4, "nginx": 3, "litellm": 2}, bg=(10000, 18000), stored=True, ngx="combined")
def trial_pool_at_an_api_operator(W):
    """a large operator sees subscriptions (APIM), nginx users and LiteLLM keys; a pool of trial accounts passes a baton between all three"""
    ps = procure(W, "camp1", W.R.randint(60, 200), [("azure",), ("nginx",), ("litellm",), ("azure", "nginx")], W.R.choice(["resi", "farm"]), "few", "lots")
    pool(W, all_ids(ps), W.R.randint(9000, 20000), hostile_tasks(W.R, 2), sched=W.R.choice(["baton", "lru"]), batch=W.R.choice([0, 80]), p429=.03)
@scenario(("company", "company", "data", "migration", "sso", "class"), direct="hashes", bg=(14000, 22000))
def calm_three_cloud_firms(W):
    """no operator: companies on all clouds, a data team, a migration, an SSO organisation, a course; a sweep of wrong bans, after which
    the people concerned go to a cloud, each on his own"""
    ban = W.t0 + W.R.uniform(.3, .7) * W.days * DAY
    for _ in range(W.R.randint(20, 50)):
        p, ts = Person(W, "", "banned_alone"), [own_task(W.R)]
        A, prof, v = W.on("direct", p), W.R.choice(["office", "consumer", "evening"]), W.R.randint(10, 150); W.run(A, W.times(v, prof, p.tz, W.t0, ban), ts)
        A.d["ban"] = ban + W.R.uniform(0, 1800)
        if W.R.random() < .6: W.run(W.on(W.R.choice(["bedrock", "vertex"]), p, A.net), W.times(v, prof, p.tz, ban + W.R.expovariate(.5) * DAY), ts)
@scenario(("tenants", "tenants", "consult", "consult", "bench", "migration"), plats={"direct": 4, "bedrock": 5, "vertex": 2}, bg=(14000, 22000), ct=.7)
def calm_tenants_and_consultancies(W):
    """no operator: tenant platforms with one role each, consultancies with client roles, labs with a benchmark"""
    tenants(W, W.R.randint(2000, 4000), plat="vertex")
@scenario(("ci", "ci", "ci", "sso", "data"), plats={"direct": 3, "bedrock": 5, "vertex": 2}, bg=(14000, 22000), vdouble=True)
def calm_short_lived_credentials(W):
    """no operator: hundreds of CI sessions, SSO sessions and pipelines"""
@scenario(("teams", "teams"), plats={"litellm": 5, "direct": 3}, front=True, up=True, ngx="json", stored=True, bg=(6000, 10000))
def calm_managed_gateway(W):
    """no operator: customers of a managed gateway seen at nginx, LiteLLM and upstream"""
    W.cfg["eu"] = W.R.random() < .5
@scenario(("company", "tenants", "data", "consult"), plats={"direct": 4, "bedrock": 5, "vertex": 3}, bg=(10000, 16000))
def calm_outage_failover(W):
    """no operator: a Bedrock outage of some hours sends many unrelated firms to the platform where they have a standby, all at the same minute"""
    R = W.R; outs = [(s, s + R.uniform(1.5, 9) * 3600) for s in sorted(R.uniform(W.t0 + 2 * DAY, W.t1 - 2 * DAY) for _ in range(R.randint(1, 3)))]
    for _ in range(R.randint(60, 140)):
        p = Person(W, "", "standby"); A, B = W.on("bedrock", p), W.on(R.choice(["vertex", "direct"]), p); ts = [own_task(R)]
        for t in W.times(R.randint(40, 320), R.choice(["office", "consumer", "soft"]), p.tz):
            o = next((x for x in outs if x[0] <= t < x[1]), None)
            if o: W.emit(A, t, ts[0], status=529); W.emit(B, t + R.uniform(.2, 4), ts[0])
            else: W.emit(A, t, ts[0])
    for k, e in enumerate(W.ev):
        if e.I.plat == "bedrock" and e.status == 200 and any(x[0] <= e.t < x[1] for x in outs): W.ev[k] = e._replace(status=529, otok=0, lat=200.0)
VOL = {"company": (2000, 5000), "consult": (1500, 4000), "data": (2000, 5000), "sso": (3000, 7000), "tenants": (2000, 6000), "teams": (3000, 6000),
        "ci": (1500, 4000), "migration": (1000, 3500), "bench": (1000, 2500), "class": (800, 2000)}
def build(name, seed, level="text", accounts=True):
    f, cfg = SC[name]; W = World(name, seed, level, accounts, dict(cfg)); R = W.R
    if cfg.get("up"):
        ip, own = Net(W, "fixed"), Person(W, "gateway_firm", "gateway_upstream", "used" if "calm" not in name else "innocent")
        W.up = [W.direct(own, ip, "litellm/1.%d.%d" % (R.randint(40, 80), R.randint(0, 9)), org=org_of(W)) for _ in range(R.randint(1, 3))]
        declared(W, [own], W.up[0].org, 1)
    lone(W, R.randint(*cfg["n"]), R.randint(*cfg["bg"]) * R.choice([1, 1, 1.5, 2]), cfg["plats"])
    for b in cfg["beside"]: BESIDE[b](W, R.randint(*VOL[b]))
    f(W); ps = {}
    for I in W.ids.values():
        ps.setdefault(I.p.id, I.p)
        if I.plat == "bedrock" and I.n and R.random() < .15:
            trail(W, I, I.first + R.uniform(-30, 90), R.choice(["ListFoundationModels", "ListInferenceProfiles", "GetFoundationModelAvailability"]), {})
    for k in sorted(ps):
        p = ps[k]
        if hasattr(p, "lot"): pool_signup(W, p)
        else:
            org, par = getattr(p, "declared", ("", "")); W.signup(p, org, "enterprise" if org and R.random() < .8 else None, domain=getattr(p, "dom", None))
            if par:
                for I in p.ids: I.acc["parent_id"] = par
    for I in W.ids.values():
        if "ban" in I.d: I.acc["banned_at"] = I.d["ban"]
    if cfg.get("half"):
        for I in W.ids.values(): I.acc["hide"] = R.random() < .5
    return W
def main(argv):
    if argv[:1] == ["list"]: print("\n".join(SC)); return 0
    pos = [x for x in argv if not x.startswith("--") and x not in ("text", "hashes", "metadata")]
    level = argv[argv.index("--level") + 1] if "--level" in argv else "text"
    if len(pos) != 3 or pos[0] not in SC or level not in ("text", "hashes", "metadata"): print(__doc__, file=sys.stderr); return 2
    W = build(pos[0], int(pos[1]), level, "--no-accounts" not in argv); W.write(pos[2]); return 0
if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
