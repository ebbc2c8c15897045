import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from regularfit.errors import ModelFileError, TableError
from regularfit.table import Encoder, Table, learn_encoder


def test_lacking_columns_are_an_error_with_the_nearest_name(as_table, mixed):
    encoder, _ = learn_encoder(as_table(mixed))
    with pytest.raises(TableError, match=r"'new.csv' lacks 1 of the 9 columns.*'town'.*nearest.*'towns'"):
        encoder.apply(as_table(mixed.rename(columns={"town": "towns"}), "new.csv"))


def test_news_of_a_new_table_are_noted(as_table):
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "c": ["x", "y", "z", "x"]})
    encoder, _ = learn_encoder(as_table(frame))
    new = pd.DataFrame({"a": [np.nan, 2], "c": ["new", None], "more": [1, 2]})
    made = encoder.apply(as_table(new))
    assert made.X.shape == (2, 4)
    assert np.isnan(made.X[0, 0])
    assert made.X[:, 1:].sum() == 0
    text = " | ".join(made.notes)
    assert "1 column the model does not use (more)" in text
    assert "1 level never seen in training, in 1 rows: 'new' (1)" in text
    assert "'a' has 1 missing values but had none in training; the training mean" in text
    assert "'c' has 1 missing values" in text


def test_order_of_columns_does_not_matter(as_table, mixed):
    encoder, encoded = learn_encoder(as_table(mixed))
    np.testing.assert_array_equal(encoder.apply(as_table(mixed[mixed.columns[::-1]])).X, encoded.X)


def test_sparse_tables_pass_through():
    matrix = sp.csr_matrix(np.eye(3))
    table = Table("t.svmlight", "svmlight", 1, "", None, matrix, np.arange(3.0))
    encoder, encoded = learn_encoder(table)
    assert encoded.X is matrix
    assert encoder.names == ("x1", "x2", "x3")
    with pytest.raises(TableError, match="SVMlight"):
        encoder.apply(Table("t.csv", "csv", 1, "", pd.DataFrame({"x1": [1]})))


def test_named_models_refuse_sparse_tables(as_table, mixed):
    encoder, _ = learn_encoder(as_table(mixed))
    with pytest.raises(TableError, match="only numbers them"):
        encoder.apply(Table("t.svmlight", "svmlight", 1, "", None, sp.csr_matrix(np.eye(3)), np.arange(3.0)))


@pytest.mark.parametrize("state", [{}, {"recipes": 3}, {"recipes": [{}], "keep": []}])
def test_damaged_states_are_refused(state):
    with pytest.raises(ModelFileError):
        Encoder.from_state(state)
