#!/usr/bin/env python3
"""sbom.py BUILD VERSION OUTPUT PAGE: what the two programs and the phone's page are made of, as SPDX 2.3 JSON.

Read from what was built, not from a list: the shared libraries from the programs' own DT_NEEDED (and what these need
in turn), the code compiled in from the headers that the compiler opened and the static archives on the link line; the
versions from dpkg. PAGE is the phone's page (build-wasm/phone); beside it, PAGE-parts.json is page_parts.py's."""

import datetime
import glob
import hashlib
import json
import os
import re
import subprocess
import sys

PROGRAMS = ("cli/drawbridge", "daemon/drawbridged")
# Packages whose headers only declare what the C library and the kernel do; their code is not in the programs.
DECLARATION_PACKAGE = re.compile("libc6-dev(-.*)?|linux-libc-dev(-.*)?|libcrypt-dev")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def compiled_files(build):
    """Every header that went into one of the programs."""
    inputs = output_of("ninja", "-C", build, "-t", "inputs", *PROGRAMS).split()
    objects = [name for name in inputs if name.endswith(".o")]
    found = output_of("ninja", "-C", build, "-t", "deps", *objects)
    return {line.strip() for line in found.splitlines() if line.startswith("    ")}


def compiler_of(build):
    [folder] = glob.glob(os.path.join(build, "CMakeFiles/*/CMakeCXXCompiler.cmake"))
    with open(folder) as file:
        return re.search(r'set\(CMAKE_CXX_COMPILER "(.+)"\)', file.read()).group(1)


def static_archives(build):
    """The archives of other packages that the compiler takes for the options on the link line."""
    line = "\n".join(output_of("ninja", "-C", build, "-t", "commands", program) for program in PROGRAMS)
    wanted = {"-static-libstdc++": "libstdc++.a", "-static-libgcc": "libgcc.a"}
    compiler = compiler_of(build)
    archives = {os.path.realpath(output_of(compiler, f"-print-file-name={name}").strip())
                for option, name in wanted.items() if option in line}
    return archives | {path for path in re.findall(r"(/\S+\.a)\b", line) if path.startswith("/usr/")}


def needed(path):
    """Names of shared libraries; readelf reads those of any architecture, as a cross build needs."""
    return re.findall(r"\(NEEDED\).*\[(.+)\]", output_of("readelf", "-d", path))


def found_library(name, machine):
    for folder in ("/lib", "/usr/lib"):
        path = f"{folder}/{machine}/{name}"
        if os.path.exists(path):
            return path
    return None


def loaded(path, machine):
    """{name of a shared library: its file}, of all that the loader will bring in."""
    files, waiting = {}, [path]
    while waiting:
        for name in needed(waiting.pop()):
            file = found_library(name, machine)
            if name not in files and file:
                files[name] = file
                waiting.append(file)
    return files


def owner_of(path):
    """The package that a file belongs to ("libc6:arm64"); dpkg may know /lib where the file is in /usr/lib."""
    for name in (path, os.path.realpath(path), "/usr" + path):
        found = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(": ")[0].split(",")[0]
    return None


def owners_of(paths):
    """The packages of many files, asked in one go. A file of several architectures' packages counts once."""
    listed = subprocess.run(["dpkg", "-S", *sorted(paths)], capture_output=True, text=True).stdout
    return {line.split(": ")[0].split(",")[0] for line in listed.splitlines() if ": " in line}


def bare(name):
    return name.split(":")[0]


def described(name):
    text = output_of("dpkg-query", "-W", "-f=${Version}\t${Source}\t${Architecture}\n", name).splitlines()[0]
    version, source, architecture = text.split("\t")
    return {"version": version, "source": (source or bare(name)).split(" ")[0], "architecture": architecture}


def linked(build):
    """{package: relationship}, the closest one where there are several."""
    direct, further = set(), set()
    machine = output_of(compiler_of(build), "-dumpmachine").strip()
    for program in PROGRAMS:
        path = os.path.join(build, program)
        files = loaded(path, machine)
        direct |= {owner_of(files[name]) for name in needed(path) if name in files}
        further |= {owner_of(file) for file in files.values()}
    sources = {described(name)["source"] for name in direct if name}
    headers = owners_of({os.path.realpath(file) for file in compiled_files(build) if file.startswith("/usr/")})
    archives = {owner_of(path) for path in static_archives(build)}
    inside = {name for name in headers if described(name)["source"] not in sources} | archives
    out = {name: "DEPENDS_ON" for name in further if name}
    out.update({name: "STATIC_LINK" for name in inside if name and not DECLARATION_PACKAGE.fullmatch(bare(name))})
    out.update({name: "DYNAMIC_LINK" for name in direct if name})
    return out


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", bare(name))


def entry(identifier, name, version, supplier):
    return {"SPDXID": identifier, "name": name, "versionInfo": version, "supplier": supplier,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"}


def package_url(url):
    return [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url}]


def package(name):
    facts = described(name)
    url = f"pkg:deb/debian/{bare(name)}@{facts['version']}?arch={facts['architecture']}&distro=debian-12"
    return {**entry(spdx_id(name), bare(name), facts["version"], "Organization: Debian"),
            "sourceInfo": f"Debian source package {facts['source']}", "externalRefs": package_url(url)}


def phone_page(folder):
    """The page's own entry and its parts', and how they belong together."""
    if not all(os.path.exists(name) for name in (os.path.join(folder, "release.json"), folder + "-parts.json")):
        sys.exit(f"There is no phone's page in {folder}. Run scripts/build-wasm and scripts/build-phone first.")
    with open(os.path.join(folder, "release.json")) as release, open(folder + "-parts.json") as file:
        own = entry("SPDXRef-phone-page", "drawbridge-phone-page", json.load(release)["release"], "Organization: The Drawbridge authors")
        parts = json.load(file)
    relationships = [{"spdxElementId": "SPDXRef-drawbridge", "relationshipType": "CONTAINS", "relatedSpdxElement": own["SPDXID"]}]
    relationships += [{"spdxElementId": own["SPDXID"], "relationshipType": kind, "relatedSpdxElement": part["SPDXID"]}
                      for kind, found in parts.items() for part in found]
    return [own] + [part for found in parts.values() for part in found], relationships


def document(build, version, page):
    links = linked(build)
    own = entry("SPDXRef-drawbridge", "drawbridge", version, "Organization: The Drawbridge authors")
    packages = [own] + [package(name) for name in sorted(links)]
    relationships = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                      "relatedSpdxElement": "SPDXRef-drawbridge"}]
    relationships += [{"spdxElementId": "SPDXRef-drawbridge", "relationshipType": kind, "relatedSpdxElement": spdx_id(name)}
                      for name, kind in sorted(links.items())]
    page_packages, page_relationships = phone_page(page)
    known = {found["SPDXID"] for found in packages}
    packages += [found for found in page_packages if found["SPDXID"] not in known]
    relationships += page_relationships
    created = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    digest = hashlib.sha256(json.dumps([packages, relationships], sort_keys=True).encode()).hexdigest()
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"drawbridge-{version}",
            "documentNamespace": f"https://drawbridge.example/spdx/drawbridge-{version}-{digest[:32]}",
            "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: packaging/sbom.py"]},
            "packages": packages, "relationships": relationships}


def main(build, version, output, page):
    bill = document(build, version, page)
    with open(output, "w") as file:
        json.dump(bill, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
