"""What a person sees at a terminal: the code is read off the screen by a camera, and a stranger is revoked."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unittest

from bridge import CLI, BridgeTest, eventually


class Screen:
    """A command on a terminal of its own, 100 columns wide."""

    def __init__(self, arguments, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 100, 0, 0))
        settings = {**os.environ, "TERM": "xterm-256color", **environment}
        if "NO_COLOR" not in environment:
            settings.pop("NO_COLOR", None)
        self.process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, env=settings, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))  # so that Ctrl-C is one
        os.close(slave)
        os.set_blocking(self.master, False)
        self.text = ""

    def read(self):
        try:
            while piece := os.read(self.master, 65536):
                self.text += piece.decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.text

    def shows(self, words, seconds=60):
        eventually(lambda: words in self.read(), seconds, f"the screen shows “{words}”: {self.text[-500:]}")

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """The exit code, and everything that was shown."""
        eventually(lambda: (self.read(), self.process.poll() is not None)[1], 60, "the command ends")
        self.read()
        os.close(self.master)
        return self.process.returncode, self.text


HALVES = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}


def photograph(text, ink, paper, background):
    """The half-block lines of a screen as a grey picture (PGM), each character 8 by 16 pixels, on the screen's background."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).replace("\r", "")
    rows = [line for line in plain.split("\n") if len(line) > 30 and set(line) <= set(HALVES)]
    width, margin = max(map(len, rows)), 4
    picture = []
    for line in rows:
        for half in (0, 1):
            shades = b"".join(bytes([ink if HALVES[glyph][half] else paper]) * 8 for glyph in line.ljust(width))
            picture += [bytes([background]) * 8 * margin + shades + bytes([background]) * 8 * margin] * 8
    empty = [bytes([background]) * (width + 2 * margin) * 8] * 8 * margin
    picture = empty + picture + empty
    return b"P5 %d %d 255\n" % (len(picture[0]), len(picture)) + b"".join(picture)


class AtTheTerminal(BridgeTest):
    def pair(self, **environment):
        screen = Screen([CLI, "--state", self.office.state, "pair", "--name", "laptop"], **environment)
        screen.shows("Ctrl-C withdraws it")
        return screen

    def scan(self, picture):
        file = self.path("screen.pgm")
        with open(file, "wb") as target:
            target.write(picture)
        return subprocess.run(["zbarimg", "--quiet", "--raw", file], capture_output=True, text=True).stdout.strip()

    def test_the_code_on_dark_and_light_screens_lets_the_laptop_in(self):
        screen = self.pair()
        link = self.scan(photograph(screen.text, 0, 255, 0))
        self.assertTrue(link.startswith("drawbridge:#"), screen.text)
        self.assertEqual(self.scan(photograph(screen.text, 0, 255, 255)), link)
        self.laptop.json("join", link)
        screen.shows("joined (")
        screen.shows("Is this your device?")
        screen.type("\n")
        code, _ = screen.end()
        self.assertEqual(code, 0)
        self.assertEqual(self.office.json("devices")[0]["state"], "connected")

    def test_without_colours_the_code_is_readable_on_both_kinds_of_screen(self):
        for environment, (ink, paper) in (({}, (255, 0)), ({"COLORFGBG": "0;15"}, (0, 255))):
            with self.subTest(**environment):
                screen = self.pair(NO_COLOR="1", **environment)
                self.assertNotIn("\x1b[38", screen.text)
                self.assertTrue(self.scan(photograph(screen.text, ink, paper, paper)).startswith("drawbridge:#"))
                screen.type("\x03")
                self.assertIn("withdrawn", screen.end()[1])

    def test_a_stranger_is_revoked_on_the_spot(self):
        screen = self.pair()
        self.laptop.json("join", self.scan(photograph(screen.text, 0, 255, 0)))
        screen.shows("Is this your device?")
        screen.type("revoke\n")
        code, text = screen.end()
        self.assertEqual(code, 0)
        self.assertIn("laptop is revoked", text)
        self.assertEqual(self.office.json("devices")[0]["state"], "revoked")

    def test_ctrl_c_ends_the_question_whose_device_it_is(self):
        screen = self.pair()
        self.laptop.json("join", self.scan(photograph(screen.text, 0, 255, 0)))
        screen.shows("Is this your device?")
        screen.type("\x03")
        self.assertNotEqual(screen.end()[0], 0)
        self.assertEqual(self.office.json("devices")[0]["state"], "connected")

    def test_waiting_is_shown_and_taken_away_again(self):
        screen = self.pair()
        screen.shows("Waiting for a device (")
        screen.type("\x03")
        code, text = screen.end()
        self.assertEqual(code, 1)
        self.assertIn("\r\x1b[K", text[text.rindex("Waiting for a device"):])
        self.assertEqual(self.office.json("status")["invitations"], [])


if __name__ == "__main__":
    unittest.main()
