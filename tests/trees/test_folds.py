"""The default number of folds gives way to a small class, a number that was asked for does not."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

import regularfit as rf
from regularfit.errors import FewerFoldsWarning, InputError
from regularfit.trees import (
    BoostingClassifier,
    PrunedTreeClassifier,
    Regularisation,
    RuleFitClassifier,
    Shrunk,
    SparseForestClassifier,
)
from tests.trees.structure.data import table

X, Y = table(80, missing=False)
KNOBS = Regularisation(learning_rate=0.3, leaves=3, min_rows=2)
# how the estimator is made, and what its messages offer in place of folds
EVERY = {
    "boosting": (
        lambda **how: BoostingClassifier(KNOBS, engine="sklearn", rounds=3, n_jobs=1, **how),
        r"Give select=None and regularisation=Regularisation\(rounds=...\) to choose nothing",
    ),
    "pruned": (PrunedTreeClassifier, "Give ccp_alpha=... to choose nothing"),
    "shrunk": (lambda **how: Shrunk(DecisionTreeClassifier(), **how), "Give strength=... to choose nothing"),
    "sparse": (
        lambda **how: SparseForestClassifier(Regularisation(rounds=8), n_jobs=1, strengths=10, **how),
        "Give more rows of that class",
    ),
    "rules": (
        lambda **how: RuleFitClassifier(rules=8, n_jobs=1, strengths=10, **how),
        "Give strength=... to choose nothing, or more rows of that class",
    ),
    "relaxed rules": (
        lambda **how: RuleFitClassifier(rules=8, n_jobs=1, strengths=10, relax=True, **how),
        "Give strength=... with relax=False to choose nothing",
    ),
}


def with_rare(members):
    """Two classes by the sign of the target, and a third of few members."""
    labels = np.where(np.median(Y) < Y, "much", "little").astype(object)
    labels[:members] = "rare"
    return labels


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
@pytest.mark.parametrize("name", EVERY)
def test_a_small_class_takes_fewer_folds_with_a_warning_as_on_the_linear_side(name):
    make, _ = EVERY[name]
    usual = 10 if name == "pruned" else 5
    says = f"3 folds are used in place of the usual {usual}, since class 'rare' has only 3 members. Give cv=3"
    with pytest.warns(FewerFoldsWarning, match=says):
        model = make().fit(X, with_rare(3))
    assert model.cv_.folds.shape[1] == 3
    assert "rare" in model.classes_
    linear = rf.PenalizedClassifier(strengths=5)
    with pytest.warns(
        FewerFoldsWarning, match="3 folds are used in place of the usual 10, since class 'rare'"
    ):
        linear.fit(X, with_rare(3))


@pytest.mark.parametrize("name", EVERY)
def test_a_class_of_one_member_cannot_be_held_out_and_the_message_names_a_way_that_there_is(name):
    make, says = EVERY[name]
    with pytest.raises(InputError, match=f"class 'rare' has only 1 member. {says}"):
        make().fit(X, with_rare(1))
    with pytest.raises(InputError, match=f"class 'rare' has only 1 member; {says[0].lower()}{says[1:]}"):
        make(cv=5).fit(X, with_rare(1))


@pytest.mark.parametrize(
    "model",
    [
        BoostingClassifier(KNOBS.with_(rounds=3), engine="sklearn", select=None, n_jobs=1),
        PrunedTreeClassifier(ccp_alpha=0.0),
        Shrunk(DecisionTreeClassifier(), strength=1.0),
        RuleFitClassifier(rules=8, n_jobs=1, strength=0.1),
    ],
    ids=lambda model: type(model).__name__,
)
def test_the_ways_that_messages_name_do_fit(model):
    assert model.fit(X, with_rare(1)).cv_ is None
    assert model.predict_proba(X).shape == (80, 3)


@pytest.mark.parametrize("name", EVERY)
def test_a_number_of_folds_is_exact(name):
    with pytest.raises(
        InputError, match="cv=5 folds were asked for, but class 'rare' has only 3 members; give cv <= 3"
    ):
        EVERY[name][0](cv=5).fit(X, with_rare(3))


def test_few_rows_and_few_groups():
    with pytest.warns(FewerFoldsWarning, match="4 folds .* the usual 10, since there are only 4 rows"):
        trees = rf.trees.PrunedTreeRegressor().fit(X[:4], Y[:4])
    assert trees.cv_.folds.shape[1] == 4
    with pytest.raises(InputError, match=r"only 1 group\. Give ccp_alpha=.* or rows of more groups"):
        rf.trees.PrunedTreeRegressor().fit(X, Y, groups=np.zeros(80))
