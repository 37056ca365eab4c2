"""What PyNN has and this back end has not: refused when it is first named."""

import sys

from pyNN import errors, standardmodels
from pyNN.standardmodels import cells, electrodes, ion_channels, receptors, synapses


class NotSupportedError(errors.NoModelAvailableError, NotImplementedError, AttributeError):
    """Part of PyNN that this back end does not have; the message says what it has."""


class NotSupportedImportError(errors.NoModelAvailableError, ImportError):
    """The same, for ``from taproot.spinnaker import NAME``."""


CELLS = "IF_curr_exp, IF_cond_exp, SpikeSourceArray, SpikeSourcePoisson"

_OTHERS = {
    "NativeElectrodeType": "current sources are not supported; supported instead: the cell parameter i_offset",
    "NativeCellType": f"native cell types are not supported; supported cell types: {CELLS}",
    "native_cell_type": f"native cell types are not supported; supported cell types: {CELLS}",
    "NativeSynapseType": "native synapse types are not supported; supported synapse types: StaticSynapse",
    "native_synapse_type": "native synapse types are not supported; supported synapse types: StaticSynapse",
    "Vogels2011Rule": "plasticity is not supported; supported synapse types: StaticSynapse",
    "nineml_cell_type": f"cell types from NineML are not supported; supported cell types: {CELLS}",
    "nineml_celltype_from_model": f"cell types from NineML are not supported; supported cell types: {CELLS}",
}


def explanation(name):
    """Why `name` is not here, if PyNN has it; else None."""
    if name in _OTHERS:
        return f"{name}: {_OTHERS[name]}"
    for module, message in (
        (cells, f"not supported; supported cell types: {CELLS}"),
        (electrodes, "current sources are not supported; supported instead: the cell parameter i_offset"),
        (ion_channels, f"cells with ion channels are not supported; supported cell types: {CELLS}"),
        (receptors, f"composed cells are not supported; supported cell types: {CELLS}"),
        (synapses, "not supported; supported synapse types: StaticSynapse"),
    ):
        thing = getattr(module, name, None)
        if isinstance(thing, type) and thing.__module__ == module.__name__:
            return f"{name}: {message}"
    if name in ("PSR", "AlphaPSR", "BetaPSR", "ExpPSR", "CondExpPSR"):
        return f"{name}: composed cells are not supported; supported cell types: {CELLS}"
    thing = getattr(standardmodels, name, None)
    if isinstance(thing, type):
        return f"{name}: import it from pyNN.standardmodels"
    return None


def refuse(module, name):
    """The `__getattr__` of the back end's module."""
    reason = explanation(name)
    if reason is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    reason = f"{module} does not have {reason}"
    # `from module import name` first asks whether the module has the name, and takes an AttributeError for a no that
    # it then reports in words of its own; any other exception reaches the user.
    if sys._getframe(2).f_code.co_name == "_handle_fromlist":
        raise NotSupportedImportError(reason)
    raise NotSupportedError(reason)
