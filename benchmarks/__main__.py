"""`make bench`: every benchmark, each printing ratios measured in this one run."""

import torch

from benchmarks import app, features, imports, knowledge, prediction, steps

torch.set_num_threads(1)
steps.main()
prediction.main()
features.main()
imports.main()
knowledge.main()
app.main()
