"""The Debian package as it is built here: contents, lintian, completions, exposure, installation into an empty root."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.realpath(os.environ.get("DRAWBRIDGE_BUILD", "build"))
SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
WORST_EXPOSURE = 1.5
# What a sanitizer or debug build differs in; scripts/package builds with Debian's hardening.
BUILD_DEPENDENT = ("hardening-", "binary-has-unneeded-section", "spelling-error-in-binary")


def output_of(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="drawbridge-package-")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        output_of("cmake", "--build", BUILD, "--target", "package_contents", env=environment)
        output_of("cpack", "-G", "DEB", "-B", cls.folder, cwd=BUILD, env=environment)
        [cls.package] = glob.glob(os.path.join(cls.folder, "*.deb"))
        cls.tree = os.path.join(cls.folder, "tree")
        output_of("dpkg-deb", "-x", cls.package, cls.tree)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.tree, name)

    def test_it_holds_what_a_user_expects_and_is_roots(self):
        listing = output_of("dpkg-deb", "-c", self.package)
        for name in ("usr/bin/drawbridge", "usr/bin/drawbridged", "usr/share/man/man1/drawbridge.1.gz",
                     "usr/share/man/man5/drawbridge.toml.5.gz", "usr/share/man/man8/drawbridged.8.gz",
                     "lib/systemd/system/drawbridged.service", "usr/lib/systemd/user/drawbridged.service",
                     "usr/lib/sysusers.d/drawbridge.conf", "usr/lib/tmpfiles.d/drawbridge.conf",
                     "usr/share/bash-completion/completions/drawbridge", "usr/share/zsh/vendor-completions/_drawbridge",
                     "usr/share/fish/vendor_completions.d/drawbridge.fish", "etc/drawbridge/config.toml",
                     "usr/share/doc/drawbridge/copyright", "usr/share/doc/drawbridge/drawbridge.spdx.json"):
            self.assertIn("./" + name + "\n", listing)
        self.assertEqual({line.split()[1] for line in listing.splitlines()}, {"root/root"})
        self.assertIn("/etc/drawbridge/config.toml", output_of("dpkg-deb", "-I", self.package, "conffiles"))

    def test_lintian_finds_no_error_and_no_warning(self):
        found = subprocess.run(["lintian", "--allow-root", self.package], capture_output=True, text=True, timeout=300)
        lines = [line for line in found.stdout.splitlines() if re.match("[EW]:", line)]
        self.assertEqual([line for line in lines if not any(tag in line for tag in BUILD_DEPENDENT)], [])

    def test_the_offices_unit_exposes_little_and_systemd_understands_every_line(self):
        report = output_of("systemd-analyze", "security", "--offline=true", "--no-pager",
                           self.path("lib/systemd/system/drawbridged.service"))
        score = float(re.search(r"exposure level for \S+ ([0-9.]+)", report).group(1))
        self.assertLessEqual(score, WORST_EXPOSURE)
        for unit in ("lib/systemd/system/drawbridged.service", "usr/lib/systemd/user/drawbridged.service"):
            said = subprocess.run(["systemd-analyze", "verify", "--man=no", self.path(unit)], capture_output=True, text=True,
                                  timeout=60).stderr
            strange = [line for line in said.splitlines() if "drawbridged.service" in line and "not executable" not in line]
            self.assertEqual(strange, [])

    def test_every_shell_reads_its_completion(self):
        for shell, name in (("bash", "usr/share/bash-completion/completions/drawbridge"),
                            ("zsh", "usr/share/zsh/vendor-completions/_drawbridge"),
                            ("fish", "usr/share/fish/vendor_completions.d/drawbridge.fish")):
            output_of(shell, "-n", self.path(name))
        offered = output_of("fish", "--no-config", "-c", f"source {self.path('usr/share/fish/vendor_completions.d/drawbridge.fish')};"
                            "complete -C 'drawbridge devices re'")
        self.assertEqual([line.split("\t")[0] for line in offered.splitlines()], ["reset-counter"])

    def test_the_bill_of_materials_names_what_is_linked(self):
        with open(self.path("usr/share/doc/drawbridge/drawbridge.spdx.json")) as file:
            bill = json.load(file)
        kinds = {link["relatedSpdxElement"]: link["relationshipType"] for link in bill["relationships"]}
        self.assertEqual(kinds["SPDXRef-libsodium23"], "DYNAMIC_LINK")
        self.assertEqual(kinds["SPDXRef-libcli11-dev"], "STATIC_LINK")
        self.assertEqual(bill["creationInfo"]["created"], "2023-11-14T22:13:20Z")
        depends = output_of("dpkg-deb", "-f", self.package, "Depends")
        for package in bill["packages"]:
            if kinds.get(package["SPDXID"]) == "DYNAMIC_LINK":
                self.assertIn(package["name"], depends)
                self.assertTrue(package["versionInfo"])

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_it_installs_into_an_empty_root_and_is_purged_without_a_trace(self):
        root = os.path.join(self.folder, "root")
        for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "usr/bin", "bin"):
            os.makedirs(os.path.join(root, name))
        open(os.path.join(root, "var/lib/dpkg/status"), "w").close()
        dpkg = ("dpkg", "--root", root, "--force-depends", "--force-script-chrootless", "--log=/dev/null")
        output_of(*dpkg, "-i", self.package)
        state = os.stat(os.path.join(root, "var/lib/drawbridge"))
        with open(os.path.join(root, "etc/passwd")) as users:
            self.assertIn(f"drawbridge:x:{state.st_uid}:", users.read())
        self.assertEqual(state.st_mode & 0o7777, 0o750)
        with open(os.path.join(root, "var/lib/drawbridge/key"), "w") as key:
            key.write("kept")
        output_of(*dpkg, "-r", "drawbridge")
        self.assertTrue(os.path.exists(os.path.join(root, "var/lib/drawbridge/key")))
        self.assertTrue(os.path.exists(os.path.join(root, "etc/drawbridge/config.toml")))
        output_of(*dpkg, "--purge", "drawbridge")
        for name in ("var/lib/drawbridge", "etc/drawbridge", "usr/bin/drawbridge"):
            self.assertFalse(os.path.exists(os.path.join(root, name)), name)


if __name__ == "__main__":
    unittest.main()
