# glmnet on one problem: a tolerance a line on stdin, "done seconds cpu base_mb peak_mb count" a line on stdout;
# coefficients (compressed columns), intercepts and the cross-validation curve go to files in `out`.
suppressPackageStartupMessages({ library(Matrix); library(glmnet) })
arguments <- commandArgs(TRUE)
data <- arguments[1]; out <- arguments[2]; kind <- arguments[3]; loss <- arguments[4]
alpha <- as.numeric(arguments[5]); layout <- arguments[6]; n <- as.integer(arguments[7]); p <- as.integer(arguments[8])

npy <- function(name, what = "double", size = 8) {          # NumPy format 1.0: 8 bytes, header length, header, numbers
  path <- file.path(data, paste0(name, ".npy")); file <- file(path, "rb"); on.exit(close(file))
  readBin(file, "raw", 8)
  header <- readBin(file, "integer", 1, size = 2, signed = FALSE, endian = "little"); readBin(file, "raw", header)
  readBin(file, what, (file.size(path) - 10 - header) / size, size = size, endian = "little")
}
y <- npy("y"); strengths <- npy("strengths")
fold <- npy("fold", "integer", 4); fold <- fold[c(TRUE, FALSE)] + 1L        # 64-bit integers: their low halves
if (layout == "sparse") {
  X <- new("dgCMatrix", i = npy("indices", "integer", 4), p = npy("indptr", "integer", 4), x = npy("data"), Dim = c(n, p))
} else { X <- npy("X"); dim(X) <- c(n, p) }
family <- if (loss == "squared") "gaussian" else "binomial"

megabytes <- function(key) as.numeric(gsub("[^0-9]", "", grep(key, readLines("/proc/self/status"), value = TRUE))) / 1024
write <- function(values, name) { file <- file(file.path(out, name), "wb"); writeBin(values, file); close(file) }
cat("ready", as.character(packageVersion("glmnet")), "\n"); flush(stdout())
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  options <- list(x = X, y = y, family = family, alpha = alpha, lambda = strengths, standardize = FALSE,
                  thresh = as.numeric(line), maxit = 1e8)
  fit <- NULL; model <- NULL; invisible(gc())
  try(cat("5", file = "/proc/self/clear_refs"), silent = TRUE)              # start the peak memory anew
  base <- megabytes("VmRSS"); clock <- proc.time(); start <- Sys.time()
  if (kind == "cv") { model <- do.call(cv.glmnet, c(options, list(foldid = fold))); fit <- model$glmnet.fit
  } else fit <- do.call(glmnet, options)
  seconds <- as.numeric(Sys.time() - start, units = "secs"); used <- sum((proc.time() - clock)[1:2])
  peak <- megabytes("VmHWM"); coefs <- as(fit$beta, "CsparseMatrix")
  write(coefs@x, "x"); write(coefs@i, "i"); write(coefs@p, "p"); write(as.numeric(fit$a0), "intercepts")
  if (kind == "cv") write(as.numeric(model$cvm), "curve")
  cat("done", seconds, used, base, peak, ncol(coefs), "\n"); flush(stdout())
}
