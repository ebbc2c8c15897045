# What R's rpart says about pruning, as fixtures for test_rpart.py.
#
#     Rscript tests/reference/make_tree_fixtures.R        (from the root of the repository; needs the package rpart)
#
# rpart grows to minbucket rows a leaf and prunes by its own cp; no surrogates; a row's number gives its fold.
# Leaves are large, so that no two columns cut the same rows. Two classes are a target of 0 and 1 under method "anova": their squared error is half of Gini's impurity.

suppressPackageStartupMessages(library(rpart))
source("tests/reference/fixture_json.R")
OUT <- c(commandArgs(trailingOnly = TRUE), "tests/reference/tree_fixtures")[1]
dir.create(OUT, showWarnings = FALSE)

grown <- function(frame, minbucket, folds) {
  control <- rpart.control(minsplit = 2 * minbucket, minbucket = minbucket, cp = 0, xval = folds, usesurrogate = 0,
                           maxsurrogate = 0, maxcompete = 0, maxdepth = 30)
  rpart(target ~ ., data = frame, method = "anova", control = control)
}

# Held-out rows on a threshold go right in rpart and left in scikit-learn, so the columns are bent: no number is then in the
# middle between two others.
bent <- function(frame) {
  for (name in setdiff(names(frame), "target")) frame[[name]] <- log(frame[[name]] - min(frame[[name]]) + 1.234)
  frame
}

tree_case <- function(name, file, minbucket, positive = NULL, count = 10) {
  frame <- read.csv(file.path("examples/data", file))
  if (!is.null(positive)) frame$target <- as.numeric(frame$target == positive)
  fit <- grown(frame, minbucket, 0)
  held_out <- grown(bent(frame), minbucket, (seq_len(nrow(frame)) - 1) %% count + 1)$cptable[, "xerror"]
  table <- fit$cptable
  chosen <- unique(round(seq(1, nrow(table), length.out = 6)))
  pruned <- lapply(chosen, function(k) {
    cp <- if (k == 1) 1 else sqrt(table[k, "CP"] * table[k - 1, "CP"])
    tree <- prune(fit, cp = cp)
    splits <- tree$frame$var != "<leaf>"
    list(cp = cp, leaves = sum(!splits), variables = array1(as.character(tree$frame$var[splits])),
         thresholds = if (is.null(tree$splits)) array1(numeric(0)) else array1(tree$splits[, "index"]),
         predicted = array1(predict(tree, frame[seq(1, nrow(frame), 5), ])))
  })
  save_case(name, list(
    rpart = as.character(packageVersion("rpart")), data = file, positive = positive, minbucket = minbucket, folds = count,
    root = fit$frame$dev[1] / fit$frame$n[1], cp = array1(table[, "CP"]), nsplit = array1(table[, "nsplit"]),
    rel_error = array1(table[, "rel error"]), xerror_bent = array1(held_out), pruned = pruned))
}

tree_case("diabetes", "diabetes.csv", 20)
tree_case("concrete", "concrete.csv", 20)
tree_case("two_classes", "breast_cancer.csv.gz", 40, positive = "2")
