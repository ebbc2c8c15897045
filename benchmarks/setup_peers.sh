#!/bin/sh
# Install the libraries regularfit is measured against, each in a virtual environment of its own:
# celer 0.7.4 needs scikit-learn < 1.9 and adelie 1.1.52 needs numpy < 2, so one environment cannot hold them all.
#
#   sh benchmarks/setup_peers.sh
#
# REGULARFIT_BENCH_PEERS   the folder to put them in (default: regularfit-bench/peers in the user's cache folder)
# PYTHON                   the interpreter to build the environments with (default: python3; 3.11 has every wheel)
#
# R's glmnet is not installed here: on Debian or Ubuntu `apt-get install r-base-core r-cran-glmnet`,
# elsewhere install R and run install.packages("glmnet"). Without it the R contender reports that R is missing.
set -eu
root=${REGULARFIT_BENCH_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/regularfit-bench/peers}
python=${PYTHON:-python3}

environment() { # name, then what pip installs
    folder=$root/$1
    shift
    [ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet "$@"
}

mkdir -p "$root"
environment main "scikit-learn==1.9.*" "skglm==0.5" "glum==3.4.*" "python-glmnet==2.6.*"
environment celer "celer==0.7.4" "scikit-learn==1.8.*"
environment slope "sortedl1==1.11.*"
environment adelie "adelie==1.1.52" "numpy<2" scikit-learn
echo "peers installed under $root"
