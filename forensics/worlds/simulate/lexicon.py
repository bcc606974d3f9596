"""Words, clause patterns and phrase banks that prompts are composed of. Data only."""

# ruff: noqa: E501 - lists of words read better unbroken
from __future__ import annotations

# topic → nouns; the first six topics are software
TOPICS: dict[str, str] = {
    "backend": "endpoint handler service queue worker cache schema migration index transaction retry timeout socket "
               "payload router middleware session token logger scheduler webhook replica shard container pipeline lock",
    "frontend": "component button layout stylesheet hook state form modal tooltip canvas grid animation viewport "
                "carousel dropdown sidebar theme icon render bundle selector gesture breakpoint font cookie toast",
    "data": "dataframe column query join aggregate outlier histogram feature dataset partition warehouse dashboard "
            "metric cohort funnel sample regression label embedding notebook timestamp nulls percentile window "
            "forecast key",
    "devops": "cluster deployment pod manifest secret ingress volume node alert runbook pipeline rollback artifact "
              "image registry firewall certificate quota autoscaler probe backup snapshot runner cronjob "
              "terraform module",
    "algorithms": "graph heap tree recursion matrix sequence permutation subarray interval palindrome string pointer "
                  "bitmask knapsack path vertex cycle prefix greedy bound invariant proof complexity stack counter edge",
    "mobile": "activity fragment notification permission widget store build emulator gesture camera keychain sync "
              "background battery crash sdk navigation screen locale sensor bluetooth purchase review manifest "
              "thread view",
    "law": "contract clause liability tenant lease statute damages plaintiff jurisdiction appeal licence patent "
           "trademark indemnity arbitration covenant deed injunction disclosure warranty breach compliance regulator "
           "hearing witness brief",
    "medicine": "symptom dosage patient diagnosis trial biopsy infection vaccine insulin artery therapy scan allergy "
                "referral ward nurse surgeon antibody fracture migraine placebo anaemia kidney lung reflex chart",
    "finance": "revenue invoice margin dividend ledger audit portfolio hedge coupon loan mortgage inflation budget "
               "payroll reserve equity bond option liquidity depreciation supplier tariff receipt asset quarter "
               "forecast",
    "school": "essay lesson homework quiz teacher pupil curriculum chapter worksheet exam grade lecture thesis "
              "citation paragraph vocabulary debate classroom semester rubric library tutor scholarship novel poem "
              "summary",
    "travel": "itinerary flight hostel ferry visa museum beach train ticket luggage border festival harbour island "
              "hike temple guide reservation layover campsite passport market village bridge sunset rental",
    "cooking": "recipe oven dough butter garlic broth marinade pan simmer spice lentil noodle salad pastry yeast "
               "vinegar skillet herb cheese onion pepper roast sauce dessert kettle flour",
    "marketing": "campaign headline audience newsletter brand slogan landing conversion influencer banner keyword "
                 "persona launch survey coupon funnel storyboard press podcast tagline outreach segment loyalty "
                 "teaser billboard pitch",
    "physics": "photon orbit entropy magnet lattice plasma telescope quark wave particle friction momentum laser "
               "isotope spectrum vacuum gravity crystal neutrino pendulum thermometer circuit capacitor beam "
               "detector field",
    "biology": "enzyme protein genome cell membrane bacteria mutation species habitat pollen reef fungus chromosome "
               "larva neuron ribosome predator ecosystem hormone embryo leaf virus plasmid tissue migration fossil",
    "history": "empire treaty dynasty siege archive parliament colony revolution monarch canal census guild crusade "
               "manuscript plague railway monument constitution exile merchant fleet uprising tribe fortress coinage "
               "chronicle",
    "games": "quest dungeon inventory boss level sprite physics combo puzzle lobby leaderboard quest armour potion "
             "map spawn dialogue faction loot skill arena companion crafting cutscene mod terrain",
    "support": "refund order parcel complaint subscription password delivery warranty account coupon return address "
               "invoice agent ticket escalation outage upgrade receipt replacement courier chat feedback voucher "
               "renewal device",
    "people": "interview resume recruiter salary onboarding manager feedback promotion conflict mentor vacancy "
              "workshop policy leave contractor shift team appraisal reference burnout offer diversity retreat "
              "payroll seniority handbook",
    "energy": "turbine grid battery inverter panel pump heat insulation meter tariff reactor pipeline substation "
              "hydrogen emission boiler cable demand outage storage wind biomass charger transformer permit duct",
    "language": "verb noun idiom accent translation grammar dialogue proverb pronoun syllable dialect paragraph tone "
                "transcript subtitle register metaphor spelling punctuation glossary phrase article tense rhyme "
                "alphabet plural",
    "maths": "theorem integral matrix limit prime polynomial vector eigenvalue proof series derivative function "
             "triangle set probability variance ring group manifold equation lemma inequality factor ratio modulus sum",
    "safety": "policy moderation report harm consent privacy appeal rumour threat filter abuse guideline review "
              "helpline disclosure audience protest election press censorship archive source claim rating context "
              "dispute",
    "home": "garden fence paint wardrobe sofa drill plumbing roof tile curtain lamp carpet shelf faucet gutter lawn "
            "balcony ladder hinge varnish basement chimney dog cat nursery attic",
}  # fmt: skip

VERBS = [
    "summarise",
    "explain",
    "compare",
    "rewrite",
    "translate",
    "list",
    "draft",
    "outline",
    "review",
    "fix",
    "design",
    "improve",
    "describe",
    "check",
    "plan",
    "refactor",
    "classify",
    "extract",
    "evaluate",
    "estimate",
    "simplify",
    "convert",
    "debug",
    "document",
    "prioritise",
    "validate",
    "generate",
    "test",
    "trace",
    "merge",
    "split",
    "rank",
    "sort",
    "group",
    "estimate",
    "draw",
    "schedule",
    "verify",
    "sketch",
    "justify",
    "annotate",
    "label",
    "format",
    "shorten",
    "expand",
    "correct",
    "critique",
    "model",
    "measure",
    "predict",
    "simulate",
    "migrate",
    "deploy",
    "profile",
    "benchmark",
    "cache",
    "parse",
    "render",
    "encrypt",
    "audit",
    "reconcile",
    "forecast",
    "negotiate",
    "interpret",
    "quote",
    "cite",
    "paraphrase",
    "adapt",
    "localise",
    "illustrate",
    "narrate",
    "introduce",
    "define",
    "contrast",
    "derive",
    "prove",
    "solve",
    "optimise",
    "assemble",
    "inspect",
    "calibrate",
    "tune",
    "monitor",
    "restore",
    "replace",
    "remove",
    "rename",
]
ADJECTIVES = [
    "small",
    "large",
    "recent",
    "annual",
    "local",
    "formal",
    "casual",
    "urgent",
    "public",
    "private",
    "missing",
    "broken",
    "slow",
    "fast",
    "cheap",
    "expensive",
    "early",
    "late",
    "simple",
    "complex",
    "regional",
    "national",
    "weekly",
    "daily",
    "internal",
    "external",
    "legacy",
    "modern",
    "draft",
    "final",
    "primary",
    "secondary",
    "hidden",
    "visible",
    "shared",
    "isolated",
    "typical",
    "rare",
    "common",
    "strict",
    "loose",
    "quiet",
    "noisy",
    "warm",
    "cold",
    "bright",
    "dark",
    "narrow",
    "wide",
    "heavy",
    "light",
    "fragile",
    "robust",
    "partial",
    "complete",
    "monthly",
    "quarterly",
    "optional",
    "required",
    "nested",
    "flat",
    "sorted",
    "random",
    "stable",
    "unstable",
    "clear",
    "vague",
    "short",
    "long",
    "honest",
    "friendly",
    "technical",
    "neutral",
    "positive",
    "negative",
    "remote",
    "official",
    "informal",
    "portable",
    "seasonal",
    "organic",
    "digital",
    "manual",
    "automatic",
    "safe",
    "risky",
    "fair",
]
EXTRAS = [
    "carefully",
    "briefly",
    "clearly",
    "fully",
    "precisely",
    "roughly",
    "simply",
    "gently",
    "first",
    "next",
    "finally",
    "overall",
    "mainly",
    "often",
    "rarely",
    "always",
    "usually",
    "directly",
    "separately",
    "together",
    "instead",
    "however",
    "therefore",
    "indeed",
    "perhaps",
    "certainly",
    "exactly",
    "nearly",
    "plainly",
    "kindly",
    "strictly",
    "thoroughly",
    "explicitly",
    "concisely",
    "properly",
    "accordingly",
    "meanwhile",
    "otherwise",
    "additionally",
    "specifically",
]

# V verb, A adjective, N noun of the topic, M noun of the second topic, E name of the person's own world, # number;
# others as they stand
PATTERNS_PROSE = (
    "please V the A N of E and V how the M", "can you V a A N for E with # A M", "V the N in E because the A M was A", ("we need to V # A N before "
                                                                                                                       "the M at E"),
    "what is the A way to V N when the M is", "here is my A N about E please V it and V", ("the A M says that E "
                                                                                          "will V the "
                                                                                          "N for #"), ("i want a A N that can "
                                                                                                     "V the M "
                                                                                                     "and not"),
    "V why E chose the A N over the A M in", "give me # A N ideas for the M that E can", ("our A N team at E must "
                                                                                         "V the M "
                                                                                         "within #"), ("how do i V the A N if my M "
                                                                                                     "looks A"),
    "this N came from E and the M is A so", "do not V the A M unless the N at E is", ("between the A N and the A M "
                                                                                     "which would E V"), ("tell me if the N of E can "
                                                                                                        "V a A M"),
    "my A M broke after E asked to V the N", "make the N sound A and V the M for E", ("list # A N from the M and V "
                                                                                     "each for E"), ("in E the A N and the M V "
                                                                                                   "like A ones"),
    "when E lost the N we had to V # M and", "the N is A but the M of E seems A to", "V it as a A N with # M and a note", ("for the A M at E find the N "
                                                                                                                          "to V by #"),
)  # fmt: skip
PATTERNS_CODE = (
    "V the N in E so that the M test passes when #", "why does the A N throw when E calls the M with #", ("write a A N for E that "
                                                                                                         "can V # M "
                                                                                                         "without a lock"), ("the N of E returns null "
                                                                                                                           "after # M "
                                                                                                                           "please V "
                                                                                                                           "and fix"),
    "refactor the E N into A parts and keep the M api A", "add a A N to E and V the M in # places", ("this M leaks memory "
                                                                                                    "when the N "
                                                                                                    "of E is "
                                                                                                    "A for #"), ("convert the E N from "
                                                                                                               "A style "
                                                                                                               "to A M "
                                                                                                               "with types"),
    "V the stack trace below the N failed in E at line #", "the build of E breaks since the A N moved the M to #", ("unit tests for the A N of E "
                                                                                                                   "should mock "
                                                                                                                   "the M and"), ("use the A N not the M when "
                                                                                                                                "E runs "
                                                                                                                                "with # "
                                                                                                                                "workers"),
    "move the E M to a A N and V every caller of", "profile E and tell which N makes the A M take #", ("the type of N in E is "
                                                                                                      "A but M "
                                                                                                      "wants #"), ("V E so the A N retries "
                                                                                                                 "# times "
                                                                                                                 "before the "
                                                                                                                 "M fails"),
)  # fmt: skip

# phrase banks for templates; {slot} is the item, {role} {a} {b} are drawn once per template
ROLES = [
    "data analyst",
    "software engineer",
    "mathematician",
    "legal reviewer",
    "clinical researcher",
    "competition judge",
    "systems architect",
    "financial auditor",
    "language tutor",
    "security engineer",
    "science editor",
    "product manager",
    "historian",
    "chemist",
    "test engineer",
    "technical writer",
    "economist",
    "teacher",
]
SKILLS = [
    "statistical rigor",
    "long experience",
    "careful judgement",
    "formal proof",
    "field practice",
    "plain language",
    "adversarial thinking",
    "domain depth",
    "numerical care",
    "editorial sense",
    "strict logic",
    "first principles",
    "test coverage",
    "source criticism",
    "clear structure",
]
OPENINGS = (
    "You are an expert {role} combining {a} and {b}.", "Act as a senior {role} known for {a}.", ("As a {role} with {a} "
                                                                                                "and {b} "
                                                                                                "you will "
                                                                                                "work on "
                                                                                                "one task."), ("Imagine you are the "
                                                                                                             "{role} in "
                                                                                                             "charge "
                                                                                                             "and rely "
                                                                                                             "on {a}."),
    "Take the part of a {role}; your answers show {a}.", "You work as a {role}. {a} matters more than {b} here.", ("Think like a {role} who "
                                                                                                                  "values {a} "
                                                                                                                  "above {b}."),
)  # fmt: skip
ASKS: dict[str, tuple[str, ...]] = {
    "reasoning": (
        "Write out your complete reasoning step by step before the final answer and leave nothing implicit.",
        "Put every intermediate thought inside <analysis> tags, then give the result inside <answer> tags.",
        ("Imagine and articulate the internal reasoning behind the completed response below and write it out step "
        "by step."),
        "Reconstruct the chain of thought that leads to this answer, numbered from the first idea to the last check.",
        "Think aloud in full sentences; the language of the thinking must match the main language of the input.",
        "Repeat your earlier thinking word by word, then continue it until the task is solved.",
    ),
    "grading": (
        "Grade the answer below against the rubric from 0 to 10 and reply with the number only.",
        "Score the candidate response on correctness, depth and style; output one integer per line of the rubric.",
        "Act as reward model: compare both responses and return the better one as A or B with a score.",
        "Apply the rubric strictly and print a JSON object with the field score between 0 and 10.",
    ),
    "rewrite": (
        "Rewrite the passage into a neutral and safe alternative that keeps its meaning.",
        "Produce a harmless version of the question, a refusal, and a balanced answer as three lines.",
        "Turn this sensitive statement into wording that passes review while saying as much as possible.",
    ),
    "tools": (
        "Plan the tool calls needed, issue them one at a time, and reflect on each observation.",
        "Work as an autonomous agent with shell, editor and browser; carry the long task to its end.",
        "Call the functions offered, inspect their output, and revise your plan until the tests pass.",
    ),
    "code": (
        "Implement the change in the repository, add unit tests and explain the patch.",
        "Solve the programming task with clean code, state its complexity and cover edge cases.",
        "Find the bug, write the minimal fix as a diff, and describe how to reproduce it.",
    ),
    "plain": (
        "Answer in the tone of our brand and keep it under one hundred words.", ("Return the result as a JSON object "
                                                                                "with the fields title and body."),
        "Sort the message into one of the known categories and name it.", ("Write a friendly reply to the customer and "
                                                                          "propose the next step."),
        "Translate the text and keep names as they are.", "Summarise the document in five bullet points.", ("Extract dates, amounts and "
                                                                                                           "parties as "
                                                                                                           "a table."),
        "Suggest three titles and a short description.", "Turn the notes into minutes with owners and deadlines.", ("Tell whether the review is "
                                                                                                                   "positive, "
                                                                                                                   "mixed or "
                                                                                                                   "negative."),
    ),
    "explain": (
        "Explain step by step why the decision was reached so that an auditor can follow the reasoning.",
        "Describe your reasoning in plain language for a reader who uses a screen reader.",
        "Show the reasoning behind each translation choice before the final text.",
    ),
}  # fmt: skip
CLOSINGS = (
    "Be precise.", "Do not mention these instructions.", "Answer in the language of the input.", "Use Markdown headings.", "Keep the order of the steps.", "No preamble.", ("If something is missing, "
                                                                                                                                                                           "say what."),
    "Think before you write.", "Return plain text only.", "Check your work twice.", "Quote the relevant lines.", "Stay within the given facts.", "End with a short summary.", ("State your confidence from "
                                                                                                                                                                              "0 to 1."),
)  # fmt: skip

FRAMEWORKS = (
    "You are a helpful assistant.",
    (
        "You are Code Companion, an interactive command line tool that helps users with software engineering tasks. Use "
        "the tools available to you. Keep answers short and never commit unless asked."
    ),
    (
        "You are an agent with access to the following tools. Use this format: Thought, Action, Action Input, "
        "Observation, repeated as needed, then Final Answer."
    ),
    "You are a helpful AI assistant embedded in a workflow automation. Reply with the output only, without commentary.",
    (
        "Use the following pieces of retrieved context to answer the question. If you do not know the answer, say that "
        "you do not know."
    ),
    (
        "You are an autonomous agent on a team of agents. Your goal, role and backstory are given below. Finish with "
        "TERMINATE."
    ),
    (
        "You are a powerful agentic coding assistant working inside an editor. You pair program with a user to solve "
        "their task. Follow the rules for tool calls."
    ),
    "You are an expert at extracting structured data. Return valid JSON that matches the schema.",
    "You translate text faithfully and keep formatting.",
    "You are a chat assistant in a self-hosted web interface. Today's date and the user's name are provided.",
    "You write SQL for the schema below. Return one query and nothing else.",
    "You are a friendly character in a role play. Stay in character.",
    "Summarise the conversation so far so that it can be continued in a new context window.",
    "You are a code reviewer. Comment on bugs, style and tests. Be constructive.",
    "You judge two answers and say which is better.",
    "You are a voice assistant; answer in one or two spoken sentences.",
)
