"""The cells of the NAT matrix: which pair of routers, what theory says, and one run of the real daemons in it."""

import dataclasses
import os
import sys

from lab import HERE, Lab, eventually, when

sys.path.insert(0, str(HERE / 'natlab'))
from labtests import MTYPES, theory as theory_of_lab  # noqa: E402

LETTERS = {'yes': 'E', 'yes/v6': 'E', 'predict': 'P', 'birthday': 'B', 'relay': 'R'}
# Seconds to wait for a direct path, on a busy machine. For R: until it is believed that none comes; the first probes last 3.1 s.
PATIENCE = {'E': 60, 'P': 60, 'B': 60, 'R': 5}


@dataclasses.dataclass(frozen=True)
class Cell:
    office: str
    laptop: str
    letter: str  # E: reflexive addresses suffice, P: prediction, B: birthday search, R: relay (natlab/README.md)
    flags: tuple = ()

    @property
    def name(self):
        return ' '.join((f'{self.office} × {self.laptop}', *self.flags))

    def turned(self):
        return dataclasses.replace(self, office=self.laptop, laptop=self.office)

    @property
    def direct_expected(self):
        return self.letter in 'EPB'


def all_cells():
    """The 91 pairs, and rows for networks that both ends share."""
    pairs = [(x, y) for i, x in enumerate(MTYPES) for y in MTYPES[i:]]
    cells = [Cell(x, y, LETTERS[theory_of_lab(x, y)]) for x, y in pairs]
    # A router that maps a port on request admits anybody there, as a full cone does.
    cells += [Cell('upnp', other, 'E') for other in ('symmetric', 'lte')]
    # A router that takes an early probe for its own, and gives the host another port from then on.
    cells += [Cell('linux-open', other, 'E') for other in ('public', 'full-cone', 'port-restricted', 'linux-open')]
    return cells + [Cell('port-restricted', 'port-restricted', 'E', ('--same-lan',)),
                    Cell('port-restricted', 'port-restricted', 'R', ('--same-lan', '--isolate')),
                    Cell('port-restricted+hairpin', 'port-restricted+hairpin', 'E', ('--same-lan', '--isolate')),
                    Cell('port-restricted', 'port-restricted', 'E', ('--same-subnet',)),
                    Cell('cgnat', 'cgnat', 'R', ('--shared-cgn',)),
                    Cell('cgnat+hairpin', 'cgnat+hairpin', 'E', ('--shared-cgn',))]


@dataclasses.dataclass
class Outcome:
    echo_ms: int              # from the laptop's start until the office has answered, by any path
    direct_ms: 'int | None'   # until a direct path is in use; None: relayed
    remote: str
    cause: 'str | None' = None  # why it is relayed, by the laptop's word; only if it was asked


def is_direct(event):
    return not event['path'].startswith('relayed')


def paths_of(node):
    return [event for event in node.events() if event['event'] in ('connected', 'path_changed')]


def run(cell, lab, household, arguments=(), explain=False):
    """One start of both daemons in a lab that is up; they are ended again. `explain`: waits for the cause of a relayed path."""
    for node in (household.office, household.laptop):
        open(node.log, 'w').close()
    try:
        household.start(lab, *arguments)
        started = when(household.laptop.events('ready')[0])
        first = eventually(lambda: paths_of(household.laptop), 60, f'{cell.name}: the office answers')[0]
        direct = wait_for_direct(cell, household.laptop)
        outcome = Outcome(round((when(first) - started) * 1000), None, first['path'])
        if direct:
            outcome.direct_ms, outcome.remote = round((when(direct) - started) * 1000), direct['path']
        elif explain:
            outcome.cause = eventually(lambda: cause_of(household.laptop), 60, f'{cell.name}: the laptop names a cause')
        return outcome
    finally:
        household.stop()  # the relay, too: each run begins without what it remembers of the one before


def cause_of(node):
    """None while a direct path is still being tried, or the connection is not there."""
    cause = node.json('why', 'office')['cause']
    return cause if cause.startswith('relayed_') and cause != 'relayed_trying' else None


def wait_for_direct(cell, laptop):
    try:
        return eventually(lambda: next(filter(is_direct, paths_of(laptop)), None), PATIENCE[cell.letter], 'a direct path')
    except AssertionError:
        return None


def runs(cell, count, paired, folder, arguments=(), explain=False):
    """`count` runs in one lab, from the same state folders each time and with every mapping forgotten in between."""
    with Lab(f'm{os.path.basename(folder).rsplit("-", 1)[-1]}x', *cell.flags, office=cell.office, laptop=cell.laptop) as lab:
        household = paired.copy(folder)
        try:
            for number in range(count):
                yield run(cell, lab, household, arguments, explain)
                if number + 1 == count:
                    return
                household = paired.copy(folder)
                for side in ('office', 'laptop'):
                    lab('rebind', side)
        finally:
            household.stop()
