# How fixtures are written: JSON with every digit, one file a case, into the folder OUT.

number <- function(x) {
  text <- vapply(x, function(v) {
    for (digits in c(6, 9, 12, 15, 17)) {
      shown <- formatC(v, digits = digits, format = "g", width = 1)
      if (as.numeric(shown) == v) break
    }
    shown
  }, "")
  text[is.infinite(x)] <- ifelse(x[is.infinite(x)] > 0, "Infinity", "-Infinity")
  text
}

json <- function(value) {
  if (is.null(value)) return("null")
  if (is.list(value) && !is.null(names(value))) {
    return(paste0("{", paste0('"', names(value), '": ', vapply(value, json, ""), collapse = ", "), "}"))
  }
  if (is.list(value)) return(paste0("[", paste(vapply(value, json, ""), collapse = ", "), "]"))
  text <- if (is.character(value)) paste0('"', value, '"')
          else if (is.logical(value)) tolower(as.character(value))
          else number(as.numeric(value))
  if (length(value) == 1 && !inherits(value, "AsIs")) text else paste0("[", paste(text, collapse = ", "), "]")
}

array1 <- function(x) if (is.null(x)) NULL else I(as.vector(x))   # an array even when it has one entry

save_case <- function(name, parts) {
  lines <- paste0('"', names(parts), '": ', vapply(parts, json, ""))
  writeLines(c("{", paste(lines, collapse = ",\n"), "}"), file.path(OUT, paste0(name, ".json")))
  cat(name, "\n")
}
