# Relaxed fits of Cox, several targets and several classes by R's glmnet, as fixtures for test_glmnet_families_relax.py.
# Sourced by make_dialect_fixtures.R after fixtures_families.R, whose data it uses. R refits whole columns: one that any
# class has is free for all of them.

folder <- OUT
OUT <- file.path(folder, "families_relax")
dir.create(OUT, showWarnings = FALSE)

relax_family_case <- function(name, data, ..., thresh = 1e-20) {
  extra <- list(...)
  ask <- list(x = data$x, y = data$y, thresh = thresh, maxit = 1e8, relax = TRUE)
  fit <- suppressWarnings(do.call(glmnet, c(ask, extra)))
  stopifnot(fit$jerr == 0)
  relaxed <- fit$relaxed
  s <- c(sqrt(fit$lambda[2] * fit$lambda[3]), fit$lambda[round(length(fit$lambda) / 2)])
  save_case(name, c(asked(data, extra), list(
    lambda = array1(fit$lambda), relaxed_lambda = array1(relaxed$lambda), relaxed_dev_ratio = array1(relaxed$dev.ratio),
    relaxed_df = array1(relaxed$df), a0 = array1(relaxed$a0), beta = matrices(relaxed$beta), s = array1(s),
    coef_0 = matrices(coef(fit, s = s, gamma = 0)), coef_half = matrices(coef(fit, s = s, gamma = 0.5)))))
}

relax_family_cv_case <- function(name, data, count, ..., thresh = 1e-20) {
  extra <- list(...)
  foldid <- folds_of(n, count)
  ask <- list(x = data$x, y = data$y, thresh = thresh, maxit = 1e8, foldid = foldid, relax = TRUE, gamma = c(0, 0.5, 1))
  cv <- suppressWarnings(do.call(cv.glmnet, c(ask, extra)))
  relaxed <- cv$relaxed
  save_case(name, c(asked(data, extra), list(
    foldid = array1(foldid), lambda = array1(cv$lambda), gamma = array1(relaxed$gamma),
    relaxed_cvm = lapply(relaxed$statlist, function(one) array1(one$cvm)) |> unname(),
    relaxed_cvsd = lapply(relaxed$statlist, function(one) array1(one$cvsd)) |> unname(),
    relaxed_lambda_min = relaxed$lambda.min, relaxed_lambda_1se = relaxed$lambda.1se,
    gamma_min = relaxed$gamma.min, gamma_1se = relaxed$gamma.1se)))
}

relax_family_case("relax_cox", survived, family = "cox", nlambda = 20)
relax_family_case("relax_cox_everything", survived, family = "cox", alpha = 0.7, nlambda = 15, weights = weights,
                  offset = offset, penalty.factor = factors, lower.limits = -0.5, upper.limits = 0.4, exclude = c(5, 6))
relax_family_case("relax_mgaussian", targets, family = "mgaussian", nlambda = 20)
relax_family_case("relax_mgaussian_everything", targets, family = "mgaussian", alpha = 0.7, nlambda = 15,
                  weights = weights, offset = 20 * offsets, penalty.factor = factors, exclude = c(5, 6),
                  standardize.response = TRUE)
relax_family_case("relax_multinomial", classes, thresh = 1e-14, family = "multinomial", nlambda = 12,
                  lambda.min.ratio = 0.05)
relax_family_case("relax_multinomial_everything", classes, thresh = 1e-14, family = "multinomial", alpha = 0.7,
                  nlambda = 10, lambda.min.ratio = 0.1, weights = weights, offset = offsets,
                  penalty.factor = replace(factors, c(2, 9), 1), exclude = c(5, 6))
relax_family_case("relax_multinomial_grouped", classes, thresh = 1e-14, family = "multinomial", nlambda = 12,
                  lambda.min.ratio = 0.05, type.multinomial = "grouped")
relax_family_cv_case("cv_relax_cox", survived, 5, family = "cox", nlambda = 12, lambda.min.ratio = 0.02)
relax_family_cv_case("cv_relax_mgaussian", targets, 5, family = "mgaussian", nlambda = 15)
relax_family_cv_case("cv_relax_multinomial", classes, 4, thresh = 1e-13, family = "multinomial", nlambda = 8,
                     lambda.min.ratio = 0.1)
OUT <- folder
