"""The dialect as a whole: signatures, scikit-learn's own checks, and the package's name."""

import inspect
import warnings

import numpy as np
import pytest
import sklearn
import sklearn.linear_model as theirs
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import regularfit.sklearn as ours
from tests.sklearn.data import cancer, diabetes

CLASSES = [name for name in ours.__all__ if inspect.isclass(getattr(ours, name))]
# with five folds scikit-learn refuses nine rows of three classes itself
FEW_FOLDS = {"LogisticRegressionCV": {"cv": 3}}
CHECKS = [
    pytest.param(estimator, check, id=f"{name}-{getattr(check, 'func', check).__name__}")
    for name in CLASSES
    for estimator, check in estimator_checks_generator(
        getattr(ours, name)(**FEW_FOLDS.get(name, {})), mark="skip"
    )
]


def parameters(callable_):
    return [(p.name, p.kind, p.default) for p in inspect.signature(callable_).parameters.values()]


@pytest.mark.parametrize("name", ours.__all__)
def test_arguments_and_defaults_are_those_of_the_installed_version(name):
    assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("method", ["fit", "predict", "score"])
def test_methods_take_what_theirs_take(name, method):
    assert parameters(getattr(getattr(ours, name), method)) == parameters(
        getattr(getattr(theirs, name), method)
    )


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_kept_is_what_they_keep(name):
    X, y = cancer() if "Logistic" in name or "Classifier" in name else diabetes()
    y = np.column_stack([y, -y]) if name.startswith("MultiTask") else y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine, judge = (getattr(home, name)().fit(X, y) for home in (ours, theirs))
    assert set(vars(mine)) == {key for key in vars(judge) if "callback" not in key}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_checks(estimator, check):
    if getattr(check, "func", check).__name__ == "check_array_api_input":
        pytest.skip("needs SCIPY_ARRAY_API in the environment")
    check(estimator)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["Lasso", "Ridge", "LogisticRegression"])
def test_check_estimator_as_users_call_it(name):
    check_estimator(getattr(ours, name)())


def test_inside_a_package_of_that_name_scikit_learn_is_still_found():
    from regularfit.sklearn import elastic_net

    assert elastic_net.linear_model is theirs
    assert "regularfit" not in sklearn.__file__


def test_they_are_scikit_learn_estimators_to_everybody_else():
    X, y = diabetes()
    search = GridSearchCV(make_pipeline(StandardScaler(), ours.Lasso()), {"lasso__alpha": [0.1, 1.0]}, cv=3)
    assert search.fit(X, y).best_params_["lasso__alpha"] in (0.1, 1.0)
    assert isinstance(clone(ours.LassoCV(cv=3)), theirs.LassoCV)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("Lasso", {"alpha": -1.0}), ("RidgeCV", {"alphas": [-1.0]}), ("LogisticRegression", {"C": 0.0})],
)
def test_parameters_out_of_range_are_refused_as_there(name, wrong):
    X, y = cancer()
    messages = []
    for home in (ours, theirs):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            getattr(home, name)(**wrong).fit(X, y)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("name", ["LassoCV", "RidgeCV", "LogisticRegressionCV"])
def test_groups_are_routed_to_the_splitter(name):
    from sklearn.model_selection import GroupKFold

    X, y = cancer() if name.startswith("Log") else diabetes()
    groups = np.arange(len(y)) // 7
    params = {"cv": GroupKFold(3)}
    if name == "LogisticRegressionCV":
        params |= {"scoring": "neg_log_loss", "l1_ratios": (0,), "use_legacy_attributes": False, "Cs": 3}
    with sklearn.config_context(enable_metadata_routing=True):
        mine, judge = (getattr(home, name)(**params).fit(X, y, groups=groups) for home in (ours, theirs))
    chosen = "C_" if name == "LogisticRegressionCV" else "alpha_"
    np.testing.assert_allclose(getattr(mine, chosen), getattr(judge, chosen))
    with pytest.raises((ValueError, TypeError), match="groups"):
        getattr(ours, name)(**params).fit(X, y, groups=groups)
