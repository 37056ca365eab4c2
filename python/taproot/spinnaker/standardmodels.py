"""The cell and synapse types that run on the machine.

Their native names and units are PyNN's own: what they become on the chip is decided where the chip is known.
"""

from pyNN.standardmodels import build_translations, cells, synapses

from . import simulator


def _same_names(model):
    return build_translations(*((name, name) for name in model.default_parameters))


class IF_curr_exp(cells.IF_curr_exp):
    __doc__ = cells.IF_curr_exp.__doc__

    translations = _same_names(cells.IF_curr_exp)
    # The machine records a cell's synaptic input whatever its kind. Here it is a current.
    recordable = ["spikes", "v", "gsyn_exc", "gsyn_inh"]
    units = dict(cells.IF_curr_exp.units, gsyn_exc="nA", gsyn_inh="nA")


class IF_cond_exp(cells.IF_cond_exp):
    __doc__ = cells.IF_cond_exp.__doc__

    translations = _same_names(cells.IF_cond_exp)


class SpikeSourcePoisson(cells.SpikeSourcePoisson):
    __doc__ = cells.SpikeSourcePoisson.__doc__

    translations = _same_names(cells.SpikeSourcePoisson)


class SpikeSourceArray(cells.SpikeSourceArray):
    __doc__ = cells.SpikeSourceArray.__doc__

    translations = _same_names(cells.SpikeSourceArray)


class StaticSynapse(synapses.StaticSynapse):
    __doc__ = synapses.StaticSynapse.__doc__

    translations = _same_names(synapses.StaticSynapse)

    def __init__(self, **parameters):
        super().__init__(**parameters)
        #: Expressions of the distance, as the script wrote them.
        self.expressions = {name: value for name, value in parameters.items() if isinstance(value, str)}

    def _get_minimum_delay(self):
        return simulator.state.min_delay


CELL_TYPES = (IF_curr_exp, IF_cond_exp, SpikeSourceArray, SpikeSourcePoisson)
SYNAPSE_TYPES = (StaticSynapse,)
