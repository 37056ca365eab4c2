"""What goes wrong says so, in PyNN's exceptions, where it goes wrong."""

import importlib
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from pyNN import errors
from pyNN.standardmodels import cells, electrodes, synapses

import taproot
import taproot.spinnaker

MISSING = [
    name
    for module in (cells, synapses, electrodes)
    for name, model in vars(module).items()
    if isinstance(model, type)
    and model.__module__ == module.__name__
    and name not in ("IF_curr_exp", "IF_cond_exp", "SpikeSourceArray", "SpikeSourcePoisson", "StaticSynapse")
]


@pytest.mark.parametrize("name", MISSING)
def test_what_pynn_has_and_we_have_not_is_refused_when_named(name):
    with pytest.raises(errors.NoModelAvailableError, match=f"{name}.* support"):
        getattr(taproot.spinnaker, name)
    with pytest.raises(ImportError, match="support"):
        exec(f"from taproot.spinnaker import {name}")
    assert not hasattr(taproot.spinnaker, name)


def test_an_unknown_name_is_an_ordinary_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'IF_cond_epx'"):
        taproot.spinnaker.IF_cond_epx
    with pytest.raises(ImportError, match="cannot import name 'IF_cond_epx'"):
        from taproot.spinnaker import IF_cond_epx  # noqa: F401


def test_import_star_and_the_list_of_models():
    scope = {}
    exec("from taproot.spinnaker import *", scope)
    for name in ("setup", "run", "Population", "Projection", "IF_cond_exp", "NativeRNG", "OneToOneConnector", "set"):
        assert name in scope
    assert scope["list_standard_models"]() == ["IF_curr_exp", "IF_cond_exp", "SpikeSourceArray", "SpikeSourcePoisson"]


def test_the_same_module_inside_pynn():
    assert importlib.import_module("pyNN.taproot") is taproot.spinnaker


def test_get_simulator_finds_us(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pyNN.utility import get_simulator\nsim, options = get_simulator()\nsim.setup()\nprint(sim.__name__)\n"
    )
    result = subprocess.run(
        [sys.executable, str(script), "taproot"], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "taproot.spinnaker"


def test_models_of_other_back_ends_are_refused(sim):
    import pyNN.mock

    # A synapse of another back end asks that one for its smallest delay.
    pyNN.mock.setup()
    with pytest.raises(errors.NoModelAvailableError, match="IF_cond_alpha is not a cell type.*SpikeSourcePoisson"):
        sim.Population(3, pyNN.mock.IF_cond_alpha())
    population = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.NoModelAvailableError, match="TsodyksMarkramSynapse.*StaticSynapse"):
        sim.Projection(population, population, sim.OneToOneConnector(), pyNN.mock.TsodyksMarkramSynapse())


def test_current_injection_is_refused(sim):
    population = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.NoModelAvailableError, match="i_offset"):
        population.inject(object())


def test_unknown_parameters(sim):
    with pytest.raises(errors.NonExistentParameterError, match="tau_mm .valid parameters for .*IF_cond_exp"):
        sim.IF_cond_exp(tau_mm=20.0)
    population = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.NonExistentParameterError, match="foo"):
        population.set(foo=1.0)
    with pytest.raises(errors.NonExistentParameterError, match="foo .valid parameters for IF_cond_exp are: cm"):
        population.get("foo")
    with pytest.raises(errors.NonExistentParameterError, match="w .valid parameters for IF_cond_exp are: gsyn_exc"):
        population.initialize(w=1.0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"tau_m": 0.0}, "tau_m of population `p` must be above 0"),
        ({"cm": [1.0, -1.0, 1.0]}, "cm of population `p` must be above 0, not -1"),
        ({"tau_refrac": -1.0}, "tau_refrac of population `p` must not be negative"),
        ({"v_rest": np.nan}, "v_rest of population `p` must be a finite number, not nan"),
        ({"tau_m": np.inf}, "tau_m of population `p` must be a finite number, not inf"),
        ({"v_rest": "high"}, "v_rest"),
    ],
)
def test_impossible_parameters(sim, parameters, message):
    with pytest.raises((errors.InvalidParameterValueError, errors.InvalidDimensionsError), match=message):
        sim.Population(3, sim.IF_cond_exp(**parameters), label="p")
    assert sim.simulator.state.populations == []


def test_wrong_number_of_values(sim):
    with pytest.raises(ValueError):
        sim.Population(3, sim.IF_cond_exp(tau_m=[1.0, 2.0]))


def test_spike_times_must_make_sense(sim):
    with pytest.raises(errors.InvalidParameterValueError, match="increasing order"):
        sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0, 2.0]))
    with pytest.raises(errors.InvalidParameterValueError, match="negative"):
        sim.Population(1, sim.SpikeSourceArray(spike_times=[-3.0, 2.0]))


def test_a_failed_population_leaves_nothing_behind(sim, network):
    with pytest.raises(errors.NonExistentParameterError):
        sim.Population(3, sim.IF_cond_exp(), initial_values={"nonsense": 1.0})
    with pytest.raises(errors.InvalidDimensionsError):
        sim.Population(0, sim.IF_cond_exp())
    sim.Population(3, sim.IF_cond_exp(), label="good")
    assert [p["label"] for p in network()["populations"]] == ["good"]
    sim.reset()


@pytest.mark.parametrize(
    ("synapse", "message"),
    [
        ({"delay": -1.0}, "delay from cell 0 to cell 0 is -1 ms; it must be from 0.1 to 100 ms"),
        ({"delay": 101.0}, "is 101 ms; it must be from 0.1 to 100 ms"),
        ({"delay": 0.01}, "is 0.01 ms"),
        ({"delay": "0.0*d"}, "is 0 ms"),
        ({"weight": -0.1}, "weight from cell 0 to cell 0 is -0.1 uS; a conductance must be 0 or more"),
        ({"weight": float("inf")}, "finite"),
    ],
)
def test_weights_and_delays_out_of_range(sim, network, synapse, message):
    population = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.ConnectionError, match=message):
        sim.Projection(
            population, population, sim.OneToOneConnector(), sim.StaticSynapse(**synapse), receptor_type="excitatory"
        )
    assert network()["projections"] == []


def test_signs_of_currents(sim):
    population = sim.Population(3, sim.IF_curr_exp())
    for weight, receptor in ((0.1, "inhibitory"), (-0.1, "excitatory")):
        with pytest.raises(errors.ConnectionError, match="nA"):
            sim.Projection(
                population,
                population,
                sim.OneToOneConnector(),
                sim.StaticSynapse(weight=weight),
                receptor_type=receptor,
            )
    assert sim.Projection(
        population, population, sim.OneToOneConnector(), sim.StaticSynapse(weight=-0.1)
    ).receptor_type == ("inhibitory")


def test_sources_are_no_targets(sim):
    source = sim.Population(3, sim.SpikeSourceArray(), label="source")
    with pytest.raises(errors.ConnectionError, match="`source` cannot be the target"):
        sim.Projection(source, source, sim.OneToOneConnector())


@pytest.mark.parametrize("row", [(3, 0, 0.1, 1.0), (0, 3, 0.1, 1.0), (-1, 0, 0.1, 1.0), (0.5, 0, 0.1, 1.0)])
def test_lists_name_existing_cells(sim, row):
    population = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.ConnectionError, match="index out of range: connection 1 of the list"):
        sim.Projection(population, population, sim.FromListConnector([(0, 0, 0.1, 1.0), row]))


def test_arrays_have_the_projections_shape(sim):
    population = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.InvalidDimensionsError, match=r"shape \(2, 2\)"):
        sim.Projection(population, population, sim.ArrayConnector(np.ones((2, 2), bool)))
    with pytest.raises(errors.InvalidDimensionsError, match=r"shape \(3, 2\)"):
        sim.Projection(
            population,
            population,
            sim.AllToAllConnector(),
            sim.StaticSynapse(weight=np.ones((3, 2))),
            receptor_type="excitatory",
        )


def test_recording_what_is_not_there(sim):
    source = sim.Population(3, sim.SpikeSourcePoisson())
    with pytest.raises(errors.RecordingError, match="Cannot record v from cell type SpikeSourcePoisson"):
        source.record("v")
    cells = sim.Population(3, sim.IF_cond_exp())
    cells.record("v", sampling_interval=0.5)
    with pytest.raises(ValueError, match="same sampling interval"):
        cells.record("gsyn_exc", sampling_interval=1.0)
    with pytest.raises(ValueError, match="not a multiple of the time step"):
        cells.record("v", sampling_interval=0.25)


def test_data_before_the_first_run(sim):
    cells = sim.Population(3, sim.IF_cond_exp(), label="cells")
    cells.record("spikes")
    with pytest.raises(errors.NothingToWriteError, match="`cells` has no data yet"):
        cells.get_data()


def test_setup_mistakes(sim, caplog):
    for mistake in ({"dt": 0.1}, {"min_delay": 0.01}, {"min_delay": 3.0, "max_delay": 2.0}):
        with pytest.raises(Exception, match="dt is not a valid|must be greater|less than or equal"):
            sim.setup(timestep=0.1, **mistake)
    with pytest.raises(ValueError, match="time step must be above 0"):
        sim.setup(timestep=0.0)
    with pytest.raises(ValueError, match="whole number"):
        sim.setup(time_scale_factor=1.5)
    sim.setup(machin="spin5")
    assert "does not know `machin`" in caplog.text


def test_files_that_are_no_networks(sim, tmp_path):
    path = tmp_path / "wrong.taproot"
    path.write_bytes(b"nonsense")
    from taproot import _taproot

    with pytest.raises(taproot.TaprootError, match="not a Taproot file"):
        _taproot.read_network(str(path))
    with pytest.raises(FileNotFoundError, match="nowhere.taproot"):
        _taproot.read_network(str(tmp_path / "nowhere.taproot"))
    with pytest.raises(FileNotFoundError):
        sim.save_network(tmp_path / "missing" / "folder")


def test_every_submodule_imports():
    for module in pkgutil.walk_packages(taproot.__path__, "taproot."):
        if module.name != "taproot.__main__":
            importlib.import_module(module.name)


def test_the_number_of_threads_in_the_environment_must_be_one(monkeypatch):
    monkeypatch.setenv("TAPROOT_THREADS", "many")
    with pytest.raises(ValueError, match="TAPROOT_THREADS must be a whole number from 1, not 'many'"):
        taproot.spinnaker.setup()
    monkeypatch.setenv("TAPROOT_THREADS", "2")
    # Scripts say `threads` to other simulators; it is tolerated.
    taproot.spinnaker.setup(threads=1)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"timestep": 0.0005}, "whole number of microseconds .*, not 0.0005 ms"),
        ({"timestep": "x"}, "the time step must be a number of ms, not 'x'"),
        ({"rng_seed": -1}, "rng_seed must be a whole number from 0 to .*, not -1"),
        ({"rng_seed": 1.5}, "rng_seed must be a whole number .*, not 1.5"),
        ({"machine": 5}, 'machine must be a name such as "spin5" .*, not 5'),
        ({"time_scale_factor": "x"}, "time_scale_factor must be a whole number from 1, not 'x'"),
    ],
)
def test_setup_refuses_what_it_cannot_use(sim, keywords, message):
    with pytest.raises(ValueError, match=message):
        sim.setup(**keywords)


def test_a_source_cannot_start_before_the_beginning(sim):
    with pytest.raises(errors.InvalidParameterValueError, match="start of population `p` must not be negative, but is -1"):
        sim.Population(1, sim.SpikeSourcePoisson(start=-1.0), label="p")


def test_initial_values_are_finite(sim):
    cells = sim.Population(3, sim.IF_cond_exp(), label="p")
    with pytest.raises(errors.InvalidParameterValueError, match="the initial v of population `p` must be a finite number"):
        cells[1:2].initialize(v=np.nan)


@pytest.mark.parametrize("limit", [0, -1, 1.5, "x"])
def test_cells_per_core(sim, limit):
    with pytest.raises(ValueError, match=f"neurons_per_core must be a whole number from 1, or None, not {limit!r}"):
        sim.Population(3, sim.IF_cond_exp(), neurons_per_core=limit)
    assert sim.simulator.state.populations == []


def test_places_on_cells_are_refused(sim):
    with pytest.raises(NotImplementedError, match="locations='soma'.*cells are points"):
        sim.Population(2, sim.IF_cond_exp()).record("v", locations="soma")


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_times_are_finite(sim, time):
    sim.Population(1, sim.IF_cond_exp())
    with pytest.raises(ValueError, match="the time must be a finite number of ms"):
        sim.run(time)


@pytest.mark.parametrize("weight", [[1.0, 2.0, 3.0], np.ones((2, 3))])
def test_arrays_of_synapse_parameters_have_one_value_per_pair(sim, weight):
    cells = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.InvalidDimensionsError, match=r"weight has shape .*array of shape \(3, 3\)"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=weight))


@pytest.mark.parametrize("weight", [{}, None])
def test_set_refuses_what_is_no_weight(sim, weight):
    cells = sim.Population(3, sim.IF_cond_exp())
    projection = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1), label="j")
    with pytest.raises(errors.InvalidParameterValueError, match="weight of projection `j` must be a number, .*, not "):
        projection.set(weight=weight)
    assert projection.get("weight", "list", with_address=False) == [0.1] * 9


def test_static_synapses_have_no_state(sim):
    cells = sim.Population(3, sim.IF_cond_exp())
    projection = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1))
    with pytest.raises(NotImplementedError, match="no state to initialize .`w`."):
        projection.initialize(w=1.0)


def test_the_smallest_delay_is_named_where_there_is_no_largest(sim):
    sim.setup(timestep=1.0)
    cells = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(errors.ConnectionError, match="it must be 1 ms or more"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(delay=0.0))


def test_the_script_names_the_machine_and_a_difference_is_said(sim, monkeypatch, recwarn):
    monkeypatch.setenv("TAPROOT_MACHINE", "spin3")
    with pytest.warns(taproot.TaprootWarning, match="the script names the machine `spin5`.*so `spin3`.*is not used"):
        sim.setup(machine="spin5")
    recwarn.clear()
    sim.setup(machine="spin3")
    sim.setup()
    assert not recwarn.list


@pytest.mark.parametrize(
    "delay",
    [
        1e6,
        np.full((3, 3), 1e6),
        "1e6 + d",
        taproot.spinnaker.RandomDistribution("uniform", (1.0, 1e6)),
        taproot.spinnaker.RandomDistribution("uniform", (1.0, 1e6), rng=taproot.spinnaker.NativeRNG(seed=1)),
    ],
)
@pytest.mark.parametrize("size", [3, 2000])
def test_a_delay_that_no_machine_has_room_for_is_refused_when_it_is_named(sim, network, delay, size):
    sim.setup(timestep=1.0)
    if isinstance(delay, np.ndarray):
        delay = np.full((size, size), 1e6)
    cells = sim.Population(size, sim.IF_cond_exp(), label="cells")
    synapse = sim.StaticSynapse(weight=0.1, delay=delay)
    with pytest.raises(errors.ConnectionError, match="`slow` has a delay of .*; the longest that its source `cells` can have"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), synapse, label="slow")
    assert network()["projections"] == []


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        ("spin7", "no machine called `spin7`.*spin5.*udp:ADDRESS"),
        ("spin:7", "`spin:7` should give width and height"),
        ("udp:", "`udp:` should give an IP address"),
        ("udp:no-such-board.invalid", "no host called `no-such-board.invalid`"),
        ("udp:::1", "::1 is not an IPv4 address"),
        ("nowhere.toml", "nowhere.toml"),
        ("brainscales1", "networks cannot be run on `brainscales1` yet"),
    ],
)
def test_a_machine_that_there_is_not_is_refused_by_setup(sim, monkeypatch, machine, message):
    cells = sim.Population(3, sim.IF_cond_exp())
    with pytest.raises(taproot.TaprootError, match=message):
        sim.setup(machine=machine)
    assert sim.simulator.state.populations == [cells], "what was described is still there"
    monkeypatch.setenv("TAPROOT_MACHINE", machine)
    with pytest.raises(taproot.TaprootError, match=message):
        sim.setup()
