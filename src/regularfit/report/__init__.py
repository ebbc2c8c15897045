"""From a fitted estimator to facts, from facts to sentences and pictures, to one page that stands alone.

Import :func:`regularfit.report.collect.collect`, :func:`regularfit.report.target.target_facts` and
:func:`regularfit.report.render.render` from their own modules: drawing a page again needs no estimator.
"""

from regularfit.report.data import ReportData

__all__ = ["ReportData"]
