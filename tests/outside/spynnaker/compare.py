"""Compares Taproot's load images with sPyNNaker's, region by region. See README.md.

    compare.py PYTHON_WITH_SPYNNAKER DUMP_IMAGE
"""

import collections
import json
import os
import struct
import subprocess
import sys
import tempfile

import networks

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIGURATION = """[Machine]
virtual_board = True
version = 5
[Mode]
mode = Debug
[Reports]
write_network_graph = False
"""

# Every difference that is allowed, and why.
TOLERATED = {
    "builder regions": "read only by sPyNNaker's expanders on the chip; we write what they would write",
    "recording space": "each side divides the free SDRAM of a chip in its own way; channels that are on are the same",
    "send buffer size": "sPyNNaker reserves for the longest run that fits, we for twice the spikes there are",
    "generator seed": "four words from each side's own generator",
    "reserved size": "sPyNNaker reserves by bounds, we what is needed; the written bytes are equal",
    "delayed rows": "the reference places delayed rows by the target's cells per core instead of the source's, and "
                    "loses some; ours hold the network's synapses",
    "order in a row": "the same synapses of a row, listed in another order; their sums are the same",
    "cut rows": "the reference underestimates the rows of lists that are not sorted and drops what is beyond; ours hold "
                "every synapse",
    "row length": "rows padded to another length; the same synapses",
}

PARAMETERS = {
    "IF_curr_exp": dict(v_rest=-65.0, cm=1.0, tau_m=20.0, tau_refrac=0.1, tau_syn_E=5.0, tau_syn_I=5.0, i_offset=0.0,
                        v_reset=-65.0, v_thresh=-50.0),
    "IF_cond_exp": dict(v_rest=-65.0, cm=1.0, tau_m=20.0, tau_refrac=0.1, tau_syn_E=5.0, tau_syn_I=5.0, e_rev_E=0.0,
                        e_rev_I=-70.0, v_thresh=-50.0, v_reset=-65.0, i_offset=0.0),
    "SpikeSourcePoisson": dict(rate=1.0, start=0.0, duration=1e10),
    "SpikeSourceArray": {},
}
CELLS = dict(IF_curr_exp="IfCurrExp", IF_cond_exp="IfCondExp", SpikeSourcePoisson="SpikeSourcePoisson",
             SpikeSourceArray="SpikeSourceArray")
VARIABLES = dict(spikes="Spikes", v="V", gsyn_exc="GsynExc", gsyn_inh="GsynInh")


def values(name, given):
    if name == "spike_times":
        return dict(Sequences=given)
    if isinstance(given, list):
        return dict(PerCell=[float(v) for v in given])
    return dict(Constant=float(given))


def as_taproot(net):
    """The network as serde writes `taproot_network::Network`."""
    index = {p["label"]: i for i, p in enumerate(net["populations"])}
    populations = []
    for p in net["populations"]:
        parameters = {**PARAMETERS[p["cell"]], **p["parameters"]}
        populations.append(dict(
            label=p["label"], size=p["size"], cell=CELLS[p["cell"]],
            parameters={k: values(k, v) for k, v in parameters.items()},
            initial_values={k: values(k, v) for k, v in p["initial"].items()}, positions=None,
            records=[dict(variable=VARIABLES[v], interval=i, cells=c) for v, i, c in p["record"]],
            neurons_per_core=p["per_core"]))
    projections = []
    for number, j in enumerate(net["projections"]):
        weight, delay = (dict(Constant=j[k]) for k in ("weight", "delay"))
        if j["connector"] == "all":
            connector = dict(AllToAll=dict(self_connections="Allowed"))
        elif j["connector"] == "one":
            connector = "OneToOne"
        else:
            ordered = sorted(j["connector"], key=lambda s: s[1])
            connector = dict(List=dict(sources=[s[0] for s in ordered], targets=[s[1] for s in ordered]))
            weight = dict(PerConnection=[float(s[2]) for s in ordered])
            delay = dict(PerConnection=[float(s[3]) for s in ordered])
        group = lambda label: [dict(population=index[label], cells=None)]
        projections.append(dict(
            label=f"projection {number}", source=group(j["source"]), target=group(j["target"]),
            receptor=j["receptor"], connector=connector, weight=weight, delay=delay,
            space=dict(axes=[0, 1, 2], scale_factor=1.0, offset=[0.0, 0.0, 0.0], periodic_boundaries=None)))
    return dict(label=net["name"], timestep=net["timestep"], min_delay=net["timestep"], max_delay=1e9,
                time_scale_factor=net["time_scale"], seed=1, populations=populations, projections=projections)


def words(content):
    data = bytes.fromhex(content)
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def blocks(table):
    """(key, colour-free row count per core, core mask, [(address, row words)]) of each entry of a population table."""
    n = table[0]
    items = table[2 + 5 * n:]
    for e in range(n):
        key, mask, where, core, rows = table[2 + 5 * e:7 + 5 * e]
        start, count = where & 0x1fff, where >> 16
        yield key, rows & 0xffff, [
            None if i >> 8 == 0xffffff else ((i >> 8) * 16, (i & 0xff) + 1) for i in items[start:start + count]]


def row_sets(matrix, address, length, rows):
    """The rows of a block, as sorted synaptic words."""
    found = []
    for row in range(rows):
        start = address // 4 + row * (length + 3)
        part = matrix[start:start + length + 3]
        found.append(sorted(part[3:3 + part[1]]) if len(part) > 2 else [])
    return found


class Comparison:
    def __init__(self, net, ours, theirs):
        self.net, self.ours, self.theirs = net, ours, theirs
        self.equal = 0
        self.tolerated = collections.Counter()
        self.wrong = []
        self.size = {p["label"]: p["size"] for p in net["populations"]}

    def run(self):
        name = lambda core: (core["population"], core["first"], core["last"], core["delay"])
        ours, theirs = ({name(c): c for c in side["cores"]} for side in (self.ours, self.theirs))
        for missing in sorted(set(theirs) ^ set(ours)):
            self.wrong.append(f"only one side has {missing}")
        for key in sorted(set(ours) & set(theirs)):
            self.core(key, ours[key], theirs[key])

    def core(self, name, ours, theirs):
        if ours["binary"] != theirs["binary"]:
            self.wrong.append(f"{name}: {ours['binary']} for {theirs['binary']}")
            return
        mine, other = ({r["number"]: r for r in c["regions"]} for c in (ours, theirs))
        self.tables = [words(r[5]["content"]) if 5 in r else [] for r in (mine, other)]
        for number in sorted(set(mine) | set(other)):
            if number not in mine:
                builder = ours["binary"].startswith("IF_") and number in (12, 13)
                self.note(name, number, "builder regions" if builder else None)
                continue
            if number not in other:
                self.note(name, number, None)
                continue
            self.region(name, ours["binary"], number, mine[number], other[number])
        if theirs["send_buffer"]:
            a, b = ours["send_buffer"] or "", theirs["send_buffer"]
            # Ours is padded to whole words.
            same = a[:len(b)] == b and set(a[len(b):]) <= {"0"} and len(a) - len(b) < 8
            if same:
                self.equal += 1
            else:
                self.wrong.append(f"{name}: send buffers differ")

    def note(self, name, number, reason, detail=""):
        if reason is None:
            self.wrong.append(f"{name}, region {number}: {detail or 'on one side only'}")
        else:
            assert reason in TOLERATED
            self.tolerated[reason] += 1

    def region(self, name, binary, number, mine, other):
        if mine["content"] == other["content"]:
            if mine["size"] == other["size"]:
                self.equal += 1
            elif binary == "reverse_iptag_multicast_source" and number == 3:
                self.note(name, number, "send buffer size")
            elif binary.startswith("IF_") and number in (6, 14):
                self.note(name, number, "reserved size")
            else:
                self.note(name, number, None, f"{mine['size']} bytes for {other['size']}")
            return
        a, b = words(mine["content"]), words(other["content"])
        recording = {"spike_source_poisson": 3, "reverse_iptag_multicast_source": 2}.get(binary, 15)
        if number == recording and len(a) == len(b) and a[0] == b[0]:
            on = lambda w: [bool(v) for v in w]
            # sPyNNaker leaves room for injected events even where an array records nothing.
            self.note(name, number, "recording space" if on(a) == on(b) else None, f"channels {a} for {b}")
        elif binary == "spike_source_poisson" and number == 1 and a[:10] + a[14:] == b[:10] + b[14:]:
            self.note(name, number, "generator seed")
        elif binary == "reverse_iptag_multicast_source" and number == 1 and a[:7] + a[9:] == b[:7] + b[9:]:
            same = a[8] == a[7] + 256 and b[8] == b[7] + 256
            self.note(name, number, "send buffer size" if same else None, "thresholds")
        elif binary.startswith("IF_") and number == 5 and self.same_table(a, b):
            self.note(name, number, "row length")
        elif binary.startswith("IF_") and number == 6:
            self.note(name, number, *self.matrix(a, b))
        else:
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            self.note(name, number, None,
                      f"word {at} of {len(a)} and {len(b)}: {a[at:at + 4]} for {b[at:at + 4]}")

    def same_table(self, a, b):
        """Tables that differ in nothing but where rows are and how long."""
        n = a[0]
        return a[:2 + 5 * n] == b[:2 + 5 * n] and len(a) == len(b)

    def matrix(self, a, b):
        """The name of the difference between two matrices; None if it has none."""
        reasons = set()
        for (key, per_core, mine), (_, _, other) in zip(blocks(self.tables[0]), blocks(self.tables[1])):
            for x, y in zip(mine, other):
                if x is None or y is None:
                    if x != y:
                        reasons.add("delayed rows" if self.is_delayed(key) else None)
                    continue
                rows = self.rows_of(key)
                if a[x[0] // 4:][:rows * (x[1] + 3)] == b[y[0] // 4:][:rows * (y[1] + 3)] and x[1] == y[1]:
                    continue
                if row_sets(a, *x, rows) == row_sets(b, *y, rows):
                    reasons.add("order in a row" if x[1] == y[1] else "row length")
                elif self.is_delayed(key):
                    reasons.add("delayed rows")
                else:
                    cut = all(not collections.Counter(r) - collections.Counter(m) for m, r in
                              zip(row_sets(a, *x, rows), row_sets(b, *y, rows)))
                    reasons.add("cut rows" if cut and y[1] < x[1] else None)
        if None in reasons or not reasons:
            return None, "synaptic rows differ"
        for reason in sorted(reasons)[1:]:
            self.tolerated[reason] += 1
        return (sorted(reasons)[0],)

    def senders(self):
        """Populations and delay groups by number of their key, as both sides count them."""
        order, delayed = [], []
        for core in self.ours["cores"]:
            keys = next((words(r["content"]) for r in core["regions"] if r["number"] == 1), None)
            if keys is None:
                continue
            if core["delay"]:
                key, rows = keys[1], self.size[core["population"]] * keys[5]
                delayed.append((key, rows))
            else:
                place = {"spike_source_poisson": 14, "reverse_iptag_multicast_source": 5}.get(core["binary"], 7)
                order.append((keys[place], self.size[core["population"]]))
        return order, delayed

    def rows_of(self, key):
        order, delayed = self.senders()
        return dict(order + delayed)[key]

    def is_delayed(self, key):
        return key in dict(self.senders()[1])


def deliveries(net, ours):
    """What every possible spike does, by the arithmetic of the cores: for each source cell and each of its keys, direct
    and through the delay extension, look up the tables of all cores and read the rows. Yields (source population,
    source cell, target population, target cell, receptor, delay in steps, stored weight, shift)."""
    region = lambda core, number: words(next(r["content"] for r in core["regions"] if r["number"] == number))
    spikes = []
    for core in ours["cores"]:
        cells = range(core["first"], core["last"] + 1)
        if not region(core, 1)[4 if core["binary"] == "reverse_iptag_multicast_source" else 0]:
            continue  # no key
        if core["delay"]:
            _, key, _, _, atoms, stages, steps, _, colour = region(core, 1)
            spikes += [(core["population"], cell, key + ((s * atoms + n) << colour), (s + 1) * steps)
                       for s in range(stages) for n, cell in enumerate(cells)]
        elif core["binary"] == "reverse_iptag_multicast_source":
            spikes += [(core["population"], cell, region(core, 1)[5] + (n << 4), 0) for n, cell in enumerate(cells)]
        else:
            keys = region(core, 1)[14 if core["binary"] == "spike_source_poisson" else 7:]
            spikes += [(core["population"], cell, key, 0) for cell, key in zip(cells, keys)]
    for core in ours["cores"]:
        if not core["binary"].startswith("IF_"):
            continue
        table, matrix, parameters = region(core, 5), region(core, 6), region(core, 4)
        _, _, atom_bits, type_bits, delay_bits = parameters[:5]
        shifts = parameters[7:]
        entries = [table[2 + 5 * e:7 + 5 * e] for e in range(table[0])]
        items = table[2 + 5 * table[0]:]
        for population, cell, key, before in spikes:
            for base, mask, where, index, rows in entries:
                if key & mask != base:
                    continue
                core_mask, shift = index & 0xffff, index >> 16
                local = (key & ~(mask | core_mask << shift)) >> 4
                row = ((key >> shift) & core_mask) * (rows & 0xffff) + local
                for item in items[where & 0x1fff:][:where >> 16]:
                    if item >> 8 == 0xffffff:
                        continue
                    length = (item & 0xff) + 1
                    start = (item >> 8) * 4 + row * (length + 3)
                    for word in matrix[start + 3:start + 3 + matrix[start + 1]]:
                        delay = (word & 0xffff) >> (atom_bits + type_bits) & ((1 << delay_bits) - 1)
                        receptor = word >> atom_bits & ((1 << type_bits) - 1)
                        yield (population, cell, core["population"], core["first"] + (word & ((1 << atom_bits) - 1)),
                               receptor, before + (delay or 1 << delay_bits), word >> 16, shifts[receptor])


def check_synapses(net, ours):
    """Every synapse of the network is delivered once, with its delay and its weight to half a step, and nothing else;
    and the list that Taproot reads back is the network's. Returns how many."""
    size = {p["label"]: p["size"] for p in net["populations"]}
    conductance = {p["label"]: p["cell"] == "IF_cond_exp" for p in net["populations"]}
    wanted = []
    for j, stored in zip(net["projections"], ours["projections"]):
        listed = j["connector"]
        if listed == "all":
            listed = [(s, t, j["weight"], j["delay"]) for t in range(size[j["target"]]) for s in range(size[j["source"]])]
        listed = sorted(listed, key=lambda s: s[1])
        assert stored["sources"] == [s[0] for s in listed]
        for w, d, s in zip(stored["weights"], stored["delays"], listed):
            steps = max(1, round(s[3] / net["timestep"]))
            assert abs(d - steps * net["timestep"]) < 1e-9, (d, s)
            assert abs(w - s[2]) <= 0.5001 * stored["resolution"], (w, s)
            wanted.append((j["source"], s[0], j["target"], s[1], j["receptor"], steps, abs(s[2])))
    found = sorted(deliveries(net, ours))
    assert len(found) == len(wanted), (len(found), len(wanted))
    for got, want in zip(found, sorted(wanted)):
        assert got[:6] == want[:6], (got, want)
        scale = 2.0 ** (15 - got[7]) * (1024.0 if conductance[got[2]] else 1.0)
        assert abs(got[6] / scale - want[6]) <= 0.5001 / scale, (got, want)
    return len(found)


def main():
    python, dump = (os.path.abspath(p) for p in sys.argv[1:3])
    failed = 0
    equal, tolerated = 0, collections.Counter()
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, ".spynnaker.cfg"), "w") as file:
            file.write(CONFIGURATION)
        for make in networks.ALL:
            net = make()
            out = os.path.join(directory, "reference.json")
            run = subprocess.run([python, os.path.join(HERE, "reference.py"), make.__name__, out], cwd=directory,
                                 env={**os.environ, "HOME": directory, "PYTHONPATH": HERE}, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if run.returncode != 0:
                sys.exit(f"sPyNNaker failed on {net['name']}:\n{run.stdout[-3000:]}")
            with open(out) as file:
                theirs = json.load(file)
            path = os.path.join(directory, "network.json")
            with open(path, "w") as file:
                json.dump(as_taproot(net), file)
            ours = json.loads(subprocess.run([dump, path, str(net["steps"])], check=True,
                                             stdout=subprocess.PIPE).stdout)
            comparison = Comparison(net, ours, theirs)
            comparison.run()
            synapses = check_synapses(net, ours)
            print(f"{net['name']}: {len(ours['cores'])} cores, {comparison.equal} regions equal, "
                  f"{sum(comparison.tolerated.values())} tolerated, {len(comparison.wrong)} wrong; "
                  f"{synapses} synapses delivered")
            for line in comparison.wrong:
                print(f"  WRONG {line}")
            equal += comparison.equal
            tolerated += comparison.tolerated
            failed += len(comparison.wrong)
    print(f"\n{equal} regions equal, {sum(tolerated.values())} with tolerated differences, {failed} wrong")
    for name, count in sorted(tolerated.items()):
        print(f"  {count:4} {name}: {TOLERATED[name]}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
