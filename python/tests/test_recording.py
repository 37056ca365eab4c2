"""What comes back is Neo data as PyNN users know it. The machine is a stand-in with data that can be told in advance."""

import json
import pickle
import warnings

import neo
import numpy as np
import pytest
import quantities as pq
from pyNN import errors

import taproot.spinnaker


class StandIn:
    """A simulation whose cell `c` spikes at steps c + 1, c + 11, ..., and whose signals say sample and cell."""

    def __init__(self, described):
        self.described = described
        self.step = 0
        self.since = {}
        self.runs = []

    def __getattr__(self, name):
        return getattr(self.described, name)

    loaded = True

    def run(self, until):
        self.runs.append(until)
        self.step = until

    def reset(self):
        self.step = 0
        self.since = {}

    def close(self):
        pass

    def _records(self, population, variable):
        described = json.loads(self.described.to_json())["populations"][population]
        names = {"Spikes": "spikes", "V": "v", "GsynExc": "gsyn_exc", "GsynInh": "gsyn_inh"}
        for record in described["records"]:
            if names[record["variable"]] == variable:
                cells = record["cells"]
                return np.arange(described["size"]) if cells is None else np.array(cells), record["interval"]
        return None

    def spikes(self, population):
        record = self._records(population, "spikes")
        if record is None:
            return None
        since = self.since.get(population, 0)
        events = [(s, c) for c in record[0] for s in range(c + 1, self.step, 10) if s >= since]
        steps, cells = np.array(sorted(events), np.uint32).reshape(-1, 2).T
        return np.ascontiguousarray(cells), np.ascontiguousarray(steps)

    def signal(self, population, variable):
        record = self._records(population, variable)
        if record is None:
            return None
        cells, interval = record
        samples = np.arange(self.since.get(population, 0), self.step + 1, interval)
        return samples[:, None] + cells[None, :] / 100.0, cells.astype(np.uint32)

    def clear(self, population):
        self.since[population] = self.step


@pytest.fixture
def machine(sim, monkeypatch):
    """Puts the stand-in where the machine would be."""
    stand_in = StandIn(sim.simulator.state.network)
    monkeypatch.setattr(sim.simulator.state, "network", stand_in)
    return stand_in


def test_spikes_of_a_population(sim, machine):
    cells = sim.Population(5, sim.IF_cond_exp(), label="cells")
    cells.record("spikes")
    assert sim.run(3.0) == 3.0
    block = cells.get_data()
    (segment,) = block.segments
    assert block.name == "cells"
    for key, value in {
        "size": 5,
        "first_index": 0,
        "last_index": 5,
        "first_id": int(cells.first_id),
        "last_id": int(cells.last_id),
        "label": "cells",
        "simulator": "taproot",
        "dt": 0.1,
        "mpi_processes": 1,
    }.items():
        assert block.annotations[key] == value
    trains = segment.spiketrains
    assert len(trains) == 5
    np.testing.assert_allclose(trains[2].rescale(pq.ms).magnitude, [0.3, 1.3, 2.3])
    assert trains[2].t_stop == 3.0 * pq.ms
    assert trains[2].annotations["source_index"] == 2
    assert trains[2].annotations["channel_id"] == int(cells[2])
    assert trains[2].annotations["source_population"] == "cells"
    assert cells.get_spike_counts() == {int(cells[i]): 3 for i in range(5)}
    assert cells.mean_spike_count() == 3.0


def test_spikes_of_a_view(sim, machine):
    cells = sim.Population(8, sim.IF_cond_exp())
    cells[2:6].record("spikes")
    sim.run(2.0)
    assert [t.annotations["source_index"] for t in cells.get_data().segments[0].spiketrains] == [2, 3, 4, 5]
    view = cells[3:8]
    trains = view.get_data("spikes").segments[0].spiketrains
    assert [t.annotations["source_index"] for t in trains] == [3, 4, 5]
    np.testing.assert_allclose(trains[0].magnitude, [0.4, 1.4])
    assert set(view.get_spike_counts()) == {int(cells[i]) for i in (3, 4, 5)}


def test_signals(sim, machine):
    cells = sim.Population(4, sim.IF_cond_exp())
    cells[1:3].record(["v", "gsyn_exc"], sampling_interval=0.5)
    sim.run(2.0)
    segment = cells.get_data().segments[0]
    signals = {signal.name: signal for signal in segment.analogsignals}
    assert set(signals) == {"v", "gsyn_exc"}
    v = signals["v"]
    assert v.units == pq.mV
    assert signals["gsyn_exc"].units == pq.uS
    assert v.sampling_period == 0.5 * pq.ms
    assert v.t_start == 0 * pq.ms
    np.testing.assert_allclose(v.magnitude, np.array([0, 5, 10, 15, 20])[:, None] + [0.01, 0.02])
    assert v.array_annotations["channel_index"].tolist() == [1, 2]
    assert list(v.annotations["channel_ids"]) == [int(cells[1]), int(cells[2])]
    only = cells[2:3].get_data("v").segments[0].analogsignals[0]
    assert only.shape == (5, 1)
    np.testing.assert_allclose(only.magnitude[:, 0], np.array([0, 5, 10, 15, 20]) + 0.02)


def test_current_based_input_is_a_current(sim, machine):
    cells = sim.Population(1, sim.IF_curr_exp())
    cells.record("gsyn_exc")
    sim.run(1.0)
    assert cells.get_data().segments[0].analogsignals[0].units == pq.nA


def test_runs_follow_each_other(sim, machine):
    times = []

    def callback(t):
        times.append(t)
        return t + 2.0

    sim.run(1.0)
    sim.run_for(0.5)
    sim.run_until(2.0)
    assert machine.runs == [10, 15, 20]
    sim.run(5.0, callbacks=[callback])
    assert times == pytest.approx([2.0, 4.0, 6.0, 7.0])
    assert machine.runs[3:] == [40, 60, 70]
    assert sim.get_current_time() == 7.0
    with pytest.raises(ValueError, match="in the past"):
        sim.run_until(1.0)


def test_time_does_not_drift(sim, machine):
    for _ in range(1000):
        sim.run(0.1)
    assert machine.runs[-1] == 1000
    assert sim.get_current_time() == 100.0


def test_times_between_steps_are_rounded_up_with_a_warning(sim, machine):
    with pytest.warns(errors.RoundingWarning, match="10.05 ms is not a multiple of the time step of 0.1 ms"):
        sim.run(10.05)
    assert machine.runs == [101]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.run_until(20.3)


def test_reset_makes_segments(sim, machine):
    cells = sim.Population(3, sim.IF_cond_exp())
    cells.record(["spikes", "v"])
    sim.run(1.0)
    sim.reset(annotations={"trial": 1})
    assert sim.get_current_time() == 0.0
    cells.set(tau_m=10.0)
    sim.run(2.0)
    block = cells.get_data()
    assert [s.name for s in block.segments] == ["segment000", "segment001"]
    assert block.segments[0].annotations["trial"] == 1
    assert [len(s.spiketrains[0]) for s in block.segments] == [1, 2]
    assert [s.analogsignals[0].shape for s in block.segments] == [(11, 3), (21, 3)]
    sim.reset()
    assert len(cells.get_data().segments) == 2


def test_clear_forgets_what_was_fetched(sim, machine):
    cells = sim.Population(3, sim.IF_cond_exp())
    cells.record(["spikes", "v"])
    sim.run(1.0)
    first = cells.get_data(clear=True)
    sim.run(1.0)
    second = cells.get_data()
    assert len(first.segments[0].spiketrains[1]) == 1
    np.testing.assert_allclose(second.segments[0].spiketrains[1].magnitude, [1.2])
    assert second.segments[0].analogsignals[0].t_start == 1.0 * pq.ms
    np.testing.assert_allclose(second.segments[0].analogsignals[0].magnitude[:, 0], np.arange(10, 21))


def test_changed_parameters_reach_the_description_before_the_next_run(sim, machine):
    cells = sim.Population(3, sim.IF_cond_exp())
    sim.run(1.0)
    cells.set(i_offset=0.5)
    sim.run(1.0)
    described = json.loads(machine.described.to_json())
    assert described["populations"][0]["parameters"]["i_offset"] == {"Constant": 0.5}


def test_assemblies_merge(sim, machine):
    a, b = (sim.Population(n, sim.IF_cond_exp()) for n in (3, 2))
    both = a + b
    both.record("spikes")
    sim.run(2.0)
    block = both.get_data()
    assert len(block.segments[0].spiketrains) == 5
    assert both.mean_spike_count() == 2.0


@pytest.mark.parametrize("suffix", [".pkl", ".mat"])
def test_files(sim, machine, tmp_path, suffix):
    cells = sim.Population(3, sim.IF_cond_exp())
    cells.record(["spikes", "v"])
    sim.run(2.0)
    path = tmp_path / ("data" + suffix)
    cells.write_data(str(path), annotations={"script": "mine"})
    if suffix == ".pkl":
        block = pickle.loads(path.read_bytes())
        assert block.annotations["script"] == "mine"
    else:
        block = neo.io.NeoMatlabIO(str(path)).read_block()
    assert len(block.segments[0].spiketrains) == 3
    np.testing.assert_allclose(np.asarray(block.segments[0].spiketrains[1]), [0.2, 1.2])


def test_end_writes_what_record_promised(sim, machine, tmp_path):
    cells = sim.Population(3, sim.IF_cond_exp())
    path = tmp_path / "later.pkl"
    cells.record("spikes", to_file=str(path))
    sim.run(1.0)
    assert not path.exists()
    sim.end()
    assert len(pickle.loads(path.read_bytes()).segments[0].spiketrains) == 3


def test_unsupported_text_files(sim, machine):
    cells = sim.Population(3, sim.IF_cond_exp())
    cells.record("spikes")
    sim.run(1.0)
    with pytest.raises(OSError, match="ASCII-based formats"):
        cells.write_data("data.txt")


def test_outputs_that_the_command_asked_for(sim, machine, monkeypatch, tmp_path):
    monkeypatch.setenv("TAPROOT_OUT", str(tmp_path))
    monkeypatch.setattr(sim.simulator.state, "_outputs_written", 0)
    written = []
    machine.write_outputs = lambda directory, command: written.append(directory)
    sim.run(1.0)
    sim.end()
    sim.end()
    assert written == [str(tmp_path)]


def test_the_machine_is_the_scripts_then_the_environments_choice(sim, monkeypatch):
    chosen = []
    real = taproot.spinnaker.simulator._taproot.Simulation

    def simulation(**keywords):
        chosen.append(keywords["machine"])
        return real(**keywords)

    monkeypatch.setattr(taproot.spinnaker.simulator._taproot, "Simulation", simulation)
    monkeypatch.delenv("TAPROOT_MACHINE", raising=False)
    sim.setup()
    sim.setup(machine="spin3")
    monkeypatch.setenv("TAPROOT_MACHINE", "spin5x3")
    sim.setup()
    sim.setup(machine="spin3")
    assert chosen == ["", "spin3", "spin5x3", "spin3"]
