"""How the scripts hand what they found to the test: one line of JSON on a file named by the environment."""

import json
import os


def spikes(population):
    """Spike times in steps, a list for each cell; from the last segment."""
    return [[int(round(float(t))) for t in train] for train in
            sorted(population.get_data("spikes", clear=False).segments[-1].spiketrains,
                   key=lambda train: train.annotations["source_index"])]


def report(**found):
    """Writes everything that the test looks at."""
    with open(os.environ["FACTS"], "w") as file:
        json.dump(found, file)
