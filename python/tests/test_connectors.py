"""Every connector gives the connections, weights and delays that it gives on PyNN's mock back end."""

import numpy as np
import pyNN.mock
import pytest
from pyNN.core import IndexBasedExpression
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Grid2D, RandomStructure, Space, Sphere

import taproot.spinnaker

BACKENDS = (pyNN.mock, taproot.spinnaker)


class ByIndex(IndexBasedExpression):
    def __call__(self, i, j):
        return np.where((i + j) % 3 == 0, 1.0, 0.1)


class WeightByIndex(IndexBasedExpression):
    def __call__(self, i, j):
        return 0.01 * i + 0.1 * j


def displacement(d):
    return np.exp(-np.abs(d[0]) / 3) * (np.abs(d[1]) < 2)


def populations(sim, sizes=(11, 7), structures=(None, None)):
    sim.setup(timestep=0.1, min_delay=0.1, max_delay=100.0)
    return [
        sim.Population(size, sim.IF_cond_exp(), structure=structure, label=f"p{i}")
        for i, (size, structure) in enumerate(zip(sizes, structures))
    ]


def connections(sim, projection):
    return projection.get(["weight", "delay"], format="list")


def both(make, order=True):
    """What `make(sim)` gives on both back ends: lists of (i, j, weight, delay)."""
    results = [[tuple(map(float, row)) for row in make(sim)] for sim in BACKENDS]
    if not order:
        results = [sorted(rows) for rows in results]
    assert results[0] == results[1]
    return results[1]


def static(sim, seed=17):
    return sim.StaticSynapse(
        weight=RandomDistribution("uniform", (0.1, 0.3), rng=NumpyRNG(seed=seed)),
        delay=RandomDistribution("normal_clipped", (1.0, 0.5, 0.1, 3.0), rng=NumpyRNG(seed=seed + 1)),
    )


CONNECTORS = {
    "AllToAll": lambda sim: sim.AllToAllConnector(),
    "AllToAll without self": lambda sim: sim.AllToAllConnector(allow_self_connections=False),
    "OneToOne": lambda sim: sim.OneToOneConnector(),
    "FixedProbability": lambda sim: sim.FixedProbabilityConnector(0.3, rng=NumpyRNG(seed=1)),
    "FixedProbability, default rng": lambda sim: sim.FixedProbabilityConnector(0.3),
    "FixedProbability without self": lambda sim: sim.FixedProbabilityConnector(
        0.5, allow_self_connections=False, rng=NumpyRNG(seed=2)
    ),
    "FixedProbability of 1": lambda sim: sim.FixedProbabilityConnector(1.0),
    "FixedProbability of 0": lambda sim: sim.FixedProbabilityConnector(0.0),
    "FixedNumberPre": lambda sim: sim.FixedNumberPreConnector(4, rng=NumpyRNG(seed=3)),
    "FixedNumberPre beyond the population": lambda sim: sim.FixedNumberPreConnector(25, rng=NumpyRNG(seed=3)),
    "FixedNumberPre with replacement": lambda sim: sim.FixedNumberPreConnector(
        6, with_replacement=True, rng=NumpyRNG(seed=4)
    ),
    "FixedNumberPre without self": lambda sim: sim.FixedNumberPreConnector(
        4, allow_self_connections=False, rng=NumpyRNG(seed=5)
    ),
    "FixedNumberPre with replacement without self": lambda sim: sim.FixedNumberPreConnector(
        4, with_replacement=True, allow_self_connections=False, rng=NumpyRNG(seed=5)
    ),
    "FixedNumberPre random n": lambda sim: sim.FixedNumberPreConnector(
        RandomDistribution("uniform_int", (1, 6), rng=NumpyRNG(seed=6)), rng=NumpyRNG(seed=7)
    ),
    "FixedNumberPost": lambda sim: sim.FixedNumberPostConnector(3, rng=NumpyRNG(seed=8)),
    "FixedNumberPost with replacement": lambda sim: sim.FixedNumberPostConnector(
        5, with_replacement=True, rng=NumpyRNG(seed=9)
    ),
    "FixedNumberPost without self": lambda sim: sim.FixedNumberPostConnector(
        3, allow_self_connections=False, rng=NumpyRNG(seed=10)
    ),
    "FixedNumberPost random n": lambda sim: sim.FixedNumberPostConnector(
        RandomDistribution("binomial", (5, 0.5), rng=NumpyRNG(seed=11)), rng=NumpyRNG(seed=12)
    ),
    "FixedTotalNumber": lambda sim: sim.FixedTotalNumberConnector(40, rng=NumpyRNG(seed=13)),
    "DistanceDependent": lambda sim: sim.DistanceDependentProbabilityConnector("exp(-d/3.0)", rng=NumpyRNG(seed=14)),
    "DistanceDependent sharp": lambda sim: sim.DistanceDependentProbabilityConnector("d < 3", rng=NumpyRNG(seed=14)),
    "DistanceDependent without self": lambda sim: sim.DistanceDependentProbabilityConnector(
        "0.8*(d<4.5)", allow_self_connections=False, rng=NumpyRNG(seed=15)
    ),
    "IndexBased": lambda sim: sim.IndexBasedProbabilityConnector(ByIndex(), rng=NumpyRNG(seed=16)),
    "Displacement": lambda sim: sim.DisplacementDependentProbabilityConnector(displacement, rng=NumpyRNG(seed=17)),
}


@pytest.mark.parametrize("name", CONNECTORS)
@pytest.mark.parametrize("recurrent", [False, True], ids=["a to b", "a to a"])
def test_same_connections_weights_and_delays(name, recurrent):
    def make(sim):
        a, b = populations(sim)
        projection = sim.Projection(a, a if recurrent else b, CONNECTORS[name](sim), static(sim))
        return connections(sim, projection)

    # The order within a target is PyNN's too, where a list would show it.
    both(make)


@pytest.mark.parametrize("name", [n for n in CONNECTORS if "rng" not in n])
def test_the_connectors_generator_is_left_as_pynn_leaves_it(name):
    def make(sim):
        a, b = populations(sim)
        connector = CONNECTORS[name](sim)
        sim.Projection(a, b, connector, sim.StaticSynapse(weight=0.1, delay=0.5))
        rng = getattr(connector, "rng", NumpyRNG(seed=1))
        count = getattr(getattr(connector, "n", None), "rng", NumpyRNG(seed=1))
        return [(rng.next(), count.next(), rng.normal(), 0.0)]

    both(make)


@pytest.mark.parametrize(
    "name", ["FixedProbability", "FixedNumberPre", "FixedNumberPost", "FixedTotalNumber", "DistanceDependent"]
)
def test_one_generator_for_connector_weights_delays_and_number(name):
    def make(sim):
        rng = NumpyRNG(seed=99)
        a, b = populations(sim)
        n = RandomDistribution("uniform_int", (1, 5), rng=rng) if name.startswith("FixedNumber") else 30
        first = {
            "FixedProbability": lambda: sim.FixedProbabilityConnector(0.4, rng=rng),
            "FixedNumberPre": lambda: sim.FixedNumberPreConnector(n, rng=rng),
            "FixedNumberPost": lambda: sim.FixedNumberPostConnector(n, rng=rng),
            "FixedTotalNumber": lambda: sim.FixedTotalNumberConnector(n, rng=rng),
            "DistanceDependent": lambda: sim.DistanceDependentProbabilityConnector("exp(-d/4)", rng=rng),
        }[name]()
        synapse = sim.StaticSynapse(
            weight=RandomDistribution("normal", (0.5, 0.01), rng=rng),
            delay=RandomDistribution("uniform", (0.1, 4.0), rng=rng),
        )
        projections = [sim.Projection(a, b, first, synapse), sim.Projection(b, a, first, synapse)]
        return [row for projection in projections for row in connections(sim, projection)] + [
            (rng.next(), rng.normal(), 0.0, 0.0)
        ]

    both(make)


def test_synapse_parameters_of_every_kind():
    def make(sim):
        a, b = populations(sim, structures=(Grid2D(11.0), None))
        matrix = np.arange(77.0).reshape(11, 7) / 100
        rows = []
        for weight, delay in (
            (0.5, None),
            (0.5, 2),
            (matrix, matrix + 0.1),
            ("0.1*d + 0.02", "0.1 + 0.2*d"),
            ("np.exp(-d)", "0.1 + d if False else 0.3 + 0*d"),
            (lambda d: d / 50, lambda d: 0.1 + d**2),
            (WeightByIndex(), 0.1),
        ):
            projection = sim.Projection(
                a,
                b,
                sim.FixedProbabilityConnector(0.5, rng=NumpyRNG(seed=4)),
                sim.StaticSynapse(weight=weight, delay=delay),
                receptor_type="excitatory",
            )
            rows += connections(sim, projection)
        return rows

    results = [np.array([row for row in make(sim)], float) for sim in BACKENDS]
    # NumPy's exp and the native one may differ in the last place.
    np.testing.assert_allclose(results[1], results[0], rtol=1e-14)


def test_distances_in_a_space_of_its_own():
    def make(sim):
        structure = RandomStructure(Sphere(5.0), rng=NumpyRNG(seed=8))
        a, b = populations(sim, structures=(structure, structure))
        rows = []
        for space in (
            Space(axes="xy", scale_factor=1.5),
            Space(axes="z", offset=0.5, scale_factor=2.0),
            Space(periodic_boundaries=((-4, 4), None, (0, 5))),
        ):
            projection = sim.Projection(
                a, b, sim.AllToAllConnector(), sim.StaticSynapse(weight="1 + d", delay="0.1 + d"), space=space
            )
            rows += connections(sim, projection)
        return rows

    both(make)


def test_views_of_views():
    def make(sim):
        a, b = populations(sim)
        view = a[2:9][1:5]
        rows = []
        for connector in (
            sim.AllToAllConnector(allow_self_connections=False),
            sim.FixedProbabilityConnector(0.5, allow_self_connections=False, rng=NumpyRNG(seed=3)),
            sim.FixedNumberPreConnector(2, rng=NumpyRNG(seed=3)),
        ):
            projection = sim.Projection(view, a, connector, sim.StaticSynapse(weight=0.1, delay=0.3))
            rows += connections(sim, projection)
        return rows

    both(make)


def test_assemblies():
    def make(sim):
        a, b = populations(sim)
        assembly = a + b[np.array([1, 4])]
        rows = []
        for pre, post in ((assembly, assembly), (b, assembly), (assembly, b[0:3])):
            projection = sim.Projection(
                pre,
                post,
                sim.FixedProbabilityConnector(0.5, allow_self_connections=False, rng=NumpyRNG(seed=3)),
                static(sim),
            )
            rows += connections(sim, projection)
        return rows

    both(make)


def test_array():
    array = NumpyRNG(seed=3).next(77).reshape(11, 7) < 0.4

    def make(sim):
        a, b = populations(sim)
        return connections(sim, sim.Projection(a, b, sim.ArrayConnector(array), static(sim)))

    rows = both(make)
    assert {(int(i), int(j)) for i, j, _, _ in rows} == set(zip(*np.nonzero(array)))


def test_clone_merges_what_lies_between_the_same_cells():
    def make(sim):
        a, b = populations(sim)
        first = sim.Projection(
            a, b, sim.FixedNumberPreConnector(9, with_replacement=True, rng=NumpyRNG(seed=1)), static(sim)
        )
        return connections(sim, sim.Projection(a, b, sim.CloneConnector(first), static(sim, seed=40)))

    rows = both(make)
    assert len(rows) == len({row[:2] for row in rows})


LIST = [(0, 6, 0.1, 1.0), (10, 0, 0.2, 2.0), (3, 3, 0.3, 0.1), (3, 3, 0.4, 0.2), (2, 0, 0.5, 0.5)]


def test_from_list():
    def make(sim):
        a, b = populations(sim)
        rows = []
        for connector in (
            sim.FromListConnector(LIST),
            # PyNN sorts by target with a sort that may swap equals, so here every target occurs once.
            sim.FromListConnector([(0, 6), (10, 0), (4, 3)]),
            sim.FromListConnector([(0, 6, 0.5), (10, 0, 0.6), (4, 3, 0.7)], column_names=["delay"]),
            sim.FromListConnector([]),
        ):
            rows += connections(sim, sim.Projection(a, b, connector, static(sim)))
        return rows

    both(make, order=False)


def test_a_list_keeps_its_order_within_a_target(sim):
    a, b = populations(sim)
    projection = sim.Projection(a, b, sim.FromListConnector(LIST), sim.StaticSynapse(), receptor_type="excitatory")
    assert connections(sim, projection) == [LIST[1], LIST[4], LIST[2], LIST[3], LIST[0]]


def test_from_file(tmp_path):
    path = tmp_path / "connections.txt"
    np.savetxt(path, LIST, header='columns = ["i", "j", "weight", "delay"]')

    def make(sim):
        a, b = populations(sim)
        projection = sim.Projection(a, b, sim.FromFileConnector(str(path)), sim.StaticSynapse())
        return connections(sim, projection)

    rows = both(make, order=False)
    assert sorted(rows) == sorted(tuple(map(float, row)) for row in LIST)


def test_saved_connections_can_be_read_back(sim, tmp_path):
    a, b = populations(sim)
    first = sim.Projection(a, b, sim.FixedProbabilityConnector(0.5), static(sim))
    path = str(tmp_path / "saved.txt")
    first.save("all", path)
    second = sim.Projection(a, b, sim.FromFileConnector(path), sim.StaticSynapse(), receptor_type="excitatory")
    np.testing.assert_array_equal(first.get(["weight", "delay"], "list"), second.get(["weight", "delay"], "list"))


def test_a_users_own_connector():
    from pyNN.connectors import Connector

    class Neighbours(Connector):
        parameter_names = ()

        def connect(self, projection):
            for target in range(projection.post.size):
                sources = np.array([s for s in (target - 1, target + 1) if 0 <= s < projection.pre.size])
                projection._convergent_connect(sources, target, **WEIGHTS[type(projection).__module__.split(".")[0]])

    # Mock has native names of its own.
    WEIGHTS = {"pyNN": {"WEIGHT": 0.25, "DELAY": 0.5}, "taproot": {"weight": 0.25, "delay": 0.5}}

    def make(sim):
        a, b = populations(sim)
        return connections(sim, sim.Projection(a, b, Neighbours(), sim.StaticSynapse()))

    assert (1.0, 2.0, 0.25, 0.5) in both(make)


def test_one_cell_to_one_cell(sim):
    a, b = populations(sim, sizes=(1, 1))
    for connector in (sim.OneToOneConnector(), sim.AllToAllConnector(), sim.FixedProbabilityConnector(1.0)):
        projection = sim.Projection(a, b, connector, sim.StaticSynapse(weight=0.5, delay=0.2))
        assert projection.get("weight", "list") == [(0, 0, 0.5)]
    assert len(sim.Projection(a, a, sim.AllToAllConnector(allow_self_connections=False))) == 0


def test_no_mutual_connections():
    def make(sim):
        a, _ = populations(sim)
        connector = sim.FixedProbabilityConnector(0.7, allow_self_connections="NoMutual", rng=NumpyRNG(seed=4))
        return connections(sim, sim.Projection(a, a, connector, static(sim)))

    pairs = {row[:2] for row in both(make)}
    assert pairs and not any((j, i) in pairs for i, j in pairs)


def test_native_generator_is_reproducible_and_advances_with_each_use():
    def make(seed):
        sim = taproot.spinnaker
        a, b = populations(sim, sizes=(200, 100))
        rng = sim.NativeRNG(seed=seed)
        synapse = sim.StaticSynapse(weight=RandomDistribution("uniform", (0.1, 0.3), rng=rng), delay=0.2)
        projections = [sim.Projection(a, b, sim.FixedProbabilityConnector(0.1, rng=rng), synapse) for _ in range(2)]
        return [connections(sim, projection) for projection in projections]

    first, again, other = make(7), make(7), make(8)
    assert first == again
    assert first != other
    assert first[0] != first[1]
    assert len(first[0]) == pytest.approx(2000, abs=200)
    assert np.mean([w for _, _, w, _ in first[0]]) == pytest.approx(0.2, abs=0.01)


def test_small_world(sim):
    a = sim.Population(20, sim.IF_cond_exp())
    connector = sim.SmallWorldConnector(degree=2.5, rewiring=0.0, allow_self_connections=False)
    projection = sim.Projection(a, a, connector, sim.StaticSynapse(weight=0.1))
    pairs = {(i, j) for i, j, _ in projection.get("weight", "list")}
    assert pairs == {(i, j) for i in range(20) for j in range(20) if 0 < abs(i - j) < 2.5}
    assert "degree" in projection.describe()


def test_a_rewired_small_world(sim):
    a = sim.Population(400, sim.IF_cond_exp())
    near = {(i, j) for i in range(400) for j in range(400) if 0 < abs(i - j) < 5.5}

    def pairs(rewiring, seed=3):
        connector = sim.SmallWorldConnector(
            degree=5.5, rewiring=rewiring, allow_self_connections=False, rng=sim.NumpyRNG(seed=seed)
        )
        projection = sim.Projection(a, a, connector, sim.StaticSynapse(weight=0.1))
        return [(i, j) for i, j, _ in projection.get("weight", "list")]

    rewired = pairs(0.3)
    # Rewiring moves one end of an edge: as many edges, three in ten of them elsewhere.
    assert len(rewired) == len(near)
    assert all(i != j for i, j in rewired)
    moved = sum(pair not in near for pair in rewired) / len(rewired)
    assert moved == pytest.approx(0.3, abs=0.05)
    assert rewired == pairs(0.3)
    assert rewired != pairs(0.3, seed=4)


def test_connection_set_algebra(sim):
    csa = pytest.importorskip("csa", reason="the test extra installs it")
    a, b = sim.Population(6, sim.IF_cond_exp()), sim.Population(4, sim.IF_cond_exp())
    projection = sim.Projection(a, b, sim.CSAConnector(csa.cset(csa.oneToOne, 0.25, 2.0)))
    assert sorted(projection.get(["weight", "delay"], "list")) == [(i, i, 0.25, 2.0) for i in range(4)]
    projection = sim.Projection(a, b, sim.CSAConnector(csa.full - csa.oneToOne), sim.StaticSynapse(weight=0.1))
    expected = {(i, j) for i in range(6) for j in range(4) if i != j}
    assert {(i, j) for i, j, _ in projection.get("weight", "list")} == expected
