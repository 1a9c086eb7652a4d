"""`make bench`: every benchmark, each printing ratios measured in this one run."""

import torch

from benchmarks import app, features, knowledge, steps

torch.set_num_threads(1)
steps.main()
features.main()
knowledge.main()
app.main()
