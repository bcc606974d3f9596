#!/usr/bin/env python3
"""Simulated web and API access logs without any prompt, with labels.

    python author_web.py list
    python author_web.py SCENARIO SEED OUTDIR [--level text|hashes|metadata] [--no-accounts]

Only text files of invented log lines are written: nothing here opens a connection.
In web worlds the account is the client address; in API worlds it is the key's account or the user id.
"""
import argparse, bisect, csv, datetime as dt, gzip, hashlib, io, json, math, os, random, zlib
from collections import Counter, defaultdict, deque
DAY = 86400.0
UTC = dt.timezone.utc

# ------------------------------------------------------------------ vocabulary
ON = "b br c ch d dr f fl g gr h j k kl l m n p pl qu r s sh st t tr v w z".split()
VO = "a e i o u ai ea io ou".split()
CO = ["", "", "", "n", "r", "l", "s", "t", "m", "x", "nd", "rk"]
STEPS = ["red", "blue", "light", "heavy", "small", "large", "oak", "steel", "cotton", "wool", "glass", "stone", "classic", "urban", "alpine", "river",
         "garden", "kitchen", "travel", "winter", "summer", "compact", "folding", "round", "vintage", "plain"]
NOUNS = ["lamp", "chair", "table", "kettle", "jacket", "shelf", "bottle", "tent", "clock", "basket", "mirror", "blanket", "pan", "bag", "desk", "stool",
         "rug", "cup", "bench", "scarf", "drawer", "frame", "plate", "cable", "brush", "rack"]
TOPICS = ["council", "harbour", "budget", "school", "match", "weather", "bridge", "market", "festival", "library", "energy", "housing", "railway", "clinic",
          "election", "river", "museum", "traffic", "harvest", "theatre"]
VERBS = ["opens", "delays", "wins", "plans", "reviews", "rejects", "funds", "closes", "expands", "marks", "debates", "repairs"]
PROBES = ["/wp-login.php", "/.env", "/.git/config", "/phpmyadmin/", "/admin/", "/xmlrpc.php", "/actuator/health", "/server-status", "/cgi-bin/test",
          "/backup.zip", "/config.json", "/login.action", "/solr/", "/owa/", "/api/v1/pods", "/manager/html", "/old/", "/test.php", "/info.php", "/.DS_Store",
          "/robots.txt", "/favicon.ico", "/wp-content/", "/db.sql", "/console/", "/.aws/config", "/vendor/", "/HNAP1", "/portal/", "/remote/login"]
BAD_FIRST = {10, 100, 127, 169, 172, 192, 198, 203}
PROF = {
    "evening": [2, 1, .6, .4, .4, .7, 1.5, 3, 4, 4, 4, 4.5, 5, 5, 4.5, 4.5, 5, 6, 7, 8, 9, 9, 7, 4],
    "office": [.1, .05, .05, .05, .1, .3, 1, 4, 9, 10, 10, 8, 5, 7, 9, 9, 8, 5, 2, 1, .7, .5, .3, .2],
    "mobile": [3, 2, 1, .7, .7, 1.5, 4, 7, 6, 5, 5, 5, 6, 6, 5, 5, 6, 7, 7, 7, 7, 7, 6, 5],
    "night": [8, 8, 7, 5, 3, 2, 1, 1, 1, 1, 1, 1.5, 2, 2, 2, 2, 2, 3, 4, 5, 6, 7, 8, 8],
    "flat": [1] * 24,
}

def iso(t):
    return dt.datetime.fromtimestamp(round(t * 1000) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (round(t * 1000) % 1000)

def isos(t):
    return dt.datetime.fromtimestamp(int(t), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if t else ""

class Net:
    """One network: an access provider, a carrier, a hoster, a firm."""
    def __init__(self, w, kind, cc, tz, span=None, blocks=None):
        r = w.r; self.w, self.kind, self.cc, self.tz, self.asn = w, kind, cc, tz, r.randint(20000, 399000); self.blocks = []
        for _ in range(blocks or {"home": 4, "mobile": 2, "host": 3}.get(kind, 1)):
            a = r.randint(23, 222)
            while a in BAD_FIRST: a = r.randint(23, 222)
            b, c = r.randint(0, 255), r.randint(0, 240); self.blocks.append((a, b, c, span or {"home": 16, "mobile": 4, "host": 12}.get(kind, 1)))
        self.v6 = "2a%02x:%x" % (r.randint(0, 255), r.randint(256, 65535))
    def addr(self, v6=False):
        w, r = self.w, self.w.r
        while True:
            if v6: x = "%s:%x:%x:%x:%x:%x:%x" % ((self.v6,) + tuple(r.randint(1, 65535) for _ in range(6)))
            else: a, b, c, s = r.choice(self.blocks); x = "%d.%d.%d.%d" % (a, b, min(255, c + r.randrange(s)), r.randint(2, 253))
            if x not in w.used: w.used.add(x); w.net_of[x] = self; return x

class Site:
    def __init__(self, w, kind):
        r = w.r; self.w, self.kind = w, kind; self.host = "www.%s.example" % w.word(2); self.n = r.randint(2500, 9000)
        self.first = r.choice([1, 1, 1000, 10000, r.randint(20000, 400000)])
        self.style = r.choice(["/item/{i}", "/p/{i}", "/listing/{i}.html", "/product/{i}-{s}", "/detail?id={i}", "/{c}/{s}-{i}", "/offer/{i}"])
        if kind == "news": self.style = r.choice(["/news/{s}-{i}", "/a/{i}", "/article/{i}/{s}", "/{c}/{i}"])
        if kind == "directory": self.style = r.choice(["/company/{i}", "/profile/{i}", "/entry?id={i}", "/place/{i}/{s}"])
        words = TOPICS if kind == "news" else NOUNS; self.cats = r.sample(words, r.randint(8, 14))
        self.catp = r.choice(["/c/{}", "/category/{}", "/browse/{}", "/{}/"]); self.sw = [w.word(2) for _ in range(60)] + STEPS + words
        self.pop = list(range(self.n)); r.shuffle(self.pop); self.salt = r.randrange(1 << 30)
        self.login = r.choice(["/login", "/account/sign-in", "/users/sign_in", "/auth/login", "/session/new", "/my/login"])
        self.account = r.choice(["/account", "/my", "/users/home", "/dashboard"]); self.login_fail = r.choice([401, 401, 200, 302, 422])
        self.login_q, self.mail = False, r.random() < .6; self.doms = ["%s.example" % w.word(2) for _ in range(r.randint(4, 9))]
        self.userkey = r.choice(["user", "username", "login", "email", "u"]); v = "%06x" % r.randrange(1 << 24)
        self.assets = ["/static/app.%s.css" % v, "/static/app.%s.js" % v, "/static/vendor.%s.js" % v[::-1], "/img/logo.svg", "/favicon.ico",
                       "/static/fonts/%s.woff2" % w.word(2)]; self.imgp = r.choice(["/img/{}.webp", "/media/{}_m.jpg", "/images/p/{}.jpg"])
        self.feed = r.choice(["/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/blog/feed/"])
        self.codes = ["".join(r.choice("ABCDEFGHIKLMNOPRSTUVZ") for _ in range(3)) for _ in range(40)]
        self.searchp = r.choice(["/search?q={}", "/s?query={}", "/find?term={}"]); self.gone = set(r.sample(range(self.n), int(self.n * r.uniform(.01, .06))))
        self.xhr = r.choice(["/api/stock/{}", "/ajax/related?id={}", "/api/v1/view/{}"])
    def slug(self, i):
        x = zlib.crc32(b"%d:%d" % (i, self.salt))
        if self.kind == "news": return "%s-%s-%s" % (TOPICS[x % 20], VERBS[(x >> 6) % 12], TOPICS[(x >> 11) % 20])
        return "%s-%s" % (STEPS[x % 26], NOUNS[(x >> 6) % 26])
    def item(self, i):
        return self.style.format(i=self.first + i, s=self.slug(i), c=self.cats[i % len(self.cats)])
    def istat(self, i):
        return 404 if i in self.gone else 200
    def hot(self):
        """An item by popularity (roughly Zipf)."""
        u = self.w.r.random(); return self.pop[min(self.n - 1, int(self.n ** u) - 1)]
    def cat(self):
        c = self.catp.format(self.w.r.choice(self.cats)); return c + ("?page=%d" % self.w.r.randint(2, 9) if self.w.r.random() < .25 else "")
    def route(self, lead=None):
        r = self.w.r; a, b = r.sample(self.codes, 2); d = dt.date(2026, 1, 1) + dt.timedelta(days=r.randint(60, 330) if lead is None else lead)
        return "/search?from=%s&to=%s&date=%s&pax=%d" % (a, b, d.isoformat(), r.choice([1, 1, 1, 2, 2, 3]))
    def search(self):
        if self.kind == "fares": return self.route()
        return self.searchp.format("+".join(self.w.r.sample(self.sw, self.w.r.choice([1, 1, 2, 2, 3]))))
    def size(self, path, status=200):
        if status in (304,): return 0
        if status in (301, 302, 303): return 0 if self.salt & 1 else 138
        if status == 403: return 146 + self.salt % 400
        if status >= 400: return 150 + self.salt % 900 + status
        x = zlib.crc32(path.encode()) ^ self.salt
        base = 600 if path.startswith(("/api", "/ajax")) else 90 if path.startswith(("/robots", "/.well", "/health", "/favicon", "/status")) else 6000
        return base + x % (base * 5)

class World:
    def __init__(self, name, seed, api=False, kind=None, days=None, assets=None):
        h = hashlib.sha256(("web|%s|%s" % (name, seed)).encode()).digest(); self.r = r = random.Random(int.from_bytes(h, "big"))
        self.name, self.api = name, api; self.used, self.net_of, self.ev, self.labels, self.acc = set(), {}, [], {}, {}
        self.op, self.camp, self.ids, self.names = Counter(), {}, Counter(), set(); self.members, self.failed, self.guard = [], [], r.choice([0, 0, 12, 20])
        self.days = days or r.randint(15, 24); self.t0 = dt.datetime(2026, 1, 5, tzinfo=UTC).timestamp() + DAY * r.randint(0, 230)
        self.t1 = self.t0 + self.days * DAY; self.off = r.choice([0, 0, 1, 2, 2, -5, -4, 5.5, 8, 9]); self.server = r.choice(["nginx", "nginx", "apache"])
        self.rt = r.random() < .5; self.assets = r.random() < .6 if assets is None else assets
        ccs = r.sample(["AA", "ZZ", "QM", "QN", "QO", "QP", "XA", "XB", "XC", "XD", "XE", "XF", "XG", "XH"], 8)
        zs = [r.choice([-8, -6, -5, -3, 0, 1, 1, 2, 2, 3, 5.5, 7, 8, 9]) for _ in ccs]; self.home_cc = 0; zs[0] = self.off; self.places = list(zip(ccs, zs))
        wts = [r.uniform(3, 8)] + [r.uniform(.2, 2) for _ in ccs[1:]]; self.homes, self.mobiles, self.hosts = [], [], []
        for (cc, z), k in zip(self.places, wts):
            for _ in range(r.randint(1, 3)): self.homes.append((Net(self, "home", cc, z), k))
            self.mobiles.append((Net(self, "mobile", cc, z), k))
        for _ in range(r.randint(9, 14)): cc, z = r.choice(self.places); self.hosts.append((Net(self, "host", cc, z), r.uniform(.2, 3)))
        self.browsers = self._browsers(); self.outages = []
        for _ in range(r.choice([0, 1, 1, 2])): s = self.t0 + r.random() * self.days * DAY; self.outages.append((s, s + r.uniform(120, 2400)))
        self.site = Site(self, kind or r.choice(["shop", "shop", "market", "directory"]))
    # -------------------------------------------------------------- names
    def word(self, n=2):
        r = self.r; return "".join(r.choice(ON) + r.choice(VO) + (r.choice(CO) if i == n - 1 else "") for i in range(n))
    def brand(self):
        while True:
            x = self.word(self.r.choice([2, 2, 3])).capitalize()
            if x not in self.names: self.names.add(x); return x
    def nid(self, kind):
        self.ids[kind] += 1; return "%s_%02d" % (kind, self.ids[kind])
    def username(self):
        r = self.r; a, b = self.word(2), self.word(r.choice([1, 2]))
        return r.choice(["%s.%s" % (a, b), "%s%d" % (a, r.randint(1, 9999)), "%s_%s" % (a, b), "%s%s" % (a[0], b + a[-2:]), a + b])
    def login_name(self):
        return "%s%%40%s" % (self.username(), self.r.choice(self.site.doms)) if self.site.mail else self.username()
    def _browsers(self):
        r = self.r; c, f = r.randint(124, 140), r.randint(122, 142); out = []
        for v, k in ((c, 10), (c - 1, 4), (c - 2, 1.5), (c - 7, .6), (c - 15, .4)):
            k1 = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0" % v
            out += [("Mozilla/5.0 (Windows NT 10.0; Win64; x64) %s Safari/537.36" % k1, k * 3, 0),
                    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) %s Safari/537.36" % k1, k, 0),
                    ("Mozilla/5.0 (X11; Linux x86_64) %s Safari/537.36" % k1, k * .3, 0),
                    ("Mozilla/5.0 (Linux; Android 10; K) %s Mobile Safari/537.36" % k1, k * 3, 1),
                    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) %s Safari/537.36 Edg/%d.0.0.0" % (k1, v), k, 0)]
        for v, k in ((f, 3), (f - 1, 1), (f - 7, .4), (115, .3)):
            for o, q in (("Windows NT 10.0; Win64; x64", 2), ("X11; Linux x86_64", .7), ("Macintosh; Intel Mac OS X 10.15", .7)):
                out.append(("Mozilla/5.0 (%s; rv:%d.0) Gecko/20100101 Firefox/%d.0" % (o, v, v), k * q, 0))
        for mj in (16, 17, 18):
            for mi in range(r.randint(2, 6)):
                k = {16: .6, 17: 2, 18: 5}[mj]
                out.append(("Mozilla/5.0 (iPhone; CPU iPhone OS %d_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.%d Mobile/15E148 "
                            "Safari/604.1" % (mj, mi, mj, mi), k, 1))
                out.append(("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.%d Safari/605.1.15"
                            % (mj, mi), k * .4, 0))
        return out
    def browser(self, mobile=None):
        c = [b for b in self.browsers if mobile is None or b[2] == mobile]; return self.r.choices(c, [b[1] for b in c])[0][0]
    def tool(self):
        r = self.r
        return r.choice(["python-requests/2.%d.%d" % (r.randint(25, 32), r.randint(0, 3)), "curl/8.%d.%d" % (r.randint(0, 14), r.randint(0, 1)),
                         "Go-http-client/1.1", "Go-http-client/2.0", "okhttp/4.%d.0" % r.randint(9, 12), "axios/1.%d.%d" % (r.randint(2, 7), r.randint(0, 9)),
                         "Java/%d.0.%d" % (r.choice([11, 17, 21]), r.randint(1, 12)), "python-httpx/0.%d.0" % r.randint(23, 28), "node-fetch/1.0",
                         "Python/3.%d aiohttp/3.%d.1" % (r.randint(9, 13), r.randint(8, 11)), "Wget/1.21.%d" % r.randint(1, 4), "Ruby", "libwww-perl/6.7"])
    def pick(self, nets):
        return self.r.choices([n for n, _ in nets], [k for _, k in nets])[0]
    # -------------------------------------------------------------- times
    def seg(self, start=None, end=None, windows=None, tz=0, weekend=1.0, outages=0):
        """Active stretches of a machine between start and end; windows are local hours."""
        r = self.r; start, end = self.t0 if start is None else start, self.t1 if end is None else end
        out, d = [], math.floor((start + tz * 3600) / DAY) * DAY - tz * 3600
        while d < end:
            wd = int((d + tz * 3600) / DAY + 3) % 7
            if wd < 5 or r.random() < weekend:
                for a, b in windows or [(0, 24)]:
                    j = 0 if windows is None else r.uniform(-.5, .5); s, e = max(start, d + (a + j) * 3600), min(end, d + (b + j) * 3600)
                    if e > s: out.append([s, e])
            d += DAY
        for _ in range(outages):
            c = r.uniform(start, end); c2 = c + r.uniform(.5, 9) * 3600; new = []
            for s, e in out:
                if c > s: new.append([s, min(e, c)])
                if c2 < e: new.append([max(s, c2), e])
            out = [x for x in new if x[1] - x[0] > 60]
        return sorted(out)
    def paced(self, n, segs, shape=1.0):
        """n times over the active stretches; shape of the gamma gaps (1 = Poisson, large = steady, small = bursts)."""
        r = self.r; g = [r.gammavariate(shape, 1) for _ in range(n + 1)]; tot, acc, lens = sum(g), 0.0, [e - s for s, e in segs]; full = sum(lens)
        cum, c = [], 0.0
        for x in lens: cum.append(c); c += x
        out = []
        for x in g[:n]: acc += x; u = acc / tot * full; k = min(len(segs) - 1, bisect.bisect_right(cum, u) - 1); out.append(segs[k][0] + u - cum[k])
        return out
    def human(self, n, tz, prof="evening", wk=1.0, start=None, end=None):
        r = self.r; start, end = self.t0 if start is None else start, self.t1 if end is None else end; ds, ws = [], []
        d = math.floor((start + tz * 3600) / DAY) * DAY - tz * 3600
        while d < end: wd = int((d + tz * 3600) / DAY + 3) % 7; ds.append(d); ws.append(wk if wd >= 5 else 1.0); d += DAY
        out, tries = [], 0
        while len(out) < n and tries < n * 8 + 40:
            tries += 1; t = r.choices(ds, ws)[0] + (r.choices(range(24), PROF[prof])[0] + r.random()) * 3600
            if start <= t < end: out.append(t)
        return sorted(out)
    # -------------------------------------------------------------- events
    def hit(self, t, acct, path, status=200, ua="-", ref="-", method="GET", size=None, dur=None, op=False, addr=None, user="-"):
        if not self.t0 <= t < self.t1: return
        if op: self.op[acct] += 1
        if size is None: size = 0 if method == "HEAD" else self.site.size(path, status)
        if dur is None: dur = math.exp(self.r.gauss(-2.9, .8)) * (.3 if path.startswith(("/static", "/img", "/media")) else 1)
        self.ev.append((t, acct, addr or acct, method, path, status, size, ua, ref, dur, user))
    def lab(self, acct, structure="", kind="lone", role="innocent", campaign=""):
        if acct not in self.labels: self.labels[acct] = [structure, kind, role, campaign]
    def new_camp(self, name, least=5, base=True):
        """A campaign; an account of it counts as findable when it has at least `least` requests of the operator."""
        cid = "%s_%s" % (name, self.word(2)); self.camp[cid] = (least, base); return cid
    # -------------------------------------------------------------- output
    def write(self, out, accounts=True):
        ev, r = self.ev, self.r; os.makedirs(os.path.join(out, "logs"), exist_ok=True)
        for i, e in enumerate(ev):
            for s, x in self.outages:
                if s <= e[0] < x and e[5] < 400 and zlib.crc32(b"%d" % i) % 10 < 9: ev[i] = e[:5] + (502, 157) + e[7:]
        recent = defaultdict(deque)
        for i in sorted(self.failed, key=lambda i: ev[i][0]) if self.guard else []:
            e = ev[i]; q = recent[e[1]]
            while q and q[0] < e[0] - 600: q.popleft()
            if len(q) >= self.guard: ev[i] = e[:5] + (429, self.site.size(e[4], 429)) + e[7:]
            else: q.append(e[0])
        ev.sort(key=lambda e: (e[0] + (0 if self.api else e[9]), e[1], e[4]))
        if self.api:
            per = Counter()
            for i, e in enumerate(ev):
                if e[5] in (200, 404):
                    d, m = (e[1], int(e[0] / DAY), 0), (e[1], int(e[0] / 60), 1)
                    if per[d] >= self.acc[e[1]]["limit_per_day"] or per[m] >= self.acc[e[1]]["limit_per_minute"]:
                        ev[i] = e[:5] + (429,) + e[6:9] + (e[9] * .2,) + e[10:]
                    else: per[d] += 1; per[m] += 1
        (self._json if self.api else self._combined)(out); seen = Counter(e[1] for e in ev); total = Counter(seen)
        with open(os.path.join(out, "labels.csv"), "w", newline="") as f:
            wr = csv.writer(f, lineterminator="\n"); wr.writerow(["account_id", "structure", "kind", "role", "campaign", "detectable"])
            for a in sorted(seen):
                s, k, role, c = self.labels[a]; det, cid = False, c
                if role == "used" and self.camp: cid = s if s in self.camp else sorted(self.camp)[0]
                if cid and role != "innocent":
                    least, base = self.camp[cid]; share = self.op[a] / total[a]; det = base and self.op[a] >= least and (role == "operator" or share >= .25)
                wr.writerow([a, s, k, role, c if role in ("operator", "mixed") else "", "true" if det else "false"])
        if self.api and accounts:
            cols = ("account_id created_at banned_at closed_at organization_id parent_id plan country email_domain payment_id signup_address device_id "
                    "reseller_id referrer limit_per_minute limit_per_day").split()
            with open(os.path.join(out, "accounts.csv"), "w", newline="") as f:
                wr = csv.writer(f, lineterminator="\n"); wr.writerow(cols)
                for a in sorted(self.acc):
                    if a in seen or self.acc[a].get("keep"): wr.writerow([self.acc[a].get(c, "") for c in cols])
    def _files(self, out, stem, parts, ext):
        """Rotation as real servers do it: newest plain, older ones numbered, the oldest packed."""
        for k, text in enumerate(reversed(parts)):
            name = stem + (".%d" % k if k else ""); data = "".join(text).encode()
            if k >= 2:
                buf = io.BytesIO()
                with gzip.GzipFile(filename="", mode="wb", fileobj=buf, mtime=0, compresslevel=6) as g: g.write(data)
                data, name = buf.getvalue(), name + ext + ".gz"
            else: name += ext
            with open(os.path.join(out, "logs", name), "wb") as f: f.write(data)
    def _combined(self, out):
        tz = dt.timezone(dt.timedelta(hours=self.off)); zs = "%s%02d%02d" % ("-" if self.off < 0 else "+", int(abs(self.off)), int(abs(self.off) % 1 * 60))
        n = self.r.choice([1, 3, 4, 6]); edges = [self.t0 + self.days * DAY * (i + 1) / n for i in range(n)]; parts, stamp = [[] for _ in range(n)], {}
        apache, h2 = self.server == "apache", self.site.salt % 3
        for t, _, addr, m, p, st, sz, ua, ref, dur, user in self.ev:
            sec = int(t if apache else t + dur)
            if sec not in stamp: stamp[sec] = dt.datetime.fromtimestamp(sec, tz).strftime("%d/%b/%Y:%H:%M:%S ") + zs
            if p.startswith("\\x") or m == "-": req = p
            else:
                two = h2 and ua.startswith("Mozilla/5.0") and "compatible" not in ua and "bot" not in ua
                req = "%s %s HTTP/%s" % (m, p, "2.0" if two else "1.1")
            size = "-" if apache and sz == 0 else "%d" % sz; q = '\\"' if apache else "\\x22"
            line = '%s - %s [%s] "%s" %d %s "%s" "%s"' % (addr, user, stamp[sec], req, st, size, ref, ua.replace('"', q))
            if self.rt: line += ' %.3f' % dur if apache else ' %.3f %s "-"' % (dur, "%.3f" % (dur * .97) if st < 499 and not p.startswith("/static") else "-")
            parts[min(n - 1, bisect.bisect_left(edges, t + dur))].append(line + "\n")
        self._files(out, "access.log", parts, "")
    def _json(self, out):
        n = self.r.choice([1, 2, 4]); edges = [self.t0 + self.days * DAY * (i + 1) / n for i in range(n)]; parts = [[] for _ in range(n)]
        net = self.r.random() < .5
        for k, (t, acct, addr, m, p, st, sz, ua, ref, dur, user) in enumerate(self.ev):
            d = {"started_at": iso(t), "account_id": acct, "client_address": addr, "method": m, "endpoint": p, "status_code": st, "user_agent": ua,
                 "latency_ms": round(dur * 1000, 1), "request_id": hashlib.md5(b"%d.%d" % (self.site.salt, k)).hexdigest()[:16]}
            if net and addr in self.net_of: d["client_asn"], d["client_country"] = self.net_of[addr].asn, self.net_of[addr].cc
            if user != "-": d["api_key_id"] = user
            parts[min(n - 1, bisect.bisect_left(edges, t))].append(json.dumps(d, separators=(",", ":")) + "\n")
        self._files(out, "gateway", parts, ".jsonl")

# ================================================================== people on a web site
def mk_person(w, net=None, prof=None, ua=None, pick=None, mobile=None):
    r = w.r
    if net is None: mobile = r.random() < .12 if mobile is None else mobile; net = w.pick(w.mobiles if mobile else w.homes)
    if ua is None: ua = w.browser(1 if net.kind == "mobile" else None)
    p = {"tz": net.tz, "prof": prof or r.choices(["evening", "mobile", "office", "night"], [5, 3, 2, .6])[0], "ua": ua, "cold": True,
         "name": w.login_name(), "member": r.random() < .35, "taste": r.choice(w.site.cats)}
    if pick is None:
        a = net.addr(v6=r.random() < .09); p["addr"] = a
        if p["member"]: w.members.append(p["name"])
        pick = lambda t, a=a: a
    p["pick"] = pick; return p

def visit(w, p, t, pages=None, login=None, buy=0.0, ref=None, first=None, per_req=False, lab=None):
    """One human session: pages with think time, their assets, sometimes sign-in or an order."""
    r, s = w.r, w.site; base = p["pick"](t); ad = (lambda: p["pick"](t)) if per_req else (lambda: base); own = "https://" + s.host
    def go(path, status=200, ref="-", method="GET", **k):
        a = ad()
        if lab: w.lab(a, *lab)
        w.hit(t, a, path, status, p["ua"], ref, method, **k)
    n = pages or min(30, 1 + int(r.expovariate(1 / r.choice([1.5, 3, 5]))))
    prev = ref if ref is not None else r.choice(["-", "-", "https://search.%s/" % ("example" if s.salt & 1 else "test"), "https://social.example/",
                                                 "https://mail.example/"])
    for k in range(n):
        u = r.random(); img = None
        if k == 0 and first: path, st = first, 200
        elif k == 0 and u < .4: path, st = "/", 200
        elif u < .25: path, st = s.cat(), 200
        elif u < .4: path, st = s.search(), 200
        elif u < .98: i = s.hot(); path, st, img = s.item(i), s.istat(i), i
        else: path, st = "/" + w.word(2), 404
        go(path, st, prev); full = own + path
        if w.assets:
            if p["cold"] or r.random() < .03:
                for x in s.assets:
                    if r.random() < .9: t += r.uniform(.01, .25); go(x, 200, full)
                p["cold"] = False
            if img is not None and st == 200: t += r.uniform(.01, .3); go(s.imgp.format(s.first + img), 200 if r.random() < .85 else 304, full)
        if img is not None and r.random() < .2: t += r.uniform(.1, .6); go(s.xhr.format(s.first + img), 200, full)
        prev = full; t += r.lognormvariate(2.9, 1.0)
    if login if login is not None else (p["member"] and r.random() < .3):
        go(s.login, 200, prev); t += r.uniform(4, 25); fails = 0
        while r.random() < (.13 if fails == 0 else .4) and fails < 4:
            sign_in(w, ad(), t, p["ua"], p["name"], False, own + s.login, lab=lab); fails += 1; t += r.uniform(5, 40)
        if fails < 3:
            sign_in(w, ad(), t, p["ua"], p["name"], True, own + s.login, lab=lab); t += r.uniform(.2, 2); go(s.account, 200, own + s.login)
            t += r.uniform(5, 60)
    if r.random() < buy: t = order(w, p, t, ad, own, declined=.05, lab=lab)
    return t

def sign_in(w, a, t, ua, name, ok, ref="-", lab=None, op=False, status=None):
    s = w.site
    if lab: w.lab(a, *lab)
    path = s.login + ("?%s=%s" % (s.userkey, name) if s.login_q else ""); st = status or (302 if ok else s.login_fail)
    size = s.size(s.login + ("/ok" if ok else "/failed"), st) if st in (200, 302) else s.size(path, st)
    w.hit(t, a, path, st, ua, ref, "POST", size=size, op=op, dur=math.exp(w.r.gauss(-1.6, .4)))
    if not ok and not op and w.ev: w.failed.append(len(w.ev) - 1)

def order(w, p, t, ad, own, declined=.05, item=None, cheap=False, op=False, lab=None, tries=1):
    r, s = w.r, w.site
    def go(path, status, ref, method="GET"):
        a = ad()
        if lab: w.lab(a, *lab)
        w.hit(t, a, path, status, p["ua"], ref, method, op=op)
    i = s.hot() if item is None else item
    go("/cart/add?id=%d&qty=%d" % (s.first + i, 1 if cheap else r.choice([1, 1, 1, 2, 3])), 302, own + s.item(i), "POST"); t += r.uniform(.3, 4)
    go("/cart", 200, own + s.item(i)); t += r.uniform(2, 40); go("/checkout", 200, own + "/cart"); t += r.uniform(8, 120) if not op else r.uniform(2, 15)
    left = tries if tries > 1 else (1 if r.random() > declined else r.choice([1, 2, 2, 3])); okay = False
    while left > 0:
        bad = r.random() < (declined if op or left == tries else .5); go("/checkout/payment", 402 if bad else 303, own + "/checkout", "POST"); left -= 1
        t += r.uniform(3, 30) if op else r.uniform(15, 90)
        if not bad:
            okay = True
            if not op or r.random() < .85: break
    if okay: go("/order/thanks", 200, own + "/checkout/payment")
    return t

def people(w, n, mean=4.0, buy=.04, login=None):
    """Independent visitors of the site, each with own device, network, hours and activity; some change address."""
    r = w.r
    for _ in range(n):
        p = mk_person(w); k = min(120, 1 + int(r.lognormvariate(math.log(mean) - .6, 1.1))); lab = None
        if r.random() < .1:
            net, st = w.net_of[p["addr"]], w.nid("mover")
            if r.random() < .5:
                cuts = sorted(r.uniform(w.t0, w.t1) for _ in range(r.randint(1, 4))); ads = [p["addr"]] + [net.addr() for _ in cuts]
                p["pick"] = lambda t, c=cuts, a=ads: a[bisect.bisect(c, t)]
            else:
                mob = w.pick([m for m in w.mobiles if m[0].cc == net.cc] or w.mobiles); ads = [p["addr"]] + [mob.addr() for _ in range(r.randint(1, 3))]
                p["pick"] = lambda t, a=ads: a[int(t / 7000) % len(a)]
            lab = (st, "person_several_addresses")
        s, e = w.t0, w.t1
        if r.random() < .3: s = r.uniform(w.t0, w.t1 - DAY); e = min(w.t1, s + r.expovariate(1 / 5) * DAY + 3600)
        for t in w.human(k, p["tz"], p["prof"], r.uniform(.5, 1.6), s, e): visit(w, p, t, login=login, buy=buy, lab=lab or ("", "lone"))

def lone_machines(w, n):
    """Small programs of unrelated people: feed readers, watchers of one page, stuck clients, hobby readers."""
    r, s = w.r, w.site
    for _ in range(n):
        net = w.pick(w.homes if r.random() < .6 else w.hosts); a, tz = net.addr(v6=r.random() < .06), net.tz; k = r.random()
        if k < .35:
            every = r.choice([900, 1800, 1800, 3600, 3600, 7200, 14400, 43200]); w.lab(a, "", "lone_feed_reader")
            ua, t = "%s/%d.%d (feed reader)" % (w.brand(), r.randint(1, 6), r.randint(0, 9)), w.t0 + r.uniform(0, every)
            every = max(every, w.days * DAY / 140)
            while t < w.t1:
                w.hit(t, a, s.feed, 304 if r.random() < .75 else 200, ua); t += every + r.uniform(-3, 9)
                if r.random() < .01: t += r.uniform(0, DAY)
        elif k < .6:
            w.lab(a, "", "lone_page_watch"); every, items, ua = r.choice([1800, 3600, 10800, 21600, DAY]), [s.hot() for _ in range(r.randint(1, 5))], w.tool()
            every = max(every, w.days * DAY * len(items) / 120); t, e = r.uniform(w.t0, w.t0 + (w.t1 - w.t0) * .7), r.uniform(w.t0 + (w.t1 - w.t0) * .5, w.t1)
            while t < e:
                for i in items: w.hit(t, a, s.item(i), s.istat(i), ua); t += r.uniform(.3, 3)
                t = t + every
        elif k < .72:
            w.lab(a, "", "lone_stuck_client"); ua, name = "%sSync/%d.%d" % (w.brand(), r.randint(1, 9), r.randint(0, 20)), w.login_name()
            every, t, e = r.choice([1800, 3600, 7200]), r.uniform(w.t0, w.t1 - DAY * 3), 0; e = t + r.uniform(.5, 5) * DAY
            while t < e: sign_in(w, a, t, ua, name, False); t += every + r.gauss(0, 5)
        elif k < .9:
            w.lab(a, "", "lone_hobby_reader"); ua, t = w.tool(), w.human(1, tz); i0, m = r.randrange(s.n), r.randint(30, 260); t = t[0] if t else w.t0 + DAY
            gap = r.choice([.3, 1, 2, 5, 10])
            for i in range(m): j = (i0 + i) % s.n; w.hit(t, a, s.item(j), s.istat(j), ua); t += gap * r.uniform(.8, 1.6)
        else:
            w.lab(a, "", "lone_archiver"); ua = "%sArchive/1.%d (+https://%s.example)" % (w.brand(), r.randint(0, 9), w.word(2))
            for t in w.human(r.randint(2, 9), tz, "night"):
                for _ in range(r.randint(3, 25)): w.hit(t, a, r.choice(["/", s.cat(), s.item(s.hot())]), 200, ua); t += r.uniform(1, 6)

def scanners(w, n, heavy=1.0):
    """Scattered, unrelated scanners: popular tools and word lists, so many look alike."""
    r = w.r; lists = [r.sample(PROBES, r.randint(8, len(PROBES))) for _ in range(6)]
    uas = ["-", "Mozilla/5.0", "Mozilla/5.0 %s/0.x" % w.brand().lower(), "Go-http-client/1.1", "python-requests/2.27.1", w.browser(0), w.browser(0),
           "%s-scan/1.%d" % (w.brand().lower(), r.randint(0, 9))]
    for _ in range(n):
        a = w.pick(w.hosts if r.random() < .6 else w.homes).addr(); w.lab(a, "", "lone_scanner")
        ls, ua, runs = r.choice(lists), r.choice(uas), min(12, int(r.paretovariate(1.3)))
        for _ in range(runs):
            t = r.uniform(w.t0, w.t1)
            if r.random() < .2:
                w.hit(t, a, r.choice(["\\x16\\x03\\x01\\x00\\xEE\\x01", "-", "\\x05\\x01\\x00"]), 400, "-", method="-", size=157, dur=.05); continue
            ps = ls[:max(1, min(len(ls), int(r.paretovariate(.8) * heavy)))]
            if r.random() < .3: ps = ["/"] + ps[:1]
            for p in ps:
                w.hit(t, a, p, 200 if p in ("/", "/robots.txt", "/favicon.ico") else 404 if r.random() < .93 else 403, ua,
                      method="HEAD" if r.random() < .05 else "GET"); t += r.choice([.05, .2, 1, 5]) * r.uniform(.7, 1.5)

# ================================================================== innocent structures of the web
def own_net(w, kind, span=1, blocks=1, tz=None):
    cc, z = w.r.choice(w.places); return Net(w, kind, cc, z if tz is None else tz, span, blocks)

def s_crawler(w, budget=None):
    r, s = w.r, w.site; net, b, st = own_net(w, "crawler", r.choice([1, 2, 8]), r.choice([1, 2])), w.brand(), w.nid("crawler")
    ads = [net.addr() for _ in range(r.randint(6, 40))]
    ua = "Mozilla/5.0 (compatible; %sBot/%d.%d; +https://%s.example/bot.html)" % (b, r.randint(1, 3), r.randint(0, 9), b.lower())
    n = budget or r.randint(1500, 4500); seen, mode, cur = {}, r.choice(["random", "lease", "weighted"]), ads[0]; wt = [r.paretovariate(1.2) for _ in ads]
    frontier = list(range(s.n)); r.shuffle(frontier); k = 0
    for t in w.paced(n, w.seg(outages=r.randint(0, 2)), r.choice([.3, .6, 1])):
        if mode == "random": cur = r.choice(ads)
        elif mode == "weighted": cur = r.choices(ads, wt)[0]
        elif r.random() < .08: cur = r.choice(ads)
        w.lab(cur, st, "search_crawler")
        if seen.get(cur) != int(t / DAY): seen[cur] = int(t / DAY); w.hit(t - 2, cur, "/robots.txt", 200, ua)
        u = r.random()
        if u < .6: i = frontier[k % s.n] if r.random() < .6 else s.hot(); k += 1; w.hit(t, cur, s.item(i), s.istat(i) if r.random() < .88 else 304, ua)
        elif u < .9: w.hit(t, cur, s.cat(), 200 if r.random() < .8 else 304, ua)
        elif u < .95: w.hit(t, cur, "/sitemap.xml", 200, ua)
        else: w.hit(t, cur, "/", 200, ua)

def s_monitor(w, every=None, places=20):
    r = w.r; st, b = w.nid("monitor"), w.brand(); ads = []
    for _ in range(places): ads.append(w.pick(w.hosts).addr())
    ua = "%sProbe/%d.%d (+https://%s.example/probes)" % (b, r.randint(1, 4), r.randint(0, 9), b.lower()); every = every or r.choice([300, 600, 900])
    path, method = r.choice(["/", "/healthz", "/status", w.site.cat()]), r.choice(["GET", "HEAD"]); rot = r.choice(["rotation", "random", "permuted"])
    t, k, perm = w.t0 + r.uniform(0, 60), 0, ads[:]
    while t < w.t1:
        if rot == "permuted" and k % places == 0: r.shuffle(perm)
        a = r.choice(ads) if rot == "random" else perm[k % places]; w.lab(a, st, "monitoring"); w.hit(t + r.uniform(0, .8), a, path, 200, ua, method=method)
        if any(x <= t < y for x, y in w.outages):
            for b2 in r.sample(ads, 3): w.lab(b2, st, "monitoring"); w.hit(t + r.uniform(1, 9), b2, path, 200, ua, method=method)
        k, t = k + 1, t + every

def s_uptime(w):
    r = w.r; st, b, net = w.nid("uptime"), w.brand(), own_net(w, "host"); ads = [net.addr() for _ in range(r.randint(2, 5))]
    t, every = w.t0 + r.uniform(0, 300), r.choice([600, 900, 1200])
    while t < w.t1:
        a = r.choice(ads); w.lab(a, st, "uptime_service")
        w.hit(t + r.gauss(0, .5), a, "/", 200, "Mozilla/5.0+(compatible; %s/2.0; https://%s.example/)" % (b, b.lower()), method="HEAD"); t += every

def s_cdn(w):
    r = w.r; st, b, net = w.nid("cdn"), w.brand(), own_net(w, "cdn", 2, 2)
    for _ in range(r.randint(5, 12)):
        a, t, every = net.addr(), w.t0 + r.uniform(0, 600), r.choice([1800, 3600]); w.lab(a, st, "cdn_health")
        while t < w.t1: w.hit(t, a, "/healthz", 200, "%s-Edge-HealthCheck/1.0" % b, size=2, dur=.002); t += every + r.gauss(0, .2)

def s_office(w, n=None, budget=5):
    r = w.r; st, net = w.nid("office"), own_net(w, "office", tz=w.off if r.random() < .7 else None); ads = [net.addr() for _ in range(r.choice([1, 1, 2, 3]))]
    std = w.browser(0)
    for _ in range(n or r.randint(25, 110)):
        p = mk_person(w, net, "office", std if r.random() < .7 else w.browser(0), pick=lambda t: r.choice(ads))
        for t in w.human(1 + int(r.expovariate(1 / budget)), p["tz"], "office", .08): visit(w, p, t, lab=(st, "office_nat"), buy=.02)

def s_pwday(w, n=None):
    """A firm whose passwords expired on one morning: many failed sign-ins from its few exits."""
    r = w.r; st, net = w.nid("pwday"), own_net(w, "office", tz=w.off); ads = [net.addr() for _ in range(r.randint(2, 12))]
    day = w.t0 + DAY * r.randint(3, w.days - 3) - w.off * 3600; ua = w.browser(0)
    for _ in range(n or r.randint(60, 160)):
        p = mk_person(w, net, "office", ua, pick=lambda t: r.choice(ads))
        for t in w.human(r.randint(1, 4), w.off, "office", .05): visit(w, p, t, pages=r.randint(1, 4), login=True, lab=(st, "password_day"))
        t, a = day + r.gauss(8.8, .6) * 3600, p["pick"](0); w.lab(a, st, "password_day"); w.hit(t, a, w.site.login, 200, ua)
        for _ in range(r.randint(1, 5)): t += r.uniform(6, 60); sign_in(w, a, t, ua, p["name"], False, lab=(st, "password_day"))
        sign_in(w, a, t + r.uniform(60, 900), ua, p["name"], True, lab=(st, "password_day"))

def s_carrier(w, n=None, mean=3):
    r = w.r; net, st = w.pick(w.mobiles), w.nid("carrier"); ads = [net.addr() for _ in range(r.randint(6, 32))]; per_req = r.random() < .4
    for _ in range(n or r.randint(100, 260)):
        p = mk_person(w, net, "mobile", w.browser(1), pick=lambda t: r.choice(ads))
        for t in w.human(1 + int(r.expovariate(1 / mean)), net.tz, "mobile", 1.2): visit(w, p, t, lab=(st, "carrier_nat"), buy=.02, per_req=per_req)

def s_proxyvendor(w, n=None):
    """People of many firms behind the exits of one security vendor."""
    r = w.r; st, net = w.nid("proxyvendor"), own_net(w, "proxy", 2, 2); ads = [net.addr() for _ in range(r.randint(8, 26))]
    for _ in range(r.randint(8, 20)):
        tz, std, near = r.choice(w.places)[1], w.browser(0), r.sample(ads, r.randint(2, 5))
        for _ in range(n or r.randint(5, 18)):
            p = mk_person(w, net, "office", std, pick=lambda t, near=near: r.choice(near)); p["tz"] = tz
            for t in w.human(1 + int(r.expovariate(1 / 3)), tz, "office", .1): visit(w, p, t, lab=(st, "corporate_proxy_vendor"), buy=.02)

def s_univ(w):
    r, s = w.r, w.site; st, net = w.nid("university"), own_net(w, "campus", 3, tz=w.off); ads = [net.addr() for _ in range(r.randint(3, 9))]
    due = w.t0 + DAY * r.randint(6, w.days - 1) - w.off * 3600 + 23 * 3600; task = [s.hot() for _ in range(r.randint(10, 40))]
    for _ in range(r.randint(40, 90)):
        p = mk_person(w, net, "mobile", pick=lambda t: r.choice(ads))
        for t in w.human(r.randint(1, 4), w.off, "mobile", .5): visit(w, p, t, lab=(st, "university"))
        t, script = due - r.expovariate(1 / 1.6) * DAY, r.random() < .25; a, ua = p["pick"](t), w.tool() if script else p["ua"]; w.lab(a, st, "university")
        for i in task if r.random() < .7 else r.sample(task, len(task) // 2):
            w.hit(t, a, s.item(i), s.istat(i), ua); t += r.uniform(.5, 2) if script else r.lognormvariate(3, .8)

def s_rss(w):
    r, s = w.r, w.site; st, b, net = w.nid("rss"), w.brand(), own_net(w, "host", 1); ads = [net.addr() for _ in range(r.randint(3, 8))]
    every, subs = r.choice([900, 1800]), r.randint(20, 900); t = w.t0 + r.uniform(0, every)
    while t < w.t1:
        a = r.choice(ads); w.lab(a, st, "rss_service")
        w.hit(t, a, s.feed, 304 if r.random() < .8 else 200, "%s/1.0 (+https://%s.example; %d subscribers)" % (b, b.lower(), subs + int((t - w.t0) / DAY)))
        t += every * r.uniform(.95, 1.05)
    ua = "%sReader/%d.%d" % (w.brand(), r.randint(2, 6), r.randint(0, 9))
    for _ in range(r.randint(15, 50)):
        net = w.pick(w.homes); a, on = net.addr(), r.choice([3600, 7200, 14400]); w.lab(a, "", "popular_feed_app")
        for t in w.human(r.randint(10, 50), net.tz, "mobile"):
            w.hit(t - t % on + r.uniform(0, 40) if r.random() < .5 else t, a, s.feed, 304 if r.random() < .7 else 200, ua)

def s_app(w, n=None, mean=5, release=False):
    """Users of the site's own app: same program version, other people."""
    r, s = w.r, w.site; b, st = w.word(2).capitalize(), w.nid("app"); v = [r.randint(2, 7), r.randint(0, 20), r.randint(0, 9)]
    old = "%s/%d.%d.%d (Android; okhttp/4.12.0)" % (b, *v); new = "%s/%d.%d.%d (Android; okhttp/4.12.0)" % (b, v[0], v[1] + 1, 0)
    rel = w.t0 + DAY * r.uniform(4, w.days - 5)
    for _ in range(n or r.randint(80, 220)):
        net = w.pick(w.mobiles if r.random() < .5 else w.homes); a = net.addr(); w.lab(a, st, "app_users")
        upd = rel + r.expovariate(1 / 1.2) * DAY if release else 1e12; times = w.human(1 + int(r.expovariate(1 / mean)), net.tz, "mobile", 1.1)
        if release: times = sorted(times + [upd + r.uniform(5, 60)])
        first = True
        for t in times:
            ua = new if t > upd else old; w.hit(t, a, "/api/app/v3/home", 200, ua)
            if release and t > upd and first:
                first = False
                for _ in range(r.randint(1, 4)): t += r.uniform(.5, 4); w.hit(t, a, "/api/app/v3/token/refresh", 401, ua, method="POST")
                t += r.uniform(8, 40); w.hit(t, a, "/api/app/v3/signin", 200, ua, method="POST")
            for _ in range(1 + int(r.expovariate(1 / 4))):
                t += r.lognormvariate(2.5, .9)
                w.hit(t, a, r.choice(["/api/app/v3/items/%d" % (s.first + s.hot()), "/api/app/v3/list?cat=%s" % r.choice(s.cats), "/api/app/v3/me"]), 200, ua)
def s_release(w): s_app(w, w.r.randint(150, 320), 3, True)

def s_partner(w):
    r = w.r; st, net, b = w.nid("partner"), own_net(w, "host"), w.brand(); ads, k, every = [net.addr() for _ in range(5)], 0, r.choice([300, 600, 900])
    rot, cursor, t = r.random() < .5, r.randint(10 ** 5, 10 ** 6), w.t0 + r.uniform(0, 300)
    while t < w.t1:
        a = ads[k % 5] if rot else r.choice(ads); w.lab(a, st, "partner_integration")
        w.hit(t + r.uniform(0, 2), a, "/api/v1/orders/changes?since=%d" % cursor, 200, "%s-Connect/2.%d" % (b, w.site.salt % 9), user=b.lower())
        cursor, k, t = cursor + r.randint(0, 9), k + 1, t + every

def s_previews(w):
    r, s = w.r, w.site; st, b, net = w.nid("preview"), w.brand(), own_net(w, "host", 4, 2); ads = [net.addr() for _ in range(r.randint(10, 30))]
    for t in w.human(r.randint(60, 200), w.off, "mobile"):
        path = s.item(s.hot())
        for _ in range(1 + int(r.paretovariate(1.1)) % 12):
            a = r.choice(ads); w.lab(a, st, "link_preview"); w.hit(t, a, path, 200, "%sExternalPreview/1.1 (+https://%s.example/preview)" % (b, b.lower()))
            t += r.expovariate(1 / 400)

def s_seo(w):
    r, s = w.r, w.site; st, b, net = w.nid("seo"), w.brand(), own_net(w, "host", 4, 1); ads = [net.addr() for _ in range(r.randint(4, 14))]
    ua = "Mozilla/5.0 (compatible; %sSiteAudit/%d.0; +https://%s.example/audit)" % (b, r.randint(1, 6), b.lower())
    for _ in range(r.randint(1, 3)):
        t, i0, m = r.uniform(w.t0, w.t1 - DAY), r.randrange(s.n), r.randint(400, 1500); w.lab(ads[0], st, "seo_tool")
        w.hit(t, ads[0], "/robots.txt", 200, ua); w.hit(t + 1, ads[0], "/sitemap.xml", 200, ua)
        for k in range(m):
            a, i, t = ads[k % len(ads)] if r.random() < .9 else r.choice(ads), (i0 + k) % s.n, t + r.expovariate(1 / 6) + .5; w.lab(a, st, "seo_tool")
            w.hit(t, a, s.item(i), s.istat(i), ua)

def s_price(w):
    """A price comparison partner under contract: it reads the whole assortment, openly, at night."""
    r, s = w.r, w.site; st, b, net = w.nid("pricepartner"), w.brand(), own_net(w, "host"); ads, tok = [net.addr() for _ in range(r.randint(4, 10))], b.lower()
    ua = "%sPriceFeed/1.%d (contract %d; ops@%s.example)" % (b, r.randint(0, 9), r.randint(1000, 9999), tok)
    ids = r.sample(range(s.n), min(s.n, r.randint(150, 400))); mode, h = r.choice(["rotation", "random", "shard"]), r.randint(0, 5)
    for d in range(0, w.days, 1 if len(ids) < 250 else 2):
        t = w.t0 + d * DAY + (h - w.off) * 3600
        for k, i in enumerate(ids):
            a = {"rotation": ads[k % len(ads)], "random": r.choice(ads), "shard": ads[k * len(ads) // len(ids)]}[mode]; w.lab(a, st, "price_partner")
            w.hit(t, a, s.item(i) + ("&" if "?" in s.item(i) else "?") + "partner=" + tok, s.istat(i), ua, user=tok if w.site.salt % 4 == 0 else "-")
            t += r.expovariate(1 / 12)

def s_research(w, n=None):
    r = w.r; st, b, net = w.nid("research"), w.brand(), own_net(w, "research", 1, r.choice([2, 3]))
    ua = "Mozilla/5.0 (compatible; %sResearch/1.%d; +https://scan.%s.example/opt-out)" % (b, r.randint(0, 9), b.lower())
    for a in [net.addr() for _ in range(n or r.randint(30, 150))]:
        w.lab(a, st, "research_scanner")
        for _ in range(r.randint(1, 8)):
            t = r.uniform(w.t0, w.t1); w.hit(t, a, r.choice(["/", "/", "/.well-known/security.txt", "/robots.txt", "/favicon.ico"]), 200, ua)
WEB = dict(crawler=s_crawler, monitor=s_monitor, uptime=s_uptime, cdn=s_cdn, office=s_office, pwday=s_pwday, carrier=s_carrier, proxyvendor=s_proxyvendor,
           univ=s_univ, rss=s_rss, app=s_app, release=s_release, partner=s_partner, previews=s_previews, seo=s_seo, price=s_price, research=s_research)

def surroundings(w, must=(), extra=4, lone=None, mean=3.5, buy=.04, scan=None, not_=()):
    r = w.r; people(w, lone or r.randint(270, 430), mean, buy); lone_machines(w, r.randint(30, 70)); scanners(w, r.randint(15, 60) if scan is None else scan)
    rest = [k for k in WEB if k not in must and k not in not_]
    for k in list(must) + r.sample(rest, min(extra, len(rest))): WEB[k](w)

# ================================================================== operators on a web site
class Pool:
    """Addresses an operator sends from, and the rule by which the next one is taken."""
    def __init__(self, w, addrs, policy, ua_mode=None, lease=900):
        r = w.r; self.w, self.a, self.policy, self.lease = w, list(addrs), policy, lease; self.k, self.cur, self.until, self.perm = 0, {}, {}, []
        self.ua_mode = ua_mode or r.choice(["one", "per_addr", "per_addr", "per_req"]); self.one = w.tool() if r.random() < .35 else w.browser(0)
        self.bag = [w.browser(r.choice([0, 0, 1])) for _ in range(r.randint(4, 24))]; self.fix = {}
    def ua(self, a):
        if self.ua_mode == "one": return self.one
        if self.ua_mode == "per_req": return self.w.r.choice(self.bag)
        return self.fix.setdefault(a, self.w.r.choice(self.bag))
    def next(self, t, worker=0):
        r, a = self.w.r, self.a
        if self.policy == "random": return r.choice(a)
        if self.policy == "rotation": self.k += 1 if r.random() < .97 else 2; return a[self.k % len(a)]
        if self.policy == "permuted":
            if not self.perm: self.perm = r.sample(a, len(a))
            return self.perm.pop()
        if t > self.until.get(worker, 0) or self.cur.get(worker) not in a:
            self.cur[worker] = r.choice(a); self.until[worker] = t + r.uniform(.6, 1.4) * self.lease
        return self.cur[worker]

def hosted(w, n, providers=None):
    nets = w.r.sample([x for x, _ in w.hosts], min(len(w.hosts), providers or w.r.randint(3, 8))); return [w.r.choice(nets).addr() for _ in range(n)]

def stuffing(w, pool, cid, n, kind="signin_pool"):
    """One list of names, tried in the order of the list; a guard of the site limits failures per address."""
    r, s = w.r, w.site; victims = set(r.sample(w.members, min(len(w.members) // 2, int(n * r.uniform(.0005, .006)))))
    names = [w.login_name() for _ in range(n - len(victims))] + sorted(victims); r.shuffle(names)
    if r.random() < .6: names.sort()
    start = w.t0 + r.uniform(1.5, 5) * DAY; end = min(w.t1, start + r.uniform(.45, .9) * (w.t1 - start))
    win = r.choice([None, None, [(20, 29)], [(0, 7), (12, 15)]])
    times = w.paced(n, w.seg(start, end, win, r.choice(w.places)[1], outages=r.randint(0, 3)), r.choice([.5, 1, 3]))
    limit, token, workers = r.randint(6, 12), r.random() < .5, r.randint(4, 24); w.guard = limit; recent = defaultdict(deque)
    for k, (t, name) in enumerate(zip(times, names)):
        for _ in range(3):
            a = pool.next(t, k % workers); w.lab(a, cid, kind, "operator", cid); ua = pool.ua(a); q = recent[a]
            while q and q[0] < t - 600: q.popleft()
            if len(q) >= limit: sign_in(w, a, t, ua, name, False, op=True, status=429); t += r.uniform(.5, 4); continue
            if token: w.hit(t, a, s.login, 200, ua, op=True); t += r.uniform(.2, 1.2)
            ok = name in victims and r.random() < .7; sign_in(w, a, t, ua, name, ok, "https://%s%s" % (s.host, s.login) if token else "-", op=True)
            if ok: w.hit(t + r.uniform(.3, 2), a, s.account, 200, ua, op=True)
            else: q.append(t)
            break

def reader(w, pool, cid, ids, segs, shape=1.0, kind="reader_pool", path=None, retry=.02, ref=False, block=None):
    """A queue of pages read once each; the pool decides who fetches which."""
    r, s = w.r, w.site; path = path or s.item; times = w.paced(len(ids), segs, shape); workers = r.randint(3, 16)
    for k, (t, i) in enumerate(zip(times, ids)):
        a = pool.a[(k // block) % len(pool.a)] if block else pool.next(t, k % workers); w.lab(a, cid, kind, "operator", cid); ua = pool.ua(a)
        if r.random() < retry:
            w.hit(t, a, path(i), r.choice([429, 503, 500, 499]), ua, op=True); t += r.uniform(1, 20)
            a = pool.a[(k // block) % len(pool.a)] if block else pool.next(t, k % workers); w.lab(a, cid, kind, "operator", cid); ua = pool.ua(a)
        w.hit(t, a, path(i), s.istat(i), ua, "https://%s/" % s.host if ref else "-", op=True)

def op_segs(w, lead=None):
    """When the operator's machine runs: round the clock or by windows, from some day on."""
    r = w.r; start = w.t0 + (r.uniform(.5, 5) if lead is None else lead) * DAY; end = start + r.uniform(.6, 1.0) * (w.t1 - start)
    win = r.choice([None, None, [(1, 9)], [(8, 20)], [(0, 6), (13, 19)]]); return w.seg(start, end, win, r.choice(w.places)[1], outages=r.randint(0, 3))

# ------------------------------------------------------------------ scenarios: web, with a group
def stuffing_visible(seed):
    w = World("stuffing_visible", seed); w.site.login_q = True; surroundings(w, ["pwday", "office", "crawler"], 4, lone=w.r.randint(380, 440))
    cid = w.new_camp("signin"); stuffing(w, Pool(w, hosted(w, 150), w.r.choice(["random", "rotation", "permuted"])), cid, w.r.randint(9000, 17000)); return w

def stuffing_hidden(seed):
    w = World("stuffing_hidden", seed); surroundings(w, ["pwday", "carrier", "release"], 3, lone=w.r.randint(380, 440)); cid = w.new_camp("signin")
    stuffing(w, Pool(w, hosted(w, 150), w.r.choice(["random", "rotation", "sticky"]), lease=w.r.choice([120, 600])), cid, w.r.randint(9000, 17000)); return w

def stuffing_home(seed):
    """The exits are homes: most never see the site otherwise, some households also visit it (role used)."""
    w = World("stuffing_home", seed); r = w.r; w.site.login_q = r.random() < .5; surroundings(w, ["carrier", "pwday", "app"], 3, lone=r.randint(330, 430))
    cid = w.new_camp("signin", least=6); n = r.randint(450, 1100); exits = []
    lived = [a for a in sorted(w.labels) if w.labels[a][1] == "lone" and w.net_of[a].kind == "home"]
    for a in r.sample(lived, min(len(lived), int(n * r.uniform(.05, .12)))): w.labels[a] = [cid, "household_used_as_exit", "used", ""]; exits.append(a)
    exits += [w.pick(w.homes).addr() for _ in range(n - len(exits))]; r.shuffle(exits)
    pool = Pool(w, exits, r.choice(["random", "sticky"]), r.choice(["per_req", "per_addr"]), lease=r.choice([180, 600]))
    stuffing(w, pool, cid, r.randint(7000, 13000)); return w

def reader_random(seed):
    w = World("reader_random", seed); r, s = w.r, w.site; surroundings(w, ["crawler", "seo", "price"], 4); cid = w.new_camp("catalogue")
    ids = list(range(s.n))
    if r.random() < .4: r.shuffle(ids)
    reader(w, Pool(w, hosted(w, 80), "random"), cid, ids * r.choice([1, 2, 2]), op_segs(w), r.choice([.5, 1, 4])); return w

def reader_sitemap(seed):
    """The site map, in its order, dealt out by rotation."""
    w = World("reader_sitemap", seed, kind=w_kind(seed, ["news", "shop", "directory"])); r, s = w.r, w.site
    surroundings(w, ["crawler", "seo", "rss", "monitor"], 3); cid = w.new_camp("sitemap"); n = r.randint(30, 120)
    pool = Pool(w, hosted(w, n) if r.random() < .6 else [w.pick(w.homes).addr() for _ in range(n)], r.choice(["rotation", "rotation", "permuted"]))
    ids = sorted(range(s.n), key=lambda i: (i % len(s.cats), s.slug(i))) if r.random() < .5 else list(range(s.n))[::-1]; segs = op_segs(w); a = pool.a[0]
    w.lab(a, cid, "reader_pool", "operator", cid); w.hit(segs[0][0] - 30, a, "/sitemap.xml", 200, pool.ua(a), op=True)
    reader(w, pool, cid, ids * r.choice([1, 2]), segs, r.choice([1, 3, 8]), ref=r.random() < .3); return w
def w_kind(seed, kinds): return kinds[zlib.crc32(b"kind%d" % int(seed)) % len(kinds)]

def reader_refilled(seed):
    """A guard blocks addresses (403 from then on); the operator drops them and puts fresh ones in."""
    w = World("reader_refilled", seed); r, s = w.r, w.site; surroundings(w, ["crawler", "carrier", "price"], 4); cid = w.new_camp("refill")
    size = r.randint(20, 50); home = r.random() < .4; new = (lambda: w.pick(w.homes).addr()) if home else (lambda: hosted(w, 1, 5)[0])
    pool = Pool(w, [new() for _ in range(size)], r.choice(["random", "rotation"])); ids = deque(i for _ in range(3) for i in range(s.n))
    n = r.randint(9000, 18000); times = w.paced(n, op_segs(w, r.uniform(.5, 2.5)), r.choice([1, 3]))
    blocked, count, fails, due = set(), Counter(), Counter(), []; limit = r.randint(60, 240); lag = r.choice([30, 600, 3600, 10800]); review = None
    for t in times:
        day = math.floor((t + w.off * 3600 - 9 * 3600) / DAY)
        if review is not None and day != review:          # somebody looks at the busiest addresses each morning
            for a in r.sample(pool.a, int(len(pool.a) * r.uniform(0, .35))): blocked.add(a)
        review = day
        while due and due[0] <= t: due.pop(0); pool.a.append(new())
        if not pool.a: continue
        a = pool.next(t); w.lab(a, cid, "reader_pool", "operator", cid)
        if not ids: break
        i = ids.popleft()
        if a in blocked:
            w.hit(t, a, s.item(i), 403, pool.ua(a), op=True); ids.appendleft(i); fails[a] += 1
            if fails[a] >= r.randint(1, 4): pool.a.remove(a); bisect.insort(due, t + r.expovariate(1 / lag))
            continue
        w.hit(t, a, s.item(i), s.istat(i), pool.ua(a), op=True); count[a] += 1
        if count[a] > limit * r.uniform(.5, 2.5): blocked.add(a)
    # the same guard meets other people too: hobby readers and scanners for good, one shared exit for some hours
    shared = [a for a in sorted(w.labels) if w.labels[a][1] in ("carrier_nat", "office_nat", "corporate_proxy_vendor")]
    wrong, tb, n = r.sample(shared, min(2, len(shared))), r.uniform(w.t0 + 3 * DAY, w.t1 - DAY), Counter()
    for j in sorted(range(len(w.ev)), key=lambda j: w.ev[j][0]):
        e = w.ev[j]; n[e[1]] += w.labels[e[1]][1] in ("lone_hobby_reader", "lone_scanner")
        if n[e[1]] > limit * 1.2 or (e[1] in wrong and tb < e[0] < tb + 5 * 3600): w.ev[j] = e[:5] + (403, s.size("", 403)) + e[7:]
    return w

def reader_mixed_nodes(seed):
    """An operator who rents out his exits as a private network service reads the catalogue over the same exits."""
    w = World("reader_mixed_nodes", seed); r, s = w.r, w.site; surroundings(w, ["proxyvendor", "carrier", "office"], 4)
    cid = w.new_camp("vpnreader", least=15); ads = hosted(w, r.randint(30, 60), 3); share = r.choice([.2, .4, .6]); n = r.randint(5000, 9000); customers = 0
    while customers < n * (1 - share) / share and customers < 40000:
        net = w.pick(w.homes); p = mk_person(w, net, pick=lambda t: r.choice(ads))
        for t in w.human(1 + int(r.expovariate(1 / 4)), p["tz"], p["prof"]):
            before = len(w.ev); visit(w, p, t, lab=(cid, "exit_network", "mixed", cid), buy=.03); customers += len(w.ev) - before
    ids = list(range(s.n)); r.shuffle(ids); pool = Pool(w, ads, r.choice(["random", "rotation", "sticky"]), "per_req")
    reader(w, pool, cid, (ids * 4)[:n], op_segs(w), r.choice([1, 3]), kind="exit_network")
    for a in ads:
        if a in w.labels: w.labels[a] = [cid, "exit_network", "mixed", cid]
    return w

def reader_thin_home(seed):
    """The honest limit: one or a few page views per home address, whole pages with assets, popular pages, human hours. Not linkable."""
    w = World("reader_thin_home", seed, assets=True); r, s = w.r, w.site; surroundings(w, ["carrier", "crawler", "app"], 3)
    cid = w.new_camp("thin", base=False); people(w, r.randint(300, 600), 1.0, 0, False)
    for _ in range(r.randint(700, 1300)):
        p = mk_person(w, w.pick(w.homes)); w.lab(p["addr"], cid, "thin_reader", "operator", cid)
        for t in w.human(r.choice([1, 1, 1, 2]), p["tz"], p["prof"]): visit(w, p, t, pages=1, login=False, first=s.item(s.hot())); w.op[p["addr"]] += 1
    return w

def small_orders(seed):
    """Cards tried out by small orders; most payments are declined (402)."""
    w = World("small_orders", seed, kind="shop", assets=None); r, s = w.r, w.site
    surroundings(w, ["office", "carrier", "price"], 4, lone=r.randint(400, 650), mean=4, buy=.12)
    # an innocent neighbour: a collection drive with many small payments, some declined
    st, drive = w.nid("drive"), w.t0 + r.uniform(4, w.days - 3) * DAY; gift = s.hot()
    for _ in range(r.randint(80, 180)):
        p = mk_person(w); lab = (st, "charity_drive"); t = drive + r.expovariate(1 / .7) * DAY; w.lab(p["addr"], *lab)
        w.hit(t, p["addr"], s.item(gift), 200, p["ua"], "https://social.example/")
        order(w, p, t + r.uniform(10, 90), lambda p=p: p["addr"], "https://" + s.host, .1, gift, True, lab=lab)
    cid = w.new_camp("orders", least=6); ads = hosted(w, 40) if r.random() < .5 else [w.pick(w.homes).addr() for _ in range(40)]
    pool = Pool(w, ads, r.choice(["random", "permuted", "sticky"]), r.choice(["one", "per_addr", "per_addr"]), lease=1800)
    cheap = [s.hot() for _ in range(r.randint(2, 8))]; n = r.randint(500, 1400)
    for t in w.paced(n, op_segs(w), r.choice([.5, 1])):
        a = pool.next(t); w.lab(a, cid, "order_pool", "operator", cid); p = {"ua": pool.ua(a)}
        if r.random() < .6: w.hit(t, a, "/", 200, p["ua"], op=True)
        i = r.choice(cheap); w.hit(t + 2, a, s.item(i), s.istat(i), p["ua"], op=True)
        order(w, p, t + r.uniform(3, 9), lambda a=a: a, "https://" + s.host, r.uniform(.75, .95), i, True, op=True, tries=r.randint(1, 5))
    return w

def ticket_world(w, bots):
    r, s = w.r, w.site; surroundings(w, ["office", "carrier", "previews"], 3, lone=r.randint(270, 360), mean=2.5, not_=("seo",))
    sales = sorted(w.t0 + (d + (r.randint(8, 12) - w.off) / 24) * DAY for d in r.sample(range(2, w.days - 1), r.randint(3, 5)))
    off_ads = [w.pick(w.mobiles).addr() for _ in range(r.randint(4, 12))]; st = w.nid("fans_carrier"); fans = []
    for _ in range(r.randint(700, 1300)):
        if r.random() < .15: p = mk_person(w, w.pick(w.mobiles), pick=lambda t: r.choice(off_ads)); p["lab"] = (st, "fans_behind_carrier")
        else: p = mk_person(w); p["lab"] = ("", "fan")
        fans.append(p)
    cid = None
    if bots:
        cid = w.new_camp("tickets", least=10); n = r.randint(50, 160); ads = hosted(w, n) if r.random() < .5 else [w.pick(w.homes).addr() for _ in range(n)]
        pool = Pool(w, ads, "permuted", r.choice(["one", "per_addr", "per_addr"]))
    for t_open in sales:
        ev = r.randint(100, 9999); page, avail, hold = "/event/%d" % ev, "/api/event/%d/availability" % ev, "/api/event/%d/hold" % ev
        hot = r.uniform(.25, .8); gone = t_open + r.uniform(60, 900)
        for p in fans:
            if r.random() > hot: continue
            t = t_open + r.choice([-1, 1, 1]) * r.expovariate(1 / 240)
            if r.random() < .3: t = t_open + abs(r.gauss(0, 4))
            stop = t_open + r.uniform(60, 1500); a = p["pick"](t); w.lab(a, *p["lab"])
            w.hit(t, a, page, 200, p["ua"], r.choice(["-", "https://social.example/", "https://mail.example/"]))
            if w.assets:
                for x in s.assets[:4]: w.hit(t + r.uniform(.05, .8), a, x, 200, p["ua"], "https://" + s.host + page)
            got = False
            for _ in range(r.randint(1, 14)):
                t += r.lognormvariate(1.9, .8)
                if t > stop: break
                if t < t_open: w.hit(t, a, page, 200, p["ua"]); t = max(t, min(t_open + abs(r.gauss(0, 3)), t + 60)); continue
                w.hit(t, a, avail, 429 if r.random() < .02 else 410 if t > gone and r.random() < .3 else 200, p["ua"], "https://" + s.host + page)
                if r.random() < .35:
                    t += r.uniform(2, 12); okay = t < gone and r.random() < .35
                    w.hit(t, a, hold, 201 if okay else 409, p["ua"], "https://" + s.host + page, "POST")
                    if okay: got = True; break
            if got:
                t += r.uniform(20, 200); w.hit(t, a, "/checkout", 200, p["ua"])
                w.hit(t + r.uniform(20, 200), a, "/checkout/payment", 303 if r.random() < .94 else 402, p["ua"], "https://" + s.host + "/checkout", "POST")
        if bots:
            busy = r.sample(ads, int(len(ads) * r.uniform(.6, 1))); lead, poll = r.uniform(20, 300), r.uniform(1.5, 6)
            for a in busy:
                w.lab(a, cid, "ticket_bot", "operator", cid); ua, t = pool.ua(a), t_open - lead + r.uniform(0, 15); w.hit(t, a, page, 200, ua, op=True)
                t = t_open - r.uniform(2, 12)
                for _ in range(r.randint(6, 16)):
                    t += poll * r.uniform(.8, 1.25); w.hit(t, a, avail, 200 if r.random() < .95 else 429, ua, "https://" + s.host + page, op=True)
                    if t > t_open and r.random() < .5:
                        okay = t < gone and r.random() < .5
                        w.hit(t + r.uniform(.05, .4), a, hold, 201 if okay else 409, ua, "https://" + s.host + page, "POST", op=True)
                        if okay:
                            w.hit(t + r.uniform(.6, 1.5), a, "/checkout", 200, ua, op=True)
                            w.hit(t + r.uniform(2, 5), a, "/checkout/payment", 303, ua, "-", "POST", op=True)
                            if r.random() < .7: break
    if bots:
        for a in ads:                                       # between the sales the bots look at the calendar now and then
            if a in w.labels:
                for t in w.paced(r.randint(2, 6), w.seg()): w.hit(t, a, "/events?page=%d" % r.randint(1, 3), 200, pool.ua(a), op=True)
    return w
def ticket_bots(seed): return ticket_world(World("ticket_bots", seed, kind="directory"), True)

def even_sources(seed):
    """100 evenly loaded sources, nearly the same number of sessions each, among hundreds of scattered scanners: reading of fares."""
    w = World("even_sources", seed, kind="fares"); r, s = w.r, w.site; surroundings(w, ["research", "monitor", "carrier"], 3, scan=r.randint(300, 700))
    cid = w.new_camp("fares"); ads = hosted(w, 100) if r.random() < .7 else [w.pick(w.homes).addr() for _ in range(100)]
    pool = Pool(w, ads, r.choice(["permuted", "rotation"])); per = r.randint(18, 32); routes = [tuple(r.sample(s.codes, 2)) for _ in range(r.randint(30, 80))]
    segs, job = op_segs(w), 0; d0 = dt.datetime.fromtimestamp(w.t0, UTC).date()
    for t in w.paced(per * 100 + r.randint(-30, 30), segs, r.choice([1, 4])):
        a = pool.next(t); w.lab(a, cid, "fare_reader", "operator", cid)
        if r.random() < .5: w.hit(t, a, "/", 200, pool.ua(a), op=True)
        for _ in range(r.randint(4, 9)):
            o, d = routes[job % len(routes)]; day = d0 + dt.timedelta(days=14 + (job // len(routes)) % 150); job += 1; t += r.uniform(2, 9)
            w.hit(t, a, "/search?from=%s&to=%s&date=%s&pax=1" % (o, d, day.isoformat()), 200, pool.ua(a), op=True)
    return w

def two_operators(seed):
    """Two unrelated operators at once: one reads by blocks of ids, the other tries sign-ins; both rent from the same hosters."""
    w = World("two_operators", seed); r, s = w.r, w.site; surroundings(w, ["crawler", "pwday", "carrier", "seo"], 3)
    c1, c2 = w.new_camp("blocks"), w.new_camp("signin"); ids = list(range(s.n))
    reader(w, Pool(w, hosted(w, r.randint(30, 70), 4), "rotation", "per_addr"), c1, ids, op_segs(w), r.choice([1, 3]), block=r.choice([10, 25, 50, 100]))
    stuffing(w, Pool(w, hosted(w, r.randint(60, 120), 4), "random"), c2, r.randint(6000, 10000)); return w

# ------------------------------------------------------------------ scenarios: web, innocent only
def quiet_publisher(seed):
    w = World("quiet_publisher", seed, kind="news"); r, s = w.r, w.site
    surroundings(w, ["crawler", "crawler", "rss", "previews", "monitor", "cdn", "univ", "carrier"], 2, lone=r.randint(450, 800), buy=0)
    # one story is shared widely: a crowd on one page
    st, i, t0 = w.nid("crowd"), s.hot(), w.t0 + r.uniform(3, w.days - 2) * DAY
    for _ in range(r.randint(250, 600)):
        p = mk_person(w); t = t0 + r.expovariate(1 / .25) * DAY
        visit(w, p, t, pages=r.choice([1, 1, 1, 2]), login=False, ref="https://social.example/", first=s.item(i), lab=(st, "story_crowd"))
    return w

def quiet_shop(seed):
    w = World("quiet_shop", seed, kind="shop"); r, s = w.r, w.site
    must = ["seo", "price", "price", "proxyvendor", "office", "carrier", "pwday", "crawler", "partner", "uptime"]
    surroundings(w, must, 2, lone=r.randint(350, 600), buy=.08)
    st, t0 = w.nid("sale"), w.t0 + (r.randint(3, w.days - 2) + (10 - w.off) / 24) * DAY       # a discount hour: many people at once, many small orders
    for _ in range(r.randint(150, 350)):
        p = mk_person(w); t = t0 + r.expovariate(1 / 1800)
        visit(w, p, t, pages=r.randint(1, 6), login=r.random() < .4, buy=.4, ref="https://mail.example/", lab=(st, "discount_crowd"))
    return w
def quiet_ticket_rush(seed): return ticket_world(World("quiet_ticket_rush", seed, kind="directory"), False)

def quiet_scanners(seed):
    """Probes from 20 places every minute, research scanners in the open, hundreds of unrelated scanners."""
    w = World("quiet_scanners", seed, days=None); w.days = 15; w.t1 = w.t0 + 15 * DAY
    surroundings(w, ["uptime", "cdn", "crawler"], 2, scan=w.r.randint(400, 800), not_=("monitor", "research", "univ")); s_monitor(w, 60, 20)
    for _ in range(w.r.randint(2, 3)): s_research(w, w.r.randint(60, 220))
    return w

# ================================================================== API worlds (JSON lines)
class Api:
    def __init__(self, w):
        r = w.r; self.v = r.choice(["/v1", "/v2", "/api/v3", "/rest/2"])
        self.res = r.sample("companies parcels places products trips records filings vehicles titles".split(), 4); self.main = self.res[0]
        self.lo, self.n = r.choice([1, 1000, r.randint(10 ** 5, 10 ** 6)]), r.randint(9000, 40000)
        self.plans = {"free": (r.choice([30, 60]), r.choice([500, 1000])), "starter": (60, r.choice([3000, 5000])), "business": (300, 50000),
                      "contract": (1200, 10 ** 6)}; self.free = ["mail%s.example" % w.word(1) for _ in range(5)]
        self.throw = ["%s.example" % w.word(3) for _ in range(r.randint(3, 9))]
        self.tools = ["%s-cli/%d.%d.%d" % (w.brand().lower(), r.randint(0, 3), r.randint(0, 20), r.randint(0, 9)) for _ in range(3)]
        self.sdk = ["%s-sdk-python/%d.%d.0" % (w.brand().lower(), r.randint(1, 4), v) for v in range(3)]; self.pop = list(range(self.n)); r.shuffle(self.pop)
        self.w = w
    def one(self, i=None):
        if i is None: i = self.pop[min(self.n - 1, int(self.n ** self.w.r.random()) - 1)]
        return "%s/%s/%d" % (self.v, self.main, self.lo + i)
    def any(self):
        r = self.w.r; u = r.random()
        if u < .45: return self.one()
        if u < .7: return "%s/search?q=%s" % (self.v, "+".join(r.sample(self.w.site.sw, r.choice([1, 2]))))
        if u < .85: return "%s/%s?page=%d&limit=50" % (self.v, r.choice(self.res), 1 + int(r.expovariate(.4)))
        return "%s/%s/%d/%s" % (self.v, r.choice(self.res[1:]), r.randint(1, 9999), r.choice(["history", "summary", "images"]))

def key_account(w, api, plan=None, net=None, created=None, lab=None, org="", parent="", email=None, **more):
    """A new account with its entry in the accounts file."""
    r = w.r; a = "%s_%s" % (r.choice(["acct"]), "".join(r.choice("0123456789abcdefghjkmnpqrstvwxyz") for _ in range(10))); net = net or w.pick(w.homes)
    plan = plan or r.choices(["free", "starter", "business"], [6, 3, 1])[0]
    if created is None: created = w.t0 - r.expovariate(1 / 250) * DAY if r.random() < .8 else r.uniform(w.t0, w.t1 - 2 * DAY)
    em = email or (r.choice(api.free) if r.random() < .5 else "%s.example" % w.word(3))
    d = {"account_id": a, "created_at": isos(created), "organization_id": org, "parent_id": parent, "plan": plan, "country": net.cc, "email_domain": em,
         "payment_id": "" if plan == "free" and r.random() < .8 else "pm_%08x" % r.randrange(1 << 32), "signup_address": net.addr(),
         "device_id": "dv_%08x" % r.randrange(1 << 32) if r.random() < .7 else "", "referrer": r.choice(["", "", "search", "docs", "friend", "blog"]),
         "limit_per_minute": api.plans[plan][0], "limit_per_day": api.plans[plan][1], "created": created, "net": net,
         "key": "k_%06x" % r.randrange(1 << 24)}; d.update(more); w.acc[a] = d; w.lab(a, *(lab or ("", "lone"))); return a

def call(w, a, t, path, st=200, ua="-", addr=None, op=False, method="GET", slow=1.0):
    key = w.acc[a]["key"] if w.site.salt & 2 else "-"
    w.hit(t, a, path, st, ua, "-", method, size=0, dur=math.exp(w.r.gauss(-2.6, .5)) * slow, op=op, addr=addr, user=key)

def lone_keys(w, api, n):
    r = w.r
    for _ in range(n):
        srv = r.random() < .5; net = w.pick(w.hosts if srv else w.homes); a = key_account(w, api, net=w.pick(w.homes)); d = w.acc[a]
        ads = [net.addr() for _ in range(r.choice([1, 1, 1, 2, 4]))]
        ua = r.choice([w.tool(), w.tool(), r.choice(api.tools), r.choice(api.sdk), r.choice(api.sdk), "%s/1.%d" % (w.brand(), r.randint(0, 9))])
        s, kind, vol = max(w.t0, d["created"] + r.uniform(60, 7200)), r.random(), min(500, int(r.lognormvariate(3.3, 1.1)) + 2)
        if kind < .2:
            every = max(w.days * DAY / max(6, vol), r.choice([600, 3600, 3600, 21600]))
            path, t = r.choice([api.one(), "%s/%s?page=1&limit=50" % (api.v, r.choice(api.res))]), s + r.uniform(0, every)
            if r.random() < .4: t = t - t % every + r.uniform(0, 3)
            while t < w.t1: call(w, a, t, path, 200 if r.random() < .98 else 500, ua, r.choice(ads)); t += every + r.gauss(0, 1)
        elif kind < .55:
            own = [r.randrange(api.n) for _ in range(r.randint(3, 120))]
            for t in w.human(vol, d["net"].tz, r.choice(["office", "evening", "mobile"]), r.choice([.1, .6, 1.3]), s):
                call(w, a, t, api.one(r.choice(own)) if r.random() < .6 else api.any(), 200 if r.random() < .95 else r.choice([404, 400]), ua, r.choice(ads))
        elif kind < .75:
            for t in w.human(max(1, vol // 15), d["net"].tz, "night", 1, s):
                for _ in range(r.randint(4, 28)): call(w, a, t, api.any(), 200, ua, r.choice(ads)); t += r.uniform(.2, 3)
        elif kind < .85:                                   # one customer who walks a range of ids alone
            i, t = r.randrange(api.n), s + r.uniform(0, 2 * DAY); gap = r.choice([2, 6, 30, 120])
            for k in range(vol):
                lim = 60 / max(1, api.plans[d["plan"]][0]); st = 429 if gap < lim and r.random() < .25 else 200
                call(w, a, t, api.one((i + k) % api.n), st, ua, r.choice(ads)); t += gap * r.uniform(.7, 1.5) + (20 if st == 429 else 0)
        else:
            t = s
            for t in w.human(r.randint(1, 4), d["net"].tz, "evening", 1, s):
                for _ in range(r.randint(2, 20)):
                    call(w, a, t, api.any(), r.choice([200, 200, 200, 401, 400, 404]), ua, r.choice(ads)); t += r.lognormvariate(3, 1)

def a_partner(w, api):
    """Five servers of one partner, keys of one declared organisation, steady polling with a cursor."""
    r = w.r; st, net, b = w.nid("partner"), own_net(w, "host"), w.brand().lower(); org, pay = "org_%s" % w.word(2), "pm_%08x" % r.randrange(1 << 32)
    ks = [key_account(w, api, "contract", net, w.t0 - r.uniform(100, 700) * DAY, (st, "partner_integration"), org, email=b + ".example", payment_id=pay)
          for _ in range(5)]; ads = [net.addr() for _ in range(5)]
    every, cur, rot, k, t = r.choice([120, 300, 600]), r.randint(10 ** 5, 10 ** 6), r.random() < .6, 0, w.t0; every = max(every, w.days * DAY / 6000)
    while t < w.t1:
        i = k % 5 if rot else r.randrange(5); call(w, ks[i], t + r.uniform(0, 2), "%s/changes?since=%d" % (api.v, cur), 200, "%s-connect/3.1" % b, ads[i])
        cur, k, t = cur + r.randint(0, 20), k + 1, t + every

def a_app(w, api, n=None, release=False):
    """Users of one app; the account is the user; one program version, other people."""
    r = w.r; st, b = w.nid("app"), w.word(2).capitalize(); v = r.randint(1, 40); rel = w.t0 + r.uniform(4, w.days - 5) * DAY
    for _ in range(n or r.randint(120, 260)):
        mob = r.random() < .6; net = w.pick(w.mobiles if mob else w.homes); new = release and r.random() < .45; upd = rel + r.expovariate(1 / 1.3) * DAY
        created = min(upd, w.t1 - 3600) if new else w.t0 - r.expovariate(1 / 300) * DAY
        a = key_account(w, api, "free", net, created, (st, "app_user"), "", referrer="store"); pool = [net.addr() for _ in range(r.choice([1, 1, 2, 3]))]
        os_ = r.choice(["iOS 18.%d" % r.randint(0, 5), "Android 14", "Android 15"])
        times = w.human(1 + int(r.expovariate(1 / 6)), net.tz, "mobile", 1.2, max(w.t0, created))
        if release and upd < w.t1: times = sorted(times + [upd + 30])
        first = True
        for t in times:
            ua = "%s/5.%d.0 (%s)" % (b, v + (1 if release and t > upd else 0), os_); ad = r.choice(pool)
            if release and t > upd and first:              # the release forgets its token and tries again too often
                first = False
                for k in range(r.randint(2, 6)):
                    call(w, a, t, "%s/token/refresh" % api.v, 401 if k < 4 else 429, ua, ad, method="POST"); t += 2 ** k * r.uniform(.8, 1.2)
                call(w, a, t, "%s/signin" % api.v, 200, ua, ad, method="POST")
            for _ in range(1 + int(r.expovariate(1 / 5))):
                call(w, a, t, r.choice(["%s/me" % api.v, "%s/feed" % api.v, api.one(), api.any()]), 200, ua, ad); t += r.lognormvariate(2.4, 1)

def a_saas(w, api):
    """A product with one key per tenant under one declared parent; same program, same exits."""
    r = w.r; st, net, b = w.nid("saas"), own_net(w, "host"), w.brand(); ads, par = [net.addr() for _ in range(r.randint(2, 6))], "org_%s" % w.word(2)
    for _ in range(r.randint(25, 70)):
        cr = w.t0 - r.expovariate(1 / 200) * DAY if r.random() < .85 else r.uniform(w.t0, w.t1 - DAY)
        a = key_account(w, api, "business", net, cr, (st, "saas_tenant"), par, par, b.lower() + ".example")
        own, tz = [r.randrange(api.n) for _ in range(r.randint(5, 60))], r.choice(w.places)[1]
        for t in w.human(int(r.lognormvariate(3, .9)), tz, "office", .1, max(w.t0, cr)):
            for _ in range(r.randint(1, 3)):
                call(w, a, t, api.one(r.choice(own)), 200, "%s-backend/2.%d" % (b, r.choice([3, 3, 3, 4])), r.choice(ads)); t += r.uniform(.05, 1)

def a_class(w, api):
    r = w.r; st, net, dom = w.nid("class"), own_net(w, "campus", 2, tz=w.off), "%s-college.example" % w.word(2); ads = [net.addr() for _ in range(3)]
    begin = w.t0 + r.uniform(1, w.days / 3) * DAY; due, task = begin + r.uniform(5, 9) * DAY, [r.randrange(api.n) for _ in range(30)]
    for _ in range(r.randint(35, 70)):
        a = key_account(w, api, "free", net, begin + r.uniform(0, 7200), (st, "university_class"), "", email=dom, referrer="class")
        home, ua = w.pick(w.homes).addr(), r.choice([api.sdk[0], "python-requests/2.32.3"]); t = min(w.t1 - 3600, due - r.expovariate(1 / 1.5) * DAY)
        t = max(t, w.acc[a]["created"] + 60)
        for i in r.sample(task, r.randint(10, 30)):
            call(w, a, t, api.one(i), 200 if r.random() < .9 else 400, ua, r.choice(ads + [home])); t += r.lognormvariate(2, 1)

def a_corp(w, api):
    r = w.r; st, net, b = w.nid("corp"), own_net(w, "office", tz=r.choice([w.off, None])), w.brand().lower()
    ads, org = [net.addr() for _ in range(r.randint(1, 4))], "org_%s" % w.word(2)
    for _ in range(r.randint(30, 90)):
        a = key_account(w, api, "business", net, w.t0 - r.uniform(5, 500) * DAY, (st, "corporate_seats"), org, email=b + ".example", payment_id="pm_inv_" + b)
        for t in w.human(int(r.lognormvariate(2.4, 1)), net.tz, "office", .05): call(w, a, t, api.any(), 200, api.sdk[2], r.choice(ads))

def a_rotation(w, api):
    """Key rotation by policy: the old key ends, the new one goes on."""
    r = w.r; st, net, b = w.nid("rotation"), own_net(w, "host"), w.brand().lower(); ads, org, t = [net.addr() for _ in range(3)], "org_%s" % w.word(2), w.t0
    step = r.choice([5, 7, 10]) * DAY; off = r.uniform(0, step); ks = {}
    for t in w.paced(r.randint(800, 2200), w.seg(), 1):
        g = int((t - w.t0 + off) / step)
        if g not in ks:
            cr = max(w.t0 - 20 * DAY, w.t0 - off + g * step)
            ks[g] = key_account(w, api, "business", net, cr - 600, (st, "key_rotation"), org, email=b + ".example", closed_at=isos(w.t0 - off + (g + 1) * step)
                                if w.t0 - off + (g + 1) * step < w.t1 else "")
        call(w, ks[g], t, api.any(), 200, "%s-jobs/1.4" % b, r.choice(ads))

def a_monitor(w, api):
    r = w.r; st, ads = w.nid("monitor"), [w.pick(w.hosts).addr() for _ in range(20)]; b = w.brand()
    a = key_account(w, api, "business", lab=(st, "monitoring"), created=w.t0 - 300 * DAY, email=b.lower() + ".example")
    t, k, every = w.t0, 0, r.choice([300, 600])
    while t < w.t1: call(w, a, t + r.uniform(0, 1), "%s/status" % api.v, 200, "%sProbe/2.2" % b, ads[k % 20]); t, k = t + every, k + 1

def a_hackathon(w, api):
    r = w.r; st, t0 = w.nid("hackathon"), w.t0 + r.uniform(3, w.days - 4) * DAY; net = own_net(w, "office", tz=w.off)
    ads, code = [net.addr() for _ in range(2)], "event%d" % (w.site.salt % 97)
    for _ in range(r.randint(25, 60)):
        a = key_account(w, api, "starter", net, t0 + r.expovariate(1 / 5000), (st, "hackathon"), referrer=code, email=r.choice(api.free))
        t, ua = w.acc[a]["created"] + 300, w.tool()
        for _ in range(r.randint(10, 90)):
            call(w, a, t, api.any(), r.choice([200, 200, 200, 400, 429]), ua, r.choice(ads)); t += r.lognormvariate(5, 1.3)
            if t > t0 + 2 * DAY: break

def a_contract_reader(w, api):
    """One customer who reads everything, under a contract, over five own keys and one declared organisation."""
    r = w.r; st, net, b = w.nid("bulkcustomer"), own_net(w, "host"), w.brand().lower(); org, rot = "org_%s" % w.word(2), r.random() < .5
    lab, pay = (st, "contract_bulk_reader"), "pm_inv_" + b
    ks = [key_account(w, api, "contract", net, w.t0 - r.uniform(30, 400) * DAY, lab, org, email=b + ".example", payment_id=pay) for _ in range(5)]
    ads, n = [net.addr() for _ in range(5)], r.randint(2500, 6000); i0 = r.randrange(api.n)
    for k, t in enumerate(w.paced(n, w.seg(windows=[(0, 6)]), 4)):
        j = k % 5 if rot else r.randrange(5); call(w, ks[j], t, api.one((i0 + k) % api.n), 200, "%s-mirror/1.0" % b, ads[j])

def a_popular_tool(w, api):
    """An open program many install: same name, refreshes on the hour, unrelated owners."""
    r = w.r; ua = "%s-addon/%d.%d" % (w.brand().lower(), r.randint(1, 5), r.randint(0, 9))
    for _ in range(r.randint(40, 110)):
        net = w.pick(w.homes); a = key_account(w, api, "free", net, lab=("", "popular_tool"))
        ad, ids = net.addr(), [r.randrange(api.n) for _ in range(r.randint(1, 3))]; t = max(w.t0, w.acc[a]["created"])
        t = t - t % 3600 + 3600 + r.uniform(0, 20); every = 3600 * r.choice([6, 12, 24])
        while t < w.t1:
            for i in ids: call(w, a, t, api.one(i), 200, ua, ad); t += r.uniform(.1, .5)
            t += every
API = dict(partner=a_partner, app=a_app, saas=a_saas, klass=a_class, corp=a_corp, rotation=a_rotation, monitor=a_monitor, hackathon=a_hackathon,
           contract=a_contract_reader, tool=a_popular_tool)

def api_surroundings(w, api, must=(), extra=3, lone=None):
    r = w.r; lone_keys(w, api, lone or r.randint(280, 420))
    for k in list(must) + r.sample([x for x in API if x not in must], extra): API[k](w, api)

def pool_accounts(w, api, cid, n, plan, start, end, kind, style=None, role="operator"):
    """Accounts an operator signs up: in batches or slowly, over exits, with cards and mailboxes of his supplier."""
    r = w.r; style = style or r.choice(["burst", "drip"]); cards = ["pm_%08x" % r.randrange(1 << 32) for _ in range(max(2, int(n * r.choice([.15, .5, 1]))))]
    mails = api.throw if r.random() < .5 else api.free; out = []; b0 = [r.uniform(start, end) for _ in range(r.randint(2, 5))]
    for i in range(n):
        cr = r.uniform(start, end) if style == "drip" else r.choice(b0) + r.uniform(0, 4 * 3600)
        a = key_account(w, api, plan, w.pick(w.homes if r.random() < .7 else w.hosts), cr, (cid, kind, role, cid), email=r.choice(mails),
                        payment_id="" if plan == "free" else r.choice(cards)); out.append(a)
    return out

def api_human_hours(seed):
    """60 keys of one operator read disjoint ids, each key with a clerk's day: working hours, breaks, free weekends."""
    w = World("api_human_hours", seed, api=True); r = w.r; api = Api(w); api_surroundings(w, api, ["saas", "contract", "corp"], 3)
    cid = w.new_camp("ids", least=20); ks = pool_accounts(w, api, cid, 60, r.choice(["free", "starter"]), w.t0 - 60 * DAY, w.t0 + 3 * DAY, "key_pool")
    n = r.randint(11000, 20000); slots = []
    for a in ks:
        tz = r.choice(w.places)[1]; d = max(w.t0, w.acc[a]["created"] + r.uniform(.1, 2) * DAY)
        w.acc[a]["ads"] = [w.pick(w.homes).addr() for _ in range(r.choice([1, 1, 2, 3]))]; w.acc[a]["ua"] = r.choice(api.sdk + [w.tool(), w.browser(0)])
        slots += [(t, a) for t in w.human(int(n / 60 * r.uniform(.75, 1.25)), tz, "office", r.choice([0, .05, .2]), d)]
    slots.sort(); i0, order_ = r.randrange(api.n), r.choice(["sequence", "sequence", "shuffled"])
    ids = [(i0 + k) % api.n for k in range(min(api.n, len(slots)))]
    if order_ == "shuffled": r.shuffle(ids)
    for k, (t, a) in enumerate(slots):
        d = w.acc[a]; call(w, a, t, api.one(ids[k % len(ids)]), 200 if r.random() < .97 else 404, d["ua"], r.choice(d["ads"]), op=True)
        if r.random() < .05: call(w, a, t + r.uniform(2, 50), api.any(), 200, d["ua"], r.choice(d["ads"]), op=True)
    return w

def api_handover(seed):
    """A pool of free keys, each used up to its daily limit (429, or a little before), then the next one goes on. A few keys are stolen (role used)."""
    w = World("api_handover", seed, api=True); r = w.r; api = Api(w); lim = r.choice([60, 80, 100, 150]); api.plans["free"] = (30, lim)
    api_surroundings(w, api, ["partner", "tool", "contract"], 3); cid = w.new_camp("handover", least=15)
    ks = pool_accounts(w, api, cid, r.randint(25, 60), "free", w.t0 - 40 * DAY, w.t0 + 1.5 * DAY, "key_pool")
    lone = [a for a in sorted(w.labels) if w.labels[a][1] == "lone" and w.acc[a]["created"] < w.t0 and w.acc[a]["plan"] != "free"]
    stolen = r.sample(lone, r.randint(3, 7))
    for a in stolen: w.labels[a] = [cid, "stolen_key", "used", ""]
    ads, two, ua = hosted(w, r.randint(3, 30), 3), r.random() < .4, r.choice([w.tool(), api.sdk[1]]); order_ = ks + stolen
    uas = {a: ua if r.random() < .8 else w.tool() for a in order_}; ready = {a: max(w.t0, w.acc[a]["created"] + 600) for a in ks}
    ready.update({a: w.t0 + r.uniform(3, 9) * DAY for a in stolen}); lanes, used, day_, i = r.choice([1, 1, 2, 3]), Counter(), {}, r.randrange(api.n)
    self_cap = r.choice([1.0, 1.0, .95, .8])               # does the program count by itself, or wait for the refusal?
    lane, nxt = [None] * lanes, 0; segs = w.seg(w.t0 + r.uniform(1.6, 3) * DAY, w.t1 - r.uniform(0, 2) * DAY, r.choice([None, [(5, 23)], [(22, 36)]]), 0)
    n = min(30000, int(len(ks) * lim * .8 * sum(e - b for b, e in segs) / DAY))
    for t in w.paced(n, segs, r.choice([3, 8])):
        for _ in range(4):
            j = r.randrange(lanes)
            if lane[j] is None or ready[lane[j]] > t:
                lane[j] = None
                for step in range(len(order_)):
                    a = order_[(nxt + step) % len(order_)]
                    if ready[a] <= t and a not in lane: lane[j], nxt = a, nxt + step + 1; break
                if lane[j] is None:
                    break                                  # every key is spent for today
            a, d = lane[j], int(t / DAY)
            if day_.get(a) != d: day_[a], used[a] = d, 0
            used[a] += 1; ad = ads[order_.index(a) % len(ads)] if two else r.choice(ads)
            if used[a] > lim:
                call(w, a, t, api.one(i % api.n), 429, uas[a], ad, op=True, slow=.2); ready[a] = (d + 1) * DAY + r.uniform(0, 120)
                t += r.choice([.05, 3]) * r.uniform(.8, 1.3); continue
            call(w, a, t, api.one(i % api.n), 200, uas[a], ad, op=True); i += 1
            if self_cap < 1 and used[a] >= lim * self_cap * r.uniform(.97, 1.03): ready[a] = (d + 1) * DAY
            break
    return w

def api_refill(seed):
    """Keys are closed by the provider from time to time; fresh or kept-back ones take over within hours."""
    w = World("api_refill", seed, api=True); r = w.r; api = Api(w); api_surroundings(w, api, ["rotation", "hackathon", "saas"], 3)
    cid = w.new_camp("refill", least=20); size = r.randint(25, 50)
    ks = pool_accounts(w, api, cid, size, "free", w.t0 - 15 * DAY, w.t0 + 1 * DAY, "key_pool", "burst")
    spare = pool_accounts(w, api, cid, int(size * r.uniform(.2, .8)), "free", w.t0 - 15 * DAY, w.t0, "key_pool", "drip") if r.random() < .6 else []
    t_on = w.t0 + r.uniform(1.2, 3) * DAY; waves = sorted(w.t0 + r.uniform(4, w.days - 2) * DAY for _ in range(r.randint(2, 5)))
    lag = r.choice([900, 3600, 4 * 3600, 10 * 3600]); n = r.randint(10000, 18000); live, due, i, k = list(ks), [], r.randrange(api.n), 0
    pol = r.choice(["random", "rotation"])
    ads = [w.pick(w.homes).addr() for _ in range(r.randint(40, 160))] if r.random() < .6 else hosted(w, r.randint(10, 40))
    sticky = {a: r.choice(ads) for a in ks}; ua = r.choice([w.tool(), api.sdk[0], api.tools[0]]); dead = []
    for t in w.paced(n, w.seg(t_on, w.t1, None, outages=1), r.choice([1, 3])):
        while waves and waves[0] <= t:
            tb = waves.pop(0)
            for a in r.sample(live, int(len(live) * r.uniform(.3, .8))):
                w.acc[a]["banned_at"] = isos(tb); dead.append(a); live.remove(a); due.append(tb + lag * r.uniform(.2, 2))
            due.sort()
            for a in dead[-12:]:                           # the programs notice only when they are refused
                for _ in range(r.randint(1, 3)): call(w, a, tb + r.uniform(5, 1200), api.one(i), 403, ua, sticky.get(a) or r.choice(ads), op=True)
        while due and due[0] <= t:
            tb = due.pop(0)
            if spare: a = spare.pop()
            else: a = pool_accounts(w, api, cid, 1, "free", tb - r.uniform(60, 1800), tb - 30, "key_pool", "drip")[0]
            sticky[a] = r.choice(ads); live.append(a)
        if not live: continue
        k += 1; a = r.choice(live) if pol == "random" else live[k % len(live)]
        call(w, a, t, api.one(i % api.n), 200 if r.random() < .98 else 429, ua, sticky[a] if r.random() < .8 else r.choice(ads), op=True); i += 1
    # unrelated closures by the provider: lone customers who did not pay
    for a in w.r.sample([x for x in sorted(w.labels) if w.labels[x][1] == "lone"], 12):
        last = max((e[0] for e in w.ev if e[1] == a), default=None)
        if last and last < w.t1 - DAY: w.acc[a]["banned_at"] = isos(last + w.r.uniform(60, DAY))
    return w

def quiet_api(seed):
    w = World("quiet_api", seed, api=True); api = Api(w)
    api_surroundings(w, api, ["partner", "contract", "app", "saas", "klass", "corp", "rotation"], 2, w.r.randint(320, 480)); return w

def quiet_app_release(seed):
    """A popular app is released: waves of new users, 401 and 429 by a fault of the release; nobody coordinates anything."""
    w = World("quiet_app_release", seed, api=True); api = Api(w); api_surroundings(w, api, ["tool", "monitor", "partner"], 2)
    a_app(w, api, w.r.randint(500, 900), True); a_app(w, api, w.r.randint(60, 150)); return w
SCEN = dict(stuffing_visible=stuffing_visible, stuffing_hidden=stuffing_hidden, stuffing_home=stuffing_home, reader_random=reader_random,
            reader_sitemap=reader_sitemap, reader_refilled=reader_refilled, reader_mixed_nodes=reader_mixed_nodes, reader_thin_home=reader_thin_home,
            small_orders=small_orders, ticket_bots=ticket_bots, even_sources=even_sources, two_operators=two_operators, api_human_hours=api_human_hours,
            api_handover=api_handover, api_refill=api_refill, quiet_publisher=quiet_publisher, quiet_shop=quiet_shop, quiet_ticket_rush=quiet_ticket_rush,
            quiet_scanners=quiet_scanners, quiet_api=quiet_api, quiet_app_release=quiet_app_release)

def main():
    ap = argparse.ArgumentParser(); ap.add_argument("scenario"); ap.add_argument("seed", nargs="?", type=int, default=1); ap.add_argument("outdir", nargs="?")
    ap.add_argument("--level", choices=["text", "hashes", "metadata"], default="text"); ap.add_argument("--no-accounts", action="store_true")
    o = ap.parse_args()
    if o.scenario == "list": print("\n".join(SCEN)); return
    if o.scenario not in SCEN or not o.outdir: ap.error("unknown scenario, or no OUTDIR")
    SCEN[o.scenario](o.seed).write(o.outdir, not o.no_accounts)
if __name__ == "__main__": main()
