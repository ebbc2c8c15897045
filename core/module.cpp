#include <nanobind/nanobind.h>
NB_MODULE(_core, m) { m.doc() = "regularfit's compiled core"; }
