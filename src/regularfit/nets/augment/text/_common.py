"""English words that no augmentation touches: negations, numbers and stop words. Chat spellings are among them."""

from __future__ import annotations

__all__ = ["COMMON", "NEGATIONS"]

_NEGATIONS = """
no not nor none never neither nobody nothing nowhere without hardly barely scarcely cannot lack lacks lacked lacking
aint isnt arent wasnt werent dont doesnt didnt cant couldnt wont wouldnt shouldnt mustnt neednt hasnt havent hadnt dunno
"""
_NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen half
once twice first second third fourth fifth last
"""
_STOP_WORDS = """
a an the this that these those some any each every either both all many much more most few fewer less least other
another such same own what which who whom whose where when why how
i me my mine myself we us our ours ourselves you your yours yourself yourselves u ur he him his himself she her hers
herself it its itself they them their theirs themselves ones somebody someone something anybody anyone anything
everybody everyone everything im ive ill id youre youve theyre hes shes thats whats lets
be am is are was were been being have has had having do does did doing done will would shall should can could may might
must ought need dare used
and or but if because as until while although though unless since so than then thus hence
of at by for with about against between among into onto through during before after above below over under to from up
down in out on off near per via upon within toward towards across along around behind beside beyond
again further here there very too just only even also still yet now well really quite rather almost already ever always
however therefore nevertheless nonetheless etc please thanks thank yes yeah ok okay oh hi hello hey
"""

NEGATIONS = frozenset(_NEGATIONS.split())
COMMON = NEGATIONS | frozenset(_NUMBERS.split()) | frozenset(_STOP_WORDS.split())
