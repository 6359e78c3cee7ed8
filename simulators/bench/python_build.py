"""How this Python was compiled: as a program it ends with 0 if it was optimised.

`deploy/choose_python.sh` asks every Python it finds, so nothing but the standard library is used.
"""

import sys
import sysconfig


def is_optimised() -> bool:
    """Compiled with profiles of real programs, which takes a quarter off what our work costs.

    Official images and installers say so in their options. Distributions, whose Pythons live in
    /usr, do it in their own build and do not say so.
    """
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return sys.base_prefix == "/usr" or "--enable-optimizations" in options


if __name__ == "__main__":
    sys.exit(not is_optimised())
