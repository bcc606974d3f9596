#!/usr/bin/env python3
"""Simulated API access-log worlds (author B).  python mkworld.py SCENARIO SEED OUTDIR"""
import sys, os, json, csv, gzip, hashlib, random, math, datetime as dt, uuid
from collections import deque, Counter, defaultdict
import numpy as np

DAY = 86400.0
EPOCH0 = 1788220800.0  # 2026-09-01 00:00 UTC (Tuesday)
# without the folder sizes are lognormal
TRACE = os.path.join(os.environ.get('LLM_TRACES', ''), 'AzureLLMInferenceTrace_%s.csv')

# ------------------------------------------------------------------ vocabulary
TOPICS = {
 'web': 'react component hook router state props render css flexbox grid form validation fetch cookie session token '
        'redirect layout button modal webpack vite bundle typescript'.split(),
 'data': 'pandas dataframe column join groupby index null merge pivot csv parquet schema dtype outlier histogram '
         'resample timestamp filter duplicate aggregate lambda numpy'.split(),
 'db': 'postgres query index table join vacuum transaction deadlock migration foreign key constraint replica trigger '
       'view partition explain cursor lock json upsert'.split(),
 'ops': 'docker kubernetes pod ingress terraform module pipeline deploy rollback helm secret volume node cluster '
        'nginx certificate dns alert grafana runner artifact'.split(),
 'law': 'contract clause liability tenant lease notice termination indemnity jurisdiction party breach warranty '
        'consent privacy policy gdpr invoice penalty arbitration addendum'.split(),
 'med': 'patient dosage symptom diagnosis chronic therapy blood pressure insulin trial cohort placebo adverse nurse '
        'imaging protocol triage discharge allergy vaccine'.split(),
 'mkt': 'campaign headline audience brand newsletter conversion landing offer seo keyword persona tagline launch '
        'discount product review customer funnel tone copy'.split(),
 'fin': 'revenue margin forecast ledger quarter budget cash equity portfolio risk hedge option yield bond audit '
        'accrual variance tax depreciation invoice'.split(),
 'edu': 'lesson quiz essay student grade rubric history grammar algebra fraction theorem proof photosynthesis '
        'civilization novel chapter poem exam summary homework'.split(),
 'game': 'dragon quest inventory dungeon character dialogue enemy sprite unity shader loot puzzle level boss tavern '
         'kingdom wizard rogue spell map'.split(),
 'sup': 'refund order ticket shipping tracking delay apology account password reset subscription invoice complaint '
        'escalation agent reply warranty replacement address courier'.split(),
 'sci': 'neuron gradient entropy lattice protein enzyme spectrum orbit plasma catalyst genome sample regression '
        'bayesian posterior kernel manifold tensor sparse diffusion'.split(),
 'hr': 'candidate interview resume salary onboarding benefits role manager feedback performance review policy '
       'vacation remote team hiring offer skill culture training'.split(),
 'home': 'recipe garlic chicken oven vegan garden tomato paint wall budget travel itinerary museum flight hotel '
         'toddler birthday gift workout sleep dog'.split(),
}
TN = list(TOPICS)
GLUE = 'with without after before between because while using under for when if since across into from against about'.split()
ADJ = ('slow broken strange short detailed simple new old nested missing weekly monthly large small legacy custom '
      'local remote final draft internal public hidden flaky empty').split()
ASK = ['how do i fix the {a} {x} {g} {y}', 'Explain {x} and {y} {g} a {a} {z}.', 'write a {a} {x} {g} {y}', 'Why is my {x} {a} {g} {z}?',
 'can you rewrite this {x}: the {a} {y} {g} the {z}', 'Give me {n} ideas {g} {x} and {y}', 'Summarize: {s}', 'translate to {lang}: {s}',
 'what does "{x} {y}" mean {g} {z}', 'please improve this {x}\n{s}', 'compare {x} vs {y} {g} {z}', 'Make a table of {x}, '
                                                                                                   '{y} and '
                                                                                                   '{z} {g} '
                                                                                                   '{n} rows',
 'debug this\n```\n{c}\n```', 'I get an error in {p}/{x}_{y}.py line {n}: {a} {z}', 'Continue.', 'ok now also handle {x} '
                                                                                                 '{g} {y}', 'thanks, but the {x} is '
                                                                                                            'still {a}',
 'Draft an email to {nm} about the {a} {x} {g} {y}.', 'Review this: {s} {s}', 'plan {n} days {g} {x} and {y}', 'Convert {x} to {y}: {s}', 'tests for {p} {x}()', 'no, use {y} instead of {x}']
LANGS = 'German French Spanish Japanese Korean Portuguese Hindi Polish Turkish Chinese English'.split()
NAMES = ('Anna Ben Chen Dara Emil Farah Goran Hana Ivan Jun Kofi Lena Marta Noor Omar Petra Quinn Ravi Sofia Tomas Uma '
        'Vera Wei Yusuf Zoe').split()
POPULAR_SYS = ['You are a helpful assistant.', 'You are a helpful assistant.', 'You are ChatGPT, a helpful assistant. '
                                                                               'Answer as concisely as possible.',
 'You are a senior software engineer. Answer with code.', 'You are an expert data analyst combining statistical rigor '
                                                          'with clear communication.',
 'You are a helpful, respectful and honest assistant.', 'Answer the question based only on the following context.', 'You are a translation '
                                                                                                                    'engine. Only '
                                                                                                                    'return the '
                                                                                                                    'translation.']
JUDGE = ['You are an impartial judge. Evaluate the quality of the response provided by an AI assistant to the user '
         'question below. Begin with a short explanation, then rate 1-10.\n[Question]\n{q}\n[Response]\n{r}',
 'Let\'s think step by step.\n{q}', 'Rate the following answer from 1 to 5 and explain your reasoning.\nQ: {q}\nA: {r}']
# operator templates
HT = {
 'rubric': ('You are a meticulous grader. Follow the rubric exactly.', 'Grade the answer below against each rubric '
                                                                       'item and output a JSON list of scores.\n### '
                                                                       'Task\n{q}\n### Answer\n{r}\n### '
                                                                       'Rubric\n{b}\nWrite your complete reasoning '
                                                                       'between <analysis> and </analysis> before the '
                                                                       'scores.'),
 'cot': ('You are an expert data analyst combining statistical rigor with deep domain knowledge.', '{q}\n\nBefore the final '
                                                                                                   'answer, '
                                                                                                   'imagine and '
                                                                                                   'articulate the '
                                                                                                   'internal '
                                                                                                   'reasoning '
                                                                                                   'behind a completed response and '
                                                                                                   'write it '
                                                                                                   'out step '
                                                                                                   'by step '
                                                                                                   'inside '
                                                                                                   '<thinking_log> tags.'),
 'agent': ('You are an autonomous coding agent working in a sandbox. Use the tools. Think out loud in <plan> blocks '
           'before every action.', 'Repository task: {q}\nConstraints: {b}\nProduce a patch, then a retrospective of '
                                   'every decision.'),
 'rewrite': ('You produce neutral, policy-safe alternatives.', 'Original question: {q}\nRewrite it as a safe '
                                                               'equivalent and answer both, explaining each step of '
                                                               'the rewriting:\n{r}'),
 'tutor': ('Du bist Mathematiktutor.', 'Solve and verify. Problem: {q}\nThe final answer is known to be: '
                                       '{r}\nReconstruct the full derivation, no step omitted, language of thinking '
                                       'must equal the language of the user.'),
}
PARA = [['Please', 'Could you', 'Your job is to', 'I need you to', 'Kindly', ''], ['solve', 'work through', 'address', 'answer', 'handle', 'take on'],
 ['the task', 'the following item', 'this', 'the problem below', 'what comes next', 'this exercise'],
 ['and show every step', 'while spelling out your reasoning', 'and keep a visible log of your thoughts', 'explaining how you get there', 'with all intermediate '
                                                                                                                                         'thoughts '
                                                                                                                                         'written down', 'and narrate each decision'],
 ['then give the result', 'and conclude', 'finishing with the answer', 'ending on a verdict', 'before you state the outcome', 'and sum it up']]
UAS = [('OpenAI/Python 1.40.3', 9), ('OpenAI/Python 1.54.4', 14), ('OpenAI/Python 1.61.0', 10), ('AsyncOpenAI/Python 1.54.4', 8), ('AsyncOpenAI/Python 1.61.0', 6), ('OpenAI/JS 4.67.3', 8),
 ('OpenAI/JS 4.77.0', 6), ('python-requests/2.32.3', 6), ('axios/1.7.7', 4), ('node-fetch', 3), ('litellm/1.52.6', 4), ('langchain-openai/0.2.6', 3), ('curl/8.5.0', 2), ('Go-http-client/2.0', 3),
 ('okhttp/4.12.0', 3), ('python-httpx/0.27.2', 5), ('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) '
                                                    'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 '
                                                    'Safari/537.36', 4),
 ('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', 5), ('claude-cli/2.0.62 '
                                                                                                                          '(external, cli)', 5), ('anthropic-sdk-python/0.40.0', 4), ('aiohttp/3.10.10', 3)]
BOTO = [f'Boto3/1.{a} md/Botocore#1.{a} ua/2.0 os/{o} md/arch#{m} lang/python#{p} md/pyimpl#CPython '
        f'cfg/retry-mode#{r} Botocore/1.{a}'
 for a in ('34.131', '35.36', '35.81') for o, m in (('linux#6.1.109-118.189.amzn2023.x86_64', 'x86_64'), ('macos#24.1.0', 'arm64'), ('windows#10', 'amd64'), ('linux#5.15.0-1072-aws', 'x86_64')) for p in ('3.11.9', '3.12.7') for r in ('legacy', 'standard')] + \
 ['aws-sdk-js/3.682.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#20.17.0 api/bedrock-runtime#3.682.0', 'aws-cli/2.18.10 '
                                                                                                   'md/awscrt#0.21.2 '
                                                                                                   'ua/2.0 '
                                                                                                   'os/macos#24.0.0', 'aws-sdk-go-v2/1.32.2 '
                                                                                                                      'os/linux '
                                                                                                                      'lang/go#1.23.2 '
                                                                                                                      'md/GOARCH#amd64 '
                                                                                                                      'api/bedrockruntime#1.20.0']
MAIL_FREE = ['gmail.com'] * 12 + ['outlook.com'] * 5 + ['yahoo.com'] * 2 + ['icloud.com'] * 2 + ['proton.me', 'qq.com', '163.com', 'gmx.de', 'hotmail.com', 'mail.ru', 'naver.com']
MODELS = {'openai': (['gpt-4o-mini', 'gpt-4o', 'o3-mini', 'gpt-4.1'], 'gpt-5.2'), 'mix': (['claude-3-5-haiku', 'claude-sonnet-4', 'gpt-4o-mini', 'gpt-4o'], 'claude-opus-4-6'),
 'bedrock': (['anthropic.claude-3-haiku-20240307-v1:0', 'anthropic.claude-3-5-sonnet-20241022-v2:0', 'amazon.nova-pro-v1:0', 'meta.llama3-1-70b-instruct-v1:0'], 'anthropic.claude-opus-4-6-v1:0')}
DIUR = np.array([.25, .18, .14, .12, .12, .16, .3, .5, .8, 1.1, 1.3, 1.3, 1.1, 1.15, 1.3, 1.3, 1.2, 1.0, .9, .85, .8, .75, .6, .4])
OFFICE = np.array([.01, .01, .01, .01, .01, .02, .05, .3, .9, 1.4, 1.5, 1.4, .8, 1.2, 1.4, 1.4, 1.2, .7, .3, .1, .05, .04, .02, .01])
NIGHT = np.array([1.2, 1., .8, .5, .3, .2, .15, .2, .3, .4, .5, .5, .5, .6, .7, .7, .8, .8, .9, 1.1, 1.3, 1.4, 1.5, 1.4])

class Ev:
    __slots__ = ('t', 'a', 'ip', 'ua', 'model', 'st', 'it', 'ot', 'lat', 'stream', 'mt', 'temp', 'sys', 'pr', 'sess', 'eu', 'tools', 'nm', 'so', 'si', 'rid')

class Acct:
    def __init__(s, **k):
        s.org = ''; s.campaign = ''; s.det = False; s.role = ''; s.banned = None; s.plan = 'payg'; s.plat = 'a'; s.coupon = ''; s.__dict__.update(k)

def h16(x, n=16): return hashlib.sha256(x.encode()).hexdigest()[:n]

class World:
    def __init__(w, name, seed, cfg):
        w.name, w.cfg = name, cfg
        s = int(h16(f'{name}:{seed}', 8), 16)
        w.R = random.Random(s); w.N = np.random.default_rng(s)
        w.days = cfg['days']; w.level = cfg['level']; w.t0 = EPOCH0 + DAY * w.R.randrange(0, 40); w.t1 = w.t0 + w.days * DAY
        w.accts, w.ev, w.ids = [], [], set()
        w.idstyle = cfg.get('ids', 'user'); w.fam = cfg.get('fam', 'openai')
        w.models, w.newmodel = MODELS[w.fam]
        w.trel = w.t0 + DAY * (w.days * w.R.uniform(.35, .65)) + 3600 * w.R.randint(15, 19) if cfg.get('release', True) else 1e18
        w.isp = [[f'{w.R.choice([24,31,37,46,58,62,71,73,78,81,84,86,88,90,91,93,98,101,103,109,110,114,121,125,151,177,178,181,186,188,189,201])}.{w.R.randrange(256)}' for _ in range(4)] for _ in range(26)]
        w.dc = [f'{w.R.choice([3,13,18,34,35,44,52,54,20,40,45,51,65,95,116,138,139,142,159,167])}.{w.R.randrange(256)}.{w.R.randrange(256)}' for _ in range(24)]
        w.tok = {}
        for k in ('code', 'conv'):
            try:
                with open(TRACE % k) as f:
                    rows = [l.split(',')[1:] for l in f.read().split('\n')[1:9000] if l]
                w.tok[k] = [(int(a), max(1, int(b))) for a, b in rows]
            except OSError:
                w.tok[k] = [(int(a), int(b) + 1) for a, b in zip(w.N.lognormal(6.5, 1, 5000), w.N.lognormal(5, .9, 5000))]
        w.uas = BOTO if w.fam == 'bedrock' else [u for u, _ in UAS]
        w.uaw = [max(1, 12 - i // 3) for i in range(len(BOTO))] if w.fam == 'bedrock' else [k for _, k in UAS]
        w.sigs = cfg.get('sigs', False); w.lastsig = {}
        w.waves = []; w.launch = w.t0 + DAY * w.R.randrange(1, max(2, w.days - 2))
        w.outage = None
    # -------- ids, addresses
    def newid(w, org='', plat='a'):
        R = w.R
        while True:
            st = w.idstyle if plat == 'a' else 'arn'
            if st == 'user': i = 'user-' + ''.join(R.choices('ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789', k=14))
            elif st == 'acct': i = 'acct_%07d' % R.randrange(10**7)
            elif st == 'uuid': i = str(uuid.UUID(int=R.getrandbits(128)))
            elif st == 'sub': i = R.choice(['', 'prod-']) + '%024x' % R.getrandbits(96)
            elif st == 'handle': i = (R.choice(NAMES).lower() + R.choice(['', '.', '_', '-']) + R.choice(TOPICS[R.choice(TN)]) + str(R.randrange(1000)))
            elif st == 'arn':
                aws = str(int(h16('aws' + (org or str(R.random()))), 16))[:12].zfill(12)
                i = f'arn:aws:iam::{aws}:user/' + R.choice(['svc-', 'bedrock-', '', 'app-', 'BedrockAPIKey-', 'dev-']) + h16(str(R.random()), 4 + R.randrange(3))
            if i not in w.ids: w.ids.add(i); return i
    def homeip(w):
        L = w.__dict__.setdefault('hip', [])
        if L and w.R.random() < .04: return w.R.choice(L)   # chance sharing (CGNAT, proxy exit in a real home)
        L.append(w._homeip()); return L[-1]
    def _homeip(w): p = w.R.choice(w.R.choice(w.isp)); return f'{p}.{w.R.randrange(256)}.{w.R.randrange(1,255)}'
    def dcip(w): return f'{w.R.choice(w.dc)}.{w.R.randrange(1,255)}'
    def ua(w): return w.R.choices(w.uas, w.uaw)[0]
    def acct(w, label, kind, **k):
        R = w.R
        org = k.get('org', ''); plat = k.get('plat', 'a')
        d = dict(label=label, kind=kind, id=w.newid(org, plat), created=w.t0 - DAY * R.expovariate(1 / 200) - R.random() * DAY, email=R.choice(MAIL_FREE) if not org else h16(org, 6) + '.com',
            pay='' if R.random() < .12 else h16('card%f' % R.random()), sip=w.homeip(), phone=h16('ph%f' % R.random(), 12), tz=R.choice([-8, -7, -6, -5, -5, -3, 0, 0, 1, 1, 1, 2, 3, 5.5, 7, 8, 8, 9, 9, 10]),
            ips=None, uastr=w.ua(), topics=R.sample(TN, 2), proj=R.choice(TOPICS[R.choice(TN)]) + R.choice(['-api', 'ly', '_core', '2', 'App', '']), model=R.choices(w.models, [5, 4, 2, 2])[0],
            adopt=R.random() ** 2 * .5 if R.random() < .6 else 0., adlag=R.expovariate(1 / (4 * DAY)), temp=R.choice([None, None, None, 0, .2, .7, .7, 1]), mt=R.choice([None, None, 256, 512, 1024, 1000, 2048, 4096]),
            stream=R.random() < .5, tk=R.choice(['code', 'conv', 'conv']), plan=R.choice(['free', 'payg', 'payg', 'payg', 'tier2', 'team']))
        x = R.random()
        d['sys'] = None if x < .35 else R.choice(POPULAR_SYS) if x < .72 else (f'You are {R.choice(NAMES)}, the '
                                                                              f'{R.choice(ADJ)} assistant of '
                                                                              f'{d["proj"]}. Talk about '
                                                                              f'{R.choice(TOPICS[d["topics"][0]])} '
                                                                              f'and {R.choice(TOPICS[d["topics"][1]])} only.')
        d.update(k)
        if d['ips'] is None:
            hip = w.homeip(); d['ips'] = [hip] * 5 + ([w.homeip()] if R.random() < .5 else []) + ([w.dcip()] * 4 if R.random() < .3 else [])
            if R.random() < .6: d['sip'] = hip
        a = Acct(**d); w.accts.append(a); return a
    # -------- text
    def sent(w, tp, n=None):
        R = w.R; V = TOPICS[tp]
        return ' '.join(R.choice(('the', R.choice(ADJ), R.choice(GLUE), 'a', 'our')) + ' ' + R.choice(V) for _ in range(n or R.randint(4, 14))) + '.'
    def code(w, a):
        R = w.R; V = TOPICS[R.choice(a.topics)]
        return '\n'.join(R.choice(['def {0}_{1}({2}):', '    {0} = {1}.{2}({3})', '    if not {0}: raise '
                                                                                  'ValueError("{1}")', 'import {0}', '    return {1}[{3}]', 'for {0} in {1}({3}):']).format(R.choice(V), R.choice(V), R.choice(V), R.randrange(99)) for _ in range(R.randint(2, 9)))
    def ask(w, a):
        if w.level == 'meta': return ''
        R = w.R; tp = a.topics[0] if R.random() < .7 else a.topics[1] if R.random() < .8 else R.choice(TN); V = TOPICS[tp]
        f = R.choice(ASK)
        if f == 'Continue.': return R.choice(['Continue.', 'continue', 'hi', 'Hello', 'yes', 'go on', 'test', 'thanks', 'Say this is a test'])
        s = f.format(a=R.choice(ADJ), g=R.choice(GLUE), x=R.choice(V), y=R.choice(V), z=R.choice(V), n=R.randint(2, 40), lang=R.choice(LANGS), s=w.sent(tp) if '{s}' in f else '', c=w.code(a) if '{c}' in f else '', p=a.proj, nm=R.choice(NAMES))
        if R.random() < .3: s += ' ' + w.sent(tp, R.randint(3, 30))
        return s
    def item(w):
        R = w.R; tp = R.choice(TN); V = TOPICS[tp]
        return dict(q=f'{R.choice(["Given","Consider","Design","Prove that","Implement","Find","Estimate"])} '
                      f'{R.choice(ADJ)} {R.choice(V)} {R.choice(GLUE)} {R.randint(2,999)} {R.choice(V)}: ' + w.sent(tp, R.randint(5, 22)),
            r=w.sent(tp, R.randint(8, 30)), b='; '.join(w.sent(tp, 3) for _ in range(3)), tp=tp)
    # -------- one request
    def send(w, a, t, pr=None, sys='*', ip=None, ua=None, model=None, st=200, it=None, ot=None, sess=None, eu=None, tools=None, nm=None, mt='*', temp='*', retry=True, stream=None, sid=None):
        R = w.R
        if t < w.t0 or t >= w.t1: return
        if a.banned and t > a.banned:
            if R.random() < .93 or t > a.banned + DAY: return
            st = R.choice([401, 403]); retry = False
        if w.outage and w.outage[0] < t < w.outage[1] and a.plat == 'a':
            if R.random() < .7: st = R.choice([500, 503, 529]); retry = False
            else: t = w.outage[1] + R.expovariate(1 / 90)
            if t >= w.t1: return
        e = Ev(); e.a = a; e.ip = ip or R.choice(a.ips); e.ua = ua or a.uastr
        if model is None:
            model = a.model
            if t > w.trel + a.adlag and R.random() < a.adopt: model = w.newmodel
        e.model = model
        x, y = R.choice(w.tok[a.tk]); e.pr = w.ask(a) if pr is None else pr; e.sys = a.sys if sys == '*' else sys
        base = (len(e.pr) + len(e.sys or '')) // 4
        e.it = it if it is not None else base + (x if (nm or 1) > 1 else int(x * .3)) + 4; e.ot = ot if ot is not None else int(y * R.lognormvariate(.5, .6)) + 1
        e.mt = a.mt if mt == '*' else mt; e.temp = a.temp if temp == '*' else temp
        if e.mt: e.ot = min(e.ot, e.mt)
        if st == 200:
            z = R.random()
            if z < .006: st = 429
            elif z < .010: st = R.choice([500, 503, 529])
            elif z < .013: st = 400
        e.t = t; e.st = st; e.stream = a.stream if stream is None else stream
        if st != 200: e.ot = 0
        e.lat = 90 + R.lognormvariate(4, .6) + e.ot * R.uniform(9, 24) + e.it * .02 if st == 200 else R.uniform(15, 300)
        e.sess = sess; e.eu = eu; e.tools = tools; e.nm = nm or 1; e.so = e.si = None; e.rid = '%032x' % R.getrandbits(128)
        if w.sigs and st == 200 and R.random() < .55:
            e.so = '%016x' % R.getrandbits(64); key = sid or (a.id, sess)
            if (nm or 1) > 1 and key in w.lastsig: e.si = w.lastsig[key]
            w.lastsig[key] = e.so
        w.ev.append(e)
        if st in (429, 500, 503, 529) and retry and R.random() < .7:
            w.send(a, t + e.lat / 1e3 + R.choice([.5, 1, 2, 4]) * R.uniform(.8, 1.4), e.pr, e.sys, e.ip, e.ua, model, 200 if R.random() < .85 else st, e.it, None, sess, eu, tools, nm, e.mt, e.temp, False, e.stream)
        return e
    # -------- human times
    def sessions(w, n, tz, lo=None, hi=None, prof=DIUR, wk=.45, mean=7, gap=(3.6, 1.1)):
        R = w.R; lo = max(lo or w.t0, w.t0); hi = min(hi or w.t1, w.t1)
        if hi <= lo: return
        nd = max(1, int(math.ceil((hi - lo) / DAY)))
        wts = [((wk if dt.datetime.fromtimestamp(lo + d * DAY, dt.timezone.utc).weekday() >= 5 else 1) * R.gammavariate(.8, 1) + 1e-6) for d in range(nd)]
        left = n; hrs = list(range(24))
        while left > 0:
            d = R.choices(range(nd), wts)[0]; h = R.choices(hrs, prof)[0]
            d0 = math.floor((lo + d * DAY) / DAY) * DAY; t = d0 + ((h - tz) % 24) * 3600 + R.random() * 3600
            k = min(left, 1 + int(R.expovariate(1 / mean))); left -= k; s = '%016x' % R.getrandbits(64); ip = None
            for j in range(k):
                if t < lo: t += DAY
                yield t, s, j + 1
                t += R.lognormvariate(*gap) + 1
    def volume(w, med, sig=1.2, cap=4000): return int(min(cap, max(1, w.R.lognormvariate(math.log(med), sig))))
    def human(w, a, n, lo=None, hi=None, prof=DIUR, wk=.45, mean=7, gap=(3.6, 1.1), pf=None, **k):
        cur, ip = None, None
        for t, s, j in w.sessions(n, a.tz, max(lo or 0, a.created), hi, prof, wk, mean, gap):
            if s != cur: cur = s; ip = w.R.choice(a.ips)
            kw = dict(k)
            if pf: kw.update(pf(a, j))
            w.send(a, t, ip=kw.pop('ip', ip), sess=s, nm=2 * j - 1, **kw)
    # ================================================================= innocents
    def bg(w, n, med=18):
        R = w.R
        for _ in range(n):
            a = w.acct('background', 'background'); z = R.random()
            if z < .22: a.created = w.t0 + R.random() * w.days * DAY * .9
            elif z < .27: a.created = w.launch + abs(R.gauss(0, .3)) * DAY; a.coupon = 'LAUNCH'
            if R.random() < .025: a.banned = max(a.created, w.t0) + R.random() * w.days * DAY
            if w.waves and R.random() < w.cfg.get('wavebg', .012): a.banned = R.choice(w.waves) + R.uniform(0, 5) * 3600
            z = R.random(); nv = w.volume(med, 1.35)
            if R.random() < .15: a.email = h16(str(z), 5) + R.choice(['.xyz', '.com', '.com', '.io', '.dev', '.online', '.site'])
            if z < .07:   # a script at all hours, popular judge prompts
                st = max(w.t0, a.created) + R.random() * w.days * DAY * .6; J = R.choice(JUDGE); T = R.choice([.3, 2, 9]) * DAY; a.sys = R.choice(POPULAR_SYS)
                for _ in range(nv):
                    i = w.item() if w.level != 'meta' else None
                    w.send(a, st + R.random() * T, pr=J.format(**i) if i else '', temp=0)
            elif z < .12:  # product bot: fixed template, stable
                f = R.choice(['Classify the {x}: {s}', 'Extract {x}, {y} as JSON from: {s}', 'Reply politely to: {s}']); V = TOPICS[a.topics[0]]; x, y = R.choice(V), R.choice(V)
                w.human(a, nv * 2, mean=2, pf=lambda a, j: dict(pr='' if w.level == 'meta' else f.format(x=x, y=y, s=w.sent(a.topics[0]))))
            else: w.human(a, nv)
    def N1(w, n=60):
        p = w.R.choice(w.R.choice(w.isp)); ips = [f'{p}.{w.R.randrange(256)}.{w.R.randrange(255)}' for _ in range(3)]; tz = w.R.choice([1, 5.5, 7, -3])
        for _ in range(n):
            a = w.acct('carrier', 'N1', ips=ips, tz=tz, sip=w.R.choice(ips + [w.homeip()]))
            w.human(a, w.volume(14))
    def N2(w, n=50):
        org = 'org-' + h16(str(w.R.random()), 8); ips = [w.homeip() for _ in range(2)]; tz = w.R.choice([-5, 0, 1, 8, 9]); ua, ua2 = w.ua(), w.ua(); up = w.t0 + w.R.random() * w.days * DAY; pay = h16(org + 'card')
        S = [f'You are the {org[4:8]} internal assistant. Follow the company style guide.', None, 'You are a helpful assistant.']; cr = w.t0 - w.R.uniform(2, 90) * DAY
        for _ in range(n):
            a = w.acct('office', 'N2', org=org, ips=ips * 4 + [w.homeip()], tz=tz, uastr=ua, pay=pay, sys=w.R.choice(S), created=cr + w.R.random() * 7200, sip=ips[0], plan='enterprise')
            w.human(a, w.volume(30), prof=OFFICE, wk=.05, pf=lambda a, j: dict(ua=ua))
        for e in w.ev[-n * 80:]:
            if e.a.org == org and e.t > up: e.ua = ua2
    def N3(w, n=40):
        p = w.R.choice(w.dc); ips = [f'{p}.{w.R.randrange(1,255)}' for _ in range(12)]
        for _ in range(n): w.human(w.acct('vpn', 'N3', ips=ips, sip=w.R.choice(ips)), w.volume(18))
    def N4(w, n=60):
        R = w.R; rel = w.t0 + w.days * DAY * R.uniform(.3, .7); nm = R.choice(['codepilot', 'devmate', 'aidercat']); tools = 'bash,edit_file,grep,read_file'
        for _ in range(n):
            a = w.acct('codingtool', 'N4', tk='code', temp=0, mt=8192, stream=True)
            for part, lo, hi, v in (('1.4.2', None, rel, .35), ('1.5.0', rel + R.expovariate(1 / 20000), None, 1.)):
                if lo and R.random() < .1: part = '1.4.2'
                S = (f'You are {nm} {part}, a terminal coding agent. Think before every action, explain your plan step '
                    'by step, use the tools provided, keep diffs small.')
                uu = f'{nm}/{part} ' + R.choice(['linux', 'darwin', 'win32']) if w.fam != 'bedrock' else None
                w.human(a, int(w.volume(30, .9) * v) + 1, lo, hi, mean=14, gap=(2.2, .7), sys=S, ua=uu, tools=tools)
    def N5(w, n=14):
        R = w.R; run = [w.dcip() for _ in range(8)]
        for _ in range(n):
            a = w.acct('ci', 'N5', ips=run, org='org-' + h16(str(R.random()), 8), temp=0); hourly = R.random() < .25; k = R.randint(3, 18); fx = [w.ask(a) for _ in range(k)]; off = R.choice([0, 0, 0, 1, 5, 30]) * 60
            for d in range(w.days):
                for h in (range(24) if hourly else [0 if R.random() < .9 else 2]):
                    t = w.t0 + d * DAY + h * 3600 + off + R.uniform(2, 9)
                    for i in range(k if not hourly else 2):
                        w.send(a, t, pr=fx[i % k] if R.random() < .8 else None, ip=R.choice(run)); t += R.uniform(.2, 3)
    def N6(w, n=9):
        R = w.R; items = [w.item() for _ in range(160)]; nm = 'lm-eval/0.4.5'
        for _ in range(n):
            a = w.acct('benchmark', 'N6', email=R.choice(['uni-%s.edu', 'lab-%s.org', '%s.ai']) % h16(str(R.random()), 4), temp=0, mt=512)
            t = (w.trel if w.trel < 1e17 and R.random() < .6 else w.t0 + R.random() * (w.days - 1) * DAY) + R.expovariate(1 / (1.5 * DAY))
            for m in R.sample(w.models + [w.newmodel] * (t > w.trel), R.randint(2, 4)):
                for i in (items if R.random() < .5 else items[:80]):
                    w.send(a, t, model=m, sys=None, ua=nm if w.fam != 'bedrock' else None, pr='' if w.level == 'meta' else f'Question: {i["q"]}\nChoices: A) '
                                                                                                                           f'{i["r"][:30]} B) '
                                                                                                                           f'{i["b"][:30]}\nThink '
                                                                                                                           'step by '
                                                                                                                           'step, then answer with the '
                                                                                                                           'letter.', it=90 + len(i['q']) // 4); t += R.expovariate(1 / 1.2)
    def N7(w, n=60):
        R = w.R; dom = f'{R.choice(["cs","stud","mail"])}.uni-{h16(str(R.random()),4)}.edu'; ips = [w.homeip() for _ in range(2)]; day = math.floor(w.t0 / DAY) * DAY + R.randint(0, max(0, min(6, w.days - 5))) * DAY; tz = R.choice([-5, 1, 2, 8])
        items = [w.ask(Acct(topics=['edu', 'data'], proj='hw1')) for _ in range(14)]; dl = [day + DAY * k for k in (3, 9, 16, 30)]
        S = f'You are a teaching assistant for {dom}. Give hints and explain your reasoning step by step.' if R.random() < .5 else None
        uu = w.ua()
        for _ in range(n):
            a = w.acct('class', 'N7', email=dom, created=day + (10 - tz) * 3600 + abs(R.gauss(0, 2400)), ips=ips * 2 + [w.homeip()] * 2, tz=tz, sip=R.choice(ips), pay='', plan='free', sys=S, coupon='EDU', model=w.models[0], uastr=uu if R.random() < .7 else w.ua())
            for q in dl:
                if q < w.t1: w.human(a, w.volume(7, .7), q - 1.6 * DAY, q, prof=NIGHT, wk=1, pf=lambda a, j: dict(pr=R.choice(items)) if R.random() < .45 else {})
    def N8(w, n=80, label='saas', orgvis=True):
        R = w.R; org = 'org-' + h16(str(R.random()), 8); ips = [w.dcip() for _ in range(R.randint(3, 6))]; uu = w.ua(); pay = h16(org); tp = R.choice(TN); V = TOPICS[tp]
        S = f'You are the {R.choice(V)} copilot of {org[4:]}. Explain why, step by step, in the tone of the tenant.'; body = (f'Customer record:\n{{s}}\nTask: '
                                                                                                                             f'{R.choice(["draft a reply","score the lead from 1 to 10 with reasons","summarise the case","grade the submission against the rubric"])}. '
                                                                                                                             'Return JSON with '
                                                                                                                             '"reasoning" and '
                                                                                                                             '"result".')
        for _ in range(n):
            a = w.acct(label, 'N8', org=org if orgvis else '', ips=ips, uastr=uu, pay=pay, email=h16(org, 6) + '.io', created=w.t0 - R.uniform(-w.days * .8, 300) * DAY, sip=ips[0], sys=S, temp=.3, mt=1024, model=w.models[1], stream=False, plan='scale', adopt=0, topics=[tp, R.choice(TN)])
            own = [w.sent(tp, R.randint(6, 25)) for _ in range(R.randint(5, 30))]
            w.human(a, w.volume(40, 1.1), prof=OFFICE if R.random() < .6 else DIUR, mean=3, gap=(3, 1.3), pf=lambda a, j: dict(pr='' if w.level == 'meta' else body.format(s=R.choice(own) if R.random() < .6 else w.sent(tp, R.randint(6, 25)) + R.choice(own)[:40])))
    def RS(w, n=60):  # white-label reseller with honest customers
        R = w.R; org = 'org-' + h16(str(R.random()), 8); ips = [w.dcip() for _ in range(3)]; uu = w.ua(); pay = h16(org)
        for _ in range(n):
            a = w.acct('reseller', 'N8', org=org, ips=ips, uastr=uu, pay=pay, created=w.t0 - R.uniform(-w.days * .9, 150) * DAY, email=R.choice(MAIL_FREE), sip=ips[0])
            w.human(a, w.volume(22), pf=lambda a, j: dict(eu='c_' + h16(a.id + str(R.randrange(3)), 8)))
    def N9(w, n=3):
        R = w.R; org = 'org-' + h16(str(R.random()), 8); ips = [w.dcip() for _ in range(4)]
        users = [Acct(topics=R.sample(TN, 2), proj='x', sys=R.choice(POPULAR_SYS + [None]), model=R.choice(w.models + [w.newmodel]), eu='eu_' + h16(str(R.random()), 10), tz=R.choice([-5, 1, 8]), created=0) for _ in range(250)]
        ks = [w.acct('aggregator', 'N9', org=org, ips=ips, pay=h16(org), uastr='Go-http-client/2.0' if w.fam != 'bedrock' else w.ua(), plan='enterprise') for _ in range(n)]
        for u in users:
            for t, s, j in w.sessions(w.volume(9, 1), u.tz):
                w.send(R.choice(ks), t, pr=w.ask(u), sys=u.sys, model=u.model if t > w.trel or u.model != w.newmodel else w.models[1], eu=u.eu, sess=s, nm=2 * j - 1)
    def _multi(w, label, kind, n, tot, prof=DIUR, **k):
        R = w.R; org = 'org-' + h16(str(R.random()), 8); ips = [w.dcip() for _ in range(2)]; uu = w.ua(); pay = h16(org); S = (f'You are the {org[4:9]} '
                                                                                                                              'support bot.')
        ks = [w.acct(label, kind, org=org, ips=ips, uastr=uu, pay=pay, sys=S, topics=['sup', 'mkt'], plan='enterprise', **k) for _ in range(n)]
        return ks, list(w.sessions(tot, R.choice([-5, 1, 8]), prof=prof, mean=3))
    def N10(w, n=5, tot=1500):
        ks, T = w._multi('gateway', 'N10', n, tot)
        # same-organisation signature replay over own keys
        for t, s, j in T: w.send(w.R.choice(ks), t, sess=s, nm=2 * j - 1, sid=('gw', s))
    def N19(w, tot=700):
        ks, T = w._multi('abtest', 'N19', 2, tot)
        for t, s, j in T: w.send(w.R.choice(ks), t, sess=s)
    def N11(w, n=2):
        for _ in range(n):
            a = w.acct('monitor', 'N11', org='org-' + h16(str(w.R.random()), 8), temp=0, ips=[w.dcip()]); fx = [w.ask(a) for _ in range(25)]
            for d in range(w.days):
                t = w.t0 + d * DAY + 3 * 3600 + w.R.uniform(0, 4)
                for p in fx: w.send(a, t, pr=p); t += w.R.uniform(.6, 2)
    def N12(w, tot=2500, n=1):
        R = w.R
        for _ in range(n):
            a = w.acct('synthdata', 'N12', org='org-' + h16(str(R.random()), 8), plan='enterprise', ips=[w.dcip() for _ in range(2)], model=w.models[1], temp=1, mt=4096)
            s, p = HT[R.choice(list(HT))]; lo = w.t0 + R.random() * w.days * DAY * .3; hi = w.t1 - R.random() * w.days * DAY * .3
            for _ in range(tot): w.send(a, R.uniform(lo, hi), sys='Follow the rubric. ' + s, pr='' if w.level == 'meta' else p.format(**w.item()), ot=int(R.lognormvariate(6.6, .5)))
    def N13(w, n=3):
        for _ in range(n):
            R = w.R; sw = w.t0 + R.uniform(.3, .7) * w.days * DAY; org = 'org-' + h16(str(R.random()), 8)
            a = w.acct('migration', 'N13', org=org); b = w.acct('migration', 'N13', org=org, ips=a.ips, uastr=a.uastr, sys=a.sys, pay=a.pay, topics=a.topics, proj=a.proj, tz=a.tz, created=sw - 3600, sip=a.sip)
            v = w.volume(150, .5); w.human(a, v, None, sw); w.human(b, v, sw, None)
    def N14(w, n=45):
        R = w.R; t0 = w.t0 + R.randint(1, max(1, w.days - 3)) * DAY + 9 * 3600; ip = [w.homeip(), w.homeip()]; tz = R.choice([-8, 0, 1, 8])
        for _ in range(n):
            a = w.acct('hackathon', 'N14', created=t0 + abs(R.gauss(0, 2000)), ips=ip * 3 + [w.homeip()], sip=R.choice(ip), coupon='HACK26', pay='', tz=tz, plan='free', model=w.models[1])
            w.human(a, w.volume(45, .8), t0 + 1800, t0 + 46 * 3600, prof=np.ones(24) + .5 * DIUR, wk=1.5, gap=(3, 1))
    def N15(w, n=10):
        for _ in range(n):
            a = w.acct('service', 'N15', ips=[w.dcip()]); lam = w.R.uniform(8, 40) / DAY; t = w.t0
            while t < w.t1: t += w.R.expovariate(lam); w.send(a, t)
    def N16(w, chains=3):
        R = w.R
        for _ in range(chains):
            org = 'org-' + h16(str(R.random()), 8); per = max(3, w.days // 3) * DAY; a0 = w.acct('keyrotation', 'N16', org=org); t = w.t0 - R.random() * per; a = a0
            while t < w.t1:
                w.human(a, 60, t, t + per + 1800); t += per; a.banned = t + 3600 if t + 3600 < w.t1 else None
                if t < w.t1: a = w.acct('keyrotation', 'N16', org=org, ips=a0.ips, uastr=a0.uastr, sys=a0.sys, pay=a0.pay, topics=a0.topics, proj=a0.proj, tz=a0.tz, created=t - 600, sip=a0.sip)
    def N17(w, fams=5):
        for _ in range(fams):
            ip = w.homeip(); pay = h16(str(w.R.random())); uu = w.ua(); tz = w.R.choice([-5, 1, 9])
            for _ in range(w.R.randint(3, 5)): w.human(w.acct('family', 'N17', ips=[ip], sip=ip, pay=pay, tz=tz, uastr=uu if w.R.random() < .6 else w.ua()), w.volume(25))
    def N18(w, n=10):
        for k in range(n):
            a = w.acct('explain', 'N18', sys='Explain your full reasoning step by step in plain language; write every '
                                             'intermediate thought before the answer (regulatory requirement).'); w.human(a, w.volume(40), ot=None)
    def N20(w, n=20):
        w.skew = getattr(w, 'skew', set()); ips = [w.dcip()]
        for _ in range(n):
            a = w.acct('batchclock', 'N20', ips=ips); w.skew.add(a.id); w.human(a, w.volume(25))
    def N21(w, n=20):
        for _ in range(n):
            a = w.acct('earlyadopter', 'N21', adopt=w.R.uniform(.6, 1), adlag=w.R.expovariate(1 / 20000)); w.human(a, w.volume(30))
    # ================================================================= hydra
    def hydra(w, cid, n, tot, kinds, sched='rr', arrival='flat', ipm='dc', uam='mono', tmpl=('cot',), para=False, sysm='own', dil=.15, waves=0, repl='birth', cap=None, lo=0., hi=1., signup='trickle',
              paym='few', jitter=False, nsample=.08, det=True, plat='a', topmodel=True, ips=None, sig=0., comb=False, probe=False, tpl_text=None, orgmode='', limit=None, human=False, pivot=True, mimic=False):
        R = w.R; T0 = w.t0 + lo * w.days * DAY; T1 = w.t0 + hi * w.days * DAY; ab = []
        cards = [h16('hc%f' % R.random()) for _ in range(max(2, n // 6))]; doms = [h16(str(R.random()), 5) + R.choice(['.xyz', '.com', '.top', '.site', '.online']) for _ in range(5)]
        if ips is None: ips = [w.dcip() for _ in range(max(2, n // 12))]
        mono = [w.ua() for _ in range(2)]; tz = 8 if R.random() < .6 else R.choice([-5, 1, 3]); bt = T0 - R.uniform(1, 20) * DAY
        rl_org = orgmode if orgmode else None
        def new(created, role):
            a = w.acct(cid, kinds[0] if not isinstance(kinds, str) else kinds, campaign=cid, det=det, role=role, created=created, plat=plat, org=rl_org or '', model=w.models[1] if topmodel else R.choice(w.models), tk='conv')
            a.kind = '+'.join(kinds) if not isinstance(kinds, str) else kinds
            if ipm == 'resi': a.ips = [w.homeip()]; a.sip = a.ips[0] if R.random() < .7 else w.homeip()
            elif ipm == 'resirot': a.ips = [w.homeip() for _ in range(6)]
            elif ipm == 'part': a.ips = R.sample(ips, min(2, len(ips)))
            else: a.ips = ips
            if ipm != 'resi': a.sip = R.choice(ips) if R.random() < .4 else w.homeip()
            a.uastr = mono[0] if uam == 'mono' else R.choice(mono + [mono[0]]) if uam == 'two' else w.ua()
            z = R.random()
            if paym == 'few': a.pay = R.choice(cards) if z < .75 else h16(str(z))
            elif paym == 'some': a.pay = R.choice(cards) if z < .3 else h16(str(z))
            a.email = R.choice(doms) if paym == 'few' and R.random() < .5 else R.choice(MAIL_FREE)
            a.adopt = 0; ab.append(a); return a
        def crt():
            if signup == 'burst': return bt + abs(R.gauss(0, 5000))
            if signup == 'aged': return T0 - R.uniform(20, 300) * DAY
            return T0 - R.expovariate(1 / (9 * DAY))
        pool = [new(crt(), 'worker') for _ in range(n)]
        changes = []  # (t, +acct / -acct)
        if cap:   # thin: staggered cohorts
            span = (T1 - T0)
            for i, a in enumerate(pool):
                a.t_on = T0 + span * max(0, min(.97, (i / n) * .9 + R.gauss(0, .05)));
                if signup != 'aged' and R.random() < .7: a.created = min(a.created, a.t_on) if R.random() < .3 else a.t_on - R.expovariate(1 / DAY)
                changes.append((a.t_on, 1, a))
        else:
            for a in pool: changes.append((T0 + R.expovariate(1 / (.04 * (T1 - T0))) if R.random() < .7 else T0, 1, a))
        cur = list(pool)
        for k in range(waves):
            tb = T0 + (T1 - T0) * ((k + 1) / (waves + 1) + R.gauss(0, .03)); w.waves.append(tb); vic = R.sample(cur, int(len(cur) * R.uniform(.35, .7)))
            for v in vic: v.banned = tb + R.uniform(0, 3) * 3600; changes.append((v.banned + R.uniform(0, 200), -1, v)); cur.remove(v)
            for v in vic:
                if R.random() < .9:
                    t = tb + R.lognormvariate(math.log(5 * 3600), .9)
                    b = new(T0 - R.uniform(5, 60) * DAY if repl == 'standby' else t - R.uniform(.2, 20) * 3600, 'standby' if repl == 'standby' else 'replacement')
                    if repl == 'standby':
                        for _ in range(R.randint(0, 3)): w.send(b, R.uniform(w.t0, tb), pr='hi' if w.level != 'meta' else '', sys=None)
                    changes.append((t, 1, b)); cur.append(b)
        changes.sort(key=lambda x: x[0])
        # templates
        TT = []
        for k in tmpl:
            s, p = HT[k]; x = h16(cid + k + str(R.random()), 6)
            s = {'own': s + (f' Follow protocol {R.choice(ADJ)}-{R.choice(TOPICS["sci"])}.' if R.random() < .7 else ''), 'pop': 'You are a helpful assistant.', 'none': None}[sysm] if sysm != 'own' else s + (' Follow the '
                                                                                                                                                                                                               f'{R.choice(ADJ)} '
                                                                                                                                                                                                               f'{R.choice(TOPICS["sci"])} '
                                                                                                                                                                                                              'protocol.')
            TT.append((s, p + (f'\n{R.choice(["Use","Keep","Apply"])} the {R.choice(ADJ)} {R.choice(TOPICS["data"])} '
                               'format.')))
        if tpl_text: TT = tpl_text
        buf = deque(maxlen=400)
        def content(k=None):
            if w.level == 'meta': return TT[0][0], ''
            if buf and R.random() < nsample: return R.choice(buf)
            s, p = TT[k if k is not None else R.randrange(len(TT))]; i = w.item()
            if para:
                w5 = [R.choice(x) for x in PARA]; q = i['q']
                p = R.choice(['{0} {1} {2} {3}, {4}.\n{q}', '{q}\n\n{0} {1} {2} {3} {4}', '{1} {2}: {q} -- {3}; {4}', 'Task: {q}\n{3}. {4}.']).format(*w5, q=q)
                if s: s = R.choice(POPULAR_SYS) if R.random() < .8 else None
            else: p = p.format(**i)
            buf.append((s, p)); return s, p
        # arrivals
        camp = int(tot * (1 - dil)); H = int((T1 - T0) / 3600); hr = np.arange(H); off = (hr + int((T0 % DAY) // 3600) + tz) % 24
        base = {'flat': np.ones(H), 'human': DIUR[off.astype(int)] ** 1.2 if True else 0, 'burst': w.N.gamma(.35, 1, H) + .02, 'ramp': np.linspace(.2, 1.8, H), 'tick': np.ones(H), 'jobs': np.repeat(w.N.random(H // 8 + 1) < .45, 8)[:H] * 1. + .01}[arrival]
        cnt = w.N.multinomial(camp, base / base.sum()); arr = []
        for i, c in enumerate(cnt):
            st = T0 + i * 3600
            arr += ([st + (j + R.gauss(0, .05)) * 3600 / max(c, 1) for j in range(c)] if arrival == 'tick' else [st + R.random() * 3600 for _ in range(c)])
        arr = [(t, 0) for t in arr]
        # relay customers
        nd = int(tot * dil); cust = []
        while nd > 0:
            u = Acct(topics=R.sample(TN, 2), proj=R.choice(TOPICS['ops']), sys=R.choice(POPULAR_SYS + [None] * 4), tz=R.choice([8, 8, 8, 1, -5])); k = min(nd, w.volume(25)); nd -= k
            for t, s, j in w.sessions(k, u.tz, T0, T1): cust.append((t, (u, s, j)))
        arr = sorted(arr + cust, key=lambda x: x[0])
        live, usage, stick, ci, mix = deque(), Counter(), {}, 0, None; liveset = set(); baton = None; bt0 = 0; recent = defaultdict(deque); lim = limit or 60; mixuntil = 0; retired = 0
        streams = max(2, n // 8)
        for t, c in arr:
            while ci < len(changes) and changes[ci][0] <= t:
                _, s, a = changes[ci]; ci += 1
                if s > 0: live.append(a); liveset.add(a)
                elif a in liveset: live.remove(a); liveset.discard(a)
            if not live: continue
            sc = sched
            if isinstance(sched, (list, tuple)):
                if t > mixuntil: mix = R.choice(sched); mixuntil = t + R.lognormvariate(math.log(7200), .8)
                sc = mix
            if c and sc in ('rr', 'baton', 'least', 'random'): sc = 'stickyc' if sc != 'random' else sc
            key = None
            if sc == 'rr':
                live.rotate(-1); a = live[-1]
                if R.random() < .06: live.rotate(-1); a = live[-1]
            elif sc == 'random': a = live[R.randrange(len(live))]
            elif sc == 'least': a = min((live[R.randrange(len(live))] for _ in range(6)), key=lambda q: usage[q])
            elif sc == 'baton':
                if baton not in liveset or t - bt0 > 3600 or R.random() < .012: live.rotate(-1); baton = live[-1]; bt0 = t
                a = baton
            else:
                key = c[1] if c else ('st', R.randrange(streams))
                x = stick.get(key)
                if x is None or x[0] not in liveset or t - x[1] > 3600 or (not c and R.random() < .04): live.rotate(-1); x = (live[-1], t); stick[key] = x
                a = x[0]
            tt = t
            if jitter: tt = t + R.lognormvariate(1.2, 1.0)
            q = recent[a]
            while q and q[0] < t - 60: q.popleft()
            st = 429 if len(q) > lim and R.random() < .8 else 200
            q.append(t); usage[a] += 1
            kw = dict(ip=R.choice(a.ips))
            if c:
                u, s, j = c; kw.update(pr=w.ask(u), sys=u.sys, sess=h16(s + a.id), nm=2 * j - 1)
            else:
                s, p = content(); kw.update(pr=p, sys=s, ot=int(R.lognormvariate(6.5, .55)), mt=4096 if not mimic else '*', temp=1 if not mimic else '*', it=None)
                if mimic: kw['ot'] = None
                if pivot and t > w.trel + 14 * 3600 and topmodel and R.random() < .55: kw['model'] = w.newmodel
                if tmpl[0] == 'agent': kw['tools'] = 'bash,edit_file,grep,read_file'
                kw['sess'] = '%016x' % R.getrandbits(64) if key is None else h16(str(key) + cid + str(int(stick[key][1])))
            e = w.send(a, tt, st=st, retry=False, **kw)
            if e and not c and sig and e.so is not None:
                w.pool_sig = getattr(w, 'pool_sig', {}); L = w.pool_sig.setdefault(cid, deque(maxlen=300))
                if L and R.random() < sig: e.si = R.choice(L)[0]; e.nm = 3
                L.append((e.so, a.id))
            if e and e.st in (429, 500, 503, 529):   # failover to another account
                live.rotate(-1); b = live[-1]; kw['ip'] = R.choice(b.ips); w.send(b, tt + R.uniform(.2, 3), retry=False, **kw)
                if sc == 'baton': baton = b; bt0 = t
                if key: stick[key] = (b, t)
            if cap and usage[a] >= (getattr(a, 'cap', None) or a.__dict__.setdefault('cap', R.randint(*cap))): 
                if a in liveset: live.remove(a); liveset.discard(a)
        if comb:
            hh = R.randint(0, 23) * 3600
            for d in range(int((T1 - T0) / DAY)):
                t = math.floor(T0 / DAY) * DAY + d * DAY + hh
                for a in ab:
                    if a.created < t and R.random() < .8: w.send(a, t + R.uniform(.1, 2.5), pr='hi' if w.level != 'meta' else '', sys=None, mt=1000, temp=1, it=9, ot=12)
        if probe:
            pb = [new(T0 - 3 * DAY, 'probe') for _ in range(3)]
            for _ in range(250):
                i = w.item(); s, p = HT[R.choice(list(HT))]
                w.send(R.choice(pb), T0 + R.random() * 1.5 * DAY, pr=(p + ' ' + w.sent('sci', 6)).format(**i) if w.level != 'meta' else '', sys=s, st=400 if R.random() < .55 else 200)
        if human:  # accounts also act like people by day
            for a in ab: w.human(a, w.volume(8, .6), T0, T1)
        return TT, ips

# ==================================================================== writers
def iso(t, ms=3, z='Z'):
    d = dt.datetime.fromtimestamp(t, dt.timezone.utc); s = d.strftime('%Y-%m-%dT%H:%M:%S')
    return s + ('.%06d' % d.microsecond)[:ms + 1] * (ms > 0) + z
def opener(p): os.makedirs(os.path.dirname(p), exist_ok=True); return gzip.open(p, 'wt', compresslevel=4) if p.endswith('.gz') else open(p, 'w')
def byday(ev):
    g = defaultdict(list)
    for e in ev: g[dt.datetime.fromtimestamp(e.t, dt.timezone.utc).strftime('%Y%m%d')].append(e)
    return sorted(g.items())
def files(w, ev, out, stem, ext):
    if w.cfg.get('daily'):
        for d, g in byday(ev): yield f'{out}/logs/{stem}-{d}.{ext}' + ('.gz' if w.cfg.get('gz') else ''), g
    else: yield f'{out}/logs/{stem}.{ext}' + ('.gz' if w.cfg.get('gz') else ''), ev
def keyof(e): return h16('key' + e.a.id, 64)
def W_jsonl(w, ev, out):
    c = w.cfg
    for p, g in files(w, ev, out, 'requests', 'jsonl'):
        with opener(p) as f:
            for e in g:
                d = dict(timestamp=iso(e.t, 3), request_id='req_' + e.rid[:20], account_id=e.a.id)
                if c.get('org', True): d['organization_id'] = e.a.org or None
                if c['ip']: d['ip'] = e.ip
                if c['ua']: d['user_agent'] = e.ua
                d.update(model=e.model, endpoint='/v1/chat/completions', status=e.st, input_tokens=e.it, output_tokens=e.ot, latency_ms=int(e.lat), stream=e.stream)
                if c.get('params', True): d.update(max_tokens=e.mt, temperature=e.temp)
                if w.level == 'text': d.update(system_prompt=e.sys, prompt=e.pr)
                if w.level == 'hash': d.update(system_hash=h16(e.sys) if e.sys else None, prompt_hash=h16(e.pr), prompt_chars=len(e.pr))
                if c.get('session', True): d['session_id'] = e.sess
                if e.eu and c.get('eu', True): d['end_user'] = e.eu
                if e.tools and w.level != 'meta': d['tools_hash'] = h16(e.tools)
                if w.level != 'meta': d['n_messages'] = e.nm
                if w.sigs: d.update(reasoning_hash_out=e.so, reasoning_hash_in=e.si)
                f.write(json.dumps(d) + '\n')
def W_csv(w, ev, out):
    c = w.cfg; alt = c.get('alt', 0)
    N = [dict(t='Req Time', a='Cust ID', o='Company', ip='Src IP', ua='Client', m='Model Name', s='HTTP Status', i='Prompt Tokens', u='Completion Tokens', l='Duration (ms)', sh='System Prompt SHA', ph='Prompt SHA', tx='Prompt', sy='System Prompt', id='Req ID', mt='Max Tokens', te='Temperature'),
         dict(t='ts', a='tenant', o='org', ip='remote_addr', ua='agent', m='engine', s='code', i='tok_in', u='tok_out', l='elapsed_ms', sh='sys_sha', ph='msg_sha', tx='user_message', sy='system_message', id='rid', mt='max_tok', te='temp')][alt]
    cols = ['id', 't', 'a'] + ['o'] * c.get('org', True) + ['ip'] * c['ip'] + ['ua'] * c['ua'] + ['m', 's', 'i', 'u', 'l'] + ['mt', 'te'] * c.get('params', True) + {'text': ['sy', 'tx'], 'hash': ['sh', 'ph'], 'meta': []}[w.level]
    for p, g in files(w, ev, out, 'export', 'csv'):
        with opener(p) as f:
            wr = csv.writer(f, delimiter=c.get('sep', ',')); wr.writerow([N[k] for k in cols])
            for e in g:
                r = dict(t=iso(e.t, 3, '').replace('T', ' ') if alt == 0 else '%.3f' % e.t, a=e.a.id, o=e.a.org, ip=e.ip, ua=e.ua, m=e.model, s=e.st, i=e.it, u=e.ot, l=int(e.lat), sh=h16(e.sys) if e.sys else '', ph=h16(e.pr), tx=e.pr, sy=e.sys or '', id=e.rid[:16], mt='' if e.mt is None else e.mt, te='' if e.temp is None else e.temp)
                wr.writerow([r[k] for k in cols])
def W_litellm(w, ev, out):
    c = w.cfg; cols = 'request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,request_duration_ms,completionStartTime,model,model_group,custom_llm_provider,api_base,user,metadata,cache_hit,request_tags,team_id,organization_id,end_user,requester_ip_address,messages,session_id,status'.split(',')
    js = c.get('json')
    for p, g in files(w, ev, out, 'LiteLLM_SpendLogs', 'jsonl' if js else 'csv'):
        with opener(p) as f:
            if not js: wr = csv.writer(f); wr.writerow(cols)
            for e in g:
                msg = ([{'role': 'system', 'content': e.sys}] if e.sys else []) + [{'role': 'user', 'content': e.pr}] if w.level == 'text' else {}
                ts = lambda t: iso(t, 3, '').replace('T', ' ')
                md = {'user_api_key_alias': 'k-' + e.a.id[-4:], 'status': 'success' if e.st == 200 else 'failure'}
                if e.st != 200: md['error_information'] = {'error_code': str(e.st), 'error_class': {429: 'RateLimitError', 401: 'AuthenticationError', 403: 'PermissionDeniedError', 400: 'BadRequestError'}.get(e.st, 'ServiceUnavailableError')}
                if w.level == 'hash': md.update(system_hash=h16(e.sys) if e.sys else None, prompt_hash=h16(e.pr))
                tags = ['User-Agent: ' + e.ua] if c['ua'] else []
                v = ['chatcmpl-' + e.rid[:24], 'acompletion', keyof(e), round(e.it * 2e-6 + e.ot * 8e-6, 7), e.it + e.ot, e.it, e.ot, ts(e.t), ts(e.t + e.lat / 1e3), int(e.lat), ts(e.t + min(e.lat, 400) / 1e3), e.model, e.model, 'openai', 'https://api.openai.com', e.a.id, md if js else json.dumps(md), 'False', tags if js else json.dumps(tags), 'team_' + e.a.org[4:] if e.a.org and c.get('org', True) else '', e.a.org if c.get('org', True) else '', e.eu or '', e.ip if c['ip'] else '', msg if js else json.dumps(msg), e.sess or '', 'success' if e.st == 200 else 'failure']
                f.write(json.dumps(dict(zip(cols, v))) + '\n') if js else wr.writerow(v)
ERR = {429: 'ThrottlingException', 400: 'ValidationException', 401: 'UnrecognizedClientException', 403: 'AccessDeniedException', 500: 'InternalServerException', 503: 'ServiceUnavailableException', 529: 'ModelNotReadyException'}
def rid4(e): return f'{e.rid[:8]}-{e.rid[8:12]}-4{e.rid[13:16]}-a{e.rid[17:20]}-{e.rid[20:32]}'
def W_bedrock(w, ev, out):
    for d, g in byday(ev):
        with opener(f'{out}/logs/bedrock/{d[:4]}/{d[4:6]}/{d[6:]}/invocations.json.gz') as f:
            for e in g:
                b = {'messages': [{'role': 'user', 'content': [{'text': e.pr}]}], 'inferenceConfig': {k: v for k, v in (('maxTokens', e.mt), ('temperature', e.temp)) if v is not None}}
                if e.sys: b['system'] = [{'text': e.sys}]
                if e.tools: b['toolConfig'] = {'tools': [{'toolSpec': {'name': x}} for x in e.tools.split(',')]}
                r = dict(schemaType='ModelInvocationLog', schemaVersion='1.0', timestamp=iso(e.t, 0), accountId=e.a.id.split(':')[4], identity={'arn': e.a.id}, region='us-east-1', requestId=rid4(e), operation='ConverseStream' if e.stream else 'Converse', modelId=e.model)
                if w.level != 'text': b = None
                r['input'] = dict(inputContentType='application/json', inputTokenCount=e.it, cacheReadInputTokenCount=0, cacheWriteInputTokenCount=0)
                if b: r['input']['inputBodyJson'] = b
                if e.st == 200: r['output'] = dict(outputContentType='application/json', outputBodyJson={'output': {'message': {'role': 'assistant', 'content': [{'text': '[redacted]'}]}}, 'stopReason': 'end_turn', 'metrics': {'latencyMs': int(e.lat)}, 'usage': {'inputTokens': e.it, 'outputTokens': e.ot, 'totalTokens': e.it + e.ot}}, outputTokenCount=e.ot)
                else: r['errorCode'] = ERR[e.st]
                f.write(json.dumps(r) + '\n')
def W_cloudtrail(w, ev, out):
    for d, g in byday(ev):
        R = []
        for e in g:
            acc = e.a.id.split(':')[4]
            r = dict(eventVersion='1.09', userIdentity=dict(type='IAMUser', principalId='AIDA' + h16(e.a.id).upper(), arn=e.a.id, accountId=acc, accessKeyId='AKIA' + h16('k' + e.a.id).upper(), userName=e.a.id.split('/')[-1]), eventTime=iso(e.t, 0), eventSource='bedrock.amazonaws.com', eventName='ConverseStream' if e.stream else 'Converse', awsRegion='us-east-1', sourceIPAddress=e.ip, userAgent=e.ua)
            if e.st != 200: r.update(errorCode=ERR[e.st], errorMessage='request failed')
            r.update(requestParameters={'modelId': e.model}, responseElements=None, requestID=rid4(e), eventID=str(uuid.UUID(h16('ev' + e.rid, 32))), readOnly=True, eventType='AwsApiCall', managementEvent=True, recipientAccountId=acc, eventCategory='Management', tlsDetails=dict(tlsVersion='TLSv1.3', cipherSuite='TLS_AES_128_GCM_SHA256', clientProvidedHostHeader='bedrock-runtime.us-east-1.amazonaws.com'))
            R.append(r)
        with opener(f'{out}/logs/cloudtrail/{d}_CloudTrail_us-east-1.json.gz') as f: json.dump({'Records': R}, f)
def W_apim(w, ev, out):
    c = w.cfg
    for p, g in files(w, ev, out, 'ApiManagementGatewayLogs', 'jsonl'):
        with opener(p) as f, opener(p.replace('GatewayLogs', 'GatewayLlmLog')) as f2:
            for e in g:
                cid = rid4(e)
                d = dict(TimeGenerated=iso(e.t, 6), CorrelationId=cid, ApimSubscriptionId=e.a.id, ProductId=e.a.plan, UserId=e.a.org or '1', Method='POST', Url=f'https://llm-gw.azure-api.net/openai/deployments/{e.model}/chat/completions?api-version=2025-03-01', ResponseCode=e.st, IsRequestSuccess=e.st == 200, TotalTime=int(e.lat), BackendTime=int(e.lat) - 3, ClientTlsVersion='1.3', Region='West Europe')
                if c['ip']: d['CallerIpAddress'] = e.ip
                if c['ua']: d['RequestHeaders'] = {'User-Agent': e.ua}
                f.write(json.dumps(d) + '\n')
                if e.st == 200:
                    q = dict(TimeGenerated=iso(e.t + e.lat / 1e3, 6), CorrelationId=cid, RequestId=cid, ModelName=e.model, DeploymentName=e.model, ApiVersion='2025-03-01', OperationName='ChatCompletions_Create', PromptTokens=e.it, CompletionTokens=e.ot, TotalTokens=e.it + e.ot, IsStreamCompletion=e.stream, SequenceNumber=0, Region='West Europe')
                    if w.level == 'text': q['RequestMessages'] = json.dumps(([{'role': 'system', 'content': e.sys}] if e.sys else []) + [{'role': 'user', 'content': e.pr}])
                    f2.write(json.dumps(q) + '\n')
def W_nginx(w, ev, out):
    for p, g in files(w, ev, out, 'access', 'log'):
        with opener(p) as f:
            for k, e in enumerate(g):
                d = dt.datetime.fromtimestamp(e.t, dt.timezone.utc)
                path = '/v1/chat/completions' if 'claude' not in e.ua else '/v1/messages'
                f.write(f'{e.ip} - {e.a.id} [{d.strftime("%d/%b/%Y:%H:%M:%S +0000")}] "POST {path} HTTP/1.1" {e.st} '
                        f'{e.ot * 5 + 210 if e.st == 200 else 120} "-" "{e.ua}"' + (f' {e.lat/1e3:.3f}' if w.cfg.get('rt') else '') + '\n')
                if w.R.random() < .002: f.write(f'{w.homeip()} - - [{d.strftime("%d/%b/%Y:%H:%M:%S +0000")}] '
                                                '"\\x16\\x03\\x01" 400 150 "-" "-"\n')
def W_helicone(w, ev, out):
    for p, g in files(w, ev, out, 'helicone', 'jsonl'):
        with opener(p) as f:
            for e in g:
                d = dict(request_id=rid4(e), request_created_at=iso(e.t, 3), response_created_at=iso(e.t + e.lat / 1e3, 3), response_status=e.st, request_path='/v1/chat/completions', request_user_id=e.a.id, request_properties={'org': e.a.org} if e.a.org and w.cfg.get('org', True) else {}, request_model=e.model, response_model=e.model, model=e.model, provider='OPENAI', delay_ms=int(e.lat), time_to_first_token=int(min(e.lat, 350)), prompt_tokens=e.it, completion_tokens=e.ot, total_tokens=e.it + e.ot, country_code=None, target_url='https://api.openai.com/v1/chat/completions', cache_enabled=False)
                if w.level == 'text': d['request_body'] = {'model': e.model, 'messages': ([{'role': 'system', 'content': e.sys}] if e.sys else []) + [{'role': 'user', 'content': e.pr}], **({'temperature': e.temp} if e.temp is not None else {}), **({'max_tokens': e.mt} if e.mt else {})}
                f.write(json.dumps(d) + '\n')
def W_langfuse(w, ev, out):
    for p, g in files(w, ev, out, 'observations_v2', 'csv'):
        with opener(p) as f:
            wr = csv.writer(f); wr.writerow('id,trace_id,project_id,environment,type,parent_observation_id,start_time,end_time,name,level,status_message,input,provided_model_name,model_parameters,usage_details,latency,time_to_first_token,user_id,session_id'.split(','))
            for e in g:
                wr.writerow([e.rid[:16], e.rid, e.a.org or 'p0', 'default', 'GENERATION', '', iso(e.t, 6, '').replace('T', ' '), iso(e.t + e.lat / 1e3, 6, '').replace('T', ' '), 'chat', 'DEFAULT' if e.st == 200 else 'ERROR', '' if e.st == 200 else str(e.st), json.dumps(([{'role': 'system', 'content': e.sys}] if e.sys else []) + [{'role': 'user', 'content': e.pr}]) if w.level == 'text' else '', e.model, json.dumps({k: v for k, v in (('max_tokens', e.mt), ('temperature', e.temp)) if v is not None}), json.dumps({'input': e.it, 'output': e.ot}), round(e.lat / 1e3, 3), round(min(e.lat, 350) / 1e3, 3), e.a.id, e.sess or ''])
WR = dict(jsonl=W_jsonl, csv=W_csv, litellm=W_litellm, bedrock=W_bedrock, cloudtrail=W_cloudtrail, apim=W_apim, nginx=W_nginx, helicone=W_helicone, langfuse=W_langfuse)

ACOLS = [dict(id='account_id', created='created_at', email='email_domain', pay='payment_fingerprint', org='organization', banned='banned_at', sip='signup_ip', phone='phone_hash', plan='plan'),
         dict(id='account_id', created='signup_date', email='domain', pay='card_hash', org='company', banned='suspended_at', plan='tier', coupon='promo_code'),
         dict(id='account_id', created='created', org='parent_organization', banned='closed_at', sip='registration_ip'),
         dict(id='account_id', created='created_at', email='email_domain', pay='payment_hash', banned='banned_at', coupon='coupon')]
def write(w, out):
    import shutil
    if os.path.isdir(out + '/logs'): shutil.rmtree(out + '/logs')
    os.makedirs(out + '/logs', exist_ok=True)
    sk = getattr(w, 'skew', set()); node = {}
    for e in w.ev:
        if e.a.id in sk: e.t = math.floor(e.t / 10) * 10 + 3.0     # batched, skewed clock
        if w.cfg.get('nodeskew'): e.t += (hash(e.rid[:2]) % 1 if 0 else (int(e.rid[:2], 16) % 3 - 1) * .7)
        if w.cfg.get('round'): e.t = math.floor(e.t)
    ev = sorted(w.ev, key=lambda e: e.t + e.lat / 1e3)
    seen = {e.a.id for e in ev}; cnt = Counter(e.a.id for e in ev)
    for wn, plat in w.cfg['write']:
        WR[wn](w, [e for e in ev if e.a.plat == plat] if len(w.cfg['write']) > 1 and plat else ev, out)
    am = w.cfg.get('accts'); A = [a for a in w.accts if a.id in seen]
    if am:
        C = ACOLS[w.cfg.get('acols', 0)]; rows = list(A); w.R.shuffle(rows)
        rows += []
        if am == 'half': rows = rows[:len(rows) // 2]
        with open(out + '/accounts.csv', 'w', newline='') as f:
            wr = csv.writer(f); wr.writerow(C.values())
            for a in rows:
                d = dict(id=a.id, created=iso(a.created, 0), email=a.email, pay=a.pay, org=a.org, banned=iso(a.banned, 0) if a.banned and a.banned < w.t1 else '', sip=a.sip, phone=a.phone, plan=a.plan, coupon=a.coupon)
                wr.writerow([d[k] for k in C])
    elif os.path.exists(out + '/accounts.csv'): os.remove(out + '/accounts.csv')
    with open(out + '/labels.csv', 'w', newline='') as f:
        wr = csv.writer(f); wr.writerow(['account_id', 'label', 'kind', 'campaign', 'role', 'detectable'])
        for a in A: wr.writerow([a.id, a.label, a.kind, a.campaign, a.role, str(bool(a.det and (w.level == 'text' or cnt[a.id] > 2))).lower()])
    print(json.dumps(dict(world=os.path.basename(out), events=len(ev), accounts=len(A), campaigns={c: (sum(1 for a in A if a.campaign == c), sum(cnt[a.id] for a in A if a.campaign == c)) for c in sorted({a.campaign for a in A} - {''})}, kinds=dict(Counter(a.kind for a in A)))))

# ==================================================================== scenarios
def clean(w, x=1., bgn=400):
    """all of N1..N21, dense"""
    w.outage = (w.t0 + w.days * DAY * .58, w.t0 + w.days * DAY * .58 + 5400)
    w.waves = [w.t0 + w.days * DAY * .4]
    n = lambda k: max(2, int(k * x))
    w.bg(bgn); w.N1(n(70)); w.N2(n(60)); w.N2(n(25)); w.N3(n(40)); w.N4(n(60)); w.N5(n(14)); w.N6(n(8)); w.N7(n(60)); w.N7(n(25)); w.N8(n(90)); w.N8(n(20)); w.RS(n(60)); w.N9(3); w.N10(5, 1500)
    w.N11(2); w.N12(2000); w.N13(3); w.N14(n(45)); w.N15(n(10)); w.N16(3); w.N17(5); w.N18(n(10)); w.N19(); w.N20(n(20)); w.N21(n(25))

S = {}
def sc(name, **cfg):
    def d(f): cfg.setdefault('ip', True); cfg.setdefault('ua', True); S[name] = (cfg, f); return f
    return d
@sc('h01_litellm_rr60', days=14, level='meta', write=[('litellm', '')], accts='half', acols=0, ids='user')
def _(w):
    w.hydra('hydra-1', 60, 14000, ['P1', 'P4'], 'rr', 'burst', 'dc', 'mono', dil=.2, waves=2, paym='some'); w.bg(420); w.N2(45); w.N8(60); w.N10(); w.N19(); w.N13(); w.N20(15); w.N3(25)
@sc('h02_text_random300_resi', nodeskew=True, days=14, level='text', write=[('jsonl', '')], accts='full', acols=1, ids='acct', daily=True)
def _(w):
    w.hydra('hydra-1', 300, 16000, ['P2', 'P5'], 'random', 'human', 'resi', 'mixed', ('cot', 'rubric'), dil=.3, waves=1, paym='few', signup='trickle', mimic=True); w.bg(450); w.N4(60); w.N7(60); w.N18(12); w.N12(2000); w.N1(50); w.N21(20)
@sc('h03_thin1500_hash', days=21, level='hash', write=[('jsonl', '')], daily=True, gz=True, ids='uuid', org=False)
def _(w):
    w.hydra('hydra-1', 1500, 12500, ['P8', 'P5'], 'random', 'burst', 'resi', 'mixed', ('rubric',), dil=.1, cap=(4, 15), paym='none', nsample=.03, mimic=True); w.bg(900); w.N6(8); w.N14(45); w.N7(60); w.N21(25); w.N4(60); w.N9(3)
@sc('h04_bedrock_baton20', days=14, level='text', write=[('bedrock', '')], fam='bedrock', ids='arn', accts='half', acols=2)
def _(w):
    w.hydra('hydra-1', 20, 9000, ['P3'], 'baton', 'jobs', 'dc', 'two', ('agent',), dil=.12, waves=1, limit=3); w.bg(350); w.N5(14); w.N8(70); w.N16(3); w.N11(2); w.N12(1500); w.N15(8)
@sc('h05_cloudtrail_small6', days=10, level='meta', write=[('cloudtrail', '')], fam='bedrock', ids='arn')
def _(w):
    w.hydra('hydra-1', 6, 7000, ['P1', 'P10'], 'rr', 'flat', 'dc', 'mixed', dil=.15, jitter=True, topmodel=True); w.hydra('hydra-2', 20, 6000, ['P1', 'P5'], 'rr', 'human', 'resi', 'mixed', dil=.1, jitter=True)
    w.bg(400); w.N5(16); w.N3(40); w.N10(); w.N2(40); w.N16(2)
@sc('h06_apim_paraphrase300', days=14, level='text', write=[('apim', '')], ids='sub', accts='full', acols=3)
def _(w):
    w.hydra('hydra-1', 300, 15000, ['P6', 'P2'], 'random', 'human', 'part', 'mixed', ('cot',), para=True, dil=.2, waves=1, paym='some', mimic=True); w.bg(420); w.N2(45); w.N9(3); w.N11(2); w.N18(12); w.N8(60); w.N7(40); w.N17(4)
@sc('h07_nginx_jitter60', days=10, level='meta', write=[('nginx', '')], ids='handle', rt=True, daily=True)
def _(w):
    w.outage = (w.t0 + 5.3 * DAY, w.t0 + 5.36 * DAY); w.hydra('hydra-1', 60, 12000, ['P1', 'P10'], 'rr', 'flat', 'dc', 'mixed', dil=.2, jitter=True, waves=1); w.bg(420); w.N1(80); w.N3(50); w.N15(14); w.N7(50); w.N20(15)
@sc('h08_csv_two_shared_proxies', nodeskew=True, days=14, level='hash', write=[('csv', '')], alt=0, ids='acct', accts='half', acols=1)
def _(w):
    w.dummy = 0; _, ips = w.hydra('hydra-1', 60, 10000, ['P1', 'P9'], 'rr', 'jobs', 'dc', 'mono', ('cot', 'rubric'), dil=.15, waves=1)
    w.hydra('hydra-2', 60, 9000, ['P2', 'P9'], 'least', 'human', 'dc', 'mixed', ('agent',), dil=.25, ips=ips, sysm='pop', paym='some'); w.bg(420); w.N17(8); w.N18(12); w.N3(40); w.N8(60, label='saas', orgvis=False); w.N14(40)
@sc('h09_diluted_p4', days=14, level='text', write=[('litellm', '')], ids='user', org=True, accts='half', acols=3)
def _(w):
    w.hydra('hydra-1', 60, 14000, ['P4', 'P1'], 'rr', 'flat', 'dc', 'mixed', ('cot',), dil=.7, paym='some'); w.hydra('hydra-2', 60, 12000, ['P4', 'P2', 'P6'], 'random', 'human', 'resi', 'mixed', ('rewrite',), para=True, dil=.9, paym='none', mimic=True)
    w.bg(420); w.RS(60); w.N9(4); w.N10(); w.N4(50); w.N6(6)
@sc('h10_standby_hash', days=28, level='hash', write=[('jsonl', '')], ids='uuid', accts='full', acols=0, ip=False, ua=False)
def _(w):
    w.hydra('hydra-1', 60, 15000, ['P7', 'P5'], 'least', 'human', 'resi', 'mixed', ('rubric', 'tutor'), waves=3, repl='standby', signup='aged', paym='none', dil=.15, mimic=True, sysm='pop'); w.bg(420); w.N13(5); w.N16(4); w.N14(45); w.N21(25); w.N12(1500); w.N2(40)
@sc('h11_sigreplay', days=10, level='hash', write=[('jsonl', '')], ids='acct', sigs=True)
def _(w):
    w.hydra('hydra-1', 60, 8000, ['P12', 'P5', 'P2'], 'random', 'human', 'resi', 'mixed', ('agent',), sysm='pop', dil=.25, sig=.12, mimic=True, paym='none'); w.bg(420); w.N4(70); w.N12(1500); w.N2(40); w.N13(4); w.N16(3); w.N10()
@sc('h12_crosscloud', days=14, level='text', write=[('jsonl', 'a'), ('bedrock', 'b')], ids='user', fam='mix', accts=None, org=False)
def _(w):
    T, _ = w.hydra('hydra-1', 60, 7000, ['P11', 'P5'], 'random', 'human', 'resi', 'mixed', ('cot',), dil=.15, mimic=True); w.hydra('hydra-1', 30, 5000, ['P11'], 'sticky', 'flat', 'resi', 'mixed', ('cot',), dil=.1, plat='b', tpl_text=T)
    w.bg(380); n0 = len(w.accts); w.N5(12); w.N8(60); w.N4(50); w.N6(7); w.N1(40); w.N21(15)
    bg_b(w, 200)
def bg_b(w, n):
    """some innocents live on the second cloud"""
    k = len(w.accts); w.bg(n)
    for a in w.accts[k:]: w.ids.discard(a.id); a.plat = 'b'; a.id = w.newid('', 'b'); a.uastr = w.R.choice(BOTO)
@sc('h13_mixed_schedulers300', nodeskew=True, days=21, level='text', write=[('litellm', '')], json=True, ids='user', accts='full', acols=2, daily=True, gz=True)
def _(w):
    T, ips = w.hydra('hydra-1', 300, 26000, ['P1', 'P2', 'P3'], ['rr', 'random', 'sticky', 'least', 'baton'], 'human', 'part', 'mixed', ('agent', 'cot', 'rubric'), dil=.25, waves=2, paym='some', human=True); w.bg(500); w.N2(60); w.N8(80); w.N7(60); w.N4(60); w.N15(8); w.N12(2500)
@sc('h14_isolated_meta', days=14, level='meta', write=[('csv', '')], alt=1, ids='handle', ip=False, ua=False, org=False, params=False)
def _(w):
    w.hydra('hydra-1', 300, 0, ['P2', 'P5', 'P6'], 'random', 'human', 'resi', 'mixed', mimic=True, topmodel=False, pivot=False, det=False)
    # operator emulates one person per account: own hours, sessions, heavy-tailed volume
    for a in list(w.accts): w.human(a, w.volume(26, 1.1))
    w.hydra('hydra-2', 20, 9000, ['P1', 'P5'], 'rr', 'flat', 'resi', 'mixed', dil=.1, mimic=True)
    w.bg(500); w.N5(12); w.N2(50); w.N10(); w.N19(); w.N17(5); w.N11(2)
@sc('h15_probe_comb', days=14, level='text', write=[('csv', '')], alt=1, ids='acct', accts='half', acols=0, sep=';')
def _(w):
    w.hydra('hydra-1', 60, 9000, ['P1'], 'sticky', 'ramp', 'resirot', 'two', ('tutor',), lo=.3, dil=.15, probe=True, comb=True, waves=1, signup='burst'); w.bg(420); w.N5(14); w.N11(3); w.N14(45); w.N18(12); w.N7(40); w.N20(20); w.N9(2)
@sc('h16_relay6_helicone', days=14, level='text', write=[('helicone', '')], ids='user', accts=None)
def _(w):
    w.hydra('hydra-1', 6, 9000, ['P9', 'P3'], ['sticky', 'baton'], 'jobs', 'dc', 'mono', ('agent', 'rubric'), dil=.6, limit=6); w.hydra('hydra-2', 6, 4000, ['P1'], 'rr', 'flat', 'dc', 'mono', ('rewrite',), sysm='pop', dil=.1)
    w.bg(420); w.N9(4); w.N10(); w.N17(8); w.N19(); w.N8(50); w.N13(4); w.N1(40)
@sc('h17_inside_reseller', days=21, level='text', write=[('litellm', '')], ids='user', ip=True, ua=True, accts='full', acols=0)
def _(w):
    w.bg(350); w.RS(350); k = [a for a in w.accts if a.label == 'reseller'][0]
    w.hydra('hydra-1', 60, 9000, ['P2', 'P9'], ['least', 'random'], 'human', 'dc', 'mono', ('rubric', 'cot'), dil=.25, ips=k.ips, orgmode=k.org, paym='none', mimic=True, nsample=.1)
    for a in w.accts:
        if a.campaign: a.uastr = k.uastr; a.pay = k.pay; a.sip = k.sip
    for e in w.ev:
        if e.a.campaign: e.ua = k.uastr; e.eu = 'c_' + h16(e.a.id + str(w.R.randrange(3)), 8)
    w.N8(90); w.N8(40); w.N9(4); w.N7(40); w.N16(3)
@sc('h18_apim_thin_meta', days=14, level='meta', write=[('apim', '')], ids='sub', accts='full', acols=0, ip=True, ua=False)
def _(w):
    w.hydra('hydra-1', 300, 2700, ['P8', 'P2'], 'random', 'burst', 'resi', 'mixed', cap=(4, 15), paym='few', signup='burst', dil=.1, mimic=True); w.hydra('hydra-2', 300, 2700, ['P8', 'P2', 'P5'], 'random', 'human', 'resi', 'mixed', cap=(4, 15), paym='none', signup='trickle', dil=.2, mimic=True, topmodel=False, det=False)
    w.bg(900); w.N7(60); w.N14(50); w.N1(60); w.N2(50); w.N21(20); w.N6(6)
@sc('h19_big_mixed', days=28, level='text', write=[('jsonl', '')], ids='uuid', accts='half', acols=1, daily=True, gz=True)
def _(w):
    w.hydra('hydra-1', 300, 22000, ['P1', 'P4'], ['rr', 'random'], 'human', 'part', 'mixed', ('rubric', 'cot'), dil=.3, waves=2, paym='some', human=True)
    w.hydra('hydra-2', 1500, 12500, ['P8', 'P5'], 'random', 'burst', 'resi', 'mixed', ('rewrite',), cap=(4, 15), para=False, dil=.1, paym='none', sysm='none', mimic=True)
    w.hydra('hydra-3', 20, 6000, ['P3', 'P7'], 'baton', 'jobs', 'resi', 'two', ('agent',), dil=.2, waves=2, repl='standby', signup='aged', limit=3)
    clean(w, .6, 500)
@sc('h20_tiny_in_dense', days=7, level='text', write=[('langfuse', '')], ids='handle', accts=None)
def _(w):
    w.hydra('hydra-1', 6, 1200, ['P1', 'P6'], 'rr', 'human', 'resi', 'mixed', ('cot',), para=True, dil=.3, mimic=True); w.hydra('hydra-2', 20, 1500, ['P2', 'P5'], 'random', 'human', 'resi', 'mixed', ('tutor',), sysm='none', dil=.3, mimic=True); clean(w, .5, 300)
@sc('h21_thin_para_text', days=14, level='text', write=[('jsonl', '')], ids='user', ip=False, ua=False, org=False, accts=None)
def _(w):
    w.hydra('hydra-1', 1500, 11000, ['P8', 'P6', 'P2'], 'random', 'human', 'resi', 'mixed', ('cot',), para=True, cap=(4, 15), dil=.25, mimic=True, paym='none', nsample=.02); w.bg(1200); w.N7(60); w.N18(20); w.N4(60); w.N6(8); w.N14(40); w.N21(20)
@sc('h22_hash_isolated', days=14, level='hash', write=[('csv', '')], alt=1, ids='handle', ip=True, ua=True, org=True, accts=None, nodeskew=True)
def _(w):
    w.hydra('hydra-1', 60, 6000, ['P2', 'P5', 'P6'], 'random', 'human', 'resi', 'mixed', ('cot',), para=True, dil=.3, mimic=True, nsample=0, paym='none', det=False, pivot=False, topmodel=False)
    w.hydra('hydra-2', 20, 8000, ['P1', 'P4', 'P5', 'P10'], 'rr', 'human', 'resi', 'mixed', ('agent',), dil=.3, mimic=True, nsample=0, jitter=True, sysm='pop')
    w.bg(450); w.N2(50); w.N5(12); w.N8(70); w.N10(); w.N16(3); w.N20(20); w.N4(50); w.N1(50)
# clean
@sc('c01_text_dense', wavebg=.06, days=14, level='text', write=[('jsonl', '')], ids='user', accts='full', acols=0, daily=True)
def _(w): clean(w)
@sc('c02_litellm_meta', wavebg=.06, days=21, level='meta', write=[('litellm', '')], ids='uuid', accts='half', acols=1)
def _(w): clean(w, 1.2, 350)
@sc('c03_bedrock_text', wavebg=.06, days=14, level='text', write=[('bedrock', '')], fam='bedrock', ids='arn', accts=None)
def _(w): clean(w, .8, 300)
@sc('c04_nginx_nat', wavebg=.06, days=10, level='meta', write=[('nginx', '')], ids='handle', accts=None, gz=True)
def _(w): clean(w, 1., 300); w.N1(200); w.N3(80); w.N7(90)
@sc('c05_csv_hash_noorg', wavebg=.06, days=28, level='hash', write=[('csv', '')], alt=0, ids='acct', org=False, ip=True, ua=False, accts='full', acols=3)
def _(w): clean(w, 1.3, 400); w.RS(150); w.N8(150)
@sc('c06_apim_noip', wavebg=.06, days=42, level='text', write=[('apim', '')], ids='sub', ip=False, ua=True, accts='half', acols=2, daily=True)
def _(w): clean(w, .9, 400)
@sc('c07_meta_bare', days=14, level='meta', write=[('csv', '')], alt=1, ids='uuid', ip=False, ua=False, org=False, params=False)
def _(w): clean(w, 1., 500)
@sc('c08_sparse_new', days=7, level='hash', write=[('jsonl', '')], ids='acct', round=True, accts='full', acols=0, sigs=True)
def _(w):
    clean(w, .5, 1200); w.N14(120); w.N7(120); w.N21(60)

if __name__ == '__main__':
    if len(sys.argv) < 4: print('\n'.join(S)); sys.exit('usage: mkworld.py SCENARIO SEED OUTDIR')
    cfg, f = S[sys.argv[1]]; w = World(sys.argv[1], sys.argv[2], cfg); f(w); write(w, sys.argv[3].rstrip('/'))
