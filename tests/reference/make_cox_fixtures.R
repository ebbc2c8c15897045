# Fits of Cox models by R's glmnet and survival, as fixtures for test_cox.py.
#
#     Rscript tests/reference/make_cox_fixtures.R        (from the root of the repository; needs glmnet and survival)
#
# Columns come from examples/data; times, events, starts and strata are made by formulas and written beside the answers.

suppressPackageStartupMessages({ library(glmnet); library(survival) })
glmnet.control(fdev = 0, devmax = 1 - 1e-12, mxitnr = 400, epsnr = 1e-13)
OUT <- c(commandArgs(trailingOnly = TRUE), "tests/reference/cox_fixtures")[1]
dir.create(OUT, showWarnings = FALSE)
source("tests/reference/fixture_json.R")

table_of <- function(file) {
  path <- file.path("examples/data", file)
  frame <- read.csv(if (endsWith(file, ".gz")) gzfile(path) else path, na.strings = "", check.names = FALSE)
  list(file = file, x = as.matrix(frame[, names(frame) != "target"]), target = frame$target)
}

diabetes <- table_of("diabetes.csv")
n <- nrow(diabetes$x)
i <- seq_len(n)
# The target is whole and above 0, with ties: a time. Three in five rows have an event.
diabetes$time <- round(diabetes$target / 5) + 1
diabetes$event <- as.numeric((i * 7 + i %/% 13) %% 10 < 6)
diabetes$start <- floor(diabetes$time * ((i * 11) %% 17) / 20)
diabetes$strata <- (i * 5 + i %/% 9) %% 3

# R's own loop, which takes starts and strata, models the loss by the diagonal of its Hessian, which knows nothing of the
# invariance to shifts: with columns far from 0 it does not get anywhere. So they are centred and scaled.
centred <- diabetes
centred$x <- signif(scale(diabetes$x), 8)
centred$scaled <- TRUE

sonar <- table_of("sonar.csv.gz")
m <- nrow(sonar$x)
k <- seq_len(m)
sonar$x <- sonar$x[, seq_len(60)]
storage.mode(sonar$x) <- "double"
sonar$time <- signif(exp(2 * sonar$x[, 11] - sonar$x[, 36]) * (1 + (k * 37) %% 101), 6)
sonar$event <- as.numeric((k * 3) %% 7 < 5)

described <- function(data, extra) c(
  list(data = data$file, rows = length(data$time), scaled = isTRUE(data$scaled), time = array1(data$time), event = array1(data$event)), extra)

# ---- glmnet ---------------------------------------------------------------------------------------------------------

response <- function(data, form) {
  y <- if (grepl("start", form)) Surv(data$start, data$time, data$event) else Surv(data$time, data$event)
  if (grepl("strata", form)) stratifySurv(y, data$strata) else y
}

fields <- function(data, form) c(
  if (grepl("start", form)) list(start = array1(data$start)),
  if (grepl("strata", form)) list(strata = array1(data$strata)))

path_case <- function(name, data, form = "plain", alpha = 1, count = 8, ratio = 0.01, ...) {
  extra <- list(...)
  y <- response(data, form)
  # Fortran for plain data, R's own loop (whose outer loop stops by epsnr) for the rest.
  thresh <- if (form == "plain") 1e-20 else 1e-14
  ask <- c(list(x = data$x, y = y, family = "cox", alpha = alpha, thresh = thresh, maxit = 1e8), extra)
  top <- do.call(glmnet, c(ask, list(nlambda = 3)))$lambda[1]
  lambda <- signif(exp(seq(log(top * 1.01), log(top * ratio), length.out = count)), 5)
  fit <- do.call(glmnet, c(ask, list(lambda = lambda)))
  stopifnot(fit$jerr == 0, length(fit$lambda) == count)
  beta <- as.matrix(fit$beta)
  save_case(name, c(described(data, fields(data, form)), list(alpha = alpha, lambda = array1(lambda)),
    lapply(extra, function(value) if (length(value) > 1) array1(value) else value),
    list(coefs = lapply(seq_len(count), function(j) array1(beta[, j])), deviance_ratio = array1(fit$dev.ratio),
         null_deviance = fit$nulldev)))
}

weights <- c(1, 0.5, 2, 1, 3)[i %% 5 + 1]
offset <- signif(0.3 * sin(i), 6)
factors <- c(1, 0, 2, 1, 0.5, 1, 1, 3, 0, 1)
path_case("lasso", diabetes)
path_case("elastic_net", diabetes, alpha = 0.5)
path_case("ridge", diabetes, alpha = 0)
path_case("weights", diabetes, alpha = 0.8, weights = weights)
path_case("offset", diabetes, alpha = 0.8, offset = offset)
path_case("factors", diabetes, penalty.factor = factors)
path_case("excluded", diabetes, penalty.factor = replace(rep(1, 10), 3:4, Inf))
path_case("limits", diabetes, alpha = 0.5, lower.limits = -0.2, upper.limits = 0.3)
path_case("unstandardised", diabetes, alpha = 0.5, standardize = FALSE)
path_case("everything", diabetes, alpha = 0.7, weights = weights, offset = offset, penalty.factor = factors,
          lower.limits = -0.5, upper.limits = 0.4)
path_case("sonar", sonar, count = 6, ratio = 0.05)
path_case("sonar_elastic_net", sonar, alpha = 0.3, count = 6, ratio = 0.05)
path_case("strata", centred, "strata", count = 6, ratio = 0.03)
path_case("strata_weights", centred, "strata", alpha = 0.6, count = 6, ratio = 0.03, weights = weights,
          offset = offset)
path_case("start", centred, "start", count = 6, ratio = 0.03)
path_case("start_weights", centred, "start", alpha = 0.6, count = 6, ratio = 0.03, weights = weights,
          penalty.factor = c(1, 2, 1, 1, 0.5, 1, 1, 3, 1, 1))
path_case("start_strata", centred, "start_strata", alpha = 0.9, count = 6, ratio = 0.03)

# ---- cross-validation with given folds ------------------------------------------------------------------------------

cv_case <- function(name, data, folds, alpha = 1, form = "plain", grouped = TRUE, measure = "deviance") {
  y <- response(data, form)
  ask <- list(x = data$x, y = y, family = "cox", alpha = alpha, thresh = if (form == "plain") 1e-20 else 1e-15,
              maxit = 1e8)
  top <- do.call(glmnet, c(ask, list(nlambda = 3)))$lambda[1]
  lambda <- signif(exp(seq(log(top), log(top * 0.01), length.out = 15)), 5)
  foldid <- (seq_along(data$time) * 7 + (seq_along(data$time) %/% 11)) %% folds + 1
  cv <- do.call(cv.glmnet, c(ask, list(lambda = lambda, foldid = foldid, grouped = grouped, type.measure = measure)))
  save_case(name, c(described(data, fields(data, form)), list(alpha = alpha, lambda = array1(lambda),
    foldid = array1(foldid - 1), grouped = grouped, measure = measure, cvm = array1(cv$cvm), cvsd = array1(cv$cvsd),
    lambda_min = cv$lambda.min, lambda_1se = cv$lambda.1se)))
}

cv_case("cv_lasso", diabetes, 10)
cv_case("cv_basic", diabetes, 5, grouped = FALSE)
cv_case("cv_elastic_net", sonar, 5, alpha = 0.5)
cv_case("cv_concordance", diabetes, 5, measure = "C")

# ---- survival: no penalty, both ways with ties; baseline curves; concordance ----------------------------------------

fit_case <- function(name, data, form, ties, weighted = FALSE) {
  frame <- data.frame(data$x)
  columns <- paste(names(frame), collapse = " + ")
  frame$y <- if (grepl("start", form)) Surv(data$start, data$time, data$event) else Surv(data$time, data$event)
  frame$group <- data$strata
  frame$w <- if (weighted) weights else rep(1, n)
  frame$o <- if (weighted) offset else rep(0, n)
  right <- paste(columns, "+ offset(o)", if (grepl("strata", form)) "+ strata(group)" else "")
  fit <- coxph(as.formula(paste("y ~", right)), data = frame, weights = w, ties = ties,
               control = coxph.control(eps = 1e-15, iter.max = 100, toler.chol = 1e-15))
  rows <- c(1, 100, 300)
  curve <- survfit(fit, newdata = frame[rows, ])
  lp <- as.vector(as.matrix(data$x) %*% coef(fit)) + frame$o
  tied <- round(lp * 2) / 2
  agree <- function(score) {
    rhs <- if (grepl("strata", form)) y ~ score + strata(group) else y ~ score
    environment(rhs) <- environment()
    concordance(rhs, data = frame, weights = w, reverse = TRUE)$concordance
  }
  curves <- lapply(seq_along(rows), function(r) {
    one <- if (grepl("strata", form)) survfit(fit, newdata = frame[rows[r], ]) else NULL
    if (is.null(one)) list(time = array1(curve$time), cumhaz = array1(curve$cumhaz[, r]))
    else list(time = array1(one$time), cumhaz = array1(as.vector(one$cumhaz)))
  })
  save_case(name, c(described(data, fields(data, form)), list(ties = ties, shown = array1(rows - 1)),
    if (weighted) list(weights = array1(weights), offset = array1(offset)),
    list(coefs = array1(coef(fit)), loglik = array1(fit$loglik), curves = curves,
         concordance = agree(lp), tied_concordance = agree(tied))))
}

for (ties in c("breslow", "efron")) {
  fit_case(paste0("coxph_", ties), diabetes, "plain", ties)
  fit_case(paste0("coxph_weights_", ties), diabetes, "plain", ties, weighted = TRUE)
  fit_case(paste0("coxph_strata_", ties), diabetes, "strata", ties)
  fit_case(paste0("coxph_start_", ties), diabetes, "start", ties, weighted = TRUE)
  fit_case(paste0("coxph_start_strata_", ties), diabetes, "start_strata", ties)
}
