# glmnet on one problem of families.py: "path 1e-9" or "cv 1e-9" a line on stdin, "done cpu_seconds strengths" a line on
# stdout; coefficients, intercepts and the cross-validation curve go to the files `b`, `a` and `c` of the folder.
suppressPackageStartupMessages({ library(Matrix); library(glmnet); library(survival) })
glmnet.control(fdev = 0, devmax = 1)                                  # never stop before the last strength
a <- commandArgs(TRUE); folder <- a[1]; n <- as.integer(a[2]); p <- as.integer(a[3]); L <- as.integer(a[4])
family <- a[5]; kind <- a[6]
read <- function(name, count) readBin(file.path(folder, name), "double", count)
write <- function(values, name) { f <- file(file.path(folder, name), "wb"); writeBin(as.numeric(values), f); close(f) }
x <- matrix(read("x", n * p), n, p); s <- read("s", L); fold <- read("f", n)
y <- if (family == "cox") { both <- read("y", 2 * n); Surv(both[1:n], both[-(1:n)]) } else read("y", n)
if (family == "multinomial") y <- factor(y)
cat("ready", as.character(packageVersion("glmnet")), "\n"); flush(stdout())
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  asked <- strsplit(line, " ")[[1]]; model <- NULL
  options <- list(x = x, y = y, family = family, lambda = s, standardize = FALSE, thresh = as.numeric(asked[2]), maxit = 1e9)
  if (family == "multinomial") options$type.multinomial <- kind
  invisible(gc()); clock <- proc.time()
  if (asked[1] == "cv") { model <- do.call(cv.glmnet, c(options, list(foldid = fold))); fit <- model$glmnet.fit
  } else fit <- do.call(glmnet, options)
  used <- sum((proc.time() - clock)[1:2]); count <- length(fit$lambda)
  write(if (is.list(fit$beta)) unlist(lapply(fit$beta, as.matrix)) else as.matrix(fit$beta), "b")
  write(if (family == "cox") numeric(count) else fit$a0, "a")
  if (asked[1] == "cv") write(c(model$cvm, rep(NaN, L - length(model$cvm))), "c")
  cat("done", used, count, "\n"); flush(stdout())
}
