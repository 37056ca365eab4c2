"""The network that is described is the one that the script meant, down to the network file."""

import numpy as np
import pytest
from pyNN import errors
from pyNN.random import NumpyRNG, RandomDistribution

import taproot.spinnaker
from taproot import _taproot


def test_the_file_holds_what_setup_said(network):
    taproot.spinnaker.setup(
        timestep=0.5,
        min_delay=1.0,
        max_delay=20.0,
        time_scale_factor=3,
        rng_seed=42,
        label="mine",
        threads=2,
        spike_precision="on_grid",
    )
    described = network()
    assert described["timestep"] == 0.5
    assert (described["min_delay"], described["max_delay"]) == (1.0, 20.0)
    assert described["time_scale_factor"] == 3
    assert (described["seed"], described["label"]) == (42, "mine")


def test_delays_are_a_step_and_unlimited_unless_given(sim):
    sim.setup(timestep=0.2)
    assert sim.get_time_step() == 0.2
    assert sim.get_min_delay() == 0.2
    assert sim.get_max_delay() == np.inf
    assert (sim.num_processes(), sim.rank(), sim.get_current_time()) == (1, 0, 0.0)


def test_the_smallest_delay_is_that_of_the_network_if_left_open(sim):
    sim.setup(timestep=0.1)
    cells = sim.Population(3, sim.IF_cond_exp())
    sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(delay=0.5))
    assert sim.get_min_delay() == 0.5
    sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(delay="0.3 + d"))
    assert sim.get_min_delay() == 0.3
    sim.setup(timestep=0.1, min_delay=0.2)
    assert sim.get_min_delay() == 0.2


def test_parameters_as_constants_arrays_and_draws(sim, network):
    sim.Population(
        3,
        sim.IF_cond_exp(tau_m=[10.0, 11.0, 12.0], cm=RandomDistribution("uniform", (0.5, 1.0), rng=NumpyRNG(seed=3))),
        initial_values={"v": lambda i: -65.0 + i},
        label="cells",
    )
    (cells,) = network()["populations"]
    assert (cells["label"], cells["size"], cells["cell"]) == ("cells", 3, "IfCondExp")
    assert cells["parameters"]["tau_m"] == {"PerCell": [10.0, 11.0, 12.0]}
    assert cells["parameters"]["v_rest"] == {"Constant": -65.0}
    drawn = np.random.RandomState(3).uniform(0.5, 1.0, 3)
    assert cells["parameters"]["cm"] == {"PerCell": list(drawn)}
    assert cells["initial_values"]["v"] == {"PerCell": [-65.0, -64.0, -63.0]}
    assert set(cells["parameters"]) == set(sim.IF_cond_exp.default_parameters)


def test_parameters_changed_later_and_through_views(sim, network):
    cells = sim.Population(5, sim.IF_curr_exp())
    cells.set(i_offset=0.5)
    cells[1:4][0:2].set(tau_m=[15.0, 16.0])
    cells[4].v_thresh = -48.0
    cells[0:2].initialize(v=-70.0)
    parameters = network()["populations"][0]["parameters"]
    assert parameters["i_offset"] == {"Constant": 0.5}
    assert parameters["tau_m"] == {"PerCell": [20.0, 15.0, 16.0, 20.0, 20.0]}
    assert parameters["v_thresh"] == {"PerCell": [-50.0] * 4 + [-48.0]}
    assert network()["populations"][0]["initial_values"]["v"] == {"PerCell": [-70.0, -70.0, -65.0, -65.0, -65.0]}
    assert cells.get("tau_m").tolist() == [20.0, 15.0, 16.0, 20.0, 20.0]
    assert cells[1:3].get(["tau_m", "i_offset"])[1] == 0.5
    assert cells[4].v_thresh == -48.0
    assert cells[3:5].initial_values["v"][1] == -65.0


def test_spike_times(sim, network):
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=[1.0, 2.5]))
    assert network()["populations"][0]["parameters"]["spike_times"] == {"Sequences": [[1.0, 2.5]] * 3}
    source[1:3].set(spike_times=[[4.0], [5.0, 6.0]])
    assert network()["populations"][0]["parameters"]["spike_times"] == {"Sequences": [[1.0, 2.5], [4.0], [5.0, 6.0]]}
    assert [list(s.value) for s in source.get("spike_times")] == [[1.0, 2.5], [4.0], [5.0, 6.0]]


def test_records(sim, network):
    cells = sim.Population(10, sim.IF_cond_exp())
    cells.record("spikes")
    cells[2:5].record(["v", "gsyn_exc"], sampling_interval=1.0)
    cells[7:8].record("v")
    records = {r["variable"]: r for r in network()["populations"][0]["records"]}
    assert records["Spikes"] == {"variable": "Spikes", "interval": 1, "cells": None}
    assert records["V"] == {"variable": "V", "interval": 10, "cells": [2, 3, 4, 7]}
    assert records["GsynExc"]["cells"] == [2, 3, 4]
    cells.record(None)
    assert network()["populations"][0]["records"] == []


def test_a_projection_is_a_description_not_a_list(sim, network):
    cells = sim.Population(100, sim.IF_cond_exp(), label="cells")
    rng = NumpyRNG(seed=12)
    projection = sim.Projection(
        cells[10:50],
        cells,
        sim.FixedProbabilityConnector(0.1, rng=rng, allow_self_connections=False),
        sim.StaticSynapse(weight=RandomDistribution("normal", (0.1, 0.01), rng=NumpyRNG(seed=1)), delay="0.1 + 0.01*d"),
        receptor_type="inhibitory",
        label="mine",
    )
    (described,) = network()["projections"]
    assert described["label"] == "mine"
    assert described["receptor"] == 1
    assert described["source"] == [{"population": 0, "cells": list(range(10, 50))}]
    assert described["target"] == [{"population": 0, "cells": None}]
    connector = described["connector"]["FixedProbability"]
    assert (connector["probability"], connector["self_connections"]) == (0.1, "Forbidden")
    assert connector["generator"]["Numpy"]["key"] == np.random.RandomState(12).get_state()[1].tolist()
    assert described["weight"]["Random"]["distribution"] == {"Normal": {"mu": 0.1, "sigma": 0.01}}
    assert described["delay"] == {"Distance": "0.1 + 0.01*d"}
    assert len(projection) == projection.size() == len(projection.get("weight", "list"))


def test_an_assembly_is_its_parts(sim, network):
    a, b = (sim.Population(n, sim.IF_cond_exp()) for n in (4, 3))
    sim.Projection(a[1:3] + b, b + a, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1))
    (described,) = network()["projections"]
    assert described["source"] == [{"population": 0, "cells": [1, 2]}, {"population": 1, "cells": None}]
    assert described["target"] == [{"population": 1, "cells": None}, {"population": 0, "cells": None}]


def test_large_projections_wait_until_they_are_needed(sim):
    a = sim.Population(20000, sim.IF_cond_exp())
    rng = sim.NativeRNG(seed=1)
    projection = sim.Projection(
        a, a, sim.FixedProbabilityConnector(0.001, rng=rng), sim.StaticSynapse(weight=0.1, delay=1.0)
    )
    assert projection._size is None
    assert len(projection) == pytest.approx(400_000, rel=0.02)


def test_setup_forgets(sim, network):
    old = sim.Population(3, sim.IF_cond_exp())
    sim.setup(timestep=1.0)
    new = sim.Population(3, sim.IF_cond_exp())
    assert len(network()["populations"]) == 1
    with pytest.raises(errors.ConnectionError, match="before the last setup"):
        sim.Projection(old, new, sim.OneToOneConnector())


def test_get_list_and_array(sim):
    a, b = (sim.Population(n, sim.IF_cond_exp()) for n in (3, 2))
    projection = sim.Projection(
        a,
        b,
        sim.FromListConnector([(0, 0, 0.1, 1.0), (0, 0, 0.3, 2.0), (2, 1, 0.5, 3.0)]),
        receptor_type="excitatory",
    )
    assert projection.get("weight", "list") == [(0, 0, 0.1), (0, 0, 0.3), (2, 1, 0.5)]
    assert projection.get("weight", "list", with_address=False) == [0.1, 0.3, 0.5]
    assert projection.get(["delay", "weight"], "list", with_address=False) == [(1.0, 0.1), (2.0, 0.3), (3.0, 0.5)]
    nan = np.nan
    for how, expected in (("last", 0.3), ("first", 0.1), ("sum", 0.4), ("min", 0.1), ("max", 0.3)):
        array = projection.get("weight", "array", multiple_synapses=how)
        np.testing.assert_array_equal(array, [[expected, nan], [nan, nan], [nan, 0.5]])
    weights, delays = projection.get(["weight", "delay"], "array", multiple_synapses="first")
    assert (weights[2, 1], delays[2, 1]) == (0.5, 3.0)
    with pytest.raises(errors.NonExistentParameterError, match="delay, weight"):
        projection.get("U", "list")


def test_connections_one_by_one(sim):
    a = sim.Population(4, sim.IF_cond_exp())
    projection = sim.Projection(a, a, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.2, delay=0.5))
    assert [c.as_tuple("presynaptic_index", "postsynaptic_index", "weight", "delay") for c in projection] == [
        (i, i, 0.2, 0.5) for i in range(4)
    ]
    projection[2].weight = 0.7
    assert projection[2].weight == 0.7
    assert projection.get("weight", "list", with_address=False) == [0.2, 0.2, 0.7, 0.2]
    assert projection[-1].presynaptic_cell == a[3]
    assert [c.weight for c in projection.connections] == [0.2, 0.2, 0.7, 0.2]
    assert [c.index for c in projection[1:3]] == [1, 2]
    with pytest.raises(IndexError):
        projection[4]


def test_set_in_every_form(sim):
    a, b = (sim.Population(n, sim.IF_cond_exp()) for n in (3, 2))
    projection = sim.Projection(a, b, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.2, delay=0.5))

    def weights():
        return projection.get("weight", "array").tolist()

    projection.set(weight=0.4, delay=1.0)
    assert weights() == [[0.4] * 2] * 3
    matrix = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    projection.set(weight=np.array(matrix))
    assert weights() == matrix
    projection.set(weight=[0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    assert weights() == [[0.6, 0.5], [0.4, 0.3], [0.2, 0.1]]
    projection.set(weight="0.5*d")
    assert weights() == [[0.0, 0.5], [0.5, 0.0], [1.0, 0.5]]
    projection.set(weight=lambda d: 2 * d)
    assert weights() == [[0.0, 2.0], [2.0, 0.0], [4.0, 2.0]]
    projection.set(weight=RandomDistribution("uniform", (0.1, 0.2), rng=NumpyRNG(seed=1)))
    assert 0.1 <= projection.get("weight", "array").min() < projection.get("weight", "array").max() < 0.2
    with pytest.raises(errors.InvalidDimensionsError, match="5 values of weight for 6 connected pairs"):
        projection.set(weight=[1.0] * 5)
    with pytest.raises(errors.ConnectionError, match="0 or more"):
        projection.set(weight=-1.0)
    assert projection.get("weight", "array").min() > 0, "a refused value leaves the old one"
    with pytest.raises(errors.NonExistentParameterError):
        projection.set(tau_rec=3.0)


def test_the_native_words_are_pynns_words(sim):
    for name, parameters, initial_values, receptors, recordables in _taproot.cell_types():
        model = getattr(sim, name)
        assert set(parameters) == set(model.default_parameters)
        assert set(initial_values) == set(model.default_initial_values)
        assert tuple(receptors) == tuple(model.receptor_types)
        assert recordables == list(model.recordable)


def test_procedural_interface(sim, network):
    with pytest.warns(DeprecationWarning):
        cells = sim.create(sim.IF_curr_exp(), n=4)
        source = sim.create(sim.SpikeSourcePoisson, {"rate": 20.0}, n=2)
        sim.connect(source, cells[0], weight=0.5, delay=1.0)
        sim.set(cells, tau_m=12.0)
        sim.initialize(cells, v=-60.0)
        sim.record_v(cells[0:2], "unused.pkl")
    taproot.spinnaker.simulator.state.write_on_end.clear()
    described = network()
    assert described["populations"][0]["parameters"]["tau_m"] == {"Constant": 12.0}
    assert described["populations"][0]["initial_values"]["v"] == {"Constant": -60.0}
    assert described["populations"][1]["parameters"]["rate"] == {"Constant": 20.0}
    assert described["projections"][0]["target"] == [{"population": 0, "cells": [0]}]
    assert described["populations"][0]["records"][0]["cells"] == [0, 1]


def test_native_draws(sim):
    rng = sim.NativeRNG(seed=3)
    first = rng.next(1000, "normal", {"mu": 1.0, "sigma": 0.1})
    assert first.mean() == pytest.approx(1.0, abs=0.02)
    assert first.std() == pytest.approx(0.1, rel=0.1)
    assert not np.array_equal(first, rng.next(1000, "normal", {"mu": 1.0, "sigma": 0.1}))
    sim.setup()
    np.testing.assert_array_equal(first, sim.NativeRNG(seed=3).next(1000, "normal", {"mu": 1.0, "sigma": 0.1}))
    assert rng.next(5, "uniform_int", {"low": 0, "high": 3}).dtype == int
    cells = sim.Population(5, sim.IF_cond_exp(tau_m=RandomDistribution("uniform", (10, 20), rng=rng)))
    assert 10 <= cells.get("tau_m").min() < cells.get("tau_m").max() < 20
    assert sorted(int(cell) for cell in cells.sample(5, rng)) == [int(cell) for cell in cells]
