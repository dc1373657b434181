#!/usr/bin/env python3
"""page_parts.py OUTPUT: what the phone's page is made of, for the bill of materials (packaging/sbom.py).

scripts/build-phone writes it where the page is made: a cross build of the package has the page, but not its compiler."""

import base64
import json
import os
import sys

sys.dont_write_bytecode = True  # the next line would leave a folder in the sources
import sbom

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
# Code of these packages gets into core.wasm: the C and C++ libraries, the compiler's own, and msgpack's headers.
COMPILED_IN = ("libc++-16-dev-wasm32", "libclang-rt-16-dev-wasm32", "libmsgpack-dev", "wasi-libc")


def compiled_sources():
    """The Debian source packages that scripts/build-wasm compiles."""
    with open(os.path.join(SOURCE, "scripts/wasm-sources.txt")) as file:
        lines = [line.split() for line in file if not line.startswith("#")]
    for name, version, digest, archive in lines:
        yield {**sbom.entry("SPDXRef-source-" + name, name, version, "Organization: Debian"),
               "sourceInfo": f"{archive} of the Debian source package {name}, with Debian's patches",
               "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
               "externalRefs": sbom.package_url(f"pkg:deb/debian/{name}@{version}?arch=source&distro=debian-12")}


def scanner():
    """jsQR, which reads codes from the camera's pictures, as web/package-lock.json pins it."""
    with open(os.path.join(SOURCE, "web/package-lock.json")) as file:
        locked = json.load(file)["packages"]["node_modules/jsqr"]
    digest = base64.b64decode(locked["integrity"].removeprefix("sha512-")).hex()
    return {**sbom.entry("SPDXRef-jsqr", "jsqr", locked["version"], "Person: Cosmo Wolfe"),
            "licenseConcluded": locked["license"], "licenseDeclared": locked["license"],
            "checksums": [{"algorithm": "SHA512", "checksumValue": digest}],
            "externalRefs": sbom.package_url(f"pkg:npm/jsqr@{locked['version']}")}


def main(output):
    parts = [*compiled_sources(), *(sbom.package(name) for name in COMPILED_IN)]
    with open(output, "w") as file:
        json.dump({"STATIC_LINK": parts, "CONTAINS": [scanner()]}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
