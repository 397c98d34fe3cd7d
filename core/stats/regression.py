"""Least squares with standard errors that hold where variances differ, or where some rows depend on each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from core.errors import UserError


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A fit of n values by k columns: ``values = design @ coefficients + residuals``. All arrays are float64.

    ``coefficients`` (k,), ``residuals`` (n,), ``design`` (n, k), and ``inverse`` (k, k), that of design' design.
    """

    coefficients: np.ndarray
    residuals: np.ndarray
    design: np.ndarray
    inverse: np.ndarray

    def hc3(self) -> np.ndarray:
        """The covariance (k, k) of the coefficients where each value has a variance of its own: HC3.

        Each squared residual is divided by (1 - h)^2, h its leverage. A row that alone has a column (h = 1) is
        fitted exactly and adds nothing: without the row and its column, all else is the same.
        """
        leverage = np.vecdot(self.design @ self.inverse, self.design)
        alone = leverage > 1 - 1e-10
        scaled = np.where(alone, 0.0, self.residuals / np.where(alone, 1.0, 1 - leverage))
        scores = self.design * scaled[:, None]  # [n, k]
        return self.inverse @ (scores.T @ scores) @ self.inverse

    def clustered(self, clusters: np.ndarray) -> np.ndarray:
        """The covariance (k, k) of the coefficients where the values of a cluster depend on each other: CR1.

        Residuals times columns are added within each cluster. The correction for few clusters is
        G / (G - 1) * (n - 1) / (n - k) for G clusters, as in Stata and statsmodels.
        """
        n, k = self.design.shape
        names, of_row = np.unique(clusters, return_inverse=True)
        if len(names) < 2:
            raise UserError(f"Errors by cluster need at least two clusters; got {len(names)}.")
        scores = np.zeros((len(names), k))
        np.add.at(scores, of_row, self.design * self.residuals[:, None])
        correction = len(names) / (len(names) - 1) * (n - 1) / (n - k)
        return correction * self.inverse @ (scores.T @ scores) @ self.inverse


def least_squares(values: np.ndarray, design: np.ndarray) -> LeastSquares:
    """Fit values by columns.

    Parameters
    ----------
    values : ndarray of shape (n,)
        In any units.
    design : ndarray of shape (n, k)
        The columns, a constant among them if there is to be one. None may follow from the others
        (``independent_columns``).

    Returns
    -------
    LeastSquares

    Raises
    ------
    UserError (a ValueError)
        There are not more values than columns.

    References
    ----------
    MacKinnon & White (1985), Journal of Econometrics 29:305-325 (HC3). Liang & Zeger (1986), Biometrika 73:13-22
    (clusters).

    Examples
    --------
    Two values of each of two classes; the second coefficient is the difference of means:

    >>> fit = least_squares(np.array([1.0, 3.0, 6.0, 10.0]), np.array([[1, 0], [1, 0], [1, 1], [1, 1]]))
    >>> fit.coefficients.round(6), np.sqrt(fit.clustered(np.array([0, 0, 1, 1]))[1, 1]) < 1e-9
    (array([2., 6.]), np.True_)
    """
    values, design = np.asarray(values, np.float64), np.asarray(design, np.float64)
    n, k = design.shape
    if n <= k:
        raise UserError(f"A regression on {k} columns needs more than {k} words; got {n:,}.")
    q, r = np.linalg.qr(design)
    inverse_r = np.linalg.inv(r)
    coefficients = inverse_r @ (q.T @ values)
    return LeastSquares(coefficients, values - design @ coefficients, design, inverse_r @ inverse_r.T)


def independent_columns(design: np.ndarray) -> list[int]:
    """The columns that do not follow from a constant and the columns before them.

    Parameters
    ----------
    design : ndarray of shape (n, k)
        Without a constant.

    Returns
    -------
    list of int
        Positions of columns, in order.

    Examples
    --------
    The second column does not vary, and the third is twice the first:

    >>> independent_columns(np.array([[1.0, 5, 2, 0], [2, 5, 4, 0], [3, 5, 6, 1]]))
    [0, 3]
    """
    basis: list[np.ndarray] = []
    kept = []
    for at, column in enumerate(np.asarray(design, np.float64).T):
        deviation = column - column.mean()
        size = np.linalg.norm(deviation)
        for _ in range(2):  # twice: once leaves rounding errors
            for direction in basis:
                deviation = deviation - direction * (direction @ deviation)
        left = np.linalg.norm(deviation)
        if size > 1e-12 * np.linalg.norm(column) and left > 1e-8 * size:
            basis.append(deviation / left)
            kept.append(at)
    return kept


def interval_95(estimate: float, variance: float, degrees_of_freedom: float) -> tuple[float, float]:
    """The 95% interval of a coefficient, by Student's t.

    Examples
    --------
    >>> [round(limit, 3) for limit in interval_95(1.0, 0.25, 10)]
    [-0.114, 2.114]
    """
    half = float(-stdtrit(degrees_of_freedom, 0.025) * np.sqrt(variance))
    return estimate - half, estimate + half
