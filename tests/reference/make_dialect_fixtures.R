# What R's glmnet and cv.glmnet say with their own lambda sequences, as fixtures for test_glmnet_dialect.py.
#
#     Rscript tests/reference/make_dialect_fixtures.R        (from the root of the repository; needs the package glmnet)
#
# Only the tolerance is sharpened: sequences, early ends of paths, folds and interpolation are R's defaults.

suppressPackageStartupMessages(library(glmnet))
glmnet.control(mxitnr = 1000)
THRESH <- 1e-20
MAXIT <- 1e8

source("tests/reference/fixture_json.R")
# The functions of make_fixtures.R (data, folds, weights), without running its cases.
for (line in parse("tests/reference/make_fixtures.R")) {
  is_function <- is.call(line) && identical(line[[1]], as.name("<-")) && is.call(line[[3]]) &&
    identical(line[[3]][[1]], as.name("function"))
  if (is_function) eval(line)
}
OUT <- c(commandArgs(trailingOnly = TRUE), "tests/reference/dialect_fixtures")[1]
dir.create(OUT, showWarnings = FALSE)

diabetes <- data_of("diabetes.csv")
permeability <- data_of("permeability.csv.gz")
cancer <- data_of("breast_cancer.csv.gz", "2")
sonar <- data_of("sonar.csv.gz", "Mine")

sparse_columns <- function(m) {
  m <- as.matrix(m)
  list(support = lapply(seq_len(ncol(m)), function(k) array1(which(m[, k] != 0) - 1)),
       values = lapply(seq_len(ncol(m)), function(k) array1(m[m[, k] != 0, k])))
}

described_call <- function(data, extra) c(
  list(glmnet = as.character(packageVersion("glmnet")), data = data$file, positive = data$positive,
       columns = if (data$file == "permeability.csv.gz") array1(data$columns), first_rows = data$rows),
  list(arguments = lapply(extra, function(value) if (length(value) > 1) array1(value) else value))
)

called <- function(fun, data, extra) {
  fixed <- list(x = data$x, y = data$y, thresh = THRESH, maxit = MAXIT)
  suppressWarnings(do.call(fun, c(fixed, extra)))
}

path_case <- function(name, data, ...) {
  extra <- list(...)
  fit <- called(glmnet, data, extra)
  stopifnot(fit$jerr == 0)
  lambda <- fit$lambda
  count <- length(lambda)
  between <- c(lambda[1] * 2, sqrt(lambda[2] * lambda[3]), 0.3 * lambda[count - 1] + 0.7 * lambda[count], lambda[count] / 2)
  rows <- seq(1, nrow(data$x), length.out = 5)
  offset <- if (is.null(extra$offset)) NULL else extra$offset[rows]
  predicted <- function(type) array1(predict(fit, data$x[rows, ], s = between, type = type, newoffset = offset))
  save_case(name, c(described_call(data, extra), list(
    lambda = array1(lambda), a0 = array1(fit$a0), dev_ratio = array1(fit$dev.ratio), nulldev = fit$nulldev,
    df = array1(fit$df)), sparse_columns(fit$beta), list(
    s = array1(between), rows = array1(rows - 1), coef = array1(as.matrix(coef(fit, s = between))),
    link = predicted("link"), response = predicted("response"),
    class = if (identical(extra$family, "binomial")) array1(as.numeric(predict(fit, data$x[rows, ], s = between,
                                                            type = "class", newoffset = offset)))
  )))
}

cv_path_case <- function(name, data, count, ...) {
  extra <- list(...)
  foldid <- folds_of(nrow(data$x), count)
  cv <- called(cv.glmnet, data, c(extra, list(foldid = foldid, keep = TRUE)))
  save_case(name, c(described_call(data, extra), list(
    foldid = array1(foldid), lambda = array1(cv$lambda), cvm = array1(cv$cvm), cvsd = array1(cv$cvsd),
    cvup = array1(cv$cvup), cvlo = array1(cv$cvlo), nzero = array1(cv$nzero),
    lambda_min = cv$lambda.min, lambda_1se = cv$lambda.1se, index = array1(cv$index), name = as.character(cv$name),
    coef_1se = array1(as.matrix(coef(cv))), preval_last = array1(cv$fit.preval[, length(cv$lambda)])
  )))
}

n <- nrow(diabetes$x)
offset <- signif(40 * sin(seq_len(n)), 6)
factors <- c(1, 0, 2, 1, 0.5, 1, 1, 3, 0, 1)
path_case("gaussian_lasso", diabetes)
path_case("gaussian_elastic_net", diabetes, alpha = 0.5, nlambda = 40)
path_case("gaussian_ridge", diabetes, alpha = 0, nlambda = 30)
path_case("gaussian_small_alpha", diabetes, alpha = 0.0005, nlambda = 30)
path_case("gaussian_weights", diabetes, alpha = 0.8, nlambda = 40, weights = weights_of(n))
path_case("gaussian_offset", diabetes, nlambda = 40, offset = offset)
path_case("gaussian_factors", diabetes, nlambda = 40, penalty.factor = factors)
path_case("gaussian_exclude", diabetes, alpha = 0.6, nlambda = 40, penalty.factor = replace(factors, 3, Inf),
          exclude = c(4, 7))
path_case("gaussian_limits", diabetes, nlambda = 40, lower.limits = 0, upper.limits = c(5, 10, 4, 0.9, 0, 1, Inf, 3, 40, Inf))
path_case("gaussian_unstandardised", diabetes, alpha = 0.5, nlambda = 40, standardize = FALSE)
path_case("gaussian_no_intercept", diabetes, alpha = 0.5, nlambda = 40, intercept = FALSE)
path_case("gaussian_short", diabetes, nlambda = 20, lambda.min.ratio = 0.1)
path_case("gaussian_dfmax", diabetes, nlambda = 40, dfmax = 4)
path_case("gaussian_given", diabetes, alpha = 0.3, lambda = c(1, 30, 0.1, 0, 7))
path_case("gaussian_wide", permeability, alpha = 0.5, nlambda = 12)
path_case("gaussian_everything", diabetes, alpha = 0.7, nlambda = 40, weights = weights_of(n), offset = offset,
          penalty.factor = factors, lower.limits = -20, upper.limits = c(1, 30, 6, 2, 1, 1, 0.5, 5, 60, 1))

n <- nrow(cancer$x)
offset <- signif(sin(seq_len(n)), 6)
factors <- rep(c(1, 0.5, 2, 1, 1, 0, 1, 1, 3, 1), 3)
path_case("binomial_lasso", cancer, family = "binomial", nlambda = 40)
path_case("binomial_elastic_net", sonar, family = "binomial", alpha = 0.5, nlambda = 25)
path_case("binomial_ridge", cancer, family = "binomial", alpha = 0, nlambda = 30)
path_case("binomial_unstandardised", cancer, family = "binomial", alpha = 0.5, nlambda = 30, standardize = FALSE)
path_case("binomial_no_intercept", sonar, family = "binomial", alpha = 0.5, nlambda = 20, intercept = FALSE)
path_case("binomial_everything", cancer, family = "binomial", alpha = 0.7, nlambda = 30, weights = weights_of(n),
          offset = offset, penalty.factor = factors, lower.limits = -2, upper.limits = 1, exclude = c(2, 5))

n <- nrow(diabetes$x)
cv_path_case("cv_gaussian_lasso", diabetes, 10)
cv_path_case("cv_gaussian_elastic_net", diabetes, 7, alpha = 0.5, nlambda = 50, weights = weights_of(n))
cv_path_case("cv_gaussian_offset", diabetes, 5, nlambda = 50, offset = signif(40 * sin(seq_len(n)), 6), type.measure = "mae")
cv_path_case("cv_gaussian_given", diabetes, 5, alpha = 0.5, lambda = c(30, 10, 3, 1, 0.3))
cv_path_case("cv_gaussian_ungrouped", diabetes, 10, nlambda = 30, grouped = FALSE)
cv_path_case("cv_gaussian_fraction", diabetes, 5, nlambda = 30, alignment = "fraction")
for (measure in c("deviance", "class", "auc", "mse", "mae")) {
  cv_path_case(paste0("cv_binomial_", measure), sonar, 8, family = "binomial", alpha = 0.5, nlambda = 15,
               lambda.min.ratio = 0.02, type.measure = measure, weights = weights_of(nrow(sonar$x)))
}
cv_path_case("cv_binomial_given", cancer, 5, family = "binomial", lambda = c(0.3, 0.1, 0.03, 0.01))
source("tests/reference/fixtures_poisson_relax.R")
source("tests/reference/fixtures_families.R")
source("tests/reference/fixtures_families_relax.R")
