"""Every array of a run: name, axes, unit, meaning. State, views and the glossary come from it.

Axes: i and j actors, k and l theatres, v venues, f pairs in focus, s scopes, m meetings (pairs of
actors), d domains, b flags, h threats, x presence kinds, q stances, c constructs, w words of an
address, e ends of a pair, n columns of measures. Runs are a last axis.
"""

from collections import namedtuple
from functools import cache
from typing import Any

from eurasia_sim.compute.blocks import Counts, Field, Table
from eurasia_sim.compute.dimensions import Floats

# What no run draws and all share; `facts_of` makes it of a geography.
FACTS = Table("facts", (
    Field("distance", "ij", "km", "between two capitals"),
    Field("border", "ij", "share", "1 where two territories touch"),
    Field("theatre_distance", "ik", "km", "from an actor's capital to the theatre's"),
    Field("theatre_border", "ik", "share", "1 where a territory touches or is the theatre"),
    Field("border_distance", "ik", "km", "the least between the actor's territory and the theatre"),
    Field("theatre_separation", "kl", "km", "the least between two theatres"),
    Field("population", "k", "tens of millions", "of a theatre; an empty one has none"),
    Field("wealth", "i", "output", "a year, mean of the five up to the opening; 0 for none"),
    Field("history_fades", "ik", "share", "1 where it does: of who has output, abroad"),
    Field("first_ruler", "k", "index", "who rules at the opening, -1 for none"),
    Field("first_challenger", "k", "index", "who contests the rule at the opening, -1 for none"),
    Field("contender", "k", "index", "who came, or would come, to rule by force, -1 for none"),
    Field("observed", "qij", "deviations", "of two from all, by each stance; NaN: unknown"),
    Field("convenes", "vi", "share", "of a venue's convening"),
    Field("name_hash", "i", "hash", "key of an actor's own random stream"),
    Field("theatre_hash", "k", "hash", "the same for a theatre"),
    Field("cell_address", "wik", "hash", "where an actor's draws for a theatre are found"),
    Field("pair_address", "wm", "hash", "where a pair's draws are found, in either order"),
    Field("focus", "fe", "index", "pairs that measures are read off for"),
    Field("scope", "sk", "share", "1 where a scope counts a theatre"),
))  # fmt: skip

# One run's draw of every uncertain number of the world.
CODED = Table("coded", (
    Field("salience", "ic", "salience", "0 to 3, NaN where the documents are silent"),
    Field("denial", "ij", "salience", "0 to 3, NaN where silent"),
    Field("affinity", "ij", "affinity", "-3 to 3, NaN where silent"),
    Field("susceptibility", "ih", "share", "harm that a threat does that arrives"),
    Field("offensive_capability", "i", "share", "reach of an actor's forces"),
    Field("front", "ij", "closeness", "nearness of j to i on a front outside the region"),
    Field("own_power", "i", "share", "of power that no territory gives"),
    Field("opportunity", "k", "share", "what commerce could gain there"),
    Field("base_stability", "k", "share", "order to which a theatre tends by itself"),
    Field("threat_source", "kh", "share", "threat that a theatre gives out when its order fails"),
    Field("initial_control", "k", "share", "the challenger's of the land at the opening"),
    Field("initial_militants", "k", "share", "strength of militants at the opening"),
    Field("initial_narcotics", "k", "share", "of the greatest crop, at the opening"),
    Field("initial_fighters", "k", "strength", "of the challenger at the opening, NaN by its land"),
    Field("initial_strength", "k", "strength", "of the ruler at the opening, NaN by its land"),
    Field("initial_influence", "ikd", "share", "at most 1 a theatre and domain"),
    Field("initial_recognition", "ikb", "share", "1 where the flag is up at the opening"),
))  # fmt: skip

# What follows from a draw and stays the same for all months of a run.
CONSTANTS = Table("constants", (
    Field("own_power", "i", "share", "of power that no territory gives"),
    Field("opening_influence", "ikd", "share", "of a theatre and domain at the opening"),
    Field("closeness", "ij", "closeness", "of two actors, before presence and fronts"),
    Field("closeness_theatre", "ik", "closeness", "of an actor and a theatre"),
    Field("nearness_theatre", "ik", "share", "closeness squeezed into [0, 1], 1 at home"),
    Field("transit", "ik", "share", "of a spill-over that arrives"),
    Field("gate", "kl", "share", "of the second's spill-over that effort in the first meets"),
    Field("front", "ij", "share", "nearness of j to i on a front outside the region"),
    Field("affinity", "ij", "affinity", "-3 to 3, silence filled"),
    Field("observed", "qij", "leaning", "by each stance at the opening, NaN: unknown"),
    Field("denial", "ij", "weight", "how much i wants j kept out"),
    Field("weight", "ic", "weight", "of an interest"),
    Field("offensive_capability", "i", "share", "reach of an actor's forces"),
    Field("susceptibility", "ih", "share", "harm that a threat does that arrives"),
    Field("threat_source", "kh", "share", "threat that a theatre gives out when its order fails"),
    Field("militancy", "h", "share", "of a threat that follows militants rather than disorder"),
    Field("size", "k", "weight", "of a theatre by its population"),
    Field("opportunity", "k", "share", "what commerce could gain there"),
    Field("tie", "ikd", "log share", "an actor's ties at the opening"),
    Field("tie_pull", "ikd", "log share", "what ties go to as history fades, but for a factor"),
    Field("tie_entry", "ikd", "share", "of a tie at its floor that counts as nothing yet"),
    Field("fading_ties", "kd", "share", "of all whose history fades; the sum stays"),
    Field("outsiders", "kd", "share", "that nobody in the model holds at the opening"),
    Field("contested", "k", "share", "1 where there was a challenger at the opening"),
    Field("base_stability", "k", "share", "order to which a theatre tends by itself"),
))  # fmt: skip

# The levers and series of one month; a scenario has a row of these a month (`lever_series`).
LEVERS = Table("levers", (
    Field("presence", "ikx", "100,000 troops or bases", "what an actor keeps in a theatre"),
    Field("pressure", "ij", "share", "how hard i presses j"),
    Field("goodwill", "ij", "affinity", "added to the affinity of i toward j"),
    Field("revisionism", "i", "share", "how far an actor sets out to change borders by force"),
    Field("conduct", "k", "scale", "moderation of a ruler beyond its own, -1 to 1"),
    Field("ban", "k", "share", "of the crop that the ruler bans where it holds the land"),
    Field("surge", "kh", "multiple", "extra threat as a multiple of its source"),
    Field("aid", "ik", "billion US dollars a year", "what an actor gives a theatre"),
    Field("arms", "ij", "billion US dollars a year", "what i gives j to fight with"),
    Field("sanctions", "ij", "share", "of all dealings with j that i forbids"),
    Field("trade", "ik", "share", "change of trade links, -1 for none left"),
    Field("consent", "ik", "share", "of access, imposed, NaN where the host is free"),
    Field("imposed", "ikd", "share", "of a budget that the scenario commits"),
    Field("jointness", "kd", "share", "least of an overlap that is done jointly"),
    Field("rule", "k", "actor", "place of the imposed ruler, -1 where rule is free"),
    Field("stability", "k", "share", "imposed, NaN where free"),
    Field("recognition", "ikb", "share", "1 where a flag is imposed, NaN where free"),
    Field("capability", "i", "share", "of power from territory that is no theatre"),
    Field("theatre_capability", "k", "share", "of power that goes with ruling a theatre"),
    Field("membership", "vi", "share", "1 member, 0.5 observer"),
    Field("comembership", "ij", "log", "of 1 and the venues of two, each once a domain it serves"),
))  # fmt: skip

# Everything that a run remembers, and what its rules write down on the way.
STATE = Table("state", (
    Field("leaning", "ij", "leaning", "alignment before squeezing"),
    Field("stance", "qij", "leaning", "of i toward j by each stance, offset and all"),
    Field("offset", "qij", "leaning", "what a stance has at the opening beyond its drivers"),
    Field("alignment", "ij", "alignment", "-1 to 1, 1 toward oneself"),
    Field("threat", "ij", "danger", "that i sees in j, in all arenas"),
    Field("regional", "ij", "danger", "that i sees in j by what is near"),
    Field("rivalry", "ij", "share", "twice the contested overlap over both budgets, last month"),
    Field("partnership", "ij", "share", "twice the joint overlap over both budgets, last month"),
    Field("projected", "ij", "closeness", "by which forces abroad bring j nearer to i"),
    Field("shared", "ij", "share", "overlap of two's fears of third sources"),
    Field("regional_overlap", "ij", "share", "the same of what is near alone: joint work's need"),
    Field("mutual", "ij", "share", "of all that i fears: j, and lands to which j is a party"),
    Field("crisis", "ij", "danger", "next door to both: spill-over in common"),
    Field("opening_venues", "ij", "log", "`comembership` at the opening"),
    Field("feared", "ij", "root of a share", "of all that i fears: what it fears of j"),
    Field("feared_near", "ij", "root of a share", "the same of what is near"),
    Field("shock", "m", "leaning", "this month's, of a pair"),
    Field("inclination", "ikd", "log weight", "of a choice"),
    Field("effort", "ikd", "budget units", "in a theatre and domain"),
    Field("joint", "ikd", "budget units", "largest joint effort with any partner"),
    Field("influence", "ikd", "share", "of a theatre and domain"),
    Field("deposit", "ikd", "log strength", "that effort beyond the opening's has added to a tie"),
    Field("posted_strength", "ikd", "strength", "that imposed effort beyond the opening's adds"),
    Field("opening_work", "ikd", "budget units", "`work` at the opening"),
    Field("opening_posted", "ikd", "budget units", "`posted` at the opening"),
    Field("opening_access", "ikd", "share", "`access` at the opening"),
    Field("shut", "ik", "share", "1 while a host has closed a patron's bases"),
    Field("work", "ikd", "budget units", "effort of its own choice, and what is joint or convened"),
    Field("posted", "ikd", "budget units", "effort that the scenario imposes"),
    Field("utility", "ikd", "utility", "of one more unit of effort"),
    Field("common", "ikd", "utility", "containment's part of it, before access"),
    Field("noise", "ikd", "log weight", "this month's draws"),
    Field("committed", "ikd", "share", "of a budget that the scenario commits, cut to fit"),
    Field("choice", "ikd", "weight", "of a theatre and domain in the choice"),
    Field("access", "ikd", "share", "that a host grants"),
    Field("strength", "ikd", "strength", "of ties, by access relative to the opening"),
    Field("reach", "ik", "closeness", "added by an actor's forces in the theatre"),
    Field("armed", "ik", "billion US dollars a year", "arms to ruler and challenger"),
    Field("link", "ik", "share", "of trade that links and sanctions leave"),
    Field("opening_link", "ik", "share", "`link` at the opening"),
    Field("spillover", "ik", "danger", "that reaches an actor from a theatre"),
    Field("open_spillover", "ik", "danger", "not carried by others"),
    Field("containment", "ik", "danger", "need to hold back what spills over"),
    Field("recognition", "ik", "flags", "up toward the theatre's contender, the listing apart"),
    Field("flags", "ikb", "share", "1 where up toward the theatre's contender"),
    Field("stood", "ikb", "share", "`flags` a month ago"),
    Field("convening_influence", "ik", "budget units", "diplomatic effort that convening brings"),
    Field("party", "ik", "share", "how far an actor is a party to a theatre's disorder"),
    Field("felt", "ik", "root of danger", "from a theatre to which one is no party"),
    Field("foreign", "ik", "danger", "that spills over from a theatre to which one is no party"),
    Field("per_danger", "i", "root of a share", "of all one fears: one unit of danger"),
    Field("per_danger_near", "i", "root of a share", "the same of what is near"),
    Field("zero", "i", "share", "overlap of fears at which it neither binds nor parts"),
    Field("power", "i", "share", "of the world's power"),
    Field("unhindered", "i", "share", "`power` without what sanctions cost"),
    Field("opening_power", "i", "share", "`power` at the opening"),
    Field("pressed", "i", "pressure", "that others put on it, summed"),
    Field("opening_pressed", "i", "pressure", "the same at the opening"),
    Field("budget", "i", "budget units", "to spend in a month"),
    Field("standing", "i", "scale", "reputation"),
    Field("regional_influence", "i", "weight", "influence over all theatres, by their size"),
    Field("venue_effort", "iv", "budget units", "effort in a venue"),
    Field("venue_total", "v", "budget units", "effort of all in a venue"),
    Field("stability", "k", "share", "order in a theatre"),
    Field("militants", "k", "share", "strength of militants"),
    Field("fighters", "k", "strength", "of the challenger; 1 is a ruler with ample aid"),
    Field("ruler_strength", "k", "strength", "of the ruler alone; 1 is all the land and ample aid"),
    Field("violence", "k", "log of 1 + deaths a year", "in the war for the theatre"),
    Field("narcotics", "k", "share", "of the greatest crop"),
    Field("control", "k", "share", "the challenger's of the land"),
    Field("restraint", "k", "share", "of the ruler"),
    Field("demand", "k", "threat", "a host's for a balancer"),
    Field("hedging", "k", "share", "by which a host heeds what a patron holds already"),
    Field("by_force", "k", "share", "of access that a flag opens; 0 but for a new ruler"),
    Field("in_power", "k", "share", "1 where the contender rules"),
    Field("took_over", "k", "share", "1 where it did not a month ago"),
    Field("prospect", "k", "share", "how far the contender will have to be dealt with"),
    Field("hostility", "k", "share", "mean enmity of neighbours toward the contender"),
    Field("hazard", "kh", "danger", "that a theatre gives out"),
    Field("total", "kd", "strength", "of all in a theatre and domain, outsiders too"),
    Field("together", "kd", "budget units", "what two do jointly; room for one pair"),
    Field("old_ties", "i", "share", "to the contender's rival; room for one theatre"),
    Field("partners", "b", "share", "of one's partners with a flag up; room for one actor"),
    Field("host_leaning", "i", "alignment", "of a host to each; room for one theatre"),
    Field("host_threat", "i", "danger", "that a host sees in each; room for one theatre"),
    Field("displacement_weight", "i", "utility", "of displacing each other; room for one actor"),
    Field("denial_weight", "i", "utility", "of keeping each other out; room for one actor"),
    Field("security_weight", "i", "utility", "of resisting each in security; room for one actor"),
    Field("uncovered", "ik", "threat", "from each to a theatre's host that no patron covers"),
    Field("hosted", "vk", "share", "1 where a theatre's ruler is a member of the venue"),
    Field("owed", "fekd", "log weight", "of a focal choice, to the other's influence"),
    Field("pair_joint", "fkd", "budget units", "joint effort of a pair in focus"),
    Field("seed", "", "hash", "of the run"),
    Field("ruler", "k", "index", "-1 for none"),
    Field("challenger", "k", "index", "-1 for none"),
))  # fmt: skip

# What is read off a block's months.
REPORT = Table("report", (
    Field("observed", "n", "as measured", "every column of the month"),
    Field("mean", "n", "as measured", "of every column over the months counted"),
    Field("home", "ik", "share", "1 where the actor rules or contests the theatre"),
    Field("ruling", "ik", "share", "1 where the actor rules the theatre"),
    Field("due", "fekd", "share", "of a focal choice's weight, to the other's influence"),
    Field("taken", "fekd", "share", "of two's influence, from the other who led at the opening"),
))  # fmt: skip


@cache
def rules_table(names: tuple[str, ...]) -> Table:
    """The numbers of the rules, one of each a run."""
    fields = (Field(name, "", "number", "see the rules' own pages") for name in names)
    return Table("rules", tuple(fields))


# The named arrays of one flat coded row, or of many.
Coded: Any = namedtuple("Coded", [*CODED.of])  # type: ignore[misc]  # noqa: PYI024


def coded_of(row: Floats, actors: int, theatres: int) -> Any:
    """Views of a flat coded row, or of many (..., M), as the named arrays."""
    places = CODED.places(Counts(actors, theatres, 0, 0, 0, 0, 0)).values()
    return Coded(*(row[..., at].reshape(*row.shape[:-1], *shape) for at, shape in places))
