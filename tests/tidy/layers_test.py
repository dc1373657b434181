#!/usr/bin/env python3
"""Which layer may include and link what, each forbidden thing with its reason. See docs/ARCHITECTURE.md.

usage: layers_test.py SOURCE_DIR BUILD_DIR
"""
import re
import subprocess
import sys
from pathlib import Path

SOURCE, BUILD = Path(sys.argv[1]), Path(sys.argv[2])

# layer: (our own folders it may include, system headers it must not include: pattern and reason)
PURE = [
    (r'<(thread|mutex|future|condition_variable|shared_mutex)>', 'the core is one machine without threads; it also runs in a browser'),
    (r'<(sys/socket|sys/types|unistd|fcntl|poll|netdb)\.h>', 'the core does no IO: datagrams are put in and taken out'),
    (r'<(fstream|filesystem|iostream|cstdio)>', 'the core has no files and prints nothing'),
    (r'<(time\.h|ctime|sys/time\.h)>', 'time is an argument'),
    (r'<(uv|sqlite3|microhttpd)\.h>', 'that is the daemon\'s'),
    (r'<random>', 'entropy is an argument'),
    (r'<(iostream|stdexcept|exception)>', 'no exceptions in the core'),
]
LAYERS = {
    'keys': (['keys'], PURE),
    'protocol': (['keys', 'protocol'], PURE),
    'web': (['keys', 'protocol', 'web'], PURE),
    'daemon': (['keys', 'protocol', 'daemon'], []),
    'cli': (['keys', 'protocol/admin', 'protocol/wire', 'cli'], [(r'<uv\.h>', 'the command line talks to the daemon and has no loop of its own')]),
}

# Undefined symbols that an archive of a pure layer must not have.
SYMBOLS = [
    (r'^(socket|bind|connect|sendto|sendmsg|recvfrom|recvmsg|poll|epoll_\w+|select)$', 'sockets'),
    (r'^(time|clock_gettime|gettimeofday|nanosleep|usleep|sleep)$|chrono.*now', 'a clock'),
    (r'^(open|open64|fopen|fopen64|read|write|stat|unlink|rename)$', 'files'),
    (r'^(pthread_create|pthread_mutex_\w+)$|_ZNSt6thread', 'threads'),
    (r'^(getenv|secure_getenv)$', 'the environment'),
    (r'^(printf|puts|fprintf)$|_ZSt4cout', 'printing'),
    (r'^(rand|random|getrandom|randombytes_\w*)$', 'a global generator'),
    (r'^__cxa_(throw|allocate_exception)$', 'exceptions'),
]


def sources(layer):
    return [p for p in (SOURCE / layer).rglob('*') if p.suffix in ('.hpp', '.cpp', '.h') and 'node_modules' not in p.parts]


def include_faults():
    for layer, (own, forbidden) in LAYERS.items():
        for path in sources(layer):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r'\s*#include\s+("([^"]+)"|<[^>]+>)', line)
                if not found:
                    continue
                place = f'{path.relative_to(SOURCE)}:{number}'
                ours = found.group(2)
                if ours and not any(ours.startswith(folder + '/') for folder in own):
                    if not (SOURCE / ours).exists():
                        continue
                    yield f'{place}: {layer} must not include {ours}'
                for pattern, reason in forbidden:
                    if re.fullmatch(pattern, found.group(1)):
                        yield f'{place}: {found.group(1)}: {reason}'


def symbol_faults():
    for layer in ('keys', 'protocol', 'web'):
        archive = BUILD / layer / f'libdrawbridge_{layer}.a'
        listed = subprocess.run(['nm', '-u', str(archive)], capture_output=True, text=True, check=True).stdout
        names = {line.split()[-1].split('@')[0] for line in listed.splitlines() if line.strip().startswith('U ')}
        assert names, f'{archive} has no undefined symbols: is it the right file?'
        for name in sorted(names):
            for pattern, what in SYMBOLS:
                if re.search(pattern, name):
                    yield f'{archive.name}: {name}: {layer} must not use {what}'


def source_faults():
    for folder in ('keys', 'protocol', 'web', 'daemon', 'cli', 'tests', 'tools'):
        for path in sources(folder):
            text = path.read_text()
            place = path.relative_to(SOURCE)
            if text.count('\n') > 700:
                yield f'{place}: over 700 lines'
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(r'\b(TO' r'DO|FIX' r'ME|XX' r'X|HA' r'CK)\b', line):
                    yield f'{place}:{number}: a mark was left'
                if folder == 'tests' and re.search(r'\b(sleep_for|usleep|nanosleep)\s*\(', line):
                    yield f'{place}:{number}: tests wait for a condition, they do not sleep'


def main():
    faults = [*include_faults(), *symbol_faults(), *source_faults()]
    print('\n'.join(faults) or 'layers, symbols and sources are as they should be')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
