# Poisson paths and relaxed fits by R's glmnet, as fixtures for test_glmnet_dialect.py and test_glmnet_relaxed.py.
# Sourced by make_dialect_fixtures.R, whose functions and data it uses. R's glmnet ignores penalties in the refits, but
# keeps limits, standardisation, weights and offset; it leaves out supports of more than n - 3 columns.

# ---- poisson --------------------------------------------------------------------------------------------------------

n <- nrow(diabetes$x)
offset <- signif(0.3 * sin(seq_len(n)), 6)
factors <- c(1, 0, 2, 1, 0.5, 1, 1, 3, 0, 1)
path_case("poisson_lasso", diabetes, family = "poisson", nlambda = 40)
path_case("poisson_elastic_net", diabetes, family = "poisson", alpha = 0.5, nlambda = 30, weights = weights_of(n))
path_case("poisson_ridge", diabetes, family = "poisson", alpha = 0, nlambda = 20)
path_case("poisson_no_intercept", diabetes, family = "poisson", nlambda = 20, intercept = FALSE)
path_case("poisson_unstandardised", diabetes, family = "poisson", alpha = 0.5, nlambda = 20, standardize = FALSE)
path_case("poisson_everything", diabetes, family = "poisson", alpha = 0.7, nlambda = 30, weights = weights_of(n),
          offset = offset, penalty.factor = factors, lower.limits = -0.05, upper.limits = 0.2, exclude = c(5, 6))
for (measure in c("deviance", "mse", "mae")) {
  cv_path_case(paste0("cv_poisson_", measure), diabetes, 6, family = "poisson", nlambda = 30, type.measure = measure,
               weights = weights_of(n), offset = offset)
}
cv_path_case("cv_poisson_given", diabetes, 5, family = "poisson", alpha = 0.5, lambda = c(30, 10, 3, 1, 0.3))

# ---- relaxed --------------------------------------------------------------------------------------------------------

relax_case <- function(name, data, ...) {
  extra <- list(...)
  fit <- called(glmnet, data, c(extra, list(relax = TRUE)))
  stopifnot(fit$jerr == 0)
  lambda <- fit$lambda
  s <- c(sqrt(lambda[2] * lambda[3]), lambda[round(length(lambda) / 2)])
  rows <- seq(1, nrow(data$x), length.out = 5)
  offset <- if (is.null(extra$offset)) NULL else extra$offset[rows]
  at <- function(gamma) array1(predict(fit, data$x[rows, ], s = s, gamma = gamma, type = "response", newoffset = offset))
  coef_at <- function(gamma) array1(as.matrix(coef(fit, s = s, gamma = gamma)))
  relaxed <- fit$relaxed
  save_case(name, c(described_call(data, extra), list(
    lambda = array1(lambda), relaxed_lambda = array1(relaxed$lambda), relaxed_a0 = array1(relaxed$a0),
    relaxed_dev_ratio = array1(relaxed$dev.ratio), relaxed_df = array1(relaxed$df)), sparse_columns(relaxed$beta), list(
    s = array1(s), rows = array1(rows - 1), coef_0 = coef_at(0), coef_half = coef_at(0.5), coef_1 = coef_at(1),
    response_0 = at(0), response_half = at(0.5)
  )))
}

cv_relax_case <- function(name, data, count, ...) {
  extra <- list(...)
  foldid <- folds_of(nrow(data$x), count)
  cv <- called(cv.glmnet, data, c(extra, list(foldid = foldid, relax = TRUE)))
  relaxed <- cv$relaxed
  save_case(name, c(described_call(data, extra), list(
    foldid = array1(foldid), lambda = array1(cv$lambda), gamma = array1(relaxed$gamma), cvm = array1(cv$cvm),
    lambda_min = cv$lambda.min, lambda_1se = cv$lambda.1se,
    relaxed_cvm = lapply(relaxed$statlist, function(one) array1(one$cvm)) |> unname(),
    relaxed_cvsd = lapply(relaxed$statlist, function(one) array1(one$cvsd)) |> unname(),
    relaxed_lambda_min = relaxed$lambda.min, relaxed_lambda_1se = relaxed$lambda.1se,
    gamma_min = relaxed$gamma.min, gamma_1se = relaxed$gamma.1se, nzero_min = relaxed$nzero.min,
    nzero_1se = relaxed$nzero.1se, relaxed_index = array1(t(relaxed$index)),
    coef_1se = array1(as.matrix(coef(cv))), coef_min = array1(as.matrix(coef(cv, s = "lambda.min")))
  )))
}

n <- nrow(diabetes$x)
offset <- signif(40 * sin(seq_len(n)), 6)
relax_case("relax_gaussian_lasso", diabetes, nlambda = 40)
relax_case("relax_gaussian_everything", diabetes, alpha = 0.7, nlambda = 30, weights = weights_of(n), offset = offset,
           penalty.factor = factors, lower.limits = -20, upper.limits = c(1, 30, 6, 2, 1, 1, 0.5, 5, 60, 1), exclude = 6)
relax_case("relax_gaussian_no_intercept", diabetes, nlambda = 30, intercept = FALSE)
relax_case("relax_gaussian_unstandardised", diabetes, nlambda = 30, standardize = FALSE)
relax_case("relax_binomial", sonar, family = "binomial", nlambda = 20, lambda.min.ratio = 0.1,
           weights = weights_of(nrow(sonar$x)))
relax_case("relax_poisson", diabetes, family = "poisson", nlambda = 25, weights = weights_of(n))
few <- diabetes                                    # 11 rows of 10 columns: refits of at most 8
few$x <- few$x[1:11, ]; few$y <- few$y[1:11]
few$rows <- 11
relax_case("relax_few_rows", few, nlambda = 30)

cv_relax_case("cv_relax_gaussian", diabetes, 10, nlambda = 40)
cv_relax_case("cv_relax_gaussian_weights", diabetes, 6, alpha = 0.5, nlambda = 30, weights = weights_of(n), offset = offset)
cv_relax_case("cv_relax_gaussian_gamma", diabetes, 7, nlambda = 30, gamma = c(0.9, 0.1), type.measure = "mae")
cv_relax_case("cv_relax_gaussian_given", diabetes, 5, lambda = c(30, 10, 3, 1, 0.3))
cv_relax_case("cv_relax_binomial", sonar, 8, family = "binomial", nlambda = 15, lambda.min.ratio = 0.2)
cv_relax_case("cv_relax_binomial_auc", sonar, 8, family = "binomial", nlambda = 15, lambda.min.ratio = 0.2,
              type.measure = "auc")
cv_relax_case("cv_relax_poisson", diabetes, 6, family = "poisson", nlambda = 25)
