// The door between Python and the core: arrays in, arrays out, the GIL released, no logic.
#include "arrays.hpp"

NB_MODULE(_core, m) {
    m.doc() = "regularfit's compiled core: small quadratics along strengths, many lanes at once, and column kernels.";
    add_columns(m);
    add_quadratics(m);
    add_newton(m);
    add_coupled(m);
}
