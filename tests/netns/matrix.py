#!/usr/bin/env python3
"""The NAT matrix with the real daemons: every pair of natlab's router kinds, an office behind one, a laptop behind the
other, and a relay. Each run starts both from the same state; measured from the laptop's start: the first answer of the
office, and a direct path in use. Theory: natlab/README.md (E direct, P by port prediction, B by birthday search, R relay).

    DRAWBRIDGE_BUILD=build tests/netns/matrix.py --results FILE      all cells, E and R first: about 25 minutes
    tests/netns/matrix.py --results FILE --letters P,B               some
    tests/netns/matrix.py --results FILE --only lte                  those whose name has this
    tests/netns/matrix.py --results FILE --table                     what is in the file, as tables

FILE (JSON Lines) is added to; of each cell the newest entry counts. Exits with 1 if a cell is not what theory says in 95 of
100 runs. Needs root.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import shutil
import statistics
import sys
import threading

from cells import Cell, all_cells, runs
from lab import Household, temporary_folder

RUNS = {'E': 5, 'R': 5, 'P': 20, 'B': 20}


def measure(cell, count, paired, number):
    """Half of the runs with the sides exchanged: the office and the laptop do not do the same."""
    turned = cell.turned() if cell.office != cell.laptop else cell
    outcomes = []
    for side, share in ((cell, count - count // 2), (turned, count // 2)):
        if share:
            folder = os.path.join(paired.folder, f'run-{number}')
            outcomes += [(side.office, outcome) for outcome in runs(side, share, paired, folder)]
    return {**dataclasses.asdict(cell), 'outcomes': [{'behind': office, **dataclasses.asdict(one)} for office, one in outcomes]}


def as_expected(result):
    direct = sum(one['direct_ms'] is not None for one in result['outcomes'])
    share = direct / len(result['outcomes'])
    return share >= 0.95 if result['letter'] != 'R' else direct == 0


def line(result):
    name = Cell(result['office'], result['laptop'], result['letter'], tuple(result['flags'])).name
    outcomes = result['outcomes']
    direct = [one['direct_ms'] for one in outcomes if one['direct_ms'] is not None]
    echo = [one['echo_ms'] for one in outcomes]
    times = f'{statistics.median(direct):.0f} | {max(direct)}' if direct else '– | –'
    mark = '' if as_expected(result) else ' **not as theory says**'
    return f'| {name} | {result["letter"]} | {len(direct)} of {len(outcomes)}{mark} | {times} | {statistics.median(echo):.0f} | {max(echo)} |'


def read(path):
    if not os.path.exists(path):
        return []
    newest = {}
    with open(path) as file:
        for result in map(json.loads, file):
            newest[result['office'], result['laptop'], *result['flags']] = result
    return list(newest.values())


def table(results):
    print('| office × laptop | theory | direct | median ms | worst ms | first answer, median ms | worst ms |\n|---|---|---|---|---|---|---|')
    order = {(cell.office, cell.laptop, *cell.flags): number for number, cell in enumerate(all_cells())}
    for result in sorted(results, key=lambda r: order[r['office'], r['laptop'], *r['flags']]):
        print(line(result))
    odd = [result for result in results if not as_expected(result)]
    for letter, meaning in (('E', 'direct'), ('P', 'by prediction'), ('B', 'by birthday search'), ('R', 'relayed')):
        of_kind = [result for result in results if result['letter'] == letter]
        print(f'\n{letter} ({meaning}): {sum(map(as_expected, of_kind))} of {len(of_kind)} cells as theory says', end='')
    print()
    return odd


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--results', required=True)
    parser.add_argument('--letters', default='E,R,P,B')
    parser.add_argument('--only', default='')
    parser.add_argument('--runs', type=int, help='of each cell; default: 5, and 20 for P and B')
    parser.add_argument('--jobs', type=int, default=2, help='topologies at a time')
    parser.add_argument('--missing', action='store_true', help='only cells that FILE does not have')
    parser.add_argument('--table', action='store_true')
    arguments = parser.parse_args()
    if not arguments.table:
        run_all(arguments)
    return 1 if table(read(arguments.results)) else 0


def run_all(arguments):
    letters = arguments.letters.split(',')
    known = {(result['office'], result['laptop'], *result['flags']) for result in read(arguments.results)} if arguments.missing else set()
    cells = [cell for cell in all_cells() if cell.letter in letters and arguments.only in cell.name and (cell.office, cell.laptop, *cell.flags) not in known]
    cells.sort(key=lambda cell: letters.index(cell.letter))
    folder, lock = temporary_folder(), threading.Lock()

    def one(numbered):
        number, cell = numbered
        try:
            result = measure(cell, arguments.runs or RUNS[cell.letter], paired, number)
        except Exception as error:  # of one cell: the others are measured nevertheless
            return print(f'{cell.name}: {error}', file=sys.stderr, flush=True)
        with lock, open(arguments.results, 'a') as file:
            file.write(json.dumps(result) + '\n')
        shutil.rmtree(os.path.join(folder, f'run-{number}'), ignore_errors=True)
        print(line(result), file=sys.stderr, flush=True)

    try:
        paired = Household.paired(folder)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            list(pool.map(one, enumerate(cells)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
