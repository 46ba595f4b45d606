"""What pyproject.toml cannot say: the wheel is for one platform, any Python 3, and has the library inside.

`cargo xtask dist wheel` builds it, from a copy of this folder into which it has put the library.
"""

import glob
import os
import shutil
from typing import Tuple

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

HERE = os.path.dirname(os.path.abspath(__file__))


class PlatformDistribution(Distribution):
    """A package that has to land where those of one platform go."""

    def has_ext_modules(self) -> bool:
        """It has none, but a library beside the modules is as much of one platform."""
        return True


class PlatformWheel(bdist_wheel):
    """A wheel with a native library that no Python is compiled against."""

    def run(self) -> None:
        """Refused without the library: such a wheel would install everywhere and work nowhere."""
        places = [glob.glob(os.path.join(HERE, "src", "poslatch", name)) for name in ("*.so", "*.dylib", "*.dll")]
        if not any(places):
            raise SystemExit("there is no library in src/poslatch; build the wheel with `cargo xtask dist wheel`")
        super().run()

    def egg2dist(self, egginfo_path: str, distinfo_path: str) -> None:
        """Adds the licences of what is in the library, and its bill of materials, before RECORD is written."""
        super().egg2dist(egginfo_path, distinfo_path)
        for folder in ("licenses", "sboms"):
            there = os.path.join(distinfo_path, folder)
            os.makedirs(there, exist_ok=True)
            for path in sorted(glob.glob(os.path.join(HERE, "dist-info", folder, "*"))):
                shutil.copy(path, there)

    def get_tag(self) -> Tuple[str, str, str]:
        """The platform is what says where it works; the interpreter's version and ABI do not matter."""
        _, _, platform = super().get_tag()
        return "py3", "none", platform


setup(distclass=PlatformDistribution, cmdclass={"bdist_wheel": PlatformWheel})
