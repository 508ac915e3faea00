"""What no list of SPDX holds: the ids of the model hub, the successors of deprecated ids, the list of `apr`, and names
that people write for licences."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ALIASES", "HUB", "NO_TERMS", "SUCCESSORS", "UPSTREAM", "HubLicence"]


class HubLicence(NamedTuple):
    """A licence as the model hub calls it; `spdx` are the ids that SPDX has for it, several for a family."""

    name: str
    spdx: tuple[str, ...] = ()


NO_TERMS: dict[str, str] = {
    "other": "Other",
    "custom": "Custom",
}
"""Ids that say that there are terms, and not which; `other` is the hub's and `custom` that of `apr`."""

HUB: dict[str, HubLicence] = {
    "apple-amlr": HubLicence("Apple Machine Learning Research Model License"),
    "apple-ascl": HubLicence("Apple Sample Code License"),
    "bigcode-openrail-m": HubLicence("BigCode Open RAIL-M v1"),
    "bigscience-bloom-rail-1.0": HubLicence("BigScience BLOOM RAIL 1.0"),
    "bigscience-openrail-m": HubLicence("BigScience OpenRAIL-M"),
    "bsd": HubLicence("BSD license family", ("BSD-3-Clause", "BSD-2-Clause")),
    "c-uda": HubLicence("Computational Use of Data Agreement", ("C-UDA-1.0",)),
    "cc": HubLicence("Creative Commons license family", ("CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0")),
    "creativeml-openrail-m": HubLicence("CreativeML OpenRAIL-M"),
    "deepfloyd-if-license": HubLicence("DeepFloyd IF Research License Agreement"),
    "fair-noncommercial-research-license": HubLicence("FAIR Noncommercial Research License"),
    "gemma": HubLicence("Gemma Terms of Use"),
    "gfdl": HubLicence("GNU Free Documentation License family", ("GFDL-1.3-or-later", "GFDL-1.3-only")),
    "gpl": HubLicence("GNU General Public License family", ("GPL-3.0-or-later", "GPL-3.0-only")),
    "grok2-community": HubLicence("Grok 2 Community License Agreement"),
    "h-research": HubLicence("H Research License"),
    "intel-research": HubLicence("Intel Research Use License Agreement"),
    "lgpl": HubLicence("GNU Lesser General Public License family", ("LGPL-3.0-or-later", "LGPL-3.0-only")),
    "lgpl-lr": HubLicence("Lesser General Public License For Linguistic Resources", ("LGPLLR",)),
    "llama2": HubLicence("Llama 2 Community License Agreement"),
    "llama3": HubLicence("Llama 3 Community License Agreement"),
    "llama3.1": HubLicence("Llama 3.1 Community License Agreement"),
    "llama3.2": HubLicence("Llama 3.2 Community License Agreement"),
    "llama3.3": HubLicence("Llama 3.3 Community License Agreement"),
    "llama4": HubLicence("Llama 4 Community License Agreement"),
    "odbl": HubLicence("Open Database License family", ("ODbL-1.0",)),
    "odc-by": HubLicence("Open Data Commons License Attribution family", ("ODC-By-1.0",)),
    "open-mdw": HubLicence("Open Model, Data & Weights License Agreement", ("OpenMDW-1.0",)),
    "openrail": HubLicence("OpenRAIL license family"),
    "openrail++": HubLicence("Open Rail++-M License"),
    "pddl": HubLicence("Open Data Commons Public Domain Dedication and License", ("PDDL-1.0",)),
    **{name: HubLicence(text) for name, text in NO_TERMS.items()},
}
"""The ids that the model hub has and SPDX does not; `unknown` is one of the hub's too, and is refused."""

_GPL = {
    f"{family}-{version}{suffix}": f"{family}-{version}-{meaning}"
    for family, versions in {"GPL": ("1.0", "2.0", "3.0"), "LGPL": ("2.0", "2.1", "3.0")}.items()
    for version in versions
    for suffix, meaning in (("", "only"), ("+", "or-later"))
}

SUCCESSORS: dict[str, str | None] = {
    **_GPL,
    "AGPL-1.0": "AGPL-1.0-only",
    "AGPL-3.0": "AGPL-3.0-only",
    "BSD-2-Clause-FreeBSD": "BSD-2-Clause-Views",
    "BSD-2-Clause-NetBSD": "BSD-2-Clause",
    "GFDL-1.1": "GFDL-1.1-only",
    "GFDL-1.2": "GFDL-1.2-only",
    "GFDL-1.3": "GFDL-1.3-only",
    "GPL-2.0-with-GCC-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "GPL-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
    "GPL-2.0-with-bison-exception": "GPL-2.0-only WITH Bison-exception-2.2",
    "GPL-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPL-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-only WITH GCC-exception-3.1",
    "GPL-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
    "Net-SNMP": None,  # several licences, that no single expression is equal to
    "Nokia-Qt-exception-1.1": "Qt-LGPL-exception-1.1",
    "Nunit": "zlib-acknowledgement",
    "StandardML-NJ": "SMLNJ",
    "bzip2-1.0.5": "bzip2-1.0.6",
    "eCos-2.0": "GPL-2.0-or-later WITH eCos-exception-2.0",
    "wxWindows": "GPL-2.0-or-later WITH WxWindows-exception-3.1",
}
"""What to write instead of a deprecated id of SPDX, None where there is no such thing."""

UPSTREAM: tuple[str, ...] = (
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "MPL-2.0",
    "LGPL-2.1",
    "LGPL-2.1-only",
    "LGPL-3.0",
    "LGPL-3.0-only",
    "GPL-2.0",
    "GPL-2.0-only",
    "GPL-3.0",
    "GPL-3.0-only",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC0-1.0",
    "Unlicense",
    "ISC",
    "Apache-2.0 WITH LLVM-exception",
    "llama2",
    "llama3",
    "llama3.1",
    "gemma",
    "custom",
)
"""All that `apr stamp` 0.72.3 takes for a licence."""

ALIASES: dict[str, tuple[str, ...]] = {
    "al 2": ("Apache-2.0",),
    "asl 2": ("Apache-2.0",),
    "boost": ("BSL-1.0",),
    "bsd new": ("BSD-3-Clause",),
    "bsd simplified": ("BSD-2-Clause",),
    "cc zero": ("CC0-1.0",),
    "cc0": ("CC0-1.0",),
    "expat": ("MIT",),
    "fair": ("Fair", "fair-noncommercial-research-license"),
    "freebsd": ("BSD-2-Clause",),
    "llama": ("llama4", "llama3.3", "llama3.1"),
    "modified bsd": ("BSD-3-Clause",),
    "mozilla": ("MPL-2.0",),
    "new bsd": ("BSD-3-Clause",),
    "ofl": ("OFL-1.1",),
    "openrail m": ("creativeml-openrail-m", "bigscience-openrail-m", "bigcode-openrail-m"),
    "psf": ("PSF-2.0",),
    "psfl": ("PSF-2.0",),
    "public domain": ("CC0-1.0", "Unlicense"),
    "python": ("PSF-2.0",),
    "revised bsd": ("BSD-3-Clause",),
    "simplified bsd": ("BSD-2-Clause",),
    "stable diffusion": ("creativeml-openrail-m",),
    "three clause bsd": ("BSD-3-Clause",),
    "two clause bsd": ("BSD-2-Clause",),
    "2 clause bsd": ("BSD-2-Clause",),
    "3 clause bsd": ("BSD-3-Clause",),
    "x11": ("X11", "MIT"),
}
"""Names that are neither an id nor the beginning of one, each with the ids that it may mean."""
