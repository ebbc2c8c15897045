"""From a fitted estimator to facts, from facts to sentences and pictures, and to one page that stands alone."""

from regularfit.report.data import ReportData

__all__ = ["ReportData"]
