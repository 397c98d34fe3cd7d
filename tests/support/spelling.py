"""The other spelling of a word, by the rules that separate British from American English."""

import re

# British -> American. Each rule is applied alone; most of what it makes is no word, which does no harm in a search for
# pairs among the words of a list.
_RULES = [
    (r"our(?=$|s$|ed$|ing$|ite|able|ful|al|er|hood|less)", "or"),
    (r"re(?=$|s$|d$)", "er"),
    (r"([iy])s(?=e$|ed$|es$|ing$|er$|ers$|ation$|ations$)", r"\1z"),
    (r"ll(?=ed$|ing$|er$|ers$|or$|ors$|ous$|ously$|ery$|y$)", "l"),
    (r"l(?=ful$|fully$|ment$)", "ll"),
    (r"(?<=[aio])l(?=s?$)", "ll"),  # fulfil, enrol, instal
    (r"ogue(?=s?$)", "og"),
    (r"c(?=e$|es$|ed$|ing$|eless$)", "s"),  # defence, licence, practice
    ("grey", "gray"),
    (r"ae|oe", "e"),
    (r"(?<=ward)s$", ""),
    (r"(?<=[lmnp])t$", "ed"),
    (r"(?<=l)t$", "led"),
    (r"(?<=g)e(?=ment)", ""),
    (r"mme(?=s?$)", "m"),
    (r"que(?=s?$)", "ck"),
    (r"ough(?=$|s$|ed$|ing$)", "ow"),
    (r"ou(?=l[dt])", "o"),
    (r"^en(?=qu)", "in"),
    (r"ey(?=s?$)", "y"),
    (r"xion(?=s?$)", "ction"),
    (r"^tyre", "tire"),
    (r"^py(?=jama)", "pa"),
    (r"phur", "fur"),
    (r"pp(?=ed$|ing$|er$|ers$)", "p"),
    (r"^kerb", "curb"),
    (r"draught", "draft"),
    (r"gaol", "jail"),
    (r"(?<=alumin)i(?=um)", ""),
    (r"cosy", "cozy"),
]


def other_spellings(word: str) -> set[str]:
    """What each rule makes of a word, other than the word itself."""
    made = {re.sub(pattern, replacement, word) for pattern, replacement in _RULES}
    return made - {word}
