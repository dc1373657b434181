"""The Debian package as it is built here: contents, lintian, completions, exposure, the phone's page as its relay serves
it, installation into an empty root."""

import glob
import hashlib
import json
import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

BUILD = os.path.realpath(os.environ.get("DRAWBRIDGE_BUILD", "build"))
SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
WORST_EXPOSURE = 1.5
PATIENCE_S = 120  # for a loaded machine
PHONE_PAGE = "usr/share/drawbridge/phone"
# Private mounts, in which /usr/share is the package's over this machine's: "$1" is the package's, the rest is run.
INSTALLED = ("unshare", "-m", "sh", "-c", 'mount -t overlay overlay -o "lowerdir=$1:/usr/share" /usr/share && shift && exec "$@"', "sh")
# What a sanitizer or debug build differs in; scripts/package builds with Debian's hardening.
BUILD_DEPENDENT = ("hardening-", "binary-has-unneeded-section", "spelling-error-in-binary")


def output_of(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


class Relay:
    """`drawbridged --relay --phone bridge.localhost` with nothing else said; "with" ends it."""

    def __init__(self, state, *command):
        os.mkdir(state, 0o700)
        with open(os.path.join(state, "config.toml"), "w") as file:
            file.write('[relay]\nlisten = ["127.0.0.1:0"]\nwebsocket = ["127.0.0.1:0"]\nobserve = []\ndrain_seconds = 0\n')
        self.process = subprocess.Popen([*command, "--relay", "--state", state, "--log", "json", "--phone", "bridge.localhost"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def port(self):
        """Its WebSocket port, when it is ready."""
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while selector.select(PATIENCE_S):
                part = os.read(self.process.stdout.fileno(), 65536)
                said += part
                found = re.search(rb'"ready".*ws://127\.0\.0\.1:(\d+)', said)
                if found:
                    return int(found.group(1))
                if not part:
                    break
        raise AssertionError(f"the relay is not ready: {said.decode()}")

    @staticmethod
    def get(port, path):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "shell.bridge.localhost"})
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers, answer.read()


def may_mount(share):
    return os.geteuid() == 0 and subprocess.run([*INSTALLED, share, "true"], capture_output=True, timeout=60).returncode == 0


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

    def test_no_program_can_write_down_the_keys_of_its_connections(self):
        # What only a build with -DDRAWBRIDGE_KEY_LOG=ON has: the variable, the function, the name in its lines.
        marks = (b"DRAWBRIDGE_KEY_LOG", b"set_key_log", b" to-office ")
        for program in (os.path.join(BUILD, "daemon/drawbridged"), self.path("usr/bin/drawbridged"), self.path("usr/bin/drawbridge")):
            with open(program, "rb") as file:
                content = file.read()
            self.assertEqual([mark for mark in marks if mark in content], [], program)

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
        [scanner] = [package for package in bill["packages"] if package["name"] == "jsqr"]
        self.assertEqual((scanner["licenseDeclared"], kinds[scanner["SPDXID"]]), ("Apache-2.0", "CONTAINS"))
        self.assertEqual(kinds["SPDXRef-source-ngtcp2"], "STATIC_LINK")
        identifiers = [package["SPDXID"] for package in bill["packages"]]
        self.assertEqual(len(identifiers), len(set(identifiers)))
        depends = output_of("dpkg-deb", "-f", self.package, "Depends")
        for package in bill["packages"]:
            if kinds.get(package["SPDXID"]) == "DYNAMIC_LINK":
                self.assertIn(package["name"], depends)
                self.assertTrue(package["versionInfo"])

    def test_the_phones_page_is_whole_and_nobody_but_root_changes_it(self):
        listing = output_of("dpkg-deb", "-c", self.package)
        modes = {line.split()[5]: line.split()[0] for line in listing.splitlines() if f"./{PHONE_PAGE}" in line}
        self.assertEqual({mode for name, mode in modes.items() if name.endswith("/")}, {"drwxr-xr-x"})
        self.assertEqual({mode for name, mode in modes.items() if not name.endswith("/")}, {"-rw-r--r--"})
        with open(self.path(f"{PHONE_PAGE}/release.json")) as file:
            release = json.load(file)
        folder = "/v/" + release["release"][:16]
        for name in ("/", "/manifest.webmanifest", folder + "/core.wasm", folder + "/app.js", folder + "/jsqr.js"):
            self.assertIn(name, release["files"])
        self.assertIn("/service/worker.js", release["services"])
        every = {**release["files"], **release["services"]}
        expected = {"/index.html" if name == "/" else name for name in every} | {"/sw.js", "/release.json"}
        expected |= {name + ".br" for name in expected}
        self.assertEqual({name.removeprefix(f"./{PHONE_PAGE}") for name in modes if not name.endswith("/")}, expected)
        for name, digest in every.items():
            with open(self.path(PHONE_PAGE + ("/index.html" if name == "/" else name)), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), digest, name)

    def test_no_folder_of_the_build_is_named_in_the_phones_page(self):
        [core] = glob.glob(self.path(f"{PHONE_PAGE}/v/*/core.wasm"))
        with open(core, "rb") as file:
            self.assertNotIn(SOURCE.encode(), file.read())

    def test_a_relay_of_the_package_serves_the_phones_page_without_being_told_where_it_is(self):
        share, daemon = self.path("usr/share"), self.path("usr/bin/drawbridged")
        command = [*INSTALLED, share, daemon] if may_mount(share) else [daemon, "--phone-directory", self.path(PHONE_PAGE)]
        with Relay(os.path.join(self.folder, "relay"), *command) as relay:
            port = relay.port()
            status, headers, body = relay.get(port, "/")
            self.assertEqual(status, 200)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            with open(self.path(f"{PHONE_PAGE}/index.html"), "rb") as file:
                self.assertEqual(body, file.read())
            [core] = glob.glob(self.path(f"{PHONE_PAGE}/v/*/core.wasm"))
            status, headers, body = relay.get(port, core.removeprefix(self.path(PHONE_PAGE)))
            self.assertEqual((status, headers["Content-Type"], len(body)), (200, "application/wasm", os.path.getsize(core)))

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
