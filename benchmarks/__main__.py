"""`make bench`: every benchmark, each printing ratios measured in this one run."""

import torch

from benchmarks import app, features, steps

torch.set_num_threads(1)
steps.main()
features.main()
app.main()
