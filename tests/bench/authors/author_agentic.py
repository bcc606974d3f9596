#!/usr/bin/env python3
"""Simulated API access logs with agentic multi-turn traffic, with labels. Standard library only. See CONTRACT.md.

The world is an event simulation: every conversation, worker, bot or ban process is a generator that yields the time of its next request and is woken
in global time order, so rate limits, account choice, failover, bans and refills act on the state of that moment.
"""
import argparse
import csv
import gzip
import hashlib
import heapq
import json
import math
import os
import random
import sys
import time

DAY = 86400.0
HOUR = 3600.0
SYL = "ba ko ri ta ne mo lu vi sa pe do zu ga fi ro ke ha ny el or an ix um es tor val mir dan bex quo jin sol pra wen".split()
COUNTRIES = [("US", -6), ("US", -8), ("CA", -5), ("BR", -3), ("GB", 0), ("DE", 1), ("FR", 1), ("PL", 1), ("ES", 1), ("SE", 1), ("UA", 2), ("IL", 2), ("KE",
    3), ("TR", 3),
             ("IN", 5.5), ("PK", 5), ("VN", 7), ("ID", 7), ("SG", 8), ("TW", 8), ("JP", 9), ("KR", 9), ("AU", 10), ("NZ", 12), ("MX", -6), ("AR", -3), ("NL",
                 1), ("RO", 2)]
FREEMAIL = ["postbox.example", "freemail.example", "inbox.example", "quickmail.example", "mailhub.example"]
NOUNS = ("invoice cache parser queue scheduler login cart router session token webhook index schema migration renderer worker report ledger sensor "
         "playlist ticket booking shipment roster vault gradient tensor mesh shader patch cluster tenant quota billing export upload thumbnail digest "
         "feed crawler sitemap locale currency tax audit permission sandbox plugin linker allocator lexer cursor snapshot replica shard heartbeat "
         "timeout retry backoff payload envelope carrier firmware modem beacon telemetry dashboard widget drawer toast modal form grid chart legend "
         "axis route map tile weather forecast recipe pantry workout clinic dose triage").split()
VERBS = ("fix|look into|find out why we need|refactor|add a test for|clean up|document|speed up|rename|port|review|explain|simplify|rewrite|"
         "trace|check|extend|split up|remove|guard|"
         "undo my change to|make async|add logging to|type|profile|debug|compare|harden|vendor|mock").split("|")
OPENERS = ("|hey, |ok now |please |can you |next: |quick one: |so |hmm, |alright, |let's |could you |i want you to |now |good. |great, |"
         "no wait, |again: |one more thing, |TODO: ").split("|")
OBJECTS = ["the {a} handling in {{f}}", "{{fn}} in {{f}}", "the failing {a} test in {{f}}", "the race between {a} and {b}", "how {a} reaches {{fn}}",
    "the {a} {b} code path",
           "whatever {{fn}} does with the {a}", "the {a} part of {{f}} around line {{n}}", "our {a} and {b} glue", "{{f}}", "the {a} module",
               "every caller of {{fn}} that touches {a}",
           "the {b} config for {a}", "that {a} warning from {{fn}}", "the {a} page", "the old {a} shim in {{f}} and its {b} twin", "the {a} cli flag",
               "the {b} import cycle"]
TAILS = ["", "", "", ", it breaks when {b} is empty", ", keep the public api", ", since the last merge it returns {{n}}", " and run the tests",
    ", i get exit code {{n}} on {c}", " but do not touch {c}",
         ", {c} depends on it", " like we did for {c}", ", no new dependencies please", ". the {c} people complain about it", ", should take under {{n}} ms",
             ". see {{f}} for the {c} case",
         ", ideally without {c}", " then commit", ", i think {c} is to blame", "? users with an old {c} see it too", ", and tell me what you changed in {c}"]
LOCAL = {"DE": ["bitte {v0} in {{f}} anpassen, {a} und {b} passen nicht", "warum ist {a} hier leer? schau in {{f}} nach {b}",
    "schreib einen test fuer {{fn}}, {a} fehlt noch"],
         "ES": ["revisa {{f}}, el {a} no llega a {b}", "por favor arregla {{fn}}, falla con {a} y {b}", "anade pruebas para {a} en {{f}}"],
         "BR": ["corrige o {a} em {{f}}, quebra com {b}", "por que {{fn}} ignora o {a}? ve {b}", "refatora {{f}} sem mexer em {b}"],
         "FR": ["corrige {{fn}} dans {{f}}, le {a} casse {b}", "explique pourquoi {a} bloque {b} dans {{f}}"],
         "PL": ["popraw {{fn}} w {{f}}, {a} nie dziala z {b}", "dodaj test dla {a} w {{f}}, tylko bez {b}"]}
EXT = {"python": "py", "typescript": "ts", "go": "go", "rust": "rs", "java": "java", "kotlin": "kt", "php": "php", "ruby": "rb", "swift": "swift",
    "csharp": "cs"}
TOOLSET = "Read Write Edit Grep Glob Bash ListDir WebFetch Todo Patch RunTests Notebook Search Symbols Diff Commit Task Ask Plan OpenUrl".split()
SAY = ["I'll look at {f}.", "Reading {f} to see how {fn} is called.", "The cause is in {fn}: it never checks for {n}.", "Editing {f} now.",
    "Running the tests.", "{n} tests pass, one still fails in {f}.",
       "Done. {fn} in {f} is changed; see the diff.", "Let me search for other callers of {fn}.", "That did not apply cleanly, retrying on {f}.",
           "I have a plan with {n} steps, starting with {f}."]
RESULTS = ["tool_result {tool}: {f} ({n} lines)\n  {fn}({n})", "tool_result {tool}: no matches for {fn}", "tool_result {tool}: {n} matches in {f}",
    "tool_result {tool}: exit 0\n{n} passed",
           "tool_result {tool}: exit 1\n{f}:{n}: error in {fn}", "tool_result {tool}: applied, {n} lines changed in {f}",
               "tool_result {tool}: {f}\n{f}\n{n} files", "tool_result {tool}: ok"]
RULES = ["Be brief.", "Prefer small edits.", "Never invent file names.", "Read a file before you change it.", "Run the tests when you are done.",
    "Ask when a request is unclear.", "Do not add comments unless asked.",
         "Follow the conventions of the project.", "Do not commit unless told to.", "Use the search tools before reading whole files.",
             "Answer in the language of the user.", "Refuse to write malware.",
         "Track multi-step work in the to-do list.", "Keep shell commands non-interactive.", "Cite file paths with line numbers.",
             "Explain risky commands first.", "Stop after three failed attempts."]

def hsh(text, size=8):
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()

class Obj:
    def __init__(self, **kw):
        self.__dict__.update(kw)

class World:
    def __init__(self, scenario, seed, level, with_accounts):
        self.scenario, self.seed, self.level, self.with_accounts = scenario, seed, level, with_accounts
        self.r = r = random.Random(f"agentic|{scenario}|{seed}"); self.days = r.randint(16, 36); self.t0 = 1767225600.0 + r.randint(0, 300) * DAY
        self.t1 = self.t0 + self.days * DAY; self.heap, self.seq, self.rows, self.accts, self.hcache = [], 0, [], [], {}; self.pools = []
        self.split = r.choice(["one", "one", "week", "gz"]); self.strip = {}; m = self.word(2)
        self.models = Obj(big=f"{m}-{r.randint(3, 5)}-large", small=f"{m}-{r.randint(3, 5)}-mini", new=f"{m}-{r.randint(6, 7)}-large", old=f"{m}-2-large")
        self.release = self.t0 + r.uniform(0.35, 0.6) * self.days * DAY if r.random() < 0.45 else None
        self.outages = [(self.t0 + r.uniform(0, self.days) * DAY, r.uniform(300, 5400), r.uniform(0.2, 0.8)) for _ in range(r.randint(1, 4))]
        self.nets = {}
        for c, off in COUNTRIES: self.nets.setdefault(c, [self.net(c, k) for k in ["home"] * r.randint(2, 4) + ["mobile"]])
        self.dcs = [self.net(r.choice(["US", "DE", "SG", "JP", "NL", "FR"]), "dc") for _ in range(7)]
        self.products = [self.product(i) for i in range(r.randint(5, 7))]; self.pweights = [1.0 / (i + 1) for i in range(len(self.products))]
        self.chatapps = [self.product(20 + i, chat=True) for i in range(3)]
        self.sdks = [f"{self.word(2)}-sdk-python/{r.randint(0, 2)}.{{v}}.{r.randint(0, 9)}", f"{self.word(2)}-sdk-js/{r.randint(1, 4)}.{{v}}.0",
            f"python-requests/2.{r.randint(28, 32)}.{{v}}", "Go-http-client/1.1",
                     f"aiohttp/3.{{v}}", f"okhttp/4.{{v}}.0", f"{self.word(2)}-sdk-go/0.{{v}}.1"]
    # ---- names and texts
    def word(self, n=2):
        return "".join(self.r.choice(SYL) for _ in range(n))
    def hexid(self, n=12):
        return f"{self.r.getrandbits(4 * n):0{n}x}"
    def uuid(self):
        h = f"{self.r.getrandbits(128):032x}"; return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) % 4]}{h[17:20]}-{h[20:]}"
    def net(self, country, kind):
        r = self.r; pre = [f"{r.choice([r.randint(23, 126), r.randint(128, 191), r.randint(193, 221)])}.{r.randint(0, 255)}" for _ in range(3)]
        return Obj(asn=r.randint(131072, 399999), country=country, kind=kind, pre=pre,
            cgn=[f"{r.choice(pre)}.{r.randint(0, 255)}.{r.randint(1, 254)}" for _ in range(5)])
    def ip(self, net):
        r = self.r; return r.choice(net.cgn) if net.kind == "mobile" else f"{r.choice(net.pre)}.{r.randint(0, 255)}.{r.randint(1, 254)}"
    def ja4(self):
        return f"t13d{self.r.randint(13, 18)}{self.r.randint(10, 16)}h2_{self.hexid(12)}_{self.hexid(12)}"
    def sentences(self, k):
        return " ".join(self.r.sample(RULES, k))
    def product(self, i, chat=False):
        r = self.r; name = self.word(2); rels, t = [], -60.0; maj, mi, pa = r.randint(0, 3), r.randint(0, 40), 0
        while t < self.days:
            rels.append((self.t0 + t * DAY, f"{maj}.{mi}.{pa}")); t += r.expovariate(1 / 4.0) + 0.5
            if r.random() < 0.3: mi, pa = mi + 1, 0
            else: pa += 1
        tools = [] if chat else r.sample(TOOLSET, r.randint(6, 13))
        what = r.choice(["an assistant in a chat window", "a helpful chat companion", "the assistant of a writing app"]) if chat else r.choice(
            ["a coding agent in the user's terminal", "a pair programmer inside an editor", "an agent that works on a source tree",
                "a software engineering assistant with tools"])
        sysm = f"You are {name.capitalize()}, {what}. {self.sentences(r.randint(4, 6))}"
        return Obj(name=name, system=sysm, chat=chat, tools=tools, rels=rels, env=not chat and r.random() < 0.75, osja={o: self.ja4() for o in ("linux",
            "darwin", "win32")}, node=f"v{r.choice([18, 20, 22])}.{r.randint(1, 19)}.0",
                   fmt=r.choice(["{n}/{v} ({o}; {a}) node/{d}", "{n}-cli/{v} (external, cli)", "{n}/{v} {o}-{a}", "{n}-agent/{v} node/{d} os/{o}"]),
                       max_tokens=r.choice([4096, 8192, 16000, 32000]), temperature=r.choice([None, None, 1.0, 0.2, 0.0]),
                   session=chat is False and r.random() < 0.8, device=r.random() < (0.3 if chat else 0.8), cache=r.random() < 0.75,
                       sub=not chat and r.random() < 0.6, title=r.random() < 0.5,
                   subsys=f"You are a helper of {name.capitalize()}. Search the code and report what you find. {self.sentences(2)}",
                       titlesys=f"Write a title of at most {r.randint(4, 8)} words for the conversation of a {name} user.")
    def project(self):
        r = self.r; lang = r.choice(list(EXT)); vocab = r.sample(NOUNS, 12) + [self.word(r.choice([2, 3])) for _ in range(5)]
        name = f"{r.choice(vocab)}-{self.word(2)}" if r.random() < 0.6 else self.word(3)
        dirs = r.sample(["src", "lib", "pkg", "core", "app", "internal", "api", "web", "tests", "cmd"], 4)
        files = [f"{r.choice(dirs)}/{r.choice(vocab)}{r.choice(['', '_' + r.choice(vocab), '_util', '_test'])}.{EXT[lang]}" for _ in range(r.randint(8, 25))]
        fns = [f"{r.choice(['get', 'load', 'parse', 'make', 'apply', 'sync', 'on', 'try', 'set', 'run'])}_{r.choice(vocab)}" for _ in range(15)]
        return Obj(name=name, lang=lang, vocab=vocab, files=files, fns=fns, skill=None)
    def fill(self, tmpl, p, tool="Read"):
        r = self.r
        return tmpl.replace("{f}", r.choice(p.files)).replace("{fn}", r.choice(p.fns)).replace("{n}", str(r.randint(0, 400))).replace("{tool}", tool), tmpl
    def human(self, cl, p):
        r = self.r; a, b, c = r.sample(p.vocab, 3)
        if cl.lang and r.random() < 0.7: t = r.choice(LOCAL[cl.lang]).format(a=a, b=b, v0=c)
        elif r.random() < 0.13:
            t = r.choice(["yes", "ok", "go on", "continue", "try again", "no, revert that", "looks good", "commit it", "y", "thanks, next", "why?", "do it"])
        else:
            t = r.choice(OPENERS) + r.choice(VERBS) + " " + (r.choice(OBJECTS) + r.choice(TAILS)).format(a=a, b=b, c=c)
            if r.random() < 0.3: t += ". " + r.choice(VERBS) + " " + r.choice(OBJECTS).format(a=b, b=a)
        if cl.style == "caps": t = t[:1].upper() + t[1:] + "."
        return self.fill(t, p)
    # ---- people and accounts
    def person(self, country=None, prod=None, office=None, chat=False):
        r = self.r; c, off = r.choice(COUNTRIES) if country is None else next(x for x in COUNTRIES if x[0] == country)
        prod = prod or (r.choice(self.chatapps) if chat else r.choices(self.products, self.pweights)[0]); net = r.choice(self.nets[c])
        osn = r.choices(["linux", "darwin", "win32"], [3, 4, 3])[0]
        return Obj(country=c, off=off, prod=prod, net=net, ips={}, lease=r.choice([1, 3, 7, 60, 60]), office=office, os=osn, arch=r.choice(["x64", "arm64"]),
            lag=r.expovariate(1 / (4 * DAY)), pinned=r.random() < 0.15,
                   device=self.hexid(32) if prod.device else None, user=self.word(r.choice([2, 3])), projects=[self.project() for _ in range(r.choice([1, 1,
                       2, 3]))], lang=c if c in LOCAL and r.random() < 0.5 else None,
                   style=r.choice(["caps", "low"]), start=r.gauss(10.5, 1.8), span=r.uniform(4, 11), weekend=r.choice([0.0, 0.15, 0.5, 1.0]), adopt=None,
                       pace=math.exp(r.gauss(0, 0.5)),
                   model="big" if r.random() < 0.7 else "small", odd=r.random() < 0.1)
    def model_at(self, cl, t):
        if self.release is None or cl.model != "big" or t < self.release: return getattr(self.models, cl.model)
        if cl.adopt is None: cl.adopt = self.release + (self.r.expovariate(1 / (6 * DAY)) if self.r.random() < 0.75 else 1e9)
        return self.models.new if t >= cl.adopt else self.models.big
    def face(self, cl, t):
        p = cl.prod; v = p.rels[0][1]; lim = self.t0 if cl.pinned else t - cl.lag
        for rt, name in p.rels:
            if rt > lim: break
            v = name
        ua = p.fmt.format(n=p.name, v=v, o=cl.os, a=cl.arch, d=p.node); h = ((t / HOUR) + cl.off) % 24
        if cl.office and 8.5 < h < 18 and not cl.odd: net, addr = cl.office
        else: k = int((t - self.t0) / DAY / cl.lease); net = cl.net; addr = cl.ips.get(k) or cl.ips.setdefault(k, self.ip(net))
        return ua, addr, net, p.osja[cl.os]
    def account(self, kind, structure="", role="innocent", campaign="", created=None, plan=None, country=None, email=None, pay=None, addr=None, org="",
        parent="", reseller="", device="", platform="direct", ref=None, rpm=None):
        r = self.r
        if created is None:
            created = self.t0 - r.expovariate(1 / (200 * DAY)) if r.random() < 0.75 else self.t0 + r.uniform(0, self.days * 0.85) * DAY
        plan = plan or r.choices(["free", "pro", "max", "tier1", "tier2", "tier3"], [2, 5, 2, 4, 3, 1])[0]; country = country or r.choice(COUNTRIES)[0]
        aid = {"direct": "acct_" + self.hexid(12), "bedrock": "".join(str(r.randint(0, 9)) for _ in range(12)),
            "vertex": f"{self.word(2)}-{r.choice(NOUNS)}-{r.randint(10000, 999999)}", "azure": "sub-" + self.hexid(16)}[platform]
        a = Obj(id=aid, created=created, banned=None, closed=None, org=org, parent=parent, plan=plan, country=country,
            email=email or (r.choice(FREEMAIL) if r.random() < 0.6 else self.word(3) + ".example"),
                pay=pay if pay is not None else ("card_" + self.hexid(10) if plan != "free" else ""), addr=addr or "", device=device, reseller=reseller,
                    ref=ref if ref is not None else r.choice(["", "", "", "search", "friend", "docs", "blog"]),
                rpm=rpm or {"free": 20, "pro": 40, "max": 90, "tier1": 50, "tier2": 200, "tier3": 1000}.get(plan, 400), rpd=None, platform=platform,
                    key="key_" + self.hexid(10), structure=structure, kind=kind, role=role, campaign=campaign,
                lu=0.0, win=-1, cnt=0, n=0, lim=0.0, dead=False, fp=None, eg=None, last=0.0, stolen=0, shown=False, cl=None)
        self.accts.append(a); return a
    def own_account(self, cl, kind, **kw):
        kw.setdefault("country", cl.country); kw.setdefault("addr", self.ip(cl.net))
        a = self.account(kind, device=cl.device or "" if self.r.random() < 0.5 else "", **kw); return a
    # ---- simulation
    def spawn(self, gen):
        t = next(gen, None)
        if t is not None: self.seq += 1; heapq.heappush(self.heap, (t, self.seq, gen))
    def run(self):
        heap = self.heap
        while heap:
            t, _, gen = heapq.heappop(heap)
            if t >= self.t1: continue
            nt = next(gen, None)
            if nt is not None: self.seq += 1; heapq.heappush(heap, (max(nt, t), self.seq, gen))
    def verdict(self, t, a):
        """status code the provider answers with"""
        r = self.r
        if a.banned is not None and t >= a.banned: return 403
        if a.closed is not None and t >= a.closed: return 401
        for o, d, p in self.outages:
            if o <= t < o + d and r.random() < p: return 529
        m = int(t // 60)
        if a.win != m: a.win, a.cnt = m, 0
        a.cnt += 1
        if a.cnt > a.rpm: return 429
        x = r.random(); return 200 if x > 0.008 else 529 if x > 0.003 else 500 if x > 0.0015 else 400 if x > 0.001 else 429
    def emit(self, t, a, cv, status, lat, inp, out, rin, rout):
        ua, addr, net, ja4 = cv.route.face(self, t, a, cv); a.n += 1; a.last = t; row = {"started_at": t, "account_id": a.id}
        if a.org: row["organization_id"] = a.org
        row["api_key_id"] = cv.apikey or a.key
        if cv.enduser: row["end_user_id"] = cv.enduser
        if a.reseller: row["reseller_id"] = a.reseller
        row.update(client_address=addr, client_asn=net.asn, client_country=net.country, user_agent=ua, tls_ja4=ja4, platform=a.platform, endpoint=cv.endpoint,
            method="POST", request_model=cv.model, status_code=status,
                   input_tokens=inp if status == 200 else 0, output_tokens=out, latency_ms=int(lat * 1000), stream=cv.stream, max_tokens=cv.maxtok)
        if cv.temp is not None: row["temperature"] = cv.temp
        row["request_id"] = "req_" + self.hexid(20); sid = cv.route.sid(self, cv, a)
        if sid: row["session_id"] = sid
        dev = cv.route.device(self, cv, a)
        if dev: row["device_id"] = dev
        if self.level != "metadata":
            if rout: row["reasoning_hash_out"] = rout
            if rin: row["reasoning_hash_in"] = rin
            row["message_count"] = cv.count
            if self.level == "text":
                if cv.sys: row["system"] = cv.sys
                row["messages"] = [{"role": m[0], "content": m[1]} for m in cv.msgs]
                if cv.tools: row["tools"] = cv.tools
            else:
                hc = self.hcache
                if cv.sys: row["system_hash"] = hc.get(cv.sys) or hc.setdefault(cv.sys, hsh(cv.sys))
                if cv.tools: k = ",".join(cv.tools); row["tools_hash"] = hc.get(k) or hc.setdefault(k, hsh(k))
                row["prompt_hash"] = hsh(cv.msgs[-1][1]); row["template_hash"] = hsh(cv.msgs[-1][2]); row["prompt_chars"] = cv.chars
        drop = self.strip.get(a.platform)
        if drop:
            for k in drop: row.pop(k, None)
        self.rows.append(row)

class Own:
    """an ordinary client: its account(s) chosen by time, its own face; retry as its library does"""
    retries = 3
    def __init__(self, a, cl, later=(), key=None, net=None, sdk=None):
        self.a, self.cl, self.later, self.key, self.sdk = a, cl, sorted(later, key=lambda x: x[0]), key, sdk
        self.net, self.refused, self.quit = net, 0, False
    def pick(self, w, t, cv):
        a = self.a
        for when, b in self.later:
            if t >= when: a = b
        return a
    def failed(self, w, t, a, status, cv, tries):
        if status in (401, 403) and not self.later and not self.sdk:             # people stop after some refusals, programs do not
            self.refused += 1; self.quit = self.refused > 4
        if status in (400, 401, 403) or tries > self.retries: return None
        return min(60.0, (0.5 if status != 429 else 4.0) * 2 ** tries) * w.r.uniform(0.75, 1.25)
    def face(self, w, t, a, cv):
        ua, addr, net, ja4 = w.face(self.cl, t)
        if self.sdk: ua = self.sdk
        if self.net: return ua, self.net[1], self.net[0], ja4
        return ua, addr, net, ja4
    def sid(self, w, cv, a):
        return cv.sid
    def device(self, w, cv, a):
        return self.cl.device
    def used(self, w, t, a, cv, status):
        pass

class Failover(Own):
    """keys or accounts of one company with failover after an error (declared, innocent)"""
    def __init__(self, accts, cl, net=None, sdk=None):
        super().__init__(accts[0], cl, net=net, sdk=sdk); self.accts = accts
    def pick(self, w, t, cv):
        ok = [a for a in self.accts if a.lim <= t and (a.banned is None or a.banned > t)]; return ok[0] if ok else self.accts[0]
    def failed(self, w, t, a, status, cv, tries):
        if tries > 5 or status == 400: return None
        if status in (429, 529, 403, 401): a.lim = t + (60 if status == 429 else 300); return 1.0
        return 2.0 ** tries

def conv(w, route, cl, p, sysm, tools, model, sid="auto", prod=None):
    prod = prod or cl.prod; r = w.r
    return Obj(route=route, cl=cl, p=p, sys=sysm, tools=tools, model=model, sid=(w.uuid() if prod.session else None) if sid == "auto" else sid, key=None,
        msgs=[], count=0, chars=len(sysm or ""), ctx=r.randint(400, 900) + 700 * len(tools),
               new=0, rhash=None, maker=None, last_a=None, last_t=0.0, maxtok=prod.max_tokens, temp=prod.temperature, stream=True, apikey=getattr(route,
                   "key", None), enduser=None, avoid=(), cache=prod.cache,
               think="large" in model and not prod.chat, endpoint="/v1/messages", out=220.0, pin=None)
def push(cv, role, text, tmpl, grow):
    cv.msgs.append((role, text[:420], tmpl))
    if len(cv.msgs) > 3: del cv.msgs[0]
    cv.count += 1; cv.chars += len(text); cv.ctx += grow; cv.new += grow

def ask(w, t, cv, text, tmpl, grow=0, out=None, silent=False):
    """one request with whatever retry or failover the route does; a generator that returns (time of the answer, ok)"""
    r = w.r; push(cv, "user", text, tmpl, grow or int(len(text) / 3.5) + 8); tries = 0
    while True:
        yield t
        if t >= w.t1 or getattr(cv.route, "quit", False): return t, False
        a = cv.route.pick(w, t, cv)
        if a is None:
            tries += 1
            if tries > 8: return t, False
            t += r.uniform(5, 40); continue
        st = w.verdict(t, a); cv.route.used(w, t, a, cv, st)
        rin = cv.rhash if cv.rhash and (cv.maker is a or not getattr(cv.route, "strip", False)) else None
        if st == 200:
            o = int(min(cv.maxtok, (out or cv.out) * math.exp(r.gauss(0, 0.7)))) + 1; lat = r.uniform(0.5, 1.6) + o / r.uniform(45, 85)
            warm = cv.cache and cv.last_a is a and t - cv.last_t < 300; inp = cv.new + r.randint(2, 9) if warm else cv.ctx
            ro = hsh(w.hexid(16), 16) if cv.think and r.random() < 0.8 else None; w.emit(t, a, cv, 200, lat, inp, o, rin, ro)
            if ro: cv.rhash, cv.maker = ro, a
            cv.last_a, cv.last_t, cv.new = a, t, 0
            if not silent: s, m = w.fill(r.choice(SAY), cv.p); push(cv, "assistant", s, m, o)
            return t + lat, True
        lat = r.uniform(0.08, 0.9) if st != 500 else r.uniform(1, 20); w.emit(t, a, cv, st, lat, 0, 0, rin, None); tries += 1
        d = cv.route.failed(w, t, a, st, cv, tries)
        if d is None: cv.msgs.pop(); cv.count -= 1; return t + lat, False
        t += lat + d
def env_system(w, cl, p):
    prod = cl.prod
    if not prod.env: return prod.system
    home = {"linux": f"/home/{cl.user}", "darwin": f"/Users/{cl.user}", "win32": f"C:\\Users\\{cl.user}"}[cl.os]
    return f"{prod.system}\nWorking directory: {home}/{p.name}\nPlatform: {cl.os}"

def convo(w, t, route, cl, p, turns, model=None, first=None, sub=0, sid="auto", cv=None, extra=None, enduser=None, key=None):
    """a session of a person with a coding agent (or a chat); turns = number of requests, more or less"""
    r, prod = w.r, cl.prod
    if cv is None:
        mod = model or w.model_at(cl, t); sysm = env_system(w, cl, p) + ("\n" + extra if extra else "")
        cv = conv(w, route, cl, p, sysm, prod.tools, mod, sid=sid); cv.key = key or cv.sid or hsh(sysm); cv.enduser = enduser
        if prod.title and r.random() < 0.8:
            side = conv(w, route, cl, p, prod.titlesys, [], w.models.small, sid=cv.sid); side.key, side.enduser, side.ctx = cv.key, enduser, 120
            txt, tm = first or w.human(cl, p); first = (txt, tm); w.spawn(single(w, t + r.uniform(0.02, 0.4), side, txt, tm, out=12))
    left = turns; bad = 0
    while left > 0:
        txt, tm = first or w.human(cl, p); first = None
        t, ok = yield from ask(w, t, cv, txt, tm)
        left -= 1
        if not ok:
            bad += 1
            if bad > 2 or r.random() < 0.5: return t
            t += r.expovariate(1 / 60); continue
        steps = 0 if prod.chat else min(left, int(r.expovariate(1 / 6.0)))
        for _ in range(steps):
            t += math.exp(r.gauss(0.6, 1.0)); tool = r.choice(prod.tools); s, m = w.fill(r.choice(RESULTS), p, tool)
            if prod.sub and sub == 0 and r.random() < 0.02:
                mod = w.models.small if r.random() < 0.6 else cv.model; child = conv(w, route, cl, p, prod.subsys, prod.tools[:4], mod, sid=cv.sid)
                child.key, child.enduser = cv.key, enduser; w.spawn(subagent(w, t, child, r.randint(2, 8))); t += r.uniform(20, 60)
            t, ok = yield from ask(w, t, cv, s, m, grow=int(math.exp(r.gauss(6.6, 1.0))))
            left -= 1
            if not ok: bad += 1; break
            if cv.ctx > 150000:
                yield from ask(w, t + 0.3, cv, "Summarise the conversation so far so that work can go on: decisions, files touched, open points.", "compact",
                    out=1500)
                cv.ctx, cv.new, cv.count, cv.rhash, cv.msgs = r.randint(7000, 12000), 9000, 1, None, [("user",
                    "This session goes on from an earlier one. Summary follows.", "compact2")]
                t += r.uniform(15, 30); left -= 1
        if bad > 2: return t
        t += math.exp(r.gauss(3.9, 1.1)) * cl.pace if r.random() > 0.06 else r.uniform(600, 5000)
    return t
def single(w, t, cv, text, tmpl, out=None, grow=0):
    yield from ask(w, t, cv, text, tmpl, out=out, grow=grow, silent=True)
def subagent(w, t, cv, n):
    r = w.r; a, b = r.sample(cv.p.vocab, 2); s, m = w.fill(f"Find where {a} meets {b}, start in {{f}}. Report files and lines.", cv.p)
    for _ in range(n):
        t, ok = yield from ask(w, t, cv, s, m, grow=int(math.exp(r.gauss(6.4, 0.9))))
        if not ok: return
        t += math.exp(r.gauss(0.3, 0.8)); s, m = w.fill(r.choice(RESULTS), cv.p, r.choice(cv.tools))
def hours(w, cl, t_from, t_to, rate):
    """start times of sessions of a person between two moments, by habits; rate = sessions per active day"""
    r, out = w.r, []
    for d in range(int((t_from - w.t0) // DAY), int((t_to - w.t0) // DAY) + 1):
        wd = int(w.t0 // DAY + d + 3) % 7
        if wd >= 5 and r.random() > cl.weekend: continue
        x = math.exp(-rate); k, pr = 0, r.random()
        while pr > x and k < 9: k += 1; pr *= r.random()
        for _ in range(k):
            h = cl.start + cl.span * r.random() + r.gauss(0, 0.7) - cl.off; t = w.t0 + d * DAY + h * HOUR
            if t_from <= t < t_to: out.append(t)
    return sorted(out)
def turns(w, cl):
    return max(1, min(90, int(math.exp(w.r.gauss(0.7 if cl.prod.chat else 2.1, 0.8)))))
def dev_life(w, cl, route, t_from, t_to, rate, projects=None, **kw):
    for t in hours(w, cl, t_from, t_to, rate):
        p = w.r.choice(projects or cl.projects); w.spawn(convo(w, t + w.r.random() * 0.9, route, cl, p, turns(w, cl), **kw))

# ------------------------------------------------------------------ background of lone customers
def prog_spec(w):
    r = w.r; a, b, c, d = r.sample(NOUNS, 4)
    heads = [f"Classify this {a} note as {b}, {c} or {d}: {{x}}", f"Extract {a} id, {b} and {c} from the text as JSON. Text: {{x}}",
        f"Summarise the {a} record in one line. Record: {{x}}", f"Translate the {a} text for our {b} page: {{x}}",
             f"Write a friendly reply to this {a} complaint: {{x}}", f"Does the {a} mention a {b}? Answer yes or no. {{x}}",
                 f"Rate how urgent this {a} is from 1 to 5. {{x}}", f"Give tags for the {a}: {{x}}", f"Explain this {a} alert to a {b} engineer: {{x}}"]
    sysm = r.choice([None, f"You work for the {self_word(w)} {a} desk. {w.sentences(1)}", f"Return JSON with keys {a}, {b}, {c}. {w.sentences(1)}",
        f"You are {self_word(w)}, the {b} bot of a small shop. {w.sentences(2)}"])
    return Obj(t=r.choice(heads), sys=sysm, vocab=r.sample(NOUNS, 20) + [w.word(3) for _ in range(10)], temp=r.choice([0.0, 0.0, 0.2, 0.7, None]),
        maxtok=r.choice([64, 128, 256, 512, 1000, 1024, 2048]), stream=r.random() < 0.2,
               model=r.choice([w.models.small, w.models.small, w.models.big, w.models.old]), sdk=r.choice(w.sdks).replace("{v}", str(r.randint(1, 60))),
                   out=r.choice([8, 30, 90, 250]))
def self_word(w):
    return w.word(3).capitalize()
def prog_call(w, t, route, cl, sp, item=None):
    x = item or " ".join(w.r.choices(sp.vocab, k=w.r.randint(4, 14))) + f" {w.r.randint(1, 9999)}"
    cv = conv(w, route, cl, cl.projects[0], sp.sys, [], sp.model, sid=None)
    cv.ctx, cv.maxtok, cv.temp, cv.stream, cv.think, cv.cache, cv.key = len(sp.sys or "") // 4, sp.maxtok, sp.temp, sp.stream, False, False, hsh(sp.t)
    w.spawn(single(w, t, cv, sp.t.replace("{x}", x), sp.t, out=sp.out))

def program(w, route, cl, sp, t_from, t_to, mode, per_day):
    """own program of one customer: cron, hourly, webhooks by the hours of its users, or a long-running worker"""
    r = w.r; minute, hour = r.choice([0, 0, 15, 30, r.randint(0, 59)]), r.randint(0, 23); t = t_from
    while t < t_to:
        day = w.t0 + math.floor((t - w.t0) / DAY) * DAY
        if mode == "cron":
            x = day + hour * HOUR + minute * 60 + r.uniform(0.2, 3)
            for _ in range(int(r.gauss(per_day, per_day * 0.2))):
                if t_from <= x < t_to:
                    yield x
                    prog_call(w, x + 0.001, route, cl, sp)
                x += r.uniform(0.8, 4)
        elif mode == "hourly":
            for h in range(24):
                for _ in range(max(1, int(per_day / 24))):
                    x = day + h * HOUR + minute * 60 + r.uniform(0.1, 9)
                    if t_from <= x < t_to:
                        yield x
                        prog_call(w, x + 0.001, route, cl, sp)
        else:
            n = int(r.expovariate(1 / per_day))
            xs = sorted(day + ((r.random() if mode == "flat" else min(1.0, abs(r.gauss(0.56, 0.15))) - cl.off / 24.0) % 1.0) * DAY for _ in range(n))
            for x in xs:
                if t_from <= x < t_to:
                    yield x
                    prog_call(w, x + 0.001, route, cl, sp)
        t = day + DAY
    return

def background(w, n_dev, n_chat, n_prog):
    r = w.r; start = lambda a: max(w.t0, a.created + r.uniform(30, 4000)); lab = []
    for _ in range(n_dev):
        cl = w.person()
        a = w.own_account(cl, "lone", platform=r.choices(["direct", "bedrock", "vertex"], [10, 1, 1])[0], plan=r.choices(["pro", "max", "tier1", "tier2",
            "free"], [5, 3, 3, 2, 1])[0])
        end = w.t1 if r.random() < 0.8 else r.uniform(start(a), w.t1); dev_life(w, cl, Own(a, cl), start(a), end, math.exp(r.gauss(-1.4, 0.8)))
        lab.append((a, cl))
    for _ in range(n_chat):
        cl = w.person(chat=True); a = w.own_account(cl, "lone"); dev_life(w, cl, Own(a, cl), start(a), w.t1, math.exp(r.gauss(-1.2, 0.9)))
        lab.append((a, cl))
    for _ in range(n_prog):
        cl = w.person(); cl.device = None; dc = r.choice(w.dcs) if r.random() < 0.7 else None
        a = w.own_account(cl, "lone", plan=r.choice(["tier1", "tier2", "tier3"]), platform=r.choices(["direct", "bedrock", "vertex"], [6, 1, 1])[0])
        sp = prog_spec(w); rt = Own(a, cl, net=(dc, w.ip(dc)) if dc else None, sdk=sp.sdk); rt.retries = r.choice([0, 2, 3, 6])
        w.spawn(program(w, rt, cl, sp, start(a), w.t1 if r.random() < 0.85 else r.uniform(start(a), w.t1), r.choice(["cron", "hourly", "web", "web", "flat"]),
            math.exp(r.gauss(1.6, 0.9))))
        lab.append((a, cl))
    for a, cl in lab:                                            # the provider closes and bans ordinary accounts too
        x = r.random()
        if x < 0.02 and a.created < w.t1: a.banned = r.uniform(max(w.t0, a.created), w.t1)
        elif x < 0.04: a.closed = r.uniform(max(w.t0, a.created), w.t1)
    return lab

# ------------------------------------------------------------------ innocent structures
def after(w, a):
    return max(w.t0, a.created + w.r.uniform(60, 5000))
def inn_company(w, n=60):
    """developer seats under one declared organisation; hires and leavers, one office, home days"""
    r = w.r; st, org, dom = "company_" + w.word(2), "org_" + w.hexid(8), w.word(3) + ".example"; c = r.choice(COUNTRIES)[0]
    onet = Obj(**{**w.net(c, "office").__dict__}); office = (onet, w.ip(onet)); prod = r.choices(w.products, w.pweights)[0]
    shared = [w.project() for _ in range(r.randint(3, 8))]; day0 = w.t0 - r.uniform(20, 300) * DAY; pay = "inv_" + w.hexid(8)
    for i in range(n):
        cl = w.person(country=c, prod=prod if r.random() < 0.85 else None, office=office); cl.projects = r.sample(shared, r.randint(1, 2))
        cl.weekend = 0.05; hired = day0 + r.uniform(0, 4) * HOUR if r.random() < 0.6 else r.uniform(day0, w.t1)
        a = w.account("company_seat", st, created=hired, plan="enterprise", country=c, email=dom, pay=pay, addr=office[1], org=org, parent=org, ref="sales")
        end = w.t1
        if r.random() < 0.06: a.closed = end = r.uniform(w.t0, w.t1)
        dev_life(w, cl, Own(a, cl), after(w, a), end, math.exp(r.gauss(-1.0, 0.7)))
def inn_bot(w, n=30):
    """a published review bot that projects run with their own keys from a common CI provider"""
    r = w.r; st, name = "bot_" + w.word(2), w.word(3); ci = r.sample(w.dcs, 2)
    sysm = f"You are {name}, a bot for maintainers. You label, review and answer. {w.sentences(4)}"; tools = r.sample(TOOLSET, 5)
    heads = [f"{name} run. Event: {k}. Repository: {{repo}}. Title: {{x}}. Follow the maintainers' guide." for k in ("pull_request", "issues", "schedule")]
    vers = [(w.t0 + r.uniform(-30, w.days) * DAY, f"{r.randint(1, 2)}.{i}.0") for i in range(5)]; nightly = r.choice([3 * 60 + 17, 0, 4 * 60])
    for i in range(n):
        cl = w.person()
        p, a = cl.projects[0], w.account("maint_bot", st, plan=r.choice(["tier1", "tier2", "pro"]), country=cl.country, addr=w.ip(cl.net))
        def one(t, head, a=a, cl=cl, p=p):
            v = max([x for x in vers if x[0] <= t], default=vers[0])[1]; net = r.choice(ci)
            rt = Own(a, cl, net=(net, w.ip(net)), sdk=f"{name}-action/{v} node20"); x, y = r.sample(p.vocab, 2)
            yield t
            cv = conv(w, rt, cl, p, sysm, tools, w.models.big if i % 3 else w.models.small, sid=None); cv.key, cv.temp, cv.maxtok = w.hexid(8), 0.2, 4096
            s = head.replace("{repo}", p.name).replace("{x}", f"{r.choice(VERBS)} {x} {y} ({r.randint(1, 4000)})")
            for k in range(r.randint(1, 9)):
                t, ok = yield from ask(w, t, cv, s, head if k == 0 else m, grow=int(math.exp(r.gauss(6.5, 0.9))))
                if not ok: return
                t += math.exp(r.gauss(0.2, 0.5)); s, m = w.fill(r.choice(RESULTS), p, r.choice(tools))
        rate, t, cron = math.exp(r.gauss(-0.3, 0.9)), after(w, a), r.random() < 0.4
        for d in range(w.days):
            if cron and w.t0 + d * DAY > t: w.spawn(one(w.t0 + d * DAY + nightly * 60 + r.uniform(5, 200), heads[2]))
        for x in hours(w, cl, t, w.t1, rate): w.spawn(one(x, r.choice(heads[:2])))
def inn_ci(w):
    """CI agents of a company: own accounts of one organisation, next key after an error; a failing build is repaired by an agent"""
    r = w.r; st, org, dom = "ci_" + w.word(2), "org_" + w.hexid(8), w.word(3) + ".example"; k = r.randint(3, 5); net = r.choice(w.dcs); addr = w.ip(net)
    accts = [w.account("ci_failover", st, created=w.t0 - r.uniform(30, 400) * DAY, plan="tier1", email=dom, org=org, pay="inv_" + dom[:4], addr=addr,
        country=net.country, rpm=r.choice([25, 40, 60])) for _ in range(k)]
    cl = w.person(country=None); cl.device, cl.prod = None, r.choice([p for p in w.products])
    sysm = f"You repair broken builds of {w.word(2)}. {w.sentences(4)}"
    rt = Failover(accts, cl, net=(net, addr), sdk=r.choice(w.sdks).replace("{v}", str(r.randint(1, 50))))
    head = "Build {b} of {repo} failed at step {step}. Log tail: {x}. Repair it and run the step again."
    def one(t, p):
        yield t
        cv = conv(w, rt, cl, p, sysm, cl.prod.tools[:6], w.model_at(cl, t), sid=None); cv.key, a, b = w.hexid(8), *r.sample(p.vocab, 2)
        s, m = head.replace("{b}", str(r.randint(100, 99999))).replace("{repo}", p.name).replace("{step}", r.choice(["lint", "unit", "e2e",
            "package"])).replace("{x}", f"{a}: {b} is not {r.choice(p.fns)}"), head
        for _ in range(min(50, int(math.exp(r.gauss(2.2, 0.7))) + 1)):
            t, ok = yield from ask(w, t, cv, s, m, grow=int(math.exp(r.gauss(6.7, 1.0))))
            if not ok: return
            t += math.exp(r.gauss(0.5, 0.9)); s, m = w.fill(r.choice(RESULTS), p, r.choice(cv.tools))
    ps = [w.project() for _ in range(r.randint(5, 12))]; devs = [w.person(country=r.choice(["DE", "IN", "US", "BR"])) for _ in range(r.randint(4, 9))]
    for d in devs:
        for x in hours(w, d, w.t0, w.t1, 0.5):
            w.spawn(one(x, r.choice(ps)))
            if r.random() < 0.15:                                # a push that breaks several builds at once
                for _ in range(r.randint(2, 5)): w.spawn(one(x + r.uniform(0, 60), r.choice(ps)))
def inn_platform(w, n=None):
    """hosted agent platform, one key (account) per tenant, declared parent; its customers come by sales and live in their own time zones"""
    r = w.r; n = n or r.randint(25, 55); st, par, dom = "platform_" + w.word(2), "org_" + w.hexid(8), w.word(3) + ".example"; net = r.choice(w.dcs)
    ips = [w.ip(net) for _ in range(r.randint(1, 3))]; base = f"You are the {{tenant}} assistant on {w.word(3).capitalize()}. {w.sentences(4)}"
    tools = r.sample(TOOLSET, 6) + ["crm_lookup", "send_mail"]; ua = r.choice(w.sdks).replace("{v}", str(r.randint(1, 60)))
    wf = [f"Run workflow {r.choice(NOUNS)}_{r.choice(NOUNS)} for {{who}}. Input: {{x}}" for _ in range(r.randint(4, 9))]; ja = w.ja4()
    for i in range(n):
        cl = w.person(); cl.device = None
        a = w.account("hosted_platform", st, created=w.t0 + r.uniform(-200, w.days * 0.9) * DAY, plan="tier2", country=net.country, email=dom,
            pay="inv_" + dom[:5], addr=ips[0], org=par, parent=par, ref="api")
        ten, mine = w.word(3).capitalize(), r.sample(wf, r.randint(1, 3)); people = [w.hexid(10) for _ in range(r.randint(2, 20))]
        voc = r.sample(NOUNS, 14); rt = Own(a, cl, net=(net, r.choice(ips)), sdk=ua)
        cl.prod = Obj(**{**cl.prod.__dict__, "osja": {o: ja for o in ("linux", "darwin", "win32")}, "session": True})
        def one(t, cl=cl, rt=rt, ten=ten, mine=mine, people=people, voc=voc):
            yield t
            cv = conv(w, rt, cl, cl.projects[0], base.replace("{tenant}", ten), tools, w.models.big if len(ten) % 2 else w.models.small)
            cv.key, cv.enduser, cv.temp = cv.sid, r.choice(people), 0.3; m = r.choice(mine)
            s = m.replace("{who}", cv.enduser[:6]).replace("{x}", " ".join(r.choices(voc, k=r.randint(3, 9))))
            for _ in range(r.randint(2, 9)):
                t, ok = yield from ask(w, t, cv, s, m, grow=int(math.exp(r.gauss(5.6, 0.8))))
                if not ok: return
                t += math.exp(r.gauss(0.0, 0.6)); s, m = w.fill("tool_result {tool}: " + r.choice(voc) + " {n}", cl.projects[0], r.choice(tools))
        for x in hours(w, cl, after(w, a), w.t1, math.exp(r.gauss(-0.5, 0.9))): w.spawn(one(x))
def inn_sharedkey(w, n=4):
    """two colleagues (or a couple) on one account"""
    for _ in range(n):
        a1 = w.person(); b1 = w.person(country=a1.country); a = w.own_account(a1, "shared_key", structure="duo_" + w.word(3), plan="max")
        shared = [w.project()]
        for cl in (a1, b1): cl.projects = shared + cl.projects[:1]; dev_life(w, cl, Own(a, cl), after(w, a), w.t1, 0.5)
def inn_movers(w, n=8):
    """people whose employer buys seats: open conversations go on under the company account, the private one falls silent or is closed"""
    r = w.r
    for _ in range(n):
        cl = w.person(); st, org = "move_" + w.word(3), "org_" + w.hexid(8)
        a = w.own_account(cl, "mover", structure=st, plan="pro", created=w.t0 - r.uniform(5, 200) * DAY); when = w.t0 + r.uniform(0.2, 0.8) * w.days * DAY
        b = w.account("mover", st, created=when - r.uniform(0.1, 4) * HOUR, plan="enterprise", country=cl.country, org=org, parent=org,
            email=w.word(3) + ".example", pay="inv_" + w.hexid(6), addr=w.ip(cl.net), device=a.device)
        if r.random() < 0.4: a.closed = when + r.uniform(1, 9) * DAY
        rt = Own(a, cl, later=[(when, b)]); dev_life(w, cl, rt, w.t0, w.t1, r.uniform(0.4, 1.3))
        w.spawn(convo(w, when - r.uniform(300, 1500), rt, cl, cl.projects[0], r.randint(25, 70)))
        if r.random() < 0.4:                                     # still uses the private one in the evening
            dev_life(w, cl, Own(a, cl), when, min(w.t1, a.closed or w.t1), 0.15)
def inn_lab(w):
    """university lab: an agent benchmark, the same items on several models and members, LLM judge, before a deadline"""
    r = w.r; st, dom, c = "lab_" + w.word(2), w.word(3) + ".ac.example", r.choice(COUNTRIES)[0]; net = w.net(c, "university")
    ips = [w.ip(net) for _ in range(2)]; k = r.randint(6, 16); sysm = f"You are an agent under evaluation. {w.sentences(3)}"
    head = "Task {id} of the suite. Repository {repo}. {x}. Produce a patch."
    judge = "Here is a patch for task {id}. Compare it to the reference and answer PASS or FAIL with a reason. {x}"; items = []
    for i in range(r.randint(25, 60)):
        p = w.project(); items.append((i, p, f"{r.choice(VERBS)} {r.choice(p.vocab)} so that {r.choice(p.fns)} accepts {r.choice(p.vocab)}"))
    sem = w.t0 - r.uniform(5, 100) * DAY; deadline = w.t0 + r.uniform(0.5, 0.95) * w.days * DAY; declared = r.random() < 0.5
    org = "org_" + w.hexid(8) if declared else ""
    for m in range(k):
        cl = w.person(country=c, office=(net, ips[0]))
        a = w.account("lab", st, created=sem + r.uniform(0, 3) * DAY, plan=r.choice(["tier1", "tier2"]), country=c, email=dom,
            pay="" if r.random() < 0.5 else None, addr=ips[0], org=org, parent=org, ref="edu")
        rt = Own(a, cl, net=(net, r.choice(ips)), sdk=r.choice(w.sdks[:5]).replace("{v}", str(r.randint(1, 30))))
        dev_life(w, cl, Own(a, cl), after(w, a), w.t1, 0.25)
        def bench(t, model, rt=rt, cl=cl, part=None):
            for i, p, x in part:
                yield t
                cv = conv(w, rt, cl, p, sysm, cl.prod.tools[:5], model, sid=None); cv.key, cv.temp = w.hexid(8), 0.0
                s, tm = head.replace("{id}", str(i)).replace("{repo}", p.name).replace("{x}", x), head
                for _ in range(r.randint(3, 9)):
                    t, ok = yield from ask(w, t, cv, s, tm, grow=int(math.exp(r.gauss(6.5, 0.8))))
                    if not ok: break
                    t += math.exp(r.gauss(0.2, 0.6)); s, tm = w.fill(r.choice(RESULTS), p, r.choice(cv.tools))
                j = conv(w, rt, cl, p, None, [], w.models.big, sid=None); j.key = w.hexid(8)
                t, ok = yield from ask(w, t + 0.5, j, judge.replace("{id}", str(i)).replace("{x}", x), judge, out=60)
                t += r.uniform(0.2, 4)
        for _ in range(r.randint(0, 2)):
            t = max(after(w, a), deadline - r.expovariate(1 / (3 * DAY)))
            w.spawn(bench(t, r.choice([w.models.big, w.models.small, w.models.old]), part=r.sample(items, r.randint(5, min(25, len(items))))))
def inn_ide(w, n=None):
    """users of an editor vendor with their own keys; a part of the calls goes through the vendor's forwarder, so they share its addresses"""
    r = w.r; n = n or r.randint(40, 80); st, prod, net = "ide_" + w.word(2), w.product(40), r.choice(w.dcs)
    ips, via, update = [w.ip(net) for _ in range(r.randint(2, 6))], r.random() < 0.7, (w.release or 0) + r.uniform(0.05, 3) * DAY
    for _ in range(n):
        cl = w.person(prod=prod)
        if w.release and not cl.pinned:                                          # the vendor makes the new model the default in an update
            cl.adopt = update + min(cl.lag, 5 * DAY)
        a = w.own_account(cl, "ide_byok", structure=st); rt = Own(a, cl, net=(net, r.choice(ips)) if via and r.random() < 0.8 else None)
        dev_life(w, cl, rt, after(w, a), w.t1, math.exp(r.gauss(-1.4, 0.8)))
def inn_skills(w, n=None):
    """a published skill text is copied by many developers after a post; it becomes part of the system prompt or of the first message"""
    r = w.r; n = n or r.randint(35, 80); st, when = "skill_" + w.word(2), w.t0 + r.uniform(0.05, 0.5) * w.days * DAY
    txt = f"<skill name=\"{w.word(3)}-{r.choice(NOUNS)}\">{w.sentences(5)} Work in {r.randint(3, 7)} phases "
    txt += "and write down the reasoning of each phase before acting.</skill>"; insys = r.random() < 0.5
    for _ in range(n):
        cl = w.person(); a = w.own_account(cl, "skill_user", structure=st); seen = when + r.expovariate(1 / (4 * DAY))
        for t in hours(w, cl, after(w, a), w.t1, math.exp(r.gauss(-1.2, 0.7))):
            use = t > seen and r.random() < 0.5; first = None
            if use and not insys: s, m = w.human(cl, cl.projects[0]); first = (txt[:300] + " " + s, txt[:300] + " " + m)
            w.spawn(convo(w, t, Own(a, cl), cl, r.choice(cl.projects), turns(w, cl), extra=txt if use and insys else None, first=first))
def inn_contractor(w, n=3):
    """one laptop, several clients' accounts; every client has own people too"""
    r = w.r
    for _ in range(n):
        cl = w.person(); cl.device = cl.device or w.hexid(32); st = "contractor_" + w.word(3); priv = w.own_account(cl, "contractor", structure=st)
        dev_life(w, cl, Own(priv, cl), after(w, priv), w.t1, 0.2)
        for _ in range(r.randint(2, 6)):
            org, dom, c = "org_" + w.hexid(8), w.word(3) + ".example", r.choice(COUNTRIES)[0]; p = [w.project()]
            a = w.account("contractor_client", st, created=w.t0 - r.uniform(10, 300) * DAY, plan=r.choice(["tier1", "tier2"]), country=c, org=org, parent=org,
                email=dom)
            s = w.t0 + r.uniform(-0.2, 0.8) * w.days * DAY
            dev_life(w, cl, Own(a, cl), max(w.t0, s), min(w.t1, s + r.uniform(3, 25) * DAY), r.uniform(0.2, 0.7), projects=p)
            for _ in range(r.randint(1, 4)): e = w.person(country=c); dev_life(w, e, Own(a, e), w.t0, w.t1, 0.25, projects=p)
def inn_workshop(w, n=None):
    """a course publishes a recorded session; the participants resume it under their own accounts (with the teacher's reasoning blobs)"""
    r = w.r; n = n or r.randint(18, 45); st, c = "workshop_" + w.word(2), r.choice(COUNTRIES)[0]
    prod, p = r.choices(w.products, w.pweights)[0], w.project(); teacher = w.person(country=c, prod=prod)
    ta = w.own_account(teacher, "workshop", structure=st, created=w.t0 - r.uniform(1, 300) * DAY)
    day = w.t0 + r.randint(3, w.days - 4) * DAY + (14 - teacher.off) * HOUR
    rec = Obj(rh=None, msgs=None, maker=None); hall = w.net(c, "venue"); addr = w.ip(hall)
    def record():
        t = day - r.uniform(5, 30) * HOUR
        yield t
        cv = conv(w, Own(ta, teacher), teacher, p, env_system(w, teacher, p), prod.tools, w.models.big); cv.key = cv.sid
        for i in range(r.randint(8, 14)):
            s, m = w.human(teacher, p) if i % 3 == 0 else w.fill(r.choice(RESULTS), p, r.choice(prod.tools))
            t, ok = yield from ask(w, t, cv, s, m, grow=700)
            t += r.uniform(5, 60)
        rec.rh, rec.msgs, rec.ctx, rec.count = cv.rhash, list(cv.msgs), cv.ctx, cv.count
    w.spawn(record())
    def resume(t, cl, a, rt):
        yield t
        cv = conv(w, rt, cl, p, env_system(w, cl, p), prod.tools, w.models.big)
        cv.key, cv.rhash, cv.maker, cv.msgs, cv.ctx, cv.count = cv.sid, rec.rh, None, list(rec.msgs or []), getattr(rec, "ctx", 3000), getattr(rec, "count",
            0)
        yield from convo(w, t, rt, cl, p, r.randint(6, 25), cv=cv)
    for _ in range(n):
        cl = w.person(country=c, prod=prod)
        a = w.own_account(cl, "workshop", structure=st, created=day - r.uniform(0.05, 3) * DAY if r.random() < 0.6 else None, ref="course", addr=addr)
        if a.created < day: w.spawn(resume(day + abs(r.gauss(0, 1500)), cl, a, Own(a, cl, net=(hall, addr))))
        dev_life(w, cl, Own(a, cl), max(day + 4 * HOUR, after(w, a)), w.t1, 0.15)
def inn_retry(w, n=None):
    """independent users of a library that retries at once and often; small limits, so long 429 chains"""
    r = w.r; ua = f"{w.word(3)}-agents/0.{r.randint(3, 30)}.1 python/3.{r.randint(9, 13)}"; tools = r.sample(TOOLSET, 4)
    sysm = f"You are a step executor. {w.sentences(3)}"
    for _ in range(n or r.randint(15, 35)):
        cl = w.person(); cl.device = None; a = w.own_account(cl, "sdk_retry", plan="free", rpm=r.choice([8, 12, 20])); rt = Own(a, cl, sdk=ua)
        rt.retries = 6; p = cl.projects[0]
        def one(t, rt=rt, cl=cl, p=p):
            yield t
            cv = conv(w, rt, cl, p, sysm, tools, w.models.big if cl.model == "big" else w.models.small, sid=None); s, m = w.human(cl, p)
            for _ in range(r.randint(3, 20)):
                t, ok = yield from ask(w, t, cv, "Step. " + s, "Step. " + m, grow=400)
                if not ok: return
                t += r.uniform(0.05, 1.5); s, m = w.fill(r.choice(RESULTS), p, r.choice(tools))
        for x in hours(w, cl, after(w, a), w.t1, 0.2): w.spawn(one(x))
def inn_rotation(w, n=3):
    """a company replaces its account on a schedule (contract per quarter): scheduled succession, same organisation, no ban"""
    r = w.r
    for _ in range(n):
        cl = w.person(); st, org, dom = "rotation_" + w.word(3), "org_" + w.hexid(8), w.word(3) + ".example"
        sp, step = prog_spec(w), r.uniform(6, 14) * DAY
        accts = [w.account("rotation", st, created=w.t0 + i * step - r.uniform(1, 20) * HOUR, plan="tier2", country=cl.country, email=dom, org=org,
            parent=org, addr=w.ip(cl.net)) for i in range(int(w.days * DAY / step) + 1)]
        cl.device = None; rt = Own(accts[0], cl, later=[(w.t0 + i * step, b) for i, b in enumerate(accts)], sdk=sp.sdk, net=(r.choice(w.dcs), "0"))
        rt.net = (rt.net[0], w.ip(rt.net[0])); w.spawn(program(w, rt, cl, sp, w.t0, w.t1, r.choice(["cron", "hourly", "web"]), r.choice([24, 30, 60])))
def inn_aggregator(w):
    """a legitimate aggregator: declared reseller with few accounts and an end-user id on each request"""
    r = w.r; st, rs, org = "aggregator_" + w.word(2), "rs_" + w.hexid(6), "org_" + w.hexid(8); net = r.choice(w.dcs)
    accts = [w.account("aggregator", st, created=w.t0 - r.uniform(50, 500) * DAY, plan="tier3", org=org, parent=org, reseller=rs, pay="inv_" + rs,
        email=w.word(3) + ".example", country=net.country, rpm=2000) for _ in range(r.randint(2, 4))]
    addr, ua = w.ip(net), r.choice(w.sdks).replace("{v}", "3")
    for _ in range(r.randint(40, 90)):
        cl = w.person(); cl.device = None; rt = Own(accts[0], cl, net=(net, addr), sdk=ua)
        rt.pick = lambda w, t, cv: r.choice(accts) if cv.pin is None else cv.pin; eu = w.hexid(16)
        for t in hours(w, cl, w.t0, w.t1, math.exp(r.gauss(-2.0, 0.7))):
            w.spawn(convo(w, t, rt, cl, cl.projects[0], min(12, turns(w, cl)), enduser=eu))

INNOCENT = {"company": inn_company, "bot": inn_bot, "ci": inn_ci, "platform": inn_platform, "sharedkey": inn_sharedkey, "movers": inn_movers, "lab": inn_lab,
    "ide": inn_ide, "skills": inn_skills,
            "contractor": inn_contractor, "workshop": inn_workshop, "retry": inn_retry, "rotation": inn_rotation, "aggregator": inn_aggregator}

def beside(w, k=6, must=()):
    names = list(must) + [x for x in w.r.sample(sorted(INNOCENT), len(INNOCENT)) if x not in must]
    for x in names[:max(k, len(must))]: INNOCENT[x](w)

# ------------------------------------------------------------------ pools of hidden operators
class Pool:
    def __init__(self, w, name, n, role="operator", mode="lru", sticky=3600.0, egress="shared", fp="frozen", device="account", session="rewrite",
        platforms=None, refill=None, standby=0, strip=False, plan=None, careful=0.3,
                 rpm=None, delay=None, kind="pool", ramp=False):
        r = w.r
        self.name, self.campaign, self.role, self.mode, self.sticky_s, self.kind = f"{name}_{w.word(2)}", f"camp_{w.word(3)}", role, mode, sticky, kind
        self.egress, self.fp, self.dev, self.sess, self.refill, self.strip = egress, fp, device, session, refill, strip
        self.platforms = platforms or {"direct": 1.0}
        self.plan, self.careful, self.rpm, self.delay = plan, careful, rpm, delay if delay is not None else r.choice([0.2, 1.0, 3.0])
        self.net = r.choice(w.dcs) if r.random() < 0.5 else w.net(r.choice(["US", "SG", "JP", "DE"]), "dc")
        self.ips = [w.ip(self.net) for _ in range(r.randint(1, 4))]; self.ja4 = w.ja4(); self.cl = w.person(prod=r.choices(w.products, w.pweights)[0])
        self.ua = w.face(self.cl, w.t0)[0]; self.domains = [w.word(3) + ".example" for _ in range(r.randint(1, 4))]
        self.cards, self.country = [], r.choice(COUNTRIES)[0]; self.lag429, self.lag529 = r.choice([60, 300, 900, 3600]), 600
        self.live, self.sticky, self.baton, self.stand, self.window = [], {}, None, [], {}
        bursts = [w.t0 - r.uniform(0.3, 40) * DAY for _ in range(r.randint(1, 4))]
        for _ in range(n + standby):
            x = r.choice(bursts) + r.uniform(0, 3 + 40 * careful) * HOUR if not ramp else r.uniform(w.t0 - 5 * DAY, w.t0 + 0.7 * w.days * DAY)
            a = self.make(w, x)
            if len(self.live) < n: self.live.append(a)
            else: self.stand.append(a)
        r.shuffle(self.live); self.healthy = self.hold = False; w.pools.append(self)
    def make(self, w, when):
        r = w.r; plat = r.choices(list(self.platforms), list(self.platforms.values()))[0]
        if not self.cards or r.random() < 0.15 + self.careful: self.cards.append("card_" + w.hexid(10))
        c = r.choice(COUNTRIES)[0] if r.random() < 0.3 + 0.6 * self.careful else self.country
        net = r.choice(w.nets[c]) if r.random() < 0.3 + 0.7 * self.careful else self.net
        email = r.choice(FREEMAIL) if r.random() < 0.2 + self.careful else r.choice(self.domains)
        plan = self.plan or r.choice(["pro", "max", "tier1", "tier2"])
        a = w.account(self.kind, self.name, self.role, self.campaign, created=when, plan=plan, country=c, email=email, pay=self.cards[-1], addr=w.ip(net),
            platform=plat, rpm=self.rpm, ref=r.choice(["", "", "promo", "edu"]))
        a.ready = when; return a
    def add(self, a, t_from, t_to):
        """someone else's account (a stolen key) is used in a window of time"""
        a.ready = t_from; self.window[a.id] = t_to; self.live.append(a)
    def pick(self, w, t, cv):
        if cv.pin is not None: return cv.pin
        if self.sticky_s:
            s = self.sticky.get(cv.key)
            if s and s[1] > t and not s[0].dead and s[0].lim <= t and t < self.window.get(s[0].id, 1e18): return s[0]
        ok = [a for a in self.live if not a.dead and a.lim <= t and a.ready <= t and a not in cv.avoid and t < self.window.get(a.id, 1e18)]
        if not ok: return None
        a = w.r.choice(ok) if self.mode == "random" else ok[0] if self.mode == "priority" else min(ok, key=lambda x: x.lu)
        if self.sticky_s: self.sticky[cv.key] = (a, t + self.sticky_s)
        return a
    def used(self, w, t, a, cv, status):
        if cv.pin is None: a.lu = t; a.stolen += a.role == "used"
    def failed(self, w, t, a, status, cv, tries):
        if cv.pin is not None or status == 400 or tries > 7: return None
        if status in (429, 529): a.lim = t + (self.lag429 if status == 429 else self.lag529)
        elif status in (401, 403):
            b = None if a.dead else self.died(w, t)
            a.dead = True
            if b is not None and self.hold:                                      # the conversation waits for the successor of its account
                self.sticky[cv.key] = (b, b.ready + 7200.0); return max(self.delay, b.ready - t + 0.5)
        else: return w.r.uniform(0.8, 2.5)
        self.sticky.pop(cv.key, None); return self.delay * w.r.uniform(1.0, 1.15)
    def died(self, w, t):
        if not self.refill: return
        lo, hi = self.refill; x = t + w.r.uniform(lo, hi) * HOUR
        if self.stand: a = self.stand.pop(); a.ready = max(a.created, x)
        else: a = self.make(w, x - w.r.uniform(0.02, 0.5) * HOUR); a.ready = max(x, a.created)
        self.live.append(a); return a
    def own(self, w, a):
        """own exit and own client of one account"""
        if a.eg is None:
            c = a.country if self.careful > 0.5 else w.r.choice(COUNTRIES)[0]; net = w.r.choice(w.nets[c])
            a.eg = (net, [w.ip(net) for _ in range(w.r.randint(1, 3))])
        return a.eg
    def client(self, w, a):
        if a.cl is None: a.cl = harness(w, "popular")
        return a.cl
    def face(self, w, t, a, cv):
        ja4 = self.ja4
        if self.fp == "mono": ua = self.ua
        elif self.fp == "pass": ua = w.face(cv.cl, t)[0]
        elif self.fp == "acct": ua, _, _, ja4 = w.face(self.client(w, a), t)
        else:
            if a.fp is None:
                src = cv.cl if self.fp == "frozen" else w.person(country=a.country, prod=cv.cl.prod); ua, _, _, j = w.face(src, t)
                if self.fp == "own" and getattr(cv.cl, "kind", "") == "own": ua = w.r.choice(w.sdks).replace("{v}", str(w.r.randint(1, 60)))
                a.fp = (ua, ja4 if self.fp == "frozen" else j)
            ua, ja4 = a.fp
        if self.egress == "own": net, ips = self.own(w, a); addr = ips[int(t / (3 * DAY)) % len(ips)]
        elif self.egress == "group": net, addr = self.net, self.ips[int(a.key[-4:], 16) % len(self.ips)]
        elif self.egress == "res": net = w.r.choice(w.nets[self.country]); addr = w.ip(net)
        else: net, addr = self.net, w.r.choice(self.ips)
        return ua, addr, net, ja4
    def sid(self, w, cv, a):
        if self.sess == "none" or (self.sess != "task" and not cv.sid): return None
        if self.sess == "pass": return cv.sid
        k = hsh((cv.sid or str(cv.key)) + (a.id if self.sess != "task" else ""), 16); return f"{k[:8]}-{k[8:12]}-4{k[13:16]}-a{k[17:20]}-{k[20:]}"
    def device(self, w, cv, a):
        return cv.cl.device if self.dev == "pass" else hsh("dev" + a.id, 16) if self.dev == "account" else None

def bans(w, pool, waves, share):
    """the provider bans a part of the pool at some moments; preferably accounts at work"""
    r = w.r
    for t in sorted(waves):
        yield t
        ok = [a for a in pool.live if a.banned is None and a.ready <= t and a.role != "used"]; r.shuffle(ok); ok.sort(key=lambda a: -(t - a.last < 90))
        for a in ok[:max(1, int(len(ok) * share * r.uniform(0.6, 1.4)))]: a.banned = t + r.uniform(0, 40)

def health(w, pool, hour, off, tail=""):
    """the relay's scheduled test of all its accounts at the same local time"""
    r = w.r; cl = w.person(prod=pool.cl.prod); cl.device = None; pool.healthy = True
    for d in range(w.days + 1):
        t = w.t0 + d * DAY + (hour - off) % 24 * HOUR + r.uniform(0.2, 0.9)
        yield t
        for i, a in enumerate([x for x in pool.live if not x.dead and x.ready <= t]):
            cv = conv(w, pool, cl, cl.projects[0], cl.prod.system, [], w.models.small, sid=w.uuid())
            cv.pin, cv.maxtok, cv.temp, cv.think, cv.key = a, 1000, 1.0, False, "health"
            w.spawn(single(w, t + 0.001 + i * 0.004 + r.random() * 0.3, cv, "hi", "hi", out=12))

def customers(w, pool, n, rate=0.5, own_share=0.1, churn=0.4):
    """ordinary developers who buy access from the relay; some keep a small account of their own"""
    r = w.r; out = []
    for _ in range(n):
        cl = w.person(); s = w.t0 if r.random() < 1 - churn else r.uniform(w.t0, w.t1); e = w.t1 if r.random() < 1 - churn else r.uniform(s, w.t1)
        dev_life(w, cl, pool, s, e, rate * math.exp(r.gauss(-0.2, 0.6)))
        if r.random() < own_share:
            a = w.own_account(cl, "resold_customer", role="used", plan="pro", created=w.t0 - r.uniform(1, 200) * DAY)
            a.shown = pool.dev == "pass" and cl.device is not None; dev_life(w, cl, Own(a, cl), w.t0, w.t1, 0.12)
        out.append(cl)
    return out

TASKS = ["<task>\nRepository: {repo}\nCommit: {sha}\nIssue: {x}\n</task>\nResolve the issue. {rule}",
    "Workspace {repo}@{sha} is mounted. Implement the following and make the hidden tests pass: {x} {rule}",
         "[{repo} #{n}] {x}\nSolve this end to end. {rule}", "You get a long-horizon job in {repo} (base {sha}). Goal: {x} {rule}"]
RULE = ["Think aloud before every tool call.", "Write your full reasoning inside <plan> tags before acting.", "Explain each decision, then act.",
    "Use the tools, one call at a time.", "State what you expect before each command.", "Finish with a patch."]
NUDGE = ["You have not run the tests yet. Continue.", "Continue until the task is solved.", "The environment is still up. Go on.",
    "No tool call found in your reply. Call a tool or finish."]

def tasklist(w, n, paraphrase=0):
    r = w.r; heads = r.sample(TASKS, 1 + min(3, paraphrase)); rule, ps = r.choice(RULE), [w.project() for _ in range(max(10, n // 8))]; out = []
    for i in range(n):
        p = r.choice(ps); a, b, c = r.sample(p.vocab, 3); x = f"{r.choice(VERBS)} {r.choice(OBJECTS)}{r.choice(TAILS)}".format(a=a, b=b, c=c)
        x = w.fill(x, p)[0]; h = r.choice(heads); tm = h.replace("{rule}", r.choice(RULE) if paraphrase else rule)
        s = tm.replace("{repo}", p.name).replace("{sha}", w.hexid(8)).replace("{n}", str(r.randint(1, 9000))).replace("{x}", x)
        out.append(Obj(i=i, p=p, s=s, m=tm, seen=[], done=0))
    return out

def harness(w, kind=None):
    """what the collector runs: an own loop, or a popular agent driven without a person"""
    r = w.r; kind = kind or r.choice(["own", "popular"]); cl = w.person()
    if kind == "own":
        pr = w.product(60); pr.system = f"You are an autonomous engineer in a sandbox. {w.sentences(4)} {r.choice(RULE)}"
        pr.env, pr.tools, pr.title, pr.sub = False, r.sample(["execute_bash", "str_replace", "view_file", "submit", "think", "search_dir"], 4), False, False
        pr.session, pr.device = False, False; cl.prod, cl.device = pr, None
    else: cl.user, cl.os = r.choice(["root", "user", "ubuntu", "agent"]), "linux"
    cl.kind = kind; return cl

def task(w, t, route, cl, item, n, model=None, done=None, key=None, pace=1.0, wrap=None, sysm=None, lost=0.0):
    """one software task without a person: tool loop until the end"""
    r, p = w.r, item.p
    yield t
    cv = conv(w, route, cl, p, sysm or (env_system(w, cl, p) + ("\n" + wrap if wrap else "")), cl.prod.tools,
        (model(t) if callable(model) else model) or w.models.big)
    cv.key, cv.avoid, cv.out = key or cv.sid or w.hexid(10), tuple(item.seen), 380.0
    if item.seen and len(item.seen) > 12: cv.avoid = tuple(item.seen[-12:])
    s, m = item.s, item.m
    for k in range(n):
        t, ok = yield from ask(w, t, cv, s, m, grow=int(math.exp(r.gauss(6.8, 0.9))))
        if not ok:
            if t >= w.t1: return t
            break
        if k == 0 and cv.last_a is not None: item.seen.append(cv.last_a)
        t += math.exp(r.gauss(0.4, 0.7)) * pace
        s, m = w.fill(r.choice(RESULTS), p, r.choice(cl.prod.tools)) if r.random() > 0.06 else (r.choice(NUDGE),) * 2
    if done and cv.last_a is not None and cv.msgs: done(t, cv, item)
    return t
def worker(w, t, t_end, queue, run, rest=(2, 40), shift=None):
    """takes the next job of the common queue when it is free"""
    r = w.r
    while queue and t < min(t_end, w.t1):
        if shift:
            h = ((t / HOUR) + shift[0]) % 24
            if not shift[1] <= h < shift[2]: t += ((shift[1] - h) % 24) * HOUR + r.uniform(0, 900); continue
        t = yield from run(t, queue.pop(0))
        t += r.uniform(*rest)

GRADE = ("You are a strict reviewer of agent trajectories. Task: {x}\nTrajectory {id} ended with: {y}\n"
         "Score correctness, economy and style from 0 to 10, reason first.")
def grader(w, pool, cl, item, cv, t, sysm=None):
    r = w.r; g = conv(w, pool, cl, item.p, sysm, [], w.models.big, sid=None)
    g.key, g.avoid, g.temp, g.ctx = w.hexid(8), tuple(item.seen[-12:]), 0.0, cv.ctx // 2
    s = GRADE.replace("{x}", item.s[:160]).replace("{id}", w.hexid(6)).replace("{y}", cv.msgs[-1][1][:80]); w.spawn(single(w, t, g, s, GRADE, out=420))

def collection(w, pool, cl, n_tasks, workers, best=1, grade=False, mean=16, t_from=None, t_end=None, shift=None, paraphrase=0, wrap=None, model=None,
    pace=1.0, per_task=True):
    r = w.r; items = tasklist(w, n_tasks, paraphrase); queue = [x for x in items for _ in range(best)]; t_from, t_end = t_from or w.t0, t_end or w.t1
    def done(t, cv, item):
        item.done += 1
        if grade and item.done % max(1, best) == 0:
            for k in range(best): grader(w, pool, cl, item, cv, t + r.uniform(30, 4000) + k)
    def run(t, item):
        return task(w, t, pool, cl, item, max(3, int(r.gauss(mean, mean * 0.35))), model=model, done=done, pace=pace, wrap=wrap,
            key=None if per_task else "fixed")
    open_s = (t_end - t_from) * ((shift[2] - shift[1]) / 24.0 if shift else 1.0) * r.uniform(0.55, 0.98)
    gap = max(3.0, open_s * workers / max(1, len(queue)) - mean * (8.0 + 2 * pace)); lo = r.choice([0.0, 0.3, 0.8])
    for k in range(workers): w.spawn(worker(w, t_from + r.uniform(0, 3000), t_end, queue, run, rest=(lo * gap, (2 - lo) * gap), shift=shift))
    return items

# ------------------------------------------------------------------ scenarios
def base(w, scale=1.0):
    r = w.r; return background(w, int(r.randint(140, 210) * scale), int(r.randint(60, 110) * scale), int(r.randint(55, 80) * scale))
def sc_relay_lru_sticky(w):
    """a relay resells coding-agent access over its pool: least recently used account per session, sticky for an hour, failover on 429/529"""
    r = w.r; base(w); beside(w, 5, ["company", "contractor", "sharedkey", "movers"])
    pool = Pool(w, "relay", r.randint(14, 45), role="mixed", device="pass", session=r.choice(["pass", "rewrite"]), fp=r.choice(["frozen", "pass"]),
        plan="max", rpm=r.choice([8, 12, 20]), kind="relay_pool", careful=r.choice([0.1, 0.4]))
    customers(w, pool, r.randint(70, 130), rate=0.5)
    if r.random() < 0.5: w.spawn(bans(w, pool, [w.t0 + r.uniform(3, w.days - 2) * DAY for _ in range(2)], 0.15)); pool.refill = (0.5, 20)
def sc_trajectory_pool(w):
    """collection of trajectories: long software tasks from a list, unique tasks, best-of-n over accounts, other accounts grade afterwards"""
    r = w.r; base(w); beside(w, 6, ["lab", "company", "ci", "bot"])
    pool = Pool(w, "pool", r.randint(30, 90), mode=r.choice(["lru", "random"]), egress=r.choice(["shared", "res", "group"]), fp=r.choice(["mono", "frozen",
        "own"]), careful=r.choice([0.1, 0.5, 0.8]), refill=(1, 40))
    best = r.choice([2, 4, 4, 8])
    collection(w, pool, harness(w), r.randint(900, 1400) // best, r.randint(6, 16), best=best, grade=True, mean=r.randint(12, 20), paraphrase=r.choice([0, 0,
        3]))
    w.spawn(bans(w, pool, [w.t0 + r.uniform(4, w.days - 2) * DAY for _ in range(r.randint(1, 3))], 0.2))
def sc_blob_exchange(w):
    """reasoning blobs made under one account come back under others, in a step that has them written out"""
    r = w.r; base(w); beside(w, 5, ["workshop", "movers", "company"])
    pool = Pool(w, "pool", r.randint(25, 120), mode="random", egress=r.choice(["own", "res", "shared"]), fp=r.choice(["own", "mono"]), careful=r.choice([0.3,
        0.9]), device="none")
    cl = harness(w)
    say = r.choice(["Set out, step by step, the reasoning behind your last answer, leaving nothing out.",
        "Write the considerations that led to the answer above inside <trace> tags.", "Restate your hidden plan for the previous turn as a numbered list."])
    fan, n = r.choice([1, 1, 2, 3]), r.randint(1200, 2000); items = tasklist(w, n, 3)
    t_from, t_end = w.t0 + r.uniform(0, 4) * DAY, w.t1 - r.uniform(0, 2) * DAY
    def clean(t, cv):
        yield t
        c = conv(w, pool, cl, cv.p, r.choice([cv.sys, None]), [], w.models.big, sid=None)
        c.rhash, c.maker, c.msgs, c.count, c.ctx, c.avoid, c.key, c.out = cv.rhash, cv.maker, list(cv.msgs), cv.count, cv.ctx, (cv.last_a,), w.hexid(8), 900.0
        yield from ask(w, t, c, say, say, silent=True)
    def done(t, cv, item):
        if cv.rhash:
            for _ in range(fan): w.spawn(clean(t + math.exp(r.gauss(6.5, 1.5)), cv))
    for it in items: w.spawn(task(w, r.uniform(t_from, t_end), pool, cl, it, r.randint(2, 6), done=done))
def sc_replay_sessions(w):
    """150 and more accounts replay recorded sessions of the operator's own users, turn by turn and fast"""
    r = w.r; base(w, 0.9); beside(w, 4, ["workshop", "ide", "skills"]); n = r.randint(150, 330)
    pool = Pool(w, "pool", n, mode=r.choice(["random", "lru"]), egress=r.choice(["res", "own"]), fp=r.choice(["mono", "own"]), careful=r.choice([0.4, 0.9]),
        plan=r.choice(["free", "pro"]), device=r.choice(["none", "account"]), rpm=60, ramp=r.random() < 0.4)
    app = w.person(); app.prod = w.product(61); app.prod.title = False; lib = []
    for _ in range(r.randint(150, 400)):
        u = w.person(prod=app.prod); p = u.projects[0]; ts = []
        for i in range(max(3, min(25, int(math.exp(r.gauss(2.1, 0.5)))))):
            s, m = w.human(u, p) if i % 3 == 0 else w.fill(r.choice(RESULTS), p, r.choice(app.prod.tools))
            ts.append((s, m, hsh(w.hexid(16), 16) if r.random() < 0.7 else None, w.fill(r.choice(SAY), p)))
        lib.append(Obj(u=u, p=p, ts=ts, sys=env_system(w, u, p)))
    runs = int(r.uniform(14000, 19000) / 9); gap, keepblob = r.choice([0.05, 0.3, 1.0]), r.random() < 0.7
    def replay(t, rec):
        yield t
        cv = conv(w, pool, rec.u, rec.p, rec.sys, app.prod.tools, w.models.big, sid=w.uuid() if r.random() < 0.5 else None); cv.key = cv.sid or w.hexid(8)
        start = 0 if r.random() < 0.6 else r.randint(0, len(rec.ts) - 1)          # some replays begin in the middle of the recording
        cv.count = 2 * start
        for s, m, blob, ans in rec.ts[start:]:
            t, ok = yield from ask(w, t, cv, s, m, grow=int(math.exp(r.gauss(6.4, 0.8))), silent=True)
            if not ok: return
            cv.rhash = blob if keepblob else None; push(cv, "assistant", ans[0], ans[1], 200); t += gap * r.uniform(0.9, 1.1)
    a, b = w.t0 + r.uniform(0, 0.4) * w.days * DAY, w.t1; rounds = r.randint(2, 8)
    for i in range(runs):
        k = a + (b - a) * (i * rounds // runs) / rounds; w.spawn(replay(k + r.random() ** 1.5 * (b - a) / rounds * 0.7, r.choice(lib)))
def sc_health_0800(w):
    """a reselling pool whose software tests all accounts at 08:00 of the operator's time"""
    r = w.r; base(w); beside(w, 5, ["bot", "company", "platform"])
    pool = Pool(w, "relay", r.randint(25, 80), role="mixed", device=r.choice(["pass", "account"]), session="rewrite",
        fp="mono" if r.random() < 0.5 else "frozen", egress=r.choice(["shared", "own"]), kind="relay_pool", careful=r.choice([0.2, 0.8]), refill=(0.2, 8))
    customers(w, pool, r.randint(60, 110), rate=0.5, own_share=0.05); w.spawn(health(w, pool, 8, r.choice([8, 8, 5.5, 3, -5, 1])))
    w.spawn(bans(w, pool, [w.t0 + r.uniform(3, w.days - 2) * DAY for _ in range(r.randint(1, 3))], 0.15))
def sc_frozen_fingerprints(w):
    """client fingerprints are frozen per account at first use: old versions for weeks, while system prompts and hours of the customers behind them change"""
    r = w.r; base(w); beside(w, 5, ["ide", "sharedkey", "contractor", "retry"])
    pool = Pool(w, "relay", r.randint(20, 60), role="mixed", device=r.choice(["pass", "none"]), session="rewrite", fp="frozen", egress=r.choice(["own",
        "group", "shared"]), kind="relay_pool", careful=0.7, rpm=r.choice([15, 30]))
    customers(w, pool, r.randint(80, 140), rate=0.45, own_share=0.05)
def sc_three_clouds(w):
    """a pool over direct access and two clouds; the cloud logs have no device and session, one of them no address either"""
    r = w.r; base(w)
    w.strip = {"bedrock": ["client_address", "client_asn", "client_country", "tls_ja4", "device_id", "session_id", "user_agent"], "vertex": ["tls_ja4",
        "device_id", "session_id"]}
    w.split = "platform"; beside(w, 5, ["company", "rotation", "ci"])
    pool = Pool(w, "pool", r.randint(30, 80), mode=r.choice(["lru", "random"]), platforms={"direct": 0.5, "bedrock": 0.3, "vertex": 0.2},
        egress=r.choice(["shared", "own"]), fp=r.choice(["mono", "own"]), careful=r.choice([0.3, 0.8]), refill=(0.5, 12))
    collection(w, pool, harness(w), r.randint(900, 1300), r.randint(5, 12), mean=r.randint(12, 18), grade=r.random() < 0.5)
    w.spawn(bans(w, pool, [w.t0 + r.uniform(5, w.days - 3) * DAY for _ in range(2)], 0.25))
def sc_baton_fixed_prompt(w):
    """one fixed system prompt and no session id: all traffic stays on one account until 429, 529 or an hour is over, then hops"""
    r = w.r; base(w); beside(w, 5, ["ci", "rotation", "lab"])
    pool = Pool(w, "pool", r.randint(12, 40), mode="lru", sticky=r.choice([3600, 3600, 1800]), egress=r.choice(["shared", "own"]), fp=r.choice(["mono",
        "frozen"]), device="none", session="none", rpm=r.choice([15, 25, 40]), careful=r.choice([0.1, 0.7]))
    collection(w, pool, harness(w, "own"), r.randint(800, 1200), r.randint(2, 5), mean=r.randint(14, 20), per_task=False, shift=r.choice([None, (r.choice([8,
        3, -3]), 9, 21)]))
def sc_refill_midtask(w):
    """bans hit accounts in the middle of tasks; the tasks go on on newcomers, whose first request is the middle of a conversation"""
    r = w.r; base(w); beside(w, 5, ["movers", "company", "rotation"])
    refill = r.choice([(0.0, 0.0008), (0.0, 0.0008), (0.005, 0.1)])              # a stock made beforehand is switched in at once, or signed up on the spot
    pool = Pool(w, "pool", r.randint(9, 24), mode="lru", egress=r.choice(["own", "res", "shared"]), fp="own",
                careful=r.choice([0.5, 0.9]), refill=refill, standby=r.choice([0, 0, 15]), delay=3.0,
                device=r.choice(["none", "account"]), strip=r.random() < 0.4)
    pool.hold = r.random() < 0.8; h, k, off = r.randint(7, 15), r.choice([2, 3, 4]), r.choice([8, 8, 3, -5])
    collection(w, pool, harness(w), r.randint(500, 700), r.randint(4, 7), mean=r.randint(22, 32), pace=r.uniform(8, 16), shift=(off, h, h + k))
    days = r.sample(range(2, w.days - 1), r.randint(6, 10))                      # the provider acts while the pool works
    w.spawn(bans(w, pool, [w.t0 + d * DAY + (h + k * r.uniform(0.1, 0.9) - off) % 24 * HOUR for d in days], r.choice([0.25, 0.35, 0.5])))
def sc_model_pivot(w):
    """a new model comes out; the pool moves most of its collection to it within a day, the population over weeks, an editor with its update"""
    r = w.r; w.release = w.t0 + r.uniform(0.35, 0.6) * w.days * DAY; base(w); beside(w, 5, ["ide", "lab", "company"])
    pool = Pool(w, "pool", r.randint(30, 100), mode=r.choice(["lru", "random"]), egress=r.choice(["own", "res"]), fp=r.choice(["own", "mono"]),
        careful=r.choice([0.3, 0.8]))
    share, lag = r.uniform(0.5, 0.97), r.uniform(2, 22) * HOUR
    collection(w, pool, harness(w), r.randint(850, 1200), r.randint(6, 14), mean=r.randint(12, 18),
        model=lambda t: w.models.new if t > w.release + lag and r.random() < share else w.models.big)
def sc_diluted_30(w):
    """a relay's customers make 70 % of the traffic of the pool, collection 30 %"""
    r = w.r; base(w); beside(w, 5, ["company", "skills", "platform"])
    pool = Pool(w, "relay", r.randint(25, 70), role="mixed", device=r.choice(["pass", "account"]), session="rewrite", fp=r.choice(["frozen", "pass", "mono"]),
        egress=r.choice(["shared", "own"]), kind="relay_pool", careful=r.choice([0.3, 0.7]))
    n = r.randint(80, 110); customers(w, pool, n, rate=0.5, own_share=0.05)
    collection(w, pool, harness(w, "popular"), int(0.074 * n * w.days), r.randint(2, 5), mean=14, paraphrase=r.choice([0, 3]))
def sc_isolated_queue(w):
    """every account has its own exit, client, payment and sign-up; only the queue of tasks is shared"""
    r = w.r; base(w); beside(w, 5, ["ide", "bot", "lab"]); mode = r.choice(["lru", "lru", "random"])
    pool = Pool(w, "pool", r.randint(25, 90), mode=mode, egress="own", fp="acct", careful=1.0, device="account", session="task", ramp=True, strip=True,
        sticky=14400)
    items = tasklist(w, r.randint(800, 1100), r.choice([0, 3]))
    per_account = r.random() < 0.6                                # each account with its own popular agent and user name, or one loop for all
    def isolated(t, it, one):
        yield t
        probe = Obj(key=w.hexid(10), pin=None, avoid=()); a = pool.pick(w, t, probe)
        if a is not None:
            yield from task(w, t, pool, pool.client(w, a) if per_account else one, it, max(3, int(r.gauss(14, 5))), pace=r.uniform(0.7, 3), key=probe.key)
    loop = harness(w)
    for it in items:                                             # the queue works by the clock of its owners, not around it
        w.spawn(isolated(w.t0 + (r.randint(0, w.days - 1) + r.gauss(0.55, 0.2) % 1.0) * DAY, it, loop))
def sc_stolen_in_relay(w):
    """a small relay that fills up with stolen keys of companies for some days each"""
    r = w.r; bg = base(w); beside(w, 5, ["company", "ci", "contractor", "platform"])
    pool = Pool(w, "relay", r.randint(8, 20), role="mixed", device="pass", session="pass", fp="pass", egress="shared", kind="relay_pool", careful=0.2,
        rpm=r.choice([15, 30]))
    victims = r.sample([a for a in w.accts if a.kind in ("lone", "contractor_client", "hosted_platform", "ci_failover") and a.plan in ("tier1", "tier2",
        "tier3", "enterprise") and a.created < w.t0], r.randint(4, 9))
    for a in victims: s = w.t0 + r.uniform(1, w.days - 4) * DAY; e = s + r.uniform(0.3, 6) * DAY; a.role = "used"; pool.add(a, s, e)
    customers(w, pool, r.randint(60, 100), rate=0.5)
def sc_subagent_swarm(w):
    """an orchestrator under one account hands its sub-tasks to helpers under many others and reads their reports back"""
    r = w.r; base(w); beside(w, 5, ["lab", "bot", "company"])
    pool = Pool(w, "pool", r.randint(30, 80), mode=r.choice(["lru", "random"]), egress=r.choice(["shared", "own"]), fp=r.choice(["mono", "own"]),
        careful=r.choice([0.3, 0.8]), refill=(1, 10), device="none", session="none")
    cl = harness(w, "own"); subsys = f"You are helper of a planner. Do only your part. {w.sentences(2)}"
    head = "Part {k} of job {j}. Look at {repo}: {x}. Report in {n} lines."
    def part(t, it, k, j, res):
        yield t
        cv = conv(w, pool, cl, it.p, subsys, cl.prod.tools, r.choice([w.models.big, w.models.small]), sid=None)
        cv.key, (a, b) = w.hexid(8), r.sample(it.p.vocab, 2)
        s, m = head.replace("{k}", str(k)).replace("{j}", j).replace("{repo}", it.p.name).replace("{x}", f"{a} and {b}").replace("{n}", "20"), head
        for _ in range(r.randint(3, 8)):
            t, ok = yield from ask(w, t, cv, s, m, grow=800)
            if not ok: break
            t += math.exp(r.gauss(0.2, 0.6)); s, m = w.fill(r.choice(RESULTS), it.p, r.choice(cl.prod.tools))
        res.append((t, a, b))
    def boss(t, it):
        yield t
        cv = conv(w, pool, cl, it.p, cl.prod.system, cl.prod.tools, w.models.big, sid=None); cv.key, j = w.hexid(8), w.hexid(6); s, m = it.s, it.m
        for _ in range(r.randint(1, 3)):
            t, ok = yield from ask(w, t, cv, s, m, grow=1200)
            if not ok: return t
            res, k = [], r.randint(3, 8)
            for i in range(k): w.spawn(part(t + 0.05 + i * r.uniform(0.05, 0.6), it, i, j, res))
            while len(res) < k and t < w.t1:
                t += 15.0
                yield t
            s, m = "Reports are in:\n" + "\n".join(f"- {a}, {b}" for _, a, b in res), "Reports are in: {list}"
        return t
    jobs = tasklist(w, r.randint(230, 340))
    for _ in range(3): w.spawn(worker(w, w.t0 + r.uniform(0, DAY), w.t1, jobs, boss, rest=(60, 2 * w.days * DAY * 3 / len(jobs) * 0.8)))
def sc_two_tenants(w):
    """a relay with ordinary customers; a collector with its own pool also buys from that relay: two campaigns"""
    r = w.r; base(w); beside(w, 4, ["company", "movers"])
    relay = Pool(w, "relay", r.randint(18, 40), role="mixed", device="pass", session="rewrite", fp="frozen", egress="shared", kind="relay_pool", careful=0.2)
    customers(w, relay, r.randint(50, 80), rate=0.45)
    own = Pool(w, "pool", r.randint(20, 50), mode="random", egress="own", fp="own", careful=0.9, refill=(1, 20)); cl = harness(w)
    collection(w, own, cl, r.randint(420, 600), r.randint(3, 8), mean=14)
    collection(w, relay, cl, r.randint(90, 160), 2, mean=14, t_from=w.t0 + 0.5 * w.days * DAY); w.spawn(bans(w, own, [w.t0 + w.days * DAY * 0.5], 0.6))
def sc_thin_agents(w):
    """very many accounts with a handful of short tool tasks each, in a few days"""
    r = w.r; base(w); beside(w, 5, ["skills", "workshop", "ide"])
    pool = Pool(w, "pool", r.randint(700, 1500), mode="random", sticky=86400, egress="res", fp="own", careful=r.choice([0.5, 0.95]), plan="free",
        device="none", session="none", ramp=True, kind="thin_pool")
    cl = harness(w); s = w.t0 + r.uniform(0.2, 0.6) * w.days * DAY
    for a in pool.live: a.ready = min(a.ready, s); a.created = min(a.created, s - r.uniform(0, 4) * DAY)
    n = int(len(pool.live) * r.uniform(1.5, 3))
    for it in tasklist(w, n, r.choice([0, 3])): w.spawn(task(w, s + r.random() * r.choice([1.0, 2.0, 5.0]) * DAY, pool, cl, it, r.randint(1, 5)))
def sc_innocent_city(w):
    """no hostile pool: every innocent structure at once"""
    base(w, 0.9); beside(w, len(INNOCENT))
def sc_innocent_moves(w):
    """no hostile pool: movers, contractors, key rotation, a new model, an outage with everybody's retries and restarts"""
    r = w.r; w.release = w.t0 + r.uniform(0.3, 0.6) * w.days * DAY
    w.outages += [(w.t0 + r.uniform(0.2, 0.8) * w.days * DAY, r.uniform(2, 7) * HOUR, 0.9)]; base(w)
    for _ in range(2): inn_company(w, r.randint(25, 60))
    inn_movers(w, r.randint(20, 40)); inn_contractor(w, r.randint(5, 9)); inn_rotation(w, r.randint(4, 7)); inn_ci(w); inn_ci(w)
    inn_sharedkey(w, r.randint(6, 12))
def sc_innocent_platforms(w):
    """no hostile pool: hosted platforms, an editor vendor's forwarder, bots, published skills, a course that shares a recorded session"""
    r = w.r; base(w)
    for _ in range(2): inn_platform(w); inn_bot(w, r.randint(20, 45)); inn_workshop(w)
    inn_ide(w); inn_skills(w); inn_aggregator(w); inn_retry(w)
def sc_innocent_benchmarks(w):
    """no hostile pool: three university labs with agent suites and LLM judges, CI, a company's unattended overnight agents"""
    r = w.r; base(w)
    for _ in range(3): inn_lab(w)
    inn_ci(w); inn_bot(w)
    st, org, dom = "nightshift_" + w.word(2), "org_" + w.hexid(8), w.word(3) + ".example"   # one customer's own task factory, declared, at contract tier
    accts = [w.account("overnight_agents", st, created=w.t0 - r.uniform(40, 300) * DAY, plan="enterprise", org=org, parent=org, email=dom,
        pay="inv_" + dom[:4]) for _ in range(r.randint(1, 3))]
    cl = harness(w, "own"); net = r.choice(w.dcs)
    collection(w, Failover(accts, cl, net=(net, w.ip(net))), cl, r.randint(300, 500), r.randint(3, 6), best=r.choice([1, 2]), grade=False, mean=14,
        shift=(cl.off, 0, 8))

SCENARIOS = {k[3:]: v for k, v in list(globals().items()) if k.startswith("sc_")}

# ------------------------------------------------------------------ output
def stamp(t, cache):
    ms = int(round(t * 1000)); s, m = divmod(ms, 1000); d = s // 86400
    if d not in cache: cache[d] = time.strftime("%Y-%m-%d", time.gmtime(d * 86400))
    x = s % 86400; return f"{cache[d]}T{x // 3600:02d}:{x // 60 % 60:02d}:{x % 60:02d}.{m:03d}Z"

def write(w, out):
    os.makedirs(os.path.join(out, "logs"), exist_ok=True)
    for f in os.listdir(os.path.join(out, "logs")): os.remove(os.path.join(out, "logs", f))
    cache, files = {}, {}; w.rows.sort(key=lambda x: x["started_at"]); enc = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for row in w.rows:
        t = row["started_at"]; row["started_at"] = stamp(t, cache)
        name = {"platform": row["platform"], "week": f"week{int((t - w.t0) // (7 * DAY)):02d}"}.get(w.split, "access")
        files.setdefault(name, []).append(enc(row))
    for name, lines in sorted(files.items()):
        path = os.path.join(out, "logs", name + ".jsonl"); data = ("\n".join(lines) + "\n").encode()
        if w.split == "gz":
            with open(path + ".gz", "wb") as fh, gzip.GzipFile(filename="", mode="wb", fileobj=fh, compresslevel=3, mtime=0) as g:
                g.write(data)
        else:
            with open(path, "wb") as fh:
                fh.write(data)
    for f in ("accounts.csv", "labels.csv"):
        if os.path.exists(os.path.join(out, f)): os.remove(os.path.join(out, f))
    iso = lambda t: stamp(t, cache) if t is not None and t <= w.t1 else ""; order = sorted(w.accts, key=lambda a: a.id)
    if w.with_accounts:
        with open(os.path.join(out, "accounts.csv"), "w", newline="") as fh:
            c = csv.writer(fh)
            c.writerow("account_id,created_at,banned_at,closed_at,organization_id,parent_id,plan,country,"
                       "email_domain,payment_id,signup_address,device_id,reseller_id,referrer,limit_per_minute,limit_per_day".split(","))
            for a in order:
                if a.created <= w.t1:
                    c.writerow([a.id, iso(a.created), iso(a.banned), iso(a.closed), a.org, a.parent, a.plan, a.country, a.email, a.pay, a.addr, a.device,
                        a.reseller, a.ref, a.rpm, ""])
    pools = {p.name: p for p in w.pools}
    with open(os.path.join(out, "labels.csv"), "w", newline="") as fh:
        c = csv.writer(fh); c.writerow(["account_id", "structure", "kind", "role", "campaign", "detectable"])
        for a in order:
            if a.n: c.writerow([a.id, a.structure, a.kind, a.role, a.campaign, "true" if judge(w, a, pools.get(a.structure)) else "false"])

def judge(w, a, p):
    """could any method link the account to its campaign from the fields of this level?"""
    if a.role == "innocent": return False
    if a.role == "used": return bool(a.kind == "resold_customer" and a.shown) or (a.kind != "resold_customer" and a.stolen >= 10)
    text, links = w.level != "metadata", w.with_accounts and p.careful < 0.85
    shared = p.egress in ("shared", "group") or p.fp == "mono" or p.dev == "pass"
    if a.platform == "bedrock" and w.strip:
        shared = False                                           # that log has neither address nor client nor device
    if p.kind == "thin_pool": return text or (links and a.n >= 1)
    if a.n < 3: return False
    if text or shared or links: return True
    if p.healthy: return True
    return a.n >= 40 and p.mode == "lru"                         # only the order of the queue is left

def main():
    ap = argparse.ArgumentParser(); ap.add_argument("scenario"); ap.add_argument("seed", nargs="?", default="1")
    ap.add_argument("outdir", nargs="?", default=None); ap.add_argument("--level", default="text", choices=["text", "hashes", "metadata"])
    ap.add_argument("--no-accounts", action="store_true"); a = ap.parse_args()
    if a.scenario == "list": print("\n".join(SCENARIOS)); return
    if a.scenario not in SCENARIOS or a.outdir is None:
        sys.exit("usage: author_agentic.py SCENARIO SEED OUTDIR [--level text|hashes|metadata] [--no-accounts]; scenarios: " + " ".join(SCENARIOS))
    w = World(a.scenario, a.seed, a.level, not a.no_accounts); SCENARIOS[a.scenario](w); w.run(); write(w, a.outdir)

if __name__ == "__main__": main()
