#!/usr/bin/env python3
"""sbom.py BUILD VERSION OUTPUT: what the two programs are made of, as SPDX 2.3 JSON.

Read from what was built, not from a list: the shared libraries from the programs' own DT_NEEDED (and what these need
in turn), the code compiled in from the headers that the compiler opened and the static archives on the link line; the
versions from dpkg."""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys

PROGRAMS = ("cli/drawbridge", "daemon/drawbridged")
# Packages whose headers only declare what the C library and the kernel do; their code is not in the programs.
DECLARATIONS_ONLY = {"libc6-dev", "linux-libc-dev", "libcrypt-dev"}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def compiled_files(build):
    """Every header that went into one of the programs."""
    inputs = output_of("ninja", "-C", build, "-t", "inputs", *PROGRAMS).split()
    objects = [name for name in inputs if name.endswith(".o")]
    found = output_of("ninja", "-C", build, "-t", "deps", *objects)
    return {line.strip() for line in found.splitlines() if line.startswith("    ")}


def static_archives(build):
    """The archives of other packages that the compiler takes for the options on the link line."""
    line = "\n".join(output_of("ninja", "-C", build, "-t", "commands", program) for program in PROGRAMS)
    wanted = {"-static-libstdc++": "libstdc++.a", "-static-libgcc": "libgcc.a"}
    with open(os.path.join(build, "CMakeCache.txt")) as cache:
        compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache.read(), flags=re.MULTILINE).group(1)
    archives = {os.path.realpath(output_of(compiler, f"-print-file-name={name}").strip())
                for option, name in wanted.items() if option in line}
    return archives | {path for path in re.findall(r"(/\S+\.a)\b", line) if path.startswith("/usr/")}


def needed(path):
    return re.findall(r"NEEDED\s+(\S+)", output_of("objdump", "-p", path))


def loaded(path):
    """{name of a shared library: its file}, of all that the loader brings in."""
    return dict(re.findall(r"(\S+) => (/\S+)", output_of("ldd", path)))


def owner_of(path):
    """The package that a file belongs to; the loader names /lib where dpkg may know /usr/lib."""
    for name in (path, os.path.realpath(path), "/usr" + path):
        found = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(": ")[0].split(",")[0].split(":")[0]
    return None


def owners_of(paths):
    """The packages of many files, asked in one go."""
    listed = subprocess.run(["dpkg", "-S", *sorted(paths)], capture_output=True, text=True).stdout
    return {line.split(": ")[0].split(",")[0].split(":")[0] for line in listed.splitlines() if ": " in line}


def described(name):
    text = output_of("dpkg-query", "-W", "-f=${Version}\t${Source}\t${Architecture}\n", name).splitlines()[0]
    version, source, architecture = text.split("\t")
    return {"version": version, "source": (source or name).split(" ")[0], "architecture": architecture}


def linked(build):
    """{package: relationship}, the closest one where there are several."""
    direct, further = set(), set()
    for program in PROGRAMS:
        path = os.path.join(build, program)
        files = loaded(path)
        direct |= {owner_of(files[name]) for name in needed(path) if name in files}
        further |= {owner_of(file) for file in files.values()}
    sources = {described(name)["source"] for name in direct if name}
    headers = owners_of({os.path.realpath(file) for file in compiled_files(build) if file.startswith("/usr/")})
    archives = {owner_of(path) for path in static_archives(build)}
    inside = {name for name in headers if described(name)["source"] not in sources} | archives
    out = {name: "DEPENDS_ON" for name in further if name}
    out.update({name: "STATIC_LINK" for name in inside - DECLARATIONS_ONLY if name})
    out.update({name: "DYNAMIC_LINK" for name in direct if name})
    return out


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package(name):
    facts = described(name)
    return {"SPDXID": spdx_id(name), "name": name, "versionInfo": facts["version"],
            "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
            "sourceInfo": f"Debian source package {facts['source']}",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{name}@{facts['version']}?arch={facts['architecture']}&distro=debian-12"}]}


def document(build, version):
    links = linked(build)
    own = {"SPDXID": "SPDXRef-drawbridge", "name": "drawbridge", "versionInfo": version,
           "supplier": "Organization: The Drawbridge authors", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
           "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"}
    packages = [own] + [package(name) for name in sorted(links)]
    relationships = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                      "relatedSpdxElement": "SPDXRef-drawbridge"}]
    relationships += [{"spdxElementId": "SPDXRef-drawbridge", "relationshipType": kind, "relatedSpdxElement": spdx_id(name)}
                      for name, kind in sorted(links.items())]
    created = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    digest = hashlib.sha256(json.dumps([packages, relationships], sort_keys=True).encode()).hexdigest()
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"drawbridge-{version}",
            "documentNamespace": f"https://drawbridge.example/spdx/drawbridge-{version}-{digest[:32]}",
            "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: packaging/sbom.py"]},
            "packages": packages, "relationships": relationships}


def main(build, version, output):
    with open(output, "w") as file:
        json.dump(document(build, version), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
