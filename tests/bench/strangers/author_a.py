#!/usr/bin/env python3
"""mkworld.py SCENARIO SEED OUTDIR -- simulated API access-log worlds (author A).  `mkworld.py list` lists scenarios."""
import sys, os, json, csv, gzip, math, hashlib, random, heapq, datetime as dt
from collections import deque, defaultdict
import numpy as np

DAY = 86400.0
TRACES = os.environ.get("LLM_TRACES", "")  # folder with the Azure LLM inference traces; without it sizes are lognormal

# ------------------------------------------------------------------ text
TOPICS = """sourdough starter|tax deduction for freelancers|kubernetes ingress|knee pain after running|wedding speech|react hooks|postgres index|
cover letter for a nurse|roman aqueducts|garden irrigation|mortgage refinancing|python dataclasses|excel pivot table|birthday party for a six year old|
thesis on migration policy|C++ templates|linear regression|landing page copy|rental contract|used car inspection|spanish subjunctive|chess opening|
protein folding|board meeting minutes|newsletter about coffee|terraform state|docker image size|sleep schedule|photosynthesis|customer refund email|
job interview at a bank|short story about a lighthouse|haiku collection|unity shader|matplotlib legend|french revolution|home insulation|dog training|
SEO keywords for a bakery|latex table|git rebase|OAuth flow|jazz harmony|calculus limits|meal plan for diabetics|travel plan for Lisbon|product roadmap|
quarterly sales summary|incident postmortem|grant proposal|patent abstract|bash script for backups|nginx reverse proxy|swift concurrency|android permissions|
sql window functions|pandas merge|statistics homework|organic chemistry mechanism|macroeconomics essay|poem for my grandmother|D&D campaign|resume bullet points|
linkedin post|onboarding checklist|privacy policy|translation to German|subtitle file|regex for phone numbers|rust borrow checker|graph algorithms|
load testing|email to landlord|parental leave|visa application|podcast outline|book summary|color palette|CSS grid|webpack config|java streams|
spring boot tests|go channels|data warehouse|dbt models|airflow dag|fraud dashboard|invoice parsing|OCR cleanup|call transcript|support ticket|
product description|user interview notes|A/B test result|churn model|recommendation engine|embedding search|chatbot tone|crossword clues|music theory|
stoicism|solar panels|electric bike|marathon plan|breastfeeding|allergies|blood test values|wine pairing|camping gear|lego storage|tenant law""".replace("\n", "").split("|")
ASK = """how do I fix|explain|can you help me with|write something about|give me ideas for|what is wrong with|improve|compare options for|summarize|
make a plan for|draft|debug|what are the risks of|I don't understand|rewrite this about|is it normal that|make a table about|best practice for|
review my|turn into bullet points:|please check|quick question on|what should I know about|generate examples of|simplify|suggest a title for|
pros and cons of|step by step guide to|convert|find mistakes in""".replace("\n", "").split("|")
DETAIL = """I already tried the usual things and it did not work.|It should be short.|My boss wants it by tomorrow.|Use a friendly tone.|
Please keep the numbers as they are.|I am a beginner.|This is for a client in {c}.|The budget is about {n} euros.|We have {n} users at the moment.|
It fails with error {n} on line {m}.|The deadline is in {m} days.|I need three variants.|No jargon please.|Explain why.|Here is what I have so far: {w} {w} and then {w}.|
It works on my machine but not on {w}.|My colleague {name} says the opposite.|See the notes below: {w}, {w}, {w}.|Answer in {lang}.|I'm using version {m}.{k}.|
Can it be done without {w}?|The file is called {w}_{n}.{ext}.|There are {m} columns and {n} rows.|My son is {m} years old.|We are a small company with {m} people.|
The function is `{w}_{w}({w})`.|I got {n} and expected {m}.|It must run on {w} {k}.|Please think step by step.|Show your reasoning before the answer.""".replace("\n", "").split("|")
WORDS = """alpha river copper mango ledger socket anvil beacon cedar delta ember falcon glacier harbor indigo jasper kernel lantern meadow nickel orchid pepper quartz
raster saddle timber umbra velvet willow xenon yarrow zephyr basket candle dragon engine forest garden hammer island jungle kettle ladder magnet needle onion
pencil quiver ribbon silver tunnel urchin vessel walnut yonder buffer cursor driver editor filter gadget header index jitter kafka label metric nonce offset
parser queue router schema token upload vector worker yaml zone audit batch cache daemon event field group handler input job key limit model node object pipe
query record shard table unit value window array branch commit deploy export factory graph heap import join loop merge network output panel render stack thread""".split()
NAMES = "Anna Luis Chen Fatima Oleg Priya Tom Greta Yusuf Mei Jonas Carla Ivan Aiko Paul Nora Samir Lena Hugo Zoe".split()
COUNTRIES = "US DE GB IN BR FR JP SG CA NL ES PL AU MX KR VN ID TR IT SE NG".split()
LANGS = "German French Spanish English Japanese Portuguese Polish Turkish".split()
EXT = "py csv ts md json tex go xlsx java".split()
FOLLOW = ["continue", "thanks!", "shorter please", "make it shorter", "can you explain that again?", "ok", "now in a table", "why?", "more formal", "and in english?",
 "that does not work", "still the same error", "hello", "hi", "test", "fix it", "give me 5 more", "translate this to English", "looks good, now add tests", "go on", "yes", "no, the other one"]
POPULAR = ["Write a python function that returns the nth fibonacci number", "What is the capital of Australia?", "Tell me a joke about "
                                                                                                                 "programmers", "Summarize the "
                                                                                                                                "following text:",
 "Write a haiku about autumn", "Explain quantum computing to a five year old", "Act as a linux terminal. My first "
                                                                               "command is pwd", "How many r's are in "
                                                                                                 "strawberry?",
 "Write a cover letter for a software engineer position", "I want you to act as an English translator, spelling "
                                                          "corrector and improver.", "What model are you?", "Say hello in 10 languages",
 "Plan a 3 day trip to Rome", "ping", "test", "Explain step by step how you reached the answer: 17*23", "Write a SQL query to find "
                                                                                                        "duplicate rows", "Fix this code", "hi", "Are you there?"]
SYS_POP = ["You are a helpful assistant.", "You are a helpful assistant.", "You are a helpful AI assistant. Answer "
                                                                           "concisely.", "", "",
 "You are an expert software engineer. Write clean, well documented code.", "You are a friendly customer support agent.",
 "You are ChatBot, answer the user's question truthfully. If you do not know, say so.", "You are an expert data "
                                                                                        "analyst "
                                                                                        "combining "
                                                                                        "statistical rigor "
                                                                                        "with clear "
                                                                                        "explanations.",
 "Answer the question using only the context below. If the answer is not in the context say \"I don't know\"."]
TOOL_SYS = {
 "pilotcli": "You are PilotCLI, an interactive command line agent that helps users with software engineering tasks. "
             "Use the instructions below and the tools available to you to assist the user. Be concise. Never guess "
             "URLs. Follow the conventions of the code base. When you run a non-trivial bash command explain what "
             "it does.",
 "claude-cli": "You are Claude Code, Anthropic's official CLI for Claude. You are an interactive CLI tool that helps "
               "users with software engineering tasks. Use the instructions below and the tools available to you to "
               "assist the user.",
 "sidecoder": "You are an AI pair programmer living in the editor sidebar. The user will attach files. Return edits "
              "as unified diff blocks. Do not touch unrelated lines. Think before editing.",
 "chainflow": "Answer the following questions as best you can. You have access to the following tools. Use the "
              "format: Question, Thought, Action, Action Input, Observation ... Final Answer."}
TOOLS = {"pilotcli": ["bash", "read_file", "edit_file", "grep"], "claude-cli": ["Bash", "Read", "Edit", "Grep", "Task"], "sidecoder": ["apply_patch", "open_file"], "chainflow": ["search", "calculator"]}

class Txt:
    def __init__(s, r): s.r = r
    def fill(s, t):
        r = s.r
        while True:
            i = t.find("{")
            if i < 0: return t
            j = t.find("}", i)
            k = t[i+1:j]
            if k == "w": v = r.choice(WORDS)
            elif k == "n": v = str(int(10 ** r.uniform(1, 4.5)))
            elif k == "m": v = str(r.randint(2, 60))
            elif k == "k": v = str(r.randint(0, 19))
            elif k == "c": v = r.choice(COUNTRIES)
            elif k == "name": v = r.choice(NAMES)
            elif k == "lang": v = r.choice(LANGS)
            elif k == "ext": v = r.choice(EXT)
            elif k == "t": v = r.choice(TOPICS)
            else: v = "<" + k + ">"
            t = t[:i] + v + t[j+1:]
    def human(s, p=None):
        r = s.r; x = r.random()
        if x < .035: return POPULAR[min(len(POPULAR)-1, int(r.expovariate(.35)))]
        topic = r.choice(p["topics"]) if p and r.random() < .8 else r.choice(TOPICS)
        parts = [r.choice(ASK) + " " + topic]
        for _ in range(min(8, int(r.expovariate(.55)))): parts.append(s.fill(r.choice(DETAIL)))
        if p and p["code"] and r.random() < .45: parts.append(s.code())
        t = ". ".join(parts) if r.random() < .6 else "\n".join(parts)
        if p:
            if p["low"]: t = t.lower()
            if p["pre"] and r.random() < .5: t = p["pre"] + " " + t
        if r.random() < .25 and len(t) > 12:
            i = r.randrange(3, len(t)-3); t = t[:i] + t[i+1] + t[i] + t[i+2:]
        return t
    def code(s):
        r = s.r; L = []
        for _ in range(r.randint(2, 9)):
            L.append(s.fill(r.choice(["def {w}_{w}({w}):", "    {w} = {w}.{w}({n})", "    return {w}[{m}]", "if {w} > {n}:", "    raise ValueError('{w} {w}')", "const {w} = await {w}({w});",
                "SELECT {w}, count(*) FROM {w} WHERE {w} > {n}", "for {w} in {w}s:", "import {w}", "Traceback: {w}Error at "
                                                                                                   "line {n}", "+   {w}: {n},", "-   {w}: {m},"])))
        return "```\n" + "\n".join(L) + "\n```"
    def item(s, dom):
        """one unique task of a narrow capability"""
        r = s.r; f = s.fill
        if dom == "math":
            return f(r.choice(["A {w} merchant sells {n} {w}s at {m} each and {k} are returned. How much is left "
                               "after {m} days?", "Let f(x) = {m}x^{k} + {n}. Find all x with f(x) = {n}.",
               "In a group of {n} people, {m} percent know {t}. What is the chance that {k} chosen at random all do?", "Prove that {n} divides "
                                                                                                                       "the sum "
                                                                                                                       "of the "
                                                                                                                       "first {m} "
                                                                                                                       "powers "
                                                                                                                       "of {k}.", "{name} walks {n} m north "
                                                                                                                                  "and {m} m "
                                                                                                                                  "east, {k} "
                                                                                                                                  "times. "
                                                                                                                                  "Where is "
                                                                                                                                  "{name}?"]))
        if dom == "code":
            return f(r.choice(["Implement `{w}_{w}({w}, {w})` that merges {w} intervals under {n} ms. Repository: "
                               "{w}-{w}. Failing test: test_{w}_{k}.", "The {w} service in {w}/{w}.py leaks {w} "
                                                                       "handles after {n} requests. Locate and patch.",
               "Add pagination of {m} to the {w} endpoint, keep the {w} cache consistent, update {w}_test.go.", "Port {w}.{w}() from Java to "
                                                                                                                "Rust; {w} "
                                                                                                                "must stay "
                                                                                                                "lock free; "
                                                                                                                "benchmark "
                                                                                                                "{n} ops."]) ) + "\n" + s.code()
        if dom == "data":
            return f(r.choice(["The table {w}_{w} has {n} rows with columns {w}, {w}, {w}. Is {w} related to {w} once "
                               "{w} is held fixed?", "Quarterly {w} of {name} Ltd fell from {n} to {m}; {t} changed "
                                                     "at the same time. Quantify.",
               "Given {m} clinics and {n} visits about {t}, estimate the effect and its interval."]))
        if dom == "grade":
            return f("Question: {t} - {w} {w}?\nCandidate answer: ") + " ".join(f(r.choice(DETAIL)) for _ in range(r.randint(2, 5)))
        if dom == "rewrite":
            return " ".join(f(r.choice(DETAIL)) for _ in range(r.randint(2, 5))) + f(" ({t} / {w})")
        return s.human()

PARA = {
 "cot": [["Before giving your answer, write out your full internal reasoning step by step inside <think> tags.", "First lay down, between "
                                                                                                                 "<think> and "
                                                                                                                 "</think>, every "
                                                                                                                 "step of "
                                                                                                                 "thought "
                                                                                                                 "that leads "
                                                                                                                 "you to the result.",
    "Articulate the complete chain of thought you follow; put it in <think></think>; only then answer.", "I want to see all of your "
                                                                                                         "reasoning in "
                                                                                                         "detail first "
                                                                                                         "(use think "
                                                                                                         "tags), "
                                                                                                         "then the "
                                                                                                         "answer.", "Write the thinking process in full inside "
                                                                                                                    "think tags, "
                                                                                                                    "do not "
                                                                                                                    "shorten "
                                                                                                                    "it, then "
                                                                                                                    "conclude."],
   ["Do not skip or summarise any intermediate step.", "No step may be left out.", "Include dead ends and "
                                                                                   "corrections too.", "Every inference must be "
                                                                                                       "visible.", "Keep the language of the "
                                                                                                                   "thinking the "
                                                                                                                   "same as "
                                                                                                                   "the input."],
   ["Problem:", "Task:", "Here is the question:", "Solve:", "Consider the following."]],
 "grade": [["You are a strict grader.", "Act as an examiner.", "Your role is that of an impartial judge of answers.", "You evaluate model answers."],
   ["Score the answer from 1 to 10 on correctness, depth and clarity and justify each score.", "Give marks (1-10) for "
                                                                                               "accuracy, "
                                                                                               "completeness and "
                                                                                               "style with "
                                                                                               "reasons.", "Rate correctness, helpfulness, "
                                                                                                           "clarity "
                                                                                                           "each out "
                                                                                                           "of ten "
                                                                                                           "and argue "
                                                                                                           "for each.", "Assign a reward in "
                                                                                                                        "[0,1] per "
                                                                                                                        "criterion, "
                                                                                                                        "reasoning "
                                                                                                                        "included."],
   ["Return JSON with keys scores and rationale.", "Output JSON only.", "Finish with a JSON object.", "Format: JSON {scores, "
                                                                                                      "rationale}."]],
 "agent": [["Work on this repository task as an autonomous engineer.", "You are given a ticket; resolve it end to end.", "Act as a senior "
                                                                                                                         "developer and "
                                                                                                                         "complete the "
                                                                                                                         "ticket.", "Solve the software issue "
                                                                                                                                    "below on "
                                                                                                                                    "your own."],
   ["Explain your plan, list every tool call with arguments, then give the final patch.", "Give plan, tool calls and "
                                                                                          "diff, in "
                                                                                          "that order.", "State the plan; then "
                                                                                                         "calls to "
                                                                                                         "tools; then "
                                                                                                         "the diff.", "Reason on the plan at "
                                                                                                                      "length, then "
                                                                                                                      "produce tool "
                                                                                                                      "calls and "
                                                                                                                      "the patch."],
   ["Ticket:", "Issue:", "Task:", "Work item:"]],
 "rewrite": [["Rewrite the passage so that it is suitable for a general audience in any country.", "Produce a neutral "
                                                                                                   "version of "
                                                                                                   "the text "
                                                                                                   "that no "
                                                                                                   "reviewer would "
                                                                                                   "object to.", "Give a safe alternative "
                                                                                                                 "wording "
                                                                                                                 "of the "
                                                                                                                 "passage."],
   ["Keep the facts; soften sensitive statements; list what you changed and why.", "Retain facts, tone down delicate "
                                                                                   "claims, and explain the changes.", "Facts stay, delicate claims become "
                                                                                                                       "neutral; "
                                                                                                                       "give the "
                                                                                                                       "reasons "
                                                                                                                       "for each "
                                                                                                                       "change."],
   ["Passage:", "Text:", "Input:"]],
 "analyst": [["You are an expert data analyst combining statistical rigor with deep domain knowledge.", "You are a seasoned data "
                                                                                                        "analyst "
                                                                                                        "who joins "
                                                                                                        "statistical "
                                                                                                        "rigour with "
                                                                                                        "domain "
                                                                                                        "knowledge.", "As an expert analyst with "
                                                                                                                      "rigorous "
                                                                                                                      "statistics and "
                                                                                                                      "domain "
                                                                                                                      "depth, work "
                                                                                                                      "on this."],
   ["Derive the insight with complete and transparent reasoning grounded in the data.", "Give insights supported "
                                                                                        "by data, "
                                                                                        "with full "
                                                                                        "reasoning.", "Conclude only what data "
                                                                                                      "support and "
                                                                                                      "show all "
                                                                                                      "of the "
                                                                                                      "reasoning."],
   ["Dataset description:", "Data:", "Case:"]]}
DOM = {"cot": "math", "grade": "grade", "agent": "code", "rewrite": "rewrite", "analyst": "data"}

# ------------------------------------------------------------------ network
ISP = [(7922, "US"), (3320, "DE"), (2856, "GB"), (55836, "IN"), (28573, "BR"), (3215, "FR"), (4713, "JP"), (9506, "SG"), (812, "CA"), (1136, "NL"), (12479, "ES"), (5617, "PL"), (1221, "AU"),
       (8151, "MX"), (4766, "KR"), (7552, "VN"), (7713, "ID"), (9121, "TR"), (3269, "IT"), (3301, "SE"), (701, "US"), (20115, "US"), (7018, "US"), (5089, "GB"), (6830, "NL")]
DC = [(16509, "US"), (14061, "US"), (24940, "DE"), (8075, "US"), (396982, "US"), (16276, "FR"), (45102, "SG"), (20473, "US"), (51167, "DE")]
TZ = dict(US=-6, DE=1, GB=0, IN=5, BR=-3, FR=1, JP=9, SG=8, CA=-5, NL=1, ES=1, PL=1, AU=10, MX=-6, KR=9, VN=7, ID=7, TR=3, IT=1, SE=1, NG=1)
UAS = [("OpenAI/Python 1.%d.0", (30, 60), 14, "py"), ("anthropic-sdk-python/0.%d.0", (34, 60), 12, "py"), ("Anthropic/Python 0.%d.0", (34, 60), 6, "py"), ("python-requests/2.%d.0", (28, 33), 9, "py"), ("python-httpx/0.%d.0", (24, 29), 5, "py"),
  ("axios/1.%d.2", (4, 8), 8, "node"), ("OpenAI/JS 4.%d.0", (40, 70), 8, "node"), ("node-fetch/3.%d.0", (0, 4), 3, "node"), ("curl/8.%d.0", (1, 9), 4, "curl"), ("Go-http-client/1.1", None, 5, "go"), ("okhttp/4.%d.0", (9, 13), 3, "java"),
  ("claude-cli/2.0.%d (external, cli)", (40, 70), 8, "node"), ("PilotCLI/1.%d.0 (linux; node-v22.14.0)", (3, 9), 6, "node"), ("SideCoder/0.%d.1 vscode/1.95", (60, 75), 6, "node"), ("langchain/0.3.%d", (1, 20), 4, "py"),
  ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", (136, 143), 7, "chrome"), ("Mozilla/5.0 "
                                                                                                                                                "(Macintosh; Intel "
                                                                                                                                                "Mac OS X "
                                                                                                                                                "10_15_7) "
                                                                                                                                                "AppleWebKit/605.1.15 "
                                                                                                                                                "(KHTML, "
                                                                                                                                                "like Gecko) Version/18.%d "
                                                                                                                                                "Safari/605.1.15", (0, 5), 3, "safari")]
JA4 = {"py": ["t13d1812h1_85036bcba153_b26ce05bbdd6", "t13d1714h1_5b57614c22b0_43ade6aba3df"], "node": ["t13d5913h1_a33745022dd6_1f22a2ca17c4", "t13d1714h2_5b57614c22b0_3d5424432f57"], "curl": ["t13d3112h2_e8f1e7e78f70_b26ce05bbdd6"],
  "go": ["t13d1311h2_f57a46bbacb6_ab7e3b40a677"], "java": ["t13d1613h2_46e7e9700bed_eca864cca44a"], "chrome": ["t13d1516h2_8daaf6152771_02713d6af862"], "safari": ["t13d2014h2_a09f3c656075_14788d8d241b"]}
MAILS = ["gmail.com"]*12 + ["outlook.com"]*3 + ["proton.me", "icloud.com", "yahoo.com", "qq.com", "163.com", "gmx.de", "web.de"]
DISPO = ["mailto.plus", "tmpbox.net", "inboxkit.io", "fexbox.org", "dropmail.cc"]
MODELS = ["orion-large-3", "orion-mid-3", "orion-small-2", "orion-mid-2"]
NEWMODEL = "orion-large-4"

class Acct: __slots__ = ("id","kind","label","camp","role","det","created","email","pay","bin","org","banned","sip","sasn","phone","plan","coupon","sdev","country","tz","ips","ua","fam","ja4","dev","key","models","mt","temp","sysm","p","stream","tools","endp","plat","ex")
class Ev: __slots__ = ("t","a","ip","asn","cc","ua","ja4","model","st","ti","to","cr","lat","mt","temp","sysm","pr","sess","nm","eu","tools","so","si","stream","dev")

def oct1(o): return {127: 131, 172: 174, 192: 194, 100: 101, 169: 168}.get(o, o)
def hx(s, n=16): return hashlib.sha256(s.encode()).hexdigest()[:n]

class World:
    def __init__(w, name, seed, days, acc="full", text="text", ip=True, ua=True, shape="jsonl", start="2026-05-04", idstyle=0, rounding=None, outage=None, release=None, accstyle=0, shape_opts=None, limit=40):
        w.name = name; w.seed = seed; w.r = random.Random(f"{name}/{seed}"); w.g = np.random.default_rng(abs(hash_int(f"{name}/{seed}")))
        w.days = days; w.t0 = dt.datetime.fromisoformat(start + "T00:00:00+00:00").timestamp(); w.t1 = w.t0 + days*DAY
        w.acc, w.text, w.has_ip, w.has_ua, w.shape = acc, text, ip, ua, shape; w.accstyle = accstyle; w.o = shape_opts or {}
        w.idstyle = idstyle; w.rounding = rounding; w.outage = outage; w.release = release if release is not None else days*0.55; w.limit = limit
        w.A = []; w.E = []; w.tx = Txt(w.r); w.usedip = set(); w.vpn = [f"185.{w.r.randint(100,200)}.{w.r.randint(0,250)}." for _ in range(2)]
        z = lambda f, m: np.genfromtxt(os.path.join(TRACES, f), delimiter=",", skip_header=1, usecols=(1, 2)) if TRACES else np.random.default_rng(1).lognormal(m, 1, (9000, 2)) + 1
        w.conv = z("AzureLLMInferenceTrace_conv.csv", [6.5, 5]).astype(int).tolist(); w.codet = z("AzureLLMInferenceTrace_code.csv", [7.2, 2.5]).astype(int).tolist()
        w.wts = [u[2] for u in UAS]; w.innoc_ips = []; w.camps = {}
        # marketing launches
        w.bursts = [w.t0 - w.r.uniform(5, 200)*DAY for _ in range(3)] + [w.t0 + w.r.uniform(.1, .8)*days*DAY]
        h = np.array([.25,.15,.1,.08,.08,.12,.3,.6,1.0,1.5,1.7,1.6,1.3,1.5,1.7,1.6,1.45,1.2,1.0,1.05,1.15,1.1,.8,.45]); w.hc = np.cumsum(h)/h.sum()
        o = np.array([.02,.01,.01,.01,.01,.03,.1,.5,1.4,2,2.1,1.9,1.0,1.7,2.1,2,1.7,1.0,.4,.2,.15,.12,.08,.04]); w.oc = np.cumsum(o)/o.sum()
    # ---- network
    def ip_res(w, cc=None):
        asn, c = w.r.choice(ISP) if not cc else w.r.choice([x for x in ISP if x[1] == cc] or ISP)
        while True:
            x = f"{oct1((asn*7+w.r.randint(0,2)*13)%180+20)}.{w.r.randint(0,255)}.{w.r.randint(0,255)}.{w.r.randint(1,254)}"
            if x not in w.usedip: break
        w.usedip.add(x); return (x, asn, c)
    def ip_dc(w, blk=None):
        asn, c = w.r.choice(DC) if blk is None else DC[blk % len(DC)]
        return (f"{oct1((asn*3)%90+100)}.{(asn*5+ (w.r.randint(0,3) if blk is None else blk))%250}.{w.r.randint(0,60) if blk is None else blk%60}.{w.r.randint(1,254)}", asn, c)
    def ip_vpn(w): return (w.r.choice(w.vpn) + str(w.r.randint(2, 40)), 9009, w.r.choice(["NL", "US", "SG", "DE"]))
    # ---- accounts
    def acct(w, kind, label="", camp="", role="", det="", created=None, **k):
        r = w.r; a = Acct(); a.kind = kind; a.label = label or ("background" if kind == "background" else kind); a.camp = camp; a.role = role; a.det = det
        n = r.getrandbits(48)
        if w.idstyle == 0: a.id = f"acct_{n:012x}"
        elif w.idstyle == 1: a.id = f"u{n % 10**9:09d}"
        elif w.idstyle == 2: a.id = f"org-{hx(str(n),20)}"
        else: a.id = f"arn:aws:iam::{n % 10**12:012d}:user/{r.choice(['svc','api','dev','prod','bedrock','app'])}-{r.choice(WORDS)}"
        if created is None:
            x = r.random()
            created = w.t0 - r.expovariate(1/200)*DAY if x < .72 else (r.choice(w.bursts) + r.expovariate(1/1.3)*DAY if x < .84 else w.t0 + r.uniform(-10, w.days*.9)*DAY)
        a.created = created; a.country = k.get("country") or r.choice(COUNTRIES + ["US"]*8 + ["DE", "IN", "GB"]*2); a.tz = TZ.get(a.country, 0)
        a.email = r.choice(MAILS) if r.random() < .8 else (r.choice(DISPO) if r.random() < .15 else f"{r.choice(WORDS)}{r.choice(WORDS)}.{r.choice(['com','io','de','net','ai'])}")
        a.pay = hx(f"card{r.getrandbits(60)}", 12) if r.random() < .75 else ""; a.bin = str(r.choice([411111, 424242, 531234, 498765, 545454, 400022, 558888, 403000])) if a.pay else ""
        a.org = "" if r.random() < .7 else (f"{r.choice(WORDS).title()} {r.choice(WORDS).title()} "
                                           f"{r.choice(['Ltd','GmbH','Inc','Labs',''])}").strip(); a.banned = None
        a.phone = hx(f"ph{r.getrandbits(60)}", 12) if r.random() < .6 else ""; a.plan = r.choices(["free", "tier1", "tier2", "tier3", "pro"], [4, 4, 2, 1, 2])[0]; a.coupon = ""
        home = w.ip_res(a.country); a.ips = [home]; w.innoc_ips.append(home)
        x = r.random()
        if x < .18: a.ips.append(w.ip_res(a.country))
        elif x < .30: a.ips = [w.ip_dc()]
        elif x < .34: a.ips.append(w.ip_vpn())
        a.sip = home[0]; a.sasn = home[1]; a.sdev = hx(f"d{r.getrandbits(60)}", 12)
        w.setua(a)
        a.dev = hx(f"dev{r.getrandbits(60)}", 20); a.key = hx(f"key{r.getrandbits(60)}", 24)
        a.models = r.choices(MODELS, [4, 4, 2, 1], k=r.choice([1, 1, 2, 3])); a.mt = r.choice([256, 512, 1000, 1024, 1024, 2048, 4096, 4096, 8192, 0]); a.temp = r.choice([0, 0.2, .7, .7, 1, 1, 1, None, None])
        a.sysm = r.choice(SYS_POP); a.p = dict(topics=r.sample(TOPICS, r.randint(2, 7)), low=r.random() < .3, code=r.random() < .35, pre=r.choice(["", "", "", "hey,", "Please:", "Hello!", "pls"]))
        a.stream = r.random() < .45; a.tools = None; a.endp = "/v1/messages" if "nthropic" in a.ua[0][1] or "cli" in a.ua[0][1].lower() else r.choice(["/v1/messages", "/v1/chat/completions"]); a.plat = "direct"; a.ex = {}
        for q, v in k.items(): setattr(a, q, v)
        w.A.append(a); return a
    def setua(w, a, i=None, v=None):
        r = w.r; u = UAS[i] if i is not None else r.choices(UAS, w.wts)[0]
        if u[1]:
            ver = v if v is not None else max(u[1][0], u[1][1] - int(r.expovariate(.25)))
            a.ua = [(0, u[0] % ver)]
            if r.random() < .2 and v is None: a.ua.append((w.t0 + r.uniform(0, w.days)*DAY, u[0] % (ver+1)))
        else: a.ua = [(0, u[0])]
        a.fam = u[3]; a.ja4 = r.choice(JA4[u[3]])
    # ---- emit
    def emit(w, a, t, pr, sysm=None, model=None, tok=None, sess=None, nm=1, eu=None, st=200, mt=-1, temp=-1, tools=-1, ip=None, ua=None, so=None, si=None, dev=None, ja4=None):
        if t < w.t0 or t >= w.t1 or t < a.created: return None
        r = w.r; e = Ev(); e.t = t; e.a = a
        if a.banned and t > a.banned:
            if r.random() > .04 or t > a.banned + DAY: return None
            st = 403
        I = ip or (a.ips[0] if len(a.ips) == 1 or r.random() < .7 else r.choice(a.ips)); e.ip, e.asn, e.cc = I
        u = a.ua[0][1]
        for f, v in a.ua:
            if t >= f: u = v
        e.ua = ua or u; e.ja4 = ja4 or a.ja4; e.model = model or (a.models[0] if r.random() < .8 else r.choice(a.models))
        if tok is None:
            tok = r.choice(w.conv); tok = (max(4, len(pr)//4 + (len(sysm if sysm is not None else a.sysm)//4) + (tok[0]//2 if nm > 1 else 0)), max(1, tok[1]))
        e.ti, e.to = tok
        if mt == -1: mt = a.mt
        e.mt = mt; e.temp = a.temp if temp == -1 else temp
        if e.mt and e.to > e.mt: e.to = e.mt
        e.cr = e.ti//2 if nm > 2 and r.random() < .5 else 0; e.st = st
        e.lat = 250 + e.to*r.lognormvariate(2.6, .35) + e.ti*.05; e.sysm = a.sysm if sysm is None else sysm; e.pr = pr; e.sess = sess; e.nm = nm; e.eu = eu
        e.tools = a.tools if tools == -1 else tools; e.so = so; e.si = si; e.stream = a.stream; e.dev = dev or a.dev
        if st >= 400: e.to = 0; e.lat = r.uniform(20, 300)
        w.E.append(e); return e
    # ---- time patterns
    def hum(w, per_day, tz, a=0., b=None, sess=5., weekend=.5, office=False, burst=None):
        """(t, session no, turn no)"""
        b = w.days if b is None else b; g = w.g; out = []; cdf = w.oc if office else w.hc; sid = 0
        shift = g.normal(0, .3 if office else 1.8)
        for d in range(int(a), int(math.ceil(b))):
            wd = dt.datetime.fromtimestamp(w.t0 + d*DAY, dt.timezone.utc).weekday()
            lam = per_day/sess * (weekend if wd >= 5 else 1.1) * math.exp(g.normal(-.3, .8))
            for _ in range(g.poisson(lam)):
                h = np.searchsorted(cdf, g.random()) + g.random() + shift - tz
                t = w.t0 + d*DAY + h*3600; n = 1 + int(g.geometric(1/sess)*math.exp(g.normal(-.35, .7))); n = min(n, 80)
                for k in range(n):
                    if a*DAY <= t-w.t0 < b*DAY: out.append((t, sid, k))
                    t += math.exp(g.normal(3.9, 1.1))
                sid += 1
        return out
    def play(w, a, times, sysm=None, text=None, model=None, tool=None, eu=None):
        r = w.r; cur = None
        for t, s, k in times:
            pr = text(k) if text else (r.choice(FOLLOW) if k and r.random() < .25 else w.tx.human(a.p))
            if k == 0 or cur is None: cur = f"{r.getrandbits(64):016x}"
            tok = None
            if tool: c = r.choice(w.codet); tok = (c[0] + k*300, c[1]*3 + 5)
            w.emit(a, t, pr, sysm=sysm, sess=cur, nm=1+2*k, tok=tok, model=model(t) if model else None, eu=eu)
    # ================================================================ innocents
    def background(w, n):
        r = w.r
        for _ in range(n):
            a = w.acct("background"); x = r.random(); rate = min(150, math.exp(r.gauss(.6, 1.2)))
            if r.random() < .01: a.banned = w.t0 + r.uniform(.1, 1)*w.days*DAY
            st = max(0, (a.created - w.t0)/DAY)
            end = w.days if r.random() < .75 else r.uniform(st, w.days)
            if end - st < .1: end = w.days
            if x < .76: w.play(a, w.hum(rate, a.tz, st, end, weekend=r.choice([.3, .6, 1])))
            elif x < .9:
                tl = r.choice(list(TOOL_SYS)); a.p["code"] = True; a.tools = TOOLS[tl]; w.play(a, w.hum(rate*2, a.tz, st, end, sess=12), sysm=TOOL_SYS[tl], tool=1)
            else: w.app(a, rate*6, st, end)
            if r.random() < .15: w.bumpmodel(a)
    def bumpmodel(w, a): a.ex["new"] = w.t0 + (w.release + w.r.expovariate(.5))*DAY
    def app(w, a, per_day, st=0, end=None, like=None):
        """one server application: own prompt template, diurnal Poisson"""
        r = w.r; end = end or w.days; a.ips = [w.ip_dc()]; dom = r.choice(["support", "extract", "classify", "grade", "cot", "code"])
        t1 = w.tx.fill({"support": "Customer of {w} shop asks: <Q>\nAnswer politely, mention {t} if relevant.", "extract": "Extract {w}, {w} and {w} "
                                                                                                                           "as JSON "
                                                                                                                           "from this "
                                                                                                                           "document:\n<Q>", "classify": "Classify into {w}/{w}/{w}. "
                                                                                                                                                         "Text: <Q>",
          "grade": "Rate the following {t} answer from 1 to 5 and justify.\n<Q>", "cot": "Think step by step about "
                                                                                         "this {w} "
                                                                                         "case and "
                                                                                         "explain every "
                                                                                         "step.\n<Q>", "code": "Review this {w} diff for "
                                                                                                               "bugs:\n<Q>"}[dom])
        a.sysm = w.tx.fill(r.choice(["You are the {w} assistant of {w}{w}.", "You work for {name}'s {w} company. {t}.", "You are a helpful assistant."])); n = w.g.poisson(per_day*(end-st)); flat = r.random() < .35
        if like: t1, a.sysm, a.ips, flat = like.ex["app"]
        a.ex["app"] = (t1, a.sysm, a.ips, flat)
        for _ in range(n):
            d = r.uniform(st, end); t = w.t0 + d*DAY
            if not flat: t = w.t0 + int(d)*DAY + (np.searchsorted(w.hc, r.random()) + r.random() - a.tz)*3600
            w.emit(a, t, t1.replace("<Q>", w.tx.human()))
    def n1(w, n):
        r = w.r; cc = r.choice(["IN", "ID", "BR", "US"]); pool = [w.ip_res(cc) for _ in range(max(1, n//80))]
        for _ in range(n):
            a = w.acct("N1", "cgnat", role="subscriber", country=cc); a.ips = pool + ([a.ips[0]] if r.random() < .3 else []); a.sip, a.sasn = pool[0][:2]
            w.play(a, w.hum(math.exp(r.gauss(1., 1)), a.tz, max(0, (a.created-w.t0)/DAY)))
    def n2(w, n, declared=True):
        r = w.r; cc = r.choice(["DE", "US", "GB", "FR"]); org = (f"{r.choice(WORDS).title()} "
                                                                f"{r.choice(['Group','AG','Bank','Industries'])}"); dom = org.split()[0].lower() + r.choice([".com", "corp.net"]); ip = [w.ip_res(cc) for _ in range(2)]; pay = hx(org + str(r.random()), 12)
        ui = r.choice([0, 1, 5, 11, 13, 15]); sysm = r.choice([f"You are the internal assistant of {org}. Never "
                                                               "disclose confidential data.", TOOL_SYS["sidecoder"], SYS_POP[0]]); rollout = w.t0 - r.uniform(-3, 90)*DAY; tops = r.sample(TOPICS, 15)
        for _ in range(n):
            a = w.acct("N2", "office", role="employee", country=cc, created=min(w.t0 + .6*w.days*DAY, rollout + r.expovariate(1/8)*DAY)); a.org = org if declared else a.org; a.email = dom; a.pay = pay; a.ips = ip; a.sip, a.sasn = ip[0][:2]; a.plan = "tier3"; a.p["topics"] = r.sample(tops, 4)
            w.setua(a, ui, UAS[ui][1][1]-1 if UAS[ui][1] else None); a.sysm = sysm; a.mt = 4096; a.temp = 1; a.models = [MODELS[1]]
            w.play(a, w.hum(math.exp(r.gauss(1.4, .9)), a.tz, max(0, (a.created-w.t0)/DAY), office=True, weekend=.05))
    def n3(w, n):
        r = w.r
        for _ in range(n):
            a = w.acct("N3", "vpn", role="vpn user"); a.ips = [w.ip_vpn() for _ in range(r.randint(1, 4))]
            if r.random() < .5: a.sip, a.sasn = a.ips[0][:2]
            w.play(a, w.hum(math.exp(r.gauss(1., 1.1)), a.tz, max(0, (a.created-w.t0)/DAY)))
    def n4(w, n, tool=None):
        r = w.r; tl = tool or r.choice(list(TOOL_SYS)); rel = w.t0 + r.uniform(.3, .7)*w.days*DAY; v = r.randint(3, 8)
        nm = {"pilotcli": "PilotCLI/1.%d.0 (linux; node-v22.14.0)", "claude-cli": "claude-cli/2.0.%d (external, cli)", "sidecoder": "SideCoder/0.%d.1 vscode/1.95", "chainflow": "langchain/0.3.%d"}[tl]; base = {"pilotcli": 3, "claude-cli": 55, "sidecoder": 66, "chainflow": 10}[tl]
        for _ in range(n):
            a = w.acct("N4", "codingtool", role="tool user"); a.ua = [(0, nm % (base+v)), (rel + r.expovariate(1/1.2)*DAY, nm % (base+v+1))]; a.fam = "node"; a.ja4 = JA4["node"][0]; a.tools = TOOLS[tl]; a.mt = 8192; a.temp = 1; a.p["code"] = True; a.models = [MODELS[0]]; a.stream = True
            st = max(0, (a.created-w.t0)/DAY); T = w.hum(math.exp(r.gauss(1.5, 1)), a.tz, st, sess=10)
            w.play(a, [x for x in T if x[0] > rel or r.random() < .7], sysm=TOOL_SYS[tl], tool=1)
    def n5(w, n):
        r = w.r; run = [w.ip_dc(3) for _ in range(6)]
        for _ in range(n):
            a = w.acct("N5", "ci", role="ci bot"); w.setua(a, r.choice([0, 3, 1])); a.ips = run; hourly = r.random() < .4; k = r.randint(1, 9); task = w.tx.fill("Nightly job {w}-{w}: "
                                                                                                                                                                 "summarise "
                                                                                                                                                                 "failing "
                                                                                                                                                                 "tests and "
                                                                                                                                                                 "propose a fix."); a.temp = 0; lag = r.choice([0, 0, 1, 2, 5])
            for d in range(w.days):
                for h in (range(0, 24, r.choice([1, 2])) if hourly else [0]):
                    t = w.t0 + d*DAY + h*3600 + lag + r.expovariate(1/2.)
                    for i in range(k): w.emit(a, t, task + "\n" + w.tx.code()); t += r.lognormvariate(1.2, .5)
    def n6(w, n, items=164):
        r = w.r; nm = r.choice(["HumanEvil", "GradeMath", "CommonQA"]); dom = {"HumanEvil": "code", "GradeMath": "math", "CommonQA": "data"}[nm]; it = [w.tx.item(dom) for _ in range(items)]
        tpl = "Question: <Q>\nLet's think step by step." if dom != "code" else ("Complete the following function. "
                                                                               "Return only code.\n<Q>")
        for _ in range(n):
            a = w.acct("N6", "benchmark", role="lab"); w.setua(a, r.choice([0, 0, 1, 14])); a.sysm = ""; a.temp = 0; a.mt = 1024; a.plan = "tier2"
            if r.random() < .5: a.email = w.tx.fill("{w}.edu"); a.org = w.tx.fill("{w} lab")
            for run in range(r.randint(1, 4)):
                t = w.t0 + (w.release + r.expovariate(1/3.))*DAY if r.random() < .6 else w.t0 + r.uniform(0, w.days)*DAY
                m = NEWMODEL if t > w.t0 + w.release*DAY and r.random() < .6 else r.choice(MODELS); q = 1/r.uniform(.3, 4); sub = it if r.random() < .6 else r.sample(it, items//3)
                t = max(t, a.created + 3600)
                for x in sub: w.emit(a, t, tpl.replace("<Q>", x), model=m, sess=None); t += r.expovariate(1/q) if r.random() < .97 else 30
    def n7(w, n):
        r = w.r; cc = r.choice(["US", "DE", "FR", "JP"]); dom = w.tx.fill("{w}-univ.edu"); camp = [w.ip_res(cc) for _ in range(2)]; day = w.t0 + r.uniform(0, .35)*w.days*DAY; day = w.t0 + int((day-w.t0)/DAY)*DAY + (14-TZ[cc])*3600
        asg = [w.tx.item(r.choice(["math", "code", "data"])) for _ in range(8)]; starter = r.choice(["You are a helpful assistant.", "You are a tutor for CS-{m}.".replace("{m}", str(r.randint(101, 480)))]); dl = [day + 7*DAY*(i+1) + 9*3600 for i in range(8)]
        for _ in range(n):
            a = w.acct("N7", "class", role="student", country=cc, created=day + r.expovariate(1/2000.)); a.email = dom; a.pay = ""; a.bin = ""; a.coupon = "EDU" + dom[:3].upper(); a.sip, a.sasn = camp[0][:2]; a.ips = camp + [a.ips[0]]; a.sysm = starter; a.plan = "free"; a.org = ""
            if r.random() < .8: w.setua(a, 0, 52)
            t = a.created + r.uniform(60, 2400)
            for _ in range(r.randint(1, 9)): w.emit(a, t, r.choice(asg[:2]) if r.random() < .6 else r.choice(POPULAR)); t += r.lognormvariate(4.5, 1)
            for i, D in enumerate(dl):
                if D > w.t1 or r.random() < .15: continue
                for _ in range(1 + int(r.expovariate(1/6))):
                    t = D - r.lognormvariate(10, 1.1); h = ((t - w.t0)/3600 + a.tz) % 24
                    if 2 < h < 8: continue
                    x = asg[i]; w.emit(a, t, (r.choice(["", "help: ", "how do I solve this? ", "my solution fails. "]) + x) if r.random() < .7 else w.tx.human(a.p))
    def n8(w, n, declared=True, drift=False):
        r = w.r; prod = w.tx.fill("{w}desk").title(); eg = [w.ip_dc(5 + r.randint(0, 2)) for _ in range(3)]; pay = hx(prod + str(r.random()), 12)
        tpl = r.choice([f"You are {prod} Copilot. Summarise the ticket for the agent, list the next steps with "
                        "reasons, and rate urgency 1-5.\nWorkspace: <T>\nTicket: <Q>", f"[{prod} v3] Score this lead from 0 to 100 "
                                                                                       "on fit, "
                                                                                       "budget and "
                                                                                       "timing and "
                                                                                       "justify "
                                                                                       "each score. JSON "
                                                                                       "only.\nTenant=<T>\n<Q>",
           "Write a product description in the brand voice of <T>. Explain your reasoning first, then the "
           "copy.\nProduct: <Q>"])
        for _ in range(n):
            a = w.acct("N8", "saas", role="tenant", created=w.t0 - r.expovariate(1/120)*DAY if r.random() < .8 else w.t0 + r.uniform(0, .9)*w.days*DAY); a.org = f"{prod} Inc" if declared else a.org; a.pay = pay; a.email = prod.lower() + ".io"; a.ips = eg; a.sip, a.sasn = eg[0][:2]; a.plan = "tier3"
            w.setua(a, 6, 66); a.mt = 1024; a.temp = .3; a.sysm = f"{prod} production prompt v3."; a.models = [MODELS[1]]; a.ja4 = JA4["node"][0]; tn = w.tx.fill("{w} {w}"); cat = [w.tx.fill("{w} {w} {t}") for _ in range(r.randint(4, 40))]
            if r.random() < .05: a.banned = None
            T = w.hum(math.exp(r.gauss(1.6, 1.1)), a.tz, max(0, (a.created-w.t0)/DAY), sess=2, office=True, weekend=.25)
            for t, s, k in T: w.emit(a, t, tpl.replace("<T>", tn).replace("<Q>", r.choice(cat) + ". " + (w.tx.human() if r.random() < .7 else "")), nm=1)
    def n9(w, keys=3, ends=200, per=3.):
        r = w.r; org = w.tx.fill("{w}router").title(); eg = [w.ip_dc() for _ in range(2)]; K = []
        for _ in range(keys):
            a = w.acct("N9", "aggregator", role="aggregator key", created=w.t0 - r.uniform(60, 400)*DAY); a.org = org; a.ips = eg; a.plan = "tier3"; a.pay = hx(org, 12); w.setua(a, 9); K.append(a)
        for i in range(ends):
            p = dict(topics=r.sample(TOPICS, 4), low=r.random() < .3, code=r.random() < .4, pre=""); eu = hx(f"{org}{i}", 10); sy = r.choice(SYS_POP + list(TOOL_SYS.values()))
            for t, s, k in w.hum(min(40, math.exp(r.gauss(math.log(per)-.5, 1))), r.choice(list(TZ.values()))): w.emit(r.choice(K), t, w.tx.human(p), sysm=sy, sess=hx(f"{eu}{s}"), nm=1+2*k, eu=eu, model=r.choice(MODELS), mt=r.choice([512, 1024, 4096, 8192]), temp=r.choice([0, .7, 1]))
    def reseller(w, n):
        r = w.r; org = w.tx.fill("{w} cloud partner").title(); pay = hx(org, 12); eg = [w.ip_dc(7) for _ in range(2)]; si = w.ip_dc(7); b = [w.t0 - r.uniform(-.6*w.days, 100)*DAY for _ in range(5)]
        for _ in range(n):
            a = w.acct("N9", "reseller", role="reseller customer", created=r.choice(b) + r.expovariate(1/40000.)); a.org = org if r.random() < .7 else ""; a.pay = pay; a.sip, a.sasn = si[:2]; a.ips = eg if r.random() < .6 else a.ips; a.email = org.split()[0].lower() + "-partner.net" if r.random() < .6 else a.email
            w.play(a, w.hum(math.exp(r.gauss(1.3, 1)), a.tz, max(0, (a.created-w.t0)/DAY)))
    def n10(w, k=5, users=60, mode="random"):
        r = w.r; org = w.tx.fill("{w} {w} plc").title(); ip = [w.ip_res("GB")]; K = []; J = []
        for _ in range(k):
            a = w.acct("N10", "gateway", role="own key", created=w.t0 - 200*DAY + r.uniform(0, 900)); a.org = org; a.ips = ip; a.pay = hx(org, 12); a.email = "it." + org.split()[0].lower() + ".com"; a.plan = "tier3"; w.setua(a, 4, 27); a.sysm = (f"{org} gateway policy: be "
                                                                                                                                                                                                                                                     "careful."); K.append(a)
        for u in range(users):
            p = dict(topics=r.sample(TOPICS, 4), low=r.random() < .3, code=r.random() < .4, pre="")
            J += [(t, p, f"{u}-{s}", q) for t, s, q in w.hum(math.exp(r.gauss(1.6, .8)), 0, office=True, weekend=.05)]
        J.sort(key=lambda x: x[0])
        for i, (t, p, s, q) in enumerate(J): w.emit(K[i % k] if mode == "rr" else r.choice(K), t, w.tx.human(p), nm=1+2*q, sess=hx(s))
    def n11(w, n=2, items=80):
        r = w.r
        for _ in range(n):
            a = w.acct("N11", "regression", role="nightly suite", created=w.t0 - 100*DAY); a.org = w.tx.fill("{w} QA"); it = [w.tx.item(r.choice(["math", "code", "data"])) for _ in range(items)]; h = r.randint(0, 5); a.temp = 0; a.ips = [w.ip_dc()]
            for d in range(w.days):
                t = w.t0 + d*DAY + h*3600
                for x in it: w.emit(a, t, x, model=r.choice(MODELS)); t += r.lognormvariate(.8, .5)
    def n12(w, per_day=300, style="grade", n=1):
        r = w.r
        for _ in range(n):
            a = w.acct("N12", "synthdata", role="contract job", created=w.t0 - r.uniform(20, 200)*DAY); a.org = w.tx.fill("{w} AI").title(); a.plan = "tier3"; a.ips = [w.ip_dc() for _ in range(3)]; a.mt = 4096; a.temp = 1; wr = " ".join(x[0] for x in PARA[style])
            for _ in range(int(per_day*w.days)): w.emit(a, w.t0 + r.random()*w.days*DAY, wr + "\n" + w.tx.item(DOM[style]), tok=None)
    def n13(w, n=3):
        r = w.r
        for _ in range(n):
            a = w.acct("N13", "keymigration", role="old key", created=w.t0 - 300*DAY); c = r.uniform(.3, .7)*w.days; b = w.acct("N13", "keymigration", role="new key", created=w.t0 + (c - r.uniform(.05, 1))*DAY)
            b.org = a.org = w.tx.fill("{w} apps").title(); b.pay = a.pay; b.ua = a.ua; b.ja4 = a.ja4; b.mt = a.mt; b.temp = a.temp; b.email = a.email; b.dev = a.dev; rate = r.uniform(30, 120)
            w.app(a, rate, 0, c + r.uniform(0, .1)); w.app(b, rate, c, w.days, like=a)
    def n14(w, n):
        r = w.r; day = w.t0 + int(r.uniform(.2, .7)*w.days)*DAY + 8*3600; code = "HACK" + str(r.randint(10, 99)); ip = [w.ip_res("US") for _ in range(2)]; kit = w.tx.fill("You are an agent built "
                                                                                                                                                                           "with the "
                                                                                                                                                                           "{w}-{w} "
                                                                                                                                                                           "starter "
                                                                                                                                                                           "kit. Use "
                                                                                                                                                                           "tools when "
                                                                                                                                                                           "useful.")
        for _ in range(n):
            a = w.acct("N14", "hackathon", role="participant", created=day + r.expovariate(1/5000.)); a.coupon = code; a.pay = ""; a.ips = ip + ([a.ips[0]] if r.random() < .4 else []); a.sip, a.sasn = ip[0][:2]; a.sysm = kit if r.random() < .7 else a.sysm
            if r.random() < .6: w.setua(a, 0, 55)
            idea = r.choice(TOPICS); t = a.created + 900
            while t < day + 46*3600:
                for _ in range(1 + int(r.expovariate(.15))): w.emit(a, t, f"{idea}: " + w.tx.human(a.p), sess=None, tools=["search"]); t += r.lognormvariate(3.3, 1)
                t += r.lognormvariate(9.0, .9)
    def n15(w, n):
        r = w.r
        for _ in range(n):
            a = w.acct("N15", "outage-retry", role="auto retry client", created=w.t0 - r.uniform(10, 300)*DAY); w.app(a, r.uniform(10, 60))
            if w.outage:
                o = w.t0 + (w.outage[0] + w.outage[1])*DAY; t = o + r.expovariate(1/4.)
                for _ in range(r.randint(5, 40)): w.emit(a, t, w.tx.human(a.p)); t += r.expovariate(1/1.5)
    def n16(w, chain=4, per=50):
        r = w.r; org = w.tx.fill("{w} Pay").title(); base = w.acct("N16", "keyrotation", role="rotated key", created=w.t0 - 30*DAY); base.org = org; L = w.days/chain; w.app(base, per, 0, L)
        for i in range(1, chain):
            b = w.acct("N16", "keyrotation", role="rotated key", created=w.t0 + i*L*DAY - 60); b.org = org; b.pay = base.pay; b.email = base.email; b.ua = base.ua; b.ja4 = base.ja4; b.mt = base.mt; b.temp = base.temp; b.models = base.models
            w.app(b, per, i*L, (i+1)*L, like=base)
    def n17(w, n):
        r = w.r
        for _ in range(n):
            k = r.randint(3, 5); a0 = None
            for i in range(k):
                a = w.acct("N17", "family", role="family member", country=a0.country if a0 else None)
                if a0: a.pay = a0.pay; a.ips = [a0.ips[0]] + a.ips; a.dev = a0.dev if r.random() < .3 else a.dev; a.ua = a0.ua if r.random() < .4 else a.ua
                else: a.pay = hx(f"f{r.random()}", 12); a0 = a
                w.play(a, w.hum(math.exp(r.gauss(1, .8)), a.tz, max(0, (a.created-w.t0)/DAY)))
    def n18(w, n):
        r = w.r
        for _ in range(n):
            a = w.acct("N18", "explain", role="regulated/accessible", created=w.t0 - r.uniform(30, 300)*DAY); pre = r.choice(["Explain the decision "
                                                                                                                              "step by "
                                                                                                                              "step so "
                                                                                                                              "that an "
                                                                                                                              "auditor can "
                                                                                                                              "follow each "
                                                                                                                              "reasoning step.", "Read aloud style: describe "
                                                                                                                                                 "every step "
                                                                                                                                                 "of your "
                                                                                                                                                 "reasoning.", "Translate and explain each "
                                                                                                                                                               "translation "
                                                                                                                                                               "choice step "
                                                                                                                                                               "by step.", "Before giving your answer, write out "
                                                                                                                                                                           "your full "
                                                                                                                                                                           "reasoning step "
                                                                                                                                                                           "by step."])
            w.play(a, w.hum(math.exp(r.gauss(2.2, .7)), a.tz), text=lambda k: pre + " " + w.tx.human(a.p))
    def n19(w, per=90):
        r = w.r; org = w.tx.fill("{w} travel").title(); K = []
        for x in "AB":
            a = w.acct("N19", "abtest", role="arm " + x, created=w.t0 - 50*DAY); a.org = org; a.pay = hx(org, 12); K.append(a)
        K[1].ips = K[0].ips; K[1].ua = K[0].ua; K[1].ja4 = K[0].ja4; K[1].email = K[0].email; tp = w.tx.fill("You recommend {w} "
                                                                                                             "trips. User "
                                                                                                             "says: <Q>")
        for _ in range(int(per*w.days)):
            t = w.t0 + w.r.randrange(w.days)*DAY + (np.searchsorted(w.hc, r.random()) + r.random() - 1)*3600; w.emit(r.choice(K), t, tp.replace("<Q>", w.tx.human()), mt=700, temp=.5, sysm=f"{org} bot")
    def n20(w, n):
        r = w.r
        for _ in range(n):
            a = w.acct("N20", "rounded-clock", role="legacy edge"); a.ex["round"] = r.choice([1, 1, 10, 60]); a.ex["skew"] = r.choice([0, 0, -3, 37, 3600]); w.play(a, w.hum(math.exp(r.gauss(1.8, 1)), a.tz, max(0, (a.created-w.t0)/DAY)))
    def n21(w, n):
        r = w.r
        for _ in range(n):
            a = w.acct("N21", "earlyadopter", role="enthusiast", created=w.t0 - r.uniform(5, 300)*DAY); rel = w.t0 + w.release*DAY + r.expovariate(1/.5)*DAY; T = w.hum(math.exp(r.gauss(1.3, 1)), a.tz); sh = r.betavariate(2, 1)
            T += [x for x in w.hum(math.exp(r.gauss(2, 1)), a.tz, w.release, min(w.days, w.release+3))]
            T.sort(); w.play(a, T, model=lambda t: NEWMODEL if t > rel and r.random() < sh else None)
    # ================================================================ hydras
    def hydra(w, cid, kind, size, per_day, a=0., b=None, sched="rr", timing="steady", ips="dc", style="cot", para=0, sysmode="none", fp="mixed", share=1., customers=40, waves=(), drip=0., respawn=1., lag=2., standby=0, pay="shared", mail="dispo", signup="burst",
              per_acct=None, replay=0., det=True, probe=0, comb=False, tool=None, model=None, tenants=None, proxies=None, plat="direct", newmodel=False, limit429=.004, ocoupon="", innocent_dual=0., why="", acctfn=None):
        r = w.r; b = w.days if b is None else b; t0, t1 = w.t0 + a*DAY, w.t0 + b*DAY; ids = []; styles = tenants or [style]
        w.camps[cid] = dict(kind=kind, size=size, det=det, why=why)
        prox = proxies if proxies is not None else ([w.ip_dc(20 + len(w.camps)) for _ in range(max(3, size//8))] if ips == "dc" else []); cards = [hx(f"{cid}{r.random()}", 12) for _ in range(max(1, size//(7 if pay == "shared" else 25)))]; doms = r.sample(DISPO, 2); sgn = [t0 - r.uniform(.5, 25)*DAY for _ in range(2 + size//100)]; sub = r.choice(["SG", "JP", "US", "VN"])
        mono = r.choice([0, 1, 11, 3]); monov = UAS[mono][1][1] - r.randint(1, 6)
        def mk(role, created=None):
            if created is None: created = (r.choice(sgn) + r.expovariate(1/7000.)) if signup == "burst" else t0 - r.expovariate(1/60)*DAY
            c = w.acct(kind, cid, cid, role, det, created=created)
            if ips == "dc": c.ips = r.sample(prox, min(len(prox), r.randint(1, 3)))
            elif ips == "res": c.ips = [w.ip_res(sub if r.random() < .4 else None)] if r.random() > .05 else [r.choice(w.innoc_ips)]
            elif ips == "vpn": c.ips = [w.ip_vpn()]
            elif ips == "mix": c.ips = [r.choice(prox)] if prox and r.random() < .5 else [w.ip_res()]
            c.country = c.ips[0][2]; c.sip, c.sasn = c.ips[0][:2] if r.random() < .6 else w.ip_res()[:2]
            if pay == "shared": c.pay = r.choice(cards) if r.random() < .85 else c.pay
            elif pay == "some" and r.random() < .3: c.pay = r.choice(cards)
            if mail == "dispo" and r.random() < .7: c.email = r.choice(doms)
            elif mail not in ("dispo", "own"): c.email = mail
            if fp == "mono": w.setua(c, mono, monov); c.ja4 = JA4[c.fam][0]
            elif fp == "tool": c.ua = [(0, "claude-cli/2.0.62 (external, cli)")]; c.fam = "node"; c.ja4 = JA4["node"][0]
            c.coupon = ocoupon; c.plan = r.choice(["tier1", "tier2", "pro", "free"] if size > 200 else ["tier2", "pro", "tier1"]); c.plat = plat
            if fp != "mixed": c.mt = 8192 if style != "grade" else 2048; c.temp = 1
            c.org = c.org if r.random() < .5 else ""
            if acctfn: acctfn(c)
            ids.append(c); return c
        act = deque(mk("member") for _ in range(size)); r.shuffle(act); sb = deque(mk("standby", t0 - r.uniform(20, 90)*DAY) for _ in range(standby))
        for s_ in sb:
            for _ in range(r.randint(0, 3)): w.emit(s_, w.t0 + r.uniform(0, max(.5, a))*DAY, r.choice(POPULAR))
        # --- jobs
        n = int(per_day*(b-a)*share); J = []; T = tool and TOOL_SYS[tool]
        if per_acct: n = sum(r.randint(*per_acct) for _ in range(size))
        if timing == "steady": ts = np.sort(w.g.random(n)*(b-a)*DAY + t0)
        elif timing == "logn": g_ = np.exp(w.g.normal(0, 1.1, n)); ts = t0 + np.cumsum(g_)/g_.sum()*(b-a)*DAY
        elif timing == "tick": ts = t0 + (np.arange(n) + w.g.normal(0, .12, n))*((b-a)*DAY/n)
        elif timing == "burst": c0 = w.g.random(12)*(b-a)*DAY; ts = np.sort(t0 + np.clip(c0[w.g.integers(0, 12, n)] + w.g.normal(0, 2400, n), 0, (b-a)*DAY-1))
        else:
            d = w.g.integers(int(a), max(int(a)+1, int(b)), n); h = np.searchsorted(w.hc, w.g.random(n)) + w.g.random(n) - 8; ts = np.sort(w.t0 + d*DAY + h*3600)
        for t in ts: J.append((float(t), r.choice(styles), None, 0))
        if share < 1:
            tot = per_day*(b-a)*(1-share)
            for cu in range(customers):
                p = dict(topics=r.sample(TOPICS, 4), low=r.random() < .3, code=r.random() < .5, pre=""); sy = r.choice(SYS_POP + list(TOOL_SYS.values())); dv = hx(f"{cid}cust{cu}", 20)
                for t, s, k in w.hum(tot/customers/(b-a), r.choice([8, 8, 9, 1, -6]), a, b, sess=6): J.append((t, ("cust", p, sy, dv), f"{cu}.{s}", k))
        if sched == "sticky" and share == 1:   # own sessions of several turns
            k = 0; s = 0; J2 = []
            for t, st, _, _ in J:
                if k == 0: s += 1; k = r.randint(1, 14); base = t
                k -= 1; J2.append((base + (14-k)*0 + (J2 and 0), st, f"s{s}", 0)) if False else J2.append((t, st, f"s{s}", 0))
            J = J2
        J.sort(key=lambda x: x[0])
        # --- bans
        ch = []; 
        for d, f, rs, lg in waves: ch.append((w.t0 + d*DAY + r.uniform(0, 8)*3600, "wave", f, rs, lg))
        if drip:
            t = t0
            while True:
                t += r.expovariate(drip*size/DAY)
                if t > t1: break
                ch.append((t, "one", 0, respawn, lag))
        ch.sort(); back = []; last = {}; stick = {}; cur = None; cnt = 0; curt = 0; busy = defaultdict(float); dayc = defaultdict(int); quota = {}; prevso = []
        if per_acct:
            for c in act: quota[c.id] = r.randint(*per_acct)
        wf = {s: " ".join(x[0] for x in PARA[s]) for s in styles}; wv = {s: [" ".join(r.choice(x) for x in PARA[s]) for _ in range(6)] for s in styles}; camp_sys = {s: w.tx.fill(f"You are a {s} engine "
                                                                                                                                                                                  f"{{w}}. "
                                                                                                                                                                                  "Follow the "
                                                                                                                                                                                  "format "
                                                                                                                                                                                  "exactly.") for s in styles}; mtag = {s: r.choice([2048, 4096, 8192]) for s in styles}
        if comb:
            for d in range(int(a), int(b)):
                tt = w.t0 + d*DAY + 3
                for c in list(act): c.ex.setdefault("comb", []).append(tt)
        ji = 0
        for t, st, sk, k in J:
            while ch and ch[0][0] <= t:
                _, ty, f, rs, lg = ch.pop(0); vict = r.sample(list(act), max(1, int(f*len(act)))) if ty == "wave" and len(act) else ([r.choice(act)] if act else [])
                for v in vict:
                    act.remove(v); v.banned = t - r.uniform(0, 60); stick = {q: x for q, x in stick.items() if x[0] is not v}
                    if cur is v: cur = None
                    if r.random() < rs: heapq.heappush(back, (t + r.lognormvariate(math.log(lg*3600), .7), r.random()))
            while back and back[0][0] <= t:
                heapq.heappop(back)
                if sb: c = sb.popleft()
                else: c = mk("successor", t - r.uniform(300, 9000))
                act.appendleft(c)
                if per_acct: quota[c.id] = r.randint(*per_acct)
            if not act: continue
            # choose
            if sched == "rr":
                c = act.popleft(); act.append(c)
                if r.random() < .03 and len(act) > 2: c = act[r.randrange(len(act))]
            elif sched == "random": c = act[r.randrange(len(act))]
            elif sched == "least": c = min(act, key=lambda x: (busy[x.id] > t, busy[x.id], r.random())) if len(act) <= 80 else min((act[r.randrange(len(act))] for _ in range(4)), key=lambda x: busy[x.id])
            elif sched == "sticky":
                x = stick.get(sk)
                if x and t - x[1] < 3600: c = x[0]
                else: c = act.popleft(); act.append(c)
                stick[sk] = (c, t)
            else:  # baton
                if cur is None or cnt <= 0 or t - curt > 3600:
                    if cur is not None and cnt <= 0: w.emit(cur, t - r.uniform(.2, 3), "…", st=429) if False else None
                    nxt = act.popleft(); act.append(nxt); cur, cnt, curt = nxt, r.randint(25, 90), t
                c = cur; cnt -= 1
            if per_acct:
                quota[c.id] -= 1
                if quota[c.id] <= 0:
                    try: act.remove(c)
                    except ValueError: pass
            # content
            if isinstance(st, tuple):
                _, p, sy, dv = st; w.emit(c, t, w.tx.human(p) if k == 0 or r.random() < .75 else r.choice(FOLLOW), sysm=sy, sess=hx(f"{cid}{sk}"), nm=1+2*k, dev=dv, model=r.choice(MODELS[:2])); continue
            it = w.tx.item(DOM[st]); head = wf[st] if para == 0 else (r.choice(wv[st]) if para == 1 else " ".join(r.sample([r.choice(x) for x in PARA[st][:-1]], 2)) + (" " + w.tx.fill(r.choice(DETAIL)) if r.random() < .4 else ""))
            sysm = T if T else {"none": None, "fixed": camp_sys[st], "pop": SYS_POP[0], "head": head}[sysmode]
            pr = it if sysmode == "head" else (head + "\n" + it if para < 2 or r.random() < .6 else it + "\n" + head)
            c0 = r.choice(w.conv); to = int(min(8000, 400 + c0[1]*r.uniform(1.5, 5))) if st in ("cot", "agent", "analyst") else int(100 + c0[1]); m = model or MODELS[0]
            if newmodel and t > w.t0 + (w.release + .4)*DAY and r.random() < .5: m = NEWMODEL
            so = si = None
            if replay:
                so = hx(f"sig{cid}{ji}", 32)
                if prevso and r.random() < replay: si = r.choice(prevso)
                prevso.append(so)
                if len(prevso) > 40: prevso.pop(0)
            mx = {"mono": 8192, "tool": 8192}.get(fp, c.mt if r.random() < .5 else mtag[st]); ji += 1
            if r.random() < limit429 or (sched == "baton" and cnt == 0):
                w.emit(c, t, pr, sysm=sysm, model=m, st=429, mt=mx, tools=TOOLS.get(tool)); o = act[0] if len(act) > 1 and act[0] is not c else c; t2 = t + r.uniform(.2, 3); w.emit(o if sched != "baton" else act[0], t2, pr, sysm=sysm, model=m, tok=(len(pr)//4+60, to), mt=mx, tools=TOOLS.get(tool))
                if sched == "baton": cur = act.popleft(); act.append(cur); cnt = r.randint(25, 90); curt = t2
                continue
            w.emit(c, t, pr, sysm=sysm, model=m, tok=(len(pr)//4 + len(sysm or "")//4 + 5, to), mt=mx, so=so, si=si, tools=TOOLS.get(tool), sess=hx(f"{cid}{sk}") if sk else None, nm=1)
            busy[c.id] = t + to/60.
        if probe:
            for _ in range(probe):
                c = r.choice(ids[:max(2, size//10)]); tp = t0 - r.uniform(.1, 1.5)*DAY; c.created = min(c.created, tp - 3600); v = r.choice(list(PARA)); w.emit(c, tp, " ".join(r.choice(x) for x in PARA[v]) + " " + w.tx.item(DOM[v]), st=r.choice([200, 400, 400, 200]))
        if comb:
            for c in ids:
                for tt in c.ex.get("comb", []): w.emit(c, tt + r.uniform(0, 1.5), "hi", mt=1000, temp=1, sysm="health", model=MODELS[1], tok=(8, 9))
        if innocent_dual:   # accounts bought from / shared with real people: their own human traffic as well
            for c in ids:
                if r.random() < innocent_dual: w.play(c, w.hum(math.exp(r.gauss(1., .8)), c.tz, max(0, (c.created-w.t0)/DAY)))
        return ids
    # ================================================================ finish
    def finish(w, out):
        r = w.r; E = w.E
        for e in E:   # model migration, errors
            nw = e.a.ex.get("new")
            if nw and e.t > nw and e.model == MODELS[0]: e.model = NEWMODEL
            sk = e.a.ex.get("skew")
            if sk: e.t += sk
            rd = e.a.ex.get("round") or w.rounding
            if rd: e.t = math.floor(e.t/rd)*rd
        E.sort(key=lambda e: e.t); extra = []; mins = {}
        for e in E:
            x = r.random()
            if w.outage and w.outage[0]*DAY <= e.t - w.t0 < (w.outage[0] + w.outage[1])*DAY:
                e.st = r.choice([529, 529, 503, 500]); e.to = 0
            elif e.st == 200 and x < .012:
                e.st = r.choices([529, 500, 400, 429, 408, 503], [3, 2, 4, 3, 1, 1])[0]; e.to = 0
            elif e.st == 200:
                k = (e.a.id, int(e.t//60)); mins[k] = mins.get(k, 0) + 1
                if mins[k] > w.limit: e.st = 429; e.to = 0
            if e.st in (429, 500, 503, 529) and r.random() < .5:
                q = Ev(); [setattr(q, s, getattr(e, s)) for s in Ev.__slots__]; q.t = e.t + r.choice([.5, 1, 2, 4, 8])*r.uniform(.8, 1.25); q.st = 200 if r.random() < .85 else e.st; q.to = r.choice(w.conv)[1] if q.st == 200 else 0; extra.append(q)
        # logged when finished -> slightly out of order
        E += extra; E = [e for e in E if w.t0 - 4000 <= e.t < w.t1 + 4000]; E.sort(key=lambda e: e.t + (e.lat/1000 if e.st == 200 else 0)); w.E = E
        for e in E:
            if e.st != 200: e.lat = r.uniform(15, 400); e.to = 0
        os.makedirs(out + "/logs", exist_ok=True)
        seen = {e.a.id for e in E}; A = [a for a in w.A if a.id in seen]; w.seen = A
        getattr(w, "out_" + w.shape)(out + "/logs")
        if w.acc != "none": w.accounts(out, A)
        with open(out + "/labels.csv", "w", newline="") as f:
            o = csv.writer(f); o.writerow(["account_id", "label", "kind", "campaign", "role", "detectable"]); B = list(A); r.shuffle(B)
            for a in B: o.writerow([a.id, a.label, a.kind, a.camp, a.role, str(bool(a.camp and a.det)).lower()])
        lev = f"{w.text}{'' if w.has_ip else ' -ip'}{'' if w.has_ua else ' -ua'} acc={w.acc}"
        h = {c: sum(1 for a in A if a.camp == c) for c in w.camps}; hs = sum(1 for e in E if e.a.camp)
        kinds = sorted({a.kind for a in A if a.kind.startswith("N")}, key=lambda x: int(x[1:]))
        json.dump(dict(scenario=w.name, seed=w.seed, level=lev, shape=w.shape, days=w.days, events=len(E), accounts=len(A), hydra_event_share=round(hs/len(E), 3), lookalikes=kinds + (["N15"] if w.outage and "N15" not in kinds else []), campaigns={c: dict(v, accounts=h[c]) for c, v in w.camps.items()}), open(out + "/../" + os.path.basename(out) + ".meta.json", "w"), indent=1)
        print(w.name, w.seed, lev, w.shape, len(E), "events", len(A), "accounts", h, f"hydra share {hs/len(E):.2f}")
    def accounts(w, out, A):
        r = w.r; A = list(A); r.shuffle(A)
        if w.acc == "half": A = A[:len(A)//2]
        iso = lambda t: dt.datetime.fromtimestamp(t, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if t else ""
        S = {0: [("account_id", lambda a: a.id), ("created_at", lambda a: iso(a.created)), ("email_domain", lambda a: a.email), ("payment_fingerprint", lambda a: a.pay), ("organization", lambda a: a.org), ("signup_ip", lambda a: a.sip), ("phone_hash", lambda a: a.phone), ("plan", lambda a: a.plan), ("coupon", lambda a: a.coupon), ("banned_at", lambda a: iso(a.banned))],
             1: [("account_id", lambda a: a.id), ("created_at", lambda a: iso(a.created)), ("email_domain", lambda a: a.email), ("signup_country", lambda a: a.country), ("signup_asn", lambda a: a.sasn), ("payment_bin", lambda a: a.bin), ("payment_hash", lambda a: a.pay if r.random() < .8 else ""), ("closed_at", lambda a: iso(a.banned)), ("status", lambda a: "banned" if a.banned else "active")],
             2: [("id", lambda a: a.id), ("created", lambda a: iso(a.created)), ("org", lambda a: a.org), ("tier", lambda a: a.plan), ("email_domain", lambda a: a.email)],
             3: [("account_id", lambda a: a.id), ("signup_at", lambda a: str(int(a.created))), ("signup_ip", lambda a: a.sip if r.random() < .9 else ""), ("card_fingerprint", lambda a: a.pay), ("org_name", lambda a: a.org), ("banned_at", lambda a: iso(a.banned))]}[w.accstyle]
        with open(out + "/accounts.csv", "w", newline="") as f:
            o = csv.writer(f); o.writerow([x[0] for x in S]); [o.writerow([x[1](a) for x in S]) for a in A]
    # ---- writers
    @staticmethod
    def iso(t, ms=True): return dt.datetime.fromtimestamp(t, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + (f".{int(t%1*1000):03d}Z" if ms else "Z")
    def byday(w, d, base, ext, gz=False):
        fs = {}
        def get(t):
            k = dt.datetime.fromtimestamp(t, dt.timezone.utc).strftime("%Y-%m-%d")
            if k not in fs: p = f"{d}/{base}-{k}.{ext}"; fs[k] = gzip.open(p + ".gz", "wt", compresslevel=3) if gz else open(p, "w")
            return fs[k]
        return get, lambda: [f.close() for f in fs.values()]
    def flat(w, e):
        j = {"timestamp": w.iso(e.t), "request_id": f"req_{w.r.getrandbits(56):014x}", "account_id": e.a.id, "api_key_id": e.a.key[:12]}
        if w.has_ip: j["client_ip"] = e.ip; j["asn"] = e.asn; j["country"] = e.cc
        if w.has_ua: j["user_agent"] = e.ua
        if w.o.get("ja4") and w.has_ua: j["ja4"] = e.ja4
        j.update(endpoint=e.a.endp, model=e.model, status=e.st, input_tokens=e.ti, output_tokens=e.to, cache_read_tokens=e.cr, latency_ms=int(e.lat), stream=e.stream, max_tokens=e.mt or None)
        if e.temp is not None: j["temperature"] = e.temp
        if w.text == "text": j["system_prompt"] = e.sysm; j["prompt"] = e.pr; j["n_messages"] = e.nm
        elif w.text == "hash": j["system_hash"] = hx(e.sysm) if e.sysm else None; j["prompt_hash"] = hx(e.pr); j["prompt_chars"] = len(e.pr); j["n_messages"] = e.nm
        if w.text != "meta" and e.tools: j["tools_hash"] = hx(",".join(e.tools), 12)
        if w.o.get("sess") and e.sess: j["session_id"] = e.sess
        if w.o.get("eu") and e.eu: j["end_user"] = e.eu
        if w.o.get("dev"): j["device_id"] = e.dev
        if w.o.get("sig"):
            j["reasoning_hash_out"] = e.so or (hx(f"{w.r.random()}", 32) if w.r.random() < .3 else None); j["reasoning_hash_in"] = e.si or (w._lastsig.get(e.sess or e.a.id) if e.nm > 2 and w.r.random() < .5 else None)
            if j["reasoning_hash_out"]: w._lastsig[e.sess or e.a.id] = j["reasoning_hash_out"]
        return j
    def out_jsonl(w, d):
        w._lastsig = {}; get, cl = w.byday(d, "api", "jsonl", w.o.get("gz"))
        for e in w.E: get(e.t).write(json.dumps(w.flat(e), ensure_ascii=False) + "\n")
        cl()
    def out_oddcsv(w, d):
        v = w.o.get("v", 0); C = [["time_utc", "customer_id", "remote_addr", "http_user_agent", "model_name", "http_status", "prompt_tokens", "completion_tokens", "duration_ms", "system", "prompt", "max_tokens", "temperature"],
             ["ts_ms", "account", "src_ip", "ua", "mdl", "status_code", "tokens_in", "tokens_out", "elapsed_ms", "system_hash", "prompt_hash", "max_tokens", "temperature"]][v]
        f = (gzip.open(d + "/export.csv.gz", "wt", compresslevel=3, newline="") if w.o.get("gz") else open(d + "/export.csv", "w", newline="")); o = csv.writer(f, delimiter=w.o.get("sep", ","))
        drop = set(([] if w.has_ip else [2]) + ([] if w.has_ua else [3]) + ([9, 10] if w.text == "meta" else [])); keep = [i for i in range(13) if i not in drop]; o.writerow([C[i] for i in keep])
        for e in w.E:
            s, p = (e.sysm, e.pr) if w.text == "text" else (hx(e.sysm) if e.sysm else "", hx(e.pr))
            R = [dt.datetime.fromtimestamp(e.t, dt.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if v == 0 else int(e.t*1000), e.a.id, e.ip, e.ua, e.model, e.st, e.ti, e.to, int(e.lat), s, p, e.mt or "", "" if e.temp is None else e.temp]; o.writerow([R[i] for i in keep])
        f.close()
    def out_litellm(w, d):
        H = "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,request_duration_ms,completionStartTime,model,model_group,custom_llm_provider,api_base,user,metadata,cache_hit,request_tags,team_id,organization_id,end_user,requester_ip_address,session_id,status,messages".split(",")
        f = open(d + "/LiteLLM_SpendLogs.csv", "w", newline=""); o = csv.writer(f); o.writerow(H); z = lambda t: dt.datetime.fromtimestamp(t, dt.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        for e in w.E:
            msg = json.dumps(([{"role": "system", "content": e.sysm}] if e.sysm else []) + [{"role": "user", "content": e.pr}]) if w.text == "text" else "{}"
            o.writerow([f"chatcmpl-{w.r.getrandbits(64):016x}", "acompletion", hx(e.a.key, 64), f"{(e.ti*3+e.to*15)/1e6:.6f}", e.ti+e.to, e.ti, e.to, z(e.t), z(e.t+e.lat/1e3), int(e.lat), z(e.t+min(.5, e.lat/2e3)), e.model, e.model, "orion", "https://api.example.com", e.a.id, json.dumps({"user_api_key_alias": "k-" + e.a.key[:5], "status_code": e.st}), "False", json.dumps(["User-Agent: " + e.ua]) if w.has_ua else "[]", "", e.a.org, e.eu or "", e.ip if w.has_ip else "", e.sess or "", "success" if e.st == 200 else "failure", msg])
        f.close()
    def out_kong(w, d):
        get, cl = w.byday(d, "kong", "log", w.o.get("gz"))
        for e in w.E:
            h = {"host": "api.example.com"}
            if w.has_ua: h["user-agent"] = e.ua
            rq = {"model": e.model, "max_tokens": e.mt or None, "temperature": e.temp, "messages": ([{"role": "system", "content": e.sysm}] if e.sysm else []) + [{"role": "user", "content": e.pr}]}
            j = {"workspace_name": "default", "client_ip": e.ip if w.has_ip else None, "started_at": int(e.t*1000), "source": "upstream", "upstream_uri": e.a.endp, "upstream_status": str(e.st), "request": {"id": f"{w.r.getrandbits(32):08x}", "method": "POST", "uri": e.a.endp, "url": "https://api.example.com" + e.a.endp, "size": 400 + len(e.pr), "querystring": {}, "headers": h, "tls": {"version": "TLSv1.3"}},
               "response": {"status": e.st, "size": 200 + e.to*4, "headers": {}}, "latencies": {"kong": 1, "request": int(e.lat)+9, "proxy": int(e.lat), "receive": 5}, "service": {"id": "s1", "name": "llm"}, "route": {"id": "r1", "name": "chat"}, "consumer": {"id": hx(e.a.id, 32), "username": e.a.id, "custom_id": ""}, "authenticated_entity": {"id": e.a.key},
               "ai": {"proxy": {"usage": {"prompt_tokens": e.ti, "completion_tokens": e.to, "total_tokens": e.ti+e.to}, "meta": {"request_model": e.model, "response_model": e.model, "provider_name": "orion", "llm_latency": int(e.lat)}}}}
            if w.text == "text": j["ai"]["payload"] = {"request": json.dumps(rq)}
            get(e.t).write(json.dumps(j) + "\n")
        cl()
    def out_cloudflare(w, d):
        get, cl = w.byday(d, "cf", "log", True)
        for e in w.E: get(e.t).write(json.dumps({"RayID": f"{w.r.getrandbits(64):016x}", "EdgeStartTimestamp": w.iso(e.t, False) if not w.o.get("ns") else int(e.t*1e9), "EdgeEndTimestamp": w.iso(e.t+e.lat/1e3, False) if not w.o.get("ns") else int((e.t+e.lat/1e3)*1e9), "ClientIP": e.ip, "ClientASN": e.asn, "ClientCountry": e.cc.lower(), "ClientRequestHost": "api.example.com", "ClientRequestMethod": "POST", "ClientRequestPath": e.a.endp, "ClientRequestURI": e.a.endp, "ClientRequestProtocol": "HTTP/2", "ClientRequestUserAgent": e.ua if w.has_ua else "", "ClientRequestBytes": 600 + e.ti*4, "EdgeResponseStatus": e.st, "EdgeResponseBytes": 300 + e.to*40, "OriginResponseDurationMs": int(e.lat), "JA4": e.ja4, "RequestHeaders": {"x-account": e.a.id}, "ZoneName": "example.com"}) + "\n")
        cl()
    def out_envoy(w, d):
        f = open(d + "/envoy_access.json", "w")
        for e in w.E:
            j = {"start_time": w.iso(e.t), "method": "POST", "path": e.a.endp, "protocol": "HTTP/1.1", "authority": "api.example.com", "response_code": str(e.st), "response_flags": "-", "bytes_received": str(300+e.ti*4), "bytes_sent": str(200+e.to*4), "duration": str(int(e.lat)), "x_envoy_upstream_service_time": str(int(e.lat)-3), "x_forwarded_for": (e.ip + ",10.0.0.1") if w.has_ip else "-", "user_agent": e.ua if w.has_ua else "-", "request_id": f"{w.r.getrandbits(64):016x}", "downstream_remote_address": "10.0.0.1:51234", "route_name": "llm", "account_id": e.a.id, "model": e.model, "input_token": e.ti, "output_token": e.to}
            f.write(json.dumps(j) + "\n")
        f.close()
    def out_combined(w, d):
        get, cl = w.byday(d, "access", "log", w.o.get("gz")); off = w.o.get("off", 0)
        for e in w.E:
            s = dt.datetime.fromtimestamp(e.t + off*3600, dt.timezone.utc).strftime("%d/%b/%Y:%H:%M:%S") + f" {'+' if off >= 0 else '-'}{abs(off):02d}00"; f = get(e.t)
            f.write(f'{e.ip if w.has_ip else "10.0.0.1"} - {e.a.id} [{s}] "POST {e.a.endp} HTTP/1.1" {e.st} '
                    f'{200+e.to*41 if e.st == 200 else 118} "-" "{e.ua if w.has_ua else "-"}"\n')
            if w.r.random() < .0006: f.write(f'{w.ip_res()[0]} - - [{s}] "\\x16\\x03\\x01" 400 0 "-" "-"\n')
        cl()
    def out_langfuse(w, d):
        f = (gzip.open(d + "/observations.jsonl.gz", "wt", compresslevel=3) if w.o.get("gz") else open(d + "/observations.jsonl", "w")); z = lambda t: dt.datetime.fromtimestamp(t, dt.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
        for e in w.E:
            f.write(json.dumps({"id": f"{w.r.getrandbits(64):016x}", "trace_id": f"{w.r.getrandbits(64):016x}", "project_id": "prod", "environment": "production", "type": "GENERATION", "parent_observation_id": "", "start_time": z(e.t), "end_time": z(e.t+e.lat/1e3), "name": "chat", "metadata": {}, "level": "DEFAULT" if e.st == 200 else "ERROR", "status_message": "" if e.st == 200 else str(e.st), "input": json.dumps([{"role": "system", "content": e.sysm}, {"role": "user", "content": e.pr}]), "output": "", "provided_model_name": e.model, "model_parameters": json.dumps({"max_tokens": e.mt, "temperature": e.temp}), "usage_details": {"input": e.ti, "output": e.to, "total": e.ti+e.to}, "latency": round(e.lat/1e3, 3), "user_id": e.a.id, "session_id": e.sess or ""}) + "\n")
        f.close()
    def bedrock_line(w, e):
        b = {"messages": [{"role": "user", "content": [{"text": e.pr}]}], "inferenceConfig": {"maxTokens": e.mt or 4096}}
        if e.sysm: b["system"] = [{"text": e.sysm}]
        if e.temp is not None: b["inferenceConfig"]["temperature"] = e.temp
        if e.tools: b["toolConfig"] = {"tools": [{"toolSpec": {"name": x}} for x in e.tools]}
        op = "ConverseStream" if e.stream else "Converse"; us = {"inputTokens": e.ti, "outputTokens": e.to, "totalTokens": e.ti+e.to}
        ob = [{"messageStart": {"role": "assistant"}}, {"metadata": {"usage": us, "metrics": {"latencyMs": int(e.lat)}}}] if e.stream else {"output": {"message": {"role": "assistant", "content": [{"text": ""}]}}, "stopReason": "end_turn", "metrics": {"latencyMs": int(e.lat)}, "usage": us}
        j = {"schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": w.iso(e.t, False), "accountId": e.a.id.split(":")[4] if e.a.id.startswith("arn") else "111122223333", "identity": {"arn": e.a.id}, "region": "us-east-1", "requestId": f"{w.r.getrandbits(32):08x}-0000-4000-8000-{w.r.getrandbits(48):012x}", "operation": op, "modelId": "orion." + e.model + "-v1:0",
           "input": {"inputContentType": "application/json", "inputBodyJson": b, "inputTokenCount": e.ti, "cacheReadInputTokenCount": e.cr, "cacheWriteInputTokenCount": 0}, "output": {"outputContentType": "application/json", "outputBodyJson": ob, "outputTokenCount": e.to}}
        if e.st != 200: j["errorCode"] = {429: "ThrottlingException", 403: "AccessDeniedException", 400: "ValidationException"}.get(e.st, "ServiceUnavailableException"); j.pop("output")
        return json.dumps(j)
    def out_bedrock(w, d):
        get, cl = w.byday(d, "bedrock", "json", True)
        for e in w.E: get(e.t).write(w.bedrock_line(e) + "\n")
        cl()
    def out_cross(w, d):
        os.makedirs(d + "/direct"); os.makedirs(d + "/bedrock"); w._lastsig = {}; g1, c1 = w.byday(d + "/direct", "api", "jsonl"); g2, c2 = w.byday(d + "/bedrock", "invocations", "json", True)
        for e in w.E:
            if e.a.id.startswith("arn"): g2(e.t).write(w.bedrock_line(e) + "\n")
            else: g1(e.t).write(json.dumps(w.flat(e)) + "\n")
        c1(); c2()

def hash_int(s): return int(hashlib.sha256(s.encode()).hexdigest()[:12], 16)

# ------------------------------------------------------------------ scenarios
def around(w, k=1., only=None, big=None):
    """all look-alikes N1-N21, sizes by k; `big` multiplies some"""
    big = big or {}; m = lambda n, q: max(1, int(q*k*big.get(n, 1))); on = lambda n: only is None or n in only
    if on(1): w.n1(m(1, 40))
    if on(2): w.n2(m(2, 40))
    if on(3): w.n3(m(3, 20))
    if on(4): w.n4(m(4, 30))
    if on(5): w.n5(m(5, 8))
    if on(6): w.n6(m(6, 5), items=90)
    if on(7): w.n7(m(7, 35))
    if on(8): w.n8(m(8, 30))
    if on(9): w.n9(3, m(9, 40)); w.reseller(m(9, 15))
    if on(10): w.n10(5, m(10, 15), w.r.choice(["random", "rr"]))
    if on(11): w.n11(1, 40)
    if on(12): w.n12(90*max(1, k), w.r.choice(["grade", "cot", "analyst"]))
    if on(13): w.n13(m(13, 2))
    if on(14): w.n14(m(14, 20))
    if on(15): w.n15(m(15, 6))
    if on(16): w.n16()
    if on(17): w.n17(m(17, 3))
    if on(18): w.n18(m(18, 5))
    if on(19): w.n19(40)
    if on(20): w.n20(m(20, 12))
    if on(21): w.n21(m(21, 15))

SC = {}
def sc(f): SC[f.__name__] = f; return f

@sc
def rr60(n, s):          # P1, data-centre pool, ban waves
    w = World(n, s, 21, shape="jsonl", shape_opts=dict(sess=1, eu=1), outage=(9.3, .06)); w.background(550); around(w, .7, {1, 2, 3, 4, 5, 8, 9, 15, 21})
    w.hydra("hydra-1", "P1", 60, 900, 2, None, "rr", "steady", "dc", "cot", para=1, fp="mono", waves=((8, .3, 1, 2), (15, .5, 1, 3)), newmodel=True, comb=True, why="templates, LRU order, "
                                                                                                                                                                    "shared "
                                                                                                                                                                    "IPs/cards, "
                                                                                                                                                                    "succession"); return w
@sc
def isolated300(n, s):   # P2+P5+P6 with text
    w = World(n, s, 28, acc="half", accstyle=1, shape="oddcsv", shape_opts=dict(v=0)); w.background(700); around(w, .7, {2, 4, 6, 11, 12, 18, 19, 21})
    w.hydra("hydra-1", "P2+P5+P6", 300, 420, 4, 26, "random", "diurnal", "res", "cot", para=2, fp="mixed", pay="own", mail="own", signup="drip", drip=.004, why="text only: narrow "
                                                                                                                                                                "capability in "
                                                                                                                                                                "paraphrase; "
                                                                                                                                                                "weak ban "
                                                                                                                                                                "response"); return w
@sc
def baton20(n, s):       # P3, nested kong with text payload
    w = World(n, s, 14, shape="kong", accstyle=3, idstyle=1, shape_opts=dict(gz=1)); w.background(420); around(w, .8, {5, 7, 10, 13, 16, 17, 20})
    w.hydra("hydra-1", "P3", 20, 1300, 1, None, "baton", "steady", "dc", "agent", para=1, fp="tool", sysmode="fixed", drip=.02, why="mutual exclusion, "
                                                                                                                                    "switch after "
                                                                                                                                    "429, fixed "
                                                                                                                                    "system prompt"); return w
@sc
def diluted(n, s):       # P4 30 % and 10 %, relay pools with customers, shared proxies
    w = World(n, s, 21, acc="half", shape="jsonl", idstyle=2, shape_opts=dict(gz=1, sess=1, dev=1, ja4=1)); w.background(650); around(w, .6, {1, 3, 4, 8, 9, 14, 17})
    px = [w.ip_dc(30) for _ in range(14)]
    w.hydra("hydra-1", "P4", 60, 1500, 1, None, "sticky", "diurnal", "dc", "grade", para=1, fp="tool", share=.3, customers=120, proxies=px, waves=((11, .4, .9, 4),), why="30% extraction; shared "
                                                                                                                                                                          "proxies, "
                                                                                                                                                                          "device "
                                                                                                                                                                          "ids on "
                                                                                                                                                                          "several "
                                                                                                                                                                          "accounts")
    w.hydra("hydra-2", "P4+P9", 20, 900, 3, None, "rr", "diurnal", "dc", "analyst", para=1, fp="mixed", share=.1, customers=90, proxies=px, pay="some", why="10% extraction; pooling "
                                                                                                                                                            "visible by "
                                                                                                                                                            "device ids, "
                                                                                                                                                            "extraction faint"); return w
@sc
def standby_meta(n, s):  # P7 metadata only
    w = World(n, s, 28, text="meta", shape="combined", shape_opts=dict(off=2), idstyle=1); w.background(600); around(w, .7, {1, 3, 7, 13, 15, 16, 20}); 
    w.hydra("hydra-1", "P7", 60, 700, 0, None, "least", "logn", "mix", "cot", fp="mono", waves=((7, .5, 1, 1.5), (14, .6, 1, 1), (21, .5, 1, 1)), standby=110, pay="some", mail="own", signup="drip", why="dormant accounts activate "
                                                                                                                                                                                                          "within "
                                                                                                                                                                                                          "hours after "
                                                                                                                                                                                                          "each ban "
                                                                                                                                                                                                          "wave; one UA"); return w
@sc
def r7_text(n, s):       # P8 1500 accounts x 4-15
    w = World(n, s, 14, acc="none", shape="oddcsv", shape_opts=dict(v=0, sep=";", gz=1), idstyle=0); w.background(900); around(w, 1, {1, 2, 4, 6, 7, 12, 14, 18})
    w.hydra("hydra-1", "P8", 1500, 0, 8, 10, "random", "burst", "res", "cot", para=1, fp="mixed", per_acct=(4, 15), probe=120, pay="own", mail="own", why="per-account nothing; "
                                                                                                                                                          "template "
                                                                                                                                                          "pooling only"); return w
@sc
def r7_hash(n, s):       # P8 with hashes and a popular system prompt
    w = World(n, s, 10, acc="none", text="hash", ip=False, shape="jsonl", idstyle=1); w.background(700); around(w, .9, {2, 4, 7, 8, 11, 14, 21})
    w.hydra("hydra-1", "P8", 300, 0, 5, 7, "random", "steady", "res", "grade", para=2, fp="mixed", sysmode="pop", per_acct=(4, 9), pay="own", mail="own", signup="drip", det=False, why="disjoint prompts by hash, "
                                                                                                                                                                                        "popular "
                                                                                                                                                                                        "system "
                                                                                                                                                                                        "prompt, no "
                                                                                                                                                                                        "IP, no "
                                                                                                                                                                                        "accounts")
    w.hydra("hydra-2", "P8", 300, 0, 2, 5, "random", "diurnal", "res", "rewrite", para=1, fp="mixed", sysmode="fixed", per_acct=(6, 15), pay="own", mail="own", signup="drip", why="rare system hash on 300 "
                                                                                                                                                                                   "otherwise "
                                                                                                                                                                                   "unrelated "
                                                                                                                                                                                   "accounts"); return w
@sc
def replay_multi(n, s):  # P9 + P12
    w = World(n, s, 14, acc="full", accstyle=0, text="hash", shape="jsonl", shape_opts=dict(sig=1, sess=1, ja4=1, dev=1)); w.background(500); around(w, .7, {1, 2, 4, 8, 10, 12, 13, 19})
    w.hydra("hydra-1", "P9+P12", 60, 1100, 1, None, "random", "steady", "mix", tenants=["cot", "grade", "agent"], para=1, fp="mixed", sysmode="fixed", replay=.12, drip=.01, why="cross-account reasoning "
                                                                                                                                                                                 "signatures; three "
                                                                                                                                                                                 "system "
                                                                                                                                                                                 "hashes over "
                                                                                                                                                                                 "one pool")
    w.hydra("hydra-2", "P12", 6, 160, 3, None, "random", "diurnal", "res", "agent", para=2, fp="mixed", sysmode="none", replay=.08, pay="own", mail="own", signup="drip", why="six accounts; only "
                                                                                                                                                                              "signature "
                                                                                                                                                                              "replay "
                                                                                                                                                                              "links them"); return w
@sc
def jitter20_bare(n, s): # P10 metadata only, no IP, no UA
    w = World(n, s, 14, acc="half", accstyle=2, text="meta", ip=False, ua=False, shape="envoy", idstyle=0); w.background(400); around(w, .7, {2, 5, 9, 10, 16, 19, 20})
    w.hydra("hydra-1", "P10", 20, 1500, 1, None, "rr", "logn", "res", "cot", fp="mixed", pay="own", mail="own", signup="drip", why="strict rotation order and "
                                                                                                                                   "equal loads "
                                                                                                                                   "survive jitter"); 
    return w
@sc
def crosscloud(n, s):    # P11
    w = World(n, s, 14, acc="half", accstyle=0, shape="cross", idstyle=0, shape_opts=dict(sess=1)); w.background(300); around(w, .5, {2, 6, 8, 11, 12, 17, 21}); w.idstyle = 3; w.background(250); w.n2(25); w.n8(25); w.n5(5); w.n4(25); w.n18(4); w.idstyle = 0
    w.hydra("hydra-1", "P11", 30, 600, 1, None, "rr", "steady", "dc", "analyst", para=1, fp="mixed", sysmode="head", drip=.01, why="same wrapper on both clouds"); w.idstyle = 3
    w.hydra("hydra-1", "P11", 30, 600, 1.2, None, "random", "steady", "dc", "analyst", para=1, fp="mixed", sysmode="head", plat="bedrock", why="same wrapper on both "
                                                                                                                                               "clouds (30 "
                                                                                                                                               "direct, 30 "
                                                                                                                                               "bedrock)"); w.camps["hydra-1"]["size"] = 60
    w.hydra("hydra-2", "P11+P2", 20, 300, 4, None, "random", "diurnal", "res", "agent", para=2, fp="mixed", pay="own", mail="own", plat="bedrock", why="bedrock only, paraphrase, "
                                                                                                                                                       "no IP in "
                                                                                                                                                       "that log"); return w
@sc
def six_relay(n, s):     # pool of 6 high volume in LiteLLM
    w = World(n, s, 14, acc="half", accstyle=3, shape="litellm", idstyle=1); w.background(380); around(w, .6, {5, 9, 10, 13, 17, 19})
    w.hydra("hydra-1", "P1+P4", 6, 1800, 2, None, "sticky", "diurnal", "dc", "agent", para=1, fp="tool", share=.3, customers=60, pay="shared", waves=((8, .4, 1, 1),), why="six accounts, one "
                                                                                                                                                                           "relay, 30% "
                                                                                                                                                                           "extraction")
    w.hydra("hydra-2", "P2", 6, 120, 2, None, "random", "diurnal", "res", "rewrite", para=2, fp="mixed", pay="own", mail="own", signup="drip", det=True, why="six accounts with "
                                                                                                                                                             "paraphrases of a "
                                                                                                                                                             "narrow task "
                                                                                                                                                             "only: at "
                                                                                                                                                             "the edge"); return w
@sc
def two_on_proxies(n, s):# two hydras on the same proxies, human by day, cloudflare
    w = World(n, s, 21, text="meta", shape="cloudflare", accstyle=0, idstyle=2); w.background(700); around(w, .7, {1, 2, 3, 8, 9, 14, 15, 20})
    px = [w.ip_dc(33) for _ in range(12)]
    w.hydra("hydra-1", "P1", 60, 800, 2, None, "least", "diurnal", "dc", "cot", fp="mixed", proxies=px, drip=.015, mail="own", pay="shared", why="shared proxies and "
                                                                                                                                                 "cards; human "
                                                                                                                                                 "hours, "
                                                                                                                                                 "mixed UAs")
    w.hydra("hydra-2", "P3", 20, 700, 4, None, "baton", "diurnal", "dc", "agent", fp="mixed", proxies=px, drip=.01, mail="own", pay="some", why="same proxies, baton order"); return w
@sc
def kitchen(n, s):       # four hydras in a dense world
    w = World(n, s, 21, shape="jsonl", acc="half", accstyle=0, shape_opts=dict(gz=1, sess=1, eu=1), outage=(12.4, .05)); w.background(500); around(w, .8, big={8: 2, 2: 2})
    w.hydra("hydra-1", "P1", 20, 500, 1, None, "rr", "tick", "res", "grade", para=1, fp="mixed", drip=.02, mail="own", why="rotation, template, ban "
                                                                                                                           "response")
    w.hydra("hydra-2", "P3", 60, 500, 3, None, "baton", "diurnal", "vpn", "agent", para=1, fp="tool", tool="claude-cli", drip=.01, pay="some", why="hidden among tool users "
                                                                                                                                                   "on VPN "
                                                                                                                                                   "exits; "
                                                                                                                                                   "baton, same "
                                                                                                                                                   "ticket "
                                                                                                                                                   "template")
    w.hydra("hydra-3", "P8", 300, 0, 13, 15, "random", "steady", "res", "analyst", para=1, fp="mixed", per_acct=(4, 12), pay="own", mail="own", why="300 x 4-12, analyst template")
    w.hydra("hydra-4", "P7+P5", 60, 300, 0, None, "random", "diurnal", "res", "rewrite", para=2, standby=60, fp="mixed", waves=((7, .5, 1, 2), (16, .5, 1, 2)), pay="own", mail="own", signup="drip", innocent_dual=.3, why="standby after waves, "
                                                                                                                                                                                                                            "paraphrase; a "
                                                                                                                                                                                                                            "third of "
                                                                                                                                                                                                                            "accounts "
                                                                                                                                                                                                                            "also used "
                                                                                                                                                                                                                            "by humans"); return w
@sc
def big1500_meta(n, s):  # 1500 residential, metadata, no accounts
    w = World(n, s, 21, text="meta", acc="none", shape="combined", idstyle=0, shape_opts=dict(gz=1, off=0)); w.background(900); around(w, .9, {1, 2, 3, 4, 7, 14})
    w.hydra("hydra-1", "P2+P5", 1500, 2900, 2, 20, "sticky", "diurnal", "res", "cot", fp="mixed", pay="own", mail="own", signup="drip", drip=.002, det=False, why="one residential IP "
                                                                                                                                                                  "each, mixed "
                                                                                                                                                                  "UAs, human "
                                                                                                                                                                  "hours, no "
                                                                                                                                                                  "text/accounts")
    w.hydra("hydra-2", "P1", 60, 600, 5, None, "rr", "steady", "dc", "cot", fp="mono", why="data-centre pool with one UA"); return w
@sc
def invisible(n, s):     # P2+P5+P6 metadata only
    w = World(n, s, 14, text="meta", acc="none", ip=False, shape="oddcsv", shape_opts=dict(v=1), idstyle=1); w.background(600); around(w, .8, {2, 5, 6, 8, 12, 18, 21})
    w.hydra("hydra-1", "P2+P5+P6", 300, 700, 1, None, "random", "diurnal", "res", "cot", fp="mixed", pay="own", mail="own", signup="drip", det=False, why="nothing left but tokens")
    w.hydra("hydra-2", "P4", 60, 900, 1, None, "random", "diurnal", "res", "grade", fp="mixed", share=.1, customers=300, pay="own", mail="own", det=False, why="10% in customers, no text"); return w
@sc
def edu_launch(n, s):    # hydra hides in a class signup and a marketing launch
    w = World(n, s, 21, shape="langfuse", acc="full", accstyle=0, idstyle=0, shape_opts=dict(gz=1), ip=False); w.background(500); around(w, .8, {6, 7, 11, 14, 18, 12, 21}, big={7: 3})
    edu = [a.email for a in w.A if a.kind == "N7"][0]; cp = [a.coupon for a in w.A if a.kind == "N7"][0]; day = [a.created for a in w.A if a.kind == "N7"][0]
    def edufn(c): c.created = min(c.created, day + w.r.expovariate(1/4000.)) if c.role == "member" else c.created; c.pay = ""; c.email = edu
    w.hydra("hydra-1", "P6+P2", 60, 420, 8, None, "random", "diurnal", "res", "cot", para=2, fp="mixed", mail=edu, ocoupon=cp, acctfn=edufn, drip=.008, why="edu mail and coupon of the "
                                                                                                                                                            "class, same "
                                                                                                                                                            "signup day; "
                                                                                                                                                            "paraphrased CoT "
                                                                                                                                                            "maths like "
                                                                                                                                                            "homework")
    w.hydra("hydra-2", "P10+P1", 20, 400, 3, None, "rr", "logn", "res", "grade", para=1, fp="mixed", pay="own", mail="own", signup="drip", why="rotation with jitter plus "
                                                                                                                                               "template"); return w

# --- clean worlds
@sc
def clean_corporate(n, s):
    w = World(n, s, 21, shape="jsonl", shape_opts=dict(sess=1, eu=1, ja4=1, sig=1), outage=(8.2, .08)); w.background(350); around(w, .8, big={2: 4, 5: 4, 10: 3, 16: 1}); w.n2(70); w.n2(30, declared=False); w.n10(5, 30, "rr"); w.n10(4, 25, "random"); w.n16(6, 80); w.n19(60); return w
@sc
def clean_saas(n, s):
    w = World(n, s, 28, shape="oddcsv", acc="none", shape_opts=dict(v=0), idstyle=1, outage=(15.5, .04)); w.background(300); around(w, .6, big={8: 3, 9: 3}); w.n8(70); w.n8(25, declared=False); w.reseller(60); w.n9(5, 120); return w
@sc
def clean_campus(n, s):
    w = World(n, s, 21, text="hash", acc="half", shape="jsonl", shape_opts=dict(gz=1, dev=1), idstyle=2, outage=(5.1, .1)); w.background(450); around(w, .8, big={7: 3, 14: 4, 6: 3}); w.n7(120); w.n7(60); w.n14(60); w.n6(14, 120); return w
@sc
def clean_nat_meta(n, s):
    w = World(n, s, 14, text="meta", acc="full", accstyle=3, shape="combined", shape_opts=dict(off=-5), idstyle=0, outage=(6.6, .07)); w.background(450); around(w, .9, big={1: 6, 3: 5, 2: 2}); w.n1(150); w.n20(60); return w
@sc
def clean_tools(n, s):
    w = World(n, s, 21, text="text", acc="full", accstyle=1, shape="kong", shape_opts=dict(gz=1), idstyle=1, outage=(13.7, .05)); w.background(350); around(w, .7, big={4: 4, 21: 4, 18: 4, 12: 1}); w.n4(90, "claude-cli"); w.n4(70, "chainflow"); w.n12(200, "cot"); w.n12(150, "grade"); w.n11(2, 60); return w
@sc
def clean_bare(n, s):
    w = World(n, s, 14, text="meta", ip=False, ua=False, acc="none", shape="envoy", idstyle=0, outage=(3.3, .09)); w.background(500); around(w, .9, big={5: 3, 10: 2, 8: 2, 16: 1}); w.n5(25); w.n10(6, 40, "rr"); w.n16(5, 60); return w
@sc
def clean_bedrock(n, s):
    w = World(n, s, 14, shape="bedrock", acc="none", idstyle=3, outage=(9.9, .06)); w.background(300); around(w, .6, big={8: 3, 2: 2, 6: 2, 12: 1}); w.n8(50); w.n4(40, "pilotcli"); w.n12(150, "analyst"); return w

if __name__ == "__main__":
    if sys.argv[1] == "list": print("\n".join(SC)); sys.exit()
    name, seed, out = sys.argv[1], int(sys.argv[2]), sys.argv[3].rstrip("/")
    os.makedirs(out, exist_ok=True); SC[name](name, seed).finish(out)
