"""Leaky integrate-and-fire neurons in double precision, step for step in the order of the on-chip program.

Order of a step (sPyNNaker, `neuron.c` and `neuron_impl_standard.h`): input that arrives at step t is added to the synaptic state, v is
recorded, the membrane is advanced with the closed form over one step, a crossing of threshold emits a spike with time t, and the
synaptic state decays. Input enters scaled by tau/step * (1 - exp(-step/tau)), the mean over the step of an exponential current.
"""

import numpy as np


def integrate(cell, step, n_steps, inputs, conductances, v_init):
    """Spikes as a list of arrays of steps, and how far v was from threshold when it was compared with it: an array (n_steps, n), mV,
    infinite while a neuron is refractory.

    cell: PyNN parameters. inputs: array (n_steps, 2, n) of summed weights that arrive at each step, excitatory and inhibitory magnitudes.
    """
    n = inputs.shape[2]
    tau = np.array([cell["tau_syn_E"], cell["tau_syn_I"]])[:, None]
    decay = np.exp(-step / tau)
    scale = tau / step * (1.0 - decay)
    resistance = cell["tau_m"] / cell["cm"]
    leak = np.exp(-step / cell["tau_m"])
    refractory_steps = int(np.ceil(round(cell["tau_refrac"] / step, 9)))

    v = np.full(n, float(v_init))
    synapse = np.zeros((2, n))
    refractory = np.zeros(n, dtype=int)
    spikes = [[] for _ in range(n)]
    distance = np.full((n_steps, n), np.inf)
    for t in range(n_steps):
        synapse += inputs[t] * scale
        if conductances:
            current = synapse[0] * (cell["e_rev_E"] - v) - synapse[1] * (v - cell["e_rev_I"])
        else:
            current = synapse[0] - synapse[1]
        current = current + cell["i_offset"]
        active = refractory <= 0
        target = current * resistance + cell["v_rest"]
        v = np.where(active, target - leak * (target - v), v)
        distance[t, active] = np.abs(v - cell["v_thresh"])[active]
        fired = active & (v >= cell["v_thresh"])
        for i in np.flatnonzero(fired):
            spikes[i].append(t)
        refractory = np.where(active, refractory, refractory - 1)
        v = np.where(fired, cell["v_reset"], v)
        refractory = np.where(fired, refractory_steps, refractory)
        synapse *= decay
    return [np.array(s) for s in spikes], distance
