import pytest

from regularfit import errors


def test_every_public_name_is_described():
    for name in errors.__all__:
        assert getattr(errors, name).__doc__
        assert name in errors.__doc__


@pytest.mark.parametrize(
    ("error", "also"),
    [
        (errors.InputError, ValueError),
        (errors.TableError, errors.InputError),
        (errors.ModelFileError, ValueError),
        (errors.UnsupportedError, TypeError),
        (errors.FitError, RuntimeError),
    ],
)
def test_errors_can_be_caught_together_and_by_their_usual_kind(error, also):
    assert issubclass(error, errors.RegularfitError)
    assert issubclass(error, also)


def test_warnings_are_user_warnings():
    assert issubclass(errors.ConvergenceWarning, UserWarning)
    assert issubclass(errors.FewerFoldsWarning, UserWarning)
    assert issubclass(errors.GridEdgeWarning, UserWarning)
    assert issubclass(errors.NoEffectWarning, UserWarning)
    assert issubclass(errors.InterruptedWarning, UserWarning)
    assert issubclass(errors.CatastrophicOverfittingWarning, UserWarning)
