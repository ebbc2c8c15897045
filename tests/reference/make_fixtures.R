# Fits by R's glmnet at its sharpest tolerance, as fixtures for test_glmnet.py.
#
#     Rscript tests/reference/make_fixtures.R        (from the root of the repository; needs the package glmnet)
#
# Reads only examples/data; the folder to write to may be given as an argument. Every input that is not a column of the
# data (weights, offsets, factors, limits, folds, strengths) is made here by a formula and written beside the answers,
# so that the tests repeat nothing.

suppressPackageStartupMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1 - 1e-12, mxitnr = 1000)
# At 1e-14, the sharpest that is usual, glmnet is still off its own optimum by up to 1e-4 of the strength where
# columns are correlated; at 1e-20 by less than 1e-6.
THRESH <- 1e-20
MAXIT <- 1e8
OUT <- c(commandArgs(trailingOnly = TRUE), "tests/reference/fixtures")[1]

source("tests/reference/fixture_json.R")

# ---- data -----------------------------------------------------------------------------------------------------------

table_of <- function(file) {
  path <- file.path("examples/data", file)
  read.csv(if (endsWith(file, ".gz")) gzfile(path) else path, na.strings = "", check.names = FALSE)
}

# `columns` are the 0-based positions kept: no constant column, and of columns that are equal or opposite only the
# first, because the lasso has no single answer on them.
data_of <- function(file, positive = NULL) {
  frame <- table_of(file)
  x <- as.matrix(frame[, names(frame) != "target"])
  columns <- seq_len(ncol(x))
  if (file == "permeability.csv.gz") {
    columns <- columns[apply(x, 2, function(v) length(unique(v)) > 1)]
    columns <- columns[!duplicated(t(abs(2 * sweep(x[, columns], 2, x[1, columns]))))]
  }
  y <- frame$target
  if (identical(positive, "above median")) y <- as.numeric(y > median(y))
  else if (!is.null(positive)) y <- as.numeric(y == positive)
  list(file = file, positive = positive, columns = columns - 1, x = x[, columns], y = y)
}

diabetes <- data_of("diabetes.csv")
concrete <- data_of("concrete.csv")
permeability <- data_of("permeability.csv.gz")
permeable <- data_of("permeability.csv.gz", "above median")
cancer <- data_of("breast_cancer.csv.gz", "2")
sonar <- data_of("sonar.csv.gz", "Mine")

geometric <- function(top, bottom, count) signif(exp(seq(log(top), log(bottom), length.out = count)), 5)

# ---- cases ----------------------------------------------------------------------------------------------------------

described <- function(data, family, alpha, lambda, extra) c(
  list(glmnet = as.character(packageVersion("glmnet")), data = data$file, positive = data$positive,
       columns = if (data$file == "permeability.csv.gz") array1(data$columns), family = family, alpha = alpha,
       lambda = array1(lambda)),
  lapply(extra, function(value) if (length(value) > 1) array1(value) else value)
)

arguments <- function(data, family, alpha, lambda, extra) c(
  list(x = data$x, y = data$y, family = family, alpha = alpha, lambda = lambda, thresh = THRESH, maxit = MAXIT),
  extra
)

path_case <- function(name, data, family = "gaussian", alpha = 1, lambda, ...) {
  extra <- list(...)
  fit <- do.call(glmnet, arguments(data, family, alpha, lambda, extra))
  stopifnot(fit$jerr == 0, length(fit$lambda) == length(lambda))
  beta <- as.matrix(fit$beta)
  save_case(name, c(described(data, family, alpha, lambda, extra), list(
    intercepts = array1(fit$a0),
    support = lapply(seq_along(lambda), function(k) array1(which(beta[, k] != 0) - 1)),
    coefs = lapply(seq_along(lambda), function(k) array1(beta[beta[, k] != 0, k])),
    deviance_ratio = array1(fit$dev.ratio)
  )))
}

# Folds of unequal sizes, not in the order of the rows.
folds_of <- function(n, count) (seq_len(n) * 7 + (seq_len(n) %/% 11)) %% count + 1

cv_case <- function(name, data, family = "gaussian", alpha = 1, lambda, count, ...) {
  extra <- list(...)
  foldid <- folds_of(nrow(data$x), count)
  measure <- if (family == "gaussian") "mse" else "deviance"
  cv <- do.call(cv.glmnet, c(arguments(data, family, alpha, lambda, extra),
                             list(foldid = foldid, type.measure = measure, keep = TRUE)))
  save_case(name, c(described(data, family, alpha, lambda, extra), list(
    foldid = array1(foldid - 1), cvm = array1(cv$cvm), cvsd = array1(cv$cvsd),
    lambda_min = cv$lambda.min, lambda_1se = cv$lambda.1se,
    largest_eta = if (family == "binomial") max(abs(cv$fit.preval))
  )))
}

weights_of <- function(n) c(1, 0.5, 2, 1, 3)[seq_len(n) %% 5 + 1]

# gaussian: plain, then one convention at a time, then all of them together
n <- nrow(diabetes$x)
grid <- geometric(45, 0.045, 12)
wide_grid <- geometric(4500, 0.45, 12)
offset <- signif(40 * sin(seq_len(n)), 6)
factors <- c(1, 0, 2, 1, 0.5, 1, 1, 3, 0, 1)
path_case("gaussian_lasso", diabetes, lambda = grid)
path_case("gaussian_elastic_net_05", diabetes, alpha = 0.5, lambda = grid)
path_case("gaussian_elastic_net_01", diabetes, alpha = 0.1, lambda = wide_grid)
path_case("gaussian_ridge", diabetes, alpha = 0, lambda = wide_grid)
path_case("gaussian_weights", diabetes, alpha = 0.8, lambda = grid, weights = weights_of(n))
path_case("gaussian_offset", diabetes, alpha = 0.8, lambda = grid, offset = offset)
path_case("gaussian_factors", diabetes, lambda = grid, penalty.factor = factors)
path_case("gaussian_excluded", diabetes, lambda = grid, penalty.factor = replace(factors, c(3, 4), Inf))
path_case("gaussian_factors_ridge", diabetes, alpha = 0, lambda = wide_grid, penalty.factor = factors)
path_case("gaussian_limits", diabetes, lambda = grid, lower.limits = c(-5, -10, 0, 0, -0.1, -1, -0.5, 0, 0, -1),
          upper.limits = c(5, 10, 4, 0.9, 0, 1, Inf, 3, 40, Inf))
path_case("gaussian_nonnegative", diabetes, alpha = 0.5, lambda = grid, lower.limits = 0)
path_case("gaussian_unstandardised", diabetes, alpha = 0.5, lambda = geometric(900, 0.9, 12), standardize = FALSE)
path_case("gaussian_no_intercept", diabetes, lambda = grid, intercept = FALSE)
path_case("gaussian_no_intercept_elastic_net", diabetes, alpha = 0.5, lambda = grid, intercept = FALSE)
path_case("gaussian_no_intercept_unstandardised", diabetes, lambda = geometric(9000, 9, 12), intercept = FALSE,
          standardize = FALSE)
path_case("gaussian_everything", diabetes, alpha = 0.7, lambda = grid, weights = weights_of(n), offset = offset,
          penalty.factor = factors, lower.limits = -20, upper.limits = c(1, 30, 6, 2, 1, 1, 0.5, 5, 60, 1))
path_case("gaussian_concrete_lasso", concrete, lambda = geometric(16, 0.016, 12))
path_case("gaussian_concrete_elastic_net", concrete, alpha = 0.5, lambda = geometric(16, 0.016, 12),
          weights = weights_of(nrow(concrete$x)))
path_case("gaussian_wide_lasso", permeability, lambda = geometric(8, 0.2, 8))
path_case("gaussian_wide_elastic_net", permeability, alpha = 0.5, lambda = geometric(16, 0.4, 8))
path_case("gaussian_wide_ridge", permeability, alpha = 0, lambda = geometric(4000, 40, 5))

# binomial
n <- nrow(cancer$x)
grid <- geometric(0.38, 0.0038, 10)
offset <- signif(sin(seq_len(n)), 6)
factors <- rep(c(1, 0.5, 2, 1, 1, 0, 1, 1, 3, 1), 3)
path_case("binomial_lasso", cancer, "binomial", lambda = grid)
path_case("binomial_elastic_net", cancer, "binomial", alpha = 0.5, lambda = grid)
path_case("binomial_ridge", cancer, "binomial", alpha = 0, lambda = geometric(38, 0.038, 10))
path_case("binomial_weights", cancer, "binomial", alpha = 0.8, lambda = grid, weights = weights_of(n))
path_case("binomial_offset", cancer, "binomial", alpha = 0.8, lambda = grid, offset = offset)
path_case("binomial_factors", cancer, "binomial", lambda = grid, penalty.factor = factors)
path_case("binomial_limits", cancer, "binomial", alpha = 0.5, lambda = grid, lower.limits = -0.1,
          upper.limits = rep(c(0.05, 0.2, 1, Inf, 0), 6))
path_case("binomial_unstandardised", cancer, "binomial", alpha = 0.5, lambda = geometric(200, 0.2, 8),
          standardize = FALSE)
path_case("binomial_no_intercept", sonar, "binomial", alpha = 0.5, lambda = geometric(0.2, 0.004, 8),
          intercept = FALSE)
path_case("binomial_everything", cancer, "binomial", alpha = 0.7, lambda = grid, weights = weights_of(n),
          offset = offset, penalty.factor = factors, lower.limits = -2, upper.limits = 1)
path_case("binomial_sonar_lasso", sonar, "binomial", lambda = geometric(0.2, 0.004, 8))
path_case("binomial_wide_lasso", permeable, "binomial", lambda = geometric(0.22, 0.02, 6))
path_case("binomial_wide_elastic_net", permeable, "binomial", alpha = 0.5, lambda = geometric(0.44, 0.04, 6))

# general families: the target of diabetes is whole and above 0, so it serves as a count and as an amount.
# Their outer loop stops by epsnr, far too early by default. MASS is not needed: its family is written out.
glmnet.control(epsnr = 1e-11)
negative_binomial <- function(theta) {
  link <- make.link("log")
  structure(list(
    family = "negative_binomial", link = "log", linkfun = link$linkfun, linkinv = link$linkinv, mu.eta = link$mu.eta,
    valideta = link$valideta, validmu = function(mu) all(mu > 0), variance = function(mu) mu + mu^2 / theta,
    dev.resids = function(y, mu, wt) 2 * wt * (y * log(pmax(1, y) / mu) - (y + theta) * log((y + theta) / (mu + theta))),
    aic = function(y, n, mu, wt, dev) 0, initialize = expression({ n <- rep(1, nobs); mustart <- y + (y == 0) / 6 })
  ), class = "family")
}
FAMILIES <- list(poisson = poisson(), gamma = Gamma(link = "log"), negative_binomial = negative_binomial(3))

general_case <- function(name, data, family, alpha = 1, lambda, ...) {
  extra <- list(...)
  given <- arguments(data, FAMILIES[[family]], alpha, lambda, extra)
  given$thresh <- 1e-15
  fit <- do.call(glmnet, given)
  stopifnot(fit$jerr == 0, length(fit$lambda) == length(lambda))
  beta <- as.matrix(fit$beta)
  save_case(name, c(described(data, family, alpha, lambda, extra), list(
    intercepts = array1(fit$a0),
    support = lapply(seq_along(lambda), function(k) array1(which(beta[, k] != 0) - 1)),
    coefs = lapply(seq_along(lambda), function(k) array1(beta[beta[, k] != 0, k])),
    deviance_ratio = array1(fit$dev.ratio)
  )))
}

n <- nrow(diabetes$x)
offset <- signif(0.3 * sin(seq_len(n)), 6)
factors <- c(1, 0, 2, 1, 0.5, 1, 1, 3, 0, 1)
top <- c(poisson = 45, gamma = 0.3, negative_binomial = 0.9)
for (family in names(FAMILIES)) {
  grid <- geometric(top[[family]], top[[family]] / 300, 6)
  general_case(paste0(family, "_lasso"), diabetes, family, lambda = grid)
  general_case(paste0(family, "_everything"), diabetes, family, alpha = 0.7, lambda = grid, weights = weights_of(n),
               offset = offset, penalty.factor = factors)  # with limits as well glmnet's step halving gives up
}

# cross-validation with given folds
n <- nrow(diabetes$x)
grid <- geometric(45, 0.045, 25)
cv_case("cv_gaussian_lasso", diabetes, lambda = grid, count = 10)
cv_case("cv_gaussian_weights", diabetes, lambda = grid, count = 5, weights = weights_of(n))
cv_case("cv_gaussian_unstandardised", diabetes, lambda = geometric(900, 0.009, 25), count = 10, standardize = FALSE)
cv_case("cv_gaussian_elastic_net", diabetes, alpha = 0.5, lambda = grid, count = 10)
cv_case("cv_gaussian_ridge", diabetes, alpha = 0, lambda = wide_grid, count = 10)
cv_case("cv_gaussian_concrete", concrete, lambda = geometric(16, 0.016, 25), count = 7)
# Not the lasso: columns that differ on all rows may be equal on the rows of a fold, and then it has no single answer.
cv_case("cv_gaussian_wide", permeability, alpha = 0.5, lambda = geometric(16, 0.4, 15), count = 10)
cv_case("cv_binomial_lasso", sonar, "binomial", lambda = geometric(0.2, 0.01, 20), count = 10)
cv_case("cv_binomial_elastic_net", cancer, "binomial", alpha = 0.5, lambda = geometric(0.7, 0.0007, 20), count = 10)
cv_case("cv_binomial_weights", sonar, "binomial", alpha = 0.5, lambda = geometric(0.4, 0.02, 15), count = 5,
        weights = weights_of(nrow(sonar$x)))

# ---- several linear predictors: classes cut from a target, and targets that are columns -------------------------------

# `cuts` are where the target is cut into classes; `targets` the columns (by name) that join it as targets.
several_of <- function(data, cuts = NULL, targets = NULL) {
  frame <- table_of(data$file)
  if (!is.null(cuts)) return(c(data[c("file", "columns", "x")], list(y = cut(data$y, c(-Inf, cuts, Inf), FALSE), cuts = cuts)))
  kept <- setdiff(colnames(data$x), targets)
  list(file = data$file, columns = match(kept, colnames(frame)) - 1, x = data$x[, kept],
       y = as.matrix(frame[, c(targets, "target")]), targets = targets)
}

several_case <- function(name, data, family, alpha = 1, lambda, ...) {
  extra <- list(...)
  given <- arguments(data, family, alpha, lambda, extra)
  fit <- do.call(glmnet, given)
  stopifnot(fit$jerr == 0, length(fit$lambda) == length(lambda))
  shown <- extra
  if (!is.null(extra$offset)) shown$offset <- NULL
  described <- list(glmnet = as.character(packageVersion("glmnet")), data = data$file, columns = array1(data$columns),
                    family = family, alpha = alpha, lambda = array1(lambda))
  beta <- lapply(fit$beta, as.matrix)
  save_case(name, c(
    described,
    if (!is.null(data$cuts)) list(cuts = array1(data$cuts)) else list(targets = I(data$targets)),
    lapply(shown, function(value) if (length(value) > 1) array1(value) else value),
    list(offset = if (!is.null(extra$offset)) lapply(seq_len(ncol(extra$offset)), function(k) array1(extra$offset[, k])),
         intercepts = lapply(seq_along(lambda), function(k) array1(fit$a0[, k])),
         coefs = lapply(seq_along(lambda), function(l) lapply(beta, function(b) array1(b[, l])) |> unname()),
         deviance_ratio = array1(fit$dev.ratio), nulldev = fit$nulldev)
  ))
}

several_cv <- function(name, data, family, alpha = 1, lambda, count, ...) {
  extra <- list(...)
  foldid <- folds_of(nrow(data$x), count)
  cv <- do.call(cv.glmnet, c(arguments(data, family, alpha, lambda, extra), list(foldid = foldid)))
  save_case(name, c(
    list(glmnet = as.character(packageVersion("glmnet")), data = data$file, columns = array1(data$columns),
         family = family, alpha = alpha, lambda = array1(lambda)),
    if (!is.null(data$cuts)) list(cuts = array1(data$cuts)) else list(targets = I(data$targets)),
    extra,
    list(foldid = array1(foldid - 1), cvm = array1(cv$cvm), cvsd = array1(cv$cvsd), lambda_min = cv$lambda.min,
         lambda_1se = cv$lambda.1se)
  ))
}

severity <- several_of(diabetes, cuts = c(80, 130, 200))
blocking <- several_of(permeability, cuts = c(1, 10))
measured <- several_of(diabetes, targets = c("bmi", "bp"))
chemistry <- list(file = "permeability.csv.gz", columns = permeability$columns[-(1:2)], x = permeability$x[, -(1:2)],
                  y = cbind(20 * permeability$x[, 1:2], permeability$y), targets = colnames(permeability$x)[1:2])
n <- nrow(severity$x)
offset <- signif(outer(seq_len(n), 1:4, function(i, k) 0.5 * sin(i * k)), 6)
factors <- c(1, 0.5, 2, 1, 0.5, 1, 1, 3, 0, 1)
grid <- geometric(0.2, 0.001, 8)
several_case("multinomial_lasso", severity, "multinomial", lambda = grid)
several_case("multinomial_elastic_net", severity, "multinomial", alpha = 0.5, lambda = grid)
several_case("multinomial_ridge", severity, "multinomial", alpha = 0, lambda = geometric(20, 0.02, 8))
several_case("multinomial_weights", severity, "multinomial", alpha = 0.8, lambda = grid, weights = weights_of(n))
several_case("multinomial_offset", severity, "multinomial", alpha = 0.8, lambda = grid, offset = offset)
several_case("multinomial_factors", severity, "multinomial", lambda = grid, penalty.factor = replace(factors, 4, Inf))
several_case("multinomial_limits", severity, "multinomial", alpha = 0.5, lambda = grid, lower.limits = -0.02,
             upper.limits = c(0.01, 0.2, 1, Inf, 0, 0.1, 0.01, 1, 1, 1))
several_case("multinomial_no_intercept", severity, "multinomial", lambda = grid, intercept = FALSE)
several_case("multinomial_unstandardised", severity, "multinomial", lambda = geometric(3, 0.01, 8), standardize = FALSE)
several_case("multinomial_wide", blocking, "multinomial", lambda = geometric(0.2, 0.02, 6))
several_case("multinomial_grouped", severity, "multinomial", lambda = grid, type.multinomial = "grouped")
several_case("multinomial_grouped_everything", severity, "multinomial", alpha = 0.6, lambda = grid,
             type.multinomial = "grouped", weights = weights_of(n), offset = offset, penalty.factor = factors)
several_case("multinomial_grouped_wide", blocking, "multinomial", lambda = geometric(0.2, 0.02, 6),
             type.multinomial = "grouped")
grid <- geometric(30, 0.03, 8)
several_case("mgaussian_lasso", measured, "mgaussian", lambda = grid)
several_case("mgaussian_elastic_net", measured, "mgaussian", alpha = 0.5, lambda = grid)
several_case("mgaussian_everything", measured, "mgaussian", alpha = 0.7, lambda = grid, weights = weights_of(n),
             offset = 20 * offset[, 1:3], penalty.factor = factors[-(1:2)])
several_case("mgaussian_no_intercept", measured, "mgaussian", lambda = grid, intercept = FALSE)
several_case("mgaussian_unstandardised", measured, "mgaussian", lambda = geometric(300, 0.3, 8), standardize = FALSE)
several_case("mgaussian_wide", chemistry, "mgaussian", lambda = geometric(8, 0.2, 6))
several_cv("several_cv_multinomial", severity, "multinomial", lambda = geometric(0.2, 0.001, 20), count = 6)
several_cv("several_cv_grouped", severity, "multinomial", lambda = geometric(0.2, 0.008, 12), count = 4,
           type.multinomial = "grouped")
several_cv("several_cv_mgaussian", measured, "mgaussian", lambda = geometric(30, 0.03, 20), count = 6)
