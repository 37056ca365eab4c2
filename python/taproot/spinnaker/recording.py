"""Recorded data, as PyNN's common code wants it."""

import numpy as np
from pyNN import errors, recording

from . import simulator
from .unsupported import NotSupportedError


class Recorder(recording.Recorder):
    """Knows what a population records and fetches it."""

    _simulator = simulator

    def record(self, variables, ids, sampling_interval=None, locations=None):
        if locations is not None:
            raise NotSupportedError(
                f"record(..., locations={locations!r}): cells are points here, so there are no places on them to choose from"
            )
        # PyNN would name a tuple in its message.
        for name in [variables] if isinstance(variables, str) else variables:
            if not self.population.can_record(name):
                raise errors.RecordingError(name, self.population.celltype)
        if sampling_interval is not None:
            steps = sampling_interval / simulator.state.dt
            if steps < 0.5 or abs(steps - round(steps)) > 1e-6 * steps:
                raise ValueError(
                    f"the sampling interval of {sampling_interval:g} ms is not a multiple of the time step of "
                    f"{simulator.state.dt:g} ms"
                )
        if sampling_interval not in (None, self.sampling_interval) or any(
            self._adds(name, ids) for name in ([variables] if isinstance(variables, str) else variables)
        ):
            simulator.state.refuse_after_run(f"what population `{self.population.label}` records cannot be changed")
        super().record(variables, ids, sampling_interval, locations)

    def _adds(self, name, ids):
        """Whether cells with these ids do not record a variable yet."""
        return not self.recorded.get(recording.Variable(location=None, name=name, label=None), set()).issuperset(ids)

    def reset(self):
        """Record nothing any more."""
        if any(self.recorded.values()):
            simulator.state.refuse_after_run(f"what population `{self.population.label}` records cannot be changed")
        super().reset()

    def _record(self, variable, new_ids, sampling_interval=None):
        if sampling_interval is not None and variable.name != "spikes":
            self.sampling_interval = sampling_interval
        self.population._records_changed = True

    def _reset(self):
        self.population._records_changed = True

    def describe(self):
        """The records as the native side takes them."""
        interval = round(self.sampling_interval / simulator.state.dt)
        records = []
        for variable, ids in sorted(self.recorded.items(), key=lambda item: item[0].name):
            if len(ids) == 0:
                continue
            cells = None
            if len(ids) < self.population.size:
                cells = np.sort(np.fromiter(ids, dtype=np.int64, count=len(ids)) - int(self.population.first_id))
                cells = cells.astype(np.uint32)
            records.append((variable.name, 1 if variable.name == "spikes" else interval, cells))
        return records

    def get(self, variables, gather=False, filter_ids=None, clear=False, annotations=None, locations=None):
        if not simulator.state.running and not list(self.cache):
            raise errors.NothingToWriteError(
                f"population `{self.population.label}` has no data yet: nothing has run since setup()"
            )
        return super().get(variables, gather, filter_ids, clear, annotations, locations)

    def _spikes(self, ids):
        """Cell and step of each spike of the cells with these ids."""
        spikes = self.population._network.spikes(self.population._number)
        if spikes is None:
            return np.empty(0, np.uint32), np.empty(0, np.uint32)
        cells, steps = spikes
        if len(ids) < self.population.size:
            wanted = np.zeros(self.population.size, bool)
            wanted[np.fromiter(ids, dtype=np.int64, count=len(ids)) - int(self.population.first_id)] = True
            keep = wanted[cells]
            cells, steps = cells[keep], steps[keep]
        return cells, steps

    def _get_spiketimes(self, ids, clear=False):
        cells, steps = self._spikes(ids)
        return cells.astype(np.int64) + int(self.population.first_id), steps * simulator.state.dt

    def _get_all_signals(self, variable, ids, clear=False):
        signal = self.population._network.signal(self.population._number, variable.name)
        if signal is None:
            return np.empty((0, len(ids))), None
        samples, cells = signal
        wanted = np.fromiter(ids, dtype=np.int64, count=len(ids)) - int(self.population.first_id)
        if not np.array_equal(wanted, cells):
            samples = samples[:, np.searchsorted(cells, wanted)]
        return samples, None

    def _local_count(self, variable, filter_ids=None):
        ids = self.filter_recorded(variable, filter_ids)
        cells, _ = self._spikes(ids)
        counts = np.bincount(cells, minlength=self.population.size)
        first = int(self.population.first_id)
        return {int(id): int(counts[int(id) - first]) for id in sorted(ids)}

    def _clear_simulator(self):
        self.population._network.clear(self.population._number)
