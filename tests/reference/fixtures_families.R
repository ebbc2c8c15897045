# Cox, several targets and several classes by R's glmnet with its own lambda sequences, as fixtures for
# test_glmnet_families.py. Sourced by make_dialect_fixtures.R, whose functions and data it uses; times, events, targets
# and classes are made by formulas and written beside the answers.

folder <- OUT
OUT <- file.path(folder, "families")
dir.create(OUT, showWarnings = FALSE)

n <- nrow(diabetes$x)
i <- seq_len(n)
weights <- c(1, 0.5, 2, 1, 3)[i %% 5 + 1]
offset <- signif(0.3 * sin(i), 6)
offsets <- signif(outer(i, 1:3, function(i, k) 0.4 * sin(i * k)), 6)
factors <- c(1, 0, 2, 1, 0.5, 1, 1, 3, 0, 1)

time <- round(diabetes$y / 5) + 1
event <- as.numeric((i * 7 + i %/% 13) %% 10 < 6)
survived <- diabetes
survived$y <- survival::Surv(time, event)
survived$shown <- list(time = array1(time), event = array1(event))
classes <- diabetes
classes$y <- findInterval(diabetes$y, c(100, 180), left.open = TRUE)
classes$shown <- list(target = array1(classes$y))
counted <- diabetes
counted$y <- outer(i, 1:3, function(i, k) (i * (k + 3) + i %/% 7) %% 5) + 1 * outer(classes$y, 0:2, "==")
counted$shown <- list(target = lapply(1:3, function(k) array1(counted$y[, k])))
targets <- diabetes
targets$y <- cbind(diabetes$y, 5 * diabetes$x[, 3] + (i * 7) %% 11, (diabetes$y * (i %% 3)) / 10 + diabetes$x[, 4])
targets$shown <- list(target = lapply(1:3, function(k) array1(targets$y[, k])))

matrices <- function(list_of) lapply(if (is.list(list_of)) unname(list_of) else list(list_of),
                                     function(m) array1(as.matrix(m)))
shown <- function(value) if (is.matrix(value)) lapply(seq_len(ncol(value)), function(k) array1(value[, k]))  else
                         if (length(value) > 1) array1(value) else value

asked <- function(data, extra) c(
  list(glmnet = as.character(packageVersion("glmnet")), data = data$file), data$shown,
  list(arguments = lapply(extra, shown)))

family_case <- function(name, data, ..., thresh = 1e-20) {
  extra <- list(...)
  fit <- suppressWarnings(do.call(glmnet, c(list(x = data$x, y = data$y, thresh = thresh, maxit = 1e8), extra)))
  stopifnot(fit$jerr == 0)
  count <- length(fit$lambda)
  s <- c(fit$lambda[1] * 2, sqrt(fit$lambda[2] * fit$lambda[3]), fit$lambda[round(count / 2)])
  rows <- seq(1, n, length.out = 5)
  newoffset <- if (is.matrix(extra$offset)) extra$offset[rows, ] else extra$offset[rows]
  at <- function(type) array1(predict(fit, data$x[rows, ], s = s, type = type, newoffset = newoffset))
  save_case(name, c(asked(data, extra), list(
    lambda = array1(fit$lambda), dev_ratio = array1(fit$dev.ratio), nulldev = fit$nulldev, df = array1(fit$df),
    a0 = array1(fit$a0), beta = matrices(fit$beta), s = array1(s), rows = array1(rows - 1), coef = matrices(coef(fit, s = s)),
    link = at("link"), response = at("response"),
    class = if (inherits(fit, "multnet")) array1(as.numeric(at("class"))))))
}

family_cv_case <- function(name, data, count, ..., thresh = 1e-20) {
  extra <- list(...)
  foldid <- folds_of(n, count)
  ask <- list(x = data$x, y = data$y, thresh = thresh, maxit = 1e8, foldid = foldid, keep = TRUE)
  cv <- suppressWarnings(do.call(cv.glmnet, c(ask, extra)))
  save_case(name, c(asked(data, extra), list(
    foldid = array1(foldid), lambda = array1(cv$lambda), cvm = array1(cv$cvm), cvsd = array1(cv$cvsd),
    nzero = array1(cv$nzero), lambda_min = cv$lambda.min, lambda_1se = cv$lambda.1se, index = array1(cv$index),
    name = as.character(cv$name), coef = matrices(coef(cv)))))
}

family_case("cox_lasso", survived, family = "cox", nlambda = 40)
family_case("cox_elastic_net", survived, family = "cox", alpha = 0.5, nlambda = 30, weights = weights)
family_case("cox_ridge", survived, family = "cox", alpha = 0, nlambda = 20)
family_case("cox_unstandardised", survived, family = "cox", alpha = 0.5, nlambda = 20, standardize = FALSE)
family_case("cox_everything", survived, family = "cox", alpha = 0.7, nlambda = 30, weights = weights, offset = offset,
            penalty.factor = factors, lower.limits = -0.5, upper.limits = 0.4, exclude = c(5, 6))
family_cv_case("cv_cox", survived, 6, family = "cox", nlambda = 30)
family_cv_case("cv_cox_weights", survived, 6, family = "cox", alpha = 0.5, nlambda = 20, weights = weights, offset = offset)
family_cv_case("cv_cox_ungrouped", survived, 5, family = "cox", nlambda = 20, grouped = FALSE)
family_cv_case("cv_cox_C", survived, 6, family = "cox", nlambda = 20, type.measure = "C", weights = weights,
               offset = offset)
family_cv_case("cv_cox_given", survived, 5, family = "cox", lambda = c(0.3, 0.1, 0.03, 0.01))

family_case("mgaussian_lasso", targets, family = "mgaussian", nlambda = 40)
family_case("mgaussian_elastic_net", targets, family = "mgaussian", alpha = 0.5, nlambda = 30, weights = weights)
family_case("mgaussian_ridge", targets, family = "mgaussian", alpha = 0, nlambda = 20)
family_case("mgaussian_no_intercept", targets, family = "mgaussian", nlambda = 30, intercept = FALSE)
family_case("mgaussian_unstandardised", targets, family = "mgaussian", alpha = 0.5, nlambda = 20, standardize = FALSE)
family_case("mgaussian_response", targets, family = "mgaussian", alpha = 0.5, nlambda = 30, weights = weights,
            standardize.response = TRUE)
family_case("mgaussian_response_no_intercept", targets, family = "mgaussian", nlambda = 20, intercept = FALSE,
            standardize.response = TRUE)
family_case("mgaussian_everything", targets, family = "mgaussian", alpha = 0.7, nlambda = 30, weights = weights,
            offset = 20 * offsets, penalty.factor = factors, exclude = c(5, 6), standardize.response = TRUE)
for (measure in c("mse", "mae")) {
  family_cv_case(paste0("cv_mgaussian_", measure), targets, 6, family = "mgaussian", nlambda = 30, weights = weights,
                 offset = 20 * offsets, type.measure = measure)
}
family_cv_case("cv_mgaussian_response", targets, 5, family = "mgaussian", lambda = c(0.5, 0.2, 0.1, 0.03), alpha = 0.5,
               standardize.response = TRUE)
family_cv_case("cv_mgaussian_given", targets, 5, family = "mgaussian", lambda = c(30, 10, 3, 1, 0.3))

family_case("multinomial_lasso", classes, family = "multinomial", nlambda = 25, lambda.min.ratio = 0.01)
family_case("multinomial_elastic_net", classes, family = "multinomial", alpha = 0.5, nlambda = 20, weights = weights)
family_case("multinomial_ridge", classes, family = "multinomial", alpha = 0, nlambda = 15)
family_case("multinomial_no_intercept", classes, family = "multinomial", alpha = 0.5, nlambda = 15,
            lambda.min.ratio = 0.01, intercept = FALSE)
family_case("multinomial_counts", counted, family = "multinomial", alpha = 0.5, nlambda = 20)
family_case("multinomial_everything", classes, thresh = 1e-13, family = "multinomial", alpha = 0.7, nlambda = 15, lambda.min.ratio = 0.02,
            weights = weights, offset = offsets, penalty.factor = replace(factors, c(2, 9), 1), exclude = c(5, 6))
family_case("multinomial_grouped", classes, thresh = 1e-20, family = "multinomial", nlambda = 20, lambda.min.ratio = 0.01,
            type.multinomial = "grouped")
family_case("multinomial_grouped_everything", classes, thresh = 1e-17, family = "multinomial", alpha = 0.6, nlambda = 20, lambda.min.ratio = 0.01,
            weights = weights, offset = offsets, penalty.factor = replace(factors, c(2, 9), 1),
            type.multinomial = "grouped")
for (measure in c("deviance", "class", "mse", "mae")) {
  family_cv_case(paste0("cv_multinomial_", measure), classes, 5, thresh = 1e-13, family = "multinomial", alpha = 0.5, nlambda = 15,
                 lambda.min.ratio = 0.01, weights = weights, offset = offsets, type.measure = measure)
}
family_cv_case("cv_multinomial_grouped", classes, 5, thresh = 1e-17, family = "multinomial", nlambda = 12, lambda.min.ratio = 0.02,
               type.multinomial = "grouped")
OUT <- folder
